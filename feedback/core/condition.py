"""Conditions on earlier answers, as written in `show_if` and `when`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from feedback.core.answer import Answer, Chosen
from feedback.core.text.folding import fold_any
from feedback.core.text.translatable import message

TESTS = ("is_", "band", "at_least", "at_most", "contains", "answered")


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


OneOrMore = Annotated[
    tuple[str | int, ...],
    BeforeValidator(_as_tuple, json_schema_input_type=str | int | tuple[str | int, ...]),
]
Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple, json_schema_input_type=str | tuple[str, ...])]


class Banded(Protocol):
    """A question whose scores have bands; `band` returns None if they have none."""

    def band(self, value: int) -> str | None: ...


class Condition(BaseModel):
    """A test of one earlier answer, or `all` / `any` / `not` over several conditions.

    If the question was not answered, every test is false except `answered: false`.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, populate_by_name=True, defer_build=True
    )

    question: str | None = None
    is_: OneOrMore | None = Field(None, alias="is", description="one of these options or values")
    band: Names | None = Field(None, description="the score lies in one of these bands, e.g. detractor")
    at_least: int | float | None = None
    at_most: int | float | None = None
    contains: Names | None = Field(None, description="one of these words is in the customer's own words")
    answered: bool | None = None
    all: tuple[Condition, ...] | None = Field(None, strict=False)
    any: tuple[Condition, ...] | None = Field(None, strict=False)
    not_: Condition | None = Field(None, alias="not")

    @model_validator(mode="after")
    def _one_form(self) -> Condition:
        groups = [form for form in (self.all, self.any, self.not_) if form is not None]
        tests = [name for name in TESTS if getattr(self, name) is not None]
        if self.question is None:
            if len(groups) != 1 or tests:
                raise ValueError(
                    message(
                        "Write `question:` with a test (is, band, at_least, at_most, contains, answered), "
                        "or one of all, any, not."
                    )
                )
        elif groups:
            raise ValueError(
                message("`question:` and all/any/not do not go together; put the test inside the list.")
            )
        elif not tests:
            raise ValueError(
                message("Say what the answer must be: is, band, at_least, at_most, contains or answered.")
            )
        return self

    def questions(self) -> Iterator[str]:
        """Keys of the questions that the condition refers to."""
        yield from (leaf.question for leaf in self.leaves() if leaf.question is not None)

    def leaves(self) -> Iterator[Condition]:
        """The tests of single questions in the condition."""
        yield from (leaf for _, leaf in self.places())

    @property
    def bounds(self) -> tuple[int | float, ...]:
        """The numbers with which the test of a leaf compares."""
        numbers = (self.at_least, self.at_most, *(self.is_ or ()))
        return tuple(each for each in numbers if isinstance(each, int | float))

    def places(self) -> Iterator[tuple[tuple[str | int, ...], Condition]]:
        """The leaves, each with the way to it from here: ("all", 0, "not")."""
        if self.question is not None:
            yield (), self
        for name, parts in (("all", self.all), ("any", self.any)):
            for number, part in enumerate(parts or ()):
                yield from (((name, number, *path), leaf) for path, leaf in part.places())
        if self.not_:
            yield from ((("not", *path), leaf) for path, leaf in self.not_.places())

    def holds(self, answers: Mapping[str, Answer], questions: Mapping[str, Banded]) -> bool:
        """Whether these answers satisfy the condition."""
        if self.all is not None:
            return all(part.holds(answers, questions) for part in self.all)
        if self.any is not None:
            return any(part.holds(answers, questions) for part in self.any)
        if self.not_ is not None:
            return not self.not_.holds(answers, questions)
        assert self.question is not None  # noqa: S101 - the validator above allows nothing else
        answer = answers.get(self.question)
        if self.answered is not None and self.answered != (answer is not None):
            return False
        if answer is None:
            return self.answered is False
        return self._has_words(answer.text) and self._fits(answer.value, questions.get(self.question))

    def _has_words(self, text: str | None) -> bool:
        return self.contains is None or any(_says(text, words) for words in self.contains)

    def _fits(self, value: Chosen, question: Banded | None) -> bool:
        number = value if isinstance(value, int | float) else None
        if self.is_ is not None and not _chosen(value) & {str(each) for each in self.is_}:
            return False
        if self.at_least is not None and (number is None or number < self.at_least):
            return False
        if self.at_most is not None and (number is None or number > self.at_most):
            return False
        if self.band is None:
            return True
        return isinstance(number, int) and question is not None and question.band(number) in self.band


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
