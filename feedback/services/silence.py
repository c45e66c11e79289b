"""Which invitations count as nonresponse, for the priority of follow-ups and the health of accounts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, or_

from feedback.store.models import Invitation

NEVER_ASKED = ("failed", "withdrawn")
"""States of invitations that were not delivered or were withdrawn, which do not count as nonresponse."""


def had_their_say(now: datetime) -> ColumnElement[bool]:
    """A SQL condition: the invitation was answered or has expired; an open survey is not counted as nonresponse."""
    ran_out = (Invitation.expires_at <= now) & Invitation.state.not_in(NEVER_ASKED)
    return Invitation.sent_at.is_not(None) & or_(Invitation.answered_at.is_not(None), ran_out)
