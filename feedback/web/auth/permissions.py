"""The guard that checks every request, by the table of roles (`services.staff.permissions`).

A view declares its access with a decorator of this module (`may`, `signed_in`, `public`). Views of extensions are
listed in `FOREIGN`. A view without either is refused to everybody, so a forgotten decorator cannot open it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, Response, current_app, redirect, request, url_for
from flask_security import current_user
from werkzeug.wrappers import Response as AnyResponse

from feedback.errors import Forbidden
from feedback.services.access import Viewer
from feedback.services.staff.permissions import ROLES, Permission, granted

__all__ = [
    "FOREIGN",
    "ROLES",
    "ROOMS",
    "Access",
    "Permission",
    "access_of",
    "allows",
    "demand",
    "granted",
    "guard",
    "may",
    "public",
    "signed_in",
    "viewer",
    "viewer_of",
]

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call a view. `why` explains the entries in the list of public views."""

    permission: Permission | None = None
    anybody: bool = False
    why: str = ""


_OWN_SESSION = "the user's own sign-in; the extension checks the session"

FOREIGN: Mapping[str, Access] = {
    "static": Access(anybody=True, why="style sheets and scripts, the same for everybody"),
    "security.login": Access(anybody=True, why="the sign-in"),
    "security.logout": Access(anybody=True, why="signing out is always allowed"),
    "security.forgot_password": Access(
        anybody=True, why="users who have forgotten their password cannot sign in"
    ),
    "security.reset_password": Access(anybody=True, why="needs a signed token"),
    "security.two_factor_token_validation": Access(anybody=True, why="the second half of signing in"),
    "security.two_factor_rescue": Access(anybody=True, why="the second half of signing in"),
    "security.tf_select": Access(anybody=True, why="the second half of signing in"),
    "security.mf_recovery": Access(anybody=True, why="the second half of signing in"),
    "security.wan_signin": Access(anybody=True, why="signing in with a passkey"),
    "security.wan_signin_response": Access(anybody=True, why="signing in with a passkey"),
    "security.verify": Access(why=_OWN_SESSION),
    "security.change_password": Access(why=_OWN_SESSION),
    "security.two_factor_setup": Access(why=_OWN_SESSION),
    "security.two_factor_setup_validate": Access(why=_OWN_SESSION),
    "security.mf_recovery_codes": Access(why=_OWN_SESSION),
    "security.wan_register": Access(why=_OWN_SESSION),
    "security.wan_register_response": Access(why=_OWN_SESSION),
    "security.wan_delete": Access(why=_OWN_SESSION),
    "security.wan_verify": Access(why=_OWN_SESSION),
    "security.wan_verify_response": Access(why=_OWN_SESSION),
}


ROOMS: Mapping[str, Access] = {
    "survey": Access(anybody=True, why="for customers; the link contains a secret token"),
    "hooks": Access(anybody=True, why="for providers; every call is signed"),
    "delighted": Access(anybody=True, why="for programs; every call needs an API key"),
    "mcp": Access(anybody=True, why="for programs; every call needs an API key"),
    "api": Access(anybody=True, why="for programs; every call needs an API key"),
    "scim": Access(anybody=True, why="for programs; every call needs an API key"),
    "simulator": Access(
        Permission.MANAGE_DELIVERIES,
        why="messages of all customers, and replies in their name; public in the demo",
    ),
}
"""Blueprint -> access of its routes that declare none."""


def may(permission: Permission) -> Callable[[View], View]:
    """Only for signed-in staff with this permission."""
    return _marked(Access(permission))


def signed_in(view: View) -> View:
    """For every signed-in user."""
    return _marked(Access())(view)


def public(why: str) -> Callable[[View], View]:
    """For everybody; `why` gives the reason (a page for customers, a call with its own key or signature)."""
    return _marked(Access(anybody=True, why=why))


def _marked(access: Access) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.access = access  # type: ignore[attr-defined]
        return view

    return mark


def access_of(app: Flask, endpoint: str) -> Access | None:
    """The access of a route, declared by itself or its blueprint; None if neither declares any."""
    declared: Access | None = getattr(app.view_functions.get(endpoint), "access", None)
    room = endpoint.rpartition(".")[0]
    if room == "simulator" and app.extensions["feedback"].settings.demo:
        return Access(anybody=True, why="the demo's phone and inbox")
    return declared or FOREIGN.get(endpoint) or ROOMS.get(room)


def allows(permission: Permission) -> bool:
    """Whether the signed-in user has this permission."""
    return current_user.is_authenticated and permission in granted(role.name for role in current_user.roles)


def viewer_of(user_id: int, permissions: Collection[Permission]) -> Viewer:
    """A user with these permissions as the services' Viewer."""
    return Viewer(user_id, sees_all=Permission.SEE_ALL_ACCOUNTS in permissions)


def viewer() -> Viewer:
    """The signed-in user as the services' Viewer."""
    return Viewer(current_user.id, sees_all=allows(Permission.SEE_ALL_ACCOUNTS))


def demand(permission: Permission) -> None:
    """Check a permission inside a view, if it depends on the request. Raises Forbidden."""
    if not allows(permission):
        raise Forbidden


def guard(app: Flask) -> None:
    """Check the access of every request before anything else processes it."""
    app.before_request(_check)


def _check() -> AnyResponse | None:
    if request.endpoint is None:  # an unknown page, which becomes a 404
        return None
    access = access_of(current_app, request.endpoint)
    if access is None:
        raise Forbidden("Ask an admin: no permission is set for this page.")
    if access.anybody:
        return None
    if not current_user.is_authenticated:
        return _to_sign_in()
    if access.permission is not None:
        demand(access.permission)
    return None


def _to_sign_in() -> AnyResponse:
    """Redirect to the sign-in, and back afterwards if the request was a page view."""
    back = request.full_path.rstrip("?") if request.method == "GET" and not _is_fragment() else None
    door = url_for("security.login", next=back)
    if _is_fragment():  # htmx would put the sign-in page into a part of the old page
        return Response(status=401, headers={"HX-Redirect": door})
    return redirect(door)


def _is_fragment() -> bool:
    return request.headers.get("HX-Request") == "true"
