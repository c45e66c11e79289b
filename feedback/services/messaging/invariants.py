"""Checks the invariants between rows, for `feedback doctor --deep`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from feedback.core.lifecycle import MESSAGE_UNFINISHED, EnrolmentState, InvitationState, MessageState
from feedback.settings import Problem
from feedback.store.models import Attempt, DuplicateSend, Enrolment, Invitation, Message

REAP = timedelta(minutes=2)
"""A running worker notices an expired lease within this time."""


def check(session: Session, now: datetime) -> list[Problem]:
    """The violated invariants, as problems with hints; empty if there are none. Reads all messages."""
    return [problem for each in _CHECKS for problem in each(session, now)]


def _leases(session: Session, now: datetime) -> Iterator[Problem]:
    late = _count(
        session,
        select(Message.id).where(Message.state == MessageState.SENDING, Message.lease_until < now - REAP),
    )
    if late:
        yield Problem(
            "F301",
            f"{late} messages were being sent when their worker disappeared, and have not been reconciled.",
            "Start a worker; it asks the provider about them.",
        )


def _provider_ids(session: Session, _: datetime) -> Iterator[Problem]:
    shared = select(Message.provider_id).where(Message.provider_id.is_not(None))
    shared = shared.group_by(Message.provider, Message.provider_id).having(func.count() > 1)
    if count := _count(session, shared):
        yield Problem(
            "F302", f"{count} provider ids belong to more than one message.", "Report this as a bug."
        )


def _duplicates(session: Session, _: datetime) -> Iterator[Problem]:
    if count := _count(session, select(DuplicateSend.id)):
        yield Problem(
            "F303",
            f"{count} messages reached the provider twice.",
            "Raise worker.settle; docs/delivery.md explains how this can happen.",
            "warning",
        )


def _links(session: Session, _: datetime) -> Iterator[Problem]:
    shared = select(Message.match).where(Message.match.is_not(None), Message.provider_id.is_not(None))
    shared = shared.group_by(Message.match, Message.purpose, Message.occurrence).having(func.count() > 1)
    if count := _count(session, shared):
        yield Problem("F304", f"{count} links were sent twice for the same purpose.", "Report this as a bug.")


def _states(session: Session, _: datetime) -> Iterator[Problem]:
    """Every message is in a known state, and the call of its latest attempt is recorded, unless it is only claimed."""
    strange = select(Message.id).where(Message.state.not_in(set(MessageState)))
    if count := _count(session, strange):
        yield Problem(
            "F305", f"{count} messages are in a state that does not exist.", "Report this as a bug."
        )
    called = select(Message.id).where(Message.attempt > 0, Message.state != MessageState.SENDING)
    unsaid = called.where(~_attempts(Message.attempt).exists())
    if count := _count(session, unsaid):
        yield Problem("F306", f"{count} calls to a provider were not recorded.", "Report this as a bug.")


def _attempts(number: object) -> Select[Any]:
    return select(Attempt.id).where(Attempt.message_id == Message.id, Attempt.number == number)


def _forgotten(session: Session, now: datetime) -> Iterator[Problem]:
    """No expired invitation is queued without a pending message, and no enrolment is overdue."""
    moving = select(Message.id).where(
        Message.invitation_id == Invitation.id, Message.state.in_(MESSAGE_UNFINISHED)
    )
    lost = select(Invitation.id).where(
        Invitation.state == InvitationState.QUEUED,
        Invitation.expires_at < now - timedelta(hours=1),
        or_(Invitation.state_reason.is_(None), Invitation.state_reason != "other_channel"),
        ~moving.exists(),
    )
    if count := _count(session, lost):
        yield Problem(
            "F307", f"{count} expired invitations are still queued.", "Start a worker; it closes them."
        )
    overdue = select(Enrolment.id).where(
        Enrolment.state == EnrolmentState.SCHEDULED, and_(Enrolment.due_at < now - timedelta(hours=1))
    )
    if count := _count(session, overdue):
        yield Problem(
            "F308", f"{count} surveys are overdue by more than an hour.", "Start a worker.", "warning"
        )


def _unaccounted(session: Session, _: datetime) -> Iterator[Problem]:
    """Every enrolment that counts as issued has an invitation."""
    invited = select(Invitation.id).where(Invitation.enrolment_id == Enrolment.id)
    lost = select(Enrolment.id).where(Enrolment.state == EnrolmentState.ISSUED, ~invited.exists())
    if count := _count(session, lost):
        yield Problem(
            "F311", f"{count} surveys are marked as issued but have no invitation.", "Report this as a bug."
        )


def _waiting_for_a_person(session: Session, _: datetime) -> Iterator[Problem]:
    if count := _count(session, select(Message.id).where(Message.state == MessageState.HELD)):
        yield Problem(
            "F310",
            f"{count} messages may or may not have arrived.",
            "Decide on the Deliveries page whether to resend them or count them as sent.",
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
