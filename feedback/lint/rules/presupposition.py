"""Questions that take the answer's first half for granted."""

from __future__ import annotations

import re
from collections.abc import Iterator

from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.options.labels import lexicon, scale
from feedback.lint.options.scales import VALUED
from feedback.lint.rules.wording import Hit, report
from feedback.lint.text.question import QuestionView

RULE = Rule(
    id="presupposition",
    title="Nothing is taken for granted",
    tier="L",
    severity="warning",
    qas="4a",
    why=(
        "'What did you like best?' leaves no room for those who liked nothing, so they invent an "
        "answer or leave "
        "(Question Appraisal System, item 4a: inappropriate assumptions)."
    ),
    good=(
        "What, if anything, did you like?",
        "Has our planner changed the time you spend: less, the same, or more?",
        "Beğendiğiniz bir şey olduysa neydi?",
        "اگر چیزی را پسندیدید، چه بود؟",
    ),
    bad=(
        "Why do you prefer our shop?",
        "En çok hangi özelliğimizi sevdiniz?",
        "چرا فروشگاه ما را ترجیح می‌دهید؟",
    ),
)
QUANTITIES = frozenset({"adequacy", "level"})
"""Dimensions whose low end says that there was not enough."""


def find(question: QuestionView) -> Iterator[Hit]:
    """An effect on a scale that cannot deny it, a liking, a beginning or end, or the judgement of an
    optional thing."""
    if question.filtered:
        return
    if match := _effect(question):
        yield Hit(
            *match.span(), "The answers cannot say that there was no effect, or a bad one; add “not at all”."
        )
    elif match := _liking(question):
        yield Hit(
            *match.span(), "This takes for granted that there is something; ask first, or add “if anything”."
        )
    elif (match := _search(question, "presupposition.stopped")) and not _denies(question):
        yield Hit(*match.span(), "This takes for granted that it happened; ask first whether it did.")
    elif match := _optional(question):
        yield Hit(
            *match.span(),
            "Not everybody had this; ask only those who did (`show_if`) or offer “does not apply”.",
        )


def _search(question: QuestionView, name: str) -> re.Match[str] | None:
    return question.words.search(name, question.stem.asked)


def _effect(question: QuestionView) -> re.Match[str] | None:
    if question.kind not in ("scale", "choice") or not question.answers or question.starts_at_zero:
        return None
    match = _search(question, "presupposition.effect")
    deniable = match and (
        question.answered("answers.zero") or _has_bad_side(question) or _names_neither(question)
    )
    return None if deniable else match


def _has_bad_side(question: QuestionView) -> bool:
    """Whether the answers are a scale with a bad side, which can say that the effect was one."""
    found = scale(question.answers, question.words.language)
    return any(one is not None and one.dimension in VALUED and one.degree < 0 for one in found)


def _names_neither(question: QuestionView) -> bool:
    """Whether an answer denies both ends: "neither helped nor hindered"."""
    labels = lexicon(question.words.language)
    return labels is not None and any(
        pattern.fullmatch(answer) for pattern in labels.neither for answer in question.answers
    )


def _liking(question: QuestionView) -> re.Match[str] | None:
    match = _search(question, "presupposition.liking")
    silent = match and (_may_be_nothing(question) or _search(question, "presupposition.silent"))
    return None if silent else match


def _optional(question: QuestionView) -> re.Match[str] | None:
    if question.after_event or not _search(question, "frames.evaluation"):
        return None
    match = _search(question, "presupposition.optional")
    return None if match and _may_be_nothing(question) else match


def _may_be_nothing(question: QuestionView) -> bool:
    """Whether the question or one of its answers allows that there was none."""
    return (
        question.not_applicable
        or question.answered("answers.none")
        or _has_too_little(question)
        or question.words.search("presupposition.if-any", question.stem.plain) is not None
    )


def _denies(question: QuestionView) -> bool:
    """Whether one of the answers says that it has not happened: "not yet", "I have never done it"."""
    labels = lexicon(question.words.language)
    kinds = ("not_yet", "own_denial", "not_applicable")
    return labels is not None and any(labels.says(kind, each) for kind in kinds for each in question.answers)


def _has_too_little(question: QuestionView) -> bool:
    """Whether the answers run from too little to too much: then too little may be nothing."""
    language = question.words.language
    found = scale(question.answers, language)
    if any(one is not None and one.dimension in QUANTITIES and one.degree < 0 for one in found):
        return True
    labels, first = lexicon(language), found[0] if found else None
    amounts = first is not None and first.dimension == "amount" and len(found) in (3, 5)
    return amounts and labels is not None and labels.says("fitting", question.answers[len(found) // 2])


def check(document: Document) -> Iterator[Finding]:
    return report(document, RULE, find)
