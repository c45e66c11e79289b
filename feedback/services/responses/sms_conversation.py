"""Replies by SMS: each is stored once, and goes to the survey or the follow-up that it belongs to, or to a person.

await_score -> (asked once more) -> further questions, each asked once more at most -> await_comment -> done. A stop
word has priority in every state. A reply that is not understood is kept and goes to the inbox. Text is only added to
earlier text, also if it comes late.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from feedback.core.contact.recipient import dialled, spellings
from feedback.core.questionnaire import Questionnaire
from feedback.core.replies.reply import says_something
from feedback.providers.base import Reply
from feedback.services.contact import facts
from feedback.services.context import Context
from feedback.services.followups import customer_replies
from feedback.services.responses.incoming_reply import ATTACHMENT, LATE, IncomingReply
from feedback.services.responses.sms_survey import SmsSurvey
from feedback.store.models import Contact, InboundReply, Invitation

log = structlog.get_logger()


def receive(
    session: Session, provider: str, reply: Reply, context: Context, now: datetime
) -> InboundReply | None:
    """Store and process a reply once, even if the provider delivers it several times. Returns None for a known one.

    Where the survey that it belongs to cannot be read, a STOP counts all the same, and everything else waits for a
    person: the provider would not send it again. Only a database that cannot be used raises (StorageUnavailable).
    """
    reply = _storable(reply)
    row = _stored(session, provider, reply, now)
    if row is None:
        return None
    try:
        with session.begin_nested():
            _process(session, row, reply, context, now)
    except SQLAlchemyError:
        raise
    except Exception:
        log.exception("replies.survey_not_read", reply=row.id)
        contact = session.scalars(_with_number(reply.from_)).first()
        IncomingReply(session, row, reply, contact, context.settings, now).without_survey()
    return row


def _storable(reply: Reply) -> Reply:
    """The reply without the provider's prefix of its sender, and without NULs, which PostgreSQL cannot store; they are
    replaced as in the answers of pages."""
    texts = {
        name: getattr(reply, name).replace("\x00", "\ufffd")
        for name in ("provider_id", "from_", "to", "body")
    }
    return replace(reply, **{**texts, "from_": dialled(texts["from_"])})


def _with_number(sender: str) -> Select[Contact]:
    return select(Contact).where(Contact.phone.in_(spellings(sender))).order_by(Contact.id)


def _process(session: Session, row: InboundReply, reply: Reply, context: Context, now: datetime) -> None:
    """Give a reply to the survey or the follow-up that it belongs to, or to a person."""
    same = spellings(reply.from_)
    contact = session.scalars(_with_number(reply.from_)).first()
    open_key = select(Invitation).where(Invitation.reply_key.in_(same)).order_by(Invitation.sent_at.desc())
    invitation = session.scalars(open_key.limit(1).with_for_update()).first()
    contact = invitation.contact if invitation else contact
    if (written := customer_replies.answered_message(session, same, invitation, row.received_at)) is not None:
        contact = session.get(Contact, written.contact_id or 0) or contact
        row.contact_id = contact.id if contact else None
        IncomingReply(session, row, reply, contact, context.settings, now).to_follow_up(written)
        return
    if invitation and invitation.expires_at < now - LATE:
        invitation = None  # too old to be related to the survey
    row.invitation_id = invitation.id if invitation else None
    row.contact_id = contact.id if contact else None
    conversation = IncomingReply(session, row, reply, contact, context.settings, now)
    if reply.media:
        row.needs_person = True
        if not says_something(reply.body) and reply.opt_out_type is None:
            row.meaning = "attachment"  # we see no picture, so we neither ask nor thank
            return
    if invitation is None:
        last = conversation.without_invitation()
        if last and last.conversation:
            SmsSurvey(conversation, last, _questionnaire(context, last)).store_late_comment()
    else:
        SmsSurvey(conversation, invitation, _questionnaire(context, invitation)).handle()


def hear_again(session: Session, row: InboundReply, context: Context, now: datetime) -> None:
    """Take the score of a reply that a person has found to be no opt-out, unless the survey has one by now."""
    invitation = session.get(Invitation, row.invitation_id) if row.invitation_id else None
    if invitation is None or row.meaning != "maybe_stop":
        return
    body = row.body.partition(ATTACHMENT)[0].rstrip()
    reply = Reply(row.provider_id, row.sender, row.recipient, body, row.received_at, None)
    conversation = IncomingReply(session, row, reply, invitation.contact, context.settings, now)
    SmsSurvey(conversation, invitation, _questionnaire(context, invitation)).hear_again()


def _questionnaire(context: Context, invitation: Invitation) -> Questionnaire:
    """The questionnaire for this customer."""
    return context.library.questionnaire_of(invitation.version).asked_of(facts.kept(invitation))


def _stored(session: Session, provider: str, reply: Reply, now: datetime) -> InboundReply | None:
    row = InboundReply(
        provider=provider,
        provider_id=reply.provider_id,
        sender=reply.from_,
        recipient=reply.to,
        body="\n".join(filter(None, [reply.body, *(f"{ATTACHMENT} {each}" for each in reply.media)])),
        received_at=reply.received_at or now,
        meaning="unclear",
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return None
    return row
