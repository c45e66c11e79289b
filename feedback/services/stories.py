"""The whole story of one invitation: planned because, moved because, sent, delivered, opened, answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.errors import NotFound
from feedback.store.models import (
    Attempt,
    Bounce,
    DuplicateSend,
    InboundReply,
    Invitation,
    Message,
    Receipt,
    Response,
)


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened, as a code to put into words and what belongs into them.

    Codes: event, planned, reason.<policy's code>, skipped, queued, called, sent, <a provider's status>, bounced,
    copied, opened, replied, answered, ended. Never an address, a link or a customer's words.
    """

    at: datetime
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


def of(session: Session, invitation_id: int) -> list[Step]:
    """The steps in the order of their time. Raises NotFound."""
    invitation = session.get(Invitation, invitation_id)
    if invitation is None:
        raise NotFound("There is no such invitation.")
    steps = [
        *_planning(invitation),
        *_messages(session, invitation),
        *_customer(session, invitation),
    ]
    return sorted(steps, key=lambda step: step.at)


def _planning(invitation: Invitation) -> Iterator[Step]:
    enrolment = invitation.enrolment
    if enrolment is None:
        return
    if enrolment.event:
        yield Step(enrolment.event.occurred_at, "event", {"name": enrolment.event.name})
    yield Step(enrolment.created_at, "planned", {"stage": enrolment.stage, "due_at": enrolment.due_at})
    for reason in enrolment.explanation:
        yield Step(enrolment.decided_at, f"reason.{reason['code']}", reason["params"])
    if enrolment.state == "skipped":
        params = {"reason": enrolment.reason, "next_allowed_at": enrolment.next_allowed_at}
        yield Step(enrolment.decided_at, "skipped", params)


def _messages(session: Session, invitation: Invitation) -> Iterator[Step]:
    messages = session.scalars(select(Message).where(Message.invitation_id == invitation.id)).all()
    for message in messages:
        about = {"purpose": message.purpose, "kind": message.kind}
        yield Step(message.created_at, "queued", {**about, "segments": message.segments})
        yield from _calls(session, message, about)
        if message.sent_at:
            yield Step(message.sent_at, "sent", {**about, "reason": message.state_reason})
        yield from _news(session, message, about)
        if message.state in ("cancelled", "failed", "held"):
            yield Step(
                message.due_at, "ended", {**about, "state": message.state, "reason": message.state_reason}
            )


def _calls(session: Session, message: Message, about: Mapping[str, str]) -> Iterator[Step]:
    for attempt in session.scalars(select(Attempt).where(Attempt.message_id == message.id)):
        told = {"number": attempt.number, "outcome": attempt.outcome, "reason": attempt.code}
        yield Step(attempt.started_at, "called", {**about, **told})


def _news(session: Session, message: Message, about: Mapping[str, str]) -> Iterator[Step]:
    for receipt in session.scalars(select(Receipt).where(Receipt.message_id == message.id)):
        yield Step(receipt.received_at, receipt.status, {**about, "reason": receipt.code})
    for bounce in session.scalars(select(Bounce).where(Bounce.message_id == message.id)):
        yield Step(bounce.received_at, "bounced", {**about, "status": bounce.status})
    for copy in session.scalars(select(DuplicateSend).where(DuplicateSend.message_id == message.id)):
        yield Step(copy.noticed_at, "copied", about)


def _customer(session: Session, invitation: Invitation) -> Iterator[Step]:
    if invitation.opened_at:
        yield Step(invitation.opened_at, "opened")
    for reply in session.scalars(select(InboundReply).where(InboundReply.invitation_id == invitation.id)):
        yield Step(reply.received_at, "replied", {"meaning": reply.meaning})
    for response in session.scalars(select(Response).where(Response.invitation_id == invitation.id)):
        yield Step(response.answered_at, "answered", {"state": response.state})
    if invitation.state in ("expired", "withdrawn"):
        yield Step(
            invitation.expires_at, "ended", {"state": invitation.state, "reason": invitation.state_reason}
        )
