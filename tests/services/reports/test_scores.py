"""Scores, their groups and their changes, against worked examples and independent statistics."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from scipy import stats
from sqlalchemy.orm import Session

from feedback.core.metrics import Display
from feedback.core.time.period import Bucket, Period
from feedback.services import reports, rollups
from feedback.services.reports import Group
from feedback.store.database import Database
from tests.factories_reports import LIBRARY, MARCH, answered

Q1 = Period(date(2026, 1, 1), date(2026, 3, 31))
MARCH_ONLY = Period(date(2026, 3, 1), date(2026, 3, 31))
FEBRUARY = MARCH - timedelta(days=28)


def nps(session: Session) -> reports.Series:
    return reports.find_series(reports.all_series(session, LIBRARY), "survey")


def fill(session: Session, values: dict[int, int], at: datetime = MARCH, **rest: object) -> None:
    for value, n in values.items():
        for _ in range(n):
            answered(session, value, at, **rest)  # type: ignore[arg-type]


def test_a_score_comes_with_its_interval_and_its_n(migrated: Database) -> None:
    """50 promoters, 30 passives, 20 detractors: +30, adjusted Wald by hand."""
    with migrated.writing() as session:
        fill(session, {10: 50, 8: 30, 3: 20})
        rollups.rebuild(session)
        shown = reports.score(session, nps(session), MARCH_ONLY)
    good, bad = 50.75 / 103, 20.75 / 103
    error = ((good + bad - (good - bad) ** 2) / 103) ** 0.5
    assert (shown.n, shown.aggregate.value, shown.display) == (100, 30, Display.SHOWN)
    assert shown.aggregate.low == pytest.approx(100 * (good - bad - stats.norm.ppf(0.975) * error))
    assert shown.aggregate.high == pytest.approx(100 * (good - bad + stats.norm.ppf(0.975) * error))


@pytest.mark.parametrize(
    ("n", "display"),
    [(9, Display.HIDDEN), (10, Display.INDICATIVE), (29, Display.INDICATIVE), (30, Display.SHOWN)],
)
def test_few_answers_have_no_score_and_some_an_indicative_one(
    migrated: Database, n: int, display: Display
) -> None:
    with migrated.writing() as session:
        fill(session, {10: n})
        rollups.rebuild(session)
        assert reports.score(session, nps(session), MARCH_ONLY).display is display


def test_only_answers_of_the_period_count_to_the_day(migrated: Database) -> None:
    edges = [datetime(2026, 2, 28, 23, 59, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)]
    edges += [datetime(2026, 3, 31, 23, 59, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)]
    with migrated.writing() as session:
        for value, at in enumerate(edges):
            answered(session, value, at)
        rollups.rebuild(session)
        found = reports.score(session, nps(session), MARCH_ONLY).aggregate.counts
        odd = reports.score(session, nps(session), Period(date(2026, 2, 28), date(2026, 4, 1)))
    assert {value for value, n in found.items() if n} == {1, 2}
    assert odd.n == 4


def test_a_trend_over_time_has_a_point_for_every_month(migrated: Database) -> None:
    with migrated.writing() as session:
        fill(session, {10: 12}, FEBRUARY)
        fill(session, {3: 3})
        rollups.rebuild(session)
        points = reports.over_time(session, nps(session), Q1, Bucket.MONTH)
        weeks = reports.over_time(session, nps(session), Q1, Bucket.WEEK)
    assert [(each.shown.n, each.shown.has_score) for each in points] == [(0, False), (12, True), (3, False)]
    assert [each.shown.n for each in weeks if each.shown.n] == [12, 3]
    assert len(weeks) == 14


def test_a_small_cell_is_hidden_with_another_one(migrated: Database) -> None:
    with migrated.writing() as session:
        fill(session, {9: 40}, segment="core")
        fill(session, {9: 12}, segment="vip")
        fill(session, {2: 3}, segment="potential")
        rollups.rebuild(session)
        cells = {
            cell.group.key: cell for cell in reports.breakdown(session, nps(session), MARCH_ONLY, "segment")
        }
    assert cells["core"].shown.has_score
    assert {key for key, cell in cells.items() if cell.shown.covered} == {"potential", "vip"}


def test_the_rest_of_a_small_cell_is_not_given_away_by_a_comparison(migrated: Database) -> None:
    with migrated.writing() as session:
        fill(session, {9: 40}, segment="core")
        fill(session, {2: 3}, segment="potential")
        rollups.rebuild(session)
        found = reports.compare_groups(session, nps(session), MARCH_ONLY, Group("segment", "core"))
    assert found.change is None
    assert not found.a.has_score


def test_two_periods_are_compared_with_the_test_of_two_adjusted_net_scores(migrated: Database) -> None:
    with migrated.writing() as session:
        fill(session, {10: 60, 8: 20, 3: 20})
        fill(session, {10: 40, 8: 20, 3: 40}, FEBRUARY)
        rollups.rebuild(session)
        found = reports.compare_periods(session, nps(session), MARCH_ONLY, MARCH_ONLY.before())

    def adjusted(good: int, bad: int, n: int) -> tuple[float, float]:
        """Mean and variance of the mean, as numpy finds them in n + 3 answers of weight one."""
        values, weights = np.array([1, -1, 0]), np.array([good + 0.75, bad + 0.75, n - good - bad + 1.5])
        mean = np.average(values, weights=weights)
        return mean, np.average((values - mean) ** 2, weights=weights) / weights.sum()

    (a, variance_a), (b, variance_b) = adjusted(60, 20, 100), adjusted(40, 40, 100)
    z = (a - b) / (variance_a + variance_b) ** 0.5
    assert found.change is not None
    assert found.change.difference == pytest.approx(40)
    assert found.change.p_value == pytest.approx(2 * stats.norm.sf(abs(z)))
    assert found.change.changed


def test_a_change_within_its_interval_is_no_real_change(migrated: Database) -> None:
    with migrated.writing() as session:
        fill(session, {10: 12, 3: 8})
        fill(session, {10: 11, 3: 9}, FEBRUARY)
        rollups.rebuild(session)
        found = reports.compare_periods(session, nps(session), MARCH_ONLY, MARCH_ONLY.before())
    assert found.change is not None
    assert not found.change.changed


def test_groups_are_compared_with_all_others_together(migrated: Database) -> None:
    with migrated.writing() as session:
        fill(session, {10: 20}, channel="sms")
        fill(session, {10: 5, 3: 15}, channel="email")
        rollups.rebuild(session)
        found = reports.compare_groups(session, nps(session), MARCH_ONLY, Group("channel", "sms"))
    assert (found.a.n, found.b.n) == (20, 20)
    assert found.change is not None
    assert found.change.changed


def test_what_was_only_asked_before_is_still_a_series(migrated: Database) -> None:
    from feedback.core.journey import Journey
    from feedback.library import Library

    with migrated.writing() as session:
        LIBRARY.published(session, "survey", MARCH)
        without = Library({}, Journey(stages=()))
        assert [each.trend for each in reports.all_series(session, without)] == ["survey"]


def test_the_overview_leaves_out_what_nobody_answered(migrated: Database) -> None:
    with migrated.writing() as session:
        series = reports.all_series(session, LIBRARY)
        assert reports.overview(session, series, Q1, Bucket.MONTH) == []
        fill(session, {10: 3})
        rollups.rebuild(session)
        (glance,) = reports.overview(session, series, Q1, Bucket.MONTH)
    assert (glance.compared.a.n, glance.rate and glance.rate.sent) == (3, 3)


def test_a_group_asked_for_alone_is_hidden_where_a_breakdown_hides_it(migrated: Database) -> None:
    with migrated.writing() as session:
        fill(session, {9: 12}, segment="core")
        fill(session, {2: 3}, segment="vip")
        rollups.rebuild(session)
        alone = reports.compare_periods(
            session, nps(session), MARCH_ONLY, Q1.before(), Group("segment", "core")
        )
        own = Group("segment", "core", is_own=True)
        mine = reports.compare_periods(session, nps(session), MARCH_ONLY, Q1.before(), own)
    assert (alone.a.covered, alone.a.has_score, mine.a.has_score) == (True, False, True)
