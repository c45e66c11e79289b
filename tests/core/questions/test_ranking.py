"""Options in order: every place once."""

from __future__ import annotations

from typing import Any

import pytest

from feedback.core.answer import Answer, AnswerProblem
from tests.core.questions.asking import question, refusal
from tests.factories_surveys import questionnaire

TWO = [{"key": "price", "text": "Price"}, {"key": "speed", "text": "Speed"}]
THREE = [*TWO, {"key": "help", "text": "Help"}]


@pytest.mark.parametrize(
    ("fields", "form", "expected"),
    [
        ({}, {"q.price": "2", "q.speed": "1", "q.help": "3"}, ("speed", "price", "help")),
        ({}, {"q.price": "۲", "q.speed": "۱", "q.help": "۳"}, ("speed", "price", "help")),
        ({"top": 1}, {"q.help": "1"}, ("help",)),
        ({}, {}, None),
        ({}, {"q.price": "1", "q.speed": "1"}, "same_place"),
        ({}, {"q.price": "1", "q.speed": "3"}, "places_missing"),
        ({"top": 1}, {"q.price": "2"}, "unknown_option"),
        ({}, {"q.price": "first"}, "unknown_option"),
        ({"not_applicable": True}, {"q": "not_applicable"}, "not_applicable"),
        ({"not_applicable": True}, {"q": "not_applicable", "q.price": "1"}, "exclusive_option"),
        ({"not_applicable": True}, {"q": "not_applicable", "q.price": ""}, "not_applicable"),
    ],
)
def test_a_ranking_gives_each_place_once(fields: dict[str, Any], form: dict[str, str], expected: Any) -> None:
    asked = question("ranking", options=THREE, **fields)
    parsed = asked.parse({name: [value] for name, value in form.items()})
    got = parsed.code if isinstance(parsed, AnswerProblem) else parsed and parsed.value
    assert got == expected
    assert not isinstance(parsed, Answer) or asked.accepts(parsed)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"options": TWO, "top": 3}, "more than the 2 options"),
        ({"options": TWO[:1]}, "at least two options"),
        ({"options": [*TWO, {"key": "no", "text": "None", "role": "none"}]}, "have no role"),
    ],
)
def test_what_cannot_be_asked_is_refused(fields: dict[str, Any], sentence: str) -> None:
    assert sentence in refusal("ranking", **fields)


def test_the_answer_says_its_places_in_words() -> None:
    asked = question("ranking", options=TWO)
    survey = questionnaire(asked.model_dump(by_alias=True, exclude_none=True))
    assert survey.wording("q", Answer(("speed", "price")), "en") == "1. Speed, 2. Price"
