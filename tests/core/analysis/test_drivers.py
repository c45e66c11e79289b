"""Drivers: the shares against all orders of entry by least squares, missing ratings, clusters, and ranks that hold."""

from __future__ import annotations

import random
from itertools import permutations

import numpy as np
import pytest
import statsmodels.api as sm

from feedback.core.analysis.drivers import MOST_BLOCKS, MOST_DRIVERS, RatedAnswer, importance, rank_drivers


def people(
    weights: list[float], n: int, source: random.Random, noise: float = 2.0, per_account: int = 1
) -> list[RatedAnswer]:
    """Ratings that share a common part (correlation 0.5), and a score that they make up with noise."""
    made = []
    for number in range(n):
        common = source.gauss(0, 1)
        ratings = tuple(common + source.gauss(0, 1) for _ in weights)
        score = sum(w * x for w, x in zip(weights, ratings, strict=True)) + source.gauss(0, noise)
        made.append(RatedAnswer(score, ratings, number // per_account))
    return made


def over_all_orders(answers: list[RatedAnswer]) -> list[float]:
    """The mean increase of R² over all orders, each model fitted by statsmodels; which are missing comes first."""
    score = np.array([each.score for each in answers])
    ratings = np.array([[np.nan if x is None else x for x in each.ratings] for each in answers])
    missing = np.isnan(ratings)
    always = np.column_stack([np.ones(len(score)), *(c for c in missing.T.astype(float) if c.sum() > 0)])
    filled = np.where(missing, 0.0, ratings - np.nanmean(ratings, axis=0))

    def explained(chosen: frozenset[int]) -> float:
        model = np.column_stack([always, filled[:, sorted(chosen)]])
        residuals = sm.OLS(score, model).fit().resid
        return 1 - residuals @ residuals / ((score - score.mean()) @ (score - score.mean()))

    count = ratings.shape[1]
    known = {
        frozenset(order[:size]): 0.0 for order in permutations(range(count)) for size in range(count + 1)
    }
    known = {chosen: explained(chosen) for chosen in known}
    shares, orders = [0.0] * count, list(permutations(range(count)))
    for order in orders:
        for place, variable in enumerate(order):
            before = frozenset(order[:place])
            shares[variable] += (known[before | {variable}] - known[before]) / len(orders)
    return shares


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_the_shares_are_those_of_all_orders_of_entry(missing: float) -> None:
    source = random.Random(5)
    found = [
        RatedAnswer(
            each.score, tuple(x if source.random() >= missing else None for x in each.ratings), each.cluster
        )
        for each in people([0.2, 0.8, 0.0, 1.0, -0.6], 240, source)
    ]
    assert importance(found) == pytest.approx(over_all_orders(found), abs=1e-9)


def test_an_aspect_that_repeats_another_shares_its_importance() -> None:
    source = random.Random(2)
    twice = [
        RatedAnswer(each.score, (*each.ratings, each.ratings[0]), each.cluster)
        for each in people([1.0, 0.5], 200, source)
    ]
    first, second, again = importance(twice)
    assert first == pytest.approx(again)
    assert first + second + again == pytest.approx(sum(importance(twice)))


def test_the_unit_of_a_rating_does_not_matter() -> None:
    found = people([1.0, 0.3, 0.6], 150, random.Random(8))
    other = [
        RatedAnswer(each.score * 10 + 3, tuple(5 - 2 * x for x in each.ratings), each.cluster)
        for each in found
    ]
    assert importance(other) == pytest.approx(importance(found), abs=1e-12)


def test_everybody_counts_where_complete_cases_would_hide_the_first_driver() -> None:
    """Those to whom the third aspect applies are alike in the first one, so that among them it explains nothing."""
    source = random.Random(11)
    found = []
    for number in range(600):
        applies = number % 2 == 0
        first = source.gauss(0, 0.2 if applies else 2)
        second, third = source.gauss(0, 1), source.gauss(0, 1)
        score = first + 0.6 * second + (0.2 * third if applies else 0) + source.gauss(0, 1)
        found.append(RatedAnswer(score, (first, second, third if applies else None), number))
    everybody = importance(found)
    complete = importance([each for each in found if None not in each.ratings])
    assert max(range(3), key=everybody.__getitem__) == 0
    assert max(range(3), key=complete.__getitem__) == 1


def test_that_an_aspect_does_not_apply_is_not_credited_to_it() -> None:
    """Those who needed no support are happier; how support is rated makes no difference."""
    source = random.Random(4)
    found = []
    for number in range(800):
        needed = source.random() < 0.5
        ease = source.gauss(0, 1)
        score = (0 if needed else 5) + 0.5 * ease + source.gauss(0, 1)
        found.append(RatedAnswer(score, (ease, source.gauss(0, 1) if needed else None), number))
    ease_share, support_share = importance(found)
    assert support_share < 0.01 < ease_share


def test_the_interval_of_ranks_holds_the_true_rank() -> None:
    """In at least 90 % of samples; six correlated aspects, 150 answers, and a truth from the covariances."""
    weights = [
        1.0,
        0.8,
        0.6,
        0.4,
        0.2,
        0.0,
    ]  # equal variances and correlations: the ranks are those of the weights
    source, held, simulations = random.Random(20), 0, 40
    for number in range(simulations):
        found = rank_drivers(people(weights, 150, source), str(number), replicates=100)
        assert found is not None
        held += sum(each.best <= place <= each.worst for place, each in enumerate(found.drivers, 1))
    assert held / (simulations * len(weights)) >= 0.9


def test_answers_of_one_account_make_the_ranks_less_certain() -> None:
    """Ten copies of an answer from one account say no more than one of them."""
    alone = people([1.0, 0.8, 0.6], 60, random.Random(3))
    copied = [each for each in alone for _ in range(10)]
    apart = [RatedAnswer(each.score, each.ratings, number) for number, each in enumerate(copied)]
    widths = []
    for answers in (alone, copied, apart):
        found = rank_drivers(answers, "seed")
        assert found is not None
        widths.append(sum(each.high - each.low for each in found.drivers))
    assert widths[1] == pytest.approx(widths[0], rel=0.1)
    assert widths[2] < 0.5 * widths[1]


def test_many_accounts_are_drawn_in_groups_with_the_same_uncertainty() -> None:
    found = people([1.0, 0.7, 0.2], 3 * MOST_BLOCKS, random.Random(6))
    grouped = rank_drivers(found, "seed")
    assert grouped is not None
    draws = []
    for number in range(150):  # the plain bootstrap, by hand
        source = random.Random(number)
        shares = importance(source.choices(found, k=len(found)))
        draws.append(shares[0] / sum(shares))
    low, high = np.quantile(draws, [0.025, 0.975])
    first = grouped.drivers[0]
    assert first.high - first.low == pytest.approx(high - low, rel=0.2)


def test_the_same_answers_give_the_same_result() -> None:
    found = people([1.0, 0.5], 100, random.Random(1))
    assert rank_drivers(found, "a", 50) == rank_drivers(found, "a", 50)


def test_a_better_rating_that_goes_with_worse_scores_is_marked() -> None:
    found = rank_drivers(people([1.0, -1.0, 0.0], 300, random.Random(9)), "seed", 200)
    assert found is not None
    assert [each.direction for each in found.drivers][:2] == ["up", "down"]


@pytest.mark.parametrize(
    "answers",
    [
        [],
        [RatedAnswer(7, (float(n % 5), 1.0), n) for n in range(100)],
        [RatedAnswer(n, (3.0, None), n) for n in range(100)],
    ],
    ids=["nobody", "equal scores", "equal ratings"],
)
def test_nothing_to_explain_has_no_ranking(answers: list[RatedAnswer]) -> None:
    assert rank_drivers(answers, "seed", 10) is None


def test_more_aspects_than_can_be_told_apart_are_refused() -> None:
    with pytest.raises(ValueError, match=str(MOST_DRIVERS)):
        rank_drivers([RatedAnswer(1, (1.0,) * (MOST_DRIVERS + 1), 1)], "seed")
