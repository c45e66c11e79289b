"""The JSON of requests and responses; services/customers/fields.py parses the values."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.functional_validators import AfterValidator

from feedback.services.customers import fields
from feedback.services.shapes.customers import Property, Switch, clean
from feedback.web.http.numbers import LARGEST

Dated = TypeVar("Dated", bound=date)


def _clean_words(text: str) -> str:
    if not fields.is_clean(text.translate({ord(each): " " for each in "\r\n\t"})):
        raise ValueError("Remove the control characters from this text.")
    return text


def _is_written(value: object) -> object:
    """A date or time must be text; pydantic alone would also accept seconds since 1970."""
    if value is not None and not isinstance(value, str):
        raise ValueError("This must be text.")
    return value


def _in_a_plausible_year(day: Dated) -> Dated:
    fields.check_year(day.year)
    return day


def _no_flag(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("This must be a number.")
    return value


def _is_number(value: object) -> object:
    """It must be a JSON number; pydantic alone would also accept text with digits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("This must be a number.")
    return value


def _line(longest: int) -> StringConstraints:
    return StringConstraints(strict=True, min_length=1, max_length=longest, strip_whitespace=True)


MOST_EVENTS = 500
"""In one request."""

Name = Annotated[str, _line(255), AfterValidator(clean)]
Short = Annotated[str, _line(64), AfterValidator(clean)]
Words = Annotated[str, StringConstraints(strict=True, max_length=10_000), AfterValidator(_clean_words)]
Day = Annotated[date, BeforeValidator(_is_written), AfterValidator(_in_a_plausible_year)]
Moment = Annotated[AwareDatetime, BeforeValidator(_is_written), AfterValidator(_in_a_plausible_year)]
Amount = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=2), BeforeValidator(_no_flag)]
Properties = Annotated[dict[Short, Property], Field(max_length=100)]


Cursor = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=512, pattern=r"^[A-Za-z0-9_-]+$")
]
Number = Annotated[int, Field(ge=1, le=LARGEST)]


class In(BaseModel):
    """What a caller sends; unknown fields are mistakes."""

    model_config = ConfigDict(extra="forbid")


class ExternalId(BaseModel):
    external_id: Name = Field(description="your own key for it")


class EventKey(BaseModel):
    key: Name


class AccountIn(In):
    """A customer company. A field that is left out is not changed; null empties it."""

    name: Name | None = None
    owner: Name | None = Field(None, description="e-mail address of a member of staff")
    segment: Short | None = None
    recurring_revenue: Amount | None = Field(None, description="money per month")
    currency: Short | None = Field(None, description="ISO 4217")
    contract_started_on: Day | None = None
    renewal_on: Day | None = None
    properties: Properties = Field({}, description="added to those that are stored; null removes one")


class ConsentIn(In):
    """Consent to messages. `sms` and `email` default to true; false withdraws the consent."""

    basis: Literal["consent", "contract", "legitimate_interest"]
    source: Name = Field(description="where it was given")
    sms: Switch = True
    email: Switch = True
    text_version: Short | None = None
    reference: Short | None = None


class ContactIn(In):
    """A person. A field that is left out is not changed; null empties it."""

    name: Name | None = None
    account: Name | None = Field(None, description="external id of an account that is stored")
    phone: Name | None = Field(
        None, description="E.164, or national in `country`, else in the installation's region"
    )
    email: Name | None = None
    language: Short | None = Field(None, description="two letters, or a name such as Turkish")
    time_zone: Short | None = Field(None, description="IANA name, such as Europe/Istanbul")
    country: Short | None = Field(None, description="ISO 3166, or a name such as Turkey")
    properties: Properties = Field({}, description="added to those that are stored; null removes one")
    consent: ConsentIn | None = None


class UsageIn(In):
    """A usage figure of an account at one time. A figure with the same key is stored once."""

    key: Name = Field(description="your idempotency key, such as the metric and the day")
    name: Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z][a-z0-9_.-]{0,63}$")]
    value: Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False), BeforeValidator(_is_number)]
    at: Moment | None = Field(None, description="default: now")


class EventIn(In):
    """An event. An event with the same key is stored once, even if it is sent several times."""

    key: Name = Field(description="your idempotency key, such as the ticket's number")
    name: Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z][a-z0-9_.-]{0,63}$")] = Field(
        description="name of the event in journey.yaml"
    )
    contact: Name = Field(description="external id of the contact")
    occurred_at: Moment | None = Field(None, description="with offset; default: now")
    properties: Properties = Field({})


class EventsIn(In):
    """Events of any contacts, each with its own key. Each is stored or refused by itself."""

    events: Annotated[list[EventIn], Field(min_length=1, max_length=MOST_EVENTS)]


class EnrolmentOut(BaseModel):
    """The stages that the event entered. A survey that is not sent has a reason."""

    stage: str
    questionnaire: str
    state: str
    reason: str | None
    due_at: AwareDatetime


class EventOut(BaseModel):
    key: str
    name: str
    contact: str
    occurred_at: AwareDatetime
    received_at: AwareDatetime
    properties: dict[str, Property]
    enrolments: list[EnrolmentOut]


class EventResult(BaseModel):
    """What the call for this event alone would have returned."""

    key: str
    status: int = Field(
        description="201: stored; 200: known already; 404, 409, 422: refused for the reason in `detail`"
    )
    detail: str | None = None


class EventsOut(BaseModel):
    """One result for each event, in the order of the request."""

    results: list[EventResult]


class UsageOut(BaseModel):
    key: str
    account: str
    name: str
    value: float
    at: AwareDatetime
    received_at: AwareDatetime


class Mistake(BaseModel):
    pointer: str = Field(description="JSON pointer into the body, or the name of a parameter")
    detail: str


class ProblemDetails(BaseModel):
    """RFC 9457, application/problem+json."""

    type: str
    title: str
    status: int
    detail: str | None = None
    errors: list[Mistake] | None = None
