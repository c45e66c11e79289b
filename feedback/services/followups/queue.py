"""The queue: follow-ups by priority, each with its reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, selectinload

from feedback.core.followup import Priority, Rating, Segment, Stake, State, Weights, priority
from feedback.core.metrics import METRICS
from feedback.core.money import Exchange
from feedback.core.time.local_days import day_of, end_of_day
from feedback.services.access import Viewer, visible
from feedback.services.customers.nonresponse import had_their_say
from feedback.services.customers.revenue import exchange_of
from feedback.settings import Settings
from feedback.store.models import (
    Account,
    AnswerRow,
    Contact,
    FollowUp,
    Invitation,
    Response,
    RootCause,
    SavedView,
)
from feedback.store.search import finds

WORKING = (State.OPEN, State.TAKEN)
CLOSED = 500
"""Maximum number of closed follow-ups in a list, because their number keeps growing."""
LATEST_ROUND = timedelta(days=120)
"""An account's invitations within this time count as its latest round."""


@dataclass(frozen=True, slots=True)
class Filter:
    """The filters. `whose`: mine, unowned or all; `state`: working, snoozed or closed.

    `today` are those that are due before the end of the viewer's day, the overdue among them. `owner` is a user's id,
    `cause` the key of a root cause (for closed follow-ups).
    """

    whose: str = "all"
    state: str = "working"
    overdue: bool = False
    today: bool = False
    kind: str | None = None
    segment: str | None = None
    owner: int | None = None
    cause: str | None = None
    search: str = ""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A follow-up with its priority; `words` is the customer's first comment, or None.

    `beside` says that it stands under a follow-up of the same account with a higher priority.
    """

    task: FollowUp
    priority: Priority
    words: str | None
    overdue: bool
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Scales:
    """The settings of the ranking."""

    weights: Weights
    exchange: Exchange
    half_of_revenue: float

    @classmethod
    def from_settings(cls, settings: Settings) -> Scales:
        followup = settings.followup
        return cls(Weights.with_changes(followup.weights), exchange_of(settings), followup.half_of_revenue)


def ranked(
    session: Session,
    viewer: Viewer,
    wanted: Filter,
    *,
    scales: Scales,
    now: datetime,
    zone: tzinfo,
) -> list[QueueRow]:
    """The follow-ups that match the filter, by priority; for closed ones the latest `CLOSED`, the latest first.

    Several of one account are one piece of work, so they stand together, where the most urgent of them stands.
    Days are those of the viewer's time zone.
    """
    query = _selected(viewer, wanted, now, zone)
    if wanted.state == "closed":
        query = query.order_by(FollowUp.closed_at.desc(), FollowUp.id.desc()).limit(CLOSED)
    tasks = session.scalars(query).all()
    silence = _silence(session, tasks, now)
    rows = [_row(task, silence.get(task.id, (0, 0)), scales, now, day_of(now, zone)) for task in tasks]
    if wanted.state == "closed":
        return sorted(rows, key=lambda row: row.task.closed_at or now, reverse=True)
    return _together(
        sorted(rows, key=lambda row: (-row.priority.value, row.task.contact_due_at, row.task.id))
    )


def _together(rows: Sequence[QueueRow]) -> list[QueueRow]:
    """The rows of each account together, at the place of its first."""
    groups: dict[tuple[str, int], list[QueueRow]] = {}
    for row in rows:
        account = row.task.account_id
        group = groups.setdefault(("alone", row.task.id) if account is None else ("account", account), [])
        group.append(replace(row, beside=bool(group)))
    return [row for group in groups.values() for row in group]


def _selected(viewer: Viewer, wanted: Filter, now: datetime, zone: tzinfo) -> Select[FollowUp]:
    query = (
        select(FollowUp)
        .where(visible(viewer), FollowUp.state.in_(_states(wanted.state)))
        .options(
            selectinload(FollowUp.account),
            selectinload(FollowUp.contact),
            selectinload(FollowUp.owner),
            selectinload(FollowUp.response).selectinload(Response.answers),
        )
    )
    if wanted.whose == "mine":
        query = query.where(FollowUp.owner_id == viewer.user_id)
    if wanted.whose == "unowned":
        query = query.where(FollowUp.owner_id.is_(None))
    if wanted.owner is not None:
        query = query.where(FollowUp.owner_id == wanted.owner)
    if wanted.cause:
        named = select(RootCause.id).where(RootCause.key == wanted.cause).scalar_subquery()
        query = query.where(FollowUp.root_cause_id == named)
    if wanted.kind:
        query = query.where(FollowUp.kind == wanted.kind)
    if wanted.overdue:
        query = query.where(_due_before(now))
    if wanted.today:
        query = query.where(_due_before(end_of_day(now, zone)))
    return _about_account(query, wanted)


def _states(name: str) -> Sequence[State]:
    return {"snoozed": (State.SNOOZED,), "closed": (State.CLOSED,)}.get(name, WORKING)


def _due_before(moment: datetime) -> ColumnElement[bool]:
    """Whether the first contact or closing is still owed at a moment, and due before it."""
    no_contact = (FollowUp.contact_due_at < moment) & FollowUp.first_contact_at.is_(None)
    return or_(no_contact, FollowUp.close_due_at < moment)


def _about_account(query: Select[FollowUp], wanted: Filter) -> Select[FollowUp]:
    if wanted.segment:
        query = query.where(FollowUp.account.has(Account.segment == wanted.segment))
    if words := wanted.search.strip():
        said = select(AnswerRow.response_id).where(finds(AnswerRow.text, words))
        query = query.where(
            or_(
                FollowUp.account.has(finds(Account.name, words)),
                FollowUp.contact.has(finds(Contact.name, words)),
                FollowUp.response_id.in_(said),
            )
        )
    return query


def due_at(task: FollowUp) -> datetime:
    """The next target time: that of the first contact, and after it that of closing."""
    return task.contact_due_at if task.first_contact_at is None else task.close_due_at


def _row(task: FollowUp, silence: tuple[int, int], scales: Scales, now: datetime, today: date) -> QueueRow:
    stake = stake_of(task, silence, scales.exchange, now, today)
    found = priority(stake, scales.weights, scales.half_of_revenue)
    words = next((answer.text for answer in task.response.answers if answer.text), None)
    return QueueRow(task, found, words, overdue=task.state != State.CLOSED and due_at(task) < now)


def ranking(session: Session, task: FollowUp, *, scales: Scales, now: datetime, zone: tzinfo) -> QueueRow:
    """One follow-up with its priority, as in the queue."""
    silence = _silence(session, [task], now)
    return _row(task, silence.get(task.id, (0, 0)), scales, now, day_of(now, zone))


def stake_of(
    task: FollowUp, silence: tuple[int, int], exchange: Exchange, now: datetime, today: date
) -> Stake:
    """The input of the priority. Without a score, only the other parts count."""
    account = task.account
    rating = _rating(task.metric, task.score) or Rating(0, 0.0)
    silent, answering = silence
    return Stake(
        rating=rating,
        previous=_rating(task.metric, task.previous_score),
        monthly_revenue=exchange.worth(account.recurring_revenue, account.currency) if account else None,
        days_to_renewal=(account.renewal_on - today).days if account and account.renewal_on else None,
        segment=_segment(account.segment if account else None),
        hours_left=(due_at(task) - now).total_seconds() / 3600,
        silent_others=silent,
        answering_others=answering,
    )


def _rating(metric: str | None, score: int | None) -> Rating | None:
    if metric is None or score is None or metric not in METRICS:
        return None
    try:
        return Rating(score, METRICS[metric].badness(score))
    except ValueError:  # a questionnaire can use a metric with another scale
        return None


def _segment(written: str | None) -> Segment | None:
    """Normalise a segment from an import ("Non-Core" is non_core); None for others."""
    key = (written or "").strip().lower().replace("-", "_").replace(" ", "_")
    return Segment(key) if key in set(Segment) else None


def _silence(session: Session, tasks: Iterable[FollowUp], now: datetime) -> Mapping[int, tuple[int, int]]:
    """Follow-up id -> (silent, answering) numbers of other people of its account in the latest round, in one query."""
    tasks = [task for task in tasks if task.account_id is not None and task.state != State.CLOSED]
    accounts = {task.account_id for task in tasks}
    answered = func.max(Invitation.answered_at)
    asked = (
        select(Invitation.account_id, Invitation.contact_id, answered)
        .where(
            Invitation.account_id.in_(accounts),
            Invitation.created_at >= now - LATEST_ROUND,
            had_their_say(now),
        )
        .group_by(Invitation.account_id, Invitation.contact_id)
    )
    people: dict[int, list[tuple[int, bool]]] = {}
    for account_id, contact_id, when in session.execute(asked) if accounts else ():
        people.setdefault(account_id or 0, []).append((contact_id, when is not None))
    return {task.id: _others(people.get(task.account_id or 0, []), task.contact_id) for task in tasks}


def _others(people: list[tuple[int, bool]], contact_id: int | None) -> tuple[int, int]:
    answers = [answered for person, answered in people if person != contact_id]
    return answers.count(False), answers.count(True)


# --- The numbers beside the filters, and filters under a name ------------------------------------


def next_after(
    session: Session, viewer: Viewer, task: FollowUp, *, scales: Scales, now: datetime, zone: tzinfo
) -> FollowUp | None:
    """The next follow-up after this one: that with the highest priority that is the viewer's or has no owner."""
    rows = ranked(session, viewer, Filter(), scales=scales, now=now, zone=zone)
    mine = (row.task for row in rows if row.task.owner_id in (None, viewer.user_id))
    return next((each for each in mine if each.id != task.id), None)


def counts(session: Session, viewer: Viewer, now: datetime, zone: tzinfo) -> dict[str, int]:
    """The numbers of follow-ups: mine, unowned, all, overdue and due today (of those being worked on), and snoozed."""
    working = FollowUp.state.in_(WORKING)
    asked = {
        "mine": working & (FollowUp.owner_id == viewer.user_id),
        "unowned": working & FollowUp.owner_id.is_(None),
        "all": working,
        "overdue": working & _due_before(now),
        "today": working & _due_before(end_of_day(now, zone)),
        "snoozed": FollowUp.state == State.SNOOZED,
    }
    columns = [func.count().filter(condition).label(name) for name, condition in asked.items()]
    row = session.execute(select(*columns).select_from(FollowUp).where(visible(viewer))).one()
    return dict(row._mapping)


def segments(session: Session) -> Sequence[str]:
    """The segments that accounts have, for the filter."""
    used = select(Account.segment).where(Account.segment.is_not(None)).distinct().order_by(Account.segment)
    return [segment for segment in session.scalars(used) if segment]


def saved_views(session: Session, user_id: int) -> Sequence[SavedView]:
    return session.scalars(
        select(SavedView).where(SavedView.user_id == user_id).order_by(SavedView.name)
    ).all()


def save_view(session: Session, user_id: int, name: str, query: str) -> None:
    """Save a filter under a name, replacing an earlier one of that name."""
    found = session.scalar(select(SavedView).where(SavedView.user_id == user_id, SavedView.name == name))
    if found is None:
        session.add(SavedView(user_id=user_id, name=name, query=query))
    else:
        found.query = query


def forget_view(session: Session, user_id: int, view_id: int) -> None:
    view = session.get(SavedView, view_id)
    if view is not None and view.user_id == user_id:
        session.delete(view)
