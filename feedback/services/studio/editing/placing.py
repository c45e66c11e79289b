"""Where a new key goes, as in the shipped files: what a question is, then its words, then its answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from feedback.lint.document.document import Path
from feedback.lint.editing.yaml_editor import YamlEditor

_ORDERS: dict[str, tuple[str, ...]] = {
    "": (
        "key", "title", "purpose", "languages", "trend", "trend_bridge", "trigger", "known_fields", "fields",
        "glossary", "questions", "blocks", "scores", "messages", "thanks", "follow_ups", "lint",
    ),
    "questions": (
        "key", "type", "instrument", "faces", "contact", "required", "randomize", "complete", "max_choices",
        "display", "top", "min_length", "min_age", "show_if", "applies_when", "purpose", "used_for", "text", "help",
        "box", "unit", "min", "max", "decimals", "scale", "rows", "options_from", "options", "not_applicable",
        "dont_know", "prefer_not_to_say", "opt_out_in_rows",
    ),
    "instrument": ("name", "item", "source", "declared", "variant"),
    "scale": ("min", "max", "labels", "high_is_bad", "good"),
    "options": ("key", "text", "role", "other_text", "exclusive", "pinned"),
    "blocks": ("questions", "show_if"),
    "scores": ("key", "title", "items", "reversed", "count", "good"),
    "messages": ("sms", "reminder_sms", "comment_prompt", "max_segments", "email", "reminder_email"),
    "email": ("subject", "body"),
    "reminder_email": ("subject", "body"),
    "thanks": ("when", "text", "link"),
    "link": ("url", "text"),
    "follow_ups": (
        "key", "title", "when", "kind", "urgency", "contact_within", "close_within", "playbook", "replies",
    ),
    "replies": ("key", "title", "sms", "email"),
}  # fmt: skip
"""The name of a mapping, or of the list that it stands in -> the order of its keys."""


def order_at(path: Path) -> tuple[str, ...]:
    """The order of keys of the mapping at a path; empty if new ones go to its end."""
    names = [part for part in path if isinstance(part, str)]
    return _ORDERS.get(names[-1] if names else "", ())


def put(editor: YamlEditor, path: Path, value: Any, order: Sequence[str] = ()) -> None:
    """Give a part a value, together with the mappings around it that are not there yet."""
    while len(path) > 1 and not (
        editor.has(path[:-1]) and isinstance(editor.layout.value(path[:-1]), dict | list)
    ):
        value, path = {path[-1]: value}, path[:-1]
    if not editor.has(path):
        order = order_at(path[:-1]) or order
    editor.set(path, value, order)
