"""Comparison of a question with the registry of validated instruments."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from feedback.core.instruments import Instrument, instruments
from feedback.core.questions import AnyQuestion, ScaleQuestion
from feedback.core.text.folding import bare
from feedback.lint.languages.lexicon import lexicon

_SIGN = re.compile("[/&]")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_LEAD_IN = r"(?:.{1,200}?[.,:;!?؟،]\s+)?"
_PIECES = re.compile(r"({x}|\([^()]*\))")
_END = " .?؟"
_NOUN_PHRASE = r"([^.?!؟]{1,80}?)"


def claimed(question: AnyQuestion) -> Instrument | None:
    """The instrument that the question claims to be, by its type or by `instrument:`."""
    if isinstance(question, ScaleQuestion):
        return question.registered
    return instruments().get(question.instrument.name) if question.instrument else None


def exempt(question: AnyQuestion, language: str) -> bool:
    """Whether the wording in `language` is a validated item word for word: no wording rule applies to it."""
    instrument = claimed(question)
    if instrument is None or instrument.free_stem or not question.text.has(language):
        return False
    return _fits(question, instrument, language, lead_in=False)


def unaltered(question: AnyQuestion, language: str, glossary: Iterable[str] = ()) -> bool | None:
    """As `exempt`, with a lead-in sentence allowed; None where the registry has no wording in `language`."""
    instrument = claimed(question)
    if instrument is None or instrument.free_stem or not stems_of(question, instrument, language):
        return None
    return _fits(question, instrument, language, lead_in=True, glossary=tuple(glossary))


def stems_of(question: AnyQuestion, instrument: Instrument, language: str) -> tuple[str, ...]:
    """The registered wordings of the item that the question claims to be."""
    return instrument.stems_of(language, question.instrument.item if question.instrument else None)


def _fits(
    question: AnyQuestion,
    instrument: Instrument,
    language: str,
    *,
    lead_in: bool,
    glossary: tuple[str, ...] = (),
) -> bool:
    text = _PLACEHOLDER.sub("X", question.text.to(language))
    for name in glossary:
        text = text.replace(name, "X")
    text = bare(text, language)
    return any(
        (match := _pattern(stem, language, lead_in).fullmatch(text)) and not _joins(match.groups(), language)
        for stem in stems_of(question, instrument, language)
    )


def _joins(nouns: Iterable[str], language: str) -> bool:
    words = lexicon(language)
    return any(
        _SIGN.search(noun) or (words and words.search("instrument-altered.joints", noun)) for noun in nouns
    )


@lru_cache(maxsize=512)
def _pattern(stem: str, language: str, lead_in: bool) -> re.Pattern[str]:
    """What a text in this wording looks like; `(a|b)` in a wording is either, and an empty one may be missing."""
    parts = (_part(piece, language) for piece in _PIECES.split(stem) if piece.strip(_END))
    return re.compile((_LEAD_IN if lead_in else "") + r"\s*".join(parts), re.DOTALL)


def _part(piece: str, language: str) -> str:
    if piece == "{x}":
        return _NOUN_PHRASE
    ways = piece[1:-1].split("|") if piece.startswith("(") else [piece]
    return "(?:" + "|".join(re.escape(bare(each, language)) for each in ways) + ")"
