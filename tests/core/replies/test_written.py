"""How an SMS writes a question and its answers."""

from __future__ import annotations

from typing import Any

import pytest

from feedback.core.questions import ScaleQuestion
from feedback.core.replies import written
from feedback.core.replies.offered import is_askable
from feedback.i18n import translator
from tests.factories_surveys import RECOMMEND, questionnaire

REASON: dict[str, Any] = {
    "key": "reason",
    "type": "single",
    "text": {"en": "Why?", "tr": "Neden?", "fa": "چرا؟"},
    "by_sms": True,
    "dont_know": True,
    "options": [
        {"key": "price", "text": {"en": "Price", "tr": "Fiyat", "fa": "قیمت"}},
        {"key": "quality", "text": {"en": "Quality", "tr": "Kalite", "fa": "کیفیت"}},
    ],
}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Why?\nReply with a number:\n1 Price\n2 Quality\n3 I do not know"),
        ("tr", "Neden?\nYanıtınızın numarasını yazın:\n1 Fiyat\n2 Kalite\n3 Bilmiyorum"),
        ("fa", "چرا؟\nشمارهٔ پاسخ را بفرستید:\n۱ قیمت\n۲ کیفیت\n۳ نمی‌دانم"),
    ],
)
def test_options_are_numbered_lines(language: str, text: str) -> None:
    (question,) = questionnaire(REASON, languages=("en", "tr", "fa")).questions
    assert is_askable(question)
    assert written.template(question, language, "seed", translator) == text


@pytest.mark.parametrize(
    ("scale", "ends"),
    [
        (
            {"min": 1, "max": 9, "labels": {1: "bad", 9: "good"}},
            "Reply with a number from 1 (bad) to 9 (good).",
        ),
        ({"min": 1, "max": 9}, "Reply with a number from 1 to 9."),
        ({"min": 1, "max": 2, "labels": {1: "bad", 2: "good"}}, "Reply with a number:\n1 bad\n2 good"),
    ],
)
def test_a_scale_says_what_its_points_mean(scale: dict[str, Any], ends: str) -> None:
    (question,) = questionnaire(
        {"key": "q", "type": "rating", "text": "How was it?", "scale": scale}
    ).questions
    assert isinstance(question, ScaleQuestion)
    assert written.template(question, "en", "seed", translator) == f"How was it?\n{ends}"


def test_an_invitation_can_list_the_options_of_the_first_question() -> None:
    survey = questionnaire(REASON, languages=("en", "tr", "fa"))
    assert written.with_options("Why? {options} {link}", survey, "tr", "seed", translator) == (
        "Why? 1 Fiyat\n2 Kalite\n3 Bilmiyorum {link}"
    )
    quiet = questionnaire({**RECOMMEND, "type": "multi", "options": ["A", "B"]})
    assert written.with_options("Why? {options|}", quiet, "en", "seed", translator) == "Why? {options|}"
