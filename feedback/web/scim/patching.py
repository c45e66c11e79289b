"""PATCH as providers send it (RFC 7644, 3.5.2): operations on the JSON of a resource.

Okta sends a value without a path, Entra ID paths with filters, capital operations, and truth values as texts. What a
resource of ours does not have is left out, because providers also send what nobody here needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from feedback.errors import Rejected
from feedback.web.scim.schemas import CORE

Attributes = Mapping[str, Mapping[str, Any]]
"""Name of an attribute in lower case -> its schema."""

_PATH = re.compile(
    r"(?P<name>[A-Za-z$][\w$-]*)(?:\[(?P<filter>[^\]]*)\])?(?:\.(?P<sub>[A-Za-z$][\w$-]*))?", re.ASCII
)
_CONDITION = re.compile(
    r'\s*(?P<name>[A-Za-z$][\w$-]*)\s+eq\s+(?:"(?P<text>(?:\\.|[^"\\])*)"|(?P<truth>true|false))\s*',
    re.I | re.ASCII,
)
MOST_OPERATIONS = 1_000


def attributes_of(listed: list[dict[str, Any]]) -> Attributes:
    """The attributes of a schema by their names in lower case, with those that every resource has."""
    common = {"externalid": {"name": "externalId", "type": "string", "multiValued": False}}
    return {**common, **{each["name"].lower(): each for each in listed}}


def normal(resource: Mapping[str, Any], attributes: Attributes) -> dict[str, Any]:
    """The attributes that we know and that can be written, with their own names and types. Raises Rejected."""
    found = {}
    for name, value in resource.items():
        known = attributes.get(_plain(name).lower())
        if known is not None and known.get("mutability") != "readOnly" and value is not None:
            found[known["name"]] = _typed(value, known)
    return found


def patched(resource: Mapping[str, Any], body: Mapping[str, Any], attributes: Attributes) -> dict[str, Any]:
    """The resource after the operations of a PatchOp. Raises Rejected for what is no such message."""
    changed = normal(resource, attributes)
    for op, path, value in _operations(body):
        if path:
            _apply(changed, op, path, value, attributes)
        elif op == "remove":
            raise Rejected("Name the path that is to be removed.")
        elif not isinstance(value, Mapping):
            raise Rejected("An operation without a path needs an object as its value.")
        else:
            for name, inner in value.items():  # Okta; some put paths here as well
                _apply(changed, op, name, inner, attributes)
    return changed


def _operations(body: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    listed = next((value for name, value in body.items() if name.lower() == "operations"), None)
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST_OPERATIONS:
        raise Rejected(f"Send 1 to {MOST_OPERATIONS} Operations.")
    for each in listed:
        op = each.get("op") if isinstance(each, Mapping) else None
        if not isinstance(op, str) or op.lower() not in ("add", "replace", "remove"):
            raise Rejected("Each operation is add, replace or remove.")
        path = each.get("path") or ""
        if not isinstance(path, str):
            raise Rejected("A path is a text.")
        yield op.lower(), path, each.get("value")


def _plain(path: str) -> str:
    """A path without the name of our schema in front of it."""
    if not path.lower().startswith("urn:"):
        return path
    for schema in ("User", "Group"):
        start = f"{CORE}:{schema}:".lower()
        if path.lower().startswith(start):
            return path[len(start) :]
    return ""  # of an extension that we do not have


def _apply(changed: dict[str, Any], op: str, path: str, value: Any, attributes: Attributes) -> None:
    plain = _plain(path)
    found = _PATH.fullmatch(plain) if plain else None
    if plain and found is None:
        raise Rejected(f"This path cannot be read: {path[:200]}")
    known = attributes.get(found["name"].lower()) if found else None
    if found is None or known is None:
        return
    if known.get("mutability") == "readOnly":
        raise Rejected(f"{known['name']} is read-only.")
    if found["filter"] is not None:
        _apply_filtered(changed, op, found, value, known)
    elif found["sub"]:
        _apply_sub(changed, op, found["sub"], value, known)
    else:
        _apply_whole(changed, op, value, known)


def _apply_whole(changed: dict[str, Any], op: str, value: Any, known: Mapping[str, Any]) -> None:
    name = known["name"]
    if op == "remove":
        if known["multiValued"] and isinstance(value, list):  # Entra: members to remove as the value
            gone = [_typed([each], known)[0] for each in value]
            changed[name] = [each for each in changed.get(name, []) if not _is_among(each, gone)]
        else:
            changed.pop(name, None)
        return
    if value is None:
        changed.pop(name, None)
        return
    typed = _typed(value if not known["multiValued"] or isinstance(value, list) else [value], known)
    if op == "add" and known["multiValued"]:
        present = changed.get(name, [])
        changed[name] = [*present, *(each for each in typed if not _is_among(each, present))]
    elif op == "add" and known["type"] == "complex":
        changed[name] = {**changed.get(name, {}), **typed}
    else:
        changed[name] = typed


def _is_among(value: Any, present: list[Any]) -> bool:
    key = value.get("value") if isinstance(value, Mapping) else value
    return any((each.get("value") if isinstance(each, Mapping) else each) == key for each in present)


def _apply_sub(changed: dict[str, Any], op: str, sub: str, value: Any, known: Mapping[str, Any]) -> None:
    inner = _sub(known, sub)
    if inner is None:
        return
    targets = (
        changed.setdefault(known["name"], [])
        if known["multiValued"]
        else [changed.setdefault(known["name"], {})]
    )
    for each in targets:
        _set(each, op, inner, value)


def _apply_filtered(
    changed: dict[str, Any], op: str, found: re.Match[str], value: Any, known: Mapping[str, Any]
) -> None:
    """`emails[type eq "work"].value`; a value that does not exist yet is added, as Entra ID expects."""
    condition = _CONDITION.fullmatch(found["filter"])
    if condition is None or not known["multiValued"]:
        raise Rejected(f"This filter is not supported: {found['filter'][:200]}")
    compared = _sub(known, condition["name"])
    if compared is None:
        return
    wanted: Any = condition["truth"].lower() == "true" if condition["truth"] else condition["text"]
    listed = changed.setdefault(known["name"], [])
    fit = [each for each in listed if _same(each.get(compared["name"]), wanted)]
    if not found["sub"]:
        _change_values(changed, op, known, fit, value)
        return
    inner = _sub(known, found["sub"])
    if inner is None:
        return
    if not fit and op != "remove":
        fit = [{compared["name"]: wanted}]
        listed += fit
    for each in fit:
        _set(each, op, inner, value)


def _change_values(
    changed: dict[str, Any], op: str, known: Mapping[str, Any], fit: list[Any], value: Any
) -> None:
    rest = [each for each in changed[known["name"]] if each not in fit]
    if op == "remove":
        changed[known["name"]] = rest
    else:
        listed = value if isinstance(value, list) else [value]
        changed[known["name"]] = [*rest, *_typed(listed, known)]


def _same(one: Any, other: Any) -> bool:
    return one.lower() == other.lower() if isinstance(one, str) and isinstance(other, str) else one == other


def _set(target: dict[str, Any], op: str, inner: Mapping[str, Any], value: Any) -> None:
    if op == "remove" or value is None:
        target.pop(inner["name"], None)
    else:
        target[inner["name"]] = _typed(value, inner)


def _sub(known: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    return next(
        (each for each in known.get("subAttributes", ()) if each["name"].lower() == name.lower()), None
    )


def _typed(value: Any, known: Mapping[str, Any], *, single: bool = False) -> Any:
    """The value in the attribute's type. Raises Rejected."""
    if known.get("multiValued") and not single:
        if not isinstance(value, list):
            raise Rejected(f"{known['name']} is a list.")
        return [_typed(each, known, single=True) for each in value]
    if known["type"] == "complex":
        return _complex(value, known)
    if known["type"] == "boolean":
        if isinstance(value, str) and value.lower() in ("true", "false"):  # Entra ID
            return value.lower() == "true"
        if not isinstance(value, bool):
            raise Rejected(f"{known['name']} is true or false.")
        return value
    if not isinstance(value, str) or "\x00" in value:
        raise Rejected(f"{known['name']} is a text.")
    return value


def _complex(value: Any, known: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(value, str) and known["multiValued"]:
        value = {"value": value}
    if not isinstance(value, Mapping):
        raise Rejected(f"{known['name']} is an object.")
    found = {}
    for name, inner in value.items():
        sub = _sub(known, name)
        if sub is not None and inner is not None:
            found[sub["name"]] = _typed(inner, sub)
    return found
