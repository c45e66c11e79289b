"""When a member of staff works: due dates and reminders go by it.

Days, hours and holidays are the installation's until somebody sets their own; the clocks are always their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback.core.business_time import BusinessCalendar
from feedback.errors import Rejected
from feedback.services import audit
from feedback.settings import Problem
from feedback.settings.table import FollowUp as FollowUpSettings
from feedback.store.models import User


@dataclass(frozen=True, slots=True)
class Hours:
    """`days` count from Monday = 0; `opens` and `closes` are local, `closes` at midnight is the end of the day.

    `holidays` names one of `followup.holiday_calendars`; empty stands for `followup.holidays`.
    """

    days: frozenset[int]
    opens: time
    closes: time
    holidays: str = ""


def usual_hours(followup: FollowUpSettings) -> Hours:
    """Those of the installation."""
    return Hours(frozenset(int(day) for day in followup.weekdays), followup.opens, followup.closes)


def hours_of(user: User | None, followup: FollowUpSettings) -> Hours:
    """The user's own as far as they have any; a calendar that the settings know no more counts as none."""
    usual = usual_hours(followup)
    if user is None:
        return usual
    return Hours(
        days=frozenset(user.work_days) if user.work_days else usual.days,
        opens=usual.opens if user.work_from is None else user.work_from,
        closes=usual.closes if user.work_to is None else user.work_to,
        holidays=user.holidays if user.holidays and user.holidays in followup.holiday_calendars else "",
    )


def set_hours(
    session: Session, user: User, hours: Hours, followup: FollowUpSettings, *, by: int | None, now: datetime
) -> None:
    """Let a user work at other times. What equals the installation's stays the installation's, and moves with it.

    Raises Rejected for hours at which nobody could work. Follow-ups that are open keep their due dates.
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
    """Business time as this user has it; without a user, as the settings have it."""
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
    """Calendars of holidays that somebody keeps and the settings do not know."""
    kept = select(User.holidays, func.count()).where(User.holidays.is_not(None)).group_by(User.holidays)
    for name, count in session.execute(kept.order_by(User.holidays)):
        if name not in followup.holiday_calendars:
            yield Problem(
                "F113",
                f"{count} colleagues keep the holidays of {name!r}, which are not in the settings.",
                "Name them in followup.holiday_calendars.",
                "warning",
            )
