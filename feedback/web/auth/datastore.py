"""Sign-in with Flask-Security: e-mail and password, second factor, passkeys.

The extension expects its own user class and a database session. Our users are plain rows, and connections are
held as briefly as possible: a user is read in one short transaction, and changes are written in another one.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn, cast

from flask import Flask, g, session
from flask_security import EmailValidateException, MailUtil, Security, UserMixin, WebauthnUtil
from flask_security.datastore import UserDatastore
from flask_security.utils import get_message
from sqlalchemy import ColumnElement, func, inspect, or_, select, update
from sqlalchemy.orm import Session, selectinload
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from feedback import clock
from feedback.core.contact.recipient import EmailAddress
from feedback.errors import Conflict, NotFound
from feedback.services.notifications.account_email import RESET_SALT
from feedback.services.staff import recovery_codes, sessions
from feedback.services.staff.accounts import SHORTEST_PASSWORD
from feedback.settings import Settings
from feedback.store.database import Database
from feedback.store.models import Role, StaffSession, User, WebAuthnKey
from feedback.web.auth import attempt_limits, forms, session_rows, views
from feedback.web.auth.attempt_limits import AttemptLimits
from feedback.web.auth.events import SignInEvents
from feedback.web.auth.hashing import HashingGate
from feedback.web.auth.known_devices import KnownDevices
from feedback.web.auth.passwords import StaffPasswords
from feedback.web.auth.second_factor import StaffRecoveryCodes, StaffTotp, issuer
from feedback.web.auth.views import FRESHNESS
from feedback.web.http.cookies import cookie_name
from feedback.web.single_sign_on import signing_out
from feedback.web.wording.sign_in_wording import MESSAGES, Words, category

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


class StaffUser(UserMixin, User):  # type: ignore[misc]  # the mixin declares these columns too vaguely
    """A `user` row with the methods that the sign-in extension needs; it stores nothing else."""

    def new_session_secret(self) -> str:
        """What the cookies of a new session contain (`LoginManager.id_attribute`); the row is added by its signal."""
        return sessions.new_secret()


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

    def find_session(self, secret: str) -> tuple[StaffUser, StaffSession] | None:
        """The user and row of a session that is not over; None also for deactivated users and changed passwords."""
        with self._database.reading() as session:
            row = sessions.find(session, secret, clock.now())
        user = self.find_user(id=row.user_id) if row else None
        if row is None or user is None or not user.active or user.fs_uniquifier != row.uniquifier:
            return None
        return user, row

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

    def use_recovery_code(self, user_id: int, salt: str, code: str) -> bool:
        """Use up a recovery code; False if there is no such code, or another request was faster."""
        with self._database.writing() as session:
            return recovery_codes.use(session, user_id, salt, code)

    def use_counter(self, user_id: int, counter: int, *, is_new_app: bool) -> bool:
        """Store the time step of an accepted code; False if this or a later one is stored. For a new app,
        the step of the old one does not count."""
        stored = update(User).where(User.id == user_id).values(tf_last_counter=counter)
        if not is_new_app:
            stored = stored.where(or_(User.tf_last_counter.is_(None), User.tf_last_counter < counter))
        with self._database.writing() as session:
            return session.execute(stored.returning(User.id)).scalar() is not None

    def put(self, model: Any) -> Any:
        self._pending()[id(model)] = (model, False)
        return model

    def delete(self, model: Any) -> None:
        self._pending()[id(model)] = (model, True)

    def also(self, effect: Callable[[Session], object]) -> None:
        """Do this in the transaction of the next `commit`."""
        effects: list[Callable[[Session], object]] = g.setdefault("staff_effects", [])
        effects.append(effect)

    def commit(self) -> None:
        """Store what was put. Raises Conflict if the user got another identity in the meantime: then a reset link
        was used, or the password was changed, in another request, and nothing of this one is stored."""
        pending, effects = list(self._pending().values()), list(g.pop("staff_effects", ()))
        self._pending().clear()
        if not pending and not effects:
            return
        with self._database.writing() as session:
            for model, gone in pending:
                _claim_identity(session, model)
                session.add(model)
                if gone:
                    session.delete(model)
            session.flush()
            for effect in effects:
                effect(session)

    def _pending(self) -> dict[int, tuple[Any, bool]]:
        waiting: dict[int, tuple[Any, bool]] = g.setdefault("staff_changes", {})
        return waiting


def _claim_identity(session: Session, model: object) -> None:
    """Compare and swap: a changed identity must replace the one that was read."""
    if not isinstance(model, StaffUser):
        return
    before = inspect(model).attrs.fs_uniquifier.history.deleted
    if not before:
        return
    mine = update(User).where(User.id == model.id, User.fs_uniquifier == before[0])
    if session.execute(mine.values(fs_uniquifier=model.fs_uniquifier).returning(User.id)).scalar() is None:
        raise Conflict("Sign in again: the password has just been changed.")


class StaffMail(MailUtil):
    """Reads addresses as `accounts.add_user` does; the extension's e-mails are switched off.

    The extension's own reader refuses domains such as `corp.local`, which many companies use.
    """

    def normalize(self, email: str) -> str:
        try:
            return EmailAddress.parse(email).key
        except ValueError:
            raise EmailValidateException(get_message("INVALID_EMAIL_ADDRESS")[0]) from None

    def validate(self, email: str) -> str:
        return self.normalize(email)


class StaffPasskeys(WebauthnUtil):
    """Accept passkeys on any device, including the current one.

    A passkey that replaces the password must verify the user (fingerprint, face or PIN); otherwise anybody who has
    the device could sign in.
    """

    def generate_challenge(self, nbytes: int | None = None) -> str:
        """A challenge that only this browser can answer (`forms.StaffPasskeyForm`)."""
        session[forms.CHALLENGE] = challenge = super().generate_challenge(nbytes)
        return challenge

    def registration_options(self, user: Any, usage: str, existing_options: dict[str, Any]) -> dict[str, Any]:
        options: dict[str, Any] = super().registration_options(user, usage, existing_options)
        return {**options, "rp_name": issuer()}

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
    """Install the routes, sessions and cookies of the sign-in, and its limits."""
    app.config.update(_configuration(runtime.settings))
    datastore, devices = StaffDatastore(runtime.database), KnownDevices(runtime.settings)
    limits = app.extensions[attempt_limits.EXTENSION] = AttemptLimits(runtime, devices)
    security = Security(app, datastore, **_PARTS)
    security.pwd_context = cast(Any, HashingGate(security.pwd_context))
    security.i18n_domain = cast(Any, Words())
    # Our pages are forms. In JSON, the extension would also give out tokens that need no session.
    security.want_json(lambda _: False)
    app.jinja_env.globals["_fsdomain"] = security.i18n_domain.gettext
    app.view_functions["security.two_factor_rescue"] = _no_rescue
    app.view_functions["security.forgot_password"] = views.forgot_password
    app.view_functions["security.logout"] = signing_out.with_provider(
        app.view_functions["security.logout"], runtime
    )
    views.protect(app, datastore)
    for endpoint in GUESSABLE:
        app.view_functions[endpoint] = limits.by_network(endpoint, app.view_functions[endpoint])
    devices.install(app)
    session_rows.install(app, runtime.database, datastore)
    SignInEvents(runtime, datastore, devices).install(app)
    return security


_PARTS: dict[str, Any] = {
    "mail_util_cls": StaffMail,
    "webauthn_util_cls": StaffPasskeys,
    "password_util_cls": StaffPasswords,
    "totp_cls": StaffTotp,
    "mf_recovery_codes_util_cls": StaffRecoveryCodes,
    "login_form": forms.StaffLoginForm,
    "verify_form": forms.StaffVerifyForm,
    "change_password_form": forms.StaffChangePasswordForm,
    "two_factor_verify_code_form": forms.StaffCodeForm,
    "wan_signin_response_form": forms.StaffPasskeyForm,
    "wan_register_response_form": forms.StaffNewPasskeyForm,
}
"""Our versions of the extension's parts, by its names for them."""


def _no_rescue() -> NoReturn:
    """Disable the extension's reset of the second factor by e-mail; users have recovery codes instead."""
    raise NotFound("Page not found.")


def _configuration(settings: Settings) -> dict[str, Any]:
    salt = settings.web.password_salt.reveal()
    secure = settings.web.public_url.startswith("https://")
    cookie = {"httponly": True, "secure": secure, "samesite": "Lax"}
    options = {
        # Sessions are rows (`session_rows`); a token would be valid without one.
        "API_ENABLED_METHODS": ["session"],
        "CACHE_CONTROL": None,  # the extension's is malformed; `http.headers` adds ours
        "PASSWORD_HASH": "argon2",
        "PASSWORD_SCHEMES": ["argon2"],  # the extension's list contains plain text
        "PASSWORD_SALT": salt,
        "PASSWORD_LENGTH_MIN": SHORTEST_PASSWORD,
        "DATETIME_FACTORY": clock.now,
        "TRACKABLE": True,
        "RECOVERABLE": True,
        "CHANGEABLE": True,
        "EMAIL_VALIDATOR_ARGS": {"check_deliverability": False},  # users have working addresses already
        "RETURN_GENERIC_RESPONSES": True,  # do not reveal who has an account
        "RESET_PASSWORD_WITHIN": timedelta(hours=2),
        "RESET_SALT": RESET_SALT,
        # The e-mails about an account are ours (`services.notifications.account_email`).
        "SEND_PASSWORD_CHANGE_EMAIL": False,
        "SEND_PASSWORD_RESET_EMAIL": False,
        "SEND_PASSWORD_RESET_NOTICE_EMAIL": False,
        "TWO_FACTOR": True,
        "TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
        "TWO_FACTOR_RESCUE_EMAIL": False,
        "TWO_FACTOR_ALWAYS_VALIDATE": True,
        "TWO_FACTOR_AUTHENTICATOR_VALIDITY": 30,  # seconds to either side: one step
        "TWO_FACTOR_SETUP_WITHIN": FRESHNESS,
        "TWO_FACTOR_VALIDITY_COOKIE": cookie,
        "TWO_FACTOR_VALIDITY_COOKIE_NAME": cookie_name("feedback_second_step", settings),
        # Not derived from the session key, which is rotated, while second factors stay.
        "TOTP_SECRETS": {"1": hmac.new(salt.encode(), b"totp", hashlib.sha256).hexdigest()},
        "TOTP_ISSUER": "Feedback",  # required at the start; `second_factor.issuer` has the present name
        "MULTI_FACTOR_RECOVERY_CODES": True,
        "WEBAUTHN": True,
        "WAN_ALLOW_USER_HINTS": False,  # they would tell strangers who has a passkey
        "WAN_REGISTER_WITHIN": FRESHNESS,
        "WAN_SIGNIN_WITHIN": timedelta(minutes=1),
        "FRESHNESS": FRESHNESS,
        "FRESHNESS_GRACE_PERIOD": timedelta(0),
        "FRESHNESS_ALLOW_AUTH_TOKEN": False,
        "POST_LOGIN_VIEW": "/",
        "POST_LOGOUT_VIEW": "/login",
        "POST_CHANGE_VIEW": "/account",
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
    "security.change_password",
    "security.two_factor_token_validation",
    "security.two_factor_setup_validate",
    "security.two_factor_rescue",
    "security.tf_select",
    "security.mf_recovery",
    "security.wan_signin",
    "security.wan_signin_response",
    "security.wan_verify_response",
)
"""Pages where something can be guessed; what a network posts to them is limited."""
