"""What a questionnaire's answers mean: the way through it, what is missing, what they set off."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from feedback.core.answer import Answer
from tests.factories_surveys import NPS, RECOMMEND, WHY_LOW, questionnaire

HOURS = {"contact_within": "4h", "close_within": "3d"}


def given(**values: Any) -> dict[str, Answer]:
    return {key: Answer(value) for key, value in values.items()}


@pytest.mark.parametrize(
    ("answers", "path"),
    [
        ({}, ["recommend"]),
        ({"recommend": 2}, ["recommend", "better"]),
        ({"recommend": 9}, ["recommend", "liked"]),
    ],
)
def test_answers_decide_which_questions_are_asked(answers: dict[str, int], path: list[str]) -> None:
    assert [question.key for question in NPS.path(given(**answers))] == path


def test_an_answer_to_a_question_that_is_skipped_by_now_does_not_count() -> None:
    third = {
        "key": "more",
        "type": "text",
        "text": "More?",
        "show_if": {"question": "better", "answered": True},
    }
    form = questionnaire(RECOMMEND, WHY_LOW, third)
    changed = {"recommend": Answer(9), "better": Answer(None, "Everything.")}
    assert [question.key for question in form.path(changed)] == ["recommend"]


def test_the_next_question_is_the_first_without_an_answer_or_the_one_after_a_given_one() -> None:
    first = NPS.next_question({})
    assert first is not None
    assert first.key == "recommend"
    following = NPS.next_question(given(recommend=2), after="recommend")
    assert following is not None
    assert following.key == "better"
    assert NPS.next_question(given(recommend=2, better=None)) is None
    assert NPS.next_question(given(recommend=2), after="better") is None
    assert NPS.next_question(given(recommend=2), after="liked") is None  # not on this way


def test_only_a_required_question_on_the_way_is_missing() -> None:
    assert [(problem.question, problem.code) for problem in NPS.problems({})] == [("recommend", "required")]
    assert NPS.problems(given(recommend=2)) == []


def test_of_several_rules_of_one_kind_the_first_that_fits_opens_a_follow_up() -> None:
    def rule(key: str, at_most: int, **more: Any) -> dict[str, Any]:
        return {
            "key": key,
            "title": key,
            "when": {"question": "recommend", "at_most": at_most},
            **HOURS,
            **more,
        }

    praise = {**rule("praise", 10, kind="advocacy"), "when": {"question": "recommend", "at_least": 9}}
    form = questionnaire(RECOMMEND, follow_ups=[rule("worst", 2), rule("bad", 6), praise])
    assert [each.key for each in form.follow_ups_for(given(recommend=1))] == ["worst"]
    assert [each.key for each in form.follow_ups_for(given(recommend=5))] == ["bad"]
    assert [each.key for each in form.follow_ups_for(given(recommend=10))] == ["praise"]
    assert list(form.follow_ups_for(given(recommend=8))) == []


def test_the_last_page_is_the_first_whose_condition_holds() -> None:
    low = {"when": {"question": "recommend", "at_most": 6}, "text": "Sorry."}
    form = questionnaire(RECOMMEND, thanks=[low, {"text": "Thank you."}])
    assert [form.thanks_for(given(recommend=score)).text.to("en") for score in (2, 9)] == [  # type: ignore[union-attr]
        "Sorry.",
        "Thank you.",
    ]
    assert NPS.thanks_for(given(recommend=2)) is None


def test_scores_are_counted_under_the_trend_or_the_questionnaire_itself() -> None:
    assert NPS.series == "survey"
    assert questionnaire(RECOMMEND, trend="relationship").series == "relationship"
    assert NPS.scored is not None
    assert NPS.scored.key == "recommend"
    assert questionnaire({"key": "words", "type": "text", "text": "Tell us."}).scored is None


def test_somebody_whose_language_it_does_not_speak_gets_its_first_one() -> None:
    two = questionnaire({**RECOMMEND, "text": {"tr": "Ne kadar?", "en": "How?"}}, languages=("tr", "en"))
    assert [two.language_for(each) for each in ("en", "fa", None)] == ["en", "tr", "tr"]


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"questions": [RECOMMEND, RECOMMEND]}, "Two questions have the key `recommend`"),
        ({"questions": [WHY_LOW, RECOMMEND]}, "looks at `recommend`, which is not asked before it"),
        (
            {
                "questions": [RECOMMEND],
                "thanks": [{"when": {"question": "price", "answered": True}, "text": "Thank you."}],
            },
            "looks at `price`, but there is no such question",
        ),
    ],
)
def test_a_questionnaire_that_does_not_hold_together_is_refused(
    document: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValidationError, match=sentence):
        questionnaire(*document.pop("questions"), **document)


def test_an_outcome_leaves_out_what_is_off_the_path_and_says_what_is_missing() -> None:
    survey = questionnaire(
        questions=[
            {"key": "score", "type": "csat", "purpose": "p", "text": "How was it?"},
            {
                "key": "why", "type": "text", "purpose": "p", "text": "Why?", "required": True,
                "show_if": {"question": "score", "at_most": 3},
            },
        ],
        follow_ups=[
            {
                "key": "low", "title": "Low", "when": {"question": "score", "at_most": 2},
                "contact_within": "4h", "close_within": "3d", "playbook": "Call.",
            }
        ],
    )  # fmt: skip
    low = survey.outcome({"score": Answer(1)})
    assert (dict(low.scores), [rule.key for rule in low.rules]) == ({"score": 1}, ["low"])
    assert (low.nothing_left, low.missing) == (False, True)

    high = survey.outcome({"score": Answer(5), "why": Answer(None, "written before the score was changed")})
    assert (list(high.answers), high.rules) == (["score"], ())
    assert (high.nothing_left, high.missing) == (True, False)
