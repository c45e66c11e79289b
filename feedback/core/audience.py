"""Whom a stage asks: conditions on what is known of an account and a contact, as written in `only_if`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from feedback.core.text.translatable import message

TESTS = ("is_", "is_not", "at_least", "at_most", "contains", "known")
ACCOUNT_FIELDS = (
    "external_id", "name", "segment", "recurring_revenue", "currency", "contract_started_on", "renewal_on",
)  # fmt: skip
CONTACT_FIELDS = ("external_id", "name", "phone", "email", "language", "time_zone", "country")
"""What every installation knows of accounts and contacts; any other name is one of their properties."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


Value = str | int | float | bool
Values = Annotated[
    tuple[Value, ...], BeforeValidator(_as_tuple, json_schema_input_type=Value | tuple[Value, ...])
]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one contact and its account: name of a field or a property -> value."""

    account: Mapping[str, Any] = field(default_factory=dict)
    contact: Mapping[str, Any] = field(default_factory=dict)


class Audience(BaseModel):
    """A test of one fact, or `all` / `any` / `not` over several.

    If a fact is not known, every test is false except `is_not` and `known: false`. Case does not matter.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, populate_by_name=True, defer_build=True
    )

    account: str | None = Field(None, description="a field or a property of the account, e.g. segment")
    contact: str | None = Field(None, description="a field or a property of the contact, e.g. country")
    is_: Values | None = Field(None, alias="is", description="one of these values")
    is_not: Values | None = Field(None, description="none of these values; also holds if nothing is known")
    at_least: int | float | str | None = Field(None, description="a number, or a day: 2026-01-31")
    at_most: int | float | str | None = Field(None, description="a number, or a day: 2026-01-31")
    contains: Values | None = Field(None, description="one of these is part of the value, or in the list")
    known: bool | None = Field(None, description="whether there is a value at all")
    all: tuple[Audience, ...] | None = Field(None, strict=False)
    any: tuple[Audience, ...] | None = Field(None, strict=False)
    not_: Audience | None = Field(None, alias="not")

    @model_validator(mode="after")
    def _one_form(self) -> Audience:
        groups = [form for form in (self.all, self.any, self.not_) if form is not None]
        tests = [name for name in TESTS if getattr(self, name) is not None]
        subjects = [name for name in (self.account, self.contact) if name is not None]
        if len(subjects) + len(groups) != 1 or (groups and tests):
            raise ValueError(
                message(
                    "Write `account:` or `contact:` with a test (is, is_not, at_least, at_most, contains, known), "
                    "or one of all, any, not."
                )
            )
        if subjects and not tests:
            raise ValueError(
                message("Say what it must be: is, is_not, at_least, at_most, contains or known.")
            )
        for bound in (self.at_least, self.at_most):
            if isinstance(bound, str) and not _DAY.fullmatch(bound):
                raise ValueError(
                    message("`{bound}` is neither a number nor a day such as 2026-01-31.", bound=bound)
                )
        return self

    def places(self) -> Iterator[tuple[tuple[str | int, ...], Audience]]:
        """The tests of single facts, each with the way to it from here: ("all", 0, "not")."""
        if self.account is not None or self.contact is not None:
            yield (), self
        for name, parts in (("all", self.all), ("any", self.any)):
            for number, part in enumerate(parts or ()):
                yield from (((name, number, *path), leaf) for path, leaf in part.places())
        if self.not_:
            yield from ((("not", *path), leaf) for path, leaf in self.not_.places())

    @property
    def fact(self) -> str:
        """The name of what a single test looks at: `account.segment`."""
        return f"account.{self.account}" if self.account is not None else f"contact.{self.contact}"

    def holds(self, facts: Facts) -> bool:
        """Whether a contact is among those whom the stage asks."""
        if self.all is not None:
            return all(part.holds(facts) for part in self.all)
        if self.any is not None:
            return any(part.holds(facts) for part in self.any)
        if self.not_ is not None:
            return not self.not_.holds(facts)
        known = facts.account if self.account is not None else facts.contact
        return self._fits(known.get(self.account or self.contact or ""))

    def unmet(self, facts: Facts) -> list[str]:
        """The facts because of which the condition does not hold; those of a group that is not met together."""
        if self.holds(facts):
            return []
        if self.all is not None:
            return list(dict.fromkeys(name for part in self.all for name in part.unmet(facts)))
        return list(dict.fromkeys(leaf.fact for _, leaf in self.places()))

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


def _plain(value: object) -> str:
    """A value as it is compared: text without case, numbers without decimals that say nothing."""
    if value is None:
        return ""
    if isinstance(value, float | Decimal) and value == int(value):
        value = int(value)
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
