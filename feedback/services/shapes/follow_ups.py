"""Follow-ups and their timeline."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

from feedback.store.models import FollowUp, InboundReply, Message


class EntryOut(BaseModel):
    at: AwareDatetime
    user: str | None
    kind: str
    text: str | None
    detail: dict[str, Any]


class WrittenOut(BaseModel):
    """A message between staff and the customer in a follow-up: `direction` is `out` to the customer, `in` from them.

    `state` is that of the delivery, null for a reply; `read` is null for what we sent. `text` is empty once it is past
    its retention period.
    """

    id: int
    direction: Literal["in", "out"]
    channel: Literal["email", "sms"]
    subject: str | None
    text: str
    state: str | None
    reason: str | None
    read: bool | None
    at: AwareDatetime
    due_at: AwareDatetime | None
    delivered_at: AwareDatetime | None


def written_shapes(messages: Iterable[Message], replies: Iterable[InboundReply]) -> list[WrittenOut]:
    """The messages and the replies of a follow-up, in the order of their time."""
    sent = [
        WrittenOut(
            id=row.id,
            direction="out",
            channel="email" if row.channel == "email" else "sms",
            subject=row.subject,
            text=row.body,
            state=str(row.state),
            reason=row.state_reason,
            read=None,
            at=row.created_at,
            due_at=row.due_at,
            delivered_at=row.delivered_at,
        )
        for row in messages
    ]
    received = [
        WrittenOut(
            id=row.id,
            direction="in",
            channel="email" if "@" in row.sender else "sms",
            subject=None,
            text=row.body,
            state=None,
            reason=None,
            read=not row.needs_person,
            at=row.received_at,
            due_at=None,
            delivered_at=None,
        )
        for row in replies
    ]
    return sorted([*sent, *received], key=lambda each: each.at)


class FollowUpOut(BaseModel):
    """`revision` is the version that `If-Match` names; money is per month in the account's currency."""

    id: int
    revision: int
    response: int
    account: str | None
    contact: str | None
    owner: str | None
    kind: str
    title: dict[str, str]
    urgency: str
    state: str
    metric: str | None
    score: int | None
    previous_score: int | None
    opened_at: AwareDatetime
    contact_due_at: AwareDatetime
    close_due_at: AwareDatetime
    taken_at: AwareDatetime | None
    first_contact_at: AwareDatetime | None
    snoozed_until: AwareDatetime | None
    closed_at: AwareDatetime | None
    outcome: str | None
    closing_note: str | None
    recovered_revenue: str | None
    entries: list[EntryOut] | None = Field(description="the timeline; null in lists")


def follow_up_shape(row: FollowUp, entries: list[EntryOut] | None = None) -> FollowUpOut:
    """A follow-up; without `entries`, as it is in lists."""
    known = row.contact is not None and row.contact.erased_at is None
    return FollowUpOut(
        id=row.id,
        revision=row.revision,
        response=row.response_id,
        account=row.account.external_id if row.account else None,
        contact=row.contact.external_id if row.contact is not None and known else None,
        owner=row.owner.email if row.owner else None,
        kind=row.kind,
        title=row.title,
        urgency=row.urgency,
        state=str(row.state),
        metric=row.metric,
        score=row.score,
        previous_score=row.previous_score,
        opened_at=row.opened_at,
        contact_due_at=row.contact_due_at,
        close_due_at=row.close_due_at,
        taken_at=row.taken_at,
        first_contact_at=row.first_contact_at,
        snoozed_until=row.snoozed_until,
        closed_at=row.closed_at,
        outcome=row.outcome,
        closing_note=row.closing_note,
        recovered_revenue=None if row.recovered_revenue is None else f"{row.recovered_revenue:.2f}",
        entries=entries,
    )
