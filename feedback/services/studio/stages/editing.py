"""Changes to the stages of the journey's YAML text. Each returns the new text, in which only the stage's lines differ.

All raise Rejected, with a sentence and without any change, if the text would no longer be a journey, and NotFound for a
stage that is not there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from feedback import lint
from feedback.core.journey import Stage
from feedback.errors import NotFound, Rejected
from feedback.lint.editing.refusal import CannotEditError
from feedback.lint.editing.yaml_editor import YamlEditor

FIELDS = tuple(Stage.model_fields)
"""The keys of a stage, in the order in which new ones are written."""


class StageRefused(Rejected):
    """The text would no longer be a journey; `problem` says why in the linter's words."""

    def __init__(self, problem: lint.Finding) -> None:
        super().__init__(problem.message)
        self.problem = problem


def change(text: str, key: str, values: Mapping[str, Any]) -> str:
    """Give a stage these values; None removes a key. What `values` does not name stays."""

    def edit(editor: YamlEditor, index: int) -> None:
        stage = dict(editor.data["stages"][index])
        for name, value in values.items():
            if value is not None:
                stage[name] = value
            elif name in stage:
                del stage[name]
        editor.set(("stages", index), stage, FIELDS)

    return _edited(text, key, edit)


def add(text: str, stage: Mapping[str, Any], after: str | None = None) -> str:
    """Put a new stage behind another one, or at the end."""
    document = lint.read(text)
    stages = document.at(("stages",)) or []

    def edit(editor: YamlEditor, index: int) -> None:
        editor.insert(("stages",), index, {name: stage[name] for name in FIELDS if name in stage})

    if after is not None:
        return _edited(text, after, lambda editor, index: edit(editor, index + 1))
    return _applied(text, lambda editor: edit(editor, len(stages)))


def duplicate(text: str, key: str) -> str:
    """Put a copy of a stage behind it, under a key of its own."""
    new = unused_key(text, key)

    def edit(editor: YamlEditor, index: int) -> None:
        editor.duplicate(("stages",), index)
        editor.set(("stages", index + 1, "key"), new)

    return _edited(text, key, edit)


def move(text: str, key: str, by: int) -> str:
    """Move a stage by that many places; to the first or last one if there are not as many."""

    def edit(editor: YamlEditor, index: int) -> None:
        to = min(max(index + by, 0), len(editor.data["stages"]) - 1)
        if to != index:
            editor.move(("stages",), index, to)

    return _edited(text, key, edit)


def remove(text: str, key: str) -> str:
    return _edited(text, key, lambda editor, index: editor.remove(("stages", index)))


def unused_key(text: str, wanted: str) -> str:
    """A key for a new stage, made from a title or another key: `go-live`, and `go-live-2` if there is one already."""
    plain = unicodedata.normalize("NFKD", wanted.lower()).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48]
    start = slug if slug[:1].isalpha() else f"stage-{slug}".strip("-")
    taken = {each.get("key") for each in lint.read(text).at(("stages",)) or () if isinstance(each, dict)}
    numbered = (f"{start}-{number}" for number in range(2, len(taken) + 3))
    return next(each for each in (start, *numbered) if each not in taken)


def _edited(text: str, key: str, edit: Callable[[YamlEditor, int], None]) -> str:
    """The text after a change to the stage with this key."""

    def to_stage(editor: YamlEditor) -> None:
        edit(editor, _index(editor.document.at(("stages",)), key))

    return _applied(text, to_stage)


def _index(stages: Sequence[Any] | None, key: str) -> int:
    for index, stage in enumerate(stages or ()):
        if isinstance(stage, dict) and stage.get("key") == key:
            return index
    raise NotFound("The journey has no such stage any more. Go back and reload the page.")


def _applied(text: str, edit: Callable[[YamlEditor], None]) -> str:
    try:
        editor = YamlEditor(text)
        edit(editor)
    except CannotEditError as error:
        raise Rejected(str(error)) from error
    if problems := lint.read(editor.text).problems:
        raise StageRefused(problems[0])
    return editor.text
