"""Parses what the address of a list of customers asks for. Addresses can be outdated, so unknown values are ignored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args
from urllib.parse import urlencode

from flask import request
from werkzeug.datastructures import MultiDict

from feedback.i18n import _
from feedback.services.customers.filters import MOST_DAYS, MOST_PROPERTIES, ContactFilter, Permitted
from feedback.services.customers.listing import BEGINNING, PagePlace
from feedback.web.http.numbers import whole

LONGEST = 100
"""Characters of a search term or of any other filter."""
PERMITTED: Mapping[str, str] = {
    "any": _("Allowed by e-mail or SMS"),
    "email": _("Allowed by e-mail"),
    "sms": _("Allowed by SMS"),
    "none": _("Not allowed"),
    "opted_out": _("Opted out"),
}
STATES: Mapping[str, str] = {
    "given": _("allowed"),
    "unknown": _("no permission"),
    "refused": _("withdrawn"),
    "suppressed": _("blocked"),
}
"""What a list says of a channel."""
COLUMNS: Mapping[str, str] = {
    "account": _("Account"),
    "email": _("E-mail"),
    "phone": _("Phone"),
    "segment": _("Segment"),
    "owner": _("Owner"),
    "country": _("Country"),
    "language": _("Language"),
    "renewal": _("Renewal"),
    "asked": _("Last survey"),
    "permission": _("Permission"),
    "external_id": _("External ID"),
}
"""The columns of the list of contacts, besides the name. A property is a column of the name `contact.plan`."""
USUAL = ("account", "email", "owner", "renewal", "asked", "permission")
MOST_COLUMNS = 12


def wanted(given: MultiDict[str, str] | None = None) -> ContactFilter:
    """The filter of the address, or of a form with the same fields."""
    given = request.args if given is None else given

    def text(name: str) -> str:
        return given.get(name, "").strip()[:LONGEST]

    permitted: Any = text("permitted")
    return ContactFilter(
        words=text("search"),
        account=given.get("account", type=whole),
        segment=text("segment"),
        owner=given.get("owner", type=whole),
        country=text("country").upper()[:2],
        language=text("language"),
        stage=text("stage"),
        permitted=permitted if permitted in get_args(Permitted) else "",
        not_asked_for=_days(given.get("quiet", type=whole)),
        renews_within=_days(given.get("renews", type=whole)),
        properties=tuple(_properties(given)),
    )


def _days(number: int | None) -> int | None:
    return number if number is None or number <= MOST_DAYS else None


def _properties(given: MultiDict[str, str]) -> Iterator[tuple[str, str]]:
    pairs = zip(given.getlist("property"), given.getlist("value"), strict=False)
    found = ((name[:LONGEST], value.strip()[:LONGEST]) for name, value in pairs)
    usable = [pair for pair in found if pair[1] and pair[0].startswith(("contact.", "account."))]
    yield from usable[:MOST_PROPERTIES]


def as_pairs(filter_: ContactFilter) -> list[tuple[str, str]]:
    """The fields of a filter as in the address, without what is empty."""
    plain = {
        "search": filter_.words,
        "account": filter_.account,
        "segment": filter_.segment,
        "owner": filter_.owner,
        "country": filter_.country,
        "language": filter_.language,
        "stage": filter_.stage,
        "permitted": filter_.permitted,
        "quiet": filter_.not_asked_for,
        "renews": filter_.renews_within,
    }
    pairs = [(name, str(value)) for name, value in plain.items() if value not in ("", None)]
    for name, value in filter_.properties:
        pairs += [("property", name), ("value", value)]
    return pairs


def query(pairs: Sequence[tuple[str, str]]) -> str:
    """`?…`, or nothing."""
    return f"?{urlencode(pairs)}" if pairs else ""


def place() -> PagePlace:
    """Where the page begins."""
    after, before = request.args.get("after", type=whole), request.args.get("before", type=whole)
    return PagePlace(after, before if after is None else None) if (after or before) else BEGINNING


def columns(properties: Sequence[str], kept: Sequence[str]) -> list[str]:
    """The columns of the address, else the kept ones, else the usual ones; in the order of the menu."""
    offered = [*COLUMNS, *properties]
    chosen = request.args.getlist("column") if "columns" in request.args else list(kept or USUAL)
    return [name for name in offered if name in chosen][:MOST_COLUMNS]
