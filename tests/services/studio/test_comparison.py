"""Two texts compared, line by line and word by word."""

from __future__ import annotations

from feedback.services.studio.comparison import compare


def shown(old: str, new: str) -> list[str]:
    marks = {"same": " ", "old": "-", "new": "+", "gap": "~"}
    return [
        marks[line.kind] + "".join(f"[{words}]" if differs else words for words, differs in line.parts)
        for line in compare(old, new)
    ]


def test_words_that_differ_are_marked_and_far_lines_left_out() -> None:
    old = "".join(f"{number}\n" for number in range(9)) + "How was it?\nend\n"
    assert shown(old, old.replace("was", "is")) == [
        "~",
        " 7",
        " 8",
        "-How [was] it?",
        "+How [is] it?",
        " end",
    ]


def test_added_and_removed_lines_are_marked_as_a_whole() -> None:
    assert shown("a\n", "a\nb\n") == [" a", "+[b]"]
    assert shown("a\nb\n", "a\n") == [" a", "-[b]"]


def test_texts_that_differ_in_line_ends_only_are_not_the_same() -> None:
    assert shown("a\n", "a\r\n") == ["~"]
    assert shown("a\n", "a\n") == []
