"""The health of an account: parts that add up."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.core.health import WEIGHTS, Level, Part, Signs, health, weights_with
from feedback.settings.table import HealthSettings

SIGNS = st.builds(
    Signs,
    latest=st.dictionaries(st.sampled_from(["nps", "enps"]), st.lists(st.integers(0, 10)), max_size=2)
    | st.dictionaries(st.sampled_from(["csat", "ces1", "stars"]), st.lists(st.integers(1, 5))),
    changes=st.lists(st.floats(-1, 1)),
    asked=st.integers(0, 9),
    answered=st.just(0),
    open_tasks=st.integers(0, 9),
    overdue_tasks=st.integers(0, 3),
    usage=st.none() | st.floats(-10, 200),
)


def parts(signs: Signs) -> dict[Part, float | None]:
    return {share.part: share.value for share in health(signs).shares}


def test_a_worked_example() -> None:
    """NPS 8; CSAT 2 and 5, CES 7; twice up by a fifth; three of four answer; one task open; usage 60."""
    signs = Signs(
        latest={"nps": [8], "csat": [2, 5], "ces2": [7]},
        changes=[0.2, 0.2],
        asked=4,
        answered=3,
        open_tasks=1,
        usage=60,
    )
    assert parts(signs) == pytest.approx(
        {
            Part.RELATIONSHIP: 80,
            Part.EXPERIENCE: 75,  # of their scales: a quarter, all, all
            Part.DIRECTION: 60,
            Part.VOICE: 75,
            Part.FOLLOW_UPS: 75,
            Part.USAGE: 60,
        }
    )
    found = health(signs)
    whole = 0.25 * 80 + 0.15 * 75 + 0.15 * 60 + 0.10 * 75 + 0.15 * 75 + 0.20 * 60
    assert found.value == pytest.approx(whole)
    assert found.level is Level.GOOD


def test_bad_experiences_are_not_hidden_behind_one_good_word_on_the_whole() -> None:
    alone, contradicted = health(Signs({"nps": [8]})), health(Signs({"nps": [8], "csat": [1, 2, 3, 3, 5]}))
    assert alone.value is not None
    assert contradicted.value is not None
    assert contradicted.value < alone.value - 5


def test_an_account_that_only_rated_experiences_is_known_by_them() -> None:
    signs = Signs({"csat": [1, 1], "ces2": [2]})
    assert parts(signs)[Part.RELATIONSHIP] is None
    assert parts(signs)[Part.EXPERIENCE] == pytest.approx(100 / 18)
    assert health(signs).level is Level.POOR


def test_a_weight_of_nothing_takes_nothing_over() -> None:
    signs = Signs({"csat": [1]}, usage=100)
    assert health(signs, weights_with({"experience": 0})).value == pytest.approx(100)


def test_where_a_high_answer_is_bad_it_counts_as_bad() -> None:
    assert parts(Signs({"ces1": [5]}))[Part.EXPERIENCE] == 0


def test_what_employees_say_of_their_work_is_no_part_of_it() -> None:
    assert health(Signs({"enps": [0, 1]})).value is None


def test_what_is_unknown_does_not_count_against_the_account() -> None:
    assert health(Signs({"nps": [10]})).value == pytest.approx(100)
    assert health(Signs({"nps": [10]}, usage=0)).value == pytest.approx((40 * 100 + 15 * 100) / 75)


def test_an_account_of_which_nothing_is_known_has_no_number() -> None:
    assert health(Signs()).value is None


def test_an_overdue_follow_up_costs_twice() -> None:
    (open_,) = (each.value for each in health(Signs(open_tasks=1)).shares if each.part is Part.FOLLOW_UPS)
    (late,) = (
        each.value
        for each in health(Signs(open_tasks=1, overdue_tasks=1)).shares
        if each.part is Part.FOLLOW_UPS
    )
    assert (open_, late) == (75, 50)


def test_weights_can_be_changed_one_by_one() -> None:
    signs = Signs({"nps": [10]}, usage=0)
    assert health(signs, weights_with({"usage": 0})).value == pytest.approx(100)
    assert weights_with({"usage": 3})[Part.VOICE] == 10


@pytest.mark.parametrize("changed", [{"useage": 1}, {"usage": -1}, {"usage": float("inf")}])
def test_what_cannot_be_a_weight_is_refused(changed: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"part|0 or more"):
        weights_with(changed)


@given(signs=SIGNS)
def test_the_parts_add_up_to_the_whole(signs: Signs) -> None:
    found = health(signs)
    if found.value is not None:
        assert sum(share.points for share in found.shares) == pytest.approx(found.value)
        assert sum(share.weight for share in found.shares) == pytest.approx(100)
        assert -1e-9 <= found.value <= 100 + 1e-9


def test_the_built_in_weights_add_up_to_a_hundred() -> None:
    assert set(WEIGHTS) == set(Part)
    assert sum(WEIGHTS.values()) == 100


def test_the_settings_name_every_part() -> None:
    described = {each.name: each.metadata["doc"] for each in fields(HealthSettings)}
    assert all(str(part) in described["weights"] for part in Part)
