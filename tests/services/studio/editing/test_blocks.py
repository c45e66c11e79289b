"""Blocks of questions."""

from __future__ import annotations

import pytest

from feedback.errors import Rejected
from feedback.services.studio.editing import blocks, follow_ups, questions
from feedback.services.studio.editing.checked import edited
from tests.services.studio.editing.sample import SAMPLE, changed

LOW = {"question": "score", "at_most": 6}


def test_a_block_is_made_changed_and_removed_and_holds_its_questions() -> None:
    made = edited(SAMPLE, lambda editor: blocks.add_block(editor, {"comment", "why"}, LOW))
    assert changed(made) == [
        ("+", "blocks:"),
        ("+", "  - {questions: [why, comment], show_if: {question: score, at_most: 6}}"),
    ]
    with pytest.raises(Rejected, match="out of its block first"):
        edited(made, lambda editor: questions.delete(editor, 2))
    with pytest.raises(Rejected, match="at least one question"):
        edited(made, lambda editor: blocks.set_members(editor, 0, ()))
    smaller = edited(made, lambda editor: blocks.set_members(editor, 0, {"why"}))
    assert "questions: [why]" in smaller
    assert edited(smaller, lambda editor: follow_ups.delete_entry(editor, "blocks", 0)) == SAMPLE
