"""The score that a reply gives, if it is unambiguous: a number, a word, a label of the scale, stars."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Literal

from feedback.core.replies.clauses import CLAUSE_END, clause_around, without
from feedback.core.replies.meanings import ScoreReply
from feedback.core.replies.numbers import (
    STAR,
    STARS,
    Number,
    counts_something,
    is_bounded,
    numbers_in,
    set_apart,
    small,
    stands_free,
)
from feedback.core.replies.words import ReplyLexicon, phrase, words_in

_MOST_NUMBERS = 30
"""Numbers in a reply of which one can still be the score."""


def score_in(text: str, scale: range, own: ReplyLexicon, everyone: ReplyLexicon) -> ScoreReply | None:
    """The score in a text; None if there is none, or if it could be another one."""
    numbers = list(islice(numbers_in(text, scale, own, everyone), _MOST_NUMBERS + 1))
    if len(numbers) > _MOST_NUMBERS or any(number.kind == "spoiler" for number in numbers):
        return None
    wholes = [number for number in numbers if number.kind == "whole"]
    scores = [number for number in numbers if number.kind == "score"]
    words = [number for number in numbers if number.kind == "word"]
    if wholes and not scores:
        scores, words = [each for each in words if _is_alone(text, each, numbers, own)], []
    if not scores and all(number.kind == "word" for number in numbers):
        return _in_stars(text, scale, own) or _spoken(text, words, scale, own)
    if len(scores) != 1 or any(_rivals(text, word, scores[0], numbers, scale, own) for word in words):
        return None
    return _told(text, scores[0], wholes, own) if _is_answer(text, scores[0], wholes, own) else None


def _is_answer(text: str, score: Number, wholes: Iterable[Number], lexicon: ReplyLexicon) -> bool:
    """Whether the score begins or ends its clause, is not negated and counts nothing ("Room 7 was dirty").

    This is too strict for "it was a 9 overall", but asking again costs one message, and a wrong score costs trust.
    """
    before, after = map(words_in, clause_around(set_apart(text, wholes), score.start, score.end))
    if lexicon.negations.intersection(before) or lexicon.negations_after.intersection(after[:1]):
        return False
    if before and before[-1] in lexicon.labels:
        return False
    return not (without(before, lexicon.filler) and without(after, lexicon.filler))


def _is_alone(text: str, word: Number, numbers: Iterable[Number], own: ReplyLexicon) -> bool:
    """Whether its clause contains only this number, and possibly other numbers."""
    others = [number for number in numbers if number != word and number.kind != "whole"]
    wholes = [number for number in numbers if number.kind == "whole"]
    clause = " ".join(clause_around(set_apart(text, wholes), word.start, word.end))
    counted = {phrase(text[number.start : number.end]) for number in others}
    return not without(words_in(clause), own.filler, own.connectives, counted)


def _rivals(
    text: str, word: Number, score: Number, numbers: list[Number], scale: range, own: ReplyLexicon
) -> bool:
    """Whether a number word may be the score instead: "9 or ten", "three, max 10"; not "9, two people helped me"."""
    if score.is_fraction or word.value == score.value:
        return False
    first, second = sorted((word, score), key=lambda number: number.start)
    between = text[first.end : second.start]
    if words_in(between) and not without(words_in(between), own.connectives):
        return True
    together = not CLAUSE_END.search(between)
    if phrase(text[word.start : word.end]) in own.only_alone:  # "un 10" is "a 10"
        return not together and _is_alone(text, word, numbers, own)
    return (together and score.value == scale[-1]) or _is_alone(text, word, numbers, own)


def _told(text: str, score: Number, wholes: Iterable[Number], own: ReplyLexicon) -> ScoreReply:
    """The score with the text around it."""
    cuts = sorted([score, *wholes], key=lambda number: number.start)
    edges = [0, *(edge for cut in cuts for edge in (cut.start, cut.end)), len(text)]
    return _with_comment(score.value, [text[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)], own)


def _with_comment(value: int, parts: Iterable[str], own: ReplyLexicon) -> ScoreReply:
    kept = [comment for part in parts if (comment := _comment(part, own))]
    # "sorry, 8", "I meant 8", "a rating of 8", "un 8"
    if all(_is_small_talk(each, own.filler | own.corrections | own.only_alone | own.out_of) for each in kept):
        return ScoreReply(value, bare=True)
    return ScoreReply(value, " ".join(kept))


def _comment(part: str, lexicon: ReplyLexicon) -> str:
    """The text beside the score if it is a comment: an emoji is, "I'd say" and "thanks" are not."""
    if _is_small_talk(part, lexicon.filler):
        return ""
    return re.sub(r"^[\s.,;:!?()*+/~=\-–—…،؛]+|[\s,;:(*+/~=\-–—،؛]+$", "", part)


def _is_small_talk(part: str, filler: frozenset[str]) -> bool:
    symbols = any(unicodedata.category(character) == "So" for character in part)
    return not symbols and not without(words_in(part), filler)


def fault_of(text: str, scale: range, own: ReplyLexicon) -> Literal["off_scale", "several"] | None:
    """What is wrong with a reply that is nothing but one number off the scale, or two numbers."""
    bare = text
    numbers = list(re.finditer(r"\d+", text))
    for match in reversed(numbers):
        bare = f"{bare[: match.start()]} {bare[match.end() :]}"
    if not numbers or without(words_in(bare), own.filler, own.connectives, own.corrections):
        return None
    values = [small(match[0]) for match in numbers]
    if len(values) == 1:
        return "off_scale" if values[0] not in scale and stands_free(text, *numbers[0].span()) else None
    joined = re.fullmatch(r"\s*(?:[-–—,]|[^\W\d_]+)\s*", text[numbers[0].end() : numbers[1].start()])
    return "several" if len(values) == 2 and joined and all(value in scale for value in values) else None


def _spoken(text: str, numbers: list[Number], scale: range, own: ReplyLexicon) -> ScoreReply | None:
    words = words_in(text)
    if len(words) > 3 and not (numbers and _is_a_correction(words, numbers, own)):
        return None
    meant = without(words, own.filler)
    if (scale[0], scale[-1]) == (0, 1) and (thumb := _thumb(meant, own)) is not None:
        return thumb
    if len(numbers) != 1 or (own.negations | own.negations_after).intersection(meant):
        return None
    number = numbers[0]
    counts = counts_something(text[number.end :], number.value, own)
    if number.value not in scale or counts or is_bounded(text, number.start, number.end, own):
        return None
    if len(meant) > 1 and phrase(text[number.start : number.end]) in own.only_alone:
        return None
    return _told(text, number, (), own)


def _is_a_correction(words: list[str], numbers: list[Number], own: ReplyLexicon) -> bool:
    """Whether it is only a correction: "sorry I meant nine"."""
    return len(numbers) == 1 and len(without(words, own.filler, own.corrections)) == 1


def _thumb(meant: list[str], own: ReplyLexicon) -> ScoreReply | None:
    """A reply that is only yes or no ("no problem" is not a no). Not `bare`, because "no" can mean "no comment"."""
    said = without(meant, own.corrections - own.yes - own.no)
    if len(set(said)) != 1:
        return None
    corrected = len(said) != len(meant)
    if said[0] in own.yes | {"👍"}:
        return ScoreReply(1, bare=corrected)
    return ScoreReply(0, bare=corrected) if said[0] in own.no | {"👎"} else None


def label_in(text: str, labels: Mapping[str, int], own: ReplyLexicon) -> ScoreReply | None:
    """A reply that is a label of the scale, or begins with one as a sentence: "Very satisfied. Thank you"."""
    first, _, rest = text.partition("\n") if "\n" in text else _first_sentence(text)
    for said, comment in ((text, ""), (first, rest)):
        found = points_named(said, labels, own)
        if len(found) == 1:
            # Never `bare`: after the score these are words, too.
            return ScoreReply(found.pop(), _comment(comment, own))
    return None


def points_named(said: str, labels: Mapping[str, int], own: ReplyLexicon) -> set[int]:
    """The points of the scale that these words are the label of."""
    words = words_in(said)
    once = words[:1] if len(set(words)) == 1 else words  # "👍👍"
    meant = {" ".join(words), " ".join(without(words, own.filler)), " ".join(once)} - {""}
    return {value for label, value in labels.items() if phrase(label) in meant}


def _first_sentence(text: str) -> tuple[str, str, str]:
    end = re.search(r"[.!؟?…]\s+", text)
    return (text[: end.start()], "", text[end.end() :]) if end else (text, "", "")


def _in_stars(text: str, scale: range, own: ReplyLexicon) -> ScoreReply | None:
    """ "⭐⭐⭐⭐" is 4 on a scale up to 5; empty stars are not counted."""
    found = list(STARS.finditer(text))
    if len(found) != 1 or scale[-1] != 5:
        return None
    start, end = found[0].span()
    value = sum(text[start:end].count(star) for star in STAR)
    stars = Number("score", value, start, end)
    return _told(text, stars, (), own) if value in scale and _is_answer(text, stars, (), own) else None
