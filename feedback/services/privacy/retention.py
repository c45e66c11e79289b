"""Deletes or redacts personal data after the times in the settings (`[retention]`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from feedback.core.lifecycle import MESSAGE_UNFINISHED
from feedback.services import audit
from feedback.services.privacy import erasure, redaction
from feedback.settings.table import RetentionSettings
from feedback.store.models import (
    Contact,
    FollowUp,
    InboundReply,
    Invitation,
    JourneyEvent,
    Message,
    Response,
    SimulatedMessage,
    UsagePoint,
)
from feedback.store.portions import Portions

KEPT: Mapping[str, str] = {
    "answer": "retention.answers",
    "response": "retention.answers",
    "follow_up": "retention.answers",
    "follow_up_entry": "retention.answers",
    "invitation": "retention.answers, retention.contacts",
    "message": "retention.messages",
    "bounce": "retention.messages",
    "simulated_message": "retention.messages",
    "inbound_reply": "retention.replies",
    "contact": "retention.contacts",
    "consent": "retention.contacts",
    "journey_event": "retention.contacts",
    "enrolment": "retention.contacts",
    "suppression": "erasure, which keeps a digest, because nothing may be sent to the address",
    "link_visitor": "after two days",
    "attempt_count": "when the window of its limit is over",
    "saved_view": "erasure, or its owner",
    "provider_hold": "erasure",
    "webhook_call": "as soon as it is sent",
}
"""Table with data of contacts -> the setting after whose time they are removed, or what else removes them."""

LIMIT = 500
"""Maximum rows of one kind per transaction; the rest follows in the next run."""


@dataclass(frozen=True, slots=True)
class Purged:
    """The numbers of redacted rows, erased contacts and deleted usage figures."""

    answers: int = 0
    messages: int = 0
    replies: int = 0
    contacts: int = 0
    usage: int = 0

    @property
    def most(self) -> int:
        """The largest of the numbers."""
        return max(self.answers, self.messages, self.replies, self.contacts, self.usage)

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))


def purge(session: Session, retention: RetentionSettings, now: datetime, limit: int = LIMIT) -> Purged:
    """Delete or redact what is past its retention time, at most `limit` rows of each kind; repeat until none is left.

    A retention time of 0d keeps data forever.
    """
    purged = Purged(
        _answers(session, retention.answers, now, limit),
        _messages(session, retention.messages, now, limit),
        _replies(session, retention.replies, now, limit),
        _contacts(session, retention.contacts, now, limit),
        _usage(session, retention.usage, now, limit),
    )
    if purged:
        counts = {each.name: getattr(purged, each.name) for each in fields(purged)}
        audit.record(session, "purged", "retention", None, by=None, now=now, **counts)
    return purged


def purge_all(portions: Portions, retention: RetentionSettings, now: datetime) -> None:
    """`purge` in portions, until nothing is left."""
    # No kind of rows may hold up another, so the largest number counts; a portion is as long as its slowest kind.
    portions.repeat(lambda session, limit: purge(session, retention, now, limit).most, most=LIMIT)


def _answers(session: Session, kept: timedelta, now: datetime, limit: int) -> int:
    """Remove comments and the link to the person; scores and the dimensions of reports stay."""
    if not kept:
        return 0
    known = or_(Response.contact_id.is_not(None), Response.invitation_id.is_not(None))
    old = list(
        session.scalars(
            select(Response.id)
            .where(Response.answered_at < now - kept, or_(known, redaction.is_worded(Response)))
            .order_by(Response.id)
            .limit(limit)
        )
    )
    if not old:
        return 0
    redaction.answers(session, old)
    invited = select(Response.invitation_id).where(Response.id.in_(old)).scalar_subquery()
    redaction.invitations(session, Invitation.id.in_(invited))
    session.execute(update(FollowUp).where(FollowUp.response_id.in_(old)).values(contact_id=None))
    session.execute(update(Response).where(Response.id.in_(old)).values(contact_id=None, invitation_id=None))
    return len(old)


def _messages(session: Session, kept: timedelta, now: datetime, limit: int) -> int:
    if not kept:
        return 0
    old = _ids(
        session,
        select(Message.id).where(
            Message.created_at < now - kept,
            Message.state.not_in(MESSAGE_UNFINISHED),
            or_(Message.body != redaction.NOTHING, Message.recipient != redaction.NOTHING),
        ),
        limit,
    )
    if old:
        redaction.messages(session, Message.id.in_(old))
    simulated = _ids(session, select(SimulatedMessage.id).where(SimulatedMessage.at < now - kept), limit)
    if simulated:
        session.execute(delete(SimulatedMessage).where(SimulatedMessage.id.in_(simulated)))
    return len(old) + len(simulated)


def _replies(session: Session, kept: timedelta, now: datetime, limit: int) -> int:
    if not kept:
        return 0
    old = _ids(
        session,
        select(InboundReply.id).where(
            InboundReply.received_at < now - kept,
            or_(InboundReply.body != redaction.NOTHING, InboundReply.sender != redaction.NOTHING),
        ),
        limit,
    )
    if old:
        redaction.replies(session, now, InboundReply.id.in_(old))
    return len(old)


def _contacts(session: Session, kept: timedelta, now: datetime, limit: int) -> int:
    """Erase contacts without any event, survey, answer, reply or change for this time; they may be imported again."""
    if not kept:
        return 0
    since = now - kept
    idle = and_(
        Contact.erased_at.is_(None),
        Contact.updated_at < since,
        *(~_happened(column, when, since) for column, when in _LIFE),
    )
    old = session.scalars(select(Contact).where(idle).order_by(Contact.updated_at).limit(limit)).all()
    for contact in old:
        erasure.erase(session, contact, by=None, now=now, remember=False)
    return len(old)


def _usage(session: Session, kept: timedelta, now: datetime, limit: int) -> int:
    """Delete old usage figures, which no page shows any more."""
    if not kept:
        return 0
    old = _ids(
        session, select(UsagePoint.id).where(UsagePoint.at < now - kept).order_by(UsagePoint.at), limit
    )
    session.execute(delete(UsagePoint).where(UsagePoint.id.in_(old)))
    return len(old)


_LIFE = (
    (JourneyEvent.contact_id, JourneyEvent.occurred_at),
    (Invitation.contact_id, Invitation.created_at),
    (Response.contact_id, Response.answered_at),
    (InboundReply.contact_id, InboundReply.received_at),
)


def _happened(
    contact: InstrumentedAttribute[Any], when: InstrumentedAttribute[Any], since: datetime
) -> ColumnElement[bool]:
    return exists().where(contact == Contact.id, when >= since)


def _ids(session: Session, wanted: Select[int], limit: int) -> list[int]:
    return list(session.scalars(wanted.limit(limit)))
