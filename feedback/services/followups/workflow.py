"""Follow-ups: finding, working on, closing and reopening them.

Every change names the `revision` that its author saw. If the row has changed since, the change raises Conflict, so
that people cannot overwrite each other. Notes and logged contacts only add, so they need no revision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal, get_args

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from feedback.core.followup import Action, Outcome, State, transition
from feedback.core.text.localized import is_blank
from feedback.errors import Conflict, Forbidden, NotFound, Rejected
from feedback.services import audit
from feedback.services.access import Viewer, visible
from feedback.services.followups import recovery_survey, reported_changes, timeline
from feedback.services.staff import accounts
from feedback.store.models import Account, FollowUp, FollowUpEntry, Response, RootCause, User

Contacted = Literal["call", "email", "sms", "meeting"]
CONTACTS: tuple[str, ...] = get_args(Contacted)

CAUSELESS = frozenset({Outcome.NO_ANSWER, Outcome.NOT_JUSTIFIED, Outcome.THANKED})
"""Outcomes that need no root cause; `corrected` is set by the system and cannot be chosen."""

REACHED_ONLY = frozenset({Outcome.RECOVERED, Outcome.SAVED_BY_OFFER})
"""Outcomes that nobody can know without having reached the customer."""

LONGEST_NOTE = 10_000


@dataclass(frozen=True, slots=True)
class Closing:
    """How a follow-up ended. `recovered` is per month in the account's currency."""

    outcome: str
    note: str
    root_cause: str | None = None
    recovered: Decimal | None = None


# --- Looking up --------------------------------------------------------------------------------


def find(session: Session, task_id: int, viewer: Viewer) -> FollowUp:
    """A follow-up with everything that its page shows. Raises NotFound, also if the viewer cannot see it."""
    related = (
        selectinload(FollowUp.account).selectinload(Account.owner),
        selectinload(FollowUp.contact),
        selectinload(FollowUp.owner),
        selectinload(FollowUp.closed_by),
        selectinload(FollowUp.response).selectinload(Response.answers),
        selectinload(FollowUp.response).selectinload(Response.version),
        selectinload(FollowUp.response).selectinload(Response.invitation),
        selectinload(FollowUp.entries).selectinload(FollowUpEntry.user),
    )
    task = session.scalar(select(FollowUp).where(FollowUp.id == task_id, visible(viewer)).options(*related))
    if task is None:
        raise NotFound("Follow-up not found, or you don't have access to it.")
    return task


def root_cause_of(session: Session, task: FollowUp) -> RootCause | None:
    """The root cause that was chosen at closing."""
    return session.get(RootCause, task.root_cause_id) if task.root_cause_id else None


# --- Working -------------------------------------------------------------------------------------


def take(session: Session, task_id: int, viewer: Viewer, *, revision: int, now: datetime) -> FollowUp:
    """Take a follow-up. Raises Conflict if somebody else has taken or changed it."""
    task = _locked(session, task_id, viewer, revision)
    _take(session, task, viewer, now)
    return _changed(session, task, "taken", by=viewer.user_id, now=now)


def _take(session: Session, task: FollowUp, viewer: Viewer, now: datetime) -> None:
    task.state = transition(State(task.state), Action.TAKE)
    task.owner_id = viewer.user_id
    task.owner_told_at = now  # taking it needs no notification
    task.taken_at = task.taken_at or now
    task.snoozed_until = None
    reported_changes.report(session, "follow_up.taken", task, now)


def take_all(
    session: Session, seen: Mapping[int, int], viewer: Viewer, *, now: datetime
) -> tuple[list[FollowUp], list[int]]:
    """Take several follow-ups (id -> revision that was seen). Returns the ids that others have changed meanwhile.

    Follow-ups that the viewer has taken already are ignored, so a form can safely be sent twice.
    """
    taken, lost = [], []
    # In the order of the ids, as everywhere, to prevent deadlocks.
    for task_id, revision in sorted(seen.items()):
        try:
            taken.append(take(session, task_id, viewer, revision=revision, now=now))
        except (Conflict, NotFound):
            if not _works_on(session, task_id, viewer):
                lost.append(task_id)
    return taken, lost


def _works_on(session: Session, task_id: int, viewer: Viewer) -> bool:
    task = session.get(FollowUp, task_id)
    return task is not None and task.state == State.TAKEN and task.owner_id == viewer.user_id


def release(session: Session, task_id: int, viewer: Viewer, *, revision: int, now: datetime) -> FollowUp:
    """Release a follow-up: it keeps its owner, but is open again."""
    task = _locked(session, task_id, viewer, revision)
    task.state = transition(State(task.state), Action.RELEASE)
    return _changed(session, task, "released", by=viewer.user_id, now=now)


@dataclass(frozen=True, slots=True)
class Handover:
    """To whom (a user's id) and why. Somebody who `assigns` the work of others may reassign any follow-up."""

    to: int
    reason: str = ""
    assigns: bool = False


def may_hand_over(task: FollowUp, viewer: Viewer, *, assigns: bool) -> bool:
    """Whether the viewer may reassign it: their own, one without an owner, or any if they assign work."""
    return assigns or task.owner_id in (None, viewer.user_id)


def hand_over(
    session: Session, task_id: int, viewer: Viewer, handover: Handover, *, revision: int, now: datetime
) -> FollowUp:
    """Reassign a follow-up. Raises Forbidden if the viewer may not, NotFound for an unknown user, Rejected for one who
    cannot own it or a reason that is too long."""
    task = _locked(session, task_id, viewer, revision)
    if not may_hand_over(task, viewer, assigns=handover.assigns):
        raise Forbidden("Only the owner or a lead can reassign this follow-up.")
    receiver = _receiver(session, handover.to)
    reason = _short(handover.reason.strip()) or None
    task.state = transition(State(task.state), Action.HAND_OVER)
    task.owner_told_at = now if receiver.id == viewer.user_id else None
    task.owner_id = receiver.id
    task.snoozed_until = None
    detail = {"to": receiver.id, "name": receiver.name}
    return _changed(session, task, "reassigned", by=viewer.user_id, now=now, text=reason, detail=detail)


def _receiver(session: Session, user_id: int) -> User:
    """The user, if they can own a follow-up."""
    user = session.get(User, user_id)
    if user is None:
        raise NotFound("User not found.")
    if not user.active:
        raise Rejected("This user is deactivated.")
    if not accounts.can_own(user):
        raise Rejected("Choose a colleague who works on follow-ups: this one can only view them.")
    return user


def hand_over_all(
    session: Session, seen: Mapping[int, int], viewer: Viewer, handover: Handover, *, now: datetime
) -> tuple[list[FollowUp], list[int]]:
    """Reassign several follow-ups (id -> revision that was seen). Returns the ids of those that others have changed
    meanwhile, or that are not the viewer's to give."""
    _receiver(session, handover.to)
    moved, lost = [], []
    for task_id, revision in sorted(seen.items()):
        try:
            moved.append(hand_over(session, task_id, viewer, handover, revision=revision, now=now))
        except (Conflict, Forbidden, NotFound):
            lost.append(task_id)
    return moved, lost


def snooze(
    session: Session,
    task_id: int,
    viewer: Viewer,
    until: datetime,
    reason: str,
    *,
    revision: int,
    now: datetime,
) -> FollowUp:
    """Snooze a follow-up until a day in the future, with a reason for colleagues. Raises Rejected without them."""
    task = _locked(session, task_id, viewer, revision)
    if until <= now:
        raise Rejected("Choose a date in the future.")
    words = _words(reason, "Give a reason for snoozing.")
    task.state = transition(State(task.state), Action.SNOOZE)
    task.snoozed_until = until
    detail = {"until": until.isoformat()}
    return _changed(session, task, "snoozed", by=viewer.user_id, now=now, text=words, detail=detail)


def wake_due(session: Session, now: datetime, limit: int = 1_000) -> int:
    """Return at most `limit` snoozed follow-ups to the queue whose time is over. Returns their number."""
    asleep = select(FollowUp).where(FollowUp.state == State.SNOOZED, FollowUp.snoozed_until <= now)
    tasks = session.scalars(asleep.limit(limit).with_for_update(skip_locked=True)).all()
    for task in tasks:
        task.state = transition(State(task.state), Action.WAKE)
        task.snoozed_until = None
        _changed(session, task, "woken", by=None, now=now)
    return len(tasks)


def note(session: Session, task_id: int, viewer: Viewer, text: str, *, now: datetime) -> FollowUp:
    """Add a note, also to a closed follow-up. Raises Rejected for an empty one."""
    task = _locked(session, task_id, viewer, None, closed=True)
    words = _words(text, "Write a note before you save.")
    return _changed(session, task, "note", by=viewer.user_id, now=now, text=words)


def keep(session: Session, task_id: int, viewer: Viewer, texts: Sequence[str], *, now: datetime) -> None:
    """Save what was typed beside another action as notes, in the transaction of that action.

    The action itself counts up the revision and is audited. Empty texts are skipped.
    """
    written = [_short(text.strip()) for text in texts if not is_blank(text)]
    if not written:
        return
    task = _locked(session, task_id, viewer, None)
    for text in written:
        timeline.add(session, task.id, "note", by=viewer.user_id, now=now, text=text)


def contacted(
    session: Session, task_id: int, viewer: Viewer, how: str, *, reached: bool, text: str, now: datetime
) -> FollowUp:
    """Log an attempt to contact the customer, which takes an open follow-up.

    Only a contact in which the customer was reached meets the target for the first contact.
    """
    if how not in CONTACTS:
        raise Rejected("Choose how you contacted the customer.")
    task = _locked(session, task_id, viewer, None)
    if task.state != State.TAKEN:
        _take(session, task, viewer, now)
    if reached:
        task.first_contact_at = task.first_contact_at or now
    detail = {"reached": reached}
    words = _short(text.strip()) or None
    return _changed(session, task, how, by=viewer.user_id, now=now, text=words, detail=detail)


def locked_for_message(session: Session, task_id: int, viewer: Viewer) -> FollowUp:
    """Lock a follow-up in which the viewer writes to the customer. Raises NotFound, and Conflict if it is closed."""
    return _locked(session, task_id, viewer, None)


def wrote(
    session: Session, task: FollowUp, viewer: Viewer, channel: str, message_id: int, *, now: datetime
) -> FollowUp:
    """Log a message to the customer, which takes an open follow-up. They count as reached when they answer."""
    if task.state != State.TAKEN:
        _take(session, task, viewer, now)
    return _changed(
        session, task, f"wrote_{channel}", by=viewer.user_id, now=now, detail={"message": message_id}
    )


def close(
    session: Session, task_id: int, viewer: Viewer, closing: Closing, *, revision: int, now: datetime
) -> FollowUp:
    """Close a follow-up.

    Raises Rejected without outcome, note or, if it is required, root cause, and for an outcome that needs a customer
    who was reached (`REACHED_ONLY`) if none was.
    """
    task = _locked(session, task_id, viewer, revision)
    state = transition(State(task.state), Action.CLOSE)
    outcome, words, cause = _checked(session, task, closing)
    task.state, task.outcome, task.closing_note = state, outcome, words
    task.root_cause_id = cause.id if cause else None
    task.recovered_revenue = closing.recovered
    task.closed_at, task.closed_by_id = now, viewer.user_id
    task.snoozed_until = None
    reported_changes.report(session, "follow_up.closed", task, now)
    detail = {"outcome": str(outcome), "root_cause": cause.key if cause else None}
    return _changed(session, task, "closed", by=viewer.user_id, now=now, text=words, detail=detail)


def open_beside(session: Session, task: FollowUp, viewer: Viewer) -> Sequence[FollowUp]:
    """The other follow-ups of the account that are not closed and that one conversation may settle, too: of its kind,
    and the viewer's or unassigned."""
    if task.account_id is None:
        return []
    beside = (FollowUp.account_id == task.account_id, FollowUp.id != task.id, FollowUp.kind == task.kind)
    wanted = select(FollowUp).where(*beside, FollowUp.state != State.CLOSED, visible(viewer))
    theirs = or_(FollowUp.owner_id.is_(None), FollowUp.owner_id == viewer.user_id)
    return session.scalars(
        wanted.where(theirs).options(selectinload(FollowUp.contact)).order_by(FollowUp.id)
    ).all()


def close_together(
    session: Session,
    task_id: int,
    beside: Mapping[int, int],
    viewer: Viewer,
    closing: Closing,
    *,
    revision: int,
    now: datetime,
) -> list[FollowUp]:
    """Close a follow-up, and those `beside` it (id -> revision that was seen) with the same outcome, all or none.

    What was logged for the first counts for the others: one conversation settled them. Recovered revenue is that of
    the account, so it is stored once. Raises as `close` does, and Rejected for one that is not `open_beside` it.
    """
    task = _locked(session, task_id, viewer, revision)
    others = {each.id for each in open_beside(session, task, viewer)}
    if not beside.keys() <= others:
        raise Conflict("Your change was not saved: someone else changed this follow-up in the meantime.")
    closed = []
    for other_id, seen in sorted(beside.items()):
        other = _locked(session, other_id, viewer, seen)
        _count_contact_of(session, other, task, viewer, now)
        closed.append(
            close(
                session, other_id, viewer, replace(closing, recovered=None), revision=other.revision, now=now
            )
        )
    return [close(session, task_id, viewer, closing, revision=revision, now=now), *closed]


def _count_contact_of(
    session: Session, task: FollowUp, other: FollowUp, viewer: Viewer, now: datetime
) -> None:
    """The customer was reached about `other`, and about this one with it."""
    if other.first_contact_at is None or task.first_contact_at is not None:
        return
    task.first_contact_at = max(other.first_contact_at, task.opened_at)
    timeline.add(
        session, task.id, "contacted_with", by=viewer.user_id, now=now, detail={"follow_up": other.id}
    )


def reopen(session: Session, task_id: int, viewer: Viewer, *, revision: int, now: datetime) -> FollowUp:
    """Reopen a closed follow-up, for the viewer to work on.

    Its outcome is void, and it has as long again until it must be closed. The timeline keeps how it was closed.
    """
    task = _locked(session, task_id, viewer, revision, closed=True)
    task.state = transition(State(task.state), Action.REOPEN)
    task.close_due_at = now + (task.close_due_at - task.opened_at)
    task.close_reminded_at = task.close_escalated_at = None
    task.outcome = task.closing_note = task.root_cause_id = task.recovered_revenue = None
    task.closed_at = task.closed_by_id = None
    task.owner_id, task.owner_told_at = viewer.user_id, now
    recovery_survey.forget_plan(session, task)
    reported_changes.report(session, "follow_up.reopened", task, now)
    return _changed(session, task, "reopened", by=viewer.user_id, now=now)


def _checked(session: Session, task: FollowUp, closing: Closing) -> tuple[Outcome, str, RootCause | None]:
    if closing.outcome not in set(Outcome) - {Outcome.CORRECTED}:
        raise Rejected("Choose an outcome.")
    outcome = Outcome(closing.outcome)
    words = _words(closing.note, "Write a closing note: what happened and what you agreed.")
    if closing.recovered is not None and closing.recovered < 0:
        raise Rejected("Enter recovered MRR as 0 or more.")
    cause = session.scalar(select(RootCause).where(RootCause.key == closing.root_cause))
    if cause is None and task.kind == "recovery" and outcome not in CAUSELESS:
        raise Rejected("Choose a root cause. Reports count complaints by root cause.")
    if outcome in REACHED_ONLY and task.first_contact_at is None:
        raise Rejected("Log a contact in which you reached the customer, or choose another outcome.")
    return outcome, words, cause


def _words(text: str, complaint: str) -> str:
    words = text.strip()
    if is_blank(words):
        raise Rejected(complaint)
    return _short(words)


def _short(words: str) -> str:
    """The words of a note or a reason. Raises Rejected if they are too long: to cut them would lose some."""
    if len(words) > LONGEST_NOTE:
        raise Rejected("Shorten this note: it is too long.")
    return words


def _locked(
    session: Session, task_id: int, viewer: Viewer, revision: int | None, *, closed: bool = False
) -> FollowUp:
    """Read and lock the row, one that is `closed` only if that is wanted; `revision` is None for changes that only
    add."""
    wanted = select(FollowUp).where(FollowUp.id == task_id, visible(viewer)).with_for_update(of=FollowUp)
    task = session.scalar(wanted.execution_options(populate_existing=True))
    if task is None:
        raise NotFound("Follow-up not found, or you don't have access to it.")
    if task.state == State.CLOSED and not closed:
        raise Conflict("This follow-up is closed: reopen it first.")
    if revision is not None and task.revision != revision:
        raise Conflict("Your change was not saved: someone else changed this follow-up in the meantime.")
    return task


def _changed(
    session: Session,
    task: FollowUp,
    kind: str,
    *,
    by: int | None,
    now: datetime,
    text: str | None = None,
    detail: Mapping[str, object] | None = None,
) -> FollowUp:
    task.revision += 1
    timeline.add(session, task.id, kind, by=by, now=now, text=text, detail=detail)
    audit.record(session, kind, "follow_up", task.id, by=by, now=now)
    session.flush()
    return task
