"""The rows of a table of ratings."""

from __future__ import annotations

from feedback.errors import Rejected
from feedback.lint.document.document import Path
from feedback.lint.editing.yaml_editor import YamlEditor
from feedback.services.studio.editing.placing import put
from feedback.services.studio.editing.questions import numbered
from feedback.services.studio.editing.texts import languages, value_at


def add_row(editor: YamlEditor, index: int) -> None:
    """An empty row at the end of the table of question `index`."""
    path: Path = ("questions", index, "rows")
    present = value_at(editor, path)
    rows = present if isinstance(present, list) else []
    known = {each.get("key") for each in rows if isinstance(each, dict)}
    listed = languages(editor)
    row = {
        "key": numbered(f"row-{len(rows) + 1}", known),
        "text": "" if len(listed) == 1 else {listed[0]: ""},
    }
    if rows:
        editor.insert(path, len(rows), row)
    else:
        put(editor, path, [row])


def remove_row(editor: YamlEditor, index: int, row: int) -> None:
    """Raises Rejected for the last one."""
    if len(editor.data["questions"][index]["rows"]) == 1:
        raise Rejected("A table needs at least one row.")
    editor.remove(("questions", index, "rows", row))


def move_row(editor: YamlEditor, index: int, row: int, to: int) -> None:
    """Move a row to number `to`."""
    to = min(max(to, 0), len(editor.data["questions"][index]["rows"]) - 1)
    if to != row:
        editor.move(("questions", index, "rows"), row, to)
