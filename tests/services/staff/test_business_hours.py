"""A promise is due when its owner works, wherever that is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from feedback.errors import Rejected
from feedback.services.notifications import owner_digest
from feedback.services.staff import business_hours
from feedback.services.staff.business_hours import BusinessHours
from feedback.settings import Settings
from feedback.store.models import FollowUp, User
from tests.services.followups.desk import MONDAY, Desk

IRAN = BusinessHours(frozenset({5, 6, 0, 1, 2}), time(8), time(16))
WEDNESDAY = datetime(2026, 3, 4, 11, tzinfo=UTC)  # half past two in Tehran


def set_hours(desk: Desk, name: str, hours: BusinessHours, settings: Settings | None = None) -> None:
    with desk.runtime.database.writing() as session:
        user = session.get_one(User, desk.people[name])
        user.time_zone = "Asia/Tehran"
        followup = (settings or desk.runtime.settings).followup
        business_hours.set_hours(session, user, hours, followup, by=None, now=MONDAY)


def due(desk: Desk, owner: str, now: datetime) -> datetime:
    (task,) = desk.answer(desk.customer(owner), 2, now=now)
    return task.contact_due_at


def test_a_weekend_is_the_owner_s_own(desk: Desk) -> None:
    set_hours(desk, "neda", IRAN)
    # 4 hours: an hour and a half on Wednesday, the others on Saturday from eight on, at 03:30 east of Greenwich
    assert due(desk, "neda", WEDNESDAY) == datetime(2026, 3, 7, 7, tzinfo=UTC)
    assert due(desk, "cem", WEDNESDAY) == WEDNESDAY + timedelta(hours=4)


def test_holidays_go_by_the_owner_s_calendar(desk: Desk) -> None:
    holidays = {"iran": (date(2026, 3, 7), date(2026, 3, 8))}
    followup = replace(desk.runtime.settings.followup, holiday_calendars=holidays)
    desk.runtime = replace(desk.runtime, settings=replace(desk.runtime.settings, followup=followup))
    set_hours(desk, "neda", replace(IRAN, holidays="iran"), desk.runtime.settings)
    assert due(desk, "neda", WEDNESDAY) == datetime(2026, 3, 9, 7, tzinfo=UTC)


def test_nobody_is_reminded_on_their_weekend(desk: Desk) -> None:
    set_hours(desk, "neda", IRAN)
    due(desk, "neda", WEDNESDAY)

    def told(now: datetime) -> int:
        with desk.runtime.database.writing() as session:
            return owner_digest.tell_owners(session, desk.runtime, now)

    saturday = datetime(2026, 3, 7, 5, tzinfo=UTC)
    assert [told(now) for now in (WEDNESDAY, WEDNESDAY + timedelta(days=1), saturday)] == [1, 0, 1]


def test_what_equals_the_installation_s_moves_with_it(desk: Desk) -> None:
    usual = business_hours.usual_hours(desk.runtime.settings.followup)
    set_hours(desk, "neda", replace(usual, days=IRAN.days))
    later = replace(desk.runtime.settings.followup, opens=time(10), closes=time(18))
    with desk.runtime.database.reading() as session:
        neda = session.get_one(User, desk.people["neda"])
        assert (neda.work_days, neda.work_from, neda.work_to) == ([0, 1, 2, 5, 6], None, None)
        assert business_hours.hours_of(neda, later) == BusinessHours(IRAN.days, time(10), time(18))


def test_an_open_promise_keeps_its_date(desk: Desk) -> None:
    (task,) = desk.answer(desk.customer("neda"), 2, now=WEDNESDAY)
    set_hours(desk, "neda", IRAN)
    with desk.runtime.database.reading() as session:
        assert session.get_one(FollowUp, task.id).contact_due_at == task.contact_due_at


@pytest.mark.parametrize(
    "hours",
    [
        replace(IRAN, days=frozenset()),
        replace(IRAN, days=frozenset({7})),
        replace(IRAN, opens=time(16)),
        replace(IRAN, holidays="mars"),
    ],
)
def test_hours_at_which_nobody_could_work_are_refused(desk: Desk, hours: BusinessHours) -> None:
    with pytest.raises(Rejected):
        set_hours(desk, "neda", hours)


def test_a_calendar_that_the_settings_know_no_more_is_named_by_doctor(desk: Desk) -> None:
    set_hours(desk, "neda", IRAN)
    with desk.runtime.database.writing() as session:
        session.get_one(User, desk.people["neda"]).holidays = "gone"
    with desk.runtime.database.reading() as session:
        (problem,) = business_hours.problems(session, desk.runtime.settings.followup)
        neda = session.get_one(User, desk.people["neda"])
        assert business_hours.calendar_of(neda, desk.runtime.settings.followup).holidays == frozenset()
    assert (problem.code, problem.level) == ("F113", "warning")
