"""Records what happens at the sign-in: in the audit log, in the program's log, and in e-mails to the owner.

What belongs to a change of the user is stored in the change's own transaction (`StaffDatastore.also`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import flask_login
from flask import Flask, current_app, g, request, session
from flask_security import signals
from sqlalchemy.orm import Session
from structlog import get_logger

from feedback import clock
from feedback.errors import Conflict
from feedback.services import audit
from feedback.services.notifications import account_email
from feedback.services.notifications.account_email import Change
from feedback.services.staff import attempts, provider_sessions, sessions
from feedback.services.staff.sessions import Device
from feedback.store.models import ProviderSession, User
from feedback.web.auth.attempt_limits import limits, short
from feedback.web.auth.devices import in_words
from feedback.web.http.rate_limits import network_of

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime
    from feedback.web.auth.datastore import StaffDatastore
    from feedback.web.auth.known_devices import KnownDevices

log = get_logger()

EXTENSION = "sign_in_events"

WAYS = {
    "security.login": "password",
    "security.two_factor_token_validation": "code",
    "security.mf_recovery": "recovery code",
    "security.wan_signin_response": "passkey",
    "sso.answer": "provider",
}
"""The page on which a sign-in was completed -> how."""

AT_PROVIDER = "provider_session"
"""The key in the browser's session of a sign-in at the provider that is not complete here, perhaps because a second
factor is asked for."""

THIS_MACHINE = "127.0.0.1"


def events() -> SignInEvents:
    """The recorder of the running application."""
    return cast(SignInEvents, current_app.extensions[EXTENSION])


def present_network() -> str:
    """The network of the request, as sessions and the audit log have it."""
    return network_of(request.remote_addr) or THIS_MACHINE


class SignInEvents:
    """Receives the signals of the sign-in extension."""

    def __init__(self, runtime: Runtime, datastore: StaffDatastore, devices: KnownDevices) -> None:
        self._runtime = runtime
        self._datastore = datastore
        self._devices = devices

    def install(self, app: Flask) -> None:
        """Connect the signals. They hold this object weakly, so the application has to keep it."""
        app.extensions[EXTENSION] = self
        flask_login.user_logged_in.connect(self._session_begins, app)
        flask_login.user_logged_out.connect(self._session_ends, app)
        signals.user_authenticated.connect(self._signed_in, app)
        signals.user_failed_authn.connect(self._failed, app)
        signals.password_changed.connect(self._password_changed, app)
        signals.password_reset.connect(self._password_reset, app)
        signals.tf_profile_changed.connect(self._second_step_on, app)
        signals.tf_disabled.connect(self._second_step_off, app)
        signals.wan_registered.connect(self._passkey_added, app)
        signals.wan_deleted.connect(self._passkey_removed, app)

    def failed(self, user_id: int | None, address: str, way: str) -> None:
        """Somebody gave a wrong password, code or passkey. Unknown accounts are recorded in the same way, up to a
        limit; the program's log has them all."""
        account = short(limits().account(address))
        network = present_network()
        log.warning("sign_in.failed", account=account, by=way, network=network)
        now, salt = clock.now(), self._runtime.settings.web.password_salt.reveal()

        def add(transaction: Session) -> None:
            known = "known" if user_id else "unknown"  # both are counted, so that both take the same time
            seen = attempts.count(transaction, attempts.FAILURES_OF_UNKNOWN, known, salt, now)
            if user_id or seen <= attempts.FAILURES_OF_UNKNOWN.most:
                detail = {"via": way, "account": account, "network": network}
                audit.record(transaction, "sign-in failed", "user", user_id, by=None, now=now, **detail)

        self._datastore.also(add)

    def changed(self, user: Any, change: Change, action: str) -> None:
        """The user has changed how they sign in: record it, and write to them."""
        user_id, now = user.id, clock.now()

        def tell(transaction: Session) -> None:
            owner = transaction.get_one(User, user_id)
            account_email.tell_of_change(transaction, owner, change, self._runtime, now)

        self._datastore.also(tell)
        self.record(action, user_id, by=user_id, network=present_network())

    def record(self, action: str, user_id: int | None, *, by: int | None, **detail: str | int | None) -> None:
        """Add an entry to the audit log with the request's other changes."""
        now = clock.now()
        self._datastore.also(
            lambda transaction: audit.record(transaction, action, "user", user_id, by=by, now=now, **detail)
        )

    def _session_begins(self, _app: Flask, user: Any, **_: Any) -> None:
        row = sessions.begin(
            user,
            session["_user_id"],
            Device(in_words(request.user_agent.string), present_network()),
            remembered=session.get("_remember") == "set",
            now=clock.now(),
            began_at=self._sign_in_at_provider(user.id),
        )
        self._devices.remember(limits().account(user.email))
        self._datastore.put(row)
        g.staff_session = row

    def _sign_in_at_provider(self, user_id: int) -> ProviderSession | None:
        """The sign-in at the provider that this session completes. Raises Conflict if it was ended there meanwhile."""
        row_id = session.pop(AT_PROVIDER, None)
        if row_id is None or request.endpoint not in WAYS or request.endpoint == "security.login":
            return None
        with self._runtime.database.reading() as transaction:
            row = provider_sessions.find(transaction, row_id, user_id, clock.now())
        if row is None:
            raise Conflict("Sign in again: your session at the provider has ended.")
        return row

    def _session_ends(self, _app: Flask, user: Any, **_: Any) -> None:
        row = g.pop("staff_session", None)
        if row is None:
            return
        with self._runtime.database.writing() as transaction:
            sessions.end(transaction, row.id)
            audit.record(transaction, "signed out", "user", user.id, by=user.id, now=clock.now())

    def _signed_in(self, _app: Flask, user: Any, **_: Any) -> None:
        if way := WAYS.get(request.endpoint or ""):  # a changed password also begins a new session
            self.record("signed in", user.id, by=user.id, via=way, network=present_network())
            self._emergency(user)

    def _emergency(self, user: Any) -> None:
        """Record a sign-in without the provider while it is the usual way, and notify all admins."""
        sso = self._runtime.settings.sso
        if not sso.refuses_passwords or g.staff_session.provider_session_id is not None:
            return
        log.warning("sign_in.emergency", user_id=user.id, network=present_network())
        self.record("emergency sign-in", user.id, by=user.id, network=present_network())
        user_id, now, network = user.id, clock.now(), present_network()
        self._datastore.also(
            lambda transaction: account_email.tell_of_emergency(
                transaction, transaction.get_one(User, user_id), network, self._runtime, now
            )
        )

    def _failed(self, _app: Flask, user: Any, auth_type: str, **_: Any) -> None:
        self.failed(user.id, user.email, auth_type)

    def _password_changed(self, _app: Flask, user: Any, **_: Any) -> None:
        self.changed(user, Change.PASSWORD, "password changed")

    def _password_reset(self, _app: Flask, user: Any, **_: Any) -> None:
        self._devices.remember(limits().account(user.email))
        self.changed(user, Change.PASSWORD, "password reset")

    def _second_step_on(self, _app: Flask, user: Any, **_: Any) -> None:
        self.changed(user, Change.SECOND_STEP_ON, "second step on")

    def _second_step_off(self, _app: Flask, user: Any, **_: Any) -> None:
        self.changed(user, Change.SECOND_STEP_OFF, "second step off")

    def _passkey_added(self, _app: Flask, user: Any, **_: Any) -> None:
        self.changed(user, Change.PASSKEY_ADDED, "passkey added")

    def _passkey_removed(self, _app: Flask, user: Any, **_: Any) -> None:
        self.changed(user, Change.PASSKEY_REMOVED, "passkey removed")
