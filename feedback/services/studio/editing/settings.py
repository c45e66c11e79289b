"""Settings with a shape of their own: lists, instruments, good points, reasons, and what an option is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from feedback.core.questions.choice import key_of_bare_option
from feedback.errors import Rejected
from feedback.lint.document.document import Path
from feedback.lint.editing.yaml_editor import YamlEditor
from feedback.services.studio.editing.placing import put
from feedback.services.studio.editing.texts import remove_with_empty_parents, value_at

CLAIM_PARTS = ("name", "item", "source", "declared", "variant")
"""What the form asks about an instrument; `declared` is "on" or missing."""


def set_list(editor: YamlEditor, path: Path, written: str) -> None:
    """Write a list of words, one on each line; without any, the list is removed. An unchanged list is not touched."""
    words = [*dict.fromkeys(" ".join(line.split()) for line in written.splitlines() if line.strip())]
    present = value_at(editor, path)
    if words == (present if isinstance(present, list) else []):
        return
    if words:
        put(editor, path, words)
    elif editor.has(path):
        editor.remove(path)


def set_reason(editor: YamlEditor, path: Path, written: str) -> None:
    """Say why something that is switched on is so; without a reason it is only switched on."""
    reason, present = written.strip(), value_at(editor, path)
    if not present or reason == (present if isinstance(present, str) else ""):
        return
    put(editor, path, reason or True)


def set_points(editor: YamlEditor, path: Path, written: str) -> None:
    """Write points of a scale such as `4,5`, or remove them with an empty text. Raises Rejected for anything else."""
    if not written:
        if editor.has(path):
            editor.remove(path)
        return
    if not re.fullmatch(r"-?\d{1,6}(,-?\d{1,6})*", written):
        raise Rejected("Choose the good points.")
    points = [int(each) for each in written.split(",")]
    if sorted(points) != sorted(_numbers(value_at(editor, path))):
        put(editor, path, points)


def set_claim(editor: YamlEditor, path: Path, said: Mapping[str, str]) -> None:
    """Declare the wording of a question to be a validated item, or take that back with an empty name.

    `said` has the CLAIM_PARTS. A name alone is written as a word. Raises Rejected for a number that is none, and for
    details without a name.
    """
    claim: dict[str, Any] = {name: said[name].strip() for name in CLAIM_PARTS if said.get(name, "").strip()}
    if "declared" in claim:
        claim["declared"] = True
    if "item" in claim:
        if not re.fullmatch(r"\d{1,3}", claim["item"]):
            raise Rejected("Write a whole number.")
        claim["item"] = int(claim["item"])
    if claim and "name" not in claim:
        raise Rejected("Choose the instrument, or empty what is written about it.")
    present = value_at(editor, path)
    known = present if isinstance(present, dict) else {"name": present} if present else {}
    if claim == {name: value for name, value in known.items() if value not in (None, False, "")}:
        return
    if not claim:
        editor.remove(path)
    elif not isinstance(present, dict) and len(claim) == 1:
        put(editor, path, claim["name"])
    else:
        put(editor, path, claim, CLAIM_PARTS)


def set_role(editor: YamlEditor, path: Path, role: str) -> None:
    """What an option is: "" for an ordinary one, or a role. `path` leads to its `role`."""
    if role == (value_at(editor, path) or ""):
        return
    box: Path = (*path[:-1], "other_text")
    if role:
        unfold(editor, path)
        put(editor, path, role)
    else:
        editor.remove(path)
    if role == "other":
        put(editor, box, value=True)
    elif editor.has(box):
        editor.remove(box)


def allows(editor: YamlEditor, path: Path) -> bool:
    """Whether something can be switched on: only an option "other" has a text box."""
    return path[-1] != "other_text" or value_at(editor, (*path[:-1], "role")) == "other"


def unfold(editor: YamlEditor, path: Path) -> None:
    """Let the option around a path be a mapping, with the key that it has had as a plain string."""
    option = value_at(editor, path[:-1])
    if len(path) == 5 and path[2] == "options" and isinstance(option, str):
        editor.set(path[:-1], {"key": key_of_bare_option(option), "text": option})


def forget(editor: YamlEditor, index: int) -> None:
    """Let issue number `index` that was accepted be reported again."""
    path: Path = ("lint", "suppress")
    if len(editor.layout.value(path)) > 1:
        editor.remove((*path, index))
    elif index == 0:
        remove_with_empty_parents(editor, path)
    else:
        raise IndexError(index)


def _numbers(value: Any) -> list[int]:
    return [each for each in value if isinstance(each, int)] if isinstance(value, list) else []
