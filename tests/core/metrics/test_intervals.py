"""Our intervals against scipy and statsmodels, and against the worked examples of their authors."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint, proportions_ztest

from feedback.core.metrics.intervals import (
    Interval,
    Moments,
    adjusted_wald_net,
    incomplete_beta,
    newcombe,
    sample_size,
    sample_size_for_share,
    t_interval,
    t_quantile,
    t_upper_tail,
    two_shares_p,
    welch,
    wilson,
    z_quantile,
)

CONFIDENCES = [0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 0.999999]


@pytest.mark.parametrize("confidence", CONFIDENCES)
@pytest.mark.parametrize("df", [0.5, 1, 1.5, 2, 3, 4, 9, 29.7, 100, 1234.5, 1e5, 9e6, 1e7, 1e9])
def test_students_quantile_is_that_of_scipy(df, confidence):
    assert t_quantile(confidence, df) == pytest.approx(stats.t.ppf(1 - (1 - confidence) / 2, df), rel=1e-6)


@given(df=st.floats(1, 1e5), confidence=st.floats(0.01, 0.9999))
def test_students_quantile_and_tail_undo_each_other(df, confidence):
    assert t_upper_tail(t_quantile(confidence, df), df) == pytest.approx((1 - confidence) / 2, rel=1e-8)


@given(t=st.floats(0, 50), df=st.floats(0.5, 1e5))
def test_students_tail_is_that_of_scipy(t, df):
    assert t_upper_tail(t, df) == pytest.approx(stats.t.sf(t, df), rel=1e-8, abs=1e-300)


@given(a=st.floats(0.1, 500), b=st.floats(0.1, 500), x=st.floats(0, 1))
def test_the_incomplete_beta_function_is_that_of_scipy(a, b, x):
    assert incomplete_beta(a, b, x, 1 - x) == pytest.approx(special.betainc(a, b, x), rel=1e-8, abs=1e-12)


def test_a_printed_t_table_is_met():
    printed = {1: 12.706, 2: 4.303, 4: 2.776, 10: 2.228, 30: 2.042, 120: 1.980}
    assert {df: round(t_quantile(0.95, df), 3) for df in printed} == printed


@given(n=st.integers(1, 10_000), data=st.data(), confidence=st.sampled_from(CONFIDENCES))
def test_wilsons_interval_is_that_of_statsmodels(n, data, confidence):
    successes = data.draw(st.integers(0, n))
    expected = proportion_confint(successes, n, alpha=1 - confidence, method="wilson")
    ours = wilson(successes, n, confidence)
    assert (ours.low, ours.high) == pytest.approx(expected, rel=1e-7, abs=1e-12)


# Newcombe (1998), table II: 95 % intervals by his method 10.
NEWCOMBE = [
    ((56, 70, 48, 80), (0.0524, 0.3339)),
    ((9, 10, 3, 10), (0.1705, 0.8090)),
    ((6, 7, 2, 7), (0.0582, 0.8062)),
    ((5, 56, 0, 29), (-0.0381, 0.1926)),
    ((0, 10, 0, 20), (-0.1611, 0.2775)),
    ((0, 10, 0, 10), (-0.2775, 0.2775)),
    ((10, 10, 0, 20), (0.6791, 1.0000)),
    ((10, 10, 0, 10), (0.6075, 1.0000)),
]


@pytest.mark.parametrize(("groups", "published"), NEWCOMBE)
def test_newcombes_own_examples_are_met(groups, published):
    ours = newcombe(*groups)
    assert (round(ours.low, 4), round(ours.high, 4)) == published


@given(n_1=st.integers(1, 500), n_2=st.integers(1, 500), data=st.data())
def test_the_difference_of_two_shares_is_judged_as_statsmodels_does(n_1, n_2, data):
    one, two = data.draw(st.integers(0, n_1)), data.draw(st.integers(0, n_2))
    expected = confint_proportions_2indep(one, n_1, two, n_2, method="newcomb", compare="diff")
    ours = newcombe(one, n_1, two, n_2)
    assert (ours.low, ours.high) == pytest.approx(expected, abs=1e-9)
    if 0 < one + two < n_1 + n_2:
        assert two_shares_p(one, n_1, two, n_2) == pytest.approx(
            proportions_ztest([one, two], [n_1, n_2])[1], rel=1e-7, abs=1e-12
        )


def test_two_groups_that_all_agree_do_not_differ():
    assert two_shares_p(7, 7, 9, 9) == 1.0


@given(st.lists(st.integers(1, 7), min_size=2, max_size=60))
def test_the_t_interval_is_that_of_scipy(answers):
    ours = t_interval(_moments(answers))
    if len(set(answers)) == 1:
        assert ours is None
    else:
        expected = stats.t.interval(0.95, len(answers) - 1, stats.tmean(answers), stats.sem(answers))
        assert (ours.low, ours.high) == pytest.approx(expected, rel=1e-8, abs=1e-9)


@given(
    st.lists(st.integers(1, 7), min_size=2, max_size=40).filter(lambda values: len(set(values)) > 1),
    st.lists(st.integers(1, 7), min_size=2, max_size=40).filter(lambda values: len(set(values)) > 1),
)
def test_welchs_test_is_that_of_scipy(a, b):
    oracle = stats.ttest_ind(a, b, equal_var=False)
    expected = oracle.confidence_interval(0.95)
    interval, p_value = welch(_moments(a), _moments(b))
    assert p_value == pytest.approx(oracle.pvalue, rel=1e-7, abs=1e-12)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), rel=1e-7, abs=1e-9)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (Moments(1, 4.0, 0.0), Moments(30, 3.0, 1.0)),
        (Moments(30, 3.0, 1.0), Moments(1, 4.0, 0.0)),
        (Moments(5, 4.0, 0.0), Moments(5, 3.0, 0.0)),
    ],
)
def test_welch_is_silent_where_the_spread_is_unknown(a, b):
    assert welch(a, b) is None


def test_one_group_without_spread_can_still_be_compared():
    interval, p_value = welch(Moments(10, 5.0, 0.0), Moments(10, 3.0, 1.0))
    error = math.sqrt(1 / 10)
    assert interval == Interval(
        pytest.approx(2 - t_quantile(0.95, 9) * error), pytest.approx(2 + t_quantile(0.95, 9) * error)
    )
    assert p_value == pytest.approx(2 * stats.t.sf(2 / error, 9))


@pytest.mark.parametrize(("n", "half_width"), [(30, 27), (100, 15), (300, 9)])
def test_a_net_score_of_30_is_less_certain_than_it_looks(n, half_width):
    interval = adjusted_wald_net(n * 5 // 10, n * 2 // 10, n)
    assert round((interval.high - interval.low) * 50) == half_width


def test_the_adjusted_wald_interval_by_hand():
    # 60 promoters, 20 detractors of 100: P' = 60.75/103, D' = 20.75/103
    interval = adjusted_wald_net(60, 20, 100)
    net, total = 40 / 103, 81.5 / 103
    half = 1.959964 * math.sqrt((total - net**2) / 103)
    assert (interval.low, interval.high) == pytest.approx((net - half, net + half), abs=1e-6)


def test_a_net_interval_stays_on_the_scale():
    assert adjusted_wald_net(3, 0, 3).high == 1
    assert adjusted_wald_net(0, 3, 3).low == -1


@pytest.mark.parametrize(
    ("margin", "typical", "worst"), [(5, 935, 1534), (10, 232, 382), (15, 102, 168), (20, 56, 94)]
)
def test_sample_sizes_for_a_net_score_are_those_published(margin, typical, worst):
    assert sample_size(margin, good=0.5, bad=0.2) == typical
    assert sample_size(margin) == worst


@given(margin=st.integers(2, 30), good=st.floats(0, 1), bad=st.floats(0, 1))
def test_with_the_sample_size_the_margin_is_kept(margin, good, bad):
    good, bad = good / 2, bad / 2
    n = sample_size(margin, good=good, bad=bad)
    half = z_quantile(0.95) * math.sqrt((good + bad - (good - bad) ** 2) / (n + 3))
    assert 100 * half <= margin + 1e-6


def test_of_a_small_population_fewer_need_to_answer():
    # 1533.6 / (1 + 1532.6/200) = 177.1 and 381.1 / (1 + 380.1/1000) = 276.2
    assert (sample_size(5, population=200), sample_size(10, population=1000)) == (178, 277)
    assert sample_size(5, population=1) == 1


def test_the_sample_size_for_a_share():
    assert sample_size_for_share(5) == 381  # 384.1 by the plain Wald formula, less z squared
    assert sample_size_for_share(5, share=0.9) < sample_size_for_share(5, share=0.6)


@pytest.mark.parametrize(
    "call",
    [
        lambda: sample_size(0),
        lambda: sample_size(101),
        lambda: sample_size(10, good=0.8, bad=0.3),
        lambda: sample_size_for_share(-1),
        lambda: sample_size_for_share(5, share=1.5),
        lambda: z_quantile(95),
        lambda: t_quantile(0.95, 0),
    ],
)
def test_senseless_arguments_are_refused(call):
    with pytest.raises(ValueError, match=r"\.$"):
        call()


def _moments(answers):
    variance = stats.tvar(answers) if len(set(answers)) > 1 else 0.0
    return Moments(len(answers), sum(answers) / len(answers), float(variance))
