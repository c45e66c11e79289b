"""What an answer is in the columns of its question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime

from feedback.core.answer import Answer
from feedback.core.questions import (
    ChoiceQuestion,
    ConsentQuestion,
    DateQuestion,
    MatrixQuestion,
    Question,
    RankingQuestion,
)
from feedback.services.exports.columns import ANSWERED, WORDING, WORDS, own

Cell = str | int | float | date | datetime | None
"""A number or day; or a text: in a column of numbers or days, the key of one of its values."""


def cells(question: Question, answer: Answer, given: Mapping[str, Answer]) -> Iterator[tuple[str, Cell]]:
    """(part, value) for each column that the answer fills; `given` are all answers of the response."""
    value = answer.value
    if isinstance(value, str) and value in question.opt_outs:
        yield from ((part, value) for part in _coded_parts(question))
    elif isinstance(question, RankingQuestion):
        ranked = value if isinstance(value, tuple) else ()
        yield from ((key, place) for place, key in enumerate(ranked, 1))
    elif isinstance(question, ChoiceQuestion):
        yield from _chosen(question, answer, given)
    elif isinstance(question, MatrixQuestion):
        yield from (value.items() if isinstance(value, dict) else ())
    elif isinstance(question, ConsentQuestion):
        yield from () if value is None else (("", "agreed"), (own(WORDING), str(value)))
    elif isinstance(question, DateQuestion):
        yield "", _day(value)
    elif question.widget == "text":
        yield "", answer.text
        yield own(ANSWERED), 1
    elif isinstance(value, str | int | float):
        yield "", value


def _chosen(
    question: ChoiceQuestion, answer: Answer, given: Mapping[str, Answer]
) -> Iterator[tuple[str, Cell]]:
    chosen = answer.value if isinstance(answer.value, tuple) else (answer.value,)
    if not question.multiple:
        yield "", str(chosen[0]) if chosen[0] is not None else None
    else:
        aside = next((way for key in chosen if (way := _way(question, str(key)))), None)
        asked = question.narrowed(given) or question if question.options_from else question
        nothing: Cell = (
            0 if aside is None else aside
        )  # "none of these apply to me" is no answer to the others
        yield from ((each.key, 1 if each.key in chosen else nothing) for each in asked.options)
    yield own(WORDS), answer.text


def _way(question: ChoiceQuestion, key: str) -> str | None:
    option = question.option(key)
    return option.role if option and option.role in ("not_applicable", "prefer_not_to_say") else None


def _coded_parts(question: Question) -> Iterator[str]:
    if isinstance(question, MatrixQuestion):
        yield from (row.key for row in question.rows)
    elif isinstance(question, ChoiceQuestion) and question.multiple:
        yield from (option.key for option in question.options)
    else:
        yield own(ANSWERED) if question.widget == "text" else ""


def _day(value: object) -> Cell:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
