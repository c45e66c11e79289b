"""Limits on guessing at the sign-in, by network and by account.

`services.staff.attempts` counts; this module says by what. Decision 12 gives the reasons.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

from flask import current_app, g, request
from flask.typing import RouteCallable
from structlog import get_logger
from werkzeug.exceptions import TooManyRequests

from feedback import clock
from feedback.errors import TooManyAttempts
from feedback.services.staff import attempts
from feedback.services.staff.attempts import CHALLENGES, PAGE, RESET, RESETS, AttemptLimit
from feedback.web.auth.known_devices import KnownDevices
from feedback.web.http.rate_limits import network_of
from feedback.web.wording.sign_in_wording import LIMITS

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

log = get_logger()

EXTENSION = "attempt_limits"


def limits() -> AttemptLimits:
    """The limits of the running application."""
    return cast(AttemptLimits, current_app.extensions[EXTENSION])


@dataclass(frozen=True, slots=True)
class SignInAttempt:
    """An attempt that was counted; call `succeeded` if it was no mere guess."""

    limits: AttemptLimits
    limit: AttemptLimit
    who: str

    def succeeded(self) -> None:
        self.limits.give_back(self.limit, self.who)


class AttemptLimits:
    """Counts attempts; those above a limit raise TooManyAttempts."""

    def __init__(self, runtime: Runtime, devices: KnownDevices) -> None:
        self._database = runtime.database
        self._salt = runtime.settings.web.password_salt.reveal()
        self._devices = devices

    def account(self, address: str | None) -> str:
        """The digest by which an account is counted, whether it exists or not."""
        return attempts.account_digest(self._salt, address or "")

    def attempt(self, limit: AttemptLimit, account: str) -> SignInAttempt:
        """Count an attempt at an account: for this device if it is known to the account, else for all unknown ones."""
        device = self._devices.device(account)
        return self._counted(limit, account, f"{account} {device}" if device else account)

    def attempt_in_session(self, limit: AttemptLimit, account: str) -> SignInAttempt:
        """Count an attempt of somebody who is signed in, for their session only."""
        return self._counted(limit, account, f"{account} session {g.staff_session.id}")

    def ask_for_reset(self, account: str) -> None:
        """Leave the wish for a reset link to the worker. Every account has one count, known device or not."""
        now = clock.now()
        with self._database.writing() as session:
            asked = attempts.count(session, RESETS, account, self._salt, now)
            if asked <= RESETS.most:
                attempts.note(session, account, RESET, now)
            elif asked == RESETS.most + 1:
                attempts.note(session, account, RESETS.kind, now)
        if asked > RESETS.most:
            self._refuse(RESETS, account)

    def is_first_use(self, challenge: str) -> bool:
        """Whether this challenge of a passkey has not been used, in any process."""
        with self._database.writing() as session:
            return attempts.count(session, CHALLENGES, challenge, self._salt, clock.now()) == 1

    def give_back(self, limit: AttemptLimit, who: str) -> None:
        with self._database.writing() as session:
            attempts.give_back(session, limit, who, self._salt, clock.now())

    def by_network(self, endpoint: str, view: RouteCallable) -> RouteCallable:
        """The view, with a limit on what one network posts to it; this machine is a network like any other."""

        @wraps(view)
        def within_limits(*args: Any, **named: Any) -> Any:
            if request.method == "POST" and not self._is_within_page(endpoint):
                log.warning("sign_in.refused", page=endpoint, network=network_of(request.remote_addr))
                raise TooManyRequests
            return view(*args, **named)

        return within_limits

    def _is_within_page(self, endpoint: str) -> bool:
        """Count a post. One that exceeds the limit of a minute does not count for the hour."""
        who, now = f"{endpoint} {network_of(request.remote_addr)}", clock.now()
        with self._database.writing() as session:
            return all(attempts.count(session, each, who, self._salt, now) <= each.most for each in PAGE)

    def _counted(self, limit: AttemptLimit, account: str, who: str) -> SignInAttempt:
        now = clock.now()
        with self._database.writing() as session:
            made = attempts.count(session, limit, who, self._salt, now)
            if made == limit.most + 1:
                attempts.note(session, account, limit.kind, now)
        if made > limit.most:
            self._refuse(limit, account)
        return SignInAttempt(self, limit, who)

    def _refuse(self, limit: AttemptLimit, account: str) -> None:
        log.warning(
            "sign_in.limited",
            limit=limit.kind,
            account=short(account),
            network=network_of(request.remote_addr),
        )
        raise TooManyAttempts(LIMITS[limit.kind])


def short(account: str) -> str:
    """The part of an account's digest that is logged."""
    return account[:12]
