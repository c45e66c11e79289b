"""What this service says of itself: its configuration, its resource types and their schemas (RFC 7643, 5-7)."""

from __future__ import annotations

from typing import Any

CORE = "urn:ietf:params:scim:schemas:core:2.0"
USER, GROUP = f"{CORE}:User", f"{CORE}:Group"
MESSAGES = "urn:ietf:params:scim:api:messages:2.0"
MOST = 200
"""Resources of one answer."""


def _attribute(name: str, kind: str = "string", **changes: Any) -> dict[str, Any]:
    standard = {
        "name": name,
        "type": kind,
        "multiValued": False,
        "required": False,
        "caseExact": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
    }
    return {**standard, "description": DESCRIPTIONS[changes.pop("about", name)], **changes}


DESCRIPTIONS = {
    "userName": "Name of the account at the provider.",
    "name": "The parts of the name.",
    "formatted": "The whole name.",
    "givenName": "The given name.",
    "familyName": "The family name.",
    "displayName": "The name that is shown.",
    "active": "Whether the person may sign in. If not, all of their sessions have ended.",
    "emails": "E-mail addresses; the primary one is that of the account.",
    "value": "The value.",
    "type": "What kind of value it is.",
    "primary": "Whether it is the main one.",
    "groups": "The groups of the person.",
    "$ref": "The address of the resource.",
    "display": "The name.",
    "members": "The people in the group.",
}
_READ_ONLY = {"mutability": "readOnly"}

USER_ATTRIBUTES = [
    _attribute("userName", required=True, uniqueness="server"),
    _attribute(
        "name",
        "complex",
        subAttributes=[_attribute(each) for each in ("formatted", "givenName", "familyName")],
    ),
    _attribute("displayName"),
    _attribute("active", "boolean", required=True),
    _attribute(
        "emails",
        "complex",
        multiValued=True,
        required=True,
        subAttributes=[
            _attribute("value", required=True),
            _attribute("type"),
            _attribute("primary", "boolean"),
        ],
    ),
    _attribute(
        "groups",
        "complex",
        multiValued=True,
        subAttributes=[
            _attribute("value", **_READ_ONLY),
            _attribute("$ref", "reference", referenceTypes=["Group"], **_READ_ONLY),
            _attribute("display", **_READ_ONLY),
        ],
        **_READ_ONLY,
    ),
]
GROUP_ATTRIBUTES = [
    _attribute("displayName", required=True, uniqueness="server"),
    _attribute(
        "members",
        "complex",
        multiValued=True,
        subAttributes=[
            _attribute("value", mutability="immutable"),
            _attribute("$ref", "reference", referenceTypes=["User"], mutability="immutable"),
            _attribute("type", mutability="immutable", canonicalValues=["User"]),
        ],
    ),
]


def _meta(kind: str, location: str) -> dict[str, str]:
    return {"resourceType": kind, "location": location}


def configuration(base: str) -> dict[str, Any]:
    """The ServiceProviderConfig. `base` is the address of /scim/v2."""
    off = {"supported": False}
    return {
        "schemas": [f"{CORE}:ServiceProviderConfig"],
        "patch": {"supported": True},
        "bulk": {**off, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": MOST},
        "changePassword": off,
        "sort": off,
        "etag": off,
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer token",
                "description": "An API key with the scope scim.",
                "primary": True,
            }
        ],
        "meta": _meta("ServiceProviderConfig", f"{base}/ServiceProviderConfig"),
    }


def resource_types(base: str) -> list[dict[str, Any]]:
    found = []
    for name, endpoint, schema in (("User", "/Users", USER), ("Group", "/Groups", GROUP)):
        found.append(
            {
                "schemas": [f"{CORE}:ResourceType"],
                "id": name,
                "name": name,
                "endpoint": endpoint,
                "description": "A member of staff." if name == "User" else "A group of staff.",
                "schema": schema,
                "meta": _meta("ResourceType", f"{base}/ResourceTypes/{name}"),
            }
        )
    return found


def schemas(base: str) -> list[dict[str, Any]]:
    found = []
    for schema, name, attributes in ((USER, "User", USER_ATTRIBUTES), (GROUP, "Group", GROUP_ATTRIBUTES)):
        found.append(
            {
                "schemas": [f"{CORE}:Schema"],
                "id": schema,
                "name": name,
                "description": "A member of staff." if name == "User" else "A group of staff.",
                "attributes": attributes,
                "meta": _meta("Schema", f"{base}/Schemas/{schema}"),
            }
        )
    return found
