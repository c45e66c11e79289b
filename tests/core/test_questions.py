"""Reading answers from forms: nothing that a customer ticked or wrote is dropped without a word."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from feedback.core.answer import Answer, AnswerProblem
from feedback.core.questions import AnyQuestion
from feedback.core.questions.base import Form
from tests.factories_surveys import questionnaire

OPTIONS: list[dict[str, Any]] = [
    {"key": "app", "text": "The app"},
    {"key": "site", "text": "The website"},
    {"key": "person", "text": "Somebody", "role": "other", "other_text": "Who was it?"},
    {"key": "thing", "text": "Something else", "role": "other", "other_text": True},
]
SCALE = {"min": 1, "max": 5, "labels": {1: "Bad", 5: "Good"}}


def question(kind: str, **fields: Any) -> AnyQuestion:
    described = {"key": "used", "type": kind, "text": "What did you use?", **fields}
    return questionnaire(described).questions[0]


def multi(**fields: Any) -> AnyQuestion:
    return question("multi", options=OPTIONS, **fields)


@pytest.mark.parametrize(
    ("asked", "form"),
    [
        (multi(not_applicable=True), {"used": ["app", "site", "not_applicable"]}),
        (multi(not_applicable=True), {"used": ["not_applicable", "app"]}),
        (multi(not_applicable=True), {"used": ["not_applicable"], "used.text.thing": ["A drone"]}),
        (multi(prefer_not_to_say=True), {"used": ["app", "prefer_not_to_say"]}),
        (question("single", options=OPTIONS[:3], not_applicable=True),
         {"used": ["not_applicable"], "used.text": ["Ann"]}),
        (question("text", prefer_not_to_say=True), {"used": ["My words", "prefer_not_to_say"]}),
        (question("matrix", scale=SCALE, rows=[{"key": "app", "text": "App"}], not_applicable=True),
         {"used": ["not_applicable"], "used.app": ["4"]}),
    ],
)  # fmt: skip
def test_an_opt_out_beside_an_answer_is_a_mistake_and_drops_nothing(asked: AnyQuestion, form: Form) -> None:
    assert asked.parse(form) == AnswerProblem("used", "exclusive_option")


@pytest.mark.parametrize("words", ["", " ", "\u200b"])
def test_an_opt_out_beside_an_empty_box_counts(words: str) -> None:
    form = {"used": ["not_applicable"], "used.text.thing": [words]}
    assert multi(not_applicable=True).parse(form) == Answer("not_applicable")


@pytest.mark.parametrize(
    ("form", "answer"),
    [
        ({"used": ["person", "thing"], "used.text.person": ["Ann"], "used.text.thing": ["A drone"]},
         Answer(("person", "thing"), "Ann\nA drone")),
        ({"used": ["thing", "person"], "used.text.thing": ["A drone"]},
         Answer(("thing", "person"), "\nA drone")),
        ({"used": ["app", "thing"], "used.text.thing": ["A drone"]}, Answer(("app", "thing"), "A drone")),
        ({"used": ["app", "thing"]}, Answer(("app", "thing"))),
    ],
)  # fmt: skip
def test_every_box_keeps_its_own_words_and_shows_them_again(form: Form, answer: Answer) -> None:
    asked = multi()
    assert asked.parse(form) == answer
    again = asked.as_form(answer)
    assert {name: values for name, values in again.items() if values != [""]} == form
    assert asked.parse(again) == answer


def test_a_row_of_an_import_has_one_text_for_the_chosen_box() -> None:
    form = {"used": ["app", "thing"], "used.text": ["A drone"]}
    assert multi().parse(form) == Answer(("app", "thing"), "A drone")


@pytest.mark.parametrize(
    ("asked", "form"),
    [
        (multi(), {"used": ["app"], "used.text.thing": ["A drone"]}),
        (multi(), {"used.text.thing": ["A drone"]}),
        (multi(), {"used": ["person"], "used.text.person": ["Ann"], "used.text.thing": ["A drone"]}),
        (question("single", options=OPTIONS[:3]), {"used": ["app"], "used.text": ["Ann"]}),
        (question("single", options=OPTIONS[:3]), {"used.text": ["Ann"]}),
    ],
)
def test_words_beside_an_option_that_is_not_chosen_are_asked_about(asked: AnyQuestion, form: Form) -> None:
    assert asked.parse(form) == AnswerProblem("used", "unchosen_text")


@pytest.mark.parametrize(
    "unseen",
    ["\u200b", "\u2800", "\u3164", "\u200e\u200f", "\ufeff \u00a0", "\u2060\u00ad", "\ufe0f", "\u115f"],
)
def test_a_text_that_nobody_can_see_is_empty(unseen: str) -> None:
    assert question("text").parse({"used": [unseen]}) is None


@pytest.mark.parametrize("seen", [".", "👍", "0", "می\u200cشود", "\U0001fadf"])
def test_anything_that_can_be_seen_is_a_text(seen: str) -> None:
    assert question("text").parse({"used": [seen]}) == Answer(None, seen)


@pytest.mark.parametrize(
    "number",
    ["+31 6 1234 5678 ext. 12", "0612345678 (na 17u)", "Tel: 0532 123 45 67", "+49 (30) 123/456-78", "۰۹۱۲ ۳۴۵ ۶۷۸۹",
     "555-0134 x7"],
)  # fmt: skip
def test_a_number_that_somebody_can_dial_is_a_phone_number(number: str) -> None:
    assert question("text", contact="phone").parse({"used": [number]}) == Answer(None, number)


@pytest.mark.parametrize("words", ["call me", "2 of 3 people, 44", "1234", "x" * 30, "1" * 40])
def test_what_nobody_can_dial_is_no_phone_number(words: str) -> None:
    assert question("text", contact="phone").parse({"used": [words]}) == AnswerProblem("used", "not_phone")


def test_ways_to_give_no_answer_stay_apart_in_the_data() -> None:
    asked = multi(not_applicable=True, dont_know=True, prefer_not_to_say="I keep that to myself")
    for way in ("not_applicable", "dont_know", "prefer_not_to_say"):
        assert asked.parse({"used": [way]}) == Answer(way)
    assert multi(not_applicable=True).parse({"used": ["dont_know"]}) == AnswerProblem(
        "used", "unknown_option"
    )


def test_a_row_of_a_grid_can_be_left_out_for_a_reason() -> None:
    rows = [{"key": "app", "text": "App"}, {"key": "site", "text": "Site"}]
    asked = question("matrix", scale=SCALE, rows=rows, dont_know=True, opt_out_in_rows=True, required=True)
    given = Answer({"app": 4, "site": "dont_know"})
    assert asked.parse({"used.app": ["4"], "used.site": ["dont_know"]}) == given and asked.accepts(given)
    with pytest.raises(ValidationError, match="opt_out_in_rows needs one of"):
        question("matrix", scale=SCALE, rows=rows, opt_out_in_rows=True)
