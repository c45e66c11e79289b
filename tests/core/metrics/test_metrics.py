"""Every metric against its definition; then what holds for all of them."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from feedback.core.metrics import METRICS, Display, cell_visible, display
from feedback.core.metrics import sus as sus_instrument
from feedback.core.metrics import umux_lite as umux_lite_instrument

every_metric = pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS.keys())

# metric, bands with the values they hold (bad to good), unit of the score
SCALES = [
    ("nps", {"detractor": range(7), "passive": [7, 8], "promoter": [9, 10]}, "points"),
    ("enps", {"detractor": range(7), "passive": [7, 8], "promoter": [9, 10]}, "points"),
    ("ces2", {"difficult": [1, 2, 3], "neutral": [4], "easy": [5, 6, 7]}, "mean"),
    ("ces1", {"difficult": [4, 5], "neutral": [3], "easy": [1, 2]}, "mean"),
    ("ces_item", {"difficult": [1, 2, 3], "neutral": [4], "easy": [5, 6, 7]}, "mean"),
    ("csat", {"dissatisfied": [1, 2], "neutral": [3], "satisfied": [4, 5]}, "percent"),
    ("stars", {"dissatisfied": [1, 2], "neutral": [3], "satisfied": [4, 5]}, "mean"),
    ("smileys_3", {"dissatisfied": [1], "neutral": [2], "satisfied": [3]}, "percent"),
    ("smileys_5", {"dissatisfied": [1, 2], "neutral": [3], "satisfied": [4, 5]}, "percent"),
    ("thumbs", {"down": [0], "up": [1]}, "percent"),
    ("pmf", {"not": [1], "somewhat": [2], "very": [3]}, "percent"),
    ("sus", {"not_acceptable": range(20), "marginal": range(20, 29), "acceptable": range(29, 41)}, "mean"),
    ("umux_lite", {"not_acceptable": range(6), "marginal": [6, 7, 8], "acceptable": range(9, 13)}, "mean"),
    ("seq", {"difficult": [1, 2, 3], "neutral": [4], "easy": [5, 6, 7]}, "mean"),
]


@pytest.mark.parametrize(("key", "bands", "unit"), SCALES)
def test_the_bands_are_those_of_the_definition(key, bands, unit):
    metric = METRICS[key]
    values = range(metric.minimum, metric.maximum + 1)
    assert {value: metric.band(value) for value in values} == {
        value: name for name, members in bands.items() for value in members
    }
    assert metric.bands == tuple(bands)
    assert metric.unit == unit


def test_every_metric_of_the_table_is_checked_above():
    assert {key for key, _, _ in SCALES} == set(METRICS)


@every_metric
def test_the_table_names_a_metric_as_it_names_itself(metric):
    assert METRICS[metric.key] is metric
    assert metric.title
    assert metric.source


def test_only_the_old_effort_score_is_reversed():
    assert [metric.key for metric in METRICS.values() if metric.high_is_bad] == ["ces1"]


def test_nps_is_promoters_minus_detractors():
    result = METRICS["nps"].aggregate({10: 40, 9: 20, 8: 15, 7: 5, 6: 10, 0: 10})
    assert (result.n, result.value, result.unit) == (100, 40, "points")
    # By hand: N' = 40/103 = 0.3883, SE = sqrt((81.5/103 - N'^2)/103) = 0.0789
    assert (result.low, result.high) == pytest.approx((23.38, 54.29), abs=0.005)
    assert result.band_counts == {"detractor": 20, "passive": 20, "promoter": 60}
    assert [(other.key, other.value) for other in result.secondary] == [
        ("promoters", 60),
        ("passives", 20),
        ("detractors", 20),
    ]


def test_csat_is_the_share_of_the_top_two():
    result = METRICS["csat"].aggregate({5: 30, 4: 51, 3: 100, 2: 50, 1: 32})
    # Wilson's interval for 81 of 263, as in Newcombe's worked example: 0.2553 to 0.3662
    assert result.n == 263
    assert (result.value, result.low, result.high) == pytest.approx((30.80, 25.53, 36.62), abs=0.005)
    assert result.secondary[0].key == "mean"
    assert result.secondary[0].value == pytest.approx(786 / 263)


def test_ces_is_a_mean_with_a_t_interval_and_the_share_of_easy():
    result = METRICS["ces2"].aggregate({3: 1, 5: 2, 6: 1, 7: 1})  # mean 5.2, s^2 = 2.2, t = 2.776
    half = 2.776445 * math.sqrt(2.2 / 5)
    assert (result.value, result.low) == pytest.approx((5.2, 5.2 - half), abs=1e-5)
    assert result.high == 7  # 7.04 by the formula, which is off the scale
    assert (result.secondary[0].key, result.secondary[0].value) == ("easy", 80)


def test_the_old_effort_score_counts_low_values_as_easy():
    result = METRICS["ces1"].aggregate({1: 3, 2: 2, 5: 5})
    assert result.value == pytest.approx(3.2)
    assert result.secondary[0].value == 50
    assert list(result.band_counts) == ["difficult", "neutral", "easy"]


def test_the_top_face_alone_counts_of_three_and_the_top_two_of_five():
    assert METRICS["smileys_3"].aggregate({1: 1, 2: 1, 3: 2}).value == 50
    assert METRICS["smileys_5"].aggregate({1: 1, 3: 1, 4: 1, 5: 1}).value == 50


def test_product_market_fit_is_the_share_of_very_disappointed():
    assert METRICS["pmf"].aggregate({3: 4, 2: 5, 1: 1}).value == 40


@pytest.mark.parametrize(
    ("answers", "published_score"),
    [
        ([5, 1] * 5, 100),
        ([1, 5] * 5, 0),
        ([3] * 10, 50),
        ([4, 2, 4, 1, 3, 2, 5, 2, 4, 2], 77.5),
    ],
)
def test_sus_is_scored_by_its_formula(answers, published_score):
    stored = sus_instrument.score(answers)
    assert METRICS["sus"].aggregate({stored: 3}).value == published_score


@pytest.mark.parametrize(
    ("answers", "score", "predicted_sus"), [([7, 7], 100, 87.9), ([1, 1], 0, 22.9), ([6, 5], 75, 71.65)]
)
def test_umux_lite_is_scored_by_its_formula(answers, score, predicted_sus):
    result = METRICS["umux_lite"].aggregate({umux_lite_instrument.score(answers): 2})
    assert result.value == pytest.approx(score)
    assert result.secondary[0].value == pytest.approx(predicted_sus)


@pytest.mark.parametrize("answers", [[], [3] * 9, [3] * 11, [0] + [3] * 9, [6] + [3] * 9])
def test_sus_refuses_what_is_not_its_form(answers):
    with pytest.raises(ValueError, match="ten answers"):
        sus_instrument.score(answers)


@pytest.mark.parametrize("answers", [[], [3], [3, 3, 3], [0, 3], [3, 8]])
def test_umux_lite_refuses_what_is_not_its_form(answers):
    with pytest.raises(ValueError, match="two answers"):
        umux_lite_instrument.score(answers)


def test_the_same_share_needs_many_answers_before_a_rise_is_called_one():
    nps = METRICS["nps"]
    few = nps.compare({10: 15, 7: 9, 0: 6}, {10: 12, 7: 9, 0: 9})
    many = nps.compare({10: 1500, 7: 900, 0: 600}, {10: 1200, 7: 900, 0: 900})
    assert (few.difference, few.changed) == (pytest.approx(20), False)
    assert (many.difference, many.changed) == (pytest.approx(20), True)
    assert many.p_value < 0.001
    assert few.p_value > 0.2


def test_two_net_scores_are_compared_by_the_z_of_their_adjusted_forms():
    result = METRICS["nps"].compare({10: 60, 7: 20, 0: 20}, {10: 50, 7: 20, 0: 30})
    net_a, net_b = 40 / 103, 20 / 103
    error = math.sqrt((81.5 / 103 - net_a**2) / 103 + (81.5 / 103 - net_b**2) / 103)
    assert result.difference == pytest.approx(20)
    assert result.p_value == pytest.approx(math.erfc((net_a - net_b) / error / math.sqrt(2)))
    assert (result.low, result.high) == pytest.approx(
        (100 * (net_a - net_b - 1.959964 * error), 100 * (net_a - net_b + 1.959964 * error)), abs=1e-4
    )


def test_two_shares_are_compared_by_newcombes_interval():
    result = METRICS["thumbs"].compare({1: 56, 0: 14}, {1: 48, 0: 32})  # 56 of 70, 48 of 80
    assert (result.low, result.high) == pytest.approx((5.24, 33.39), abs=0.005)
    assert result.difference == pytest.approx(20)
    assert result.changed


def test_where_interval_and_p_value_disagree_nothing_is_called_a_change():
    result = METRICS["thumbs"].compare({1: 4, 0: 16}, {1: 0, 0: 20})
    assert result.p_value < 0.05
    assert result.low < 0
    assert not result.changed


def test_the_interval_of_a_stretched_score_is_stretched_as_well():
    stored = [12, 20, 25, 31, 40]
    expected = stats.t.interval(0.95, 4, stats.tmean(stored), stats.sem(stored))
    result = METRICS["sus"].aggregate(Counter(stored))
    assert (result.low, result.high) == pytest.approx((2.5 * expected[0], 2.5 * expected[1]))


def test_a_change_of_means_without_spread_is_not_judged():
    result = METRICS["stars"].compare({5: 4}, {4: 4})
    assert (result.difference, result.low, result.p_value, result.changed) == (1, None, None, False)


@every_metric
def test_no_answers_give_no_score(metric):
    for counts in ({}, {metric.minimum: 0}):
        result = metric.aggregate(counts)
        assert (result.n, result.value, result.low, result.high) == (0, None, None, None)
        assert set(result.band_counts.values()) == {0}
        assert {other.value for other in result.secondary} <= {None}
        assert metric.compare(counts, {metric.maximum: 9}) == metric.compare({metric.maximum: 9}, counts)
        assert metric.compare(counts, counts).difference is None


@every_metric
def test_what_is_not_on_the_scale_is_refused(metric):
    for call in (metric.band, metric.badness):
        for value in (metric.minimum - 1, metric.maximum + 1):
            with pytest.raises(ValueError, match="is not on it"):
                call(value)
    with pytest.raises(ValueError, match="is not on it"):
        metric.aggregate({metric.maximum + 1: 1})
    with pytest.raises(ValueError, match="is not a number of answers"):
        metric.aggregate({metric.maximum: -1})


@every_metric
def test_badness_runs_from_the_best_to_the_worst_end(metric):
    values = list(range(metric.minimum, metric.maximum + 1))
    if metric.high_is_bad:
        values.reverse()
    badness = [metric.badness(value) for value in values]
    assert (badness[0], badness[-1]) == (1.0, 0.0)
    assert badness == sorted(badness, reverse=True)
    ranks = [metric.bands.index(metric.band(value)) for value in values]
    assert ranks == sorted(ranks)


def answers_for(metric):
    return st.lists(st.integers(metric.minimum, metric.maximum), min_size=2, max_size=80)


@every_metric
@given(data=st.data())
def test_every_aggregate_is_sound(metric, data):
    answers = data.draw(answers_for(metric))
    result = metric.aggregate(Counter(answers))
    assert result.n == len(answers) == sum(result.band_counts.values()) == sum(result.counts.values())
    assert list(result.counts) == list(range(metric.minimum, metric.maximum + 1))
    for number in (result, *result.secondary):
        if number.low is not None:
            assert number.low - 1e-9 <= number.value <= number.high + 1e-9


@every_metric
@given(data=st.data())
def test_a_comparison_turned_round_says_the_opposite(metric, data):
    a, b = Counter(data.draw(answers_for(metric))), Counter(data.draw(answers_for(metric)))
    forth, back = metric.compare(a, b), metric.compare(b, a)
    assert forth.changed == back.changed
    assert forth.p_value == pytest.approx(back.p_value)
    assert forth.difference == pytest.approx(-back.difference)
    if forth.low is not None:
        assert forth.low == pytest.approx(-back.high)


@every_metric
@given(data=st.data())
def test_a_group_never_differs_from_itself(metric, data):
    counts = Counter(data.draw(answers_for(metric)))
    result = metric.compare(counts, counts)
    assert (result.difference, result.changed) == (0, False)
    assert result.p_value in (None, pytest.approx(1))


@every_metric
@given(data=st.data())
def test_more_of_the_same_answers_never_widen_the_interval(metric, data):
    counts = Counter(data.draw(answers_for(metric)))
    once = metric.aggregate(counts)
    tenfold = metric.aggregate({value: 10 * count for value, count in counts.items()})
    assert tenfold.value == pytest.approx(once.value)
    if once.low is not None:
        assert tenfold.high - tenfold.low <= once.high - once.low + 1e-9


@pytest.mark.parametrize(
    ("n", "shown"),
    [
        (0, Display.HIDDEN),
        (9, Display.HIDDEN),
        (10, Display.INDICATIVE),
        (29, Display.INDICATIVE),
        (30, Display.SHOWN),
    ],
)
def test_a_score_is_shown_only_when_enough_answers_stand_behind_it(n, shown):
    assert display(n) is shown


def test_a_cell_of_a_breakdown_under_five_answers_is_hidden():
    assert [n for n in range(8) if cell_visible(n)] == [5, 6, 7]
