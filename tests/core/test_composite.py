"""Scores over several questions: SUS and UMUX-Lite from their items, one's own, and what is wrong with a definition."""

from __future__ import annotations

import random
from typing import Any

import pytest

from feedback.core.answer import Answer
from feedback.core.metrics import METRICS, sus, umux_lite
from feedback.core.questionnaire import Questionnaire
from tests.factories_composites import AGREE, DOUBT, EASE, HELP, ONBOARDED, OWN_SCORE, TOP_BOX
from tests.factories_surveys import questionnaire


def of_instrument(name: str, *numbers: int, **more: Any) -> Questionnaire:
    return questionnaire(
        *(
            {"key": f"item_{number}", "type": "rating", "text": f"Statement {number}.",
             "instrument": {"name": name, "item": number, "source": "as published"}, **more}
            for number in numbers
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "metric", "count", "most", "score"),
    [("sus", "sus", 10, 5, sus.score), ("umux-lite", "umux_lite", 2, 7, umux_lite.score)],
)
def test_a_validated_score_is_that_of_its_publication(
    name: str, metric: str, count: int, most: int, score: Any
) -> None:
    asked = of_instrument(name, *range(1, count + 1))
    source = random.Random(3)
    for _ in range(50):
        points = [source.randint(1, most) for _ in range(count)]
        answers = {f"item_{number}": Answer(point) for number, point in enumerate(points, 1)}
        assert asked.outcome(answers).scores == {metric: score(points)}
    assert asked.metric_of(metric) == metric


def test_the_best_sus_is_a_hundred_and_the_order_of_the_questions_does_not_matter() -> None:
    asked = of_instrument("sus", 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)
    best = {f"item_{number}": Answer(5 if number % 2 else 1) for number in range(1, 11)}
    value = asked.outcome(best).scores["sus"]
    assert METRICS["sus"].reported(value) == 100
    assert asked.band_of("sus", value) == "acceptable"


@pytest.mark.parametrize(
    "asked",
    [
        of_instrument("sus", *range(1, 10)),
        of_instrument("sus", *range(1, 11), scale={"min": 1, "max": 7, "labels": {1: "No", 7: "Yes"}}),
    ],
    ids=["an item is missing", "another scale"],
)
def test_what_is_not_the_whole_instrument_has_no_score(asked: Questionnaire) -> None:
    assert asked.composites == ()


def test_a_question_that_has_the_name_of_the_score_keeps_it() -> None:
    asked = questionnaire(
        {"key": "umux_lite", "type": "text", "text": "Why?"},
        *(
            {"key": f"i{n}", "type": "rating", "text": "X.", "instrument": {"name": "umux-lite", "item": n}}
            for n in (1, 2)
        ),
    )
    assert [each.key for each in asked.composites] == ["umux_lite_score"]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"ease": 5, "help": 4, "doubt": 1}, {"onboarding": 4 + 3 + 4, "agreeing": 2}),
        ({"ease": 1, "help": 4, "doubt": 5}, {"onboarding": 0 + 3 + 0, "agreeing": 1}),
        ({"ease": 5, "help": 4}, {"agreeing": 2}),
        ({"ease": "not_applicable", "help": 4, "doubt": 2}, {}),
        ({"help": 4}, {}),
    ],
)
def test_an_own_score_needs_an_answer_to_each_item(given: dict[str, Any], wanted: dict[str, int]) -> None:
    assert ONBOARDED.outcome({key: Answer(value) for key, value in given.items()}).scores == wanted


def test_rows_of_a_matrix_are_items_and_a_scale_that_ends_badly_is_reversed() -> None:
    grid = {"key": "grid", "type": "matrix", "text": "Rate these.", "scale": AGREE,
            "rows": [{"key": "a", "text": "A"}, {"key": "b", "text": "B"}]}  # fmt: skip
    work = {
        "key": "work",
        "type": "rating",
        "text": "How much work?",
        "scale": {**AGREE, "high_is_bad": True},
    }
    asked = questionnaire(
        grid, work, scores=[{"key": "whole", "title": "Whole", "items": ["grid.a", "grid.b", "work"]}]
    )
    (whole,) = asked.composites
    assert [each.text.to("en") for each in whole.items] == ["A", "B", "How much work?"]
    assert whole.of({"grid": Answer({"a": 5, "b": 3}), "work": Answer(2)}) == 4 + 2 + 3
    assert whole.of({"grid": Answer({"a": 5}), "work": Answer(2)}) is None


def test_the_key_of_a_metric_says_how_it_is_computed() -> None:
    metrics = {each.key: METRICS[each.metric] for each in ONBOARDED.composites}
    assert {key: each.key for key, each in metrics.items()} == {
        "onboarding": "mean_3_1_5",
        "agreeing": "top_2_1_5_4_5",
    }
    assert metrics["onboarding"].aggregate({0: 1, 12: 1, 6: 2}).value == pytest.approx(3)  # 1, 5, 3, 3
    assert metrics["agreeing"].aggregate({0: 1, 1: 2, 2: 1}).value == pytest.approx(50)


SEVEN = {"key": "other", "type": "rating", "text": "On another scale.", "scale": {**AGREE, "max": 7}}


@pytest.mark.parametrize(
    ("score", "told"),
    [
        ({"items": ["ease"]}, "at least 2 items"),
        ({"items": ["ease", "ease"], "reversed": []}, "names an item twice"),
        ({"items": ["ease", "nothing"]}, "names `nothing`, which is no rating"),
        ({"items": ["ease", "other"], "reversed": []}, "need one scale: `ease` has 1-5, `other` has 1-7"),
        ({"reversed": ["other"]}, "`other` is reversed"),
        ({"key": "ease"}, "has the key of a question"),
        ({"good": [4, 5]}, "needs `count: top_box`"),
        ({"count": "top_box", "good": [3]}, "up to the best one, 5"),
    ],
)
def test_what_cannot_be_computed_is_refused(score: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        questionnaire(EASE, HELP, DOUBT, SEVEN, scores=[{**OWN_SCORE, **score}])


def test_two_scores_of_one_key_are_refused() -> None:
    with pytest.raises(ValueError, match="another score"):
        questionnaire(EASE, HELP, scores=[TOP_BOX, TOP_BOX])
