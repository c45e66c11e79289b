"""What a customer meant by a text message in reply to a survey.

The order of the questions is the point. First: do they want to be left alone? Any language will do, because
a wrong "no" breaks the law and their patience. Then HELP and START. Only then a score, and only where nobody
could read it otherwise: "8 or 9", "9.5" and "I waited 5 minutes" are not scores but reasons to ask once more.

The words are data: see `reply_words`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from feedback.core.reply_words import Lexicon, all_languages, lexicon_for, phrase, plain_digits, words_in


@dataclass(frozen=True)
class Stop:
    """They want no more messages. `certain`: act on it. `likely`: suspend sending and let a person decide."""

    kind: Literal["certain", "likely"]


@dataclass(frozen=True)
class Start:
    """They want messages again."""


@dataclass(frozen=True)
class Help:
    """They ask who is writing."""


@dataclass(frozen=True)
class Score:
    """A score on the invitation's scale and what else they said, in their own spelling."""

    value: int
    comment: str = ""


@dataclass(frozen=True)
class Unclear:
    """None of these for certain: ask once more, then keep the text as a comment."""

    text: str


Meaning = Stop | Start | Help | Score | Unclear


def understand(text: str, *, minimum: int, maximum: int, language: str) -> Meaning:
    """The meaning of `text` as a reply to a question on the scale `minimum` to `maximum`.

    `language` is the invitation's ("tr", "en-GB"): number words, yes and no are read in that language only.
    Thumbs are the scale 0 to 1. Never raises.
    """
    everyone, lexicon = all_languages(), lexicon_for(language)
    shown = plain_digits(text)
    words = words_in(shown)
    if stop := _stop(words, everyone):
        return stop
    if " ".join(words) in everyone.help:
        return Help()
    if " ".join(words) in everyone.start:
        return Start()
    numbers = list(_numbers(shown, range(minimum, maximum + 1), lexicon, everyone))
    if not numbers:
        return _spoken(shown, words, minimum, maximum, lexicon) or Unclear(text.strip())
    return _written(shown, numbers, lexicon) or Unclear(text.strip())


def _without(words: Iterable[str], filler: frozenset[str]) -> list[str]:
    return [word for word in words if word not in filler]


def _stop(words: list[str], lexicon: Lexicon) -> Stop | None:
    message = " ".join(words)
    if {message, "".join(words)} & lexicon.stop or (len(set(words)) == 1 and words[0] in lexicon.stop):
        return Stop("certain")  # also "S.T.O.P." and "stop stop stop"
    if " ".join(_without(words, lexicon.filler)) in lexicon.stop:  # "cancel please"
        return Stop("likely")
    if any(f" {wish} " in f" {message} " for wish in lexicon.stop_phrases):
        return Stop("likely")
    return None


# -- numbers as digits ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Number:
    """A number in the text: a possible score, a mere quantity ("45 minutes"), or what makes both doubtful."""

    kind: Literal["score", "quantity", "spoiler"]
    value: int
    start: int
    end: int


_COMPOUND = r"\d+(?:[.,:٫٬]\d+)+|\d+(?:[/.-]\d+){2,}"  # a decimal, a time, a date
_MINUS = tuple("-−–/")
_POINTS = tuple(".,:٫٬")
_CLAUSE_END = re.compile(r"[\n.!?;,:()…،؛؟]|\s[-–—]\s")
_NUMBER = re.compile(rf"(?P<compound>{_COMPOUND})|(?P<integer>\d+)")


def _numbers(text: str, scale: range, own: Lexicon, everyone: Lexicon) -> Iterator[_Number]:
    matches = list(_NUMBER.finditer(text))
    while matches:
        first = matches.pop(0)
        fraction = _fraction(text, first, matches[0], scale, everyone) if matches else None
        if fraction:
            matches.pop(0)
        yield fraction or _number(text, first, scale, own)


def _fraction(
    text: str, first: re.Match[str], second: re.Match[str], scale: range, lexicon: Lexicon
) -> _Number | None:
    """ "9/10", "9 out of 10", "10 üzerinden 9": a score only where the whole is the top of the scale."""
    if first["compound"] or second["compound"]:
        return None
    between = text[first.end() : second.start()]
    joint = phrase(between)
    if between.strip() == "/" or joint in lexicon.out_of:
        part, whole = _small(first[0]), _small(second[0])
    elif joint in lexicon.out_of_reversed:
        whole, part = _small(first[0]), _small(second[0])
    else:
        return None
    sound = whole == scale[-1] and part in scale and _stands_free(text, first.start(), second.end())
    return _Number("score" if sound else "spoiler", part, first.start(), second.end())


def _number(text: str, match: re.Match[str], scale: range, lexicon: Lexicon) -> _Number:
    start, end = match.span()
    if _follows(text[end:], lexicon.units):
        return _Number("quantity", 0, start, end)
    stars = _follows(text[end:], lexicon.stars) and scale[-1] != 5
    if match["compound"] or stars or not _stands_free(text, start, end) or _small(match[0]) not in scale:
        return _Number("spoiler", 0, start, end)
    return _Number("score", _small(match[0]), start, end)


def _stands_free(text: str, start: int, end: int) -> bool:
    """Not glued to a letter ("1O", "9th"), a minus sign, a currency, a percent sign or another number."""
    before, after = text[:start][-1:], text[end : end + 1]
    if before in _POINTS:  # "Great.9" is one, ".5" is none
        return text[: start - 1][-1:].isalpha() and not _is_glue(after)
    return not (_is_glue(before) or before in _MINUS or _is_glue(after))


def _is_glue(neighbour: str) -> bool:
    return bool(neighbour) and (
        neighbour.isalpha() or neighbour in "_%٪‰°#№" or unicodedata.category(neighbour) == "Sc"
    )


def _follows(rest: str, phrases: frozenset[str]) -> bool:
    """Whether `rest` begins, with nothing but spaces before, with one of these phrases."""
    if not rest.lstrip()[:1].isalpha():
        return False
    words = words_in(rest[:40])
    return any(" ".join(words[:length]) in phrases for length in (1, 2, 3))


def _small(digits: str) -> int:
    """The number, or -1 where it is too long to be anybody's scale."""
    return int(digits) if len(digits) <= 4 else -1


def _written(text: str, numbers: list[_Number], lexicon: Lexicon) -> Score | None:
    scores = [number for number in numbers if number.kind == "score"]
    if len(scores) != 1 or any(number.kind == "spoiler" for number in numbers):
        return None
    score = scores[0]
    if not _is_answer(text, score, lexicon):
        return None
    parts = (text[: score.start], text[score.end :])
    return Score(score.value, " ".join(filter(None, (_comment(part, lexicon) for part in parts))))


def _is_answer(text: str, score: _Number, lexicon: Lexicon) -> bool:
    """A score begins or ends its clause, is not denied and numbers nothing: "Room 7 was dirty" has none.

    Too strict for "it was a 9 overall"; but asking again costs one message, and a wrong score costs trust.
    """
    before = words_in(_CLAUSE_END.split(text[: score.start])[-1])
    after = words_in(_CLAUSE_END.split(text[score.end :])[0])
    if lexicon.negations.intersection(before) or lexicon.negations_after.intersection(after[:1]):
        return False
    if before and before[-1] in lexicon.labels:
        return False
    return not (_without(before, lexicon.filler) and _without(after, lexicon.filler))


def _comment(part: str, lexicon: Lexicon) -> str:
    """What was said beside the score, if it says something: an emoji does, "I'd say" and "thanks" do not."""
    symbols = any(unicodedata.category(character) == "So" for character in part)
    if not symbols and not _without(words_in(part), lexicon.filler):
        return ""
    return re.sub(r"^[\s.,;:!?()*+/~=\-–—…،؛]+|[\s,;:(*+/~=\-–—،؛]+$", "", part)


# -- numbers and answers as words -------------------------------------------------------------------------


def _spoken(text: str, words: list[str], minimum: int, maximum: int, lexicon: Lexicon) -> Score | None:
    if len(words) > 3:
        return None
    meant = _without(words, lexicon.filler)
    if (minimum, maximum) == (0, 1) and (answer := _thumb(meant, lexicon)) is not None:
        return Score(answer)
    return _number_word(text, meant, range(minimum, maximum + 1), lexicon)


def _thumb(meant: list[str], lexicon: Lexicon) -> int | None:
    """Yes or no, and nothing else: "no problem" is not a no."""
    if len(set(meant)) != 1:
        return None
    if meant[0] in lexicon.yes | {"👍"}:
        return 1
    return 0 if meant[0] in lexicon.no | {"👎"} else None


def _number_word(text: str, meant: list[str], scale: range, lexicon: Lexicon) -> Score | None:
    numbers = lexicon.numbers or {}
    found = [word for word in meant if word in numbers]
    if (lexicon.negations | lexicon.negations_after).intersection(meant):
        return None
    if len(found) != 1 or (len(meant) > 1 and found[0] in lexicon.only_alone):
        return None
    if numbers[found[0]] not in scale:
        return None
    rest = [piece for piece in text.split() if phrase(piece) != found[0]]
    return Score(numbers[found[0]], _comment(" ".join(rest), lexicon))
