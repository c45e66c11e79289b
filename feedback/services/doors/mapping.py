"""The set-up of a door: YAML that says how a call is checked, and what is taken from a body.

check: {by: token, header: X-Door-Token}
items: events                       # JMESPath of the parts of a body; default: the body, or each entry of a list
rules:                              # the first one that fits a part is used
  - name: closed ticket
    when: "status == 'closed'"
    id: ticket.id                   # the other system's id of what happened: it is taken in once
    contact: {external_id: requester.id, email: requester.email}
    event: {name: {constant: ticket_closed}, occurred_at: closed_at}
  - when: "type == 'ping'"
    ignore: true

A value is JMESPath; `{constant: x}` is the value itself; `{from: status, values: {"5": closed}, otherwise: open}`
translates what is found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from feedback.core.door_check import DoorCheck
from feedback.core.text.translatable import message
from feedback.lint.document import reader
from feedback.lint.document.schema import validate
from feedback.services.customers import fields
from feedback.services.doors import expressions

LONGEST = 20_000
MOST_PROPERTIES = 100

Scalar = str | int | float | bool
Expression = Annotated[
    str, StringConstraints(min_length=1, max_length=expressions.LONGEST), AfterValidator(expressions.check)
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class MappedValue(_Strict):
    """Where a value comes from: JMESPath, perhaps translated, or a constant."""

    source: Expression | None = Field(None, alias="from")
    constant: Scalar | None = None
    values: Mapping[str, Scalar] = Field(default_factory=dict)
    otherwise: Scalar | None = None

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if (self.source is None) == (self.constant is None):
            raise ValueError(message("Give `from` or `constant`."))
        return self

    def of(self, item: Any) -> Any:
        """The value for one part of a body. Raises ExpressionError."""
        if self.source is None:
            return self.constant
        found = expressions.search(self.source, item)
        if not self.values or found is None:
            return found if found is not None else self.otherwise
        key = str(found).lower() if isinstance(found, bool) else str(found)
        return self.values.get(key, self.otherwise)


def _long_form(written: Any) -> Any:
    """A text is JMESPath; a number and a switch are themselves."""
    if isinstance(written, str):
        return {"from": written}
    return {"constant": written} if isinstance(written, bool | int | float) else written


Value = Annotated[MappedValue, BeforeValidator(_long_form)]
Values = Annotated[dict[str, Value], Field(max_length=MOST_PROPERTIES)]


class ContactPart(_Strict):
    """A person. `match` finds a stored contact by address first; `external_id` is that of one who is not found."""

    external_id: Value | None = None
    match: Annotated[list[Literal["email", "phone"]], Field(max_length=2)] = []
    create: bool = True
    account: Value | None = None
    name: Value | None = None
    phone: Value | None = None
    email: Value | None = None
    language: Value | None = None
    time_zone: Value | None = None
    country: Value | None = None
    properties: Values = {}
    consent: Annotated[dict[str, Value], Field(max_length=6)] = {}

    @model_validator(mode="after")
    def _can_be_found(self) -> Self:
        if self.external_id is None and not self.match:
            raise ValueError(message("Say who it is: give `external_id`, or `match: [email]`."))
        for way in self.match:
            if getattr(self, way) is None:
                raise ValueError(message("Give `{way}`, by which the contact is looked for.", way=way))
        if unknown := [name for name in self.consent if name not in fields.CONSENT]:
            raise ValueError(message("`consent` has no `{name}`.", name=unknown[0]))
        return self

    def mapped(self) -> Iterator[tuple[str, MappedValue]]:
        """The columns of a contact and where they come from, the country first: numbers are read in it."""
        for name in sorted(fields.CONTACT, key="country".__ne__):
            value = getattr(self, name)
            if value is not None and name != "external_id":
                yield name, value


class AccountPart(_Strict):
    """A customer company."""

    external_id: Value
    create: bool = True
    name: Value | None = None
    owner: Value | None = None
    segment: Value | None = None
    recurring_revenue: Value | None = None
    currency: Value | None = None
    contract_started_on: Value | None = None
    renewal_on: Value | None = None
    properties: Values = {}

    def mapped(self) -> Iterator[tuple[str, MappedValue]]:
        for name in fields.ACCOUNT:
            value = getattr(self, name)
            if value is not None and name != "external_id":
                yield name, value


class EventPart(_Strict):
    """Something that happened to the contact; a stage of the journey can ask because of it."""

    name: Value
    occurred_at: Value | None = None
    properties: Values = {}


class UsagePart(_Strict):
    """A usage figure of the account."""

    name: Value
    value: Value
    at: Value | None = None


class DoorRule(_Strict):
    """What is made of the parts of a body that fit `when`."""

    name: Annotated[str, StringConstraints(max_length=100)] = ""
    when: Expression | None = None
    ignore: bool = False
    id: Value | None = None
    account: AccountPart | None = None
    contact: ContactPart | None = None
    event: EventPart | None = None
    usage: UsagePart | None = None

    def fits(self, item: Any) -> bool:
        """Whether the rule is for a part of a body."""
        try:
            return self.when is None or _is_true(expressions.search(self.when, item))
        except expressions.ExpressionError:
            return False

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        made = [each for each in (self.account, self.contact, self.event, self.usage) if each is not None]
        if self.ignore:
            if made:
                raise ValueError(message("A rule that ignores makes nothing else."))
            return self
        if not made:
            raise ValueError(
                message("Say what the rule makes: account, contact, event or usage; or `ignore: true`.")
            )
        if self.event is not None and self.contact is None:
            raise ValueError(message("An event needs `contact`: whom it happened to."))
        if self.usage is not None and self.account is None:
            raise ValueError(message("Usage needs `account`: whose it is."))
        if (self.event is not None or self.usage is not None) and self.id is None:
            raise ValueError(message("Give `id`, so that the same event is stored once."))
        return self


class DoorSetup(_Strict):
    """A whole set-up. `dates` and `decimal` are how the other system writes dates and amounts."""

    check_: DoorCheck = Field(alias="check")
    items: Expression | None = None
    rules: Annotated[list[DoorRule], Field(min_length=1, max_length=50)]
    dates: Literal["day-first", "month-first"] | None = None
    decimal: Literal[".", ","] = "."
    answer: Literal["json", "salesforce"] = "json"

    def rule_for(self, item: Any) -> DoorRule | None:
        """The first rule that fits a part. A condition that stumbles over the shape of the part does not fit it."""
        return next((rule for rule in self.rules if rule.fits(item)), None)

    def items_of(self, body: Any) -> list[Any]:
        """The parts of a body, each for a rule. Raises ExpressionError."""
        found = expressions.search(self.items, body) if self.items else body
        if found is None:
            return []
        return found if isinstance(found, list) else [found]


@dataclass(frozen=True, slots=True)
class SetupProblem:
    """A mistake in a set-up and its place, counted from 1."""

    line: int
    column: int
    message: str


@lru_cache(maxsize=100)
def read(text: str) -> tuple[DoorSetup | None, Sequence[SetupProblem]]:
    """The set-up that the YAML holds, or every mistake in it."""
    if not text.strip():
        return None, (SetupProblem(1, 1, message("Write `check:` and `rules:`, or begin with a recipe.")),)
    if len(text) > LONGEST:
        return None, (SetupProblem(1, 1, message("This is longer than {most} characters.", most=LONGEST)),)
    document = reader.read(text, "<set-up>")
    if document.data is not None and not isinstance(document.data, dict):
        return None, (SetupProblem(1, 1, message("Write `check:` and `rules:`, or begin with a recipe.")),)
    if document.faults or document.data is None:
        places = [(document.place(each.offset), each.message) for each in document.faults]
        return None, tuple(SetupProblem(place.line, place.column, said) for place, said in places)
    setup, mistakes = validate(document.data, DoorSetup)
    found = []
    for mistake in mistakes:
        place = document.key_mark(mistake.path) if mistake.about_key else document.mark(mistake.path)
        found.append(SetupProblem(place.line, place.column, mistake.message))
    return setup, tuple(sorted(found, key=lambda each: (each.line, each.column)))


def _is_true(value: Any) -> bool:
    """As JMESPath has it: empty lists, objects and texts, null and false are not true; 0 is."""
    return value is not None and value is not False and value not in ("", [], {})
