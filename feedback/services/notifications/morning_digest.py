"""The e-mail with which a colleague's working day begins: what is most important, due and promised today.

It is sent once on each of their working days, when their business hours begin, if there is anything to do. The day is
stored in the user's row together with the message, so several workers do not send it twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from feedback.core.text.localized import Text
from feedback.core.time.local_days import day_of, end_of_day
from feedback.i18n import Translator
from feedback.services.access import Viewer, stands_for
from feedback.services.context import Context
from feedback.services.followups import priority_reasons, queue
from feedback.services.followups.naming import name_of
from feedback.services.followups.queue import Filter, QueueRow, Scales
from feedback.services.notifications import staff_email
from feedback.services.staff.business_hours import calendar_of
from feedback.services.staff.readers import translator_for
from feedback.settings import Settings
from feedback.store.models import FollowUp, User
from feedback.store.portions import Portions

PURPOSE = "morning"
LATEST = timedelta(hours=3)
"""After the beginning of business hours. A worker that starts later sends no digest of a morning that is over."""
MOST_IMPORTANT = 5
LISTED = 15
"""Follow-ups in each of the other lists."""
LEFT_OUT = frozenset({"score", "fall"})
"""Reasons that are not sent: an e-mail inbox is less protected than the desk."""


@dataclass(frozen=True, slots=True)
class WorkingDay:
    """What there is to do for one person: their follow-ups in the order of the queue, and those that they snoozed until
    a time of this day."""

    rows: Sequence[QueueRow]
    callbacks: Sequence[FollowUp]

    def __bool__(self) -> bool:
        return bool(self.rows or self.callbacks)


def send_all(portions: Portions, context: Context, now: datetime) -> None:
    """Queue the digest of everybody whose working day has begun."""
    if not staff_email.can_write(context.providers):
        return
    with portions.database.reading() as session:
        letters = [
            (user.id, _letter(session, user, context, now))
            for user in _readers(session, context.settings, now)
        ]
    portions.each(letters, lambda session, some: _queue(session, some, context, now))


def _readers(session: Session, settings: Settings, now: datetime) -> Iterator[User]:
    """Those who want the digest, are here, and for whom it was not decided today."""
    here = or_(User.away_until.is_(None), User.away_until <= now)
    wanted = select(User).where(User.active, User.morning_digest, here).order_by(User.id)
    return (user for user in session.scalars(wanted) if _is_due(user, settings, now))


def _is_due(user: User, settings: Settings, now: datetime) -> bool:
    began = calendar_of(user, settings.followup).opened_at(now)
    is_morning = began is not None and now - began <= LATEST
    return is_morning and (user.digested_on is None or user.digested_on < _today(user, settings, now))


def _today(user: User, settings: Settings, now: datetime) -> date:
    return day_of(now, _zone(user, settings))


def _zone(user: User, settings: Settings) -> ZoneInfo:
    return ZoneInfo(user.time_zone) if user.time_zone else settings.organisation.time_zone


def _queue(
    session: Session,
    letters: Sequence[tuple[int, tuple[str, str] | None]],
    context: Context,
    now: datetime,
) -> None:
    """Queue letters (subject, body) to users, unless another worker has decided in the meantime; one at a time, to
    prevent deadlocks."""
    for user_id, letter in letters:
        for user in staff_email.one_at_a_time(session, User.id == user_id):
            session.refresh(user)
            if not _is_due(user, context.settings, now):
                continue
            user.digested_on = _today(user, context.settings, now)
            if letter is not None:
                staff_email.tell(
                    session, user, *letter, providers=context.providers, now=now, purpose=PURPOSE
                )


def working_day(session: Session, user: User, settings: Settings, now: datetime) -> WorkingDay:
    """What the user owns, or somebody who is away and for whom they stand in."""
    zone, viewer, scales = _zone(user, settings), Viewer(user.id), Scales.from_settings(settings)
    rows: list[QueueRow] = []
    callbacks: list[FollowUp] = []
    owners = session.scalars(stands_for(viewer)).all()
    for owner in owners:
        rows += queue.ranked(session, viewer, Filter(owner=owner), scales=scales, now=now, zone=zone)
        asleep = queue.ranked(
            session, viewer, Filter(owner=owner, state="snoozed"), scales=scales, now=now, zone=zone
        )
        callbacks += [each.task for each in asleep]
    tonight = end_of_day(now, zone)
    if len(owners) > 1:
        rows.sort(key=lambda row: (-row.priority.value, row.task.contact_due_at, row.task.id))
    return WorkingDay(
        rows,
        sorted(
            (each for each in callbacks if each.snoozed_until and each.snoozed_until < tonight),
            key=lambda each: (each.snoozed_until, each.id),
        ),
    )


def _letter(session: Session, user: User, context: Context, now: datetime) -> tuple[str, str] | None:
    """Subject and body; None if there is nothing to do."""
    day = working_day(session, user, context.settings, now)
    return MorningLetter(user, day, context.settings, now).written() if day else None


@dataclass(frozen=True, slots=True)
class MorningLetter:
    """The words of one digest, in the reader's language. They contain no score and no words of the customer."""

    user: User
    day: WorkingDay
    settings: Settings
    now: datetime

    def written(self) -> tuple[str, str]:
        """(subject, body)."""
        say = self._say
        number = len(self.day.rows) + len(self.day.callbacks)
        subject = say.ngettext("Your day: {n} follow-up", "Your day: {n} follow-ups", number)
        parts = [
            *_section(say.gettext("Most important now"), self._important()),
            *_section(say.gettext("Also due today"), self._also_due()),
            *_section(say.gettext("Promised for today"), self._promised()),
            say.gettext(
                "You can turn this e-mail off in your account: {link}", link=f"{self._site}/account/"
            ),
        ]
        return subject, "\n\n".join(parts)

    @property
    def _say(self) -> Translator:
        return translator_for(self.user, self.settings)

    @property
    def _site(self) -> str:
        return self.settings.web.public_url.rstrip("/")

    def _important(self) -> list[str]:
        lines = [self._entry(row.task, self._reasons(row)) for row in self.day.rows[:MOST_IMPORTANT]]
        more = len(self.day.rows) - MOST_IMPORTANT
        if more > 0:
            told = self._say.gettext("and {n} more", n=more)
            lines.append(f"{told}\n{self._site}/desk/?whose=mine")
        return lines

    def _also_due(self) -> list[str]:
        """The others that are due before midnight, and overdue ones."""
        say, zone = self._say, _zone(self.user, self.settings)
        tonight = end_of_day(self.now, zone)
        others = [row.task for row in self.day.rows[MOST_IMPORTANT:] if queue.due_at(row.task) < tonight]
        return [
            self._entry(
                task,
                say.gettext("First contact due: {when}", when=say.moment(queue.due_at(task), zone))
                if task.first_contact_at is None
                else say.gettext("Close by: {when}", when=say.moment(queue.due_at(task), zone)),
            )
            for task in others[:LISTED]
        ]

    def _promised(self) -> list[str]:
        say, zone = self._say, _zone(self.user, self.settings)
        return [
            self._entry(task, say.gettext("Call back at {time}", time=say.time(task.snoozed_until, zone)))
            for task in self.day.callbacks[:LISTED]
            if task.snoozed_until
        ]

    def _reasons(self, row: QueueRow) -> str:
        say, currency = self._say, self.settings.organisation.currency
        revenue = priority_reasons.revenue(say, row.task.account, currency)
        told = priority_reasons.sentences(say, row.priority, revenue)
        return say.comma.join(words for code, words, _points in told if code not in LEFT_OUT)

    def _entry(self, task: FollowUp, about: str) -> str:
        name, title = name_of(task, self._say.language), Text(task.title).to(self._say.language)
        return "\n".join(filter(None, [f"{name}: {title}", about, f"{self._site}/desk/{task.id}"]))


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return [title, *lines] if lines else []
