"""`show_if` and `when`: which earlier answers satisfy them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from feedback.core.answer import Answer
from feedback.core.condition import Condition
from feedback.core.metrics.nps import NPS


class Scored:
    """A question with the bands of an NPS."""

    def band(self, value: int) -> str | None:
        return NPS.band(value)


def holds(written: dict[str, Any], **answers: Any) -> bool:
    given = {key: Answer(value) for key, value in answers.items()}
    return Condition.model_validate(written).holds(given, {"q": Scored()})


@pytest.mark.parametrize(
    ("test", "value", "expected"),
    [
        ({"is": "price"}, "price", True),
        ({"is": "price"}, "speed", False),
        ({"is": ["price", "speed"]}, "speed", True),
        ({"is": "price"}, ("speed", "price"), True),  # one of several that were chosen
        ({"is": 3}, {"row1": 1, "row2": 3}, True),  # one of a matrix's rows
        ({"is": 3}, 3, True),
        ({"at_least": 7}, 7, True),
        ({"at_least": 7}, 6, False),
        ({"at_most": 6}, 6, True),
        ({"at_most": 6}, 7, False),
        ({"at_least": 3, "at_most": 5}, 6, False),
        ({"at_least": 0}, "not_applicable", False),  # no number, however low the bar
        ({"band": "detractor"}, 6, True),
        ({"band": "detractor"}, 7, False),
        ({"band": ["passive", "promoter"]}, 9, True),
        ({"band": "promoter"}, "not_applicable", False),
        ({"answered": True}, None, True),  # free text is an answer without a choice
        ({"answered": False}, 5, False),
    ],
)
def test_a_test_looks_at_one_answer(test: dict[str, Any], value: Any, expected: bool) -> None:
    assert holds({"question": "q", **test}, q=value) is expected


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ({"is": "price"}, False),
        ({"at_most": 10}, False),
        ({"band": "detractor"}, False),
        ({"answered": True}, False),
        ({"answered": False}, True),
    ],
)
def test_a_question_without_an_answer_satisfies_nothing_but_its_absence(
    test: dict[str, Any], expected: bool
) -> None:
    assert holds({"question": "q", **test}) is expected


def test_tests_combine_with_all_any_and_not() -> None:
    low, named = {"question": "q", "at_most": 6}, {"question": "why", "is": "price"}
    assert holds({"all": [low, named]}, q=2, why="price")
    assert not holds({"all": [low, named]}, q=2, why="speed")
    assert holds({"any": [low, named]}, q=9, why="price")
    assert not holds({"any": [low, named]}, q=9, why="speed")
    assert holds({"not": low}, q=9)
    assert holds({"not": low})  # not answered: not low


def test_the_questions_it_looks_at_are_named_however_deep_they_stand() -> None:
    written = {"any": [{"question": "a", "is": 1}, {"not": {"question": "b", "answered": True}}]}
    condition = Condition.model_validate(written)
    assert list(condition.questions()) == ["a", "b"]
    assert [leaf.question for leaf in condition.leaves()] == ["a", "b"]


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ({}, "Write `question:` with a test"),
        ({"is": "price"}, "Write `question:` with a test"),
        ({"question": "q"}, "Say what the answer must be"),
        ({"question": "q", "all": []}, "do not go together"),
        ({"all": [], "any": []}, "Write `question:` with a test"),
        ({"question": "q", "more_than": 3}, "Extra inputs"),
    ],
)
def test_a_condition_that_says_nothing_or_two_things_is_refused(
    written: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValidationError, match=sentence):
        Condition.model_validate(written)
