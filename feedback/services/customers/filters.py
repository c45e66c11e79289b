"""Filters of customers as conditions in SQL, which lists, segments and every other page share.

A condition stands on `Contact`; what belongs to the account is asked of `Account` in a subquery. So a filter can be
used in any statement that reads contacts, and nothing is ever walked in Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta, tzinfo
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, CompoundSelect, and_, func, or_, select, true, union
from sqlalchemy.orm import InstrumentedAttribute, aliased

from feedback.core.contact.recipient import PhoneNumber, canonical
from feedback.core.lifecycle import INVITATION_NOT_CONTACTED
from feedback.core.text.folding import ascii_digits
from feedback.core.time.local_days import day_of
from feedback.errors import Rejected
from feedback.services.contact.suppression import SAID
from feedback.store.models import Account, Consent, Contact, Invitation, Suppression
from feedback.store.properties import has_property
from feedback.store.search import ADDRESS, has_word, words_of

Permitted = Literal["email", "sms", "any", "none", "opted_out"]
NOBODY = 0
"""The owner of a filter for accounts without one; ids of users begin at 1."""
MOST_DAYS = 3_650
MOST_PROPERTIES = 5
MOST_WORDS = 8
SHORTEST_BEGINNING, SHORTEST_NUMBER = 3, 6
"""Letters and digits from which on a word is found by its beginning."""
_NUMBER = re.compile(r"[+(]?[\d\s().+/-]+")
_FEWEST_DIGITS = 3


@dataclass(frozen=True, slots=True)
class ContactFilter:
    """What a contact must be; an empty field asks nothing.

    `words` are beginnings of words of the name or the external id; for those who may see addresses, also of the e-mail
    address, or a phone number in any spelling.
    `account` is the id of the account; `segment`, `owner` and `renews_within` (days from today) are the account's.
    `stage` is one at which they were asked; `not_asked_for` is the number of days without a survey. `properties` are
    (`contact.plan` or `account.plan`, value).
    """

    words: str = ""
    account: int | None = None
    segment: str = ""
    owner: int | None = None
    country: str = ""
    language: str = ""
    stage: str = ""
    permitted: Permitted | Literal[""] = ""
    not_asked_for: int | None = None
    renews_within: int | None = None
    properties: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return self != ContactFilter()


def as_json(wanted: ContactFilter) -> dict[str, Any]:
    """The filter without what is empty, as it is stored."""
    empty = asdict(ContactFilter())
    found = {name: value for name, value in asdict(wanted).items() if value != empty[name]}
    if "properties" in found:
        found["properties"] = [list(each) for each in found["properties"]]
    return found


def from_json(stored: Mapping[str, Any]) -> ContactFilter:
    """The filter of `as_json`. Raises Rejected for one that cannot be used, such as one of a later release."""
    known = {each.name for each in fields(ContactFilter)}
    if unknown := sorted(set(stored) - known):
        raise Rejected(f"This filter has a field that is not known: {unknown[0]}.")
    pairs = tuple((str(name), str(value)) for name, value in stored.get("properties", ()))
    found = ContactFilter(**{**stored, "properties": pairs})
    check(found)
    return found


def check(wanted: ContactFilter) -> None:
    """Raise Rejected for a filter that no page offers."""
    for days in (wanted.not_asked_for, wanted.renews_within):
        if days is not None and not 0 <= days <= MOST_DAYS:
            raise Rejected("Choose a number of days from 0 to 3650.")
    if len(wanted.properties) > MOST_PROPERTIES:
        raise Rejected("Choose at most five properties.")
    if any(_owner_of(name) is None for name, _ in wanted.properties):
        raise Rejected("Choose a property from the list.")
    if wanted.permitted and wanted.permitted not in get_args(Permitted):
        raise Rejected("Choose a permission from the list.")


def condition(
    wanted: ContactFilter,
    now: datetime,
    zone: tzinfo,
    region: str | None = None,
    *,
    by_address: bool = False,
) -> ColumnElement[bool]:
    """A condition on Contact. `zone` is that of the days, `region` (ISO 3166) that of numbers without a country code.

    Words find addresses only `by_address`, for those who may see them. Erased contacts never fit.
    """
    check(wanted)
    words = [_said(Contact.search_words, wanted.words, region, by_address)] if wanted.words.strip() else []
    return and_(Contact.erased_at.is_(None), *words, *_parts(wanted, now, zone))


def account_condition(
    wanted: ContactFilter, now: datetime, zone: tzinfo, region: str | None = None
) -> ColumnElement[bool]:
    """A condition on Account: what the filter asks of accounts, and its words as words of the account."""
    check(wanted)
    words = [_said(Account.search_words, wanted.words, region, False)] if wanted.words.strip() else []
    return and_(true(), *_account_parts(wanted, now, zone), *words)


def _parts(wanted: ContactFilter, now: datetime, zone: tzinfo) -> Iterator[ColumnElement[bool]]:
    if wanted.account is not None:
        yield Contact.account_id == wanted.account
    if wanted.country:
        yield Contact.country == wanted.country
    if wanted.language:
        yield Contact.language == wanted.language
    for name, value in wanted.properties:
        if _owner_of(name) is Contact:
            yield has_property(Contact.properties, name.partition(".")[2], value)
    of_account = list(_account_parts(wanted, now, zone))
    if of_account:
        in_accounts = Contact.account_id.in_(select(Account.id).where(*of_account))
        yield or_(Contact.account_id.is_(None), in_accounts) if _fits_without_account(wanted) else in_accounts
    if wanted.stage:
        yield _asked(Invitation.stage == wanted.stage).exists()
    if wanted.not_asked_for is not None:
        at = func.coalesce(Invitation.sent_at, Invitation.created_at)
        yield ~_asked(at >= now - timedelta(days=wanted.not_asked_for)).exists()
    if wanted.permitted:
        yield permitted(wanted.permitted)


def _account_parts(wanted: ContactFilter, now: datetime, zone: tzinfo) -> Iterator[ColumnElement[bool]]:
    if wanted.segment:
        yield Account.segment == wanted.segment
    if wanted.owner is not None:
        yield Account.owner_id.is_(None) if wanted.owner == NOBODY else Account.owner_id == wanted.owner
    if wanted.renews_within is not None:
        today = day_of(now, zone)
        yield Account.renewal_on.between(today, today + timedelta(days=wanted.renews_within))
    for name, value in wanted.properties:
        if _owner_of(name) is Account:
            yield has_property(Account.properties, name.partition(".")[2], value)


def _fits_without_account(wanted: ContactFilter) -> bool:
    """Whether a contact without an account fits what is asked of accounts: only if nobody is to own it."""
    others = (wanted.segment, wanted.renews_within is not None)
    of_account = any(_owner_of(name) is Account for name, _ in wanted.properties)
    return wanted.owner == NOBODY and not any(others) and not of_account


def _owner_of(name: str) -> type[Contact] | type[Account] | None:
    """The table that has a property: `contact.plan`, `account.plan`."""
    table, dot, key = name.partition(".")
    return {"contact": Contact, "account": Account}.get(table) if dot and key else None  # type: ignore[return-value]


def _asked(*which: ColumnElement[bool]) -> Any:
    """Surveys of the contact of the enclosing statement that were sent or are on their way."""
    return select(Invitation.id).where(
        Invitation.contact_id == Contact.id, Invitation.state.not_in(INVITATION_NOT_CONTACTED), *which
    )


# --- Words --------------------------------------------------------------------------------------------


def _said(
    column: InstrumentedAttribute[str], written: str, region: str | None, by_address: bool
) -> ColumnElement[bool]:
    """Every word of `written` begins a word of the row, or it is one of its numbers."""
    words = words_of([written])[:MOST_WORDS]
    ways = [and_(*(_begins(column, word, by_address) for word in words))] if words else []
    ways += [_begins(column, digits, by_address) for digits in _digits(written, region) if [digits] != words]
    return or_(*ways) if ways else Contact.id.is_(None)


def _begins(column: InstrumentedAttribute[str], word: str, by_address: bool) -> ColumnElement[bool]:
    """A word with this beginning. A beginning that is too short must be the whole word: every phone number of a country
    begins with the same digits, and to read all of them takes longer than a person waits."""
    least = SHORTEST_NUMBER if word.isdigit() else SHORTEST_BEGINNING
    ways = [word, ADDRESS + word] if by_address else [word]
    return or_(*(has_word(column, each, whole=len(word) < least) for each in ways))


def _digits(written: str, region: str | None) -> list[str]:
    """The digits by which a phone number is found, as it is written and with its country code; none for a text that
    is no number, or of less than three digits."""
    plain = ascii_digits(written).strip()
    digits = re.sub(r"\D", "", plain)
    if not _NUMBER.fullmatch(plain) or len(digits) < _FEWEST_DIGITS:
        return []
    found = [digits, digits.lstrip("0")]
    with suppress(ValueError):  # the beginning of a number is found as it is written
        found.append(canonical(PhoneNumber.parse(plain, region).e164).removeprefix("+"))
    return [each for each in dict.fromkeys(found) if each]


# --- Permissions --------------------------------------------------------------------------------------


def permitted(which: Permitted) -> ColumnElement[bool]:
    """A condition on Contact: whom the records allow us to ask by this channel.

    `email` and `sms` need an address, a recorded permission that was not withdrawn, and no entry of the suppression
    list. What a country's law or the contact policy adds is decided when a survey is due.
    """
    ways = {"sms": Contact.phone, "email": Contact.email}
    if which == "opted_out":
        return Contact.id.in_(_opted_out())
    allowed = {
        kind: and_(_granted(kind, address), ~_listed(kind, address), ~_said_no())
        for kind, address in ways.items()
    }
    if which == "any":
        return or_(*allowed.values())
    return ~or_(*allowed.values()) if which == "none" else allowed[which]


def _granted(kind: str, address: InstrumentedAttribute[str | None]) -> ColumnElement[bool]:
    """The latest entry about the address is a permission."""
    later = aliased(Consent)
    newer = select(later.id).where(
        later.contact_id == Consent.contact_id,
        later.kind == kind,
        later.address == Consent.address,
        later.id > Consent.id,
    )
    return (
        select(Consent.id)
        .where(Consent.contact_id == Contact.id, Consent.kind == kind, Consent.address == address)
        .where(Consent.withdrawn_at.is_(None), ~newer.exists())
        .exists()
    )


def _listed(kind: str, address: InstrumentedAttribute[str | None]) -> ColumnElement[bool]:
    on_it = (Suppression.kind == kind, Suppression.address == address, Suppression.lifted_at.is_(None))
    return select(Suppression.id).where(*on_it).exists()


def _opted_out() -> CompoundSelect[int]:
    """Ids of the contacts who have opted out: from the list of those, which is shorter than that of all contacts."""
    said, owner = (Suppression.lifted_at.is_(None), Suppression.reason.in_(SAID)), aliased(Contact)
    at = {"sms": owner.phone, "email": owner.email}
    return union(
        select(Suppression.contact_id).where(Suppression.contact_id.is_not(None), *said),
        *(
            select(owner.id)
            .join(Suppression, Suppression.address == address)
            .where(Suppression.kind == kind, *said)
            for kind, address in at.items()
        ),
    )


def _said_no() -> ColumnElement[bool]:
    """The person has opted out at one of their addresses, perhaps at one that they no longer have."""
    return (
        select(Suppression.id)
        .where(
            Suppression.contact_id == Contact.id,
            Suppression.lifted_at.is_(None),
            Suppression.reason.in_(SAID),
        )
        .exists()
    )
