"""What each role may do: the table that pages, the API and background work ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from feedback.services.staff.accounts import RoleName


class Permission(StrEnum):
    """The permissions in the table below."""

    SEE_FOLLOW_UPS = "follow-ups.see"
    WORK_FOLLOW_UPS = "follow-ups.work"
    ASSIGN_FOLLOW_UPS = "follow-ups.assign"
    MANAGE_CAUSES = "causes.manage"
    MANAGE_THEMES = "themes.manage"
    SEE_ALL_ACCOUNTS = "accounts.all"
    SEE_CUSTOMERS = "customers.see"
    EDIT_CUSTOMERS = "customers.change"
    MANAGE_CUSTOMERS = "customers.manage"
    ERASE_CUSTOMERS = "customers.erase"
    SEE_REPORTS = "reports.see"
    EXPORT = "export"
    SEE_DELIVERIES = "deliveries.see"
    MANAGE_DELIVERIES = "deliveries.manage"
    SEE_QUESTIONNAIRES = "questionnaires.see"
    EDIT_QUESTIONNAIRES = "questionnaires.edit"
    ACKNOWLEDGE_FINDINGS = "findings.acknowledge"
    MANAGE_LINKS = "links.manage"
    MANAGE_CAMPAIGNS = "campaigns.manage"
    MANAGE_STAFF = "staff.manage"
    MANAGE_SETTINGS = "settings.manage"
    SEE_AUDIT = "audit.see"
    EXPORT_AUDIT = "audit.export"


_VIEWER = frozenset(
    {
        Permission.SEE_FOLLOW_UPS,
        Permission.SEE_ALL_ACCOUNTS,
        Permission.SEE_CUSTOMERS,
        Permission.SEE_REPORTS,
        Permission.SEE_QUESTIONNAIRES,
    }
)
_CSM = frozenset(
    {
        Permission.SEE_FOLLOW_UPS,
        Permission.WORK_FOLLOW_UPS,
        Permission.SEE_CUSTOMERS,
        Permission.EDIT_CUSTOMERS,
        Permission.SEE_REPORTS,
        Permission.SEE_QUESTIONNAIRES,
        Permission.SEE_DELIVERIES,
    }
)
_LEAD = _VIEWER | _CSM | {
    Permission.ASSIGN_FOLLOW_UPS,
    Permission.MANAGE_CAUSES,
    Permission.MANAGE_THEMES,
    Permission.MANAGE_CUSTOMERS,
    Permission.ERASE_CUSTOMERS,
    Permission.EXPORT,
    Permission.MANAGE_DELIVERIES,
    Permission.EDIT_QUESTIONNAIRES,
    Permission.ACKNOWLEDGE_FINDINGS,
    Permission.MANAGE_LINKS,
    Permission.MANAGE_CAMPAIGNS,
    Permission.SEE_AUDIT,
}  # fmt: skip

ROLES: Mapping[str, frozenset[Permission]] = {
    RoleName.VIEWER: _VIEWER,
    RoleName.CSM: _CSM,
    RoleName.LEAD: _LEAD,
    RoleName.ADMIN: frozenset(Permission),
}
"""Role -> permissions. A CSM sees their own accounts and those without an owner; the other roles see all."""


def granted(roles: Iterable[str]) -> frozenset[Permission]:
    """All permissions of these roles."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))
