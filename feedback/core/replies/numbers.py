"""Numbers in a reply, as digits and as words, and what each of them can be."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from feedback.core.replies.clauses import (
    CLAUSE_END,
    LONGEST_PHRASE,
    clause_around,
    clauses_of,
    follows,
    without,
)
from feedback.core.replies.words import ReplyLexicon, all_languages, lexicon_for, phrase, words_in


@dataclass(frozen=True)
class Number:
    """A number in the text.

    A `score` is in digits or a fraction; a `word` is a number word that can be a score; a `quantity` ("45 minutes")
    is not a score; a `whole` is the end of the scale ("on a scale of 10"); a `spoiler` makes the reply ambiguous.
    """

    kind: Literal["score", "word", "quantity", "whole", "spoiler"]
    value: int
    start: int
    end: int
    is_fraction: bool = False


@dataclass(frozen=True)
class _Mark:
    """The position of a number before it is interpreted; `word` is the folded number word."""

    value: int
    start: int
    end: int
    word: str = ""
    is_compound: bool = False


_COMPOUND = r"\d+(?:[.,:٫٬]\d+)+|\d+(?:[/.-]\d+){2,}"  # a decimal, a time, a date
_MARKS = "\u0300-\u036f\u064b-\u065f\u0670"  # combining accents and vowel signs
_MINUS = tuple("-−–/<>≤≥")  # and limits
_APOSTROPHES = "'’‘ʼ´`"
_POINTS = tuple(".,:٫٬")
_NUMBER = re.compile(rf"(?P<compound>{_COMPOUND})|(?P<integer>\d+)|(?P<word>(?:[^\W\d_][{_MARKS}]*)+)")
STAR = "⭐★🌟"
STARS = re.compile(rf"[{STAR}](?:\s*[{STAR}])*(?:\s*[☆✩])*")


def numbers_in(text: str, scale: range, own: ReplyLexicon, everyone: ReplyLexicon) -> Iterator[Number]:
    """The numbers in a text, in their order, each with what it can be."""
    marks = list(_marks(text, own))
    while marks:
        first = marks.pop(0)
        fraction = _fraction(text, first, marks[0], scale, own) if marks else None
        if fraction:
            marks.pop(0)
            yield fraction
        elif not first.word:
            yield _in_digits(text, first, scale, own, everyone)
        elif first.word in own.numbers:
            yield Number("word", first.value, first.start, first.end)


def without_endings(text: str, everyone: ReplyLexicon) -> str:
    """Without the endings that only say "it is": "puanım 10'dur" is "puanım 10".

    Also without the apostrophe, but -dur only where it is the ending by vowel harmony: after 9 and 10.
    """

    def shortened(match: re.Match[str]) -> str:
        ending = phrase(match[3])
        plain = not match[2] and ending == "dur" and not match[1].endswith(("9", "10"))
        return match[1] if ending in everyone.endings and not plain else match[0]

    return re.sub(rf"(?<!\w)(\d+)([{_APOSTROPHES}]?)([^\W\d_]+)", shortened, text)


def _marks(text: str, own: ReplyLexicon) -> Iterator[_Mark]:
    known = {**own.numbers_in_fractions, **own.numbers}
    for match in _NUMBER.finditer(text):
        start, end = match.span()
        if not match["word"]:
            compound = bool(match["compound"])
            yield _Mark(-1 if compound else small(match[0]), start, end, is_compound=compound)
        elif (word := phrase(match[0])) in known and not _is_glued(text, start, end):
            yield _Mark(known[word], start, end, word)


def _fraction(text: str, first: _Mark, second: _Mark, scale: range, own: ReplyLexicon) -> Number | None:
    """ "9/10", "nine out of 10", "10 üzerinden iki": a score only if the whole is the maximum of the scale."""
    if first.is_compound or second.is_compound:
        return None
    everyone = all_languages()
    between = text[first.end : second.start]
    joint = phrase(between)
    plain = " ".join(without(joint.split(), own.filler))  # "three points out of 10"
    if between.strip() == "/" or {joint, plain} & everyone.out_of:
        part, whole = first, second
    elif {joint, plain} & everyone.out_of_reversed:
        whole, part = first, second
    else:
        return None
    if part.word not in own.numbers and part.word and CLAUSE_END.search(between):
        return None  # «نه، از ۱۰ ...» is "no"
    start, end = first.start, second.end
    if follows(text[end:], own.units):
        return Number("quantity", 0, start, end)
    if is_bounded(text, start, end, own):
        return Number("spoiler", 0, start, end)
    sound = whole.value == scale[-1] and part.value in scale and stands_free(text, start, end)
    if joint in everyone.out_of_loose and without(words_in(clause_around(text, start, end)[1]), own.filler):
        sound = False  # "3 of 5 agents were rude"
    return Number("score" if sound else "spoiler", part.value, start, end, is_fraction=True)


def _in_digits(text: str, mark: _Mark, scale: range, own: ReplyLexicon, everyone: ReplyLexicon) -> Number:
    start, end = mark.start, mark.end
    if follows(text[end:], own.units) or counts_something(text[end:], mark.value, own):
        return Number("quantity", 0, start, end)
    if not mark.is_compound and (announced := _announced(text[:start], everyone.scale_of)):
        return Number("whole" if mark.value == scale[-1] else "spoiler", 0, start - announced, end)
    symbols = re.match(rf"\s*[{STAR}]+", text[end:])
    stars = (symbols or follows(text[end:], own.stars)) and scale[-1] != 5
    sound = stands_free(text, start, end) and mark.value in scale and not mark.is_compound
    sound = sound and not is_bounded(text, start, end, own)
    sound = sound and not (text[end:].startswith("+") and mark.value != scale[-1])  # "8+"
    if stars or not sound or (mark.value == scale[-1] and _may_be_the_whole(text, start, end, own)):
        return Number("spoiler", 0, start, end)
    return Number("score", mark.value, start, end + (symbols.end() if symbols else 0))


def counts_something(rest: str, value: int, own: ReplyLexicon) -> bool:
    """Whether the number counts what follows: "1 guy helped me", "2 of your agents", "2 rude drivers"."""
    if not rest.lstrip()[:1].isalpha():
        return False
    words = words_in(clauses_of(rest[:60])[0])
    for _ in range(2):
        if words and words[0] in own.modifiers:
            del words[0]
    nouns = own.counted_many | (own.counted_one if value == 1 else frozenset())
    return any(" ".join(words[:length]) in nouns for length in (1, 2))


def is_bounded(text: str, start: int, end: int, own: ReplyLexicon) -> bool:
    """Whether the number is a limit or a time: "almost 10", "less than a 5", "8 or more", "until 7"."""
    everyone = lexicon_for("en")  # who was asked in another language writes this, too
    before = words_in(clause_around(text, start, end)[0])
    bare = list(before)
    while bare and bare[-1] in own.articles | everyone.articles:
        bare.pop()
    bounds = own.bounds | everyone.bounds - own.filler
    ends = (f" {' '.join(each)} " for each in (before, bare))
    if any(each.endswith(f" {bound} ") for each in ends for bound in bounds):
        return True
    return follows(text[end:], own.bounds_after)


def _announced(before: str, phrases: frozenset[str]) -> int:
    """The length of the phrase at the end of `before`; 0 if there is none."""
    words = list(re.finditer(r"\S+", before))
    for size in range(min(LONGEST_PHRASE + 1, len(words)), 0, -1):
        if phrase(before[words[-size].start() :]) in phrases:
            return len(before) - words[-size].start()
    return 0


def _may_be_the_whole(text: str, start: int, end: int, own: ReplyLexicon) -> bool:
    """Whether this number may be the whole of a score: "drei von 10" from somebody who was asked in English.

    Not after a phrase such as "a rating of", and not if the preposition is a common word of their language.
    """
    everyone = all_languages()
    prepositions = own.out_of | frozenset(without(everyone.out_of, own.filler))
    if length := _announced(text[:start], prepositions):
        earlier = words_in(CLAUSE_END.split(text[: start - length])[-1])
        return not earlier or earlier[-1] not in own.filler
    return follows(text[end:], everyone.out_of_reversed)


def stands_free(text: str, start: int, end: int) -> bool:
    """Whether the number does not touch a letter ("1O", "9th"), a minus, currency or percent sign, or a number."""
    before, after = text[:start][-1:], text[end : end + 1]
    if before in _POINTS:  # "Great.9" is free, ".5" is not
        return text[: start - 1][-1:].isalpha() and not _is_glue(after)
    ending = after in _APOSTROPHES and text[end + 1 : end + 2].isalpha()  # "5'te" is "at 5"
    return not (_is_glue(before) or before in _MINUS or _is_glue(after) or (after and ending))


def _is_glued(text: str, start: int, end: int) -> bool:
    """Whether a word is part of something longer, such as a name with digits."""
    return any(each.isalnum() or each == "_" for each in text[:start][-1:] + text[end : end + 1])


def _is_glue(neighbour: str) -> bool:
    return bool(neighbour) and (
        neighbour.isalpha() or neighbour in "_%٪‰°#№" or unicodedata.category(neighbour) == "Sc"
    )


def small(digits: str) -> int:
    """The number, or -1 if it has too many digits for a scale."""
    return int(digits) if len(digits) <= 4 else -1


def set_apart(text: str, spans: Iterable[Number]) -> str:
    """`text` with these numbers replaced by punctuation, so that the text after them is a separate clause."""
    for span in spans:
        text = text[: span.start] + "," * (span.end - span.start) + text[span.end :]
    return text
