"""Conditions on earlier answers and on what is known of the customer, as written in `show_if` and `when`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, ClassVar, Protocol, Self

from pydantic import BeforeValidator, Field, model_validator

from feedback.core.answer import Answer, Chosen
from feedback.core.audience import FACT_TESTS, NOBODY, Facts, FactTest, SurveyFact, as_tuple
from feedback.core.text.folding import fold_any
from feedback.core.text.translatable import message

ANSWER_TESTS = ("is_", "band", "at_least", "at_most", "contains", "answered")
Names = Annotated[tuple[str, ...], BeforeValidator(as_tuple, json_schema_input_type=str | tuple[str, ...])]


class Banded(Protocol):
    """A question whose scores have bands; `band` returns None if they have none."""

    def band(self, value: int) -> str | None: ...


class Condition(FactTest):
    """A test of one earlier answer or of one fact, or `all` / `any` / `not` over several conditions.

    If the question was not answered, every test is false except `answered: false`. If the fact is not known, every
    test is false except `is_not` and `known: false`.
    """

    SUBJECTS: ClassVar = (
        ("question", ANSWER_TESTS),
        *((kind, FACT_TESTS) for kind in ("account", "contact", "event", "survey")),
    )

    question: str | None = None
    event: str | None = Field(
        None, description="a property of the event that led to the survey, one of `fields`"
    )
    survey: SurveyFact | None = Field(None, description="the language or the channel of the survey")
    band: Names | None = Field(None, description="the score lies in one of these bands, e.g. detractor")
    answered: bool | None = None
    all: tuple[Condition, ...] | None = Field(None, strict=False)
    any: tuple[Condition, ...] | None = Field(None, strict=False)
    not_: Condition | None = Field(None, alias="not")

    @model_validator(mode="after")
    def _answers_are_no_truths_and_no_days(self) -> Self:
        if self.question is None:
            return self
        for value in (*(self.is_ or ()), *(self.contains or ())):
            if isinstance(value, bool):
                raise ValueError(
                    message("An answer is never {value}. Put quotes around a word.", value=str(value).lower())
                )
        if isinstance(self.at_least, str) or isinstance(self.at_most, str):
            raise ValueError(message("at_least and at_most of an answer are numbers."))
        return self

    def questions(self) -> Iterator[str]:
        """Keys of the questions that the condition refers to."""
        yield from (leaf.question for leaf in self.leaves() if leaf.question is not None)

    def facts(self) -> Iterator[str]:
        """The facts that the condition looks at, such as `account.segment`."""
        yield from (leaf.fact for leaf in self.leaves() if leaf.fact is not None)

    @property
    def bounds(self) -> tuple[int | float, ...]:
        """The numbers with which the test of a leaf compares."""
        numbers = (self.at_least, self.at_most, *(self.is_ or ()))
        return tuple(each for each in numbers if isinstance(each, int | float))

    def holds(
        self, answers: Mapping[str, Answer], questions: Mapping[str, Banded], facts: Facts = NOBODY
    ) -> bool:
        """Whether these answers, of somebody of whom these facts are known, satisfy the condition."""
        if self.question is not None:  # most conditions; each page tests them many times
            return self._is_met(self.question, answers, questions)
        return self.judged(lambda leaf: leaf._passes(answers, questions, facts))

    def _passes(self, answers: Mapping[str, Answer], questions: Mapping[str, Banded], facts: Facts) -> bool:
        if self.question is None:
            return self.is_true_of(facts)
        return self._is_met(self.question, answers, questions)

    def _is_met(self, key: str, answers: Mapping[str, Answer], questions: Mapping[str, Banded]) -> bool:
        answer = answers.get(key)
        if self.answered is not None and self.answered != (answer is not None):
            return False
        if answer is None:
            return self.answered is False
        return self._has_words(answer.text) and self._meets(answer.value, questions.get(key))

    def _has_words(self, text: str | None) -> bool:
        return self.contains is None or any(_says(text, str(words)) for words in self.contains)

    def _meets(self, value: Chosen, question: Banded | None) -> bool:
        number = value if isinstance(value, int | float) else None
        if self.is_ is not None and not _chosen(value) & {str(each) for each in self.is_}:
            return False
        if not _reaches(number, self.at_least, 1) or not _reaches(number, self.at_most, -1):
            return False
        if self.band is None:
            return True
        return isinstance(number, int) and question is not None and question.band(number) in self.band


def _reaches(number: float | None, bound: float | str | None, side: int) -> bool:
    """Whether a number is not below a bound (`side` 1), or not above it (-1)."""
    if bound is None:
        return True
    return number is not None and isinstance(bound, int | float) and (number - bound) * side >= 0


def _says(text: str | None, words: str) -> bool:
    """Whether a text has these words, at the beginning of a word; case, accents and letter forms do not matter."""
    wanted = " ".join(re.findall(r"\w+", fold_any(words)))
    said = " ".join(re.findall(r"\w+", fold_any(text or "")))
    return bool(wanted) and f" {wanted}" in f" {said}"


def _chosen(value: Chosen) -> set[str]:
    if isinstance(value, dict):
        return {str(each) for each in value.values()}
    if isinstance(value, tuple | list):
        return {str(each) for each in value}
    return {str(value)}


class UnknownQuestionError(ValueError):
    """A condition looks at a question that is not there: the way to its key, and the keys that it can look at."""

    def __init__(self, told: str, path: tuple[str | int, ...], key: str, known: Sequence[str]) -> None:
        super().__init__(told)
        self.path, self.key, self.known = path, key, tuple(known)


def look_at(
    condition: Condition, path: tuple[str | int, ...], seen: Sequence[str], told: str, of: str = ""
) -> None:
    """Raise UnknownQuestionError if a condition looks at a question that is not among those seen before it.

    `told` is what is wrong, with `{key}` for that question and `{of}` for the one that the condition belongs to.
    """
    for inner, leaf in condition.places():
        if leaf.question is not None and leaf.question not in seen:
            where = (*path, *inner, "question")
            said = message(told, key=leaf.question, of=of)
            raise UnknownQuestionError(said, where, leaf.question, seen)
