"""Another key for a question, and for everything in the text that names it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from feedback.core.questions.choice import key_of_bare_option
from feedback.errors import Rejected
from feedback.lint.document.document import Path
from feedback.lint.editing.yaml_editor import YamlEditor

_KEY = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def rename(editor: YamlEditor, index: int, new: str) -> None:
    """Give a question the key `new`, in conditions, blocks, repeated answers, option sources and accepted findings too.

    Answers that were given under the old key stay under it. Raises Rejected for a key that is none, or in use.
    """
    questions = editor.data["questions"]
    old = questions[index]["key"]
    if new == old:
        return
    if not _KEY.fullmatch(new):
        raise Rejected(
            "Choose another key: lower-case letters, digits, - and _, at most 64, beginning with a letter."
        )
    if any(isinstance(each, dict) and each.get("key") == new for each in questions):
        raise Rejected("Choose another key: another question has this one.")
    for path, value in list(_mentions(editor.data, str(old), new)):
        editor.set(path, value)
    editor.set(("questions", index, "key"), new)


def _mentions(data: Any, old: str, new: str) -> Iterator[tuple[Path, Any]]:
    """Each place that names a question, with its value after the question was renamed."""
    repeated = re.compile(rf"(?<!\\)(\{{\s*answer\.){re.escape(old)}(?=\s*[|}}])")
    for path, value in _scalars(data, ()):
        if not isinstance(value, str):
            continue
        if value == old and _names_a_question(path):
            yield path, new
        elif repeated.search(value):
            words = repeated.sub(rf"\g<1>{new}", value)
            yield path, {"key": key_of_bare_option(value), "text": words} if _is_option(path) else words


def _names_a_question(path: Path) -> bool:
    if path[0] == "blocks" and len(path) == 4 and path[2] == "questions":
        return True
    return path[-1] in ("question", "options_from") and path[0] != "messages"


def _is_option(path: Path) -> bool:
    """Whether a plain string is an option; its key comes from its text, and has to stay."""
    return len(path) == 4 and path[2] == "options"


def _scalars(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _scalars(each, (*path, key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _scalars(each, (*path, number))
    else:
        yield path, value
