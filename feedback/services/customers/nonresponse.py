"""Which invitations count as nonresponse, for the priority of follow-ups and the health of accounts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, or_

from feedback.core.lifecycle import INVITATION_NO_NONRESPONSE
from feedback.store.models import Invitation


def had_their_say(now: datetime) -> ColumnElement[bool]:
    """A SQL condition: the invitation was answered or has expired; an open survey is not counted as nonresponse."""
    ran_out = (Invitation.expires_at <= now) & Invitation.state.not_in(INVITATION_NO_NONRESPONSE)
    return Invitation.sent_at.is_not(None) & or_(Invitation.answered_at.is_not(None), ran_out)
