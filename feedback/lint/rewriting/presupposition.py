"""Questions that suppose something: what to add so that nobody has to invent an answer."""

from __future__ import annotations

import re

from feedback.lint.rewriting.sentence import cut, mended, small
from feedback.lint.text.messages import message
from feedback.lint.text.question import QuestionView

NOT_AT_ALL = {
    "en": "Not at all",
    "tr": "Hiç",
    "fa": "اصلاً",
    "de": "Gar nicht",
    "es": "Nada",
    "fr": "Pas du tout",
    "ar": "إطلاقًا",
}
DID_NOT_USE = {
    "en": "I did not use it",
    "tr": "Kullanmadım",
    "fa": "استفاده نکردم",
    "de": "Nicht genutzt",
    "es": "No lo usé",
    "fr": "Je ne l'ai pas utilisé",
    "ar": "لم أستخدمه",
}
_WHAT = re.compile(r"^(?P<what>what)(?= (?:do|did|does|have|has|was|is|are|were|made) )")
_WHICH = re.compile(
    r"^which (?:of [\w' -]+?|[\w'-]+(?: of [\w' -]+?)?)(?= (?:do|did|does|have|has|was|is|are|were) )"
)
_HOW_MUCH = re.compile(r"^how much(?= (?:do|did|does|have|has|is|are|was|were) )")
_IF_ANY = {"tr": "Varsa, ", "fa": "اگر موردی هست، "}


def better(question: QuestionView, start: int, end: int) -> str:
    """Room for "nothing" in the question, or the answer or the filter that is missing."""
    words, language = question.words, question.words.language
    text = question.stem.text
    if words.pattern("presupposition.effect").match(question.stem.asked, start):
        asked = _inserted(question, _HOW_MUCH, ", if at all,") if language == "en" else ""
        label = NOT_AT_ALL.get(language, NOT_AT_ALL["en"])
        return asked or message("Add the answer “{label}” at the lower end.", label=label)
    if words.pattern("presupposition.liking").match(question.stem.asked, start):
        return _if_any(question, text) or message(
            "Ask first whether there is anything, and show “{words}” only to those who say yes (`show_if`).",
            words=question.stem.quote(start, end),
        )
    if words.pattern("presupposition.optional").match(question.stem.asked, start):
        label = DID_NOT_USE.get(language, DID_NOT_USE["en"])
        return message("Add `not_applicable: {label}`, or `show_if` for those who had it.", label=label)
    return message(
        "Ask first whether it happened, and show “{words}” only to those who say yes (`show_if`).",
        words=question.stem.quote(start, end),
    )


def _if_any(question: QuestionView, text: str) -> str:
    language = question.words.language
    asked = text[question.stem.question.start :].strip()
    if language == "en":
        return _inserted(question, _WHAT, ", if anything,") or _inserted(question, _WHICH, ", if any,")
    if language not in _IF_ANY or re.match(r"(?:neden|niçin|niye|چرا)|.*(?:neden|niçin|niye)", asked):
        return ""
    if "،" in asked or "," in asked or "چرا" in asked:
        return ""
    stem = question.stem
    first, _ = stem.normalised.span(stem.question.start, stem.question.end)
    source = stem.normalised.source
    return mended(f"{source[:first]} {_IF_ANY[language]}{small(source[first:].strip(), language)}", question)


def _inserted(question: QuestionView, pattern: re.Pattern[str], words: str) -> str:
    """The text with `words` behind what `pattern` finds at the beginning of its question."""
    stem = question.stem
    asked = stem.text[stem.question.start : stem.question.end]
    lead = len(asked) - len(asked.lstrip())
    match = pattern.match(asked.lstrip())
    if not match:
        return ""
    place = stem.question.start + lead + match.end()
    return cut(question, place, place, words)
