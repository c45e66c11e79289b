"""Signing in with the provider, and being signed out by it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from flask import Blueprint, Response, current_app, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from flask_security.utils import login_user
from structlog import get_logger
from werkzeug.exceptions import TooManyRequests

from feedback import clock
from feedback.errors import NotFound
from feedback.providers.identity_provider import ProviderFailedError
from feedback.services.staff import attempts, provider_accounts, provider_sessions
from feedback.services.staff.attempts import LOGOUT_TOKENS
from feedback.services.staff.provider_accounts import SignInRefusal
from feedback.store.models import User
from feedback.web.auth.attempt_limits import limits
from feedback.web.auth.events import AT_PROVIDER, events
from feedback.web.auth.permissions import public
from feedback.web.http.locale import say
from feedback.web.http.rate_limits import Limits, RateLimit
from feedback.web.http.return_address import own_page
from feedback.web.http.routes import blueprint_of, get, post
from feedback.web.single_sign_on.parties import Parties
from feedback.web.wording.single_sign_on_wording import FAILED, FAILURES, REFUSALS

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime
    from feedback.web.auth.datastore import StaffDatastore
    from feedback.web.single_sign_on.relying_party import SignedIn, StartedSignIn

log = get_logger()

STARTED = "sso"
"""The key of a started sign-in in the browser's session."""
ANSWERS = RateLimit(300)
"""Answers of the provider that come from one network; for each we call the provider."""
LOGOUTS = RateLimit(3_000)
"""Logout tokens from one network; the provider may sign many people out at once."""


def blueprint(runtime: Runtime) -> Blueprint:
    views = SingleSignOn(runtime)
    return blueprint_of(
        "sso",
        get("/sign-in", views.sign_in),
        get("/callback", views.answer),
        post("/backchannel-logout", views.logged_out),
    )


class SingleSignOn:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database
        self.settings = runtime.settings
        self.parties = Parties(runtime)
        self._limits = Limits()

    @public("the sign-in with the provider of the organisation")
    def sign_in(self) -> ResponseReturnValue:
        """Send the browser to the provider; somebody who is signed in confirms their identity there."""
        back = own_page(request.args.get("next", ""))
        confirms = "confirm" in request.args
        if not self.settings.sso.is_on:
            raise NotFound("Page not found.")
        if current_user.is_authenticated and not confirms:
            return redirect(back, 303)
        try:
            address, started = self.parties.party().begin(back, clock.now(), confirms=confirms)
        except ProviderFailedError as failed:
            return self._failed(failed)
        session[STARTED] = started.write()
        return redirect(address, 303)

    @public("the provider's answer; it is checked against the sign-in that this browser has begun")
    def answer(self) -> ResponseReturnValue:
        self._count(ANSWERS)
        try:
            started, signed_in = self._checked_answer()
        except ProviderFailedError as failed:
            return self._failed(failed)
        if started.confirms:
            return self._confirm(started, signed_in)
        return self._admit(started, signed_in)

    @public("a call of the provider; the token is signed")
    def logged_out(self) -> ResponseReturnValue:
        """End sessions because they have ended at the provider (OpenID Connect Back-Channel Logout 1.0, 2.5-2.8)."""
        self._count(LOGOUTS)
        if not self.settings.sso.is_on:
            raise NotFound("Page not found.")
        now = clock.now()
        try:
            told = self.parties.party().logged_out(request.form.get("logout_token", ""), now)
        except ProviderFailedError as failed:
            log.warning("sso.logout_refused", code=failed.code, detail=failed.detail)
            return _logout_answer(400, "invalid_request")
        salt = self.settings.web.password_salt.reveal()
        with self.database.writing() as transaction:
            is_new = attempts.count(transaction, LOGOUT_TOKENS, f"{told.issuer} {told.jti}", salt, now) == 1
            if is_new:
                provider_sessions.end_by_provider(transaction, told.issuer, told.sid, told.subject, now)
        if not is_new:
            log.warning("sso.logout_refused", code="used", detail="jti")
            return _logout_answer(400, "invalid_request")
        return _logout_answer(200)

    def _count(self, limit: RateLimit) -> None:
        if not self._limits.hit(limit, "sso", request.remote_addr):
            raise TooManyRequests(retry_after=60)

    def _checked_answer(self) -> tuple[StartedSignIn, SignedIn]:
        """What the provider says of the person in front of this browser. Raises ProviderFailedError."""
        if not self.settings.sso.is_on:
            raise NotFound("Page not found.")
        party = self.parties.party()
        started = self.parties.started(session.pop(STARTED, None))
        if started is None:
            raise ProviderFailedError("not_started")
        sent = request.args.to_dict()
        if not limits().is_first_use(f"sso {started.state}"):  # the cookie of the session could be used again
            raise ProviderFailedError("used")
        return started, party.finish(started, sent, clock.now())

    def _admit(self, started: StartedSignIn, signed_in: SignedIn) -> ResponseReturnValue:
        now = clock.now()
        with self.database.writing() as transaction:
            admission = provider_accounts.admit(transaction, signed_in.person, self.settings.sso, now)
            user, row = admission.user, None
            if user is not None and admission.refused is None:
                row = provider_sessions.begin(transaction, user, signed_in.answer, now)
        if user is None or row is None:
            return self._refuse(
                admission.refused or SignInRefusal.NOT_INVITED, admission.user, signed_in.person.email
            )
        session[AT_PROVIDER] = row.id
        return self._enter(user.email, started.back, has_second_factor=row.has_second_factor)

    def _enter(self, email: str, back: str, *, has_second_factor: bool) -> ResponseReturnValue:
        """Sign in, after our own second factor if there is one and the provider has asked for none."""
        security = current_app.extensions["security"]
        datastore: StaffDatastore = security.datastore
        user = datastore.find_user(email=email)
        if user is None:  # deleted at this moment
            return self._failed(ProviderFailedError("not_started"))
        if not has_second_factor:
            page: Response | None = security.two_factor_plugins.tf_enter(user, False, "sso", next_loc=back)
            if page is not None:
                datastore.commit()
                return page
        login_user(user, authn_via=["sso"])
        datastore.commit()
        return redirect(back, 303)

    def _confirm(self, started: StartedSignIn, signed_in: SignedIn) -> ResponseReturnValue:
        """Note that the person in front of the browser is still the one who is signed in."""
        person = signed_in.person
        with self.database.reading() as transaction:
            user_id = provider_accounts.linked(transaction, person.issuer, person.subject)
        if not current_user.is_authenticated or user_id != current_user.id:
            return self._failed(ProviderFailedError("other_subject"))
        session["fs_paa"] = time.time()  # where the sign-in extension keeps it
        return redirect(started.back, 303)

    def _refuse(self, refused: SignInRefusal, user: User | None, email: str) -> ResponseReturnValue:
        known = user.id if user else None
        events().failed(known, email, "provider")
        current_app.extensions["security"].datastore.commit()
        log.warning("sso.refused", reason=str(refused), user_id=known)
        return self._back_to_sign_in(say().gettext(REFUSALS[refused]))

    def _failed(self, failed: ProviderFailedError) -> ResponseReturnValue:
        log.warning("sso.failed", code=failed.code, detail=failed.detail)
        text = say().gettext(FAILURES.get(failed.code, FAILED))
        return self._back_to_sign_in(f"{text} ({failed.code})")

    def _back_to_sign_in(self, text: str) -> ResponseReturnValue:
        session.pop(AT_PROVIDER, None)
        flash(text, "error")
        page = "account.show" if current_user.is_authenticated else "security.login"
        return redirect(url_for(page), 303)


def _logout_answer(status: int, error: str = "") -> Response:
    response = Response(f'{{"error": "{error}"}}' if error else "", status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
