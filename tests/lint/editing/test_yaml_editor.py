"""Edits of YAML by its parts."""

from __future__ import annotations

from typing import Any

import pytest

from feedback.lint import read
from feedback.lint.document.document import Path
from feedback.lint.editing.refusal import CannotEditError
from feedback.lint.editing.yaml_editor import YamlEditor

SET = [
    ("a: old # why\n", ("a",), "new", "a: new # why\n"),
    ("a: old\n", ("a",), "yes", 'a: "yes"\n'),
    ("a: old\n", ("a",), "1:30", 'a: "1:30"\n'),
    ("a: old\n", ("a",), "2d", "a: 2d\n"),
    ("a: old\n", ("a",), "No: #1", 'a: "No: #1"\n'),
    ("a: old\n", ("a",), "- dash", 'a: "- dash"\n'),
    ("a: old\n", ("a",), 'He said "no"', 'a: He said "no"\n'),
    ("a: old\n", ("a",), '"no", he said', "a: '\"no\", he said'\n"),
    ("a: 'old'\n", ("a",), "it's", "a: 'it''s'\n"),
    ("a: 'old'\n", ("a",), "two\nlines", 'a: "two\\nlines"\n'),
    ('a: "old"\n', ("a",), "tab\t\u2028", 'a: "tab\\t\\u2028"\n'),
    ("a: old\n", ("a",), "\u200fراست 🎉", "a: \u200fراست 🎉\n"),
    ("a: {b: old, c: x}\n", ("a", "b"), "x, y", 'a: {b: "x, y", c: x}\n'),
    (
        "a: |  # note\n  old\n  text\nb: 1\n",
        ("a",),
        "new\n\nlines\n",
        "a: |  # note\n  new\n\n  lines\nb: 1\n",
    ),
    ("a: |\n  old\n\nb: 1\n", ("a",), "no break", "a: |-\n  no break\n\nb: 1\n"),
    ("a: >-\n  old\n  text\nb: 1\n", ("a",), "one\ntwo", "a: >-\n  one\n\n  two\nb: 1\n"),
    ("a: |\n  old\n", ("a",), "  indented", 'a: "  indented"\n'),
    ("a:\nb: 1\n", ("a",), "x", "a: x\nb: 1\n"),
    ("a: {b, c: x}\n", ("a", "b"), "z", "a: {b: z, c: x}\n"),
    ("a:\told\r\nb: 1\r\n", ("c",), [1, 2], "a:\told\r\nb: 1\r\nc: [1, 2]\r\n"),
    ("a: old", ("b",), "x", "a: old\nb: x"),
    ("a: x\nb:\n  # about c\n  c: 1\n", ("b", "d"), 2, "a: x\nb:\n  # about c\n  c: 1\n  d: 2\n"),
    ("a: {}\n", ("a", "b"), "x", "a: {b: x}\n"),
    ("\ufeffa: old\n", ("a",), "new", "\ufeffa: new\n"),
]


@pytest.mark.parametrize(("source", "path", "value", "expected"), SET)
def test_a_value_takes_the_place_of_another_in_its_style(
    source: str, path: Path, value: Any, expected: str
) -> None:
    editor = YamlEditor(source)
    editor.set(path, value)
    assert editor.text == expected
    assert read(expected).data == editor.data


def test_comments_move_with_the_entry_below_them_and_blank_lines_stay() -> None:
    editor = YamlEditor(
        "q:\n  # first\n  - a: 1\n    # inside\n\n  # second\n  - a: 2 # two\n  - a: 3\n# end\n"
    )
    editor.move(("q",), 1, 0)
    assert (
        editor.text
        == "q:\n  # second\n  - a: 2 # two\n\n  # first\n  - a: 1\n    # inside\n  - a: 3\n# end\n"
    )


def test_the_key_on_the_line_of_a_dash_gives_way_to_the_next_one() -> None:
    editor = YamlEditor("q:\n  - required: true\n    key: a\n")
    editor.remove(("q", 0, "required"))
    assert editor.text == "q:\n  - key: a\n"


def test_the_last_entry_goes_without_leaving_an_empty_line_behind() -> None:
    editor = YamlEditor("a: 1\nq:\n  - b\n  - c")
    editor.remove(("q", 1))
    assert editor.text == "a: 1\nq:\n  - b"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("a: &x 1\nb: *x\n", "Line 1 cannot be read: `&x` names a part for reuse"),
        ("a: 1\na: 2\n", "Line 2 cannot be read: The key `a` is listed twice"),
        ("a: [1\n", "cannot be read"),
        ("", "The file is empty"),
    ],
)
def test_a_text_that_readers_understand_differently_is_refused_with_its_line(source: str, said: str) -> None:
    with pytest.raises(CannotEditError) as refused:
        YamlEditor(source)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("? a\n: old\nb: 1\n", ("a",)),
        ("q:\n  - - a\n    - b\n", ("q", 0, 0)),
        ("a: {b: 1, # why\n c: 2}\n", ("a", "b")),
    ],
)
def test_what_would_touch_more_than_its_lines_is_refused_and_changes_nothing(source: str, path: Path) -> None:
    editor = YamlEditor(source)
    with pytest.raises(CannotEditError, match="laid out in an unusual way"):
        editor.remove(path)
    assert editor.text == source


def test_a_key_that_takes_the_place_of_another_keeps_the_comment_behind_it() -> None:
    for before, after in (
        ("a:\n  q: x\n  at_most: 6  # why\n  z: 1\n", "a:\n  q: x\n  answered: true  # why\n  z: 1\n"),
        ("a: {q: x, at_most: 6, z: 1}  # why\n", "a: {q: x, answered: true, z: 1}  # why\n"),
        ("a:\n  q: x\n  at_most: [1,  2]  # why\n  z: 1\n", "a:\n  q: x\n  answered: true  # why\n  z: 1\n"),
    ):
        editor = YamlEditor(before)
        editor.set(("a",), {"q": "x", "answered": True, "z": 1})
        assert editor.text == after
