"""Views of the sign-in that differ from the extension's, and what holds for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any

from flask import Flask, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue, RouteCallable
from flask_login import current_user
from flask_security import url_for_security
from flask_security.utils import check_and_update_authn_fresh
from werkzeug.exceptions import BadRequest

from feedback.web.auth.attempt_limits import limits
from feedback.web.auth.forms import AskForResetForm
from feedback.web.wording.sign_in_wording import message

if TYPE_CHECKING:
    from feedback.web.auth.datastore import StaffDatastore

FINISHED_WITHIN = timedelta(minutes=20)
"""Ten minutes to begin a change of how somebody signs in, and ten to finish it."""

FINISHES: Mapping[str, str] = {
    "security.two_factor_setup_validate": "two_factor_setup",
    "security.two_factor_token_validation": "two_factor_setup",
    "security.wan_register_response": "wan_register",
}
"""Page that finishes such a change -> the page where it begins. The extension asks for a fresh identity only there,
and the signed state in between is not tied to a user."""


def forgot_password() -> ResponseReturnValue:
    """Notes the wish for a reset link and answers; the worker finds out whether there is an account."""
    form = AskForResetForm()
    if form.validate_on_submit():
        limits().ask_for_reset(limits().account(form.email.data))
        flash(message("PASSWORD_RESET_REQUEST"), "success")
    elif request.method == "GET" and current_user.is_authenticated:
        form.email.data = current_user.email
    return render_template("auth/forgot.html", forgot_password_form=form)


def protect(app: Flask, datastore: StaffDatastore) -> None:
    """Wrap all views of the extension."""
    for endpoint, view in app.view_functions.items():
        if endpoint.startswith("security."):
            begins = FINISHES.get(endpoint)
            fresh = _if_fresh(view, begins) if begins else view
            app.view_functions[endpoint] = _stored(fresh, datastore)


def _stored(view: RouteCallable, datastore: StaffDatastore) -> RouteCallable:
    """The view, followed by the transaction that stores its changes; a Conflict there replaces its response.

    Only forms are read: limits would not see what stands in JSON.
    """

    @wraps(view)
    def stored(*args: Any, **named: Any) -> Any:
        if request.is_json:
            raise BadRequest
        response = view(*args, **named)
        datastore.commit()
        return response

    return stored


def _if_fresh(view: RouteCallable, begins: str) -> RouteCallable:
    """The view, if nobody is signed in or their identity was confirmed recently; else they confirm it."""

    @wraps(view)
    def if_fresh(*args: Any, **named: Any) -> Any:
        is_fresh = not current_user.is_authenticated or check_and_update_authn_fresh(
            FINISHED_WITHIN, timedelta(0), "session"
        )
        if is_fresh:
            return view(*args, **named)
        flash(message("REAUTHENTICATION_REQUIRED"), "error")
        return redirect(url_for_security("verify", next=url_for_security(begins)))

    return if_fresh
