"""From the decision to survey somebody to a message in the outbox; reminders, other channels, expiry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session, selectinload

from feedback.core.contact_policy import Decision, Send, Skip
from feedback.core.duration import Duration
from feedback.core.journey import Stage
from feedback.core.token import derive
from feedback.errors import QuestionnaireInvalid
from feedback.library import Library
from feedback.services import rollups
from feedback.services.contact import eligibility
from feedback.services.context import Context
from feedback.services.journey import enrolments
from feedback.services.messaging import content
from feedback.store.models import Contact, Enrolment, Invitation, Message, QuestionnaireVersion

log = structlog.get_logger()

REFUSED = timedelta(hours=1)
"""Until a survey whose questionnaire may not be published is tried again."""

WAITING = ("queued", "sent", "delivered", "opened")
"""States of an invitation that nobody has answered yet."""


def issue_due(
    session: Session,
    context: Context,
    now: datetime,
    limit: int = 200,
) -> int:
    """Turn due enrolments into invitations with a queued message; returns how many were looked at.

    Of several that are due, the more important stage goes first, so that the budget of a contact is spent on it.
    """
    due = session.scalars(
        select(Enrolment)
        .where(Enrolment.state == "scheduled", Enrolment.due_at <= now)
        .order_by(Enrolment.due_at, Enrolment.id)
        .limit(limit)
        .options(selectinload(Enrolment.event))
        .with_for_update(skip_locked=True)
    ).all()
    contacts = {each.id: each for each in eligibility.lock(session, {each.contact_id for each in due})}
    for enrolment in sorted(due, key=lambda each: -_priority(context.library, each.stage)):
        issue(session, enrolment, contacts[enrolment.contact_id], context, now)
    return len(due)


def issue(
    session: Session,
    enrolment: Enrolment,
    contact: Contact,
    context: Context,
    now: datetime,
) -> Invitation | None:
    """Decide again, and if it is still yes, make the invitation and its message. None where it is not (yet).

    The contact's row must be locked by the caller.
    """
    library = context.library
    stage = library.journey.stage(enrolment.stage)
    if stage is None or stage.questionnaire not in library.questionnaires:
        enrolment.state, enrolment.reason = "cancelled", "stage_removed"
        return None
    if _outranked(session, enrolment, stage, library, now):
        return None
    decision = enrolments.decide(session, enrolment, contact, stage, context.settings, now)
    if decision is None or decision.at > now:
        return None
    try:
        version = library.published(session, stage.questionnaire, now)
    except QuestionnaireInvalid as refused:
        # What may not be published was refused at the start already: another node has been faster since, or what
        # was allowed for a while has ended.
        log.error("invitation.refused", enrolment=enrolment.id, reason=str(refused))
        enrolment.due_at = now + REFUSED
        return None
    invitation = _invitation(enrolment, contact, stage, decision, version, context, now)
    session.add(invitation)
    session.flush()
    invitation.token = derive(context.settings.link.key.reveal().encode(), invitation.id)
    enrolment.state = "issued"  # also where nothing can be queued: it is the invitation's story from here on
    queue(session, invitation, decision, context, now)
    return invitation


def queue(
    session: Session,
    invitation: Invitation,
    decision: Send,
    context: Context,
    now: datetime,
    *,
    purpose: str = "invitation",
    occurrence: int = 0,
) -> Message | None:
    """Put the invitation (or a reminder) into the outbox; None where no enabled channel carries what was decided."""
    kind, settings = decision.channel, context.settings
    channel = next((key for key, each in context.channels.items() if each.kind == kind), None)
    contact = invitation.contact
    address = contact.phone if kind == "sms" else contact.email
    if channel is None or not address:
        if purpose == "invitation":  # what has been sent stays sent, though nothing can remind of it
            invitation.state, invitation.state_reason = "failed", "no_channel"
        log.error("invitation.no_channel", invitation=invitation.id, kind=kind)
        return None
    questionnaire = context.library.questionnaire_of(invitation.version)
    country = content.country_of(contact, kind)
    text = content.compose(questionnaire, invitation, kind, settings, reminder=purpose == "reminder")
    message = Message(
        invitation_id=invitation.id,
        contact_id=contact.id,
        purpose=purpose,
        occurrence=occurrence,
        channel=channel,
        kind=kind,
        recipient=address,
        country=country,
        sender=settings.twilio.senders.get(country or "") if channel == "twilio_sms" else None,
        subject=text.subject,
        body=text.body,
        html=text.html,
        language=invitation.language,
        headers=dict(text.headers or {}),
        match=invitation.token,
        state="queued",
        due_at=now,
        not_after=min(decision.not_after, invitation.expires_at),
        segments=text.segments,
        created_at=now,
        is_demo=invitation.is_demo,
    )
    session.add(message)
    session.flush()
    if kind == "sms":
        _expect_reply(session, invitation, contact, context)
    return message


def use_other_channels(session: Session, context: Context, now: datetime) -> int:
    """Invitations whose channel failed for good go out another way, if the customer has one and agrees."""
    stranded = _held(
        session,
        select(Invitation).where(Invitation.state == "queued", Invitation.state_reason == "other_channel"),
    )
    for invitation in stranded:
        kinds = tuple(invitation.other_kinds)
        decision = _decide_way(session, invitation, kinds, context, now)
        if not isinstance(decision, Send):
            invitation.state, invitation.state_reason = "failed", "no_channel"
        elif decision.at <= now:
            invitation.other_kinds = [kind for kind in kinds if kind != decision.channel]
            rollups.invited(session, invitation.id, -1)
            invitation.kind, invitation.state_reason = decision.channel, None
            session.flush()
            rollups.invited(session, invitation.id)
            queue(session, invitation, decision, context, now, occurrence=len(kinds))
    return len(stranded)


def remind_due(session: Session, context: Context, now: datetime) -> int:
    """One reminder for those who have not answered, on the stage's other channel where it has one. None after an
    answer."""
    due = _held(
        session,
        select(Invitation)
        .where(Invitation.remind_at <= now, Invitation.state.in_(WAITING), Invitation.answered_at.is_(None))
        .where(Invitation.expires_at > now)
        .order_by(Invitation.remind_at)
        .limit(200),
    )
    for invitation in due:
        kinds = other_first(context.library.journey.stage(invitation.stage), invitation.kind)
        decision = _decide_way(session, invitation, kinds, context, now)
        if not isinstance(decision, Send):
            invitation.remind_at = None
            _tell_why_not(invitation, decision, now)
        elif decision.at > now:
            invitation.remind_at = decision.at
        else:
            invitation.reminders_sent += 1
            invitation.remind_at = _next_reminder(invitation, now)
            number = invitation.reminders_sent
            queue(session, invitation, decision, context, now, purpose="reminder", occurrence=number)
    return len(due)


def expire_due(session: Session, now: datetime) -> int:
    """Close what nobody answered in time, and what is too old to be sent; queued messages go with it."""
    # Messages before invitations, as everywhere: two nodes that lock in different orders stop each other.
    overdue = session.scalars(
        select(Message)
        .join(Message.invitation)
        .where(Message.state == "queued", Message.purpose.in_(("invitation", "reminder")))
        .where(Invitation.expires_at <= now)
        .limit(1000)
        .with_for_update(skip_locked=True, of=Message)
    )
    for message in overdue:
        message.state, message.state_reason = "cancelled", "too_late"
    session.flush()
    expired = session.scalars(
        select(Invitation)
        .where(Invitation.state.in_(WAITING), Invitation.expires_at <= now)
        .limit(1000)
        .with_for_update(skip_locked=True)
    ).all()
    for invitation in expired:
        invitation.state, invitation.reply_key, invitation.remind_at = "expired", None, None
    session.execute(
        update(Enrolment)
        .where(Enrolment.state == "scheduled", Enrolment.expires_at <= now)
        .values(state="skipped", reason="too_late")
    )
    return len(expired)


def withdraw(session: Session, invitation_id: int, now: datetime) -> bool:
    """Close an invitation that should not have gone out; its link says so. False where somebody has answered it,
    or it is over already."""
    waiting = select(Message).where(Message.invitation_id == invitation_id, Message.state == "queued")
    for message in session.scalars(waiting.with_for_update(of=Message)):
        message.state, message.state_reason = "cancelled", "withdrawn"
    invitation = session.scalar(select(Invitation).where(Invitation.id == invitation_id).with_for_update())
    if invitation is None or invitation.state not in WAITING or invitation.answered_at:
        return False
    invitation.state, invitation.reply_key, invitation.remind_at = "withdrawn", None, None
    invitation.expires_at = now
    return True


def _invitation(
    enrolment: Enrolment,
    contact: Contact,
    stage: Stage,
    decision: Send,
    version: QuestionnaireVersion,
    context: Context,
    now: datetime,
) -> Invitation:
    questionnaire = context.library.questionnaire_of(version)
    language = contact.language or context.settings.organisation.default_language
    return Invitation(
        enrolment_id=enrolment.id,
        contact=contact,
        account_id=contact.account_id,
        version=version,
        stage=stage.key,
        priority=stage.priority,
        kind=decision.channel,
        language=questionnaire.language_for(language),
        state="queued",
        piping=content.piping(questionnaire, contact, enrolment.event),
        created_at=now,
        expires_at=now + stage.expires_after.timedelta,
        reminders=[str(each) for each in stage.reminders],
        other_kinds=[kind for kind in stage.channels if kind != decision.channel],
        is_demo=contact.is_demo,
    )


def _expect_reply(session: Session, invitation: Invitation, contact: Contact, context: Context) -> None:
    """From now on an SMS from this number answers this invitation; an earlier one can be answered by link only."""
    stage = context.library.journey.stage(invitation.stage)
    if (
        stage is None
        or not stage.reply_by_sms
        or not contact.phone
        or not content.can_reply(context.settings, content.country_of(contact, "sms"))
    ):
        return
    session.execute(
        update(Invitation)
        .where(Invitation.reply_key == contact.phone, Invitation.id != invitation.id)
        .values(reply_key=None)
        # Else every object of a long batch is compared with the condition, for every message.
        .execution_options(synchronize_session=False)
    )
    invitation.reply_key = contact.phone
    invitation.conversation = invitation.conversation or "await_score"


def _held(session: Session, wanted: Select[Invitation]) -> Sequence[Invitation]:
    """Invitations that are to reach their contacts once more, locked; their contacts before them, as where a survey is
    issued: two nodes that lock in different orders stop each other."""
    contacts = set(session.scalars(wanted.with_only_columns(Invitation.contact_id)))
    session.execute(select(Contact.id).where(Contact.id.in_(contacts)).order_by(Contact.id).with_for_update())
    still = wanted.where(Invitation.contact_id.in_(contacts)).with_for_update(skip_locked=True)
    return session.scalars(still.execution_options(populate_existing=True)).all()


def _decide_way(
    session: Session,
    invitation: Invitation,
    kinds: tuple[str, ...],
    context: Context,
    now: datetime,
) -> Decision:
    """When and how this invitation may reach its contact once more. Fatigue is not asked: it is the same survey."""
    stage = context.library.journey.stage(invitation.stage)
    rules = eligibility.policy(context.settings)
    contact = session.scalars(
        select(Contact).where(Contact.id == invitation.contact_id).with_for_update()
    ).one()
    return eligibility.decide_again(
        session, contact, kinds, invitation.expires_at, rules, now, stage.priority if stage else 50
    )


def _tell_why_not(invitation: Invitation, decision: Skip, now: datetime) -> None:
    """A reminder that is left out is told in the story of its survey."""
    if enrolment := invitation.enrolment:
        why = {"code": "not_reminded", "params": {"reason": decision.code, "at": now.isoformat()}}
        enrolment.explanation = [*enrolment.explanation, why]


def other_first(stage: Stage | None, kind: str) -> tuple[str, ...]:
    """The ways to remind by: another of the stage, then the `kind` of channel that the survey went out by."""
    return (*(each for each in (stage.channels if stage else ()) if each != kind), kind)


def _next_reminder(invitation: Invitation, now: datetime) -> datetime | None:
    if invitation.reminders_sent >= len(invitation.reminders):
        return None
    return now + Duration.parse(invitation.reminders[invitation.reminders_sent]).timedelta


def _outranked(session: Session, enrolment: Enrolment, stage: Stage, library: Library, now: datetime) -> bool:
    """Whether a more important survey of the same contact is due too; it goes first, even if another node has it."""
    others = session.scalars(
        select(Enrolment.stage)
        .where(Enrolment.contact_id == enrolment.contact_id, Enrolment.id != enrolment.id)
        .where(Enrolment.state == "scheduled", Enrolment.due_at <= now, Enrolment.expires_at > now)
    )
    return any(_priority(library, other) > stage.priority for other in others)


def _priority(library: Library, stage: str) -> int:
    found = library.journey.stage(stage)
    return found.priority if found else 0
