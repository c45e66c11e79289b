"""The share of the points that a questionnaire names as good."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from feedback.core.answer import Answer
from feedback.core.metrics import METRICS
from feedback.core.metrics.csat import CSAT
from feedback.core.metrics.own_scale import key_of
from feedback.core.questions import ScaleQuestion
from feedback.library import snapshot
from tests.factories_surveys import questionnaire


def rated(**scale: Any) -> ScaleQuestion:
    question = questionnaire({"key": "q", "type": "rating", "text": "How was it?", "scale": scale}).questions[
        0
    ]
    assert isinstance(question, ScaleQuestion)
    return question


def test_the_share_of_good_points_is_computed_as_every_other_share() -> None:
    counts = {1: 3, 2: 4, 3: 5, 4: 20, 5: 18}
    mine, csat = METRICS[key_of(1, 5, 4, 5)].aggregate(counts), CSAT.aggregate(counts)
    assert (mine.value, mine.low, mine.high) == (csat.value, csat.low, csat.high)
    assert mine.band_counts == {"other": 12, "good": 38}


def test_a_scale_that_begins_with_the_best_point_counts_it_as_good() -> None:
    best_first = rated(min=1, max=5, high_is_bad=True, good=[1, 2])
    assert best_first.metric == "own_1_5_1_2" and METRICS["own_1_5_1_2"].high_is_bad
    assert [best_first.band(point) for point in (1, 2, 3, 5)] == ["good", "good", "other", "other"]
    assert METRICS["own_1_5_1_2"].goodness(1) == 1.0


def test_only_named_good_points_make_a_score() -> None:
    assert rated(min=0, max=10).metric is None
    survey = questionnaire(rated(min=0, max=10, good=[8, 9, 10]).model_dump(by_alias=True, exclude_none=True))
    assert survey.scored is not None
    assert survey.outcome({"q": Answer(9)}).scores == {"q": 9}


def test_questionnaires_from_before_keep_their_hash() -> None:
    old = questionnaire(
        {"key": "q", "type": "rating", "text": "How was it?", "scale": {"min": 0, "max": 10}},
        {
            "key": "r",
            "type": "nps",
            "text": "How likely?",
            "instrument": {"name": "nps", "source": "Reichheld"},
        },
    )
    asked = snapshot(old)["questions"]
    assert asked[0]["scale"] == {"min": 0, "max": 10, "labels": {}, "high_is_bad": False}
    assert asked[1]["instrument"] == {"name": "nps", "source": "Reichheld"}


@pytest.mark.parametrize(
    "scale",
    [
        {"good": [4]},
        {"good": [1, 2]},
        {"good": [3, 5]},
        {"good": [5, 6]},
        {"good": [1, 2, 3, 4, 5]},
        {"good": []},
        {"good": [4, 5], "high_is_bad": True},
    ],
)
def test_good_points_lie_at_the_good_end(scale: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        rated(min=1, max=5, **scale)


@pytest.mark.parametrize("key", ["own", "own_1_5_2_4", "own_1_5_1_5", "own_5_1_1_2", "own_1_5_6_7", "csat2"])
def test_no_other_key_is_a_metric(key: str) -> None:
    assert key not in METRICS and METRICS.get(key) is None


def test_the_registry_lists_the_named_metrics_only() -> None:
    assert "nps" in list(METRICS) and len(METRICS) == len(list(METRICS))
    assert not any(key.startswith("own") for key in METRICS)


def test_a_validated_item_that_the_registry_lacks_can_be_declared_with_its_source() -> None:
    item = {"key": "q", "type": "rating", "text": "How happy are you?", "scale": {"min": 0, "max": 10}}
    assert questionnaire(item | {"instrument": {"name": "ess", "source": "ESS C1", "declared": True}})
    for claim, told in (
        ({"name": "ess", "declared": True}, "needs its `source:`"),
        ({"name": "ess", "source": "ESS C1"}, "`declared: true`"),
    ):
        with pytest.raises(ValidationError, match=told):
            questionnaire(item | {"instrument": claim})
