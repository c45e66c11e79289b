"""The sign-in extension's forms, with our limits on guessing, and with proofs that work once."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, redirect, session, url_for
from flask_login import current_user
from flask_security import (
    ChangePasswordForm,
    Form,
    LoginForm,
    TwoFactorVerifyCodeForm,
    VerifyForm,
    WebAuthnRegisterResponseForm,
    WebAuthnSigninResponseForm,
)
from flask_security.forms import EmailValidation, email_required
from flask_security.tf_plugin import tf_clean_session
from werkzeug.exceptions import abort
from wtforms import EmailField

from feedback.errors import TooManyAttempts
from feedback.services.staff.attempts import CODES, PASSWORDS
from feedback.web.auth.attempt_limits import SignInAttempt, limits
from feedback.web.auth.events import events
from feedback.web.http.locale import say
from feedback.web.wording.sign_in_wording import ONLY_PROVIDER, message

CHALLENGE = "passkey_challenge"
"""The key in the browser's session of the challenge that its passkey has to answer."""


class StaffLoginForm(LoginForm):
    """Counts attempts by account."""

    def validate(self, **named: Any) -> bool:
        address = str(self.email.data or "")
        attempt = limits().attempt(PASSWORDS, limits().account(address))
        if super().validate(**named):
            if self.user is None or may_do_without_provider(address):
                attempt.succeeded()
                return True
            self.password.errors = [message("GENERIC_AUTHN_FAILED")]  # says nothing of the password
            events().failed(self.user.id, address, "password")
            return False
        if self.ifield is not None and self.user is None:  # the extension reports only known accounts
            events().failed(None, address, "password")
        return False


def may_do_without_provider(email: str) -> bool:
    """Whether the user with this address may sign in with a password or a passkey."""
    sso = current_app.extensions["feedback"].settings.sso
    return not sso.refuses_passwords or sso.is_emergency_account(email)


class StaffVerifyForm(VerifyForm):
    """Counts attempts by session."""

    def validate(self, **named: Any) -> bool:
        attempt = limits().attempt_in_session(PASSWORDS, limits().account(current_user.email))
        is_right: bool = super().validate(**named)
        if is_right:
            attempt.succeeded()
        return is_right


class StaffChangePasswordForm(ChangePasswordForm):
    """Counts attempts at the present password by session."""

    def validate(self, **named: Any) -> bool:
        attempt = limits().attempt_in_session(PASSWORDS, limits().account(current_user.email))
        is_right: bool = super().validate(**named)
        if not self.password.errors:  # only the new password can be wrong
            attempt.succeeded()
        elif self.password.data:
            events().failed(current_user.id, current_user.email, "password")
        return is_right


class StaffCodeForm(TwoFactorVerifyCodeForm):
    """Counts codes by account. A code for an app that is being set up cannot be guessed for anybody else."""

    def validate(self, **named: Any) -> bool:
        attempt = None if self.is_setup else count_code(self.user)
        is_right: bool = super().validate(**named)
        if is_right and attempt:
            attempt.succeeded()
        return is_right


def count_code(user: Any) -> SignInAttempt:
    """Count an attempt at a code; above the limit, the sign-in begins again with the password."""
    try:
        return limits().attempt(CODES, limits().account(user.email))
    except TooManyAttempts as refused:
        tf_clean_session()  # type: ignore[no-untyped-call]
        flash(say().gettext(str(refused)), "error")
        abort(redirect(url_for("security.login"), 303))


class StaffPasskeyForm(WebAuthnSigninResponseForm):
    """Accepts an answer to a challenge of the same browser, once."""

    def validate(self, **named: Any) -> bool:
        own = session.pop(CHALLENGE, None) == self.challenge
        if not super().validate(**named):
            return False
        is_second = self.is_secondary or self.is_verify
        if not is_second and self.user is not None and not may_do_without_provider(self.user.email):
            self.credential.errors = [say().gettext(ONLY_PROVIDER)]
            return False
        if own and limits().is_first_use(self.challenge):
            return True
        self.credential.errors = [message("WEBAUTHN_EXPIRED")]
        return False


class StaffNewPasskeyForm(WebAuthnRegisterResponseForm):
    """Accepts an answer to a challenge of the same browser, so nobody can add a passkey begun by another user."""

    def validate(self, **named: Any) -> bool:
        own: bool = session.pop(CHALLENGE, None) == self.challenge
        if not super().validate(**named):
            return False
        if not own:
            self.credential.errors = [message("WEBAUTHN_EXPIRED")]
        return own


class AskForResetForm(Form):
    """Reads an address and looks nothing up, so that known and unknown addresses take the same time."""

    email = EmailField(validators=[email_required, EmailValidation(verify=False)])
