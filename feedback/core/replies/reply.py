"""Interprets a customer's SMS reply to a survey.

The order of the tests matters. Opt-outs come first and are recognised in every language, because missing one is
illegal and annoys the customer. Then come HELP and START, then a score, but only if it is unambiguous: "8 or 9",
"9.5" and "I waited 5 minutes" are no scores but reasons to ask once more, and so is a 10 that may be the end of
the scale. What a phone or an office writes by itself is no answer.

`words` loads the words, `opt_outs`, `automatic` and `scores` each recognise one kind of reply.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from feedback.core.replies.automatic import automatic_reply, reaction_in
from feedback.core.replies.clauses import without
from feedback.core.replies.meanings import Automatic, Help, Meaning, ScoreReply, Start, Stop, Unclear
from feedback.core.replies.numbers import without_endings
from feedback.core.replies.opt_outs import opt_out
from feedback.core.replies.scores import fault_of, label_in, points_named, score_in
from feedback.core.replies.words import (
    ReplyLexicon,
    all_languages,
    lexicon_for,
    phrase,
    plain_digits,
    words_in,
)
from feedback.core.text.localized import is_blank

__all__ = [
    "Automatic",
    "Help",
    "Meaning",
    "ScoreReply",
    "Start",
    "Stop",
    "Unclear",
    "has_words",
    "says_something",
    "understand",
    "understand_apart_from_stop",
]


LONGEST_READ = 2_000
"""Characters of a reply that are read; an SMS has at most 1,600. The time for it grows with the square."""


def understand(
    text: str, *, minimum: int, maximum: int, language: str, labels: Mapping[str, int] | None = None
) -> Meaning:
    """The meaning of `text` as a reply to a question on the scale `minimum` to `maximum`.

    `language` is the invitation's ("tr", "en-GB"): number words, yes and no are read in that language only.
    Thumbs are the scale 0 to 1. `labels` are the words of the scale and their points; the whole reply, or its first
    sentence, may be one of them. Of a text longer than `LONGEST_READ` no score is read, only opt-outs at its beginning
    or end; all of it is in the `Unclear`. Never raises.
    """
    if len(text) > LONGEST_READ:
        return _too_long(text, own=lexicon_for(language))
    everyone, own = all_languages(), lexicon_for(language)
    if reaction := reaction_in(text, everyone):
        return reaction
    shown = without_endings(plain_digits(text), everyone)
    message = phrase(text)
    stop = opt_out(shown, everyone, own)
    if stop in ("certain", "likely"):
        return Stop(stop)
    if message in everyone.help:
        return Help()
    if message in everyone.start:
        return Start()
    said = _said(text, shown, range(minimum, maximum + 1), language, labels or {})
    return Stop(stop, said) if stop else said


def understand_apart_from_stop(
    text: str, *, minimum: int, maximum: int, language: str, labels: Mapping[str, int] | None = None
) -> ScoreReply | Unclear | Automatic:
    """The rest of a reply's meaning, as `understand`, after a person has decided that it is no opt-out."""
    if len(text) > LONGEST_READ:
        return Unclear(text.strip())
    shown = without_endings(plain_digits(text), all_languages())
    return _said(text, shown, range(minimum, maximum + 1), language, labels or {})


def _too_long(text: str, own: ReplyLexicon) -> Meaning:
    everyone = all_languages()
    for part in (text[:LONGEST_READ], text[-LONGEST_READ:]):
        if stop := opt_out(without_endings(plain_digits(part), everyone), everyone, own):
            return Stop("likely" if stop == "certain" else stop, Unclear(text.strip()))
    return Unclear(text.strip())


def _said(
    text: str, shown: str, scale: range, language: str, labels: Mapping[str, int]
) -> ScoreReply | Unclear | Automatic:
    everyone, own = all_languages(), lexicon_for(language)
    score = score_in(shown, scale, own, everyone)
    if score and points_named(score.comment, labels, own) - {score.value}:
        score = None  # "5 very dissatisfied"
    elif score is None:
        score = label_in(shown, labels, own)
    return (
        automatic_reply(shown, score, everyone) or score or Unclear(text.strip(), fault_of(shown, scale, own))
    )


def says_something(text: str) -> bool:
    """Whether `text` contains a word, a number or an emoji; "." and "--" are not comments."""
    said = any(character.isalnum() or unicodedata.category(character) == "So" for character in text)
    return said and not is_blank(text)


def has_words(text: str, language: str) -> bool:
    """Whether an unclear reply says something besides numbers and polite words, so that it is worth a comment."""
    if len(text) > LONGEST_READ:
        return says_something(text)
    own = lexicon_for(language)
    rest = without(words_in(plain_digits(text)), own.filler, own.connectives, own.corrections, own.numbers)
    return any(not word.isdigit() for word in rest)
