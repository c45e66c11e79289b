"""Questions that suppose something: what to add so that nobody has to invent an answer."""

from __future__ import annotations

from collections.abc import Callable

from feedback.core.text.translatable import message
from feedback.lint.rewriting.language import rewriting
from feedback.lint.rewriting.sentence import cut, mended, small
from feedback.lint.text.question import QuestionView


def better(question: QuestionView, start: int, end: int) -> str:
    """Room for "nothing" in the question, or the answer or the filter that is missing."""
    words, grammar = question.words, rewriting(question.words.language)
    if words.pattern("presupposition.effect").match(question.stem.asked, start):
        label = grammar.phrases.not_at_all
        asked = _inserted(question, grammar.if_at_all) if not question.answers else ""
        # Answers without a zero could not deny the effect that the question would then allow to deny.
        return asked or message("Add the answer “{label}” at the lower end.", label=label)
    if words.pattern("presupposition.liking").match(question.stem.asked, start):
        return _inserted(question, grammar.if_anything) or message(
            "Ask first whether there is anything, and show “{words}” only to those who say yes (`show_if`).",
            words=question.stem.quote(start, end),
        )
    if words.pattern("presupposition.optional").match(question.stem.asked, start):
        label = grammar.phrases.did_not_use
        return message("Add `not_applicable: {label}`, or `show_if` for those who had it.", label=label)
    return message(
        "Ask first whether it happened, and show “{words}” only to those who say yes (`show_if`).",
        words=question.stem.quote(start, end),
    )


def _inserted(question: QuestionView, ask: Callable[[str], tuple[int, str] | None]) -> str:
    """The text with "if anything" where the language puts it; before the question its words begin the sentence."""
    stem = question.stem
    asked = stem.text[stem.question.start : stem.question.end]
    found = ask(asked.strip())
    if not found:
        return ""
    place, words = found
    if place:
        start = stem.question.start + len(asked) - len(asked.lstrip()) + place
        return cut(question, start, start, words)
    first, _ = stem.normalised.span(stem.question.start, stem.question.end)
    source = stem.normalised.source
    return mended(
        f"{source[:first]} {words}{small(source[first:].strip(), question.words.language)}", question
    )
