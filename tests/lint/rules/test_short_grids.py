"""A grid that a phone shows as questions of their own is only a remark."""

from __future__ import annotations

import pytest

from feedback.lint import read
from feedback.lint.rules import matrix_question

WORDS = ("Poor", "Fair", "Good")


def severity(rows: int, labels: tuple[str, ...], sms: str = "") -> str | None:
    listed = ", ".join(f"{{key: r{n}, text: Part {n}}}" for n in range(rows))
    told = ", ".join(f"{n}: {label}" for n, label in enumerate(labels, 1) if label)
    source = (
        f"key: s\ntitle: S\nlanguages: [en]\n{sms}questions:\n  - {{key: q, type: matrix, text: How were these?, "
        f"rows: [{listed}], scale: {{min: 1, max: {len(labels)}, labels: {{{told}}}}}}}\n"
    )
    document = read(source)
    assert document.problems == []
    return next(matrix_question.check(document)).severity


def test_a_short_grid_in_words_is_a_remark() -> None:
    assert severity(5, WORDS) == "info"


@pytest.mark.parametrize(
    ("rows", "labels"),
    [
        (6, WORDS),
        (3, ("Poor", "", "Good")),
        (3, ("A", "B", "C", "D", "E", "F")),
        (2, ("Disagree", "Neither", "Agree")),
    ],
)
def test_a_long_one_or_one_without_words_or_of_statements_warns(rows: int, labels: tuple[str, ...]) -> None:
    assert severity(rows, labels) == "warning"


def test_an_sms_cannot_ask_any() -> None:
    assert severity(2, WORDS, "messages: {sms: '{company} {link} {opt_out}'}\n") == "error"
