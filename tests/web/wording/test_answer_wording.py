"""Answers in words: options, rows and opt-outs, never their keys."""

from __future__ import annotations

import pytest

from feedback.core.answer import Answer
from feedback.i18n import translator
from feedback.web.wording import answer_wording
from tests.factories_surveys import questionnaire

REASON = {
    "key": "reason",
    "type": "single",
    "text": "Why?",
    "dont_know": True,
    "not_applicable": "There was no reason",
    "options": [{"key": "price", "text": "Price"}],
}
GRID = {
    "key": "grid",
    "type": "matrix",
    "text": "How good?",
    "rows": [{"key": "docs", "text": "Documents"}],
    "scale": {"min": 1, "max": 2, "labels": {1: "Bad", 2: "Good"}},
    "not_applicable": True,
    "opt_out_in_rows": True,
}
ASKED = questionnaire(REASON, GRID)


@pytest.mark.parametrize(
    ("key", "answer", "words"),
    [
        ("reason", Answer("price"), "Price"),
        ("reason", Answer("dont_know"), "Don't know"),
        ("reason", Answer("not_applicable"), "There was no reason"),
        ("grid", Answer({"docs": 2}), "Documents: 2 (Good)"),
        ("grid", Answer({"docs": "not_applicable"}), "Documents: Does not apply"),
        ("gone", Answer("blue"), "blue"),
    ],
)
def test_answers_are_told_in_words(key: str, answer: Answer, words: str) -> None:
    assert answer_wording.in_words(translator("desk", "en"), ASKED, key, answer) == words
