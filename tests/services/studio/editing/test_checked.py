"""One edit as a whole, and its undoing."""

from __future__ import annotations

import pytest

from feedback.errors import Rejected
from feedback.services.studio.editing import questions, texts
from feedback.services.studio.editing.checked import Patch, edited, undoing, undone
from tests.services.studio.editing.sample import SAMPLE


@pytest.mark.parametrize(
    ("source", "said"), [("a: &x 1\n", "it cannot be read"), ("a: 1\na: 2\n", "it cannot be read")]
)
def test_a_text_with_anchors_or_a_key_twice_is_not_edited(source: str, said: str) -> None:
    with pytest.raises(Rejected, match=said):
        edited(source, lambda editor: questions.set_word(editor, ("a",), "b"))


def test_an_edit_may_not_break_the_format_but_one_in_a_broken_text_is_made() -> None:
    with pytest.raises(Rejected, match="not a duration"):
        edited(
            SAMPLE
            + "follow_ups:\n  - {key: a, title: A, when: {question: score, at_most: 6}, contact_within: 1d, "
            "close_within: 2d}\n",
            lambda editor: questions.set_word(editor, ("follow_ups", 0, "close_within"), "soon"),
        )
    broken = SAMPLE + "colour: red\n"
    assert "en: Hi" in edited(broken, lambda editor: texts.set_text(editor, ("title",), "en", "Hi"))


def test_a_patch_brings_back_the_text_and_is_refused_beyond_its_end() -> None:
    after = edited(SAMPLE, lambda editor: questions.delete(editor, 2))
    assert undone(after, undoing(SAMPLE, after)) == SAMPLE
    assert undoing(SAMPLE, SAMPLE) == Patch(len(SAMPLE), 0, "")
    with pytest.raises(Rejected):
        undone("short", Patch(3, 9, ""))
