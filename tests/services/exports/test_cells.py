"""What an answer of each type puts into the columns of its question."""

from __future__ import annotations

from datetime import date

import pytest

from feedback.core.answer import Answer
from feedback.core.questionnaire import Questionnaire
from feedback.services.exports.cells import Cell, cells
from tests.factories_all_types import EVERYTHING
from tests.factories_surveys import questionnaire
from tests.services.reports.test_results import ALL, TOOLS

NONE = questionnaire(
    {**TOOLS, "options": ["Mail", "Chat", {"key": "na", "text": "No tool", "role": "not_applicable"}]}
)
SOME = questionnaire(TOOLS, {**TOOLS, "key": "best", "type": "multi", "options_from": "tools"})


@pytest.mark.parametrize(
    ("asked", "question", "answer", "expected"),
    [
        (ALL, "reason", Answer("price"), {"": "price", ":text": None}),
        (ALL, "reason", Answer("dont_know"), {"": "dont_know"}),
        (ALL, "tools", Answer(("mail",)), {"mail": 1, "chat": 0, "phone": 0, ":text": None}),
        (
            NONE,
            "tools",
            Answer(("na",)),
            {"mail": "not_applicable", "chat": "not_applicable", "na": 1, ":text": None},
        ),
        (ALL, "grid", Answer({"docs": 2}), {"docs": 2}),
        (ALL, "grid", Answer("not_applicable"), {"docs": "not_applicable", "people": "not_applicable"}),
        (ALL, "order", Answer(("chat", "mail", "phone")), {"chat": 1, "mail": 2, "phone": 3}),
        (ALL, "seats", Answer(12.5), {"": 12.5}),
        (ALL, "begin", Answer("2026-05-31"), {"": date(2026, 5, 31)}),
        (ALL, "begin", Answer("no day"), {"": None}),
        (EVERYTHING, "single", Answer("other", "=1+1"), {"": "other", ":text": "=1+1"}),
        (EVERYTHING, "consent", Answer("I agree."), {"": "agreed", ":wording": "I agree."}),
        (EVERYTHING, "text", Answer(None, "Fine"), {"": "Fine", ":answered": 1}),
    ],
)
def test_an_answer_fills_the_columns_of_its_question(
    asked: Questionnaire, question: str, answer: Answer, expected: dict[str, Cell]
) -> None:
    found = asked.question(question)
    assert found
    assert dict(cells(found, answer, {question: answer})) == expected


def test_an_option_that_was_not_offered_is_empty_and_not_zero() -> None:
    given = {"tools": Answer(("mail", "chat")), "best": Answer(("mail",))}
    found = SOME.question("best")
    assert found
    assert dict(cells(found, given["best"], given)) == {"mail": 1, "chat": 0, ":text": None}
