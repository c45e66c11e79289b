"""A text that asks nothing."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from feedback.core.answer import Answer
from tests.core.questions.asking import refusal
from tests.factories_surveys import questionnaire


def test_a_note_is_passed_and_never_missed() -> None:
    survey = questionnaire(
        {"key": "hello", "type": "note", "text": "Three questions."},
        {"key": "score", "type": "stars", "text": "How was it?", "required": True},
        {"key": "more", "type": "note", "text": "One is left."},
        {"key": "why", "type": "text", "text": "Why?"},
    )
    hello, score, more, _ = survey.questions
    assert survey.next_question({}) is hello and survey.next_question({}, "hello") is score
    rated = {"score": Answer(5)}
    assert survey.next_question(rated) is more  # it belongs to the question behind it
    assert survey.next_question(rated | {"why": Answer(None, "It was.")}) is None
    assert survey.outcome(rated | {"why": Answer(None, "It was.")}).nothing_left
    assert hello.parse({"hello": ["x"]}) is None


def test_a_condition_cannot_look_at_a_note() -> None:
    with pytest.raises(ValidationError, match="`hello`, which is not asked before it"):
        questionnaire(
            {"key": "hello", "type": "note", "text": "Hello."},
            {"key": "q", "type": "stars", "text": "Q?", "show_if": {"question": "hello", "answered": True}},
        )


def test_a_note_cannot_be_required() -> None:
    assert "A note has no answer" in refusal("note", required=True)
