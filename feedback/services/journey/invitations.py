"""Invitations: from a due enrolment to a message in the outbox; reminders, other channels, expiry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.orm import Session, selectinload

from feedback.core import token
from feedback.core.contact.policy import Decision, PastContact, Send, Skip
from feedback.core.contact.recipient import spellings
from feedback.core.journey import Stage
from feedback.core.lifecycle import INVITATION_NOT_BEGUN, EnrolmentState, InvitationState, MessageState
from feedback.core.time.duration import Duration
from feedback.errors import QuestionnaireInvalid
from feedback.library import Library
from feedback.providers import sms_terms, terms_of
from feedback.services import rollups
from feedback.services.contact import eligibility, facts
from feedback.services.context import Context
from feedback.services.journey import enrolments, stages
from feedback.services.messaging import content, outbox
from feedback.store.models import Contact, Enrolment, Invitation, Message, QuestionnaireVersion
from feedback.store.portions import Portions

log = structlog.get_logger()

AT_ONCE = 2_000
"""Due enrolments that are read at once; the rest follows with the next tick."""
FEW = 4
"""Least invitations of a portion: what they share takes as long as some of them."""
REFUSED = timedelta(hours=1)
"""Delay before an enrolment whose questionnaire cannot be published is tried again."""


def issue_all(portions: Portions, context: Context, now: datetime) -> None:
    """Turn all due enrolments into invitations with a queued message.

    The more important stage goes first, so that a contact gets that survey if the policy allows only one.
    """
    with portions.database.reading() as session:
        due = due_ids(session, context.library, now)
    portions.each(due, lambda session, some: issue_some(session, some, context, now), least=FEW)


def issue_due(session: Session, context: Context, now: datetime, limit: int = AT_ONCE) -> int:
    """Turn at most `limit` due enrolments into invitations, in one transaction. Returns the number of processed
    enrolments."""
    return issue_some(session, due_ids(session, context.library, now, limit), context, now)


def due_ids(session: Session, library: Library, now: datetime, limit: int = AT_ONCE) -> list[int]:
    """The ids of enrolments that are due, at most `limit`: those that have waited longest, the important ones first."""
    due, on_hold = _DUE.limit(limit), stages.on_hold(session)
    if on_hold:
        due = due.where(Enrolment.stage.not_in(on_hold))
    rows = session.execute(due, {"now": now}).all()
    known = stages.find(session, library, {row.stage for row in rows})
    return [row.id for row in sorted(rows, key=lambda each: -_priority(known, each.stage))]


def issue_some(session: Session, enrolment_ids: Sequence[int], context: Context, now: datetime) -> int:
    """Issue these enrolments, in their order, as far as they are still due and no other node works on them."""
    on_hold = stages.on_hold(session)
    found = session.scalars(
        select(Enrolment)
        .where(Enrolment.id.in_(enrolment_ids), Enrolment.stage.not_in(on_hold))
        .where(Enrolment.state == EnrolmentState.SCHEDULED, Enrolment.due_at <= now)
        .order_by(Enrolment.due_at, Enrolment.id)
        .options(selectinload(Enrolment.event))
        .with_for_update(skip_locked=True)
    )
    due = {each.id: each for each in found}
    contacts = {each.id: each for each in eligibility.lock(session, {e.contact_id for e in due.values()})}
    rules, selective = eligibility.policy(context.settings), context.library.journey.is_selective
    known = eligibility.know(session, list(contacts.values()), rules, now, selective=selective)
    others = _also_due(session, list(contacts), on_hold, now)
    keys = {each.stage for each in due.values()}.union(*(each.values() for each in others.values()))
    issuing = _Issuing(context, known, others, stages.find(session, context.library, keys))
    for enrolment in (due[each] for each in enrolment_ids if each in due):
        issue(session, enrolment, contacts[enrolment.contact_id], issuing, now)
        if enrolment.state != EnrolmentState.SCHEDULED or enrolment.due_at > now:
            others[enrolment.contact_id].pop(enrolment.id, None)
    return len(due)


@dataclass(frozen=True, slots=True)
class _Issuing:
    """What issuing needs to know of the contacts of a portion. `others` are the due enrolments of each: id -> stage."""

    context: Context
    known: eligibility.Known
    others: Mapping[int, dict[int, str]]
    stages: Mapping[str, Stage]


def issue(
    session: Session,
    enrolment: Enrolment,
    contact: Contact,
    issuing: _Issuing,
    now: datetime,
) -> Invitation | None:
    """Decide again, and if the survey may still be sent, make the invitation and its message; otherwise return None.

    The caller must lock the contact's row.
    """
    context, library = issuing.context, issuing.context.library
    stage, decision = _still_wanted(enrolment, contact, issuing, now)
    if stage is None or decision is None or decision.at > now:
        return None
    try:
        version = library.published(session, stage.questionnaire, now)
    except QuestionnaireInvalid as refused:
        # The library holds only questionnaires that could be published at the start. Since then another node has
        # published another version, or a trend bridge or an accepted finding has expired.
        log.error("invitation.refused", enrolment=enrolment.id, reason=str(refused))
        enrolment.due_at = now + REFUSED
        return None
    invitation = _invitation(enrolment, contact, stage, decision, version, context, now)
    if library.questionnaire_of(version).asked_of(facts.kept(invitation)).asks_nothing:
        enrolment.state, enrolment.reason = EnrolmentState.SKIPPED, "nothing_to_ask"
        return None
    session.add(invitation)
    session.flush()
    # Also where nothing can be queued: from here on the invitation tells the rest.
    enrolment.state = EnrolmentState.ISSUED
    sending = Sending(decision.channel, decision.not_after)
    if queue(session, invitation, sending, context, now):
        issuing.known.add(contact, PastContact(now, stage.priority))
    return invitation


def _still_wanted(
    enrolment: Enrolment, contact: Contact, issuing: _Issuing, now: datetime
) -> tuple[Stage | None, Send | None]:
    """The stage of an enrolment, and the decision about it; None where it waits or is over."""
    library = issuing.context.library
    stage = issuing.stages.get(enrolment.stage)
    if library.is_unsettled(stage):
        enrolment.due_at = now + REFUSED
        return None, None
    if stage is None or stage.questionnaire not in library.questionnaires:
        enrolment.state, enrolment.reason = EnrolmentState.CANCELLED, "stage_removed"
        return None, None
    if _outranked(enrolment, stage, issuing):
        return None, None
    return stage, enrolments.decide(enrolment, contact, stage, issuing.known, now)


@dataclass(frozen=True, slots=True)
class Sending:
    """A message of an invitation that is to be queued: by which channel, until when, and which of its purpose."""

    channel: str
    not_after: datetime
    purpose: str = "invitation"  # invitation | reminder
    occurrence: int = 0


def queue(
    session: Session,
    invitation: Invitation,
    sending: Sending,
    context: Context,
    now: datetime,
) -> Message | None:
    """Queue the invitation or a reminder; None if no enabled provider sends its channel."""
    provider = next((key for key, each in context.providers.items() if each.channel == sending.channel), None)
    if provider is None or sending.channel not in invitation.contact.addresses:
        _no_way(session, invitation, sending, now)
        return None
    message = _message(invitation, sending, provider, context, now)
    session.add(message)
    session.flush()
    if sending.channel == "sms":
        _expect_reply(session, invitation, invitation.contact, context)
    return message


def _no_way(session: Session, invitation: Invitation, sending: Sending, now: datetime) -> None:
    if sending.purpose == "invitation":  # a sent invitation stays sent, even if no reminder can be sent
        outbox.invitation_failed(session, invitation, "no_channel", now)
    log.error("invitation.no_channel", invitation=invitation.id, channel=sending.channel)


def _message(
    invitation: Invitation,
    sending: Sending,
    provider: str,
    context: Context,
    now: datetime,
) -> Message:
    contact, channel = invitation.contact, sending.channel
    country = content.country_of(contact, channel)
    settings, questionnaire = context.settings, context.library.questionnaire_of(invitation.version)
    text = content.compose(
        questionnaire, invitation, channel, settings, reminder=sending.purpose == "reminder"
    )
    return Message(
        invitation_id=invitation.id,
        contact_id=contact.id,
        purpose=sending.purpose,
        occurrence=sending.occurrence,
        provider=provider,
        channel=channel,
        recipient=contact.addresses[channel],
        country=country,
        sender=terms_of(provider, settings).own_sender(country),
        subject=text.subject,
        body=text.body,
        html=text.html,
        language=invitation.language,
        headers=dict(text.headers or {}),
        match=invitation.token,
        state=MessageState.QUEUED,
        due_at=now,
        not_after=min(sending.not_after, invitation.expires_at),
        segments=text.segments,
        created_at=now,
        is_demo=invitation.is_demo,
    )


def use_other_channels_of_all(portions: Portions, context: Context, now: datetime) -> None:
    """Send invitations whose channel failed permanently on another channel, if the policy allows one."""
    with portions.database.reading() as session:
        stranded = session.scalars(_STRANDED.with_only_columns(Invitation.id).order_by(Invitation.id)).all()
    portions.each(stranded, lambda session, some: use_other_channels(session, context, now, some))


def use_other_channels(
    session: Session, context: Context, now: datetime, only: Sequence[int] | None = None
) -> int:
    """Send invitations whose channel failed permanently on another channel, if the policy allows one; `only` those
    with these ids."""
    wanted = _STRANDED if only is None else _STRANDED.where(Invitation.id.in_(only))
    stranded = _held(session, wanted)
    for invitation in stranded:
        channels = tuple(invitation.other_channels)
        decision = _decide_way(session, invitation, channels, context, now)
        if not isinstance(decision, Send):
            outbox.invitation_failed(session, invitation, "no_channel", now)
        elif decision.at <= now:
            invitation.other_channels = [each for each in channels if each != decision.channel]
            rollups.invited(session, invitation.id, -1)
            invitation.channel, invitation.state_reason = decision.channel, None
            session.flush()
            rollups.invited(session, invitation.id)
            sending = Sending(decision.channel, decision.not_after, occurrence=len(channels))
            queue(session, invitation, sending, context, now)
    return len(stranded)


def remind_due(session: Session, context: Context, now: datetime, limit: int = AT_ONCE) -> int:
    """Queue at most `limit` due reminders of unanswered invitations, on the stage's other channel if it has one."""
    due = _held(
        session,
        select(Invitation)
        .where(Invitation.stage.not_in(stages.on_hold(session)))
        .where(
            Invitation.remind_at <= now,
            Invitation.state.in_(INVITATION_NOT_BEGUN),
            Invitation.answered_at.is_(None),
        )
        .where(Invitation.expires_at > now)
        .order_by(Invitation.remind_at)
        .limit(limit),
    )
    for invitation in due:
        channels = other_first(
            stages.find_one(session, context.library, invitation.stage), invitation.channel
        )
        decision = _decide_way(session, invitation, channels, context, now)
        if not isinstance(decision, Send):
            invitation.remind_at = None
            _tell_why_not(invitation, decision, now)
        elif decision.at > now:
            invitation.remind_at = decision.at
        else:
            invitation.reminders_sent += 1
            invitation.remind_at = _next_reminder(invitation, now)
            sending = Sending(
                decision.channel, decision.not_after, "reminder", occurrence=invitation.reminders_sent
            )
            queue(session, invitation, sending, context, now)
    return len(due)


def expire_all(portions: Portions, now: datetime) -> None:
    """Expire unanswered invitations and enrolments that are too old, and cancel their queued messages."""
    for expired, expire in (
        (_OVERDUE_MESSAGES, cancel_overdue),
        (_OVERDUE_INVITATIONS, expire_invitations),
        (_OVERDUE_ENROLMENTS, skip_overdue),
    ):
        with portions.database.reading() as session:
            ids = session.scalars(expired, {"now": now}).all()
        portions.each(ids, lambda session, some, expire=expire: expire(session, some, now))  # type: ignore[misc]


def expire_due(session: Session, now: datetime) -> int:
    """What `expire_all` does, in one transaction. Returns the number of expired invitations."""
    # Lock messages before invitations, as everywhere, to prevent deadlocks between nodes.
    cancel_overdue(session, session.scalars(_OVERDUE_MESSAGES, {"now": now}).all(), now)
    expired = expire_invitations(session, session.scalars(_OVERDUE_INVITATIONS, {"now": now}).all(), now)
    skip_overdue(session, session.scalars(_OVERDUE_ENROLMENTS, {"now": now}).all(), now)
    return expired


def cancel_overdue(session: Session, message_ids: Sequence[int], _: datetime) -> None:
    """Cancel those of these messages that are still queued."""
    waiting = select(Message).where(Message.id.in_(message_ids), Message.state == MessageState.QUEUED)
    for message in session.scalars(waiting.with_for_update(skip_locked=True, of=Message)):
        message.state, message.state_reason = MessageState.CANCELLED, "too_late"


def expire_invitations(session: Session, invitation_ids: Sequence[int], now: datetime) -> int:
    """Expire those of these invitations that nobody has begun to answer. Returns their number."""
    expired = session.scalars(
        select(Invitation)
        .where(Invitation.id.in_(invitation_ids))
        .where(Invitation.state.in_(INVITATION_NOT_BEGUN), Invitation.expires_at <= now)
        .with_for_update(skip_locked=True)
    ).all()
    for invitation in expired:
        invitation.state, invitation.reply_key, invitation.remind_at = InvitationState.EXPIRED, None, None
    return len(expired)


def skip_overdue(session: Session, enrolment_ids: Sequence[int], now: datetime) -> None:
    """Skip those of these enrolments that are still scheduled."""
    session.execute(
        update(Enrolment)
        .where(Enrolment.id.in_(enrolment_ids))
        .where(Enrolment.state == EnrolmentState.SCHEDULED, Enrolment.expires_at <= now)
        .values(state=EnrolmentState.SKIPPED, reason="too_late")
    )


_DUE = (
    select(Enrolment.id, Enrolment.stage)
    .where(Enrolment.state == EnrolmentState.SCHEDULED, Enrolment.due_at <= bindparam("now"))
    .order_by(Enrolment.due_at, Enrolment.id)
)
_ENROLMENT: Any = Enrolment.__table__
_ALSO_DUE = select(_ENROLMENT.c.contact_id, _ENROLMENT.c.id, _ENROLMENT.c.stage).where(
    _ENROLMENT.c.contact_id.in_(bindparam("contacts", expanding=True)),
    _ENROLMENT.c.state == EnrolmentState.SCHEDULED,
    _ENROLMENT.c.due_at <= bindparam("now"),
    _ENROLMENT.c.expires_at > bindparam("now"),
)
_STRANDED = select(Invitation).where(
    Invitation.state == InvitationState.QUEUED, Invitation.state_reason == "other_channel"
)
_OVERDUE_MESSAGES = (
    select(Message.id)
    .join(Message.invitation)
    .where(Message.state == MessageState.QUEUED, Message.purpose.in_(("invitation", "reminder")))
    .where(Invitation.expires_at <= bindparam("now"))
    .order_by(Message.id)
)
_OVERDUE_INVITATIONS = (
    select(Invitation.id)
    .where(Invitation.state.in_(INVITATION_NOT_BEGUN), Invitation.expires_at <= bindparam("now"))
    .order_by(Invitation.id)
)
_OVERDUE_ENROLMENTS = (
    select(Enrolment.id)
    .where(Enrolment.state == EnrolmentState.SCHEDULED, Enrolment.expires_at <= bindparam("now"))
    .order_by(Enrolment.id)
)


def withdraw(session: Session, invitation_id: int, now: datetime) -> bool:
    """Withdraw an invitation that should not have been sent; its link then says so. Returns False if it is answered
    or over."""
    waiting = select(Message).where(
        Message.invitation_id == invitation_id, Message.state == MessageState.QUEUED
    )
    for message in session.scalars(waiting.with_for_update(of=Message)):
        message.state, message.state_reason = MessageState.CANCELLED, "withdrawn"
    invitation = session.scalar(select(Invitation).where(Invitation.id == invitation_id).with_for_update())
    if invitation is None or invitation.state not in INVITATION_NOT_BEGUN or invitation.answered_at:
        return False
    invitation.state, invitation.reply_key, invitation.remind_at = InvitationState.WITHDRAWN, None, None
    invitation.expires_at = now
    return True


def withdraw_unsent(session: Session, invitation_id: int, now: datetime) -> bool:
    """`withdraw`, unless a provider has a message of the invitation, or may be getting it at this moment."""
    messages = select(Message.state).where(Message.invitation_id == invitation_id).with_for_update()
    taken = set(session.scalars(messages)) - {MessageState.QUEUED, MessageState.CANCELLED}
    return not taken and withdraw(session, invitation_id, now)


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
        token=token.draw(),
        enrolment_id=enrolment.id,
        contact=contact,
        account_id=contact.account_id,
        version=version,
        stage=stage.key,
        priority=stage.priority,
        channel=decision.channel,
        language=questionnaire.language_for(language),
        state=InvitationState.QUEUED,
        piping=content.piping(questionnaire, contact, enrolment.event),
        facts=facts.to_keep(questionnaire, contact, enrolment.event),
        created_at=now,
        expires_at=now + stage.expires_after.timedelta,
        reminders=[str(each) for each in stage.reminders],
        other_channels=[each for each in stage.channels if each != decision.channel],
        is_demo=contact.is_demo,
    )


def _expect_reply(session: Session, invitation: Invitation, contact: Contact, context: Context) -> None:
    """From now on, SMS replies from this number belong to this invitation; earlier ones accept answers by link only."""
    stage = stages.find_one(session, context.library, invitation.stage)
    if (
        stage is None
        or not stage.reply_by_sms
        or not contact.phone
        or not sms_terms(context.settings).can_reply(content.country_of(contact, "sms"))
    ):
        return
    session.execute(
        update(Invitation)
        .where(Invitation.reply_key.in_(spellings(contact.phone)), Invitation.id != invitation.id)
        .values(reply_key=None)
        # Otherwise every object in the session is compared with the condition, for every message.
        .execution_options(synchronize_session=False)
    )
    invitation.reply_key = contact.phone
    invitation.conversation = invitation.conversation or "await_score"


def _held(session: Session, wanted: Select[Invitation]) -> Sequence[Invitation]:
    """Read and lock invitations for another message. Their contacts are locked first, as in `issue_due`, to prevent
    deadlocks between nodes."""
    contacts = set(session.scalars(wanted.with_only_columns(Invitation.contact_id)))
    session.execute(select(Contact.id).where(Contact.id.in_(contacts)).order_by(Contact.id).with_for_update())
    still = wanted.where(Invitation.contact_id.in_(contacts)).with_for_update(skip_locked=True)
    return session.scalars(still.execution_options(populate_existing=True)).all()


def _decide_way(
    session: Session,
    invitation: Invitation,
    channels: tuple[str, ...],
    context: Context,
    now: datetime,
) -> Decision:
    """The decision on another message of this invitation, without the fatigue limits: it is the same survey."""
    stage = stages.find_one(session, context.library, invitation.stage)
    rules = eligibility.policy(context.settings)
    contact = session.scalars(
        select(Contact).where(Contact.id == invitation.contact_id).with_for_update()
    ).one()
    return eligibility.decide_again(
        session, contact, channels, invitation.expires_at, rules, now, stage.priority if stage else 50
    )


def _tell_why_not(invitation: Invitation, decision: Skip, now: datetime) -> None:
    """Record in the invitation why a reminder was not sent."""
    if enrolment := invitation.enrolment:
        why = {"code": "not_reminded", "params": {"reason": decision.code, "at": now.isoformat()}}
        enrolment.explanation = [*enrolment.explanation, why]


def other_first(stage: Stage | None, channel: str) -> tuple[str, ...]:
    """The channels for a reminder: the stage's others first, then `channel`, that of the invitation."""
    return (*(each for each in (stage.channels if stage else ()) if each != channel), channel)


def _next_reminder(invitation: Invitation, now: datetime) -> datetime | None:
    if invitation.reminders_sent >= len(invitation.reminders):
        return None
    return now + Duration.parse(invitation.reminders[invitation.reminders_sent]).timedelta


def _also_due(
    session: Session, contacts: Sequence[int], on_hold: Collection[str], now: datetime
) -> dict[int, dict[int, str]]:
    """Contact -> id -> stage of its due enrolments, without those of stages that are on hold."""
    session.flush()  # only statements about ORM objects do that by themselves
    rows = session.connection().execute(_ALSO_DUE, {"contacts": list(contacts), "now": now})
    found: dict[int, dict[int, str]] = defaultdict(dict)
    for contact_id, enrolment_id, stage in rows:
        if stage not in on_hold:
            found[contact_id][enrolment_id] = stage
    return found


def _outranked(enrolment: Enrolment, stage: Stage, issuing: _Issuing) -> bool:
    """Whether a more important survey of the same contact is due; it goes first, even if another node processes it."""
    others = issuing.others.get(enrolment.contact_id, {})
    return any(
        _priority(issuing.stages, key) > stage.priority
        for number, key in others.items()
        if number != enrolment.id
    )


def _priority(known: Mapping[str, Stage], stage: str) -> int:
    found = known.get(stage)
    return found.priority if found else 0
