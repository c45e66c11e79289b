"""A question of which nobody has said what it is for."""

from __future__ import annotations

from collections.abc import Iterator

from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.options.labels import lexicon

RULE = Rule(
    id="unneeded-question",
    title="Every question says what its answer is for",
    xm=11,
    tier="D",
    severity="info",
    why="A question without a decision behind it costs answers to the others (XM Institute, practice 11).",
    good=("purpose: Open a follow-up for low scores.", "used_for: weighting"),
    bad=("no purpose", "“How old are you?” without used_for"),
)


def check(document: Document) -> Iterator[Finding]:
    for index, question in document.questions:
        if not question.answerable:
            continue
        language = document.languages[0]
        words = lexicon(language)
        demographic = bool(words and words.mentions("demographic", question.text.to(language)))
        if demographic and not question.used_for:
            told = "This is about the person; say in `used_for:` what the answer is used for."
            yield document.finding(RULE, ("questions", index), told)
        elif not question.purpose and not question.used_for:
            told = "Say in `purpose:` which decision the answer changes."
            yield document.finding(RULE, ("questions", index), told)
