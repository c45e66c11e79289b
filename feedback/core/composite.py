"""Scores over several questions: the validated ones (SUS, UMUX-Lite), and those that a questionnaire defines.

A person has the score only if all its items are answered with a point of the scale. The sum over fewer items would be
another score, and "does not apply" has no number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from feedback.core.answer import Answer
from feedback.core.condition import UnknownQuestionError
from feedback.core.instruments import Instrument, instruments
from feedback.core.metrics.several_items import mean_key, top_box_key
from feedback.core.questions import AnyQuestion, MatrixQuestion, ScaleQuestion
from feedback.core.questions.base import Key, Strict
from feedback.core.questions.scale import Points
from feedback.core.text.localized import Text
from feedback.core.text.translatable import message

ItemKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}(\.[a-z][a-z0-9_-]{0,63})?$")]
OF_ITEMS: Mapping[str, tuple[int, frozenset[int]]] = {
    "sus": (10, frozenset({2, 4, 6, 8, 10})),
    "umux-lite": (2, frozenset()),
}
"""Instrument -> how many items it has, and which of them are reversed."""


class OwnScore(Strict):
    """`{key: onboarding, title: Onboarding, items: [speed, help, parts.docs]}`: one score from several ratings."""

    key: Key = Field(description="stable name; scores are stored under it")
    title: Text
    items: tuple[ItemKey, ...] = Field(
        strict=False, min_length=2, description="keys of ratings, or `question.row` of a matrix, of one scale"
    )
    reversed: tuple[ItemKey, ...] = Field(
        (), strict=False, description="items in which a high point is bad, if their scale does not say so"
    )
    count: Literal["mean", "top_box"] = Field(
        "mean", description="mean of the points, or top_box: share of the items with a good answer"
    )
    good: Points | None = Field(None, description="the good points, such as [4, 5]; for top_box")


@dataclass(frozen=True, slots=True)
class ScoreItem:
    """A rating, or one row of a matrix. `reversed` says that its highest point is the worst."""

    key: str
    question: ScaleQuestion | MatrixQuestion
    row: str
    minimum: int
    maximum: int
    reversed: bool

    @property
    def text(self) -> Text:
        if isinstance(self.question, MatrixQuestion):
            return next(row.text for row in self.question.rows if row.key == self.row)
        return self.question.text

    def points(self, stored: object) -> int | None:
        """The points above the worst one that a stored answer stands for; None for an opt-out and the like."""
        value = stored.get(self.row) if self.row and isinstance(stored, dict) else stored
        if not isinstance(value, int) or not self.minimum <= value <= self.maximum:
            return None
        return self.maximum - value if self.reversed else value - self.minimum


@dataclass(frozen=True, slots=True)
class Composite:
    """A score over several items. `least_good` is the least number of points of a good answer, for shares of those."""

    key: str
    title: Text
    metric: str
    items: tuple[ScoreItem, ...]
    least_good: int | None = None

    def of(self, answers: Mapping[str, Answer]) -> int | None:
        """The stored value of the score of one person; None unless all items are answered."""
        stored = {each.question.key: answers.get(each.question.key) for each in self.items}
        return self.value({key: answer.value for key, answer in stored.items() if answer is not None})

    def value(self, stored: Mapping[str, object]) -> int | None:
        """As `of`, from the values by question."""
        found = [each.points(stored.get(each.question.key)) for each in self.items]
        points = [each for each in found if each is not None]
        if len(points) < len(found):
            return None
        return sum(points) if self.least_good is None else sum(each >= self.least_good for each in points)


def composites(defined: Sequence[OwnScore], questions: Sequence[AnyQuestion]) -> tuple[Composite, ...]:
    """The scores over several items: those of validated instruments whose items are all asked, then the defined ones.

    Raises ValueError, with what is wrong as a translatable message.
    """
    taken = [question.key for question in questions]
    found = list(_of_instruments(questions))
    for place, each in enumerate(defined):
        if each.key in taken or each.key in [other.key for other in found]:
            raise ValueError(
                message("The score `{key}` has the key of a question or of another score.", key=each.key)
            )
        found.append(_own(each, place, questions))
    return tuple(found)


def _of_instruments(questions: Sequence[AnyQuestion]) -> Iterator[Composite]:
    taken = {question.key for question in questions}
    for name, (count, reversed_) in OF_ITEMS.items():
        instrument, asked = instruments()[name], _items_of(name, questions)
        if len(asked) < count or any(not _is_unaltered(each, instrument) for each in asked.values()):
            continue
        key = name.replace("-", "_")
        items = tuple(
            _item(asked[number].key, asked[number], "", is_reversed=number in reversed_)
            for number in range(1, count + 1)
        )
        yield Composite(f"{key}_score" if key in taken else key, Text(instrument.title), key, items)


def _items_of(name: str, questions: Sequence[AnyQuestion]) -> dict[int, ScaleQuestion]:
    """Number -> the first question that is this item of an instrument."""
    found: dict[int, ScaleQuestion] = {}
    for question in questions:
        claim = question.instrument
        if isinstance(question, ScaleQuestion) and claim and claim.name == name and claim.item is not None:
            found.setdefault(claim.item, question)
    return {number: each for number, each in found.items() if 1 <= number <= OF_ITEMS[name][0]}


def missing_items(name: str, questions: Sequence[AnyQuestion]) -> list[int]:
    """The numbers of the items of an instrument that are not asked; empty if none of them is."""
    asked = _items_of(name, questions)
    return [number for number in range(1, OF_ITEMS[name][0] + 1) if number not in asked] if asked else []


def _is_unaltered(question: ScaleQuestion, instrument: Instrument) -> bool:
    return (question.minimum, question.maximum, question.high_is_bad) == (
        instrument.minimum, instrument.maximum, instrument.high_is_bad,
    )  # fmt: skip


def _own(defined: OwnScore, place: int, questions: Sequence[AnyQuestion]) -> Composite:
    items = tuple(_found(defined, place, number, questions) for number in range(len(defined.items)))
    unknown = [each for each in defined.reversed if each not in defined.items]
    if unknown:
        raise ValueError(
            message(
                "`{item}` is reversed in the score `{key}`, but is none of its items.",
                item=unknown[0],
                key=defined.key,
            )
        )
    if len(set(defined.items)) < len(defined.items):
        raise ValueError(message("The score `{key}` names an item twice.", key=defined.key))
    first = items[0]
    for each in items:
        if (each.minimum, each.maximum) != (first.minimum, first.maximum):
            raise ValueError(
                message(
                    "The items of the score `{key}` need one scale: `{item}` has {min}-{max}, `{other}` has "
                    "{min2}-{max2}.",
                    key=defined.key, item=first.key, min=first.minimum, max=first.maximum,
                    other=each.key, min2=each.minimum, max2=each.maximum,
                )
            )  # fmt: skip
    ends = (len(items), first.minimum, first.maximum)
    if defined.count == "mean":
        if defined.good is not None:
            raise ValueError(message("`good:` of the score `{key}` needs `count: top_box`.", key=defined.key))
        return Composite(defined.key, defined.title, mean_key(*ends), items)
    good = sorted(set(defined.good or (first.maximum - 1, first.maximum)))
    if good[-1] != first.maximum or good[0] <= first.minimum or len(good) != good[-1] - good[0] + 1:
        raise ValueError(
            message(
                "Good points are some of the points, without a gap, up to the best one, {end}.",
                end=first.maximum,
            )
        )
    key = top_box_key(*ends, good[0], good[-1])
    return Composite(defined.key, defined.title, key, items, good[0] - first.minimum)


def _found(defined: OwnScore, place: int, number: int, questions: Sequence[AnyQuestion]) -> ScoreItem:
    key = defined.items[number]
    name, _, row = key.partition(".")
    question = next((each for each in questions if each.key == name), None)
    is_reversed = key in defined.reversed
    if isinstance(question, ScaleQuestion) and not row:
        return _item(key, question, "", is_reversed=is_reversed or question.high_is_bad)
    if isinstance(question, MatrixQuestion) and row in [each.key for each in question.rows]:
        return _item(key, question, row, is_reversed=is_reversed or question.scale.high_is_bad)
    told = message(
        "The score `{of}` names `{key}`, which is no rating and no row of a matrix.", key=key, of=defined.key
    )
    raise UnknownQuestionError(told, ("scores", place, "items", number), key, list(_item_keys(questions)))


def _item(key: str, question: ScaleQuestion | MatrixQuestion, row: str, *, is_reversed: bool) -> ScoreItem:
    if isinstance(question, MatrixQuestion):
        return ScoreItem(key, question, row, question.scale.min, question.scale.max, is_reversed)
    return ScoreItem(key, question, row, question.minimum, question.maximum, is_reversed)


def _item_keys(questions: Sequence[AnyQuestion]) -> Iterator[str]:
    """Everything that can be an item."""
    for question in questions:
        if isinstance(question, ScaleQuestion):
            yield question.key
        elif isinstance(question, MatrixQuestion):
            yield from (f"{question.key}.{row.key}" for row in question.rows)
