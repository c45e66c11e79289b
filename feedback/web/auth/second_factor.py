"""Codes of an authenticator app and recovery codes, each of which works once."""

from __future__ import annotations

from typing import Any, cast

from flask import current_app, g
from flask_security import MfRecoveryCodesUtil, Totp
from passlib.exc import UsedTokenError
from passlib.totp import TotpMatch

from feedback.services.notifications.account_email import Change
from feedback.services.staff import recovery_codes
from feedback.store.models import User
from feedback.web.auth import forms
from feedback.web.auth.events import events


def issuer() -> str:
    """Under which name an authenticator app and a passkey keep what belongs to this installation."""
    name: str = current_app.extensions["feedback"].settings.organisation.name
    return (name or "Feedback").replace(":", " ")


def _datastore() -> Any:
    return current_app.extensions["security"].datastore


class StaffTotp(Totp):
    """Names the organisation as it is called now.

    Refuses a code whose time step, or a later one, has been accepted before (RFC 6238, 5.2).
    """

    def get_totp_uri(self, username: str, totp_secret: str) -> str:
        uri: str = self._totp.from_source(totp_secret).to_uri(username, issuer=issuer())
        return uri

    def fetch_setup_values(self, totp: str, user: Any) -> dict[str, str]:
        return {**super().fetch_setup_values(totp, user), "issuer": issuer()}

    def verify_totp(self, token: str, totp_secret: str, user: Any, window: int = 0) -> bool:
        g.is_new_app = totp_secret != user.tf_totp_secret
        return super().verify_totp(token, totp_secret, user, window)

    def get_last_counter(self, user: Any) -> int | None:
        """The last accepted step; None for a new app, whose codes have nothing to do with those of the old one."""
        return None if g.is_new_app else cast(User, user).tf_last_counter

    def set_last_counter(self, user: Any, tmatch: TotpMatch) -> None:
        """Store the step, unless another request has stored it at the same moment. Raises UsedTokenError."""
        if not _datastore().use_counter(user.id, tmatch.counter, is_new_app=g.is_new_app):
            raise UsedTokenError


class StaffRecoveryCodes(MfRecoveryCodesUtil):
    """Recovery codes that are stored as digests, and used up in the transaction that checks them."""

    def __init__(self, app: Any) -> None:
        super().__init__(app)
        self._salt: str = app.extensions["feedback"].settings.web.password_salt.reveal()

    def create_recovery_codes(self, user: Any) -> list[str]:
        """New codes, which only this response contains."""
        store = current_app.extensions["security"]
        codes: list[str] = store.totp_factory.generate_recovery_codes(
            current_app.config["SECURITY_MULTI_FACTOR_RECOVERY_CODES_N"]
        )
        store.datastore.mf_set_recovery_codes(
            user._get_current_object() if hasattr(user, "_get_current_object") else user,
            [recovery_codes.digest(self._salt, code) for code in codes],
        )
        events().changed(user, Change.RECOVERY_CODES, "recovery codes generated")
        return codes

    def get_recovery_codes(self, user: Any) -> list[str]:  # noqa: ARG002
        """None: the codes themselves are not stored."""
        return []

    def check_recovery_code(self, user: Any, code: str) -> bool:
        attempt = forms.count_code(user)
        if not _datastore().use_recovery_code(user.id, self._salt, code):
            user.track_failed_authn("recovery code", True)
            return False
        attempt.succeeded()
        return True

    def delete_recovery_code(self, user: Any, code: str) -> bool:  # noqa: ARG002
        """The code was used up when it was checked."""
        return True
