"""What a form was made from, so that two people who edit different parts of one draft do not stop each other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

ORDER = "order"
"""The part that stands for the questions and their order, for buttons that add one at a place."""
_KEYS: Mapping[str, tuple[str, ...]] = {
    "survey": (
        "title", "purpose", "trend", "trend_bridge", "trigger", "known_fields", "fields", "glossary", "scores", "lint",
    ),
    "messages": ("messages",),
    "thanks": ("thanks",),
    "follow_ups": ("follow_ups",),
    "blocks": ("blocks",),
}  # fmt: skip


def fingerprint(data: Any, part: str) -> str:
    """A short hash of one part of a text: a key of `_KEYS`, ORDER, `questions.<key>`, or `stages.<key>` of the journey.

    Every part also stands for the languages, because its boxes depend on them. Empty if there is no such part.
    """
    kind, _, key = part.partition(".")
    found: Any = None
    if part == ORDER:
        found = [each.get("key") for each in _listed(data, "questions")]
    elif kind in ("questions", "stages"):
        found = [each for each in _listed(data, kind) if each.get("key") == key] or None
    elif part in _KEYS:
        found = [data.get(each) for each in _KEYS[part]]
    if found is None:
        return ""
    written = json.dumps([data.get("languages"), found], ensure_ascii=False, default=str)
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _listed(data: Any, name: str) -> list[dict[str, Any]]:
    entries = data.get(name)
    return [each for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []
