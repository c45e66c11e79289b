"""Reads one part of a body with the mapping: the values that a rule makes, parsed like those of an import."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from feedback.core.text.translatable import message
from feedback.services.customers import ConsentChange, fields
from feedback.services.customers.fields import Money, Style
from feedback.services.doors.expressions import ExpressionError
from feedback.services.doors.mapping import (
    AccountPart,
    ContactPart,
    DoorRule,
    DoorSetup,
    EventPart,
    MappedValue,
    UsagePart,
)
from feedback.settings import Settings

LONGEST_PROPERTY = 1_000
LARGEST_NUMBER = 2**53


class UnusableError(ValueError):
    """A part that cannot be stored as the rule says; the sentence begins with the field."""


@dataclass(frozen=True, slots=True)
class ReadAccount:
    """`owner` is an address or a name; None if the rule or the body names nobody."""

    external_id: str
    create: bool
    values: dict[str, Any]
    properties: dict[str, Any]
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class ReadContact:
    """`match` holds the address columns by which a stored contact is looked for before `external_id`."""

    external_id: str | None
    create: bool
    match: tuple[str, ...]
    account: str | None
    values: dict[str, Any]
    properties: dict[str, Any]
    permissions: list[ConsentChange]


@dataclass(frozen=True, slots=True)
class ReadEvent:
    name: str
    occurred_at: datetime | None
    properties: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReadUsage:
    name: str
    value: float
    at: datetime | None


@dataclass(frozen=True, slots=True)
class DoorReading:
    """What a rule makes of a part. `id` is the other system's id of it, None without one."""

    rule: str
    ignore: bool = False
    id: str | None = None
    account: ReadAccount | None = None
    contact: ReadContact | None = None
    event: ReadEvent | None = None
    usage: ReadUsage | None = None

    @property
    def uid(self) -> str | None:
        """A digest of the id, which is the same for the same event."""
        return hashlib.sha256(self.id.encode()).hexdigest() if self.id is not None else None


def read_item(setup: DoorSetup, item: Any, settings: Settings) -> DoorReading | None:
    """What the first rule that fits makes of a part of a body; None if no rule fits. Raises UnusableError."""
    rule = setup.rule_for(item)
    if rule is None:
        return None
    place = rule.name or f"#{setup.rules.index(rule) + 1}"
    return _Reader(setup, rule, item, settings).reading(place)


@dataclass
class _Reader:
    setup: DoorSetup
    rule: DoorRule
    item: Any
    settings: Settings
    style: Style = field(init=False)

    def __post_init__(self) -> None:
        own = self.settings.organisation
        self.style = Style(own.default_region, own.time_zone, self.setup.dates, self.setup.decimal)

    def reading(self, place: str) -> DoorReading:
        rule = self.rule
        if rule.ignore:
            return DoorReading(place, ignore=True)
        return DoorReading(
            place,
            id=self._id(rule.id),
            account=self._account(rule.account) if rule.account else None,
            contact=self._contact(rule.contact) if rule.contact else None,
            event=self._event(rule.event) if rule.event else None,
            usage=self._usage(rule.usage) if rule.usage else None,
        )

    def _id(self, value: MappedValue | None) -> str | None:
        if value is None:
            return None
        found = self._found("id", value)
        if isinstance(found, dict | list):
            found = json.dumps(found, sort_keys=True)
        if found in (None, ""):
            raise UnusableError(_named("id", message("There is nothing where the id should be.")))
        return str(found)

    def _account(self, part: AccountPart) -> ReadAccount:
        external_id = self._field("account.external_id", part.external_id, fields.identifier)
        if external_id is None:
            raise UnusableError(_named("account.external_id", message("There is nothing there.")))
        parsers = {**fields.ACCOUNT, "owner": fields.owner}
        values = dict(self._fields("account", part.mapped(), parsers))
        owner = values.pop("owner", None)
        revenue = values.get("recurring_revenue")
        if isinstance(revenue, Money):
            values["recurring_revenue"] = revenue.amount
            if revenue.currency:
                values.setdefault("currency", revenue.currency)
        properties = self._properties("account", part.properties)
        return ReadAccount(external_id, part.create, values, properties, owner)

    def _contact(self, part: ContactPart) -> ReadContact:
        country = self._field("contact.country", part.country, fields.country) if part.country else None
        if country:
            self.style = replace(self.style, region=country)
        values = dict(self._fields("contact", part.mapped(), fields.CONTACT))
        given = part.external_id
        external_id = self._field("contact.external_id", given, fields.contact_id) if given else None
        if external_id is None and not any(values.get(way) for way in part.match):
            raise UnusableError(_named("contact", message("Neither an id nor an address says who it is.")))
        account = self._field("contact.account", part.account, fields.identifier) if part.account else None
        return ReadContact(
            external_id,
            part.create,
            tuple(part.match),
            account,
            values,
            self._properties("contact", part.properties),
            self._permissions(part),
        )

    def _permissions(self, part: ContactPart) -> list[ConsentChange]:
        found = dict(self._fields("consent", part.consent.items(), fields.CONSENT))
        allowed = {kind: found.get(kind) for kind in ("sms", "email")}
        if all(each is None for each in allowed.values()) and found.get("basis"):
            allowed = {"sms": True, "email": True}
        rest = (found.get("basis") or "", found.get("source") or "", found.get("text_version"))
        return [
            ConsentChange(kind, given, *rest, found.get("reference"))
            for kind, given in allowed.items()
            if given is False or (given and rest[0])
        ]

    def _event(self, part: EventPart) -> ReadEvent:
        name = self._field("event.name", part.name, fields.key)
        if name is None:
            raise UnusableError(_named("event.name", message("There is nothing there.")))
        occurred_at = (
            self._field("event.occurred_at", part.occurred_at, fields.moment) if part.occurred_at else None
        )
        return ReadEvent(name, occurred_at, self._properties("event", part.properties))

    def _usage(self, part: UsagePart) -> ReadUsage:
        name = self._field("usage.name", part.name, fields.key)
        value = self._field("usage.value", part.value, fields.number)
        if name is None or value is None:
            raise UnusableError(_named("usage", message("There is nothing there.")))
        if not 0 <= value <= 10**15:
            raise UnusableError(_named("usage.value", message("A usage figure cannot be negative.")))
        at = self._field("usage.at", part.at, fields.moment) if part.at else None
        return ReadUsage(name, float(value), at)

    # --- Values ----------------------------------------------------------------------------------

    def _fields(
        self, section: str, mapped: Any, parsers: Mapping[str, fields.Parser]
    ) -> Iterator[tuple[str, Any]]:
        """The fields that the body has; one that is missing or empty changes nothing."""
        for name, value in mapped:
            found = self._field(f"{section}.{name}", value, parsers[name])
            if found is not None:
                yield name, found

    def _field(self, name: str, value: MappedValue, parser: fields.Parser) -> Any:
        found = self._found(name, value)
        written = _written(name, found)
        if not written:
            return None
        # A number of JSON has a point, however the system writes the numbers in its texts.
        is_number = isinstance(found, int | float)
        style = replace(self.style, decimal=".") if is_number else self.style
        try:
            return parser(written, style)
        except ValueError as error:
            raise UnusableError(_named(name, str(error))) from None

    def _properties(self, section: str, mapped: Mapping[str, MappedValue]) -> dict[str, Any]:
        found = {
            name: _property(f"{section}.properties.{name}", self._found(name, value))
            for name, value in mapped.items()
        }
        return {name: value for name, value in found.items() if value is not None}

    def _found(self, name: str, value: MappedValue) -> Any:
        try:
            return value.of(self.item)
        except ExpressionError as error:
            raise UnusableError(_named(name, str(error))) from None


def _written(name: str, found: Any) -> str:
    """A value as an import would read it in a cell."""
    if found is None:
        return ""
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, float) and found.is_integer() and abs(found) <= LARGEST_NUMBER:
        return str(int(found))
    if isinstance(found, str | int | float):
        return str(found).strip()
    raise UnusableError(_named(name, message("There is a list or an object where a text should be.")))


def _property(name: str, found: Any) -> Any:
    if isinstance(found, dict | list):
        raise UnusableError(_named(name, message("There is a list or an object where a text should be.")))
    if isinstance(found, str):
        found = found.strip()[:LONGEST_PROPERTY]
        if not fields.is_clean(found):
            raise UnusableError(_named(name, message("Remove the control characters from this text.")))
        return found or None
    if isinstance(found, int | float) and not isinstance(found, bool) and not abs(found) <= LARGEST_NUMBER:
        raise UnusableError(_named(name, message("This number is too large.")))
    return found


def _named(name: str, sentence: str) -> str:
    return f"{name}: {sentence}"
