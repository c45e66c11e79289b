"""Who is silent: one rule, for the ranking of follow-ups and for the health of accounts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, or_

from feedback.core.lifecycle import INVITATION_NO_NONRESPONSE
from feedback.store.models import Invitation

"""States of invitations that reached nobody, or were taken back: they say nothing about the customer."""


def had_their_say(now: datetime) -> ColumnElement[bool]:
    """Invitations that were answered, or ran out: as long as somebody may still answer they are not silent."""
    ran_out = (Invitation.expires_at <= now) & Invitation.state.not_in(INVITATION_NO_NONRESPONSE)
    return Invitation.sent_at.is_not(None) & or_(Invitation.answered_at.is_not(None), ran_out)
