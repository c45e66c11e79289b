"""What must hold between rows, whatever crashed: asked by `feedback doctor --deep`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from feedback.settings import Problem
from feedback.store.models import Attempt, DuplicateSend, Enrolment, Invitation, Message

REAP = timedelta(minutes=2)
"""By then a worker has noticed an expired lease; later, no worker is running."""
ON_THE_WAY = ("queued", "sending", "unconfirmed", "held")
ENDED = ("sent", "delivered", "undelivered", "failed", "cancelled")


def check(session: Session, now: datetime) -> list[Problem]:
    """Every broken invariant as a problem with a hint; empty when all is well. Reads all messages."""
    return [problem for each in _CHECKS for problem in each(session, now)]


def _leases(session: Session, now: datetime) -> Iterator[Problem]:
    late = _count(
        session, select(Message.id).where(Message.state == "sending", Message.lease_until < now - REAP)
    )
    if late:
        yield Problem(
            "F301",
            f"{late} messages were being sent when their worker vanished, and nobody has looked after them.",
            "Start a worker; it asks the provider what became of them.",
        )


def _provider_ids(session: Session, _: datetime) -> Iterator[Problem]:
    shared = select(Message.provider_id).where(Message.provider_id.is_not(None))
    shared = shared.group_by(Message.channel, Message.provider_id).having(func.count() > 1)
    if count := _count(session, shared):
        yield Problem(
            "F302", f"{count} provider ids stand on more than one message.", "Report this as a bug."
        )


def _duplicates(session: Session, _: datetime) -> Iterator[Problem]:
    if count := _count(session, select(DuplicateSend.id)):
        yield Problem(
            "F303",
            f"{count} messages reached the provider twice.",
            "Raise worker.settle; see docs/delivery.md for how this can happen.",
            "warning",
        )


def _links(session: Session, _: datetime) -> Iterator[Problem]:
    shared = select(Message.match).where(Message.match.is_not(None), Message.provider_id.is_not(None))
    shared = shared.group_by(Message.match, Message.purpose, Message.occurrence).having(func.count() > 1)
    if count := _count(session, shared):
        yield Problem("F304", f"{count} links went out twice in the same message.", "Report this as a bug.")


def _states(session: Session, _: datetime) -> Iterator[Problem]:
    """Planned = on the way + ended: no message stands in a state that nobody works on."""
    strange = select(Message.id).where(Message.state.not_in((*ON_THE_WAY, *ENDED)))
    if count := _count(session, strange):
        yield Problem(
            "F305", f"{count} messages are in a state that does not exist.", "Report this as a bug."
        )
    unsaid = select(Message.id).where(Message.attempt > 0).where(~_attempts(Message.attempt).exists())
    if count := _count(session, unsaid):
        yield Problem("F306", f"{count} calls to a provider were not written down.", "Report this as a bug.")


def _attempts(number: object) -> Select[Any]:
    return select(Attempt.id).where(Attempt.message_id == Message.id, Attempt.number == number)


def _forgotten(session: Session, now: datetime) -> Iterator[Problem]:
    """An invitation that waits must have a message that will move it, or an end in sight."""
    moving = select(Message.id).where(Message.invitation_id == Invitation.id, Message.state.in_(ON_THE_WAY))
    lost = select(Invitation.id).where(
        Invitation.state == "queued",
        Invitation.expires_at < now - timedelta(hours=1),
        or_(Invitation.state_reason.is_(None), Invitation.state_reason != "other_channel"),
        ~moving.exists(),
    )
    if count := _count(session, lost):
        yield Problem("F307", f"{count} invitations wait for nothing.", "Start a worker; it closes them.")
    overdue = select(Enrolment.id).where(
        Enrolment.state == "scheduled", and_(Enrolment.due_at < now - timedelta(hours=1))
    )
    if count := _count(session, overdue):
        yield Problem(
            "F308", f"{count} surveys are overdue by more than an hour.", "Start a worker.", "warning"
        )


def _unaccounted(session: Session, _: datetime) -> Iterator[Problem]:
    """Planned = waiting + not asked + invited: what counts as invited has an invitation, whose state is its end."""
    invited = select(Invitation.id).where(Invitation.enrolment_id == Enrolment.id)
    lost = select(Enrolment.id).where(Enrolment.state == "issued", ~invited.exists())
    if count := _count(session, lost):
        yield Problem(
            "F311", f"{count} surveys count as sent out and have no invitation.", "Report this as a bug."
        )


def _waiting_for_a_person(session: Session, _: datetime) -> Iterator[Problem]:
    if count := _count(session, select(Message.id).where(Message.state == "held")):
        yield Problem(
            "F310",
            f"{count} messages may or may not have arrived.",
            "Decide on the delivery page: resend, or count as sent.",
            "warning",
        )


_CHECKS = (
    _leases,
    _provider_ids,
    _duplicates,
    _links,
    _states,
    _forgotten,
    _unaccounted,
    _waiting_for_a_person,
)


def _count(session: Session, rows: Select[Any] | Select[str] | Select[str | None]) -> int:
    return session.scalar(select(func.count()).select_from(rows.subquery())) or 0
