"""Asking one contact on purpose: at a stage of the journey, now or later, or by a link that somebody else sends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from feedback.core import token
from feedback.core.journey import Stage
from feedback.core.lifecycle import EnrolmentState, InvitationState
from feedback.errors import Conflict, NotFound, Rejected
from feedback.services import rollups
from feedback.services.access import Viewer, without_or_in_accounts_of
from feedback.services.context import Context
from feedback.services.journey import enrolments
from feedback.services.journey import invitations as journey_invitations
from feedback.services.journey.enrolments import Occasion, StageEntry
from feedback.services.messaging import content
from feedback.store.models import Contact, Enrolment, Invitation

BY_HAND = "asked"
"""What the occurrence of such an enrolment begins with; the caller's key follows."""
LONGEST_KEY = 120
FURTHEST = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Wish:
    """Whom to ask (external id), at which stage, and when. The same `key` of the same contact is asked once."""

    contact: str
    stage: str
    key: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class InvitationFilter:
    """None means any. `contact` and `account` are external ids; the times are about the creation."""

    state: str | None = None
    stage: str | None = None
    contact: str | None = None
    account: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def ask(
    session: Session, viewer: Viewer, wish: Wish, context: Context, now: datetime
) -> tuple[Enrolment, bool]:
    """Enrol the contact; the policy decides as for every stage. Returns the enrolment, and whether it is new.

    Raises NotFound for an unknown contact or stage, Rejected for a time that is over or too far away.
    """
    contact, stage = _contact(session, viewer, wish), _stage(context, wish)
    at = wish.at or now
    if wish.at is not None and not now - timedelta(minutes=5) <= wish.at <= now + FURTHEST:
        raise Rejected("Choose a time in the next 365 days.")
    occasion = Occasion(f"{BY_HAND}:{wish.key}", at)
    session.flush()
    new = enrolments.enrol_all(session, [StageEntry(contact.id, stage, occasion)], context.settings, now)
    return session.scalars(_enrolment(contact, stage, occasion.key)).one(), bool(new)


def link_for(
    session: Session, viewer: Viewer, wish: Wish, context: Context, now: datetime
) -> tuple[Invitation, bool]:
    """An invitation whose link somebody else sends: nothing is sent, and there are no reminders. (It, whether it is
    new.)

    It counts as sent from now on, for the response rate and the contact policy. Raises NotFound for an unknown contact
    or stage, and Conflict if the stage's questionnaire cannot be sent.
    """
    contact, stage = _contact(session, viewer, wish), _stage(context, wish)
    if stage.questionnaire not in context.library.questionnaires or context.library.is_unsettled(stage):
        raise Conflict("The questionnaire of this stage cannot be sent at the moment.")
    occurrence = f"{BY_HAND}:{wish.key}"
    session.scalars(select(Contact.id).where(Contact.id == contact.id).with_for_update()).one()
    known = session.scalar(_enrolment(contact, stage, occurrence))
    if known is not None:
        made = session.scalar(select(Invitation).where(Invitation.enrolment_id == known.id))
        if made is None:
            raise Conflict("Use another key: this one was used for a survey that is sent from here.")
        return made, False
    version = context.library.published(session, stage.questionnaire, now)
    expires = now + stage.expires_after.timedelta
    enrolment = Enrolment(
        contact_id=contact.id,
        stage=stage.key,
        occurrence=occurrence,
        questionnaire=stage.questionnaire,
        state=EnrolmentState.ISSUED,
        entered_at=now,
        due_at=now,
        expires_at=expires,
        created_at=now,
        decided_at=now,
    )
    session.add(enrolment)
    session.flush()
    questionnaire = context.library.questionnaire_of(version)
    language = contact.language or context.settings.organisation.default_language
    invitation = Invitation(
        token=token.draw(),
        enrolment_id=enrolment.id,
        contact_id=contact.id,
        account_id=contact.account_id,
        version_id=version.id,
        stage=stage.key,
        priority=stage.priority,
        channel="none",
        language=questionnaire.language_for(language),
        state=InvitationState.SENT,
        piping=content.piping(questionnaire, contact, None),
        created_at=now,
        sent_at=now,
        expires_at=expires,
        is_demo=contact.is_demo,
    )
    session.add(invitation)
    session.flush()
    rollups.invited(session, invitation.id)
    return invitation, True


def call_off(session: Session, contact_id: int, now: datetime) -> int:
    """Cancel all surveys of a contact that are still to be sent. Returns their number."""
    session.scalars(select(Contact.id).where(Contact.id == contact_id).with_for_update()).one()
    waiting = select(Enrolment).where(
        Enrolment.contact_id == contact_id, Enrolment.state == EnrolmentState.SCHEDULED
    )
    planned = session.scalars(waiting.with_for_update(of=Enrolment)).all()
    for each in planned:
        each.state, each.reason, each.decided_at = EnrolmentState.CANCELLED, "withdrawn", now
    queued = select(Invitation.id).where(
        Invitation.contact_id == contact_id, Invitation.state == InvitationState.QUEUED
    )
    withdrawn = [journey_invitations.withdraw(session, each, now) for each in session.scalars(queued).all()]
    return len(planned) + sum(withdrawn)


def invitations(viewer: Viewer, wanted: InvitationFilter) -> Select[Invitation]:
    """The invitations that the viewer sees and that match, with contact and account, in no order."""
    related = (selectinload(Invitation.contact), selectinload(Invitation.account))
    seen = without_or_in_accounts_of(viewer, Invitation.account_id)
    query = select(Invitation).where(seen).options(*related)
    if wanted.state is not None:
        query = query.where(Invitation.state == wanted.state)
    if wanted.stage is not None:
        query = query.where(Invitation.stage == wanted.stage)
    if wanted.contact is not None:
        query = query.where(Invitation.contact.has(Contact.external_id == wanted.contact))
    if wanted.account is not None:
        query = query.where(Invitation.account.has(external_id=wanted.account))
    if wanted.since is not None:
        query = query.where(Invitation.created_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(Invitation.created_at < wanted.until)
    return query


def _contact(session: Session, viewer: Viewer, wish: Wish) -> Contact:
    seen = without_or_in_accounts_of(viewer, Contact.account_id)
    wanted = select(Contact).where(Contact.external_id == wish.contact, Contact.erased_at.is_(None), seen)
    found = session.scalar(wanted)
    if found is None:
        raise NotFound("There is no such contact.")
    return found


def _stage(context: Context, wish: Wish) -> Stage:
    stage = context.library.journey.stage(wish.stage)
    if stage is None:
        known = ", ".join(each.key for each in context.library.journey.stages) or "none"
        raise NotFound(f"The journey has no stage {wish.stage!r}; it has {known}.")
    return stage


def _enrolment(contact: Contact, stage: Stage, occurrence: str) -> Select[Enrolment]:
    return select(Enrolment).where(
        Enrolment.contact_id == contact.id, Enrolment.stage == stage.key, Enrolment.occurrence == occurrence
    )
