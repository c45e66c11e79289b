"""Deletes or redacts personal data after the times in the settings (`[retention]`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import partial
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
    "comment_theme": "retention.answers",
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
    "contact_alias": "retention.contacts",
    "journey_event": "retention.contacts",
    "enrolment": "retention.contacts",
    "suppression": "erasure, which keeps a digest, because nothing may be sent to the address",
    "link_visitor": "after two days",
    "call_answer": "after a day",
    "attempt_count": "when the window of its limit is over",
    "import_change": "erasure, or the undoing of the import",
    "import_part": "after seven days, or at the next erasure",
    "export_part": "after seven days, or at the next erasure",
    "import_run": "the report at the next erasure",
    "saved_view": "erasure, or its owner",
    "provider_hold": "erasure",
    "door_arrival": "erasure, and after 30 days, or 90 if nothing could be done with it",
    "door_mention": "with its body",
    "campaign": "erasure, or a lead who deletes a draft",
    "segment": "erasure, or somebody who may change segments",
    "studio_revision": "erasure",
    "webhook_attempt": "retention.answers, and after 30 days",
    "webhook_event": "retention.answers, and after 30 days",
    "webhook_call": "as soon as it is sent",
}
"""Table with data of contacts -> the setting after whose time they are removed, or what else removes them."""

LIMIT = 500
"""Maximum rows of one kind per transaction; the rest follows in the next run."""
AT_ONCE = 20_000
"""Rows of one kind that are looked for at once."""


@dataclass(frozen=True, slots=True)
class Purged:
    """The numbers of redacted rows, erased contacts and deleted usage figures."""

    answers: int = 0
    messages: int = 0
    replies: int = 0
    contacts: int = 0
    usage: int = 0

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))


def purge(session: Session, retention: RetentionSettings, now: datetime, limit: int = LIMIT) -> Purged:
    """Delete or redact what is past its retention time, at most `limit` rows of each kind; repeat until none is left.

    A retention time of 0d keeps data forever.
    """
    counts: Counter[str] = Counter()
    for kind, since in _due(retention, now):
        old = session.scalars(kind.old(since).limit(limit)).all()
        kind.forget(session, old, now)
        counts[kind.name] += len(old)
    return _audited(session, counts, now)


def purge_all(portions: Portions, retention: RetentionSettings, now: datetime) -> None:
    """`purge` in portions, until nothing is left. What is old is looked for without a lock, and again under it."""
    for kind, since in _due(retention, now):
        left = True
        while left:
            with portions.database.reading() as session:
                old = session.scalars(kind.old(since).limit(AT_ONCE)).all()
            done = portions.each(old, partial(_purge_some, kind, since, now))
            left = done and len(old) == AT_ONCE


def _purge_some(kind: _Kind, since: datetime, now: datetime, session: Session, ids: Sequence[int]) -> None:
    wanted = kind.old(since)
    old = session.scalars(wanted.where(wanted.selected_columns[0].in_(ids))).all()
    kind.forget(session, old, now)
    _audited(session, Counter({kind.name: len(old)}), now)


def _audited(session: Session, counts: Mapping[str, int], now: datetime) -> Purged:
    purged = Purged(**counts)
    if purged:
        told = {each.name: getattr(purged, each.name) for each in fields(purged)}
        audit.record(session, "purged", "retention", None, by=None, now=now, **told)
    return purged


def _due(retention: RetentionSettings, now: datetime) -> Iterator[tuple[_Kind, datetime]]:
    """The kinds of rows that are not kept forever, and the time before which they are forgotten."""
    for kind in _KINDS:
        kept: timedelta = getattr(retention, kind.name)
        if kept:
            yield kind, now - kept


def _old_answers(since: datetime) -> Select[int]:
    known = or_(Response.contact_id.is_not(None), Response.invitation_id.is_not(None))
    return (
        select(Response.id)
        .where(Response.answered_at < since, or_(known, redaction.is_worded(Response)))
        .order_by(Response.id)
    )


def _forget_answers(session: Session, old: Sequence[int], _: datetime) -> None:
    """Remove comments and the link to the person; scores and the dimensions of reports stay."""
    if not old:
        return
    redaction.answers(session, old)
    invited = select(Response.invitation_id).where(Response.id.in_(old)).scalar_subquery()
    redaction.invitations(session, Invitation.id.in_(invited))
    session.execute(update(FollowUp).where(FollowUp.response_id.in_(old)).values(contact_id=None))
    session.execute(update(Response).where(Response.id.in_(old)).values(contact_id=None, invitation_id=None))


def _old_messages(since: datetime) -> Select[int]:
    return select(Message.id).where(
        Message.created_at < since,
        Message.state.not_in(MESSAGE_UNFINISHED),
        or_(Message.body != redaction.NOTHING, Message.recipient != redaction.NOTHING),
    )


def _forget_messages(session: Session, old: Sequence[int], _: datetime) -> None:
    if old:
        redaction.messages(session, Message.id.in_(old))


def _old_simulated(since: datetime) -> Select[int]:
    return select(SimulatedMessage.id).where(SimulatedMessage.at < since)


def _forget_simulated(session: Session, old: Sequence[int], _: datetime) -> None:
    session.execute(delete(SimulatedMessage).where(SimulatedMessage.id.in_(old)))


def _old_replies(since: datetime) -> Select[int]:
    return select(InboundReply.id).where(
        InboundReply.received_at < since,
        or_(InboundReply.body != redaction.NOTHING, InboundReply.sender != redaction.NOTHING),
    )


def _forget_replies(session: Session, old: Sequence[int], now: datetime) -> None:
    if old:
        redaction.replies(session, now, InboundReply.id.in_(old))


def _old_contacts(since: datetime) -> Select[int]:
    """Contacts without any event, survey, answer, reply or change for this time; they may be imported again."""
    idle = and_(
        Contact.erased_at.is_(None),
        Contact.updated_at < since,
        *(~_happened(column, when, since) for column, when in _LIFE),
    )
    return select(Contact.id).where(idle).order_by(Contact.updated_at)


def _forget_contacts(session: Session, old: Sequence[int], now: datetime) -> None:
    for contact in session.scalars(select(Contact).where(Contact.id.in_(old)).order_by(Contact.id)).all():
        erasure.erase(session, contact, by=None, now=now, remember=False)


def _old_usage(since: datetime) -> Select[int]:
    return select(UsagePoint.id).where(UsagePoint.at < since).order_by(UsagePoint.at)


def _forget_usage(session: Session, old: Sequence[int], _: datetime) -> None:
    """Delete old usage figures, which no page shows any more."""
    session.execute(delete(UsagePoint).where(UsagePoint.id.in_(old)))


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of rows: its name in the settings and in `Purged`, which of them are old, and how they are forgotten."""

    name: str
    old: Callable[[datetime], Select[int]]
    forget: Callable[[Session, Sequence[int], datetime], None]


_KINDS = (
    _Kind("answers", _old_answers, _forget_answers),
    _Kind("messages", _old_messages, _forget_messages),
    _Kind("messages", _old_simulated, _forget_simulated),
    _Kind("replies", _old_replies, _forget_replies),
    _Kind("contacts", _old_contacts, _forget_contacts),
    _Kind("usage", _old_usage, _forget_usage),
)

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
