"""What customers wrote that the system did not understand, or may have misunderstood: a person reads it.

A reply waits while `needs_person` is set; who deals with it says how, and that is kept beside the words.
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
from feedback.services import audit, followups, optouts
from feedback.services.followups import LONGEST_NOTE, Viewer
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
    """Which replies to show."""

    WAITING = "waiting"
    HANDLED = "handled"
    ALL = "all"


class Decision(StrEnum):
    """What a person made of a reply."""

    OPT_OUT = "opt_out"
    NO_OPT_OUT = "no_opt_out"
    HANDLED = "handled"


@dataclass(frozen=True, slots=True)
class Entry:
    """A reply with what a reader needs beside it.

    `questionnaire` is the key of the survey it belongs to, `suppressed` why nothing is sent to its sender,
    `task` the follow-up of its author that is open, else the latest, `handler` who has dealt with it.
    """

    reply: InboundReply
    contact: Contact | None
    questionnaire: str | None
    suppressed: str | None
    task: int | None
    handler: str | None

    @property
    def doubtful(self) -> bool:
        """Whether somebody has to say if it is an opt-out."""
        return self.reply.needs_person and self.suppressed == MAYBE


def waiting(session: Session, viewer: Viewer) -> int:
    """How many replies wait for somebody whom `viewer` may stand for."""
    query = select(func.count()).select_from(InboundReply).where(InboundReply.needs_person.is_(True))
    if not viewer.sees_all:
        query = query.outerjoin(Contact, Contact.id == InboundReply.contact_id).where(visible(viewer))
    return session.scalar(query) or 0


def entries(
    session: Session, viewer: Viewer, tray: Tray, before: int | None = None, limit: int = AT_ONCE
) -> list[Entry]:
    """Replies of a tray, the latest first; `before` is the id of the last one on the page before."""
    query = _rows(viewer).where(_in_tray(tray))
    if before is not None:  # not by id alone: after a standstill, replies are fetched in any order
        seen = select(InboundReply.received_at).where(InboundReply.id == before).scalar_subquery()
        query = query.where(tuple_(InboundReply.received_at, InboundReply.id) < tuple_(seen, before))
    latest_first = (InboundReply.received_at.desc(), InboundReply.id.desc())
    rows = session.execute(query.order_by(*latest_first).limit(limit)).all()
    listed = _suppressed(session, [row[0].sender for row in rows])
    tasks = _tasks(session, {row[0].contact_id for row in rows if row[0].contact_id}, viewer)
    return [
        Entry(reply, contact, key, listed.get(_listed_as(reply)), tasks.get(reply.contact_id or 0), handler)
        for reply, contact, key, handler in rows
    ]


def decide(
    session: Session, reply_id: int, viewer: Viewer, decision: Decision, note: str, *, now: datetime
) -> InboundReply:
    """Take a reply out of the tray. An opt-out ends all surveys to its author; "no opt-out" lets them go on.

    Raises NotFound for one that is not this viewer's, Conflict where somebody has dealt with it already,
    Rejected for a note that is too long.
    """
    if len(note) > LONGEST_NOTE:
        raise Rejected("Shorten this note: it is too long.")
    reply = _find(session, reply_id, viewer)
    if not reply.needs_person:
        raise Conflict("Your decision was not saved: someone else has already handled this message.")
    if decision is Decision.OPT_OUT:
        optouts.opt_out(session, kind_of(reply), reply.sender, source=f"reply {reply.id}", now=now)
    elif decision is Decision.NO_OPT_OUT and not _other_doubts(session, reply):
        optouts.resume(session, kind_of(reply), reply.sender, now=now)
    reply.needs_person, reply.handled_as, reply.handled_note = False, decision, note.strip() or None
    reply.handled_at, reply.handled_by_id = now, viewer.user_id
    audit.record(session, decision, "reply", reply.id, by=viewer.user_id, now=now)
    return reply


def visible(viewer: Viewer) -> ColumnElement[bool]:
    """Replies of people in accounts that are the viewer's or nobody's, and of people whom nobody knows."""
    if viewer.sees_all:
        return true()
    return or_(Contact.account_id.is_(None), Contact.account_id.in_(followups.accounts_of(viewer)))


def kind_of(reply: InboundReply) -> str:
    """sms or email, by the address that it came from."""
    return "email" if "@" in reply.sender else "sms"


def _rows(viewer: Viewer) -> Select[InboundReply, Contact, str, str]:
    """(reply, contact, key of the questionnaire, name of the handler), the last three None where there is none."""
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
    """Whether the same person has written something else that may be an opt-out, and nobody has decided about it."""
    others = select(InboundReply.id).where(
        InboundReply.sender == reply.sender,
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
    return kind_of(reply), optouts.normal(reply.sender)


def _suppressed(session: Session, senders: Sequence[str]) -> Mapping[tuple[str, str], str]:
    """(kind, address) -> why nothing is sent there, for those senders for whom that is so."""
    addresses = {optouts.normal(each) for each in senders if each}
    rows = session.execute(
        select(Suppression.kind, Suppression.address, Suppression.reason).where(
            Suppression.address.in_(addresses), Suppression.lifted_at.is_(None)
        )
    )
    return {(row.kind, row.address): row.reason for row in rows}


def _tasks(session: Session, contacts: set[int], viewer: Viewer) -> Mapping[int, int]:
    """Contact -> the follow-up to open: one that is being worked on before a closed one, then the latest."""
    rows = session.execute(
        select(Response.contact_id, FollowUp.id)
        .join(FollowUp, FollowUp.response_id == Response.id)
        .where(Response.contact_id.in_(contacts), followups.visible(viewer))
        .order_by(FollowUp.state != State.CLOSED, FollowUp.opened_at)
    )
    return {row.contact_id: row.id for row in rows}
