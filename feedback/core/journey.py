"""The journey: its stages, and which survey each stage sends, to whom, when, and on which channels."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from feedback.core.audience import Audience
from feedback.core.questions.base import Key, Strict
from feedback.core.text.localized import Language, Text
from feedback.core.text.translatable import message
from feedback.core.time.duration import DurationField

Channel = Literal["sms", "email"]
DateField = Literal["renewal_on", "contract_started_on"]


class Entry(Strict):
    """How a customer enters the stage: by an event, by a date of the account, or at a regular interval.

    `{event: ticket_closed}` · `{date: renewal_on, before: 90d}` · `{every: 90d}` (spread evenly over the days)
    """

    event: str | None = None
    date: DateField | None = None
    before: DurationField | None = None
    after: DurationField | None = None
    every: DurationField | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [name for name in ("event", "date", "every") if getattr(self, name)]
        if len(ways) != 1:
            raise ValueError(message("A stage is entered by exactly one of: event, date, every."))
        if self.date and (self.before is None) == (self.after is None):
            raise ValueError(
                message("`date:` needs one of before, after: how long before or after that day.")
            )
        if not self.date and (self.before or self.after):
            raise ValueError(message("before and after go with `date:`; for an event write `delay:`."))
        return self


def _one_or_more(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


class Stage(Strict):
    """One stage of the journey and the survey that belongs to it."""

    key: Key
    title: Text
    enter: Entry
    questionnaire: Key
    only_if: Audience | None = Field(
        None, description="ask only contacts for whom this holds, judged by their account and themselves"
    )
    channels: Annotated[tuple[Channel, ...], BeforeValidator(_one_or_more)] = Field(
        min_length=1,
        description="in order of preference; the first one that the customer has and consents to is used",
    )
    delay: DurationField | None = Field(None, description="how long after entering the stage")
    expires_after: DurationField = Field(description="how long the survey can be answered")
    reminders: Annotated[tuple[DurationField, ...], BeforeValidator(_one_or_more)] = Field(
        (), description="delays after sending; use at most one reminder"
    )
    priority: int = Field(
        50, ge=0, le=100, description="the higher priority is sent first if two stages compete"
    )
    languages: Annotated[tuple[Language, ...], BeforeValidator(_one_or_more)] = Field(
        (), description="languages of this stage's customers"
    )
    wait_out_rest: bool = Field(
        False,
        description="if the customer was surveyed too recently, wait instead of skipping, until the survey expires",
    )
    reply_by_sms: bool = Field(True, description="customers may send the score as an SMS reply")


class Journey(Strict):
    """questionnaires/journey.yaml"""

    stages: tuple[Stage, ...] = Field(strict=False)

    def stage(self, key: str) -> Stage | None:
        return next((stage for stage in self.stages if stage.key == key), None)

    @property
    def is_selective(self) -> bool:
        """Whether some stage asks only some contacts."""
        return any(stage.only_if for stage in self.stages)

    def for_event(self, name: str) -> tuple[Stage, ...]:
        return tuple(stage for stage in self.stages if stage.enter.event == name)

    @model_validator(mode="after")
    def _keys_differ(self) -> Self:
        keys = [stage.key for stage in self.stages]
        for key in keys:
            if keys.count(key) > 1:
                raise ValueError(message("Two stages have the key `{key}`; each needs its own.", key=key))
        return self
