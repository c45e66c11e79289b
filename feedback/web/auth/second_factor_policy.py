"""Asks staff for a second factor where the organisation requires one, before they go on."""

from __future__ import annotations

from flask import Flask, Response, current_app, flash, g, redirect, request, url_for
from flask_security import current_user
from werkzeug.wrappers import Response as AnyResponse

from feedback.services.staff.accounts import RoleName
from feedback.settings import Settings
from feedback.store.models import User
from feedback.web.http.locale import say

_ALWAYS = {"static", "account.language", "account.sign_out_everywhere"}


def install(app: Flask) -> None:
    """Install it after the guard, which knows who may come at all."""
    app.before_request(_ask)


def must_set_up(user: User, settings: Settings) -> bool:
    """Whether this user needs a second factor and has neither an authenticator app nor a passkey."""
    policy = settings.sign_in.second_factor
    is_meant = policy == "everybody" or (
        policy == "admins" and any(role.name == RoleName.ADMIN for role in user.roles)
    )
    return is_meant and not user.tf_primary_method and not user.webauthn


def _ask() -> AnyResponse | None:
    endpoint = request.endpoint
    if endpoint is None or endpoint in _ALWAYS or endpoint.startswith(("security.", "sso.")):
        return None
    settings: Settings = current_app.extensions["feedback"].settings
    if settings.sign_in.second_factor == "optional" or not current_user.is_authenticated:
        return None
    if g.staff_session.has_second_factor or not must_set_up(current_user, settings):
        return None
    page = url_for("security.two_factor_setup")
    if request.headers.get("HX-Request") == "true":
        return Response(status=401, headers={"HX-Redirect": page})
    flash(say().gettext("Your organisation requires a second factor. Set one up to go on."), "error")
    return redirect(page)
