"""The answers of one question that a reply by SMS can name: by a number, a label, or the beginning of a label.

A list of options gets numbers from 1, in the order in which it is shown; the ways to give no answer follow. The
points of a scale are their own numbers; the ways to give no answer can then only be said in words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeGuard

from feedback.core.answer import DONT_KNOW, NOT_APPLICABLE, PREFER_NOT_TO_SAY, Answer
from feedback.core.questions import Question, ScaleQuestion, SingleQuestion
from feedback.core.replies.reply import Meaning, ScoreReply, Stop, Unclear, understand
from feedback.core.replies.words import lexicon_for, phrase, plain_digits
from feedback.core.text.localized import Text

MOST_LISTED = 9
"""Answers that an SMS lists at most, so that each has one digit."""
MOST_QUESTIONS = 3
"""Questions that are asked by SMS at most, the comment included: more, and people stop answering."""
THUMBS = 5
"""Up to so many points, a thumb is the end of the scale."""
_MARKS = r".,;:!?()\n\-–—،؛؟"
"""Between these a number stands apart."""
_SHORTEST = 3
"""Letters of the beginning of a label, unless they are its whole first word."""

Numbered = ScaleQuestion | SingleQuestion
Reader = Callable[..., Meaning]
"""`understand`, or `understand_apart_from_stop`."""


def is_askable(question: Question) -> TypeGuard[Numbered]:
    """Whether a number by SMS can answer the question: a scale, or a choice of one in a short list."""
    if isinstance(question, SingleQuestion):
        return len(question.options) + len(question.opt_outs) <= MOST_LISTED
    return isinstance(question, ScaleQuestion)


@dataclass(frozen=True)
class Offered:
    """The answers of a question in one language. `answers` are found by their numbers, `listed` is what an SMS says of
    each; numbers outside `minimum` to `maximum` stand for answers that are only said in words."""

    minimum: int
    maximum: int
    answers: Mapping[int, Answer]
    labels: Mapping[str, int]
    listed: Sequence[tuple[int, str]]
    is_list: bool
    boxes: frozenset[int] = frozenset()

    def read(self, text: str, language: str, reader: Reader = understand) -> Meaning:
        """The meaning of a reply; of an `OfferedReply` the value is one of `answers`."""
        shown, labels = text, dict(self.labels)
        if self.is_list:
            shown = self._with_a_full_stop(text)
            labels |= self._beginning(text, language)
        meaning = reader(shown, minimum=self.minimum, maximum=self.maximum, language=language, labels=labels)
        if isinstance(meaning, Unclear):
            return replace(meaning, text=text.strip())
        if not self.is_list:
            return meaning
        if isinstance(meaning, Stop) and isinstance(meaning.said, ScoreReply):
            said = self._certain(text, meaning.said)
            return replace(meaning, said=said)
        return self._certain(text, meaning) if isinstance(meaning, ScoreReply) else meaning

    def answer(self, meaning: ScoreReply) -> Answer:
        """What a reply answers, with its words if the chosen option asks for some."""
        chosen = self.answers[meaning.value]
        if meaning.value in self.boxes and meaning.comment:
            return Answer(chosen.value, meaning.comment)
        return chosen

    def takes_words(self, meaning: ScoreReply) -> bool:
        """Whether the words beside the number belong to the chosen option."""
        return meaning.value in self.boxes

    def _certain(self, text: str, said: ScoreReply) -> ScoreReply | Unclear:
        """The reply, if its number stands apart from its words and begins no other option: not "1 thing I miss"."""
        shown, whole = plain_digits(text), phrase(text)
        mine = [phrase(label) for label, value in self.labels.items() if value == said.value]
        if any(f"{whole} ".startswith(f"{label} ") for label in mine):
            return said
        others = [phrase(label) for label, value in self.labels.items() if value != said.value]
        number = str(said.value)
        if any(f"{label} ".startswith(f"{number} ") for label in others):
            return Unclear(text.strip())  # "3", and there is an option "3 months"
        is_apart = re.search(rf"(?:^|[{_MARKS}])\s*{number}\s*(?:[{_MARKS}]|$)", shown)
        return said if is_apart or not said.comment else Unclear(text.strip())

    def _beginning(self, text: str, language: str) -> dict[str, int]:
        """The reply as the label of the one option that it is the beginning of."""
        said = phrase(text)
        if not said or said in map(phrase, self.labels):
            return {}
        begun = {
            value
            for label, value in self.labels.items()
            if phrase(label).startswith(said)
            and (len(said) >= _SHORTEST or f"{phrase(label)} ".startswith(f"{said} "))
        }
        is_word = any(each.isalpha() for each in said) and said not in lexicon_for(language).filler
        return {text: begun.pop()} if len(begun) == 1 and is_word else {}

    def _with_a_full_stop(self, text: str) -> str:
        """ "Other: the driver" as "Other. the driver", so that what is in front is read as a label."""
        head, colon, rest = re.match(r"([^:،,;\n]*)([:،,;]?)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
        return f"{head}. {rest.strip()}" if colon and phrase(head) in map(phrase, self.labels) else text


def offered(question: Numbered, language: str, seed: str, no_answer: Mapping[str, str]) -> Offered:
    """The answers of a question. `seed` decides a shuffled order; `no_answer` are the page's own words for the ways to
    give no answer, by value."""
    if isinstance(question, SingleQuestion):
        return _list(question, language, seed, no_answer)
    return _scale(question, language, no_answer)


def _scale(question: ScaleQuestion, language: str, no_answer: Mapping[str, str]) -> Offered:
    points = question.points(language)
    labels = {each.label: each.value for each in points if each.label}
    if question.maximum - question.minimum < THUMBS and not question.high_is_bad:
        labels |= {"👍": question.maximum, "👎": question.minimum}
    answers = {each.value: Answer(each.value) for each in points}
    for number, (value, words) in enumerate(_no_answers(question, language, no_answer), 1):
        answers[question.minimum - number] = Answer(value)
        labels = _with_more(labels, words, question.minimum - number)
    listed = [(each.value, each.label) for each in points] if all(each.label for each in points) else []
    return Offered(question.minimum, question.maximum, answers, labels, listed, is_list=False)


def _list(question: SingleQuestion, language: str, seed: str, no_answer: Mapping[str, str]) -> Offered:
    options = question.arranged(seed)
    listed = [(number, option.text.to(language)) for number, option in enumerate(options, 1)]
    answers = {number: Answer(option.key) for number, option in enumerate(options, 1)}
    boxes = frozenset(number for number, option in enumerate(options, 1) if option.other_text)
    labels = {label: number for number, label in listed}
    labels = _with_agreement(labels, language)
    for number, (value, words) in enumerate(_no_answers(question, language, no_answer), len(options) + 1):
        answers[number] = Answer(value)
        listed.append((number, words[0]))
        labels = _with_more(labels, words, number)
    return Offered(1, len(listed), answers, labels, listed, is_list=True, boxes=boxes)


def _no_answers(
    question: Numbered, language: str, no_answer: Mapping[str, str]
) -> Iterator[tuple[str, list[str]]]:
    """(value, its wording and other words for it) of each way to give no answer."""
    own = lexicon_for(language)
    usual = {
        NOT_APPLICABLE: own.not_applicable,
        DONT_KNOW: own.dont_know,
        PREFER_NOT_TO_SAY: own.prefer_not_to_say,
    }
    for value, wording in question.opt_outs.items():
        shown = wording.to(language) if isinstance(wording, Text) else no_answer[value]
        yield value, [shown, *sorted(usual[value])]


def _with_agreement(labels: Mapping[str, int], language: str) -> dict[str, int]:
    """With other words for yes and no, if these are options: "yep"."""
    own, found = lexicon_for(language), dict(labels)
    for label, number in labels.items():
        for words in (own.yes, own.no):
            if phrase(label) in words:
                found = _with_more(found, sorted(words), number)
    return found


def _with_more(labels: Mapping[str, int], words: Iterable[str], number: int) -> dict[str, int]:
    """With more words for an answer, except those that are a label already."""
    known = set(map(phrase, labels))
    return {**labels, **{each: number for each in words if phrase(each) not in known}}
