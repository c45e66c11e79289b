"""Blocks of questions, options from an earlier answer, and conditions on words."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from feedback.core.answer import Answer, AnswerProblem
from feedback.core.questionnaire import Questionnaire
from feedback.library import content_hash, restore, snapshot
from tests.factories_surveys import questionnaire

YES = [{"key": "yes", "text": "Yes"}, {"key": "no", "text": "No"}]
USED: dict[str, Any] = {"key": "used", "type": "single", "text": "Did you use it?", "options": YES}
SPEED = {"key": "speed", "type": "stars", "text": "How fast was it?"}
PRICE = {
    "key": "price",
    "type": "stars",
    "text": "How cheap was it?",
    "show_if": {"question": "speed", "at_most": 3},
}
WHY = {"key": "why", "type": "text", "text": "Why?"}
BLOCK = {"questions": ["speed", "price"], "show_if": {"question": "used", "is": "yes"}}
FEATURES = [{"key": key, "text": key.title()} for key in ("mail", "chat", "calls")]
MANY = {"key": "many", "type": "multi", "text": "What do you use?", "options": FEATURES}
BEST: dict[str, Any] = {"key": "best", "type": "single", "text": "What is best?", "options_from": "many",
                        "options": [*FEATURES, {"key": "none", "text": "None", "role": "none"}]}  # fmt: skip


def survey(*questions: dict[str, Any], **rest: Any) -> Questionnaire:
    return questionnaire(*questions, **rest)


def asked(of: Questionnaire, **answers: Any) -> list[str]:
    given = {key: value if isinstance(value, Answer) else Answer(value) for key, value in answers.items()}
    return [question.key for question in of.path(given)]


def test_a_block_is_asked_or_skipped_as_a_whole_and_keeps_inner_conditions() -> None:
    of = survey(USED, SPEED, PRICE, WHY, blocks=[BLOCK])
    assert asked(of, used="no", speed=1) == ["used", "why"]
    assert asked(of, used="yes") == ["used", "speed", "why"]
    assert asked(of, used="yes", speed=2) == ["used", "speed", "price", "why"]
    assert content_hash(snapshot(restore(snapshot(of)))) == content_hash(snapshot(of))


@pytest.mark.parametrize(
    ("blocks", "sentence"),
    [
        ([{**BLOCK, "questions": ["sped"]}], "A block names `sped`"),
        ([BLOCK, {**BLOCK, "questions": ["speed"]}], "`speed` is in two blocks"),
        ([{**BLOCK, "questions": ["used"]}], "block of `used` looks at `used`, which is not asked before"),
        ([{**BLOCK, "questions": []}], "at least 1 item"),
    ],
)
def test_a_block_that_cannot_work_is_refused(blocks: list[dict[str, Any]], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        survey(USED, SPEED, PRICE, WHY, blocks=blocks)


def test_only_options_that_were_chosen_before_are_offered_with_those_that_have_a_role() -> None:
    of = survey(MANY, BEST, WHY)
    best = list(of.path({"many": Answer(("chat", "mail"))}))[1]
    assert [option.key for option in best.options] == ["mail", "chat", "none"]
    assert best.parse({"best": ["chat"]}) == Answer("chat")
    assert best.parse({"best": ["calls"]}) == AnswerProblem("best", "unknown_option")
    assert asked(of) == ["many", "why"] and asked(of, many=()) == ["many", "why"]


def test_an_answer_whose_option_is_not_offered_any_more_does_not_count() -> None:
    of = survey(MANY, BEST, WHY)
    answers = {"many": Answer(("chat", "mail")), "best": Answer("calls")}
    assert of.outcome(answers).answers.keys() == {"many"}
    assert not of.outcome(answers).nothing_left


def test_a_ranking_of_what_was_chosen_needs_two_of_them() -> None:
    rank = {**MANY, "key": "rank", "type": "ranking", "options_from": "many", "top": 3}
    of = survey(MANY, rank)
    assert asked(of, many=("chat",)) == ["many"]
    ranking = list(of.path({"many": Answer(("chat", "mail"))}))[1]
    assert ranking.parse({"rank.chat": ["1"], "rank.mail": ["2"]}) == Answer(("chat", "mail"))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"options_from": "used"}, "no earlier question with several answers"),
        ({"options_from": "later"}, "no earlier question with several answers"),
        (
            {"options": [*FEATURES, {"key": "fax", "text": "Fax"}]},
            "Option `fax` of `best` is no option of `many`",
        ),
    ],
)
def test_options_that_cannot_come_from_there_are_refused(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        survey(USED, MANY, BEST | fields)


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        ("price", "The PRICES are high", True),
        ("price", "overpriced", False),
        (["price", "fiyat"], "Fiyatı çok yüksek", True),
        ("گران", "خیلی گران‌ است", True),
        ("too slow", "It was too... slow!", True),
        ("slow", None, False),
        ("?", "Why?", False),
    ],
)
def test_a_condition_looks_for_words(words: Any, text: str | None, expected: bool) -> None:
    then = {**SPEED, "show_if": {"question": "why", "contains": words}}
    assert ("speed" in asked(survey(WHY, then), why=Answer(None, text))) is expected
