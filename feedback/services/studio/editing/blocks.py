"""Blocks: questions that are asked, or skipped, together."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from feedback.errors import Rejected
from feedback.lint.editing.yaml_editor import YamlEditor
from feedback.services.studio.editing.placing import put


def add_block(editor: YamlEditor, keys: Collection[str], condition: dict[str, Any]) -> None:
    """A block of the questions with these keys, behind the other blocks."""
    blocks = editor.data.get("blocks")
    block = {"questions": _in_order(editor, keys), "show_if": condition}
    if isinstance(blocks, list) and blocks:
        editor.insert(("blocks",), len(blocks), block)
    else:
        put(editor, ("blocks",), [block])


def set_members(editor: YamlEditor, index: int, keys: Collection[str]) -> None:
    """Let block `index` have the questions with these keys."""
    chosen = _in_order(editor, keys)
    if chosen != editor.data["blocks"][index].get("questions"):
        editor.set(("blocks", index, "questions"), chosen)


def members(data: Any) -> set[str]:
    """The keys of the questions that are in a block."""
    blocks = data.get("blocks")
    listed = [each.get("questions") for each in blocks or () if isinstance(each, dict)]
    return {key for keys in listed if isinstance(keys, list) for key in keys if isinstance(key, str)}


def _in_order(editor: YamlEditor, keys: Collection[str]) -> list[str]:
    questions = [each.get("key") for each in editor.data["questions"] if isinstance(each, dict)]
    chosen = [each for each in questions if isinstance(each, str) and each in keys]
    if not chosen:
        raise Rejected("Choose at least one question for the block. To end the block, remove it.")
    return chosen
