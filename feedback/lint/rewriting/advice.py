"""Advice for findings whose better wording only a person can find: it quotes the words at fault."""

from __future__ import annotations

from feedback.core.text.translatable import TranslatableText, message
from feedback.lint.text.question import QuestionView

_PRAISE = ("leading-wording.advertised", "leading-wording.strong", "leading-wording.loaded")


def _said(question: QuestionView, start: int, end: int) -> str:
    return question.stem.quote(start, end).strip(" ,،")


def negation(question: QuestionView, start: int, end: int) -> TranslatableText:
    return message("Ask what happened, without “{words}”.", words=_said(question, start, end))


def double_negative(question: QuestionView, start: int, end: int) -> TranslatableText:
    return message(
        "Say it positively, with neither of the two negatives in “{words}”.",
        words=_said(question, start, end),
    )


def absolute(question: QuestionView, start: int, end: int) -> TranslatableText:
    return message(
        "Ask how often, how many or how much instead of “{words}”.", words=_said(question, start, end)
    )


def hypothetical(question: QuestionView, start: int, end: int) -> TranslatableText:
    return message(
        "Ask about the last time instead of “{words}”: what people did, and what they would have needed.",
        words=_said(question, start, end),
    )


def jargon(question: QuestionView, start: int, end: int) -> TranslatableText:
    return message(
        "Write “its full name ({word})”, or add {word} to the survey's `glossary` if everybody knows it.",
        word=_said(question, start, end),
    )


def leading(question: QuestionView, start: int, end: int) -> TranslatableText:
    """What to ask without; of praise for something, only the praise."""
    if question.words.pattern("leading-wording.normative").match(question.stem.plain, start):
        return message(
            "Ask how important it is, or whether people are for or against it, without “{words}”.",
            words=_said(question, start, end),
        )
    return message(
        "Ask without “{words}”, so that every answer is equally welcome.",
        words=_praise(question, start, end) or _said(question, start, end),
    )


def _praise(question: QuestionView, start: int, end: int) -> str:
    """The word of praise among the words at fault; empty where they press in another way."""
    words, text = question.words, question.stem.text
    if not any(
        words.pattern(f"leading-wording.{kind}").match(question.stem.plain, start)
        for kind in ("own", "how-strong", "predicate")
    ):
        return ""
    found = next(filter(None, (words.search(name, text[:end], start) for name in _PRAISE)), None)
    return _said(question, *found.span()) if found else ""


def score_begging(question: QuestionView, start: int, end: int) -> str:
    """The text without the sentence that begs, where a question remains."""
    stem = question.stem
    begging = [part for part in stem.sentences if part.start < end and part.end > start]
    kept = [stem.normalised.quote(each.start, each.end) for each in stem.sentences if each not in begging]
    dropped = "".join(stem.normalised.quote(each.start, each.end) for each in begging)
    if kept and kept[-1].endswith(("?", "؟")) and "{" not in dropped:
        return " ".join(kept)
    return message(
        "Ask without “{words}”, so that every answer is equally welcome.", words=_said(question, start, end)
    )
