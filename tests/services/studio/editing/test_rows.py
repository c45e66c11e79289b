"""The rows of a table of ratings."""

from __future__ import annotations

import pytest

from feedback.errors import Rejected
from feedback.lint import read
from feedback.lint.editing.yaml_editor import YamlEditor
from feedback.services.studio.editing import questions, rows, texts
from feedback.services.studio.editing.checked import edited
from tests.services.studio.editing.sample import SAMPLE


def test_rows_are_added_moved_and_removed() -> None:
    def change(editor: YamlEditor) -> None:
        questions.add(editor, 1, "matrix")
        rows.add_row(editor, 1)
        texts.set_text(editor, ("questions", 1, "rows", 2, "text"), "en", "Third")
        rows.move_row(editor, 1, 2, 0)
        rows.remove_row(editor, 1, 2)

    found = read(edited(SAMPLE, change)).data["questions"][1]["rows"]
    assert [each["key"] for each in found] == ["row-3", "row-1"]
    assert found[0]["text"] == {"en": "Third"}


def test_the_last_row_stays() -> None:
    def change(editor: YamlEditor) -> None:
        questions.add(editor, 1, "matrix")
        rows.remove_row(editor, 1, 0)
        rows.remove_row(editor, 1, 0)

    with pytest.raises(Rejected, match="at least one row"):
        edited(SAMPLE, change)
