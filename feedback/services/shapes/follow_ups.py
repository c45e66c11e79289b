"""Follow-ups and their timeline."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, BaseModel, Field

from feedback.store.models import FollowUp


class EntryOut(BaseModel):
    at: AwareDatetime
    user: str | None
    kind: str
    text: str | None
    detail: dict[str, Any]


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
