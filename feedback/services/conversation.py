"""A survey by text message: the score, then the comment, then thanks; and everything else people write back.

await_score -> (asked once more) -> await_comment -> done. A stop word wins over everything, in any state.
Whatever is not understood is kept and reaches a person; nothing is asked twice.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from feedback.channels.base import Reply
from feedback.core.answer import Answer
from feedback.core.message import fill, segments
from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import ScaleQuestion, TextQuestion
from feedback.core.recipient import PhoneNumber
from feedback.core.reply import Help, Meaning, Score, Start, Stop, understand
from feedback.errors import LinkClosed
from feedback.i18n import translator
from feedback.library import Library
from feedback.services import composing, optouts, responses
from feedback.settings import Settings
from feedback.store.models import Contact, InboundReply, Invitation, Message

log = structlog.get_logger()

LATE = timedelta(days=7)
"""A reply up to this long after an invitation was closed still belongs to it, as a comment."""


def receive(
    session: Session, channel: str, reply: Reply, library: Library, settings: Settings, now: datetime
) -> InboundReply | None:
    """Store a reply and act on it, once, however often the provider delivers it. None for one already known."""
    row = _stored(session, channel, reply, now)
    if row is None:
        return None
    contacts = session.scalars(select(Contact).where(Contact.phone == reply.from_)).all()
    invitation = _open_invitation(session, reply.from_)
    row.invitation_id = invitation.id if invitation else None
    row.contact_id = invitation.contact_id if invitation else contacts[0].id if contacts else None
    meaning = _meaning(reply, invitation, library, contacts[0].language if contacts else None, settings)
    if isinstance(meaning, Stop):
        _stop(session, row, meaning, reply, settings, now)
    elif isinstance(meaning, Start):
        _start(session, row, reply, now)
    elif isinstance(meaning, Help):
        _help(session, row, channel, reply, settings, now)
    elif invitation is not None:
        _answer(session, row, invitation, meaning, channel, library, settings, now)
    else:
        _late(session, row, bool(contacts), now)
    return row


def _stored(session: Session, channel: str, reply: Reply, now: datetime) -> InboundReply | None:
    row = InboundReply(
        channel=channel,
        provider_id=reply.provider_id,
        sender=reply.from_,
        recipient=reply.to,
        body=reply.body,
        received_at=reply.received_at or now,
        meaning="unclear",
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return None
    return row


def _open_invitation(session: Session, phone: str) -> Invitation | None:
    return session.scalar(select(Invitation).where(Invitation.reply_key == phone).with_for_update())


def _meaning(
    reply: Reply, invitation: Invitation | None, library: Library, language: str | None, settings: Settings
) -> Meaning:
    if reply.opt_out_type == "STOP":
        return Stop("certain")
    question = _scored(library.of(invitation.version)) if invitation else None
    return understand(
        reply.body,
        minimum=question.minimum if question else 0,
        maximum=question.maximum if question else 10,
        language=invitation.language if invitation else language or settings.organisation.default_language,
    )


def _scored(questionnaire: Questionnaire) -> ScaleQuestion | None:
    """The question that a bare number answers: the first one, if it is a scale."""
    first = questionnaire.questions[0]
    return first if isinstance(first, ScaleQuestion) else None


def _stop(
    session: Session, row: InboundReply, meaning: Stop, reply: Reply, settings: Settings, now: datetime
) -> None:
    if meaning.kind == "likely":  # suspended until a person has read it
        row.meaning, row.needs_person = "maybe_stop", True
        optouts.suppress(
            session, "sms", reply.from_, reason="maybe_opt_out", source=f"reply {row.id}", now=now,
            contact_id=row.contact_id,
        )  # fmt: skip
        return
    row.meaning = "stop"
    fresh = optouts.opt_out(session, "sms", reply.from_, source=f"reply {row.id}", now=now)
    if fresh and reply.opt_out_type != "STOP":  # the provider has not confirmed it already
        _say(session, row, reply.from_, settings, now, "opt_out_confirmation", "You will get no more surveys from us.")


def _start(session: Session, row: InboundReply, reply: Reply, now: datetime) -> None:
    row.meaning = "start"
    optouts.opt_in(session, "sms", reply.from_, source=f"reply {row.id}", now=now)


def _help(
    session: Session, row: InboundReply, channel: str, reply: Reply, settings: Settings, now: datetime
) -> None:
    row.meaning = "help"
    if optouts.is_suppressed(session, "sms", reply.from_):
        return
    organisation = settings.organisation
    support = organisation.support_phone or organisation.support_email or settings.web.public_url
    _say(
        session, row, reply.from_, settings, now, "thanks",
        "{company} surveys. Help: {support}. Reply STOP to end.", company=organisation.name, support=support,
    )  # fmt: skip


def _answer(
    session: Session,
    row: InboundReply,
    invitation: Invitation,
    meaning: Meaning,
    channel: str,
    library: Library,
    settings: Settings,
    now: datetime,
) -> None:
    questionnaire = library.of(invitation.version)
    if isinstance(meaning, Score) and (question := _scored(questionnaire)):
        given = {question.key: Answer(meaning.value)}
        comment = _comment_question(questionnaire, given)
        if meaning.comment and comment:
            given[comment.key] = Answer(None, meaning.comment)
        row.meaning = "score"
        if _record(session, row, invitation, questionnaire, given, settings, now):
            _ask_for_comment(session, row, invitation, questionnaire, given, channel, settings, now)
    elif invitation.conversation == "await_comment":
        _comment(session, row, invitation, questionnaire, row.body, settings, now)
    elif invitation.conversation == "await_score":
        row.meaning = "unclear"
        invitation.conversation = "asked_again"
        _ask_again(session, row, invitation, questionnaire, settings, now)
    else:
        row.meaning, row.needs_person = "unclear", True
        _comment(session, row, invitation, questionnaire, row.body, settings, now, keep_open=True)


def _record(
    session: Session,
    row: InboundReply,
    invitation: Invitation,
    questionnaire: Questionnaire,
    given: dict[str, Answer],
    settings: Settings,
    now: datetime,
) -> bool:
    """Store answers; a link that has been closed keeps the words for a person instead."""
    try:
        responses.record(
            session, invitation, questionnaire, given, source="sms_reply", followup=settings.followup, now=now
        )
    except LinkClosed:
        row.meaning, row.needs_person = "late", True
        return False
    return True


def _ask_for_comment(
    session: Session,
    row: InboundReply,
    invitation: Invitation,
    questionnaire: Questionnaire,
    given: dict[str, Answer],
    channel: str,
    settings: Settings,
    now: datetime,
) -> None:
    comment = _comment_question(questionnaire, given)
    if comment is None or comment.key in given:
        _thank(session, row, invitation, questionnaire, given, settings, now)
        return
    if invitation.conversation == "await_comment":  # a corrected score is not asked about again
        return
    invitation.conversation = "await_comment"
    prompt = questionnaire.messages.comment_prompt or comment.text
    values = composing.values(invitation, settings)
    _say(session, row, row.sender, settings, now, "comment_prompt", "", text=fill(prompt.to(invitation.language), values))


def _comment(
    session: Session,
    row: InboundReply,
    invitation: Invitation,
    questionnaire: Questionnaire,
    words: str,
    settings: Settings,
    now: datetime,
    keep_open: bool = False,
) -> None:
    given = responses.answers_to(session, invitation.id)
    question = _comment_question(questionnaire, given)
    if question is None:
        row.meaning, row.needs_person = "late", True
        return
    if not keep_open:
        row.meaning = "comment"
    earlier = given[question.key].text if question.key in given else None
    text = f"{earlier}\n{words}" if earlier else words
    new = {question.key: Answer(None, text)}
    if _record(session, row, invitation, questionnaire, new, settings, now) and not keep_open:
        _thank(session, row, invitation, questionnaire, {**given, **new}, settings, now)


def _thank(
    session: Session,
    row: InboundReply,
    invitation: Invitation,
    questionnaire: Questionnaire,
    given: dict[str, Answer],
    settings: Settings,
    now: datetime,
) -> None:
    if invitation.conversation == "done":
        return
    invitation.conversation = "done"
    thanks = questionnaire.thanks_for(given)
    values = composing.values(invitation, settings)
    text = fill(thanks.text.to(invitation.language), values) if thanks else None
    _say(session, row, row.sender, settings, now, "thanks", "Thank you for your answer!", text=text)


def _ask_again(
    session: Session,
    row: InboundReply,
    invitation: Invitation,
    questionnaire: Questionnaire,
    settings: Settings,
    now: datetime,
) -> None:
    question = _scored(questionnaire)
    if question is None or invitation.token is None:
        return
    _say(
        session, row, row.sender, settings, now, "reprompt",
        "Sorry, we could not read a number there. Please reply with one from {minimum} to {maximum}, or answer here: {link}",
        minimum=question.minimum, maximum=question.maximum, link=composing.link(settings, invitation.token),
    )  # fmt: skip


def _late(session: Session, row: InboundReply, known: bool, now: datetime) -> None:
    """No open invitation: a comment on the last one where that is recent, else a matter for a person."""
    row.needs_person = True
    row.meaning = "unknown_sender" if not known else "unclear"
    last = session.scalars(
        select(Invitation)
        .where(Invitation.contact_id == row.contact_id, Invitation.sent_at.is_not(None))
        .order_by(Invitation.sent_at.desc())
    ).first()
    if last and last.expires_at >= now - LATE:
        row.meaning, row.invitation_id = "late", last.id


def _comment_question(questionnaire: Questionnaire, given: dict[str, Answer]) -> TextQuestion | None:
    """The open question that a reply in words answers, given the answers so far."""
    return next((each for each in questionnaire.path(given) if isinstance(each, TextQuestion)), None)


def _say(
    session: Session,
    row: InboundReply,
    phone: str,
    settings: Settings,
    now: datetime,
    purpose: str,
    message: str,
    *,
    text: str | None = None,
    **params: object,
) -> None:
    """Answer the customer at once (they have just written, so no quiet hours), through the outbox."""
    invitation = session.get(Invitation, row.invitation_id) if row.invitation_id else None
    contact = session.get(Contact, row.contact_id) if row.contact_id else None
    language = invitation.language if invitation else (contact.language if contact else None)
    language = language or settings.organisation.default_language
    words = text if text is not None else translator("messages", language).gettext(message, **params)
    session.add(
        Message(
            invitation_id=invitation.id if invitation else None,
            contact_id=row.contact_id,
            purpose=purpose,
            occurrence=row.id,
            channel=row.channel,
            kind="sms",
            recipient=phone,
            country=PhoneNumber(phone).region,
            sender=row.recipient if row.recipient.startswith("+") else None,
            body=words,
            language=language,
            match=None,
            state="queued",
            due_at=now,
            not_after=now + timedelta(hours=1),
            segments=segments(words).count,
            created_at=now,
            is_demo=bool(contact and contact.is_demo),
        )
    )
