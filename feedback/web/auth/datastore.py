"""Sign-in with Flask-Security: e-mail and password, second factor, passkeys.

The extension expects its own user class and a database session. Our users are plain rows, and connections are
held as briefly as possible: a user is read in one short transaction, and changes are written in another one.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn, cast

from flask import Flask, g
from flask_security import EmailValidateException, MailUtil, PasswordUtil, Security, UserMixin, WebauthnUtil
from flask_security.datastore import UserDatastore
from flask_security.utils import get_message
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import selectinload
from structlog import get_logger
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from werkzeug.exceptions import RequestEntityTooLarge

from feedback import clock
from feedback.core.contact.recipient import EmailAddress
from feedback.errors import NotFound
from feedback.services.notifications import staff_email
from feedback.services.staff.accounts import LONGEST_PASSWORD, SHORTEST_PASSWORD
from feedback.settings import Settings
from feedback.store.database import Database
from feedback.store.models import Role, User, WebAuthnKey
from feedback.web.http.rate_limits import Tries
from feedback.web.wording.sign_in_wording import MESSAGES, Words, category

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

log = get_logger()


class StaffUser(UserMixin, User):  # type: ignore[misc]  # the mixin declares these columns too vaguely
    """A `user` row with the methods that the sign-in extension needs; it stores nothing else."""


class StaffDatastore(UserDatastore):
    """The extension's datastore, with detached objects: `put` collects changes, `commit` stores them in one step.

    Only changed columns are written, so that two requests of one user do not overwrite each other's changes.
    """

    def __init__(self, database: Database) -> None:
        # Plain rows are enough for roles and passkeys: the extension only uses their columns.
        super().__init__(StaffUser, cast(Any, Role), cast(Any, WebAuthnKey))
        self._database = database

    def find_user(self, case_insensitive: bool = False, **wanted: Any) -> StaffUser | None:
        ((name, value),) = wanted.items()
        column = getattr(StaffUser, name)
        return self._found(func.lower(column) == str(value).lower() if case_insensitive else column == value)

    def _found(self, condition: ColumnElement[bool]) -> StaffUser | None:
        """The user with roles and passkeys; the same object throughout a request, because two could not be saved."""
        everything = (selectinload(User.roles), selectinload(User.webauthn))
        with self._database.reading() as session:
            user = session.scalar(select(StaffUser).where(condition).options(*everything))
        known: dict[int, StaffUser] = g.setdefault("staff_found", {})
        return known.setdefault(user.id, user) if user else None

    def find_role(self, role: str) -> Any:
        with self._database.reading() as session:
            return session.scalar(select(Role).where(Role.name == role))

    def find_webauthn(self, credential_id: bytes) -> Any:
        """The passkey as part of its user, so that changes in both are saved together."""
        user = self._found(User.webauthn.any(WebAuthnKey.credential_id == credential_id))
        keys = user.webauthn if user else ()
        return next((key for key in keys if key.credential_id == credential_id), None)

    def find_user_from_webauthn(self, webauthn: Any) -> StaffUser | None:
        return self.find_user(id=webauthn.user_id)

    def create_webauthn(self, user: Any, **details: Any) -> None:  # type: ignore[override]
        now = clock.now()
        user.webauthn.append(WebAuthnKey(**details, lastuse_datetime=now, create_datetime=now))
        self.put(user)

    def mf_delete_recovery_code(self, user: Any, idx: int) -> bool:
        """Assign a new list, because a change inside the old one is not detected and the code could be used again."""
        codes = list(user.mf_recovery_codes or ())
        if not 0 <= idx < len(codes):
            return False
        user.mf_recovery_codes = codes[:idx] + codes[idx + 1 :]
        self.put(user)
        return True

    def put(self, model: Any) -> Any:
        self._pending()[id(model)] = (model, False)
        return model

    def delete(self, model: Any) -> None:
        self._pending()[id(model)] = (model, True)

    def commit(self) -> None:
        pending = list(self._pending().values())
        self._pending().clear()
        if not pending:
            return
        with self._database.writing() as session:
            for model, gone in pending:
                session.add(model)
                if gone:
                    session.delete(model)

    def _pending(self) -> dict[int, tuple[Any, bool]]:
        waiting: dict[int, tuple[Any, bool]] = g.setdefault("staff_changes", {})
        return waiting


NOTICES = frozenset({"email/staff_password_changed"})
"""E-mails of the extension without a link or a code that signs in."""


class StaffMail(MailUtil):
    """Reads addresses as `accounts.add_user` does, and puts the extension's e-mails into the outbox.

    The extension's own reader refuses domains such as `corp.local`, which many companies use.
    """

    runtime: Runtime

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self.runtime = app.extensions["feedback"]

    def normalize(self, email: str) -> str:
        try:
            return EmailAddress.parse(email).key
        except ValueError:
            raise EmailValidateException(get_message("INVALID_EMAIL_ADDRESS")[0]) from None

    def validate(self, email: str) -> str:
        return self.normalize(email)

    def send_mail(self, template: str, subject: str, *rest: Any, **context: Any) -> None:
        """`rest` is recipient, sender, text and HTML; the recipient is the user of the context."""
        user: StaffUser = context["user"]
        _recipient, _sender, body, _html = rest
        tell = staff_email.tell if template in NOTICES else staff_email.tell_secret
        with self.runtime.database.writing() as session:
            queued = tell(
                session, user, str(subject), str(body), providers=self.runtime.providers, now=clock.now()
            )
        if queued is None:
            log.error("no_email_channel", template=template, user_id=user.id)


class StaffPassword(PasswordUtil):
    """Normalises only what can be a password, because that work grows with the square of the length."""

    def normalize(self, password: str) -> str:
        if len(password) > LONGEST_PASSWORD:
            raise RequestEntityTooLarge
        return str(super().normalize(password))


class StaffPasskeys(WebauthnUtil):
    """Accept passkeys on any device, including the current one.

    A passkey that replaces the password must verify the user (fingerprint, face or PIN); otherwise anybody who has
    the device could sign in.
    """

    def authenticator_selection(self, user: Any, usage: str) -> AuthenticatorSelectionCriteria:  # noqa: ARG002
        alone = usage == "first"
        return AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED if alone else ResidentKeyRequirement.PREFERRED,
            user_verification=_verification(alone),
        )

    def user_verification(self, user: Any, usage: list[str]) -> UserVerificationRequirement:  # noqa: ARG002
        return _verification("secondary" not in usage)


def _verification(alone: bool) -> UserVerificationRequirement:
    return UserVerificationRequirement.REQUIRED if alone else UserVerificationRequirement.DISCOURAGED


def install(app: Flask, runtime: Runtime) -> Security:
    """Install the routes, sessions and cookies of the sign-in, and its rate limits."""
    app.config.update(_configuration(runtime.settings))
    security = Security(
        app,
        StaffDatastore(runtime.database),
        mail_util_cls=StaffMail,
        password_util_cls=StaffPassword,
        webauthn_util_cls=StaffPasskeys,
    )
    security.i18n_domain = cast(Any, Words())
    app.jinja_env.globals["_fsdomain"] = security.i18n_domain.gettext
    app.view_functions["security.two_factor_rescue"] = _no_rescue
    _limit_guessing(app)
    return security


def _no_rescue() -> NoReturn:
    """Disable the extension's reset of the second factor by e-mail; users have recovery codes instead."""
    raise NotFound("Page not found.")


def _configuration(settings: Settings) -> dict[str, Any]:
    salt = settings.web.password_salt.reveal()
    secure = settings.web.public_url.startswith("https://")
    cookie = {"httponly": True, "secure": secure, "samesite": "Lax"}
    options = {
        "PASSWORD_HASH": "argon2",
        "PASSWORD_SALT": salt,
        "PASSWORD_LENGTH_MIN": SHORTEST_PASSWORD,
        "DATETIME_FACTORY": clock.now,
        "TRACKABLE": True,
        "RECOVERABLE": True,
        "CHANGEABLE": True,
        "EMAIL_VALIDATOR_ARGS": {"check_deliverability": False},  # users have working addresses already
        "RETURN_GENERIC_RESPONSES": True,  # do not reveal who has an account
        "RESET_PASSWORD_WITHIN": timedelta(hours=2),
        "TWO_FACTOR": True,
        "TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
        "TWO_FACTOR_RESCUE_EMAIL": False,
        "TWO_FACTOR_VALIDITY_COOKIE": cookie,
        # Not derived from the session key, which is rotated, while second factors stay.
        "TOTP_SECRETS": {"1": hmac.new(salt.encode(), b"totp", hashlib.sha256).hexdigest()},
        "TOTP_ISSUER": settings.organisation.name or "Feedback",
        "MULTI_FACTOR_RECOVERY_CODES": True,
        "WEBAUTHN": True,
        "WAN_RP_NAME": settings.organisation.name or "Feedback",
        "FRESHNESS": timedelta(hours=12),
        "POST_LOGIN_VIEW": "/",
        "POST_LOGOUT_VIEW": "/login",
        "POST_CHANGE_VIEW": "/account",
        "EMAIL_HTML": False,
        "EMAIL_SUBJECT_PASSWORD_RESET": MESSAGES["SUBJECT_RESET"],
        "EMAIL_SUBJECT_PASSWORD_NOTICE": MESSAGES["SUBJECT_CHANGED"],
        "EMAIL_SUBJECT_PASSWORD_CHANGE_NOTICE": MESSAGES["SUBJECT_CHANGED"],
        "EMAIL_TEMPLATE_PASSWORD_RESET": "email/staff_reset",
        "EMAIL_TEMPLATE_PASSWORD_RESET_NOTICE": "email/staff_password_changed",
        "EMAIL_TEMPLATE_PASSWORD_CHANGE_NOTICE": "email/staff_password_changed",
        "STATIC_FOLDER": None,
        **{f"{page}_TEMPLATE": f"auth/{file}.html" for page, file in _PAGES.items()},
        **{f"MSG_{key}": (text, category(key)) for key, text in MESSAGES.items()},
    }
    return {f"SECURITY_{key}": value for key, value in options.items()}


_PAGES = {
    "LOGIN_USER": "login",
    "FORGOT_PASSWORD": "forgot",
    "RESET_PASSWORD": "reset",
    "CHANGE_PASSWORD": "change",
    "VERIFY": "verify",
    "TWO_FACTOR_VERIFY_CODE": "code",
    "TWO_FACTOR_SETUP": "second-factor",
    "TWO_FACTOR_SELECT": "select",
    "MULTI_FACTOR_RECOVERY": "recovery",
    "MULTI_FACTOR_RECOVERY_CODES": "recovery-codes",
    "WAN_REGISTER": "passkeys",
    "WAN_SIGNIN": "passkey",
    "WAN_VERIFY": "passkey-verify",
}

GUESSABLE = (
    "security.login",
    "security.forgot_password",
    "security.reset_password",
    "security.verify",
    "security.two_factor_token_validation",
    "security.two_factor_rescue",
    "security.mf_recovery",
    "security.wan_signin_response",
)


def _limit_guessing(app: Flask) -> None:
    tries = Tries()
    for endpoint in GUESSABLE:
        app.view_functions[endpoint] = tries.limited(endpoint, app.view_functions[endpoint])
