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

FRESHNESS = timedelta(minutes=10)
"""How long after a sign-in or a confirmed identity somebody may begin to change how they sign in."""

CHANGES: Mapping[str, tuple[str, timedelta]] = {
    "security.two_factor_setup_validate": ("two_factor_setup", 2 * FRESHNESS),
    "security.two_factor_token_validation": ("two_factor_setup", 2 * FRESHNESS),
    "security.wan_register_response": ("wan_register", 2 * FRESHNESS),
    "security.wan_delete": ("wan_register", FRESHNESS),
}
"""Post of such a change -> the page where it begins, and how fresh the identity has to be: ten minutes to begin, and
ten to finish.

For most of them the extension asks for a fresh identity only at the beginning, and the signed state in between is not
tied to a user. After confirming, it would lead back to the address of the post, which is no page."""


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
            fresh = _if_fresh(view, *CHANGES[endpoint]) if endpoint in CHANGES else view
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


def _if_fresh(view: RouteCallable, begins: str, within: timedelta) -> RouteCallable:
    """The view, if nobody is signed in or their identity was confirmed recently; else they confirm it."""

    @wraps(view)
    def if_fresh(*args: Any, **named: Any) -> Any:
        is_fresh = not current_user.is_authenticated or check_and_update_authn_fresh(
            within, timedelta(0), "session"
        )
        if is_fresh:
            return view(*args, **named)
        flash(message("REAUTHENTICATION_REQUIRED"), "error")
        return redirect(url_for_security("verify", next=url_for_security(begins)))

    return if_fresh
