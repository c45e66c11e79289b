"""Campaigns as stages: keys, waves, days, limits."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from feedback.core.campaign import (
    CampaignPlan,
    as_stage,
    campaign_of,
    day_of_spread,
    next_wave,
    passed_limit,
    place_after,
    stage_key,
)
from feedback.core.contact.policy import RING

PLAN = {"questionnaire": "nps", "channels": ["email", "sms"], "expires_after": "14d", "reminders": ["4d"]}


def test_a_campaign_is_a_stage_and_its_key_leads_back_to_it() -> None:
    stage = as_stage(7, "Spring", CampaignPlan.model_validate(PLAN))
    assert (stage.key, stage.questionnaire, stage.channels) == ("campaign-7", "nps", ("email", "sms"))
    assert campaign_of(stage_key(7)) == 7
    assert [campaign_of(each) for each in ("relationship", "campaign-", "campaign-x", "campaign-٣")] == [
        None
    ] * 4


def test_a_plan_is_stored_as_json_and_read_again() -> None:
    plan = CampaignPlan.model_validate({**PLAN, "languages": ["tr"], "sample": 50, "repeats": "month"})
    assert CampaignPlan.model_validate(plan.stored()) == plan


@pytest.mark.parametrize(
    "wrong",
    [{"channels": []}, {"spread_days": 0}, {"sample": 0}, {"repeats": "day"}, {"expires_after": "soon"}],
)
def test_a_plan_out_of_range_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CampaignPlan.model_validate({**PLAN, **wrong})


@pytest.mark.parametrize(
    ("first", "number", "repeats", "expected"),
    [
        ((2026, 1, 31), 2, "month", (2026, 2, 28)),
        ((2026, 1, 31), 3, "month", (2026, 3, 31)),
        ((2026, 11, 15), 2, "quarter", (2027, 2, 15)),
        ((2026, 11, 30), 2, "quarter", (2027, 2, 28)),
    ],
)
def test_waves_keep_the_day_of_the_month(
    first: tuple[int, int, int], number: int, repeats: str, expected: tuple[int, int, int]
) -> None:
    begins = datetime(*first, 9, 30, tzinfo=UTC)
    assert next_wave(begins, number, repeats) == datetime(*expected, 9, 30, tzinfo=UTC)  # type: ignore[arg-type]


def test_a_campaign_that_does_not_repeat_has_one_wave() -> None:
    begins = datetime(2026, 1, 31, tzinfo=UTC)
    assert (next_wave(begins, 1, ""), next_wave(begins, 2, "")) == (begins, None)


def test_invitations_are_spread_evenly_and_none_is_behind_the_last_day() -> None:
    days = [day_of_spread(done, 10, 3) for done in range(12)]
    assert days == [0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2]
    assert day_of_spread(5, 0, 3) == 2


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((100, 5, 0), None),
        ((100, 6, 0), "failures"),
        ((3, 3, 0), None),  # too few to say anything
        ((1_000, 0, 3), None),  # 0.3 %
        ((1_000, 0, 4), "complaints"),
        ((10, 0, 1), None),
        ((10, 0, 2), "complaints"),
    ],
)
def test_a_campaign_passes_a_limit_only_above_it_and_not_with_a_handful(
    counts: tuple[int, int, int], expected: str | None
) -> None:
    assert passed_limit(*counts, (0.05, 0.003)) == expected


def test_the_place_behind_a_draw_goes_round_the_ring() -> None:
    assert [place_after(turn, RING - 10) for turn in (RING - 10, RING - 1, 0)] == [0, 9, 10]
