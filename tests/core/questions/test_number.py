"""Typed numbers: what is stored, and which sentence a mistake gets."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from feedback.core.answer import Answer
from feedback.core.questions import AnyQuestion
from feedback.core.questions.number import FARTHEST, NumberQuestion
from tests.core.questions.asking import question, read, refusal
from tests.factories_surveys import questionnaire

WHOLE = question("number")
MONEY = question("number", decimals=2, unit={"en": "euros", "fa": "یورو"})
LOW = question("number", decimals=1, min=1, max=100)
COLD = question("number", min=-30, max=50)


@pytest.mark.parametrize(
    ("asked", "typed", "value"),
    [
        (WHOLE, "7", 7),
        (WHOLE, "۱۲", 12),
        (WHOLE, "1.200", 1200),
        (WHOLE, "1,200", 1200),
        (WHOLE, "5.0", 5),
        (WHOLE, "2.5", ["not_whole"]),
        (WHOLE, "-1", ["too_small"]),
        (WHOLE, "9" * 20, ["not_in_range"]),
        (WHOLE, "about 5", ["not_number"]),
        (WHOLE, "  ", None),
        (MONEY, "12,50", 12.5),
        (MONEY, "€ 1.234,50", 1234.5),
        (MONEY, "12 EUROS", 12),
        (MONEY, "۱۲ یورو", 12),
        (MONEY, "1.234", ["two_numbers"]),
        (MONEY, "1.2345", ["too_precise"]),
        (LOW, "1.234", ["too_precise"]),  # 1234 is out of range, so there is one way to read it
        (LOW, "0,5", ["not_in_range"]),
        (COLD, "−12", -12),
    ],
)
def test_a_number_is_read_in_the_one_way_that_is_possible(asked: AnyQuestion, typed: str, value: Any) -> None:
    assert read(asked, typed) == value


def test_a_whole_number_is_stored_as_one() -> None:
    assert type(read(MONEY, "12,00")) is int and type(read(MONEY, "12,5")) is float


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**12 * 100))
def test_every_number_that_can_be_stored_is_accepted_and_shown_again(cents: int) -> None:
    value = cents // 100 if cents % 100 == 0 else cents / 100
    assert MONEY.accepts(Answer(value))
    assert MONEY.parse(MONEY.as_form(Answer(value))) == Answer(value)


@pytest.mark.parametrize(("hours", "shown"), [(2.5, True), (2, False), (11, False)])
def test_a_condition_compares_numbers(hours: float, shown: bool) -> None:
    survey = questionnaire(
        {"key": "hours", "type": "number", "text": "How long?", "decimals": 1},
        {
            "key": "why",
            "type": "text",
            "text": "Why?",
            "show_if": {"question": "hours", "at_least": 2.5, "at_most": 10},
        },
    )
    assert [each.key for each in survey.path({"hours": Answer(hours)})][1:] == ["why"] * shown


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"min": 5, "max": 5}, "must be greater than min"),
        ({"max": -1}, "must be greater than min"),
        ({"max": 2.5}, "more decimal places"),
        ({"decimals": 3}, "less than or equal to 2"),
    ],
)
def test_what_cannot_be_asked_is_refused(fields: dict[str, Any], sentence: str) -> None:
    assert sentence in refusal("number", **fields)


def test_the_answer_has_its_unit_in_words() -> None:
    asked = question("number", unit="hours", decimals=1)
    survey = questionnaire(asked.model_dump(by_alias=True, exclude_none=True))
    assert survey.wording("q", Answer(2.5), "en") == "2.5 hours"


def test_samples_lie_on_both_sides_of_every_bound() -> None:
    assert isinstance(LOW, NumberQuestion)
    assert LOW.samples([5, 200]) == [1, 4.9, 5, 5.1, 100]


@pytest.mark.parametrize("bound", [10**80, -(10**80), 10**15, float("inf"), float("-inf"), float("nan")])
@pytest.mark.parametrize("which", ["min", "max"])
def test_a_bound_that_no_number_reaches_is_a_mistake_in_the_file(which: str, bound: float) -> None:
    with pytest.raises(ValidationError, match="at most 15 digits"):
        question("number", **{which: bound})


def test_the_farthest_bounds_are_taken() -> None:
    widest = question("number", min=-FARTHEST, max=FARTHEST)
    assert read(widest, str(FARTHEST)) == FARTHEST
