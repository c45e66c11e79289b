"""A text that nobody has written, such as that of a question which was only just added."""

from __future__ import annotations

from collections.abc import Iterator

from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.rules.translation_parity import texts_by_path
from feedback.lint.text.messages import message

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
        if any(wording.text.strip() for wording in texts.values()):
            continue
        if isinstance(document.at(path), dict) and len(document.languages) > 1:
            continue
        yield document.finding(RULE, path, message("The text is empty."), rewrite="Write the text.")
