"""An open question that must be answered."""

from __future__ import annotations

from collections.abc import Iterator

from feedback.core.questions import TextQuestion
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule

RULE = Rule(
    id="required-open-ended",
    title="Open questions are optional",
    xm=13,
    tier="D",
    severity="error",
    why="A required comment is answered with dots, or ends the survey (XM Institute, practice 13; "
    "Reja et al. 2003).",
    good=("an optional comment", "a required e-mail address after “Yes, contact me”"),
    bad=("a required “Why?”", "at least 30 characters"),
)


def check(document: Document) -> Iterator[Finding]:
    for index, question in document.questions:
        filtered = document.questionnaire and question.key in document.questionnaire.conditions
        if not isinstance(question, TextQuestion) or (question.contact and filtered):
            continue
        key = "required" if question.required else "min_length" if question.min_length > 0 else None
        if key:
            told = (
                "A comment must be optional."
                if key == "required"
                else "A comment must not need a minimum length."
            )
            text = question.text.to(document.languages[0])
            yield document.finding(
                RULE,
                ("questions", index, key),
                told,
                quoted=text,
                rewrite=message("Delete `{key}:`.", key=key),
            )
