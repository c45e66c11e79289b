"""Invitations, and addresses to which nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from pydantic import AwareDatetime, BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.services.messaging import content
from feedback.settings import Settings
from feedback.store.models import Contact, Invitation, Suppression

_CLOSED = frozenset({"completed", "expired", "failed", "withdrawn", "skipped"})


class InvitationOut(BaseModel):
    """`link` is the customer's address of the survey; null once nobody may answer by it."""

    id: int
    contact: str | None
    account: str | None
    stage: str
    channel: str
    language: str
    state: str
    state_reason: str | None
    link: str | None
    created_at: AwareDatetime
    sent_at: AwareDatetime | None
    delivered_at: AwareDatetime | None
    opened_at: AwareDatetime | None
    answered_at: AwareDatetime | None
    expires_at: AwareDatetime
    reminders_sent: int


class SuppressionOut(BaseModel):
    id: int
    channel: str
    address: str
    reason: str
    source: str
    contact: str | None
    created_at: AwareDatetime
    lifted_at: AwareDatetime | None


def invitation_shape(row: Invitation, settings: Settings, now: datetime) -> InvitationOut:
    """An invitation as it is at `now`."""
    contact: Contact | None = row.contact
    known = contact is not None and contact.erased_at is None
    is_open = row.token is not None and row.expires_at > now and row.state not in _CLOSED
    return InvitationOut(
        id=row.id,
        contact=contact.external_id if known and contact else None,
        account=row.account.external_id if row.account else None,
        stage=row.stage,
        channel=row.channel,
        language=row.language,
        state=str(row.state),
        state_reason=row.state_reason,
        link=content.link(settings, row.token) if is_open and row.token else None,
        created_at=row.created_at,
        sent_at=row.sent_at,
        delivered_at=row.delivered_at,
        opened_at=row.opened_at,
        answered_at=row.answered_at,
        expires_at=row.expires_at,
        reminders_sent=row.reminders_sent,
    )


def suppression_shapes(session: Session, rows: Sequence[Suppression]) -> Iterator[SuppressionOut]:
    """Entries of the suppression list with the contacts' external ids, which are read together."""
    ids = [row.contact_id for row in rows if row.contact_id is not None]
    people = session.execute(select(Contact.id, Contact.external_id).where(Contact.id.in_(ids)))
    known = {row.id: row.external_id for row in people}
    for row in rows:
        yield SuppressionOut(
            id=row.id,
            channel=row.kind,
            address=row.address,
            reason=row.reason,
            source=row.source,
            contact=known.get(row.contact_id or 0),
            created_at=row.created_at,
            lifted_at=row.lifted_at,
        )
