"""Which questions a conversation by SMS asks, and which are left for the page."""

from __future__ import annotations

from typing import Any

import pytest

from feedback.core.answer import Answer
from feedback.core.replies.conversation import asked, comment_of, left_for_the_page, opening
from tests.factories_surveys import RECOMMEND, WHY_HIGH, WHY_LOW, questionnaire

NOTE = {"key": "hello", "type": "note", "text": "Two questions."}
REASON: dict[str, Any] = {
    "key": "reason",
    "type": "single",
    "text": "Why?",
    "by_sms": True,
    "options": ["Price", "Quality"],
}


def keys(questions: Any) -> list[str]:
    return [each.key for each in questions]


@pytest.mark.parametrize(
    ("score", "expected"),
    [(3, ["recommend", "reason", "better"]), (9, ["recommend", "reason", "liked"])],
)
def test_the_score_the_questions_by_sms_and_one_comment_are_asked(score: int, expected: list[str]) -> None:
    survey = questionnaire(NOTE, RECOMMEND, REASON, WHY_LOW, WHY_HIGH)
    given = {"recommend": Answer(score)}
    assert keys(asked(survey, given)) == expected
    assert left_for_the_page(survey, given) == []
    comment = comment_of(survey, given)
    assert comment is not None and comment.key == expected[-1]


def test_other_questions_stay_on_the_page() -> None:
    quiet, several = {**REASON, "by_sms": None, "key": "quiet"}, {**REASON, "type": "multi", "key": "several"}
    must = {**REASON, "by_sms": None, "key": "must", "required": True}
    survey = questionnaire(RECOMMEND, quiet, several, must)
    assert keys(asked(survey, {})) == ["recommend"]
    assert keys(left_for_the_page(survey, {})) == ["several", "must"]
    assert keys(left_for_the_page(survey, {"several": Answer(("price",))})) == ["must"]


@pytest.mark.parametrize(
    "first", [{**REASON, "by_sms": None}, {**REASON, "type": "multi"}, {**WHY_LOW, "show_if": None}]
)
def test_without_a_first_question_for_a_number_there_is_no_conversation(first: dict[str, Any]) -> None:
    survey = questionnaire(first, {**REASON, "key": "second"})
    assert opening(survey) is None
    assert asked(survey, {}) == []
