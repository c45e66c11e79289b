"""The inbox: replies that the system did not understand or may have misunderstood, for a person to read.

A reply is in the inbox while `needs_person` is set. The decision of the person who handles it is stored with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, func, or_, select, true, tuple_
from sqlalchemy.orm import Session, joinedload

from feedback.core.followup import State
from feedback.errors import Conflict, NotFound, Rejected
from feedback.services import access, audit
from feedback.services.access import Viewer
from feedback.services.contact import suppression
from feedback.services.context import Context
from feedback.services.followups.workflow import LONGEST_NOTE
from feedback.services.responses import sms_conversation
from feedback.store.models import (
    Contact,
    FollowUp,
    InboundReply,
    Invitation,
    QuestionnaireVersion,
    Response,
    Suppression,
    User,
)

AT_ONCE = 50
MAYBE = "maybe_opt_out"


class Tray(StrEnum):
    """Filters of the inbox."""

    WAITING = "waiting"
    HANDLED = "handled"
    ALL = "all"


class Decision(StrEnum):
    """The decision of the person who handled a reply."""

    OPT_OUT = "opt_out"
    NO_OPT_OUT = "no_opt_out"
    HANDLED = "handled"


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """A reply with its context.

    `questionnaire` is the key of its survey, `suppressed` the reason why nothing is sent to the sender, `task` the
    follow-up that it answers, else an open one of the author, else their latest one, `handler` the name of the person
    who handled it.
    """

    reply: InboundReply
    contact: Contact | None
    questionnaire: str | None
    suppressed: str | None
    task: int | None
    handler: str | None

    @property
    def doubtful(self) -> bool:
        """Whether somebody has to decide if it is an opt-out."""
        return self.reply.needs_person and self.suppressed == MAYBE


def waiting(session: Session, viewer: Viewer) -> int:
    """The number of waiting replies that `viewer` can see."""
    query = select(func.count()).select_from(InboundReply).where(InboundReply.needs_person.is_(True))
    if not viewer.sees_all:
        query = query.outerjoin(Contact, Contact.id == InboundReply.contact_id).where(visible(viewer))
    return session.scalar(query) or 0


def entries(
    session: Session, viewer: Viewer, tray: Tray, before: int | None = None, limit: int = AT_ONCE
) -> list[InboxEntry]:
    """Replies of a tray, the latest first; `before` is the id of the last reply on the previous page."""
    query = _rows(viewer).where(_in_tray(tray))
    if before is not None:  # not by id alone: after downtime, replies are fetched in any order
        seen = select(InboundReply.received_at).where(InboundReply.id == before).scalar_subquery()
        query = query.where(tuple_(InboundReply.received_at, InboundReply.id) < tuple_(seen, before))
    latest_first = (InboundReply.received_at.desc(), InboundReply.id.desc())
    rows = session.execute(query.order_by(*latest_first).limit(limit)).all()
    listed = _suppressed(session, [row[0].sender for row in rows])
    tasks = _tasks(session, {row[0].contact_id for row in rows if row[0].contact_id}, viewer)
    return [
        InboxEntry(
            reply,
            contact,
            key,
            listed.get(_listed_as(reply)),
            reply.follow_up_id or tasks.get(reply.contact_id or 0),
            handler,
        )
        for reply, contact, key, handler in rows
    ]


def decide(
    session: Session,
    reply_id: int,
    viewer: Viewer,
    decision: Decision,
    note: str,
    *,
    context: Context,
    now: datetime,
) -> InboundReply:
    """Handle a reply. OPT_OUT stops all surveys to its author; NO_OPT_OUT resumes them, and takes the reply's score.

    Raises NotFound if the viewer cannot see it, Conflict if somebody has handled it already, Rejected for a
    note that is too long.
    """
    if len(note) > LONGEST_NOTE:
        raise Rejected("Shorten this note: it is too long.")
    reply = _find(session, reply_id, viewer)
    if not reply.needs_person:
        raise Conflict("Your decision was not saved: someone else has already handled this message.")
    if decision is Decision.OPT_OUT:
        suppression.opt_out(session, channel_of(reply), reply.sender, source=f"reply {reply.id}", now=now)
    elif decision is Decision.NO_OPT_OUT:
        if not _other_doubts(session, reply):
            suppression.resume(session, channel_of(reply), reply.sender, now=now)
        sms_conversation.hear_again(session, reply, context, now)
    reply.needs_person, reply.handled_as, reply.handled_note = False, decision, note.strip() or None
    reply.handled_at, reply.handled_by_id = now, viewer.user_id
    audit.record(session, decision, "reply", reply.id, by=viewer.user_id, now=now)
    return reply


def visible(viewer: Viewer) -> ColumnElement[bool]:
    """Replies from contacts whose account the viewer sees or who have none, and from unknown senders."""
    if viewer.sees_all:
        return true()
    return or_(Contact.account_id.is_(None), Contact.account_id.in_(access.accounts_of(viewer)))


def channel_of(reply: InboundReply) -> str:
    """sms or email, depending on the sender's address."""
    return "email" if "@" in reply.sender else "sms"


def _rows(viewer: Viewer) -> Select[InboundReply, Contact, str, str]:
    """(reply, contact, questionnaire key, handler's name); the last three can be None."""
    return (
        select(InboundReply, Contact, QuestionnaireVersion.key, User.name)
        .outerjoin(Contact, Contact.id == InboundReply.contact_id)
        .outerjoin(Invitation, Invitation.id == InboundReply.invitation_id)
        .outerjoin(QuestionnaireVersion, QuestionnaireVersion.id == Invitation.version_id)
        .outerjoin(User, User.id == InboundReply.handled_by_id)
        .options(joinedload(Contact.account))
        .where(visible(viewer))
    )


def _other_doubts(session: Session, reply: InboundReply) -> bool:
    """Whether the same person has another possible opt-out that nobody has decided on."""
    others = select(InboundReply.id).where(
        InboundReply.sender.in_(suppression.same(reply.sender)),
        InboundReply.id != reply.id,
        InboundReply.meaning == "maybe_stop",
        InboundReply.needs_person.is_(True),
    )
    return session.scalar(others.limit(1)) is not None


def _in_tray(tray: Tray) -> ColumnElement[bool]:
    if tray is Tray.WAITING:
        return InboundReply.needs_person.is_(True)
    return InboundReply.handled_by_id.is_not(None) if tray is Tray.HANDLED else true()


def _find(session: Session, reply_id: int, viewer: Viewer) -> InboundReply:
    found = session.scalar(
        select(InboundReply)
        .outerjoin(Contact, Contact.id == InboundReply.contact_id)
        .where(InboundReply.id == reply_id, visible(viewer))
        .with_for_update(of=InboundReply)
    )
    if found is None:
        raise NotFound("Message not found, or you don't have access to it.")
    return found


def _listed_as(reply: InboundReply) -> tuple[str, str]:
    return channel_of(reply), suppression.normal(reply.sender)


def _suppressed(session: Session, senders: Sequence[str]) -> Mapping[tuple[str, str], str]:
    """(kind, address) -> suppression reason, for the suppressed senders."""
    addresses = {form for each in senders if each for form in suppression.same(each)}
    rows = session.execute(
        select(Suppression.kind, Suppression.address, Suppression.reason).where(
            Suppression.address.in_(addresses), Suppression.lifted_at.is_(None)
        )
    )
    return {(row.kind, suppression.normal(row.address)): row.reason for row in rows}


def _tasks(session: Session, contacts: set[int], viewer: Viewer) -> Mapping[int, int]:
    """Contact id -> the follow-up to link to: an open one before a closed one, then the latest."""
    rows = session.execute(
        select(Response.contact_id, FollowUp.id)
        .join(FollowUp, FollowUp.response_id == Response.id)
        .where(Response.contact_id.in_(contacts), access.visible(viewer))
        .order_by(FollowUp.state != State.CLOSED, FollowUp.opened_at)
    )
    return {row.contact_id: row.id for row in rows}
