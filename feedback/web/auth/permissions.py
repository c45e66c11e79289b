"""Who may do what: the whole table, and the one guard that holds every route to it.

A view says who may come with a decorator of this module (`may`, `signed_in`, `public`). Views that are not
ours are listed in `FOREIGN`. What is neither is refused to everybody, so forgetting cannot open a door.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from flask import Flask, Response, current_app, redirect, request, url_for
from flask_security import current_user
from werkzeug.wrappers import Response as AnyResponse

from feedback.errors import Forbidden
from feedback.services.access import Viewer
from feedback.services.staff.accounts import RoleName

View = TypeVar("View", bound=Callable[..., Any])


class Permission(StrEnum):
    """What somebody may do; the words of the table below."""

    SEE_FOLLOW_UPS = "follow-ups.see"
    WORK_FOLLOW_UPS = "follow-ups.work"
    ASSIGN_FOLLOW_UPS = "follow-ups.assign"
    MANAGE_CAUSES = "causes.manage"
    SEE_ALL_ACCOUNTS = "accounts.all"
    SEE_REPORTS = "reports.see"
    EXPORT = "export"
    SEE_DELIVERIES = "deliveries.see"
    MANAGE_DELIVERIES = "deliveries.manage"
    SEE_QUESTIONNAIRES = "questionnaires.see"
    ACKNOWLEDGE_FINDINGS = "findings.acknowledge"
    MANAGE_LINKS = "links.manage"
    MANAGE_STAFF = "staff.manage"
    MANAGE_SETTINGS = "settings.manage"
    SEE_AUDIT = "audit.see"
    EXPORT_AUDIT = "audit.export"


_VIEWER = frozenset(
    {
        Permission.SEE_FOLLOW_UPS,
        Permission.SEE_ALL_ACCOUNTS,
        Permission.SEE_REPORTS,
        Permission.SEE_QUESTIONNAIRES,
    }
)
_CSM = frozenset(
    {
        Permission.SEE_FOLLOW_UPS,
        Permission.WORK_FOLLOW_UPS,
        Permission.SEE_REPORTS,
        Permission.SEE_QUESTIONNAIRES,
        Permission.SEE_DELIVERIES,
    }
)
_LEAD = _VIEWER | _CSM | {
    Permission.ASSIGN_FOLLOW_UPS,
    Permission.MANAGE_CAUSES,
    Permission.EXPORT,
    Permission.MANAGE_DELIVERIES,
    Permission.ACKNOWLEDGE_FINDINGS,
    Permission.MANAGE_LINKS,
    Permission.SEE_AUDIT,
}  # fmt: skip

ROLES: Mapping[str, frozenset[Permission]] = {
    RoleName.VIEWER: _VIEWER,
    RoleName.CSM: _CSM,
    RoleName.LEAD: _LEAD,
    RoleName.ADMIN: frozenset(Permission),
}
"""Role -> what it may. A CSM sees the accounts that are theirs (or nobody's); the others see all."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call a view. `why` is for the reader of the list of public ones."""

    permission: Permission | None = None
    anybody: bool = False
    why: str = ""


_OWN_SESSION = "one's own sign-in; the extension checks the session itself"

FOREIGN: Mapping[str, Access] = {
    "static": Access(anybody=True, why="styles and scripts, the same for everybody"),
    "security.login": Access(anybody=True, why="the door"),
    "security.logout": Access(anybody=True, why="leaving is always allowed"),
    "security.forgot_password": Access(anybody=True, why="who has forgotten it cannot be signed in"),
    "security.reset_password": Access(anybody=True, why="carries a signed token"),
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
    "survey": Access(anybody=True, why="customers; the secret is in the link"),
    "hooks": Access(anybody=True, why="providers; every call is signed"),
    "api": Access(anybody=True, why="programs; every call brings its key"),
    "simulator": Access(why="messages to customers; for everybody only in the demo"),
}
"""Blueprints in which one rule holds for every route that does not say otherwise."""


def may(permission: Permission) -> Callable[[View], View]:
    """Only for signed-in staff with this permission."""
    return _marked(Access(permission))


def signed_in(view: View) -> View:
    """For every member of staff, for their own things."""
    return _marked(Access())(view)


def public(why: str) -> Callable[[View], View]:
    """For everybody, because ... (a page for customers, a call that brings its own key or signature)."""
    return _marked(Access(anybody=True, why=why))


def _marked(access: Access) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.access = access  # type: ignore[attr-defined]
        return view

    return mark


def access_of(app: Flask, endpoint: str) -> Access | None:
    """What a route declares, by itself or through its blueprint; None where nobody has said anything."""
    declared: Access | None = getattr(app.view_functions.get(endpoint), "access", None)
    room = endpoint.rpartition(".")[0]
    if room == "simulator" and app.extensions["feedback"].settings.demo:
        return Access(anybody=True, why="the demo's phone and inbox")
    return declared or FOREIGN.get(endpoint) or ROOMS.get(room)


def granted(roles: Iterable[str]) -> frozenset[Permission]:
    """Everything that somebody with these roles may do."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))


def allows(permission: Permission) -> bool:
    """Whether whoever is signed in may do this."""
    return current_user.is_authenticated and permission in granted(role.name for role in current_user.roles)


def viewer() -> Viewer:
    """Whoever is signed in, as the services know them."""
    return Viewer(current_user.id, sees_all=allows(Permission.SEE_ALL_ACCOUNTS))


def demand(permission: Permission) -> None:
    """For a view where it depends on what is asked. Raises Forbidden."""
    if not allows(permission):
        raise Forbidden


def guard(app: Flask) -> None:
    """Hold every request to what its route declares, before anything else looks at it."""
    app.before_request(_check)


def _check() -> AnyResponse | None:
    if request.endpoint is None:  # no such page; the 404 says so
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
    """Ask to sign in, and come back afterwards where coming back makes sense."""
    back = request.full_path.rstrip("?") if request.method == "GET" and not _is_fragment() else None
    door = url_for("security.login", next=back)
    if _is_fragment():  # htmx would put the sign-in page into a corner of the old one
        return Response(status=401, headers={"HX-Redirect": door})
    return redirect(door)


def _is_fragment() -> bool:
    return request.headers.get("HX-Request") == "true"
