"""Paths as a page sends them: `questions.score.text`. An entry of a list is named by its key, which stays the same
when somebody else moves it, and by its number if it has none of its own."""

from __future__ import annotations

from typing import Any

from feedback.lint.document.document import Path


def name_of(data: Any, path: Path) -> str:
    """The name of a path; its last parts may be missing from the data."""
    names: list[str] = []
    for part in path:
        if isinstance(data, list) and isinstance(part, int):
            names.append(_own_key(data, part) or str(part))
        else:
            names.append(str(part))
        data = _child(data, part)
    return ".".join(names)


def path_of(data: Any, name: str) -> Path:
    """The path of a name; parts that are not in the data yet are numbers if they are written so."""
    path: list[str | int] = []
    for part in name.split("."):
        found = _find(data, part)
        path.append(found)
        data = _child(data, found)
    return tuple(path)


def _find(data: Any, part: str) -> str | int:
    number: str | int = int(part) if part.removeprefix("-").isdecimal() else part
    if isinstance(data, list):
        keys = _keys(data)
        return keys.index(part) if "." not in part and keys.count(part) == 1 else number
    if isinstance(data, dict):
        return next((key for key in data if str(key) == part), number)
    return number


def _own_key(listed: list[Any], at: int) -> str | None:
    """The key of a list's entry, if no other entry has it."""
    keys = _keys(listed)
    key = keys[at] if 0 <= at < len(keys) else None
    return key if isinstance(key, str) and "." not in key and keys.count(key) == 1 else None


def _keys(listed: list[Any]) -> list[Any]:
    return [each.get("key") if isinstance(each, dict) else None for each in listed]


def _child(data: Any, part: str | int) -> Any:
    try:
        return data[part]
    except (KeyError, IndexError, TypeError):
        return None
