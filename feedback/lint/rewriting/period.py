"""Periods: a question about what people did gets one, and "recently" becomes one."""

from __future__ import annotations

import re

from feedback.lint.rewriting.sentence import cut, mended, small
from feedback.lint.text.folding import lower
from feedback.lint.text.messages import message
from feedback.lint.text.question import QuestionView

PERIOD = {
    "en": "In the last 3 months",
    "tr": "Son 3 ayda",
    "fa": "در ۳ ماه گذشته",
    "de": "In den letzten 3 Monaten",
    "es": "En los últimos 3 meses",
    "fr": "Au cours des 3 derniers mois",
    "ar": "خلال الأشهر الثلاثة الماضية",
}
MONTH = {"en": "In the last 30 days", "tr": "Son 30 günde", "fa": "در ۳۰ روز گذشته"}


def missing(question: QuestionView, start: int, end: int) -> str:
    """The question with a period before it, where its verb already speaks of the past."""
    language = question.words.language
    sentence = _sentence(question)
    if language == "en" and (told := _in_the_past(sentence)):
        return mended(_with_before(question, f"{PERIOD['en']}, {told}"), question)
    if (
        language in ("tr", "fa")
        and _IS_PAST[language].search(lower(sentence, language))
        and not _placed(sentence)
    ):
        return mended(_with_before(question, f"{PERIOD[language]} {small(sentence, language)}"), question)
    period = PERIOD.get(language, PERIOD["en"])
    words = question.stem.quote(start, end)
    return message(
        "Put a period that people can remember before “{words}”, such as “{period}”.",
        words=words,
        period=period,
    )


_ASKS_EN = re.compile(
    r"(?i)^(?P<what>(?:and )?how (?:many|much|often|frequently)\b.*?) (?P<aux>do|does|did|have"
    r"|has) (?P<who>you|your [\w'-]+|they|we)(?P<rest> .*)$"
)


def _in_the_past(sentence: str) -> str:
    match = _ASKS_EN.match(sentence)
    if not match or re.search(r"\b(?:expect|plan|want|intend|need|prefer|usually|normally)\b", match["rest"]):
        return ""
    verb = {"do": "did", "does": "did"}.get(match["aux"].lower(), match["aux"].lower())
    return f"{small(match['what'], 'en')} {verb} {match['who']}{match['rest']}"


_IS_PAST = {
    "tr": re.compile(r"[dt][ıiuü](?:n[ıiuü]z|k|l[ae]r|n[ıiuü]z m[ıiuü])?\s*[?.]?\s*$"),
    "fa": re.compile(
        r"(?<!ی)(?:(?:کرد|داد|گرفت|خرید|رفت|آمد|زد|دید|خورد|گذاشت|فرستاد|نوشت|داشت|شد|خواند"
        r"|پرداخت)(?:ید|ه[ \u200c]?اید|م|یم)?)\s*[؟?.]?\s*$"
    ),
}


def _placed(sentence: str) -> bool:
    """Whether it opens with a place in time or a call of its own, which a period would run into."""
    return bool(re.match(r"(?i)(?:lütfen|toplam|آیا|لطفاً)\b|[^?؟]*[,،]", sentence))


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
    language, text = question.words.language, question.stem.text
    month = MONTH.get(language)
    if month is None:
        return ""
    before = re.search(r"\b(?:in|over|during|within) (?:the )?$", text[:start]) if language == "en" else None
    before = before or (re.search(r"در $", text[:start]) if language == "fa" else None)
    first = before.start() if before else start
    after = re.compile(r"\w*" if language == "tr" else "").match(text, end)
    return cut(
        question, first, after.end() if after else end, month if first == 0 else small(month, language)
    )


# Vague words

_LATELY = frozenset(
    {
        "recently",
        "lately",
        "of late",
        "son zamanlarda",
        "son dönemde",
        "son dönemlerde",
        "son günlerde",
        "geçenlerde",
        "yakın zamanda",
        "yakın geçmişte",
        "yakın dönemde",
        "yakınlarda",
        "اخیرا",
        "به تازگی",
        "تازگی ها",
        "این اواخر",
    }
)


def vague(question: QuestionView, start: int, end: int) -> str:
    """ "Recently" becomes a month; what else is vague is to be named."""
    language = question.words.language
    if question.words.pattern("vague-wording.subject").search(question.stem.asked):
        return message(
            "Name what “{words}” speaks of in the question itself.", words=question.stem.quote(start, end)
        )
    place = _place(question.stem.text, start, end, _LATELY)
    if place and (found := _dated(question, *place)):
        return found
    return message(
        "Say what “{words}” stands for: a number, a period such as “{period}”, or the thing itself.",
        words=question.stem.quote(start, end),
        period=small(MONTH.get(language, PERIOD.get(language, MONTH["en"])), language),
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
    language = question.words.language
    if language == "en":
        rest = cut(question, start, end)
        before = question.stem.before.strip()
        return mended(f"{MONTH['en']}, {small(rest, 'en')}", question) if rest and not before else ""
    return cut(question, start, end, MONTH[language] if start == 0 else small(MONTH[language], language))
