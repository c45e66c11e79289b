"""Texts in several languages."""

from __future__ import annotations

import pytest

from feedback.errors import Rejected
from feedback.lint.document.document import Path
from feedback.services.studio.editing import texts
from feedback.services.studio.editing.checked import edited
from tests.services.studio.editing.sample import SAMPLE, changed

SET: list[tuple[Path, str, str, list[tuple[str, str]]]] = [
    (
        ("questions", 0, "text"), "tr", "Ne kadar?",
        [("-", "    text: How likely?  # one language"),
         ("+", "    text: {en: How likely?, tr: Ne kadar?}  # one language")],
    ),
    (
        ("questions", 1, "options", 0), "en", "price",
        [("-", "      - Price"), ("+", "      - price")],
    ),
    (
        ("questions", 1, "options", 0), "en", "The cost",
        [("-", "      - Price"), ("+", "      - {key: price, text: The cost}")],
    ),
    (
        ("questions", 2, "text"), "tr", "",
        [("-", '    text: {en: "What else?", tr: "Başka?"}'), ("+", '    text: {en: "What else?"}')],
    ),
    (("questions", 2, "help"), "en", "Briefly", [("+", "    help: {en: Briefly}")]),
    (("questions", 2, "not_applicable"), "tr", "Bana uymaz", [("+", "    not_applicable: {tr: Bana uymaz}")]),
    (
        ("messages", "email", "subject"), "en", "Hello",
        [("+", each) for each in ("messages:", "  email:", "    subject: {en: Hello}", '    body: ""')],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("path", "language", "wording", "lines"), SET)
def test_a_wording_changes_the_line_of_its_text(
    path: Path, language: str, wording: str, lines: list[tuple[str, str]]
) -> None:
    after = edited(SAMPLE, lambda editor: texts.set_text(editor, path, language, wording))
    assert changed(after) == lines


def test_the_same_wording_changes_nothing() -> None:
    for path, language, wording in [
        (("questions", 0, "text"), "en", "How likely?"),
        (("questions", 0, "text"), "tr", ""),
        (("questions", 2, "help"), "en", ""),
    ]:
        assert edited(SAMPLE, lambda e, p=path, w=wording, x=language: texts.set_text(e, p, x, w)) == SAMPLE  # type: ignore[misc]


def test_a_language_goes_with_its_wordings_and_the_last_one_is_written_plainly() -> None:
    after = edited(SAMPLE, lambda editor: texts.remove_language(editor, "tr"))
    assert "languages: [en]\n" in after
    assert "title: Visit\n" in after
    assert "    text: Why?\n" in after
    assert "  # asked of everybody\n" in after
    assert "# one language" in after


def test_a_text_in_one_language_only_keeps_that_language_in_the_survey() -> None:
    only = edited(SAMPLE, lambda editor: texts.set_text(editor, ("questions", 2, "help"), "tr", "Kısaca"))
    with pytest.raises(Rejected, match="Translate every text first"):
        edited(only, lambda editor: texts.remove_language(editor, "tr"))
    with pytest.raises(Rejected, match="at least one language"):
        edited("key: a\nlanguages: [en]\n", lambda editor: texts.remove_language(editor, "en"))
