"""`show_if` and `when`: which earlier answers satisfy them."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from feedback.core.answer import Answer
from feedback.core.audience import Facts
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
        ({}, "Write one of `question:`, .*`survey:` with a test"),
        ({"is": "price"}, "Write one of `question:`, .*`survey:` with a test"),
        ({"question": "q"}, "Say how `question:` is tested: is, band"),
        ({"question": "q", "all": []}, "do not go together"),
        ({"all": [], "any": []}, "Write one of `question:`, .*`survey:` with a test"),
        ({"question": "q", "more_than": 3}, "Extra inputs"),
        (
            {"question": "q", "account": "segment", "is": "x"},
            "Write one of `question:`, .*`survey:` with a test",
        ),
        ({"question": "q", "known": True}, "`known` is no test of `question:`. Possible tests: is, band"),
        ({"account": "segment", "band": "detractor"}, "`band` is no test of `account:`"),
        ({"account": "segment", "answered": True}, "`answered` is no test of `account:`"),
        ({"account": "segment"}, "Say how `account:` is tested: is, is_not"),
        ({"survey": "weather", "is": "fine"}, "Input should be 'language' or 'channel'"),
        ({"question": "q", "is": True}, "An answer is never true"),
        ({"question": "q", "at_least": "2026-01-31"}, "are numbers"),
        ({"account": "renewal_on", "at_least": "soon"}, "`soon` is neither a number nor a day"),
    ],
)
def test_a_condition_that_says_nothing_or_two_things_is_refused(
    written: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValidationError, match=sentence):
        Condition.model_validate(written)


KNOWN = Facts(
    account={"segment": "Enterprise", "seats": 40},
    contact={"country": "TR"},
    event={"ticket_type": "outage"},
    survey={"language": "tr", "channel": "sms"},
)


@pytest.mark.parametrize(
    ("written", "known", "unknown"),
    [
        ({"account": "segment", "is": "enterprise"}, True, False),
        ({"account": "segment", "is_not": "enterprise"}, False, True),
        ({"account": "seats", "at_least": 41}, False, False),
        ({"account": "plan", "known": False}, True, True),
        ({"contact": "country", "is": ["TR", "IR"]}, True, False),
        ({"event": "ticket_type", "contains": "out"}, True, False),
        ({"survey": "language", "is": "tr"}, True, False),
        ({"survey": "channel", "is_not": "email"}, True, True),
        ({"all": [{"question": "q", "at_most": 6}, {"account": "segment", "is": "enterprise"}]}, True, False),
        ({"any": [{"question": "q", "at_least": 9}, {"contact": "country", "is": "TR"}]}, True, False),
        ({"not": {"event": "ticket_type", "is": "outage"}}, False, True),
    ],
)
def test_facts_are_tested_beside_answers_and_of_an_unknown_person_nothing_is_known(
    written: dict[str, Any], known: bool, unknown: bool
) -> None:
    condition, answers = Condition.model_validate(written), {"q": Answer(3)}
    assert condition.holds(answers, {"q": Scored()}, KNOWN) is known
    assert condition.holds(answers, {"q": Scored()}) is unknown


def test_facts_that_are_stored_pass_the_same_tests() -> None:
    """Days, amounts and lists stay what they are through JSON."""
    facts = Facts(
        account={
            "renewal_on": date(2026, 5, 31),
            "recurring_revenue": Decimal("1200.50"),
            "products": ("a", "b"),
        },
        contact={"name": None},
        event={"ticket_type": "outage"},
    )
    wanted = [
        "account.renewal_on",
        "account.recurring_revenue",
        "account.products",
        "contact.name",
        "event.ticket_type",
    ]
    stored = json.loads(json.dumps(facts.stored(wanted)))
    assert "contact.name" not in stored
    again = Facts.from_stored(stored, language="fa", channel="email")
    for written in (
        {"account": "renewal_on", "at_most": "2026-05-31"},
        {"account": "recurring_revenue", "is": 1200.5},
        {"account": "recurring_revenue", "at_least": 1200.5},
        {"account": "products", "is": "b"},
        {"contact": "name", "known": False},
        {"event": "ticket_type", "is": "Outage"},
    ):
        condition = Condition.model_validate(written)
        assert condition.holds({}, {}, facts)
        assert condition.holds({}, {}, again), written
    assert Condition.model_validate({"survey": "language", "is": "fa"}).holds({}, {}, again)
