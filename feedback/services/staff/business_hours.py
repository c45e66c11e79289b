"""The working hours of staff, on which due dates and reminders depend.

Days, hours and holidays default to the installation's; the time zone is always the user's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback.core.time.business_time import BusinessCalendar
from feedback.errors import Rejected
from feedback.services import audit
from feedback.settings import Problem
from feedback.settings.table import FollowUpSettings
from feedback.store.models import User


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """`days` count from Monday = 0; `opens` and `closes` are local, `closes` at midnight is the end of the day.

    `holidays` names one of `followup.holiday_calendars`; empty stands for `followup.holidays`.
    """

    days: frozenset[int]
    opens: time
    closes: time
    holidays: str = ""


def usual_hours(followup: FollowUpSettings) -> BusinessHours:
    """The installation's hours."""
    return BusinessHours(frozenset(int(day) for day in followup.weekdays), followup.opens, followup.closes)


def hours_of(user: User | None, followup: FollowUpSettings) -> BusinessHours:
    """The user's hours, with the installation's as defaults; a calendar that is not in the settings is ignored."""
    usual = usual_hours(followup)
    if user is None:
        return usual
    return BusinessHours(
        days=frozenset(user.work_days) if user.work_days else usual.days,
        opens=usual.opens if user.work_from is None else user.work_from,
        closes=usual.closes if user.work_to is None else user.work_to,
        holidays=user.holidays if user.holidays and user.holidays in followup.holiday_calendars else "",
    )


def set_hours(
    session: Session,
    user: User,
    hours: BusinessHours,
    followup: FollowUpSettings,
    *,
    by: int | None,
    now: datetime,
) -> None:
    """Set a user's hours. Values that equal the installation's are not stored, so they follow its changes.

    Raises Rejected for impossible hours. Open follow-ups keep their due dates.
    """
    if not hours.days <= set(range(7)) or not hours.days:
        raise Rejected("Choose at least one working day.")
    if hours.opens >= hours.closes != time(0):
        raise Rejected("Set an end time after the start time.")
    if hours.holidays and hours.holidays not in followup.holiday_calendars:
        raise Rejected("Choose a holiday calendar from the list.")
    usual = usual_hours(followup)
    same_hours = (hours.opens, hours.closes) == (usual.opens, usual.closes)
    user.work_days = None if hours.days == usual.days else sorted(hours.days)
    user.work_from, user.work_to = (None, None) if same_hours else (hours.opens, hours.closes)
    user.holidays = hours.holidays or None
    audit.record(session, "hours", "user", user.id, by=by, now=now)


def calendar_of(user: User | None, followup: FollowUpSettings) -> BusinessCalendar:
    """The business calendar of a user, or of the installation if `user` is None."""
    hours = hours_of(user, followup)
    default = followup.time_zone.key if followup.time_zone else "UTC"
    return BusinessCalendar(
        time_zone=(user.time_zone if user else None) or default,
        weekdays=hours.days,
        opens=hours.opens,
        closes=hours.closes,
        holidays=frozenset(followup.holiday_calendars.get(hours.holidays, followup.holidays)),
    )


def problems(session: Session, followup: FollowUpSettings) -> Iterator[Problem]:
    """Problems: holiday calendars of users that are missing in the settings."""
    kept = select(User.holidays, func.count()).where(User.holidays.is_not(None)).group_by(User.holidays)
    for name, count in session.execute(kept.order_by(User.holidays)):
        if name not in followup.holiday_calendars:
            yield Problem(
                "F113",
                f"{count} users have the holiday calendar {name!r}, which is not in the settings.",
                "Add it to followup.holiday_calendars.",
                "warning",
            )
