"""A question about something that not every recipient has been through, without a way to say so."""

from __future__ import annotations

from collections.abc import Iterator

from feedback.core.questions import AnyQuestion, ChoiceQuestion, TextQuestion
from feedback.lint.document.document import Document
from feedback.lint.engine.instruments import exempt
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.options.choices import choices
from feedback.lint.options.labels import lexicon

RULE = Rule(
    id="missing-not-applicable",
    title="People to whom the question does not apply can say so",
    qas="4a",
    tier="D",
    severity="warning",
    why="A question that does not apply is answered all the same, usually in the middle of the scale "
    "(QAS-99, item 4a).",
    good=(
        "`not_applicable: true`",
        "`show_if:` on an earlier answer",
        "`applies_when:` the trigger of the survey",
    ),
    bad=("required: If you used the lift, rate it.", "required: «در صورت مراجعه به بانک …»"),
    suppress="Only people to whom it happened are invited: write the event as `trigger:` instead.",
)


def check(document: Document) -> Iterator[Finding]:
    for index, question in document.questions:
        if isinstance(question, TextQuestion) or question.show_if or question.not_applicable:
            continue
        if not question.answerable:
            continue
        language = _conditional(document, question)
        if language is None or _offers(document, index, question):
            continue
        yield document.finding(
            RULE,
            ("questions", index, "text"),
            "Not everybody has experienced this, and there is no answer for the others.",
            quoted=question.text.to(language),
            language=language,
            rewrite="not_applicable: true",
            severity="error" if question.required else "info",
        )


def _conditional(document: Document, question: AnyQuestion) -> str | None:
    """The language in which the question turns out to concern only some; None where it concerns all."""
    questionnaire = document.questionnaire
    known = {questionnaire.trigger, *document.settings.trigger_events} if questionnaire else set()
    if question.applies_when:
        return None if question.applies_when in known else document.languages[0]
    for language in document.languages:
        words = lexicon(language)
        if exempt(question, language):  # "If you could no longer use X" is how the instrument asks everybody
            continue
        if words and words.mentions("conditional", question.text.to(language)):
            return language
    return None


def _offers(document: Document, index: int, question: AnyQuestion) -> bool:
    if not isinstance(question, ChoiceQuestion):
        return False
    for language in document.languages:
        listed = choices(document, index, language)
        for _, option, text in listed.options if listed else ():
            said = (
                listed
                and listed.words
                and any(listed.words.says(kind, text) for kind in ("not_applicable", "none"))
                and not (listed.kind == "yes-no" and listed.words.says("no", text))
            )  # a plain "no" denies what is asked, not what is taken for granted
            if option.role in ("not_applicable", "none") or said:
                return True
    return False
