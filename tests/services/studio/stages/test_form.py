"""The form of a stage says what the YAML says, and an untouched form changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from feedback import lint
from feedback.services.studio.stages import editing, form

SHIPPED = Path("questionnaires/journey.yaml").read_text(encoding="utf-8")
STAGES = {each["key"]: each for each in lint.read(SHIPPED).at(("stages",))}
NESTED = {"not": {"all": [{"account": "plan", "is": "trial"}, {"contact": "country", "is": "US"}]}}
CONDITIONS = [
    None,
    {"account": "segment", "is": "vip"},
    {"account": "seats", "at_least": 50},
    {"contact": "country", "known": False},
    {"all": [{"account": "plan", "is_not": ["trial", "free"]}, {"contact": "language", "is": "fa"}]},
    {"any": [{"account": "renewal_on", "at_most": "2026-12-31"}]},
    {"account": "code", "is": "007"},
    {"account": "active", "is": True},
    NESTED,
]


@pytest.mark.parametrize("key", STAGES)
def test_an_untouched_form_changes_nothing(key: str) -> None:
    values = form.values_of(form.fields_of(STAGES[key]), STAGES[key])
    assert editing.change(SHIPPED, key, values) == SHIPPED


@pytest.mark.parametrize("only_if", CONDITIONS)
def test_a_condition_is_kept_as_it_is_written(only_if: Any) -> None:
    stage = STAGES["renewal"] | ({"only_if": only_if} if only_if else {})
    text = editing.change(SHIPPED, "renewal", {"only_if": only_if})
    assert editing.change(text, "renewal", form.values_of(form.fields_of(stage), stage)) == text


@pytest.mark.parametrize(
    ("typed", "key", "value"),
    [
        ({"delay.amount": "2", "delay.unit": "w"}, "delay", "2w"),
        ({"delay.amount": ""}, "delay", None),
        ({"reminders.1.amount": "5", "reminders.1.unit": "h"}, "reminders", ["3d", "5h"]),
        ({"way": "every", "every.amount": "30"}, "enter", {"every": "30d"}),
        (
            {"way": "date", "date": "renewal_on", "side": "after", "distance.amount": "1"},
            "enter",
            {"date": "renewal_on", "after": "1d"},
        ),
        ({"channels": "email,sms"}, "channels", ["email", "sms"]),
        ({"priority": "high"}, "priority", "high"),
        ({"wait_out_rest": "1"}, "wait_out_rest", True),
        ({"reply_by_sms": ""}, "reply_by_sms", False),
        ({"title.en": ""}, "title", {"tr": "Başlangıç tamamlandı", "fa": "راه‌اندازی کامل شد"}),
        (
            {"only_if.0.fact": "account.segment", "only_if.0.test": "is", "only_if.0.value": "vip, core"},
            "only_if",
            {"account": "segment", "is": ["vip", "core"]},
        ),
        (
            {"match": "any", "only_if.1.fact": "contact.country", "only_if.1.test": "unknown"},
            "only_if",
            {"any": [{"contact": "country", "known": False}]},
        ),
    ],
)
def test_what_is_typed_becomes_the_value_of_the_format(typed: dict[str, str], key: str, value: Any) -> None:
    stage = STAGES["onboarding"]
    assert form.values_of(form.fields_of(stage) | typed, stage)[key] == value
