import math
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.core.followup import (
    DEFAULT_WEIGHTS,
    TRANSITIONS,
    Action,
    Rating,
    Segment,
    Stake,
    State,
    Weights,
    allowed,
    priority,
    transition,
)
from feedback.core.metrics import METRICS
from feedback.errors import Conflict

TABLE = {
    ("open", "take"): "taken",
    ("open", "snooze"): "snoozed",
    ("open", "hand_over"): "open",
    ("open", "close"): "closed",
    ("taken", "release"): "open",
    ("taken", "snooze"): "snoozed",
    ("taken", "hand_over"): "open",
    ("taken", "close"): "closed",
    ("snoozed", "take"): "taken",
    ("snoozed", "snooze"): "snoozed",
    ("snoozed", "wake"): "open",
    ("snoozed", "hand_over"): "open",
    ("snoozed", "close"): "closed",
    ("closed", "reopen"): "taken",
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("action", Action)
def test_a_follow_up_moves_as_drawn_and_in_no_other_way(state, action):
    expected = TABLE.get((state, action))
    if expected is None:
        assert action not in allowed(state)
        with pytest.raises(Conflict):
            transition(state, action)
    else:
        assert action in allowed(state)
        assert transition(state, action) is State(expected)


def test_what_is_closed_can_only_be_reopened_and_says_so():
    assert allowed(State.CLOSED) == (Action.REOPEN,)
    with pytest.raises(Conflict, match="reopen it first"):
        transition(State.CLOSED, Action.TAKE)


def test_who_comes_second_is_told_what_is_possible():
    with pytest.raises(Conflict, match="is taken does not allow take; possible are release, snooze"):
        transition(State.TAKEN, Action.TAKE)


def test_every_state_can_be_reached_and_every_living_one_closed():
    assert set(TRANSITIONS) == set(State)
    reached = {state for row in TRANSITIONS.values() for state in row.values()}
    assert reached == set(State)
    assert all(Action.CLOSE in allowed(state) for state in State if state is not State.CLOSED)


def nps(score):
    return Rating(score, METRICS["nps"].badness(score))


def test_a_priority_explains_itself():
    stake = Stake(
        rating=nps(3),
        previous=nps(9),
        monthly_revenue=12_000,
        days_to_renewal=34,
        segment=Segment.VIP,
        hours_left=-6,
        silent_others=3,
        answering_others=1,
    )
    found = priority(stake)
    assert {reason.code: reason.params for reason in found.reasons} == {
        "overdue": {"hours": 6},
        "revenue": {"monthly_revenue": 12_000},
        "renewal": {"days": 34},
        "score": {"score": 3},
        "fall": {"before": 9, "now": 3},
        "segment": {"segment": "vip"},
        "silence": {"silent": 3, "asked": 4},
    }
    points = {reason.code: round(reason.points, 2) for reason in found.reasons}
    assert points == {
        "overdue": 24.75,  # 30 * (0.8 + 0.2 * 6/48)
        "revenue": 14.12,  # 20 * 12/17
        "renewal": 12.17,  # 15 * 146/180
        "score": 10.5,  # 15 * 0.7
        "segment": 7,
        "fall": 4.8,  # 8 * 0.6
        "silence": 3.75,  # 5 * 3/4
    }
    assert found.value == pytest.approx(77.08, abs=0.01)


def test_what_is_not_known_is_no_reason():
    found = priority(Stake(rating=nps(0)))
    assert [(reason.code, reason.points) for reason in found.reasons] == [("score", 15)]
    assert priority(Stake(rating=nps(10))).reasons == ()


def test_a_rise_is_no_reason():
    codes = {reason.code for reason in priority(Stake(rating=nps(6), previous=nps(2))).reasons}
    assert codes == {"score"}


def test_far_dates_are_no_reason_and_passed_ones_are_the_gravest():
    def points(**known):
        reasons = priority(Stake(rating=nps(10), **known)).reasons
        return [(reason.code, reason.points) for reason in reasons]

    assert points(days_to_renewal=180, hours_left=72) == []
    assert points(days_to_renewal=-3) == [("renewal_passed", 15)]
    assert points(hours_left=0) == [("due", 15)]
    assert points(hours_left=-48) == points(hours_left=-1000) == [("overdue", 30)]


def test_what_is_overdue_weighs_more_than_any_other_reason_can():
    weights = {field.name: getattr(DEFAULT_WEIGHTS, field.name) for field in fields(Weights)}
    just_overdue = priority(Stake(rating=nps(10), hours_left=-0.01)).value
    assert just_overdue > max(weight for name, weight in weights.items() if name != "due")
    assert sum(weights.values()) == 100


def test_a_weight_of_zero_takes_a_reason_out():
    stake = Stake(rating=nps(0), monthly_revenue=1e6)
    assert [reason.code for reason in priority(stake, Weights(revenue=0)).reasons] == ["score"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Rating(3, 1.1),
        lambda: Rating(3, float("nan")),
        lambda: Stake(nps(3), monthly_revenue=-1),
        lambda: Stake(nps(3), monthly_revenue=float("inf")),
        lambda: Stake(nps(3), hours_left=float("nan")),
        lambda: Stake(nps(3), silent_others=-1),
        lambda: Weights(due=-1),
        lambda: Weights(due=float("nan")),
        lambda: Weights.with_changes({"deu": 1}),
    ],
)
def test_nonsense_is_refused(make):
    with pytest.raises(ValueError, match=r"\.$"):
        make()


shares = st.floats(0, 1)
ratings = st.builds(Rating, st.integers(0, 10), shares)
revenues = st.floats(0, 1e12)
hours = st.floats(-1e5, 1e5)
days = st.integers(-5_000, 5_000)
people = st.integers(0, 500)
weights = st.builds(Weights, **{field.name: st.floats(0, 1e3) for field in fields(Weights)})
stakes = st.builds(
    Stake,
    rating=ratings,
    previous=st.none() | ratings,
    monthly_revenue=st.none() | revenues,
    days_to_renewal=st.none() | days,
    segment=st.none() | st.sampled_from(Segment),
    hours_left=st.none() | hours,
    silent_others=people,
    answering_others=people,
)

# input: its values, and a key that sorts them from harmless to grave
INPUTS = {
    "rating": (ratings, lambda rating: rating.badness),
    "previous": (ratings, lambda rating: -rating.badness),
    "monthly_revenue": (revenues, lambda revenue: revenue),
    "days_to_renewal": (days, lambda left: -left),
    "segment": (st.sampled_from(Segment), lambda segment: -list(Segment).index(segment)),
    "hours_left": (hours, lambda left: -left),
    "silent_others": (people, lambda silent: silent),
    "answering_others": (people, lambda answering: -answering),
}


@pytest.mark.parametrize("name", INPUTS)
@given(stake=stakes, weights=weights, data=st.data())
def test_the_graver_an_input_the_higher_the_priority(name, stake, weights, data):
    values, graver = INPUTS[name]
    harmless, grave = sorted([data.draw(values), data.draw(values)], key=graver)
    low = priority(replace(stake, **{name: harmless}), weights).value
    high = priority(replace(stake, **{name: grave}), weights).value
    assert low <= high


def test_a_hair_more_revenue_never_loses_to_rounding():
    revenue = 11666.527641551551  # here x / (x + 5000) falls when x rises by the smallest step
    more = math.nextafter(revenue, math.inf)
    values = [priority(Stake(nps(10), monthly_revenue=x), Weights(revenue=1)).value for x in (revenue, more)]
    assert values == sorted(values)


def test_every_input_is_tried_above():
    assert set(INPUTS) == {field.name for field in fields(Stake)}


@given(stakes, weights)
def test_a_priority_is_the_sum_of_its_reasons_and_within_the_weights(stake, weights):
    found = priority(stake, weights)
    points = [reason.points for reason in found.reasons]
    assert points == sorted(points, reverse=True)
    assert found.value == pytest.approx(sum(points))
    assert all(0 < reason.points <= getattr(weights, _weight_of(reason)) for reason in found.reasons)


def _weight_of(reason):
    return {"overdue": "due", "renewal_passed": "renewal"}.get(reason.code, reason.code)


def test_the_documented_weights_are_the_defaults():
    lines = (Path(__file__).parents[2] / "docs" / "follow-ups.md").read_text(encoding="utf-8").splitlines()
    cells = {cell[1].strip(): cell for cell in (line.split("|") for line in lines) if len(cell) == 5}
    for field in fields(Weights):
        name = {"due": "due, overdue"}.get(field.name, field.name)
        assert cells[name][2].strip() == str(getattr(DEFAULT_WEIGHTS, field.name))
