"""A column mapping as choices of a page: a menu for each column, and what identifies a row.

`proposed` reads the choices from the names of the columns, and `mapping` makes of the choices the same `ColumnMap` that
a file in `instance/mappings` is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from feedback.errors import ImportRefused
from feedback.i18n import _
from feedback.services.customers.fields import BASES
from feedback.services.imports import suggestions
from feedback.services.imports.mapping import ColumnMap, Kind, Section, Source, by_own_names
from feedback.services.imports.table import Shape, opened

SAMPLES, LOOKED_AT = 3, 100
"""Values that a page shows of a column, from the first so many rows."""
MOST_COLUMNS = 300
PROPERTY = {"contact": "contact.property", "account": "account.property", "event": "event.property"}
TARGETS: Mapping[Kind, Mapping[str, str]] = {
    "contacts": {
        "contact.name": _("Name"),
        "contact.email": _("E-mail"),
        "contact.phone": _("Phone"),
        "contact.language": _("Language"),
        "contact.country": _("Country"),
        "contact.time_zone": _("Time zone"),
        "account.name": _("Account: name"),
        "account.owner": _("Account: owner"),
        "account.segment": _("Account: segment"),
        "account.recurring_revenue": _("Account: MRR"),
        "account.currency": _("Account: currency"),
        "account.contract_started_on": _("Account: customer since"),
        "account.renewal_on": _("Account: renewal"),
        "consent.basis": _("Permission: legal basis"),
        "consent.source": _("Permission: source"),
        "consent.email": _("Permission: e-mail (yes or no)"),
        "consent.sms": _("Permission: SMS (yes or no)"),
        "optout.email": _("Opt-out: e-mail (yes or no)"),
        "optout.sms": _("Opt-out: SMS (yes or no)"),
        "optout.all": _("Opt-out: everything (yes or no)"),
        "contact.property": _("Property of the contact"),
        "account.property": _("Property of the account"),
    },
    "accounts": {
        "account.name": _("Name"),
        "account.owner": _("Owner"),
        "account.segment": _("Segment"),
        "account.recurring_revenue": _("MRR"),
        "account.currency": _("Currency"),
        "account.contract_started_on": _("Customer since"),
        "account.renewal_on": _("Renewal"),
        "account.property": _("Property of the account"),
    },
    "events": {
        "event.contact": _("External ID of the contact"),
        "event.name": _("Event name"),
        "event.occurred_at": _("Time"),
        "event.property": _("Property of the event"),
    },
    "answers": {
        "response.at": _("Time of the answer"),
        "response.id": _("ID of the response"),
        "response.finished": _("Completed (yes or no)"),
        "response.language": _("Language"),
        "contact.email": _("E-mail"),
        "contact.phone": _("Phone"),
        "contact.name": _("Name"),
        "contact.external_id": _("External ID of the contact"),
        "new.nps": _("Another question: NPS, 0 to 10"),
        "new.csat": _("Another question: CSAT, 1 to 5"),
        "new.ces": _("Another question: CES, 1 to 7"),
        "new.stars": _("Another question: stars, 1 to 5"),
        "new.rating10": _("Another question: rating, 1 to 10"),
        "new.rating7": _("Another question: rating, 1 to 7"),
        "new.rating5": _("Another question: rating, 1 to 5"),
        "new.single": _("Another question: one of several answers"),
        "new.multi": _("Another question: several answers"),
        "new.text": _("Another question: free text"),
    },
}
"""Kind -> what a column can be, in the order of the menu."""
IDS: Mapping[Kind, tuple[str, ...]] = {
    "contacts": ("contact.external_id", "account.external_id"),
    "accounts": ("account.external_id",),
    "events": ("event.key",),
    "answers": (),
}
"""What identifies rows; a column can do that beside what it is."""
JOINED = frozenset({"contact.name"})
"""Fields that several columns may fill together."""
ENCODINGS = ("utf-8", "utf-16", "cp1254", "cp1252", "cp1256", "latin-1")
DELIMITERS = {",": ",", ";": ";", "\t": "tab", "|": "|"}


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen for a file. `targets` are by the number of the column, `ids` columns by the field that they
    identify. `above` is the number of lines above the header; None lets the program find it.

    Of past answers: `vendor` is the tool that they come from, `survey` the questionnaire that they answer (empty:
    one of their own), `wording` how its score was asked, `zone` that of moments without an offset."""

    encoding: str = ""
    delimiter: str = ""
    above: int | None = None
    targets: Mapping[int, str] = field(default_factory=dict)
    ids: Mapping[str, int] = field(default_factory=dict)
    basis: str = ""
    event: str = ""
    dates: str = ""
    decimal: str = ""
    create_owners: bool = False
    vendor: str = ""
    survey: str = ""
    wording: str = ""
    language: str = ""
    zone: str = ""
    add_people: bool = False


@dataclass(frozen=True, slots=True)
class FileColumn:
    """A column of the file: its name, and its first values."""

    number: int
    name: str
    samples: Sequence[str]


def as_json(chosen: Chosen) -> dict[str, Any]:
    return {**asdict(chosen), "targets": {str(n): each for n, each in chosen.targets.items()}}


def from_json(stored: Mapping[str, Any]) -> Chosen:
    targets = {int(n): each for n, each in stored.get("targets", {}).items()}
    return Chosen(**{**stored, "targets": targets})


def columns(path: Path, shape: Shape) -> list[FileColumn]:
    """The columns of a file with samples. Raises ImportRefused without a readable header."""
    with opened(path, shape) as rows:
        header = next(rows, None)
        if header is None or header.fault is not None or len(header.cells) > MOST_COLUMNS:
            raise ImportRefused("The header line cannot be read. Choose another line, delimiter or encoding.")
        samples: list[list[str]] = [[] for _ in header.cells]
        for row in islice(rows, LOOKED_AT):
            for found, cell in zip(samples, row.cells, strict=False):
                if cell and cell not in found and len(found) < SAMPLES:
                    found.append(cell[:80])
    return [FileColumn(n, name, samples[n]) for n, name in enumerate(header.cells)]


def proposed(kind: Kind, header: Sequence[str], dates: str = "") -> Chosen:
    """The choices that the names of the columns suggest. A person has to look at them."""
    own = dict(by_own_names(kind, header).sources())
    found = {**suggestions.found(kind, header), **own}
    places = {name: n for n, name in reversed(list(enumerate(header)))}
    targets: dict[int, str] = {}
    ids: dict[str, int] = {}
    for name, source in found.items():
        for column in source.columns():
            number = places[column]
            if name in IDS[kind]:
                ids[name] = number
            elif source.opt_out is not None:
                other = targets.get(number, "")
                channel = name.partition(".")[2]
                targets[number] = "optout.all" if other.startswith("optout.") else f"optout.{channel}"
            elif ".properties." in name:
                targets[number] = PROPERTY[name.partition(".")[0]]
            elif number not in targets or targets[number].endswith(".property"):
                targets[number] = name
    event = next(
        (str(each.constant) for name, each in found.items() if name == "event.name" and each.constant), ""
    )
    if kind == "contacts" and "account.external_id" not in ids and "account.name" in found:
        ids["account.external_id"] = places[next(found["account.name"].columns())]
    return Chosen(targets=targets, ids=ids, event=event, dates=dates)


def mapping(kind: Kind, header: Sequence[str], chosen: Chosen, name: str) -> ColumnMap:
    """The mapping of the choices. Raises ImportRefused, with one line for each mistake."""
    by_target: dict[str, list[str]] = {}
    for number, target in sorted(chosen.targets.items()):
        if 0 <= number < len(header) and target in TARGETS[kind]:
            by_target.setdefault(target, []).append(header[number])
    sources = dict(_sources(by_target))
    for field_name, number in chosen.ids.items():
        if field_name in IDS[kind] and 0 <= number < len(header):
            sources[field_name] = Source(column=header[number])
    if kind == "contacts" and chosen.basis in BASES:
        sources.setdefault("consent.basis", Source(constant=chosen.basis))
    if kind == "events" and chosen.event:
        sources.setdefault("event.name", Source(constant=chosen.event))
    if mistakes := [*_clashes(by_target), *_gaps(kind, sources)]:
        raise ImportRefused("\n".join(mistakes))
    return ColumnMap(
        name=name,
        kind=kind,
        encoding=chosen.encoding or None,
        delimiter=chosen.delimiter or None,
        above=chosen.above,
        dates=chosen.dates or None,
        decimal=chosen.decimal or None,
        sections=_sections(sources),
    )


def _sources(by_target: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Source]]:
    for target, names in by_target.items():
        section, _dot, field_name = target.partition(".")
        if field_name == "property":
            yield from ((f"{section}.properties.{each}", Source(column=each)) for each in names)
        elif section == "optout":
            channels = ("email", "sms") if field_name == "all" else (field_name,)
            yield from ((f"consent.{each}", Source(opt_out=names[0])) for each in channels)
        else:
            yield target, Source(column=names[0]) if len(names) == 1 else Source(join=tuple(names))


def _clashes(by_target: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for target, names in by_target.items():
        if len(names) > 1 and target not in JOINED and not target.endswith(".property"):
            yield f"Choose one column for {target}: {', '.join(names)} cannot fill it together."


def _gaps(kind: Kind, sources: Mapping[str, Source]) -> Iterator[str]:
    has_account = any(each.startswith("account.") for each in sources)
    if kind == "contacts" and has_account and "account.external_id" not in sources:
        yield "Choose the column that identifies the account, or import no column of the account."
    for each in suggestions.missing(kind, sources):
        yield f"Choose a column for {each}: without it rows cannot be identified."


def _sections(sources: Mapping[str, Source]) -> dict[str, Section]:
    sections: dict[str, dict[str, dict[str, Source]]] = {}
    for each, source in sources.items():
        section, _dot, field_name = each.partition(".")
        group = sections.setdefault(section, {"fields": {}, "properties": {}})
        is_property = field_name.startswith("properties.")
        group["properties" if is_property else "fields"][field_name.removeprefix("properties.")] = source
    return {section: Section(**group) for section, group in sections.items()}
