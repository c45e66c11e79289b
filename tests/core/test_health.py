"""The health of an account: parts that add up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.core.health import Level, Part, Signs, health, weights_with

unit = st.floats(0, 1)
SIGNS = st.builds(
    Signs,
    latest=st.none() | unit,
    previous=st.none() | unit,
    asked=st.integers(0, 9),
    answered=st.just(0),
    open_tasks=st.integers(0, 9),
    overdue_tasks=st.integers(0, 3),
    usage=st.none() | st.floats(-10, 200),
)


def test_a_worked_example() -> None:
    """Scores at 0.8, up from 0.6; three of four answer; one task open; usage 60."""
    signs = Signs(latest=0.8, previous=0.6, asked=4, answered=3, open_tasks=1, usage=60)
    found = health(signs)
    values = {share.part: share.value for share in found.shares}
    assert values == pytest.approx(
        {Part.RELATIONSHIP: 80, Part.DIRECTION: 60, Part.VOICE: 75, Part.FOLLOW_UPS: 75, Part.USAGE: 60}
    )
    assert found.value == pytest.approx(0.35 * 80 + 0.15 * 60 + 0.15 * 75 + 0.15 * 75 + 0.20 * 60)
    assert found.level is Level.GOOD


def test_what_is_unknown_does_not_count_against_the_account() -> None:
    assert health(Signs(latest=1.0)).value == pytest.approx(100)
    assert health(Signs(latest=1.0, usage=0)).value == pytest.approx((35 * 100 + 15 * 100) / 70)


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
    signs = Signs(latest=1.0, usage=0)
    assert health(signs, weights_with({"usage": 0})).value == pytest.approx(100)
    assert weights_with({"usage": 3})[Part.VOICE] == 15


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
