"""The report on the terminal."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from feedback.errors import NotFound
from feedback.services import reports, rollups
from feedback.store.database import Database
from tests.factories_reports import LIBRARY, MARCH, answered

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)


def test_a_report_says_score_interval_change_rates_and_words(migrated: Database) -> None:
    with migrated.writing() as session:
        for value in [10] * 12 + [8] * 5 + [2] * 5:
            answered(session, value)
        answered(session, 1, MARCH + timedelta(hours=1), words="Slow\nand late")
        for _ in range(12):
            answered(session, 10, MARCH - timedelta(days=30))
        rollups.rebuild(session)
        text = "\n".join(reports.text_report(session, LIBRARY, FIRST, LAST, trend="survey"))
    assert "2026-03-01 to 2026-03-31" in text
    assert "+26  (95 % between -9 and +55)  from 23 answers  [indicative: fewer than 30]" in text
    assert "Changed by -74 (95 % between" in text
    assert "support, sms" in text
    assert "100 %" in text
    assert "2026-03-10  1: Slow and late" in text


def test_few_answers_are_listed_without_a_score(migrated: Database) -> None:
    with migrated.writing() as session:
        answered(session, 10)
        rollups.rebuild(session)
        text = "\n".join(reports.text_report(session, LIBRARY, FIRST, LAST))
    assert "1 answers: too few for a score (10 are needed)" in text
    assert "No comparison with the previous period" in text


def test_an_unknown_trend_is_answered_with_the_known_ones(migrated: Database) -> None:
    with migrated.reading() as session, pytest.raises(NotFound, match="known trends: survey"):
        reports.text_report(session, LIBRARY, FIRST, LAST, trend="relationshop")


@pytest.mark.parametrize("values", [[10] * 100 + [0] * 101, [8] * 40])
def test_a_score_that_is_rounded_to_zero_has_no_sign(migrated: Database, values: list[int]) -> None:
    with migrated.writing() as session:
        for value in values:
            answered(session, value)
            answered(session, value, MARCH - timedelta(days=31))
        rollups.rebuild(session)
        text = "\n".join(reports.text_report(session, LIBRARY, FIRST, LAST))
    assert "\n  0  (95 % between" in text
    assert "No significant change: 0 (95 % between" in text
    assert not re.search(r"[-+]0\b(?!\.)", text)
