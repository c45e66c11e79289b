"""Campaigns: a survey that a person sends to a group of contacts, as a stage of the journey of its own."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from feedback.core.contact.policy import RING
from feedback.core.journey import Channel, Entry, Stage
from feedback.core.questions.base import Key, Strict
from feedback.core.text.localized import Language, Text
from feedback.core.time.duration import DurationField

STAGE = "campaign-"
"""What the key of a campaign's stage begins with; the campaign's id follows."""
PRIORITY = 40
"""Below that of a stage whose priority nobody has chosen: what happens in the journey goes before what can wait."""
MOST_DAYS = 60
LARGEST_SAMPLE = 1_000_000


class CampaignState(StrEnum):
    """How far a campaign has come."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"  # by a person, or by itself
    CANCELLING = "cancelling"  # a worker is taking back what has not been sent
    CANCELLED = "cancelled"
    DONE = "done"


ON_HOLD = (CampaignState.PAUSED, CampaignState.CANCELLING)
"""States in which nothing of a campaign is sent."""
STARTED = (CampaignState.RUNNING, *ON_HOLD)
"""States in which a worker has something to do for a campaign."""

Repeats = Literal["", "month", "quarter"]
MONTHS: dict[str, int] = {"month": 1, "quarter": 3}


def _one_or_more(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


class CampaignPlan(Strict):
    """What a campaign asks, of whom, and how; fixed once it is started.

    spread_days   over so many days its invitations are spread
    sample        so many contacts are drawn at random; None is everybody
    languages     only contacts with these languages; none are all
    repeats       when the next wave follows
    """

    questionnaire: Key
    channels: Annotated[tuple[Channel, ...], BeforeValidator(_one_or_more)] = Field(min_length=1)
    languages: Annotated[tuple[Language, ...], BeforeValidator(_one_or_more)] = ()
    expires_after: DurationField
    reminders: Annotated[tuple[DurationField, ...], BeforeValidator(_one_or_more)] = ()
    wait_out_rest: bool = False
    reply_by_sms: bool = True
    spread_days: int = Field(1, ge=1, le=MOST_DAYS)
    sample: int | None = Field(None, ge=1, le=LARGEST_SAMPLE)
    repeats: Repeats = ""

    def stored(self) -> dict[str, Any]:
        """As JSON can hold it; `CampaignPlan.model_validate` reads it."""
        return self.model_dump(mode="json")


def stage_key(campaign_id: int) -> str:
    """The key of a campaign's stage."""
    return f"{STAGE}{campaign_id}"


def campaign_of(stage: str) -> int | None:
    """The campaign of a stage; None for a stage of the journey."""
    number = stage.removeprefix(STAGE)
    return int(number) if number != stage and number.isascii() and number.isdigit() else None


def occasion_key(wave: int) -> str:
    """The occurrence of a wave's enrolments; with contact and stage it is unique, so nobody is asked twice in it."""
    return f"wave:{wave}"


def as_stage(campaign_id: int, name: str, plan: CampaignPlan) -> Stage:
    """The campaign as a stage. No event of a program has the name of its entry, so only a person enters it."""
    key = stage_key(campaign_id)
    return Stage(
        key=key,
        title=Text(name),
        enter=Entry(event=f"{key}:started"),
        questionnaire=plan.questionnaire,
        channels=plan.channels,
        expires_after=plan.expires_after,
        reminders=plan.reminders,
        priority=PRIORITY,
        wait_out_rest=plan.wait_out_rest,
        reply_by_sms=plan.reply_by_sms,
    )


def next_wave(first: datetime, number: int, repeats: Repeats) -> datetime | None:
    """When wave `number` (from 1) of a campaign starts that began at `first`; None if it does not repeat.

    The day of the month stays; a month without that day uses its last one.
    """
    if not repeats:
        return first if number == 1 else None
    month = first.month - 1 + MONTHS[repeats] * (number - 1)
    for day in range(first.day, 27, -1):
        try:
            return first.replace(year=first.year + month // 12, month=month % 12 + 1, day=day)
        except ValueError:
            continue
    return first.replace(year=first.year + month // 12, month=month % 12 + 1)


LEAST_TRIED, LEAST_COMPLAINTS = 20, 2
"""Below these a share says nothing yet: one wrong address of three is no reason to stop."""


def passed_limit(tried: int, failed: int, complaints: int, limits: tuple[float, float]) -> str | None:
    """Which limit a campaign has passed: `failures`, `complaints`, or none. `limits` are the largest shares (0 to 1) of
    the `tried` invitations that may fail, and of the rest that may be complained about.

    Large mail services refuse senders from a complaint rate of 0.3 % on (Gmail's guidelines for senders), and providers
    look into a bounce rate of 5 % and more (Amazon SES).
    """
    most_failed, most_complaints = limits
    if complaints >= LEAST_COMPLAINTS and complaints > most_complaints * max(1, tried - failed):
        return "complaints"
    if tried >= LEAST_TRIED and failed > most_failed * tried:
        return "failures"
    return None


def day_of_spread(done: int, expected: int, days: int) -> int:
    """On which day (from 0) the contact is asked before whom `done` of `expected` are."""
    return min(days - 1, done * days // max(1, expected))


def place_after(turn: int, draw: int) -> int:
    """How far a contact's place on the ring is behind the place where a draw begins: 0 to RING - 1."""
    return (turn - draw) % RING
