"""Parses and checks a row of cells completely, before any of it is stored."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from feedback.errors import ImportRefused
from feedback.services.customers import ConsentChange, ContactDraft, Draft, fields
from feedback.services.imports import several
from feedback.services.imports.mapping import FIELDS, PROPERTIES, REQUIRED, ColumnMap, Kind, Source, nearest
from feedback.services.imports.table import TableLine

NO_BASIS = "none"
"""The basis of a withdrawal for which the file gives none."""
_PLACEHOLDERS = frozenset(
    {
        "n/a",
        "#n/a",
        "null",
        "(null)",
        "nan",
        "none",
        "nil",
        "-",
        "--",
        "–",
        "—",
        "not applicable",
        "not available",
    }
)
"""Words for an empty cell, in lower case; `NA` is one in most columns."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused row: its line in the file, the faulty column, and the reason."""

    line: int
    column: str | None
    reason: str


@dataclass(slots=True)
class Record:
    """A parsed row. `values` are by section; `owner` is a user's e-mail address.

    `is_short` rows end before the last column; rows with `has_placeholders` have cells such as N/A. `faulty` are the
    fields that cannot be read. `left_out` are their mistakes if the row is stored without them, and the cells of which
    only one of several values is stored.
    """

    line: int
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    properties: dict[str, dict[str, str]] = field(default_factory=dict)
    is_short: bool = False
    has_placeholders: bool = False
    faulty: set[str] = field(default_factory=set)
    left_out: list[Refusal] = field(default_factory=list)

    @property
    def owner(self) -> str | None:
        return self.values.get("account", {}).get("owner")


class Reader:
    """Reads the rows of a file with a mapping. Raises ImportRefused if the mapping does not match the header."""

    def __init__(
        self, kind: Kind, header: Sequence[str], mapping: ColumnMap, style: fields.Style, today: date
    ) -> None:
        _check(kind, header, mapping)
        self._width = len(header)
        self._today = today
        self._clears = mapping.empty_cells == "clear"
        self._required = REQUIRED[kind]
        places = {name: place for place, name in reversed(list(enumerate(header)))}
        everything = [_Target(name, source, places, style) for name, source in mapping.sources()]
        self._targets = sorted(everything, key=_order)

    def read(self, line: TableLine) -> Record | list[Refusal]:
        """The parsed row, or all its mistakes."""
        if line.fault is not None:
            return [Refusal(line.number, None, line.fault)]
        cells = line.cells
        if any(cells[self._width :]):
            counts = f"{len(cells)} cells, but the header has {self._width}"
            return [
                Refusal(line.number, None, f"This row has {counts}; check for a delimiter inside a value.")
            ]
        record, refusals = Record(line.number, is_short=len(cells) < self._width), []
        cells = cells + [""] * (self._width - len(cells))
        for target in self._targets:
            try:
                self._take(record, target, cells)
            except ValueError as error:
                refusals.append(Refusal(line.number, target.column, f"{error}{_extent(line)}"))
                record.faulty.add(f"{target.section}.{target.field}")
        if refusals and _is_reachable_without(record):
            record.left_out += refusals
            refusals = []
        return refusals or self._missing(record) or self._settled(record)

    def _take(self, record: Record, target: _Target, cells: list[str]) -> None:
        section = record.values.setdefault(target.section, {})
        text = self._text(target.source, target.place, target, cells, section)
        if text and target.source.column is not None and _says_nothing(text, target):
            text, record.has_placeholders = "", True
        if not text:
            # A cell that is not there says nothing, so it does not empty the field either.
            if self._clears and target.clearable and not record.is_short:
                section[target.field] = None
        elif target.is_property:
            record.properties.setdefault(target.section, {})[target.field] = target.parse(text)
        else:
            section[target.field] = target.finished(self._parsed(record, target, text))

    def _parsed(self, record: Record, target: _Target, text: str) -> Any:
        """The value of a cell; of several the one that is meant, which the result of the import tells."""
        region = self._region(record, target)
        found = several.parts(target.kind, text) if target.kind else ()
        if len(found) < 2:
            return target.parse(text, region)
        value, told = several.chosen(
            target.kind or "", found, target.source.several, lambda each: target.parse(each, region)
        )
        if told:
            record.left_out.append(Refusal(record.line, target.column, told))
        return value

    def _region(self, record: Record, target: _Target) -> str | None:
        """The row's own country for its phone number; None for the style's region."""
        if target.field != "phone":
            return None
        if "contact.country" in record.faulty:
            return "ZZ"  # an unknown country: only a number with its country code can be read
        country: str | None = record.values["contact"].get("country")
        return country

    def _text(
        self, source: Source, place: int, target: _Target, cells: list[str], section: Mapping[str, Any]
    ) -> str:
        if source.column is not None:
            return source.translated(cells[place])
        if source.opt_out is not None:
            return _withdrawal(cells[place])
        if source.join is not None or source.options is not None:
            between = "\n" if source.options else " "
            return between.join(filter(None, (cells[each] for each in target.join_places)))
        if source.constant is not None:
            return str(source.constant)
        if source.months_ago is not None:
            return _months_before(self._today, cells[place]) if cells[place] else ""
        return self._next(source, target, cells, section)

    def _next(self, source: Source, target: _Target, cells: list[str], section: Mapping[str, Any]) -> str:
        assert source.every_months is not None  # noqa: S101  (the mapping's own check)
        first = section.get(source.next_after or "")
        every = self._text(source.every_months, target.every_place, target, cells, section)
        if first is None or not every:
            return ""
        return next_return(first, _months(every), self._today).isoformat()

    def _settled(self, record: Record) -> Record | list[Refusal]:
        """Split an amount into value and currency; refuse the row if it contradicts the currency column."""
        account = record.values.get("account", {})
        if isinstance(money := account.get("recurring_revenue"), fields.Money):
            if money.currency and account.get("currency") not in (None, money.currency):
                reason = (
                    f"The amount is in {money.currency}, but the currency column has {account['currency']}."
                )
                return [Refusal(record.line, None, reason)]
            account["recurring_revenue"] = money.amount
            if money.currency:
                account["currency"] = money.currency
        return record

    def _missing(self, record: Record) -> list[Refusal]:
        missing = []
        for name in self._required:
            section, _, field_name = name.partition(".")
            if record.values[section].get(field_name) is None:
                column = next(
                    t.column for t in self._targets if t.section == section and t.field == field_name
                )
                missing.append(
                    Refusal(
                        record.line, column, f"Fill in {field_name}: without it the row cannot be identified."
                    )
                )
        return missing


class _Target:
    """A field and its source, prepared once per file."""

    __slots__ = (
        "clearable",
        "column",
        "every_place",
        "field",
        "is_property",
        "join_places",
        "kind",
        "parse",
        "place",
        "section",
        "source",
    )

    def __init__(self, name: str, source: Source, places: Mapping[str, int], style: fields.Style) -> None:
        self.section, _, self.field = name.partition(".")
        self.is_property = self.field.startswith("properties.")
        self.field = self.field.removeprefix("properties.")
        self.source = source
        self.kind = several.kind_of(self.section, self.field) if source.column is not None else None
        self.column = next(source.columns(), None)
        self.place = places.get(source.column or source.opt_out or source.months_ago or "", -1)
        self.join_places = [places[each] for each in source.join or source.options or () if each in places]
        every = source.every_months
        self.every_place = places.get(every.column or "", -1) if every else -1
        parse = (
            PROPERTIES.get(self.section, fields.LONG)
            if self.is_property
            else FIELDS[self.section][self.field]
        )
        # Segments, languages and owners repeat often, so each spelling is parsed once.
        self.parse: Callable[..., Any] = lru_cache(maxsize=2048)(
            lambda text, region=None: parse(text, replace(style, region=region) if region else style)
        )
        self.clearable = not self.is_property and self.field not in (
            "external_id",
            "key",
            "contact",
            "occurred_at",
        )

    def finished(self, value: Any) -> Any:
        if self.source.divide_by == 1 or not isinstance(value, fields.Money):
            return value
        amount = (value.amount / self.source.divide_by).quantize(value.amount)
        return fields.Money(amount, value.currency)


def _extent(line: TableLine) -> str:
    """The lines of a row with line breaks in its cells, which an unclosed quotation mark may have caused."""
    return f" This row goes from line {line.number} to line {line.last}." if line.last else ""


def _says_nothing(text: str, target: _Target) -> bool:
    """Whether the cell holds what databases and spreadsheets write instead of nothing.

    Names and properties keep the word: Null is a surname. NA is Namibia, and the language of Nauru.
    """
    if target.is_property or target.field == "name":
        return False
    word = text.casefold()
    return word in _PLACEHOLDERS or (word == "na" and target.field not in ("country", "language"))


def _order(target: _Target) -> int:
    """Countries come before the phone numbers that they explain, and computed dates after the dates they use."""
    if target.source.next_after is not None:
        return 2
    return 0 if target.field == "country" else 1


def _is_reachable_without(record: Record) -> bool:
    """Whether only a phone number or an address is faulty, and the person can still be reached by the other."""
    contact = record.values.get("contact", {})
    if record.faulty == {"contact.phone"}:
        return bool(contact.get("email"))
    return record.faulty == {"contact.email"} and bool(contact.get("phone"))


def account_draft(record: Record, owner_id: int | None) -> Draft | None:
    """The account of the row; None if it names none. An unknown owner does not change the stored one."""
    values = dict(record.values.get("account", {}))
    external_id = values.pop("external_id", None)
    if external_id is None:
        return None
    if values.pop("owner", None) is not None and owner_id is not None:
        values["owner_id"] = owner_id
    return Draft(external_id, values, dict(record.properties.get("account", {})))


def contact_draft(record: Record) -> ContactDraft:
    values = dict(record.values["contact"])
    return ContactDraft(
        values.pop("external_id"),
        values,
        dict(record.properties.get("contact", {})),
        account=record.values.get("account", {}).get("external_id"),
        permissions=list(_permissions(record.values.get("consent", {}))),
    )


def months_before(day: date, months: int) -> date:
    """The same day `months` earlier, or the last day of that month if it is shorter."""
    return _shifted(day, -months)


def next_return(first: date, months: int, today: date) -> date:
    """The first of the days `first`, `first` + `months`, `first` + 2 x `months` ... that is not before `today`."""
    passed = max(0, ((today.year - first.year) * 12 + today.month - first.month) // months)
    day = _shifted(first, passed * months)
    return day if day >= today else _shifted(first, (passed + 1) * months)


def lacks_basis(record: Record) -> bool:
    """Whether the row allows messages without saying on which legal basis, so that no permission is recorded."""
    consent = record.values.get("consent", {})
    return not consent.get("basis") and True in (consent.get("sms"), consent.get("email"))


def _permissions(consent: Mapping[str, Any]) -> Iterator[ConsentChange]:
    """The permissions of a row. Without a legal basis there are none; a withdrawal needs none.

    A basis covers both channels, unless the row refuses one of them: then the other needs a "yes" of its own.
    """
    basis = consent.get("basis")
    covers_both = bool(basis) and False not in (consent.get("sms"), consent.get("email"))
    for kind in ("sms", "email"):
        allowed = consent.get(kind)
        if allowed is None and not covers_both:
            continue
        if basis or allowed is False:
            yield ConsentChange(
                kind,
                allowed is not False,
                basis or NO_BASIS,
                consent.get("source") or "import",
                consent.get("text_version"),
                consent.get("reference"),
            )


def _withdrawal(cell: str) -> str:
    """The cell of an opt-out column as that of a permission column: yes becomes no, and no says nothing."""
    if not cell:
        return ""
    return "no" if fields.opted_out(cell) else ""


def _months_before(today: date, cell: str) -> str:
    return months_before(today, _months(cell, least=0)).isoformat()


def _months(cell: str, least: int = 1) -> int:
    if not cell.isdecimal() or not least <= int(cell[:9]) <= 1200:
        raise ValueError("This is not a number of months.")
    return int(cell)


def _shifted(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    if not 1 <= year <= 9999:
        raise ValueError("This results in a year that does not exist.")
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _check(kind: Kind, header: Sequence[str], mapping: ColumnMap) -> None:
    mistakes = list(_mistakes(kind, header, mapping))
    if mistakes:
        raise ImportRefused("\n".join(mistakes))


def _mistakes(kind: Kind, header: Sequence[str], mapping: ColumnMap) -> Iterator[str]:
    if mapping.kind not in (None, kind):
        yield f"{mapping.name} is a mapping for {mapping.kind}, not for {kind}."
    taken = dict(mapping.sources())
    for name, source in taken.items():
        for column in source.columns():
            if column not in header:
                hint = nearest(column, header)
                yield f"{mapping.name} reads {name} from the column {column!r}, which the file does not have.{hint}"
            elif header.count(column) > 1:
                yield f"Rename all but one of the {header.count(column)} columns {column!r} in the file."
        if source.next_after and f"{name.partition('.')[0]}.{source.next_after}" not in taken:
            yield f"{mapping.name}: {name} is computed from {source.next_after}, which the mapping does not fill."
    for name in REQUIRED[kind]:
        if name not in taken:
            yield f"{mapping.name} must map a column to {name}."
    if (
        kind == "contacts"
        and any(n.startswith("account.") for n in taken)
        and "account.external_id" not in taken
    ):
        yield f"{mapping.name} must map a column to account.external_id, or leave out the account."


def at(moment: datetime, style: fields.Style) -> date:
    """The day of the import in the time zone of `style`."""
    return moment.astimezone(style.zone).date()
