"""The JSON of users and groups, and what it means for us."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement

from feedback.errors import Rejected
from feedback.services.staff.directory_groups import FoundGroup, GroupDraft
from feedback.services.staff.directory_users import LONGEST_NAME, DirectoryPerson, FoundUser
from feedback.web.http.numbers import whole
from feedback.web.scim.patching import attributes_of, normal
from feedback.web.scim.schemas import GROUP, GROUP_ATTRIBUTES, USER, USER_ATTRIBUTES

USERS, GROUPS = attributes_of(USER_ATTRIBUTES), attributes_of(GROUP_ATTRIBUTES)
LONGEST_USER_NAME = 320
_FILTER = re.compile(
    r'\s*(?:urn:[\w:.]+:)?(?P<name>[A-Za-z]+)(?:\[[^\]]*\])?(?:\.value)?\s+eq\s+"(?P<value>(?:\\.|[^"\\])*)"\s*',
    re.I | re.ASCII,
)


class UnknownFilterError(Exception):
    """A filter that is not supported."""


def condition(written: str, columns: Mapping[str, ColumnElement[Any]]) -> ColumnElement[bool] | None:
    """The condition of a filter `attribute eq "value"`; None without a filter. Raises UnknownFilterError."""
    if not written.strip():
        return None
    found = _FILTER.fullmatch(written)
    column = columns.get(found["name"].lower()) if found else None
    if found is None or column is None:
        raise UnknownFilterError
    return column == re.sub(r"\\(.)", r"\1", found["value"]).lower()


def person(body: Mapping[str, Any], before: FoundUser | None = None) -> DirectoryPerson:
    """A user from JSON. Raises Rejected."""
    sent = normal(body, USERS)
    user_name = str(sent.get("userName", "")).strip()
    if not 0 < len(user_name) <= LONGEST_USER_NAME:
        raise Rejected(f"userName needs 1 to {LONGEST_USER_NAME} characters.")
    external = sent.get("externalId")
    if external is not None and len(external) > LONGEST_NAME:
        raise Rejected(f"externalId has at most {LONGEST_NAME} characters.")
    email = _address(sent, user_name) or (before.user.email if before else "")
    if not email:
        raise Rejected("Send an e-mail address in emails, or as the userName.")
    active = sent.get("active")
    kept = {name: value for name, value in sent.items() if name in ("name", "displayName", "emails")}
    return DirectoryPerson(
        user_name=user_name,
        email=email,
        name=_shown(sent) or email,
        external_id=external,
        active=active if active is not None else before.user.active if before else True,
        resource=kept,
    )


def _address(sent: Mapping[str, Any], user_name: str) -> str:
    """The main address: the primary one, that of work, the first, or the user name if it looks like one."""
    listed = [each for each in sent.get("emails", []) if each.get("value")]
    for fits in (lambda each: each.get("primary"), lambda each: each.get("type") == "work", lambda _: True):
        if found := next((each for each in listed if fits(each)), None):
            return str(found["value"])
    return user_name if "@" in user_name else ""


def _shown(sent: Mapping[str, Any]) -> str:
    name = sent.get("name", {})
    parts = " ".join(filter(None, (name.get("givenName"), name.get("familyName"))))
    return str(sent.get("displayName") or name.get("formatted") or parts)[:LONGEST_NAME]


def group(body: Mapping[str, Any]) -> GroupDraft:
    """A group from JSON. Raises Rejected."""
    sent = normal(body, GROUPS)
    members = frozenset(_id(each.get("value")) for each in sent.get("members", []))
    return GroupDraft(str(sent.get("displayName", "")).strip(), sent.get("externalId"), members)


def _id(value: Any) -> int:
    try:
        return whole(str(value))
    except ValueError:
        raise Rejected("A member is named by the id of a user.") from None


def user_json(found: FoundUser, base: str) -> dict[str, Any]:
    """A user as SCIM shows it; `base` is the address of /scim/v2."""
    user, told = found.user, found.told
    kept = dict(told.resource) if told else {}
    return _without_empty(
        {
            "schemas": [USER],
            "id": str(user.id),
            "externalId": told.external_id if told else None,
            "userName": told.user_name if told else user.email,
            "displayName": kept.get("displayName") if told else user.name,
            "name": kept.get("name"),
            "emails": _emails(kept.get("emails", []), user.email),
            "active": user.active,
            "groups": [
                {"value": str(group_id), "display": name, "$ref": f"{base}/Groups/{group_id}"}
                for group_id, name in found.groups
            ],
            "meta": _meta(
                "User",
                told.created_at if told else user.created_at,
                told.changed_at if told else user.created_at,
                f"{base}/Users/{user.id}",
            ),
        }
    )


def _emails(listed: list[Any], email: str) -> list[Any]:
    """What the provider has sent; if the address was changed otherwise since, the address alone."""
    is_there = any(str(each.get("value", "")).lower() == email.lower() for each in listed)
    return listed if is_there else [{"value": email, "type": "work", "primary": True}]


def group_json(found: FoundGroup, base: str) -> dict[str, Any]:
    row = found.group
    return _without_empty(
        {
            "schemas": [GROUP],
            "id": str(row.id),
            "externalId": row.external_id,
            "displayName": row.name,
            "members": [
                {"value": str(user_id), "type": "User", "$ref": f"{base}/Users/{user_id}"}
                for user_id in found.members
            ],
            "meta": _meta("Group", row.created_at, row.changed_at, f"{base}/Groups/{row.id}"),
        }
    )


def _meta(kind: str, created: datetime, changed: datetime, location: str) -> dict[str, str]:
    return {
        "resourceType": kind,
        "created": created.isoformat(),
        "lastModified": changed.isoformat(),
        "location": location,
    }


def _without_empty(resource: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if value not in (None, [], {})}


def chosen(resource: dict[str, Any], wanted: frozenset[str], unwanted: frozenset[str]) -> dict[str, Any]:
    """The attributes that a request wants to see. `id` and `schemas` are always among them."""
    return {
        name: value
        for name, value in resource.items()
        if name in ("id", "schemas")
        or ((not wanted or name.lower() in wanted) and name.lower() not in unwanted)
    }
