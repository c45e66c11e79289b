"""Invitations that are decided and not sent yet: how many wait at which stage, until when, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Row, String, case, cast, func, select
from sqlalchemy.orm import Session, joinedload

from feedback.core.lifecycle import EnrolmentState, MessageState
from feedback.library import Library
from feedback.services import access
from feedback.services.access import Viewer
from feedback.services.journey import stages
from feedback.services.messaging import provider_holds
from feedback.store.models import Contact, Enrolment, Invitation, Message

POSTPONED = ("quiet_hours", "contacted_recently", "account_contacted_often")
"""The steps of an explanation that move a survey to a later time, the more frequent first."""


@dataclass(frozen=True, slots=True)
class WaitingGroup:
    """Invitations of one stage that wait for the same reason; the first of them is due at `first`, in UTC.

    `reason` is one of POSTPONED; "scheduled" for a stage's own time; "due" if the next run of the worker sends it;
    "unsettled" while the stage's questionnaire cannot be published; "paused" while its campaign is; "on_hold" while
    its provider is held; or the `state_reason` of its message, such as "retry".
    """

    stage: str
    reason: str
    number: int
    first: datetime
    last: datetime


def groups(session: Session, library: Library, viewer: Viewer, now: datetime) -> list[WaitingGroup]:
    """Everything that waits, by stage and reason, in the order of time."""
    found: dict[tuple[str, str], WaitingGroup] = {}
    for each in (*_decided(session, library, viewer, now), *_written(session, viewer, now)):
        before = found.get((each.stage, each.reason))
        found[each.stage, each.reason] = _together(before, each) if before else each
    return sorted(found.values(), key=lambda each: (each.first, each.stage, each.reason))


def next_ones(session: Session, viewer: Viewer, limit: int = 20) -> Sequence[Row[Enrolment, Contact]]:
    """(enrolment, contact) of the surveys that are due next and have no message yet."""
    return session.execute(
        select(Enrolment, Contact)
        .join(Contact, Contact.id == Enrolment.contact_id)
        .options(joinedload(Contact.account))
        .where(Enrolment.state == EnrolmentState.SCHEDULED, _in_sight(viewer))
        .order_by(Enrolment.due_at, Enrolment.id)
        .limit(limit)
    ).all()


def _decided(session: Session, library: Library, viewer: Viewer, now: datetime) -> Iterator[WaitingGroup]:
    """Scheduled surveys, for which no message is written yet."""
    explanation = cast(Enrolment.explanation, String)
    why = case(
        (Enrolment.due_at <= now, "due"),
        *((explanation.contains(f'"{code}"'), code) for code in POSTPONED),
        else_="scheduled",
    ).label("why")
    rows = session.execute(
        select(Enrolment.stage, why, func.count(), func.min(Enrolment.due_at), func.max(Enrolment.due_at))
        .join(Contact, Contact.id == Enrolment.contact_id)
        .where(Enrolment.state == EnrolmentState.SCHEDULED, _in_sight(viewer))
        .group_by(Enrolment.stage, "why")
    )
    found, on_hold = rows.all(), stages.on_hold(session)
    known = stages.find(session, library, {row[0] for row in found})
    for stage, reason, number, first, last in found:
        is_unsettled = library.is_unsettled(known.get(stage))
        now_for = "paused" if stage in on_hold else "unsettled" if is_unsettled else reason
        yield WaitingGroup(stage, now_for, number, first, last)


def _written(session: Session, viewer: Viewer, now: datetime) -> Iterator[WaitingGroup]:
    """Queued messages of invitations."""
    held = {(each.provider, each.country) for each in provider_holds.in_force(session)}
    kept = (Invitation.stage, Message.provider, Message.country, Message.state_reason)
    rows = session.execute(
        select(*kept, func.count(), func.min(Message.due_at), func.max(Message.due_at))
        .join(Invitation, Message.invitation_id == Invitation.id)
        .join(Contact, Contact.id == Invitation.contact_id)
        .where(Message.state == MessageState.QUEUED, Message.purpose == "invitation", _in_sight(viewer))
        .group_by(*kept)
    )
    for stage, provider, country, code, number, first, last in rows:
        is_held = (provider, "") in held or (provider, country or "") in held
        reason = "on_hold" if is_held else code or ("due" if first <= now else "scheduled")
        yield WaitingGroup(stage, reason, number, first, last)


def _together(one: WaitingGroup, other: WaitingGroup) -> WaitingGroup:
    first, last = min(one.first, other.first), max(one.last, other.last)
    return WaitingGroup(one.stage, one.reason, one.number + other.number, first, last)


def _in_sight(viewer: Viewer) -> ColumnElement[bool]:
    return access.without_or_in_accounts_of(viewer, Contact.account_id)
