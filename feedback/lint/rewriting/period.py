"""Periods: a question about what people did gets one, and "recently" becomes one."""

from __future__ import annotations

from feedback.core.text.translatable import message
from feedback.lint.rewriting.language import rewriting
from feedback.lint.rewriting.sentence import cut, mended, small
from feedback.lint.text.question import QuestionView


def missing(question: QuestionView, start: int, end: int) -> str:
    """The question with a period before it, where its verb already speaks of the past."""
    grammar = rewriting(question.words.language)
    if told := grammar.with_period(_sentence(question)):
        return mended(_with_before(question, told), question)
    words = question.stem.quote(start, end)
    return message(
        "Put a period that people can remember before “{words}”, such as “{period}”.",
        words=words,
        period=grammar.phrases.period,
    )


def _sentence(question: QuestionView) -> str:
    stem = question.stem
    return stem.normalised.quote(stem.question.start, stem.question.end)


def _with_before(question: QuestionView, sentence: str) -> str:
    """`sentence` with what stands before the question sentence."""
    stem = question.stem
    first, _ = stem.normalised.span(stem.question.start, stem.question.end)
    return f"{stem.normalised.source[:first]} {sentence}".strip()


def too_long(question: QuestionView, start: int, end: int) -> str:
    """The same question over a month."""
    grammar = rewriting(question.words.language)
    if not grammar.phrases.month:
        return ""
    first, last = grammar.longer_period(question.stem.text, start, end)
    return cut(question, first, last, _month(question, first))


def _month(question: QuestionView, place: int) -> str:
    """The period of a month as it stands at a place of the text."""
    language = question.words.language
    month = rewriting(language).phrases.month
    return small(month, language) if place else month


# Vague words


def vague(question: QuestionView, start: int, end: int) -> str:
    """ "Recently" becomes a month; what else is vague is to be named."""
    grammar, language = rewriting(question.words.language), question.words.language
    if question.words.pattern("vague-wording.subject").search(question.stem.asked):
        return message(
            "Name what “{words}” refers to in the question itself.", words=question.stem.quote(start, end)
        )
    place = _place(question.stem.text, start, end, grammar.lately)
    if place and (found := _dated(question, *place)):
        return found
    return message(
        "Say what “{words}” stands for: a number, a period such as “{period}”, or the thing itself.",
        words=question.stem.quote(start, end),
        period=small(grammar.phrases.month or grammar.phrases.period, language),
    )


def _place(text: str, start: int, end: int, phrases: frozenset[str]) -> tuple[int, int] | None:
    """Where one of the phrases stands within the words at fault, which may be more than the phrase."""
    said = text[start:end].strip()
    inside = next(
        (each for each in sorted(phrases, key=len, reverse=True) if f" {each} " in f" {said} "), None
    )
    if inside is None:
        return None
    first = text.index(inside, start)
    return first, first + len(inside)


def _dated(question: QuestionView, start: int, end: int) -> str:
    """The month in place of the words, or before the question where the language wants it there."""
    dated = rewriting(question.words.language).dated(question.stem.before.strip(), cut(question, start, end))
    if dated is None:
        return cut(question, start, end, _month(question, start))
    return mended(dated, question) if dated else ""
