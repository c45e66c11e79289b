"""A difference in words says what was removed and added, and can be read back as both texts."""

from __future__ import annotations

import pytest

from feedback.services.studio.word_diff import MOST_WORDS, word_diff


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ("How easy was it?", "How easy was it?", []),
        ("How easy was it?", "How hard was it?", [("removed", "easy"), ("added", "hard")]),
        ("", "New", [("added", "New")]),
        (
            "سخت\u200cترین بخش",
            "آسان\u200cترین بخش",
            [("removed", "سخت\u200cترین"), ("added", "آسان\u200cترین")],
        ),
        ("a " * MOST_WORDS, "b", [("removed", "a " * MOST_WORDS), ("added", "b")]),
    ],
)
def test_only_the_words_that_differ_are_marked(
    before: str, after: str, changes: list[tuple[str, str]]
) -> None:
    found = word_diff(before, after)
    assert [(each.change, each.text) for each in found if each.change != "same"] == changes
    assert "".join(each.text for each in found if each.change != "added") == before
    assert "".join(each.text for each in found if each.change != "removed") == after
