"""How a stage is entered, and what a journey does not allow."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from feedback.core.journey import Entry, Journey


def stage(key: str, **enter: Any) -> dict[str, Any]:
    survey = {"questionnaire": "nps", "channels": ["sms"], "expires_after": "14d"}
    return {"key": key, "title": key, "enter": enter, **survey}


def journey(*stages: dict[str, Any]) -> Journey:
    return Journey.model_validate({"stages": stages})


def test_one_event_may_enter_several_stages() -> None:
    found = journey(stage("a", event="closed"), stage("b", event="closed"), stage("c", every="90d"))
    assert [each.key for each in found.for_event("closed")] == ["a", "b"]
    assert found.for_event("opened") == ()
    assert found.stage("c") is not None
    assert found.stage("d") is None


@pytest.mark.parametrize(
    "enter",
    [
        {"event": "closed"},
        {"date": "renewal_on", "before": "90d"},
        {"date": "contract_started_on", "after": "2w"},
    ],
)
def test_a_stage_is_entered_in_one_way(enter: dict[str, str]) -> None:
    assert Entry.model_validate(enter)


@pytest.mark.parametrize(
    ("enter", "sentence"),
    [
        ({}, "exactly one of: event, date, every"),
        ({"event": "closed", "every": "90d"}, "exactly one of: event, date, every"),
        ({"date": "renewal_on"}, "needs one of before, after"),
        ({"date": "renewal_on", "before": "9d", "after": "9d"}, "needs one of before, after"),
        ({"event": "closed", "after": "9d"}, "for an event write `delay:`"),
    ],
)
def test_an_entry_that_says_too_little_or_too_much_is_refused(enter: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        Entry.model_validate(enter)


def test_two_stages_of_one_key_are_refused() -> None:
    with pytest.raises(ValidationError, match="Two stages have the key `a`"):
        journey(stage("a", event="closed"), stage("a", every="90d"))
