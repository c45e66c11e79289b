"""Whom a stage or a question is for: conditions on what is known of a customer, in `only_if` and in `show_if`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from feedback.core.combination import Combination
from feedback.core.text.translatable import message

FACT_TESTS = ("is_", "is_not", "at_least", "at_most", "contains", "known")
ACCOUNT_FIELDS = (
    "external_id", "name", "segment", "recurring_revenue", "currency", "contract_started_on", "renewal_on",
)  # fmt: skip
CONTACT_FIELDS = ("external_id", "name", "phone", "email", "language", "time_zone", "country")
"""What every installation knows of accounts and contacts; any other name is one of their properties."""
SurveyFact = Literal["language", "channel"]
SURVEY_FACTS: tuple[SurveyFact, ...] = ("language", "channel")
"""What is known of everybody who is asked: the language and the channel of the invitation, or of the open link."""
CHANNELS = ("sms", "email", "poster", "kiosk", "embed")
"""The channels of invitations, and the kinds of open links."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


Value = str | int | float | bool
Values = Annotated[
    tuple[Value, ...], BeforeValidator(as_tuple, json_schema_input_type=Value | tuple[Value, ...])
]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one contact and its account, of the event that led to the survey, and of the survey itself:
    name of a field or a property -> value."""

    account: Mapping[str, Any] = field(default_factory=dict)
    contact: Mapping[str, Any] = field(default_factory=dict)
    event: Mapping[str, Any] = field(default_factory=dict)
    survey: Mapping[str, Any] = field(default_factory=dict)

    def of(self, fact: str) -> Any:
        """The value of a fact such as `account.segment`; None if it is not known."""
        kind, _, name = fact.partition(".")
        return getattr(self, kind).get(name)

    def stored(self, wanted: Iterable[str]) -> dict[str, Any]:
        """Those of `wanted` (`account.segment`) that are known, as JSON can hold them."""
        found = ((fact, self.of(fact)) for fact in wanted)
        return {fact: _as_json(value) for fact, value in found if value is not None}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any], *, language: str, channel: str) -> Facts:
        """What `stored` says, and what is known of every survey."""
        kinds: dict[str, dict[str, Any]] = {"account": {}, "contact": {}, "event": {}}
        for fact, value in stored.items():
            kind, _, name = fact.partition(".")
            kinds.get(kind, {})[name] = value
        return cls(**kinds, survey={"language": language, "channel": channel})


NOBODY = Facts()
"""Of an unknown person nothing is known."""


class FactTest(Combination):
    """The tests of facts.

    If a fact is not known, every test is false except `is_not` and `known: false`. Case does not matter.
    """

    account: str | None = Field(None, description="a field or a property of the account, e.g. segment")
    contact: str | None = Field(None, description="a field or a property of the contact, e.g. country")
    is_: Values | None = Field(None, alias="is", description="one of these values")
    is_not: Values | None = Field(None, description="none of these values; also holds if nothing is known")
    at_least: int | float | str | None = Field(None, description="a number, or a day: 2026-01-31")
    at_most: int | float | str | None = Field(None, description="a number, or a day: 2026-01-31")
    contains: Values | None = Field(None, description="one of these is part of the value, or in the list")
    known: bool | None = Field(None, description="whether there is a value at all")

    @property
    def fact(self) -> str | None:
        """The name of what a single test looks at, such as `account.segment`; None for other tests."""
        kind = self.subject
        return f"{kind}.{getattr(self, kind)}" if kind in FACT_KINDS and kind is not None else None

    def is_true_of(self, facts: Facts) -> bool:
        """Whether these facts pass a single test of a fact."""
        return self._fits(facts.of(self.fact or ""))

    def _fits(self, value: object) -> bool:
        given = [_plain(each) for each in (value if isinstance(value, list | tuple) else [value])]
        given = [each for each in given if each]
        if self.known is not None and self.known != bool(given):
            return False
        if self.is_not is not None and {_plain(each) for each in self.is_not} & {*given}:
            return False
        if not given:
            return not any((self.is_, self.contains)) and self.at_least is None and self.at_most is None
        if self.is_ is not None and not {_plain(each) for each in self.is_} & {*given}:
            return False
        if self.contains is not None and not any(
            _plain(part) in each for part in self.contains for each in given
        ):
            return False
        return _reaches(given[0], self.at_least, 1) and _reaches(given[0], self.at_most, -1)

    @model_validator(mode="after")
    def _bounds_are_sound(self) -> Self:
        for bound in (self.at_least, self.at_most):
            if isinstance(bound, str) and not _DAY.fullmatch(bound):
                raise ValueError(
                    message("`{bound}` is neither a number nor a day such as 2026-01-31.", bound=bound)
                )
        return self


FACT_KINDS = ("account", "contact", "event", "survey")


class Audience(FactTest):
    """A test of one fact, or `all` / `any` / `not` over several.

    If a fact is not known, every test is false except `is_not` and `known: false`. Case does not matter.
    """

    SUBJECTS: ClassVar = (("account", FACT_TESTS), ("contact", FACT_TESTS))
    all: tuple[Audience, ...] | None = Field(None, strict=False)
    any: tuple[Audience, ...] | None = Field(None, strict=False)
    not_: Audience | None = Field(None, alias="not")

    def holds(self, facts: Facts) -> bool:
        """Whether a contact is among those whom the stage asks."""
        return self.judged(lambda leaf: leaf.is_true_of(facts))

    def unmet(self, facts: Facts) -> list[str]:
        """The facts because of which the condition does not hold; those of a group that is not met together."""
        if self.holds(facts):
            return []
        if self.all is not None:
            return list(dict.fromkeys(name for part in self.all for name in part.unmet(facts)))
        return list(dict.fromkeys(leaf.fact for leaf in self.leaves() if leaf.fact))


def _as_json(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_as_json(each) for each in value]
    if isinstance(value, date):
        return value.isoformat()
    return _plain(value) if isinstance(value, Decimal) else value


def _plain(value: object) -> str:
    """A value as it is compared: text without case, numbers without decimals that say nothing."""
    if value is None:
        return ""
    if isinstance(value, float | Decimal) and isfinite(value):
        return format(Decimal(str(value)).normalize(), "f")
    return str(value).strip().casefold()


def _reaches(value: str, bound: float | str | None, side: int) -> bool:
    """Whether a value is not below a bound (`side` 1), or not above it (-1); a day only compares with a day."""
    if bound is None:
        return True
    if isinstance(bound, str):
        return bool(_DAY.match(value)) and (value[:10] >= bound if side > 0 else value[:10] <= bound)
    try:
        number, limit = Decimal(value), Decimal(repr(bound))
    except InvalidOperation:
        return False
    return number.is_finite() and (number >= limit if side > 0 else number <= limit)
