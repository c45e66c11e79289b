"""How many to invite for a score that is precise enough."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.core.metrics import METRICS
from feedback.core.metrics.planning import Expected, SamplePlan, plan

NPS, CSAT = METRICS["nps"], METRICS["csat"]
TYPICAL = Expected(good=0.5, bad=0.2)


@pytest.mark.parametrize(("margin", "typical", "worst"), [(5, 935, 1534), (10, 232, 382), (20, 56, 94)])
def test_a_net_score_needs_the_published_number_of_answers(margin: float, typical: int, worst: int) -> None:
    assert plan(NPS, margin, TYPICAL).answers == typical
    assert plan(NPS, margin).answers == worst


def test_a_share_needs_fewer_answers_where_most_are_expected_to_agree() -> None:
    assert plan(CSAT, 5).answers == 381
    assert plan(CSAT, 5, Expected(good=0.9)).answers < 200


@pytest.mark.parametrize(("rate", "invitations"), [(1.0, 232), (0.31, 749), (0.1, 2320), (0.29, 800)])
def test_invitations_are_the_answers_over_the_response_rate(rate: float, invitations: int) -> None:
    assert plan(NPS, 10, TYPICAL, response_rate=rate) == SamplePlan(232, invitations, reachable=True)


def test_of_few_customers_fewer_need_to_answer() -> None:
    assert plan(NPS, 5, population=200).answers == 178


def test_a_margin_for_which_there_are_too_few_customers_is_out_of_reach() -> None:
    found = plan(NPS, 5, population=200, response_rate=0.5)
    assert (found.answers, found.invitations, found.reachable) == (178, 356, False)
    assert plan(NPS, 5, population=200, response_rate=0.9).reachable


@given(st.floats(1, 50), st.floats(0.01, 1), st.integers(1, 10_000))
def test_the_invitations_bring_the_answers(margin: float, rate: float, population: int) -> None:
    found = plan(NPS, margin, population=population, response_rate=rate)
    assert found.invitations is not None
    assert found.invitations * rate >= found.answers - 1e-6
    assert (found.invitations - 1) * rate < found.answers
    assert 1 <= found.answers <= population


def test_a_mean_has_no_answer_without_knowing_how_much_people_differ() -> None:
    with pytest.raises(ValueError, match=r"Customer Effort Score 2\.0 is a mean"):
        plan(METRICS["ces2"], 10)


@pytest.mark.parametrize(
    "wrong",
    [
        {"margin": 0},
        {"margin": 101},
        {"confidence": 1.0},
        {"confidence": 0.0},
        {"population": 0},
        {"response_rate": 0.0},
        {"response_rate": 1.2},
        {"expected": Expected(0.8, 0.3)},
    ],
)
def test_numbers_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"more than 0|between 0|at least"):
        plan(**{"metric": NPS, "margin": 10, **wrong})
