"""A text that nobody has written, such as that of a question which was only just added."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.rules.translation_parity import texts_by_path

RULE = Rule(
    id="text-empty",
    title="Every text says something",
    tier="D",
    severity="error",
    why="A question or an answer without words cannot be understood, and its numbers mean nothing.",
    good=("text: How was your visit?",),
    bad=('text: ""', "an option without a label"),
    suppressible=False,
)


def check(document: Document) -> Iterator[Finding]:
    """Texts that are blank in every language. Where only some lack it, `translation-parity` names them."""
    for path, texts in texts_by_path(document).items():
        if not all(_is_blank(wording.text) for wording in texts.values()):
            continue
        by_language = isinstance(document.at(path), dict) and len(document.languages) > 1
        if not (by_language and not any(wording.text.strip() for wording in texts.values())):
            yield document.finding(RULE, path, message("The text is empty."), rewrite="Write the text.")


def _is_blank(text: str) -> bool:
    """Whether nothing of a text can be seen; `str.strip` keeps marks of direction and joiners."""
    return all(each.isspace() or unicodedata.category(each) in ("Cf", "Cc") for each in text)
