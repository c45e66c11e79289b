"""What the clients of Delighted send: JSON or forms, with ids as text and times as seconds since 1970."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import request
from werkzeug.exceptions import BadRequest

from feedback.errors import Rejected
from feedback.services.customers import fields

USUAL, MOST = 20, 100
LARGEST = 2**53
LAST_MOMENT = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())
MOST_PROPERTIES, LONGEST_NAME, LONGEST_VALUE = 100, 255, 1_000

_NESTED = re.compile(r"([^\[\]]+)\[([^\[\]]*)\]")


def sent() -> dict[str, Any]:
    """The body: JSON (Python, Ruby, Node) or a form with `properties[key]` (PHP); otherwise the query (Node deletes).

    A body that comes with GET is not read: the Python client sends one without a meaning.
    """
    if request.is_json:
        try:
            body = request.get_json()
        except (BadRequest, RecursionError):
            raise BadRequest("The body is not JSON.") from None
        if not isinstance(body, dict):
            raise Rejected("Send a JSON object.")
        return body
    return _nested(request.form.items(multi=True)) or _nested(request.args.items(multi=True))


def _nested(pairs: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if (parts := _NESTED.fullmatch(name)) is None:
            found[name] = value
        elif parts[2]:
            inner = found.setdefault(parts[1], {})
            if isinstance(inner, dict):
                inner[parts[2]] = value
    return found


def text(body: Mapping[str, Any], name: str, longest: int = LONGEST_NAME) -> str | None:
    """A text, stripped; None if it is missing, null or empty. Raises Rejected."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or len(value) > longest or not _is_storable(value):
        raise Rejected(f"{name} is not a text of at most {longest} characters.")
    return value.strip() or None


def _is_storable(value: str) -> bool:
    return fields.is_clean(value.translate({ord(each): " " for each in "\r\n\t"}))


def flag(body: Mapping[str, Any], name: str, default: bool) -> bool:
    """true or false, also as the text that PHP sends. Raises Rejected."""
    value = body.get(name)
    if value is None or value == "":
        return default
    if isinstance(value, bool):
        return value
    if value in ("true", "1", 1):
        return True
    if value in ("false", "0", 0):
        return False
    raise Rejected(f"{name} is neither true nor false.")


def whole(body: Mapping[str, Any], name: str) -> int | None:
    """A whole number from 0 on; None if it is missing. Raises Rejected."""
    value = body.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 18:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST:
        raise Rejected(f"{name} is not a whole number from 0 on.")
    return value


def moment(body: Mapping[str, Any], name: str) -> datetime | None:
    """A time in seconds since 1970; None if it is missing. Raises Rejected."""
    seconds = whole(body, name)
    if seconds is None:
        return None
    if seconds > LAST_MOMENT:
        raise Rejected(f"{name} is not a time in seconds since 1970.")
    return datetime.fromtimestamp(seconds, UTC)


def properties(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Properties of a person: short names, and texts or numbers. Raises Rejected."""
    value = body.get(name)
    if value in (None, "", []):
        return {}
    if not isinstance(value, dict) or len(value) > MOST_PROPERTIES:
        raise Rejected(f"{name} is not an object with at most {MOST_PROPERTIES} entries.")
    found = {}
    for key, each in value.items():
        if not 0 < len(key.strip()) <= LONGEST_NAME or not _is_storable(key):
            raise Rejected(f"A name in {name} is empty, or longer than {LONGEST_NAME} characters.")
        is_number = isinstance(each, bool | int | float) and abs(each) <= LARGEST
        is_text = isinstance(each, str) and len(each) <= LONGEST_VALUE and _is_storable(each)
        if not (each is None or is_number or is_text):
            raise Rejected(
                f"{key!r} in {name} is not a text of at most {LONGEST_VALUE} characters, or a number."
            )
        found[key.strip()] = each
    return found


def pages() -> tuple[int, int]:
    """(how many rows to skip, how many to give) of lists with `page` and `per_page`. Raises Rejected."""
    number, size = whole(request.args, "page") or 1, per_page()
    return (min(number, 1_000_000) - 1) * size, size


def per_page() -> int:
    """How many rows a page has. Raises Rejected."""
    return min(whole(request.args, "per_page") or USUAL, MOST)


def seconds(at: datetime | None) -> int | None:
    """A time as the clients read it."""
    return None if at is None else int(at.timestamp())
