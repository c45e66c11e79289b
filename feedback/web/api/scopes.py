"""Which permission the owner of a key needs for each of its scopes, and which scope each route needs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from feedback.services.access import Viewer
from feedback.services.staff.api_keys import Scope, ValidKey
from feedback.web.auth.permissions import Permission, granted, public, viewer_of

View = TypeVar("View", bound=Callable[..., Any])


PERMISSIONS: Mapping[Scope, Permission] = {
    Scope.CUSTOMERS_READ: Permission.SEE_REPORTS,
    Scope.CUSTOMERS_WRITE: Permission.MANAGE_CUSTOMERS,
    Scope.CUSTOMERS_ERASE: Permission.ERASE_CUSTOMERS,
    Scope.EVENTS_WRITE: Permission.MANAGE_CUSTOMERS,
    Scope.SUPPRESSIONS_READ: Permission.SEE_DELIVERIES,
    Scope.SUPPRESSIONS_WRITE: Permission.MANAGE_DELIVERIES,
    Scope.RESPONSES_READ: Permission.SEE_REPORTS,
    Scope.RESPONSES_WRITE: Permission.MANAGE_CUSTOMERS,
    Scope.SCORES_READ: Permission.SEE_REPORTS,
    Scope.EXPORTS_READ: Permission.EXPORT,
    Scope.EXPORTS_WRITE: Permission.EXPORT,
    Scope.INVITATIONS_READ: Permission.SEE_DELIVERIES,
    Scope.INVITATIONS_WRITE: Permission.MANAGE_DELIVERIES,
    Scope.FOLLOW_UPS_READ: Permission.SEE_FOLLOW_UPS,
    Scope.FOLLOW_UPS_WORK: Permission.WORK_FOLLOW_UPS,
    Scope.FOLLOW_UPS_SEND: Permission.WORK_FOLLOW_UPS,
    Scope.QUESTIONNAIRES_READ: Permission.SEE_QUESTIONNAIRES,
    Scope.CAMPAIGNS_READ: Permission.MANAGE_CAMPAIGNS,
    Scope.CAMPAIGNS_WRITE: Permission.MANAGE_CAMPAIGNS,
    Scope.WEBHOOKS_READ: Permission.MANAGE_SETTINGS,
    Scope.WEBHOOKS_WRITE: Permission.MANAGE_SETTINGS,
    Scope.DOORS_READ: Permission.MANAGE_SETTINGS,
    Scope.DOORS_WRITE: Permission.MANAGE_SETTINGS,
    Scope.SCIM: Permission.MANAGE_STAFF,
}
"""Scope -> the permission that the owner of a key needs for it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The program that calls: its key, in whose name, and what it may do now.

    `scopes` are those of the key, `allowed` those for which its owner has the permission, too.
    """

    key_id: int
    owner_id: int | None
    scopes: frozenset[str]
    allowed: frozenset[str]
    permissions: frozenset[Permission]

    @classmethod
    def of(cls, key: ValidKey) -> Caller:
        return cls(key.id, key.owner_id, key.scopes, *_rights(key.scopes, key.roles))

    @property
    def viewer(self) -> Viewer:
        """Whose accounts the caller sees: its owner's, or all for a key of the installation."""
        return viewer_of(self.owner_id or 0, self.permissions)


@lru_cache(maxsize=200)
def _rights(
    scopes: frozenset[str], roles: frozenset[str] | None
) -> tuple[frozenset[str], frozenset[Permission]]:
    """(what a key with these scopes may do, its owner's permissions); without roles it is the installation's."""
    permissions = frozenset(Permission) if roles is None else granted(roles)
    return allowed(scopes, permissions), permissions


def allowed(scopes: Collection[str], permissions: Collection[Permission]) -> frozenset[str]:
    """Those of the scopes for which there is the permission; one that a newer release has stored allows nothing."""
    known = {scope: PERMISSIONS[Scope(scope)] for scope in scopes if scope in set(Scope)}
    return frozenset(scope for scope, permission in known.items() if permission in permissions)


def needs(*scopes: Scope) -> Callable[[View], View]:
    """A route of the API for keys with one of these scopes."""

    def mark(view: View) -> View:
        view.scopes = scopes  # type: ignore[attr-defined]
        return public(f"the caller brings an API key with the scope {' or '.join(scopes)}")(view)

    return mark


def sent_once(view: View) -> View:
    """A route that sends something to a customer: each call needs an `Idempotency-Key`.

    Without one, a caller that gets no answer could only choose between sending twice and perhaps not at all.
    """
    view.sent_once = True  # type: ignore[attr-defined]
    return view


def open_to_all(why: str) -> Callable[[View], View]:
    """A route of the API that needs no key."""

    def mark(view: View) -> View:
        view.scopes = ()  # type: ignore[attr-defined]
        return public(why)(view)

    return mark
