"""Responses one by one: paged without gaps or doubles."""

from __future__ import annotations

from datetime import UTC, date, timedelta

import pytest

from feedback.core.time.period import Period
from feedback.errors import NotFound
from feedback.services import reports
from feedback.services.access import Viewer
from feedback.services.reports import ResponseSelection
from feedback.store.database import Database
from tests.factories_reports import MARCH, account, answered, contact, user

LEAD = Viewer(1, sees_all=True)
MARCH_ONLY = ResponseSelection(*Period(date(2026, 3, 1), date(2026, 3, 31)).moments(UTC))


def test_pages_have_every_response_once(migrated: Database) -> None:
    with migrated.writing() as session:
        made = [answered(session, 9, MARCH + timedelta(hours=n // 2)).id for n in range(7)]
        answered(session, 9, MARCH, provisional=True)
        answered(session, 9, MARCH + timedelta(days=40))
        first = reports.listed_responses(session, LEAD, MARCH_ONLY, limit=4)
        rest = reports.listed_responses(session, LEAD, MARCH_ONLY, before=first[-1].id, limit=4)
        assert [each.id for each in (*first, *rest)] == sorted(made, reverse=True)


def test_a_response_of_somebody_elses_account_is_not_found(migrated: Database) -> None:
    with migrated.writing() as session:
        owner, other = user(session), user(session, "Other")
        person = contact(session, account(session, owner_id=owner.id))
        response = answered(session, 9, person=person)
        assert reports.one_response(session, Viewer(owner.id), response.id).id == response.id
        with pytest.raises(NotFound):
            reports.one_response(session, Viewer(other.id), response.id)
        assert reports.listed_responses(session, Viewer(other.id), MARCH_ONLY) == []
