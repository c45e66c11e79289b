"""Response rates."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from statsmodels.stats.proportion import proportion_confint

from feedback.core.time.period import Period
from feedback.services import reports, rollups
from feedback.store.database import Database
from tests.factories_reports import MARCH, answered, invitation

MONTH = Period(date(2026, 3, 1), date(2026, 3, 31))


def test_the_rate_is_of_those_who_were_asked_in_the_period(migrated: Database) -> None:
    with migrated.writing() as session:
        for _ in range(6):
            answered(session, 9, channel="sms", stage="support")
        answered(session, 1, channel="sms", stage="support", provisional=True)
        for _ in range(5):
            invitation(session, channel="sms", stage="support")
        invitation(session, channel="email", stage="renewal")
        invitation(session, MARCH + timedelta(days=60))
        rollups.rebuild(session)
        rates = reports.response_rates(session, MONTH, ["survey"])
    support = rates.rate_for(stage="support", channel="sms")
    assert (support.sent, support.answered, support.provisional) == (12, 6, 1)
    assert support.share == pytest.approx(0.5)
    assert support.interval is not None
    expected = proportion_confint(6, 12, method="wilson")
    assert (support.interval.low, support.interval.high) == pytest.approx(expected)
    assert rates.rate_for(channel="email").share is None  # one invitation is no rate
    assert rates.total.sent == 13
    assert rates.total.provisional_share == pytest.approx(1 / 7)
    assert (rates.stages, rates.channels) == (["renewal", "support"], ["email", "sms"])
