"""Signing out here, and then at the provider (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from flask import Response, g, make_response, render_template
from flask.typing import RouteCallable
from flask_security import current_user
from structlog import get_logger

from feedback.providers.identity_provider import ProviderFailedError
from feedback.store.models import ProviderSession, StaffSession
from feedback.web.single_sign_on.parties import AFTER_SIGN_OUT, Parties

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

log = get_logger()


def with_provider(view: RouteCallable, runtime: Runtime) -> RouteCallable:
    """The view that signs out, followed by a page that leads to the provider if the session began there.

    A page, because the browser would refuse a form that is redirected to another site (`form-action` of our policy).
    """
    parties = Parties(runtime)

    @wraps(view)
    def logout(*args: Any, **named: Any) -> Any:
        address = _address(parties, runtime) if current_user.is_authenticated else None
        response = view(*args, **named)
        if address is None or current_user.is_authenticated:
            return response
        return _onward(address, runtime.settings.sso.provider_name)

    return logout


def _address(parties: Parties, runtime: Runtime) -> str | None:
    """Where the provider ends the session of this request; None if it has no part in it, or does not answer."""
    row: StaffSession | None = g.get("staff_session")
    sso = runtime.settings.sso
    if row is None or row.provider_session_id is None or not (sso.is_on and sso.sign_out_at_provider):
        return None
    with runtime.database.reading() as session:
        began_at = session.get(ProviderSession, row.provider_session_id)
    if began_at is None:
        return None
    try:
        return parties.party().end_address(began_at.id_token, parties.address(AFTER_SIGN_OUT))
    except ProviderFailedError as failed:
        log.warning("sso.failed", code=failed.code, detail=failed.detail)
        return None


def _onward(address: str, name: str) -> Response:
    response = make_response(render_template("single_sign_on/signing_out.html", address=address, name=name))
    response.headers["Refresh"] = f"0; url={address}"
    return response
