"""Removing the second factor of somebody who has lost it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from feedback.errors import Conflict
from feedback.services import audit
from feedback.services.staff import accounts
from feedback.store.models import User


def has_second_factor(user: User) -> bool:
    """Whether they have an authenticator app, a passkey, or recovery codes."""
    return bool(user.tf_totp_secret or user.webauthn or user.mf_recovery_codes)


def reset(session: Session, user: User, *, by: int | None, now: datetime) -> None:
    """Remove the authenticator app, the passkeys and the recovery codes of a user, and sign them out everywhere.

    Somebody else may have the lost device, so no session stays on it. The user signs in with the password alone and
    sets up a new second factor; if the setting sign_in.second_factor requires one, before anything else. Raises
    Conflict if there is nothing to remove.
    """
    if not has_second_factor(user):
        raise Conflict(f"{user.email} has no second factor; nothing was changed.")
    user.tf_primary_method = user.tf_totp_secret = user.tf_last_counter = None
    user.mf_recovery_codes = None
    user.webauthn.clear()
    audit.record(session, "second factor reset", "user", user.id, by=by, now=now)
    accounts.revoke_sessions(session, user, by=by, now=now)
