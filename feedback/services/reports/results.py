"""What was answered to each question of a survey: counts, and shares with intervals; all read from the rollups.

"Does not apply", "I don't know" and refusals are shown with the answers but are not in the base of the shares.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from feedback.core.metrics import Display, display, protected
from feedback.core.metrics.intervals import Interval, Moments, newcombe, t_interval, wilson
from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import (
    ChoiceQuestion,
    MatrixQuestion,
    NumberQuestion,
    Question,
    RankingQuestion,
    ScaleQuestion,
)
from feedback.core.questions.base import GIVEN, NO_ANSWER
from feedback.core.text.localized import Text
from feedback.core.time.period import Period
from feedback.errors import NotFound
from feedback.library import Library
from feedback.services.reports.scores import EVERYBODY, Group
from feedback.services.reports.series import published
from feedback.services.rollups import DAY, MONTH
from feedback.store.models import AnswerCount

Counts = Mapping[str, Mapping[str, int]]
"""Item -> value -> number of answers (`Question.tallies`)."""


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question as it is asked now, or was last. `options` also has those of earlier versions: key -> text."""

    question: Question
    options: Mapping[str, Text]


@dataclass(frozen=True, slots=True)
class Survey:
    """The questions of all questionnaires with one trend, in the order of the newest one."""

    trend: str
    title: Text
    questionnaires: tuple[str, ...]
    questions: tuple[AskedQuestion, ...]


@dataclass(frozen=True, slots=True)
class ChosenShare:
    """How many of `base` people chose something. `share` and the interval (Wilson, 95 %) are between 0 and 1.

    `change` is the interval of the difference to the previous period (Newcombe); None if either base is too small.
    """

    n: int
    base: int
    n_before: int
    base_before: int

    @property
    def share(self) -> float:
        return self.n / self.base

    @property
    def interval(self) -> Interval:
        return wilson(self.n, self.base)

    @property
    def change(self) -> Interval | None:
        if Display.HIDDEN in (display(self.base), display(self.base_before)):
            return None
        return newcombe(self.n, self.base, self.n_before, self.base_before)


@dataclass(frozen=True, slots=True)
class Distribution:
    """Numbers that were typed or points that were chosen; `counts` is value -> number of answers, lowest first."""

    counts: Mapping[float, int]

    @property
    def n(self) -> int:
        return sum(self.counts.values())

    @property
    def mean(self) -> float:
        return sum(value * n for value, n in self.counts.items()) / self.n

    @property
    def interval(self) -> Interval | None:
        """Of the mean, by Student's t; None for fewer than two answers or if all are equal."""
        if self.n < 2:
            return None
        squares = sum(n * (value - self.mean) ** 2 for value, n in self.counts.items())
        return t_interval(Moments(self.n, self.mean, squares / (self.n - 1)))

    def quantile(self, share: float) -> float:
        """The smallest value that at least this share of the answers does not exceed (Hyndman and Fan 1996, type 2).

        Between two values the middle is taken, so the median of 1, 2, 3 and 4 is 2.5.
        """
        wanted, reached, values = share * self.n, 0, list(self.counts)
        for place, value in enumerate(values):
            reached += self.counts[value]
            if reached > wanted:
                return value
            if reached == wanted:
                return (value + values[min(place + 1, len(values) - 1)]) / 2
        raise ValueError("There is no quantile of nothing.")


@dataclass(frozen=True)
class QuestionResult:
    """The answers to one question in a period, and in the one before.

    A `covered` result has too few answers in its group, or would reveal another group that has: show no number of it.
    """

    asked: AskedQuestion
    counts: Counts
    before: Counts
    covered: bool = False

    @property
    def question(self) -> Question:
        return self.asked.question

    @cached_property
    def n(self) -> int:
        """The number of people who answered, without those who opted out."""
        return _answered(self.counts)

    @property
    def display(self) -> Display:
        return Display.HIDDEN if self.covered else display(self.n)

    @property
    def opted_out(self) -> Mapping[str, int]:
        """How many chose each of the ways to give no answer."""
        return self.counts.get(NO_ANSWER, {})

    def opted_out_of(self, row: str) -> int:
        """How many opted out of one row of a matrix."""
        return sum(self.counts.get(f"{NO_ANSWER}{row}", {}).values())

    def shares(self, item: str = "") -> dict[str, ChosenShare]:
        """Value -> share of the people who answered this item; also values that nobody chose, in their order."""
        here, there = (_values(each, item) for each in (self.counts, self.before))
        base, base_before = (_base(each, item) for each in (self.counts, self.before))
        if not base:
            return {}
        known = dict.fromkeys([*self._values_in_order(), *sorted(here)])
        return {
            value: ChosenShare(here.get(value, 0), base, there.get(value, 0), base_before)
            for value in known
            if value in here or value in self._current
        }

    def distribution(self, item: str = "") -> Distribution | None:
        """The answers as numbers; None for questions that have none, or without an answer."""
        if not isinstance(self.question, ScaleQuestion | MatrixQuestion | NumberQuestion | RankingQuestion):
            return None
        found = {float(value): n for value, n in _values(self.counts, item).items()}
        return Distribution(dict(sorted(found.items()))) if found else None

    @cached_property
    def _current(self) -> frozenset[str]:
        question = self.question
        if isinstance(question, RankingQuestion):
            return frozenset(str(place) for place in range(1, question.places + 1))
        if isinstance(question, ChoiceQuestion):
            aside = ("not_applicable", "prefer_not_to_say")
            return frozenset(each.key for each in question.options if each.role not in aside)
        return frozenset(self._values_in_order())

    def _values_in_order(self) -> Sequence[str]:
        question = self.question
        if isinstance(question, RankingQuestion):
            return [str(place) for place in range(1, question.places + 1)]
        if isinstance(question, ChoiceQuestion):
            return list(self.asked.options)
        if isinstance(question, MatrixQuestion):
            return [str(point) for point in range(question.scale.min, question.scale.max + 1)]
        if isinstance(question, ScaleQuestion):
            return [str(point) for point in range(question.minimum, question.maximum + 1)]
        return []


def surveys(session: Session, library: Library) -> list[Survey]:
    """Every survey that was ever published: first those in force, in the order of the library."""
    found: dict[str, Survey] = {}
    for questionnaire in [*library.questionnaires.values(), *published(session, library)]:
        known = found.get(questionnaire.series)
        found[questionnaire.series] = _with(known, questionnaire) if known else survey_of(questionnaire)
    return list(found.values())


def find_survey(known: Sequence[Survey], trend: str) -> Survey:
    """The survey of a trend. Raises NotFound."""
    for each in known:
        if each.trend == trend:
            return each
    raise NotFound("There is no such survey.")


def results(
    session: Session,
    survey: Survey,
    period: Period,
    before: Period,
    group: Group = EVERYBODY,
) -> list[QuestionResult]:
    """The results of each question, in the order of the survey.

    Results of a group are hidden as cells of a breakdown are (`protected`).
    """
    now, then = (_counts(session, survey.trend, each, group) for each in (period, before))
    covered = _covered(session, survey.trend, period, group) if group.is_protected else frozenset()
    keys = [each.question.key for each in survey.questions]
    return [
        QuestionResult(each, now.get(key, {}), then.get(key, {}), key in covered)
        for key, each in zip(keys, survey.questions, strict=True)
    ]


def by_group(
    session: Session, survey: Survey, question: str, period: Period, dimension: str
) -> dict[str, QuestionResult]:
    """Key of the dimension -> the results of one question in that group; small groups are covered. Raises NotFound."""
    asked = next((each for each in survey.questions if each.question.key == question), None)
    if asked is None:
        raise NotFound("There is no such question.")
    found: dict[str, Any] = defaultdict(lambda: defaultdict(Counter))
    rows = _summed(session, survey.trend, period, dimension, AnswerCount.question == question)
    for key, _question, item, value, n in rows:
        found[key][item][value] += n
    covered = protected({key: _answered(each) for key, each in found.items()})
    made = {key: QuestionResult(asked, each, {}, key in covered) for key, each in found.items()}
    return dict(sorted(made.items(), key=lambda pair: (pair[1].covered, -pair[1].n, pair[0])))


def group_sizes(session: Session, survey: Survey, period: Period, dimension: str) -> dict[str, int]:
    """Key of the dimension -> the most people who answered any one question."""
    found: dict[str, Any] = defaultdict(lambda: defaultdict(lambda: defaultdict(dict)))
    for key, question, item, value, n in _summed(session, survey.trend, period, dimension):
        found[key][question][item][value] = n
    return {key: max(_answered(each) for each in asked.values()) for key, asked in found.items()}


def answered_surveys(session: Session, period: Period) -> dict[str, int]:
    """Trend -> number of counted values in the period, to know which surveys have results."""
    rows = session.execute(
        select(AnswerCount.trend, func.sum(AnswerCount.n))
        .where(_within(period, EVERYBODY.dimension))
        .group_by(AnswerCount.trend)
    )
    return {trend: int(n) for trend, n in rows if n}


def answer_counts(session: Session, trend: str, period: Period) -> list[tuple[str, str, str, int]]:
    """(question, item, value, number of answers) of everybody, in no order."""
    rows = _summed(session, trend, period, EVERYBODY.dimension)
    return [(question, item, value, n) for _key, question, item, value, n in rows]


# --- Surveys -----------------------------------------------------------------------------------------


def survey_of(questionnaire: Questionnaire) -> Survey:
    """The questions of one questionnaire."""
    asked = tuple(_asked(each) for each in questionnaire.questions if each.answerable)
    return Survey(questionnaire.series, questionnaire.title, (questionnaire.key,), asked)


def _asked(question: Question) -> AskedQuestion:
    options = (
        {each.key: each.text for each in question.options} if isinstance(question, ChoiceQuestion) else {}
    )
    return AskedQuestion(question, options)


def _with(known: Survey, older: Questionnaire) -> Survey:
    """The survey with the questions and options that only an older version has, or another questionnaire."""
    found = {each.question.key: each for each in known.questions}
    for question in older.questions:
        if question.key not in found:
            if question.answerable:
                found[question.key] = _asked(question)
        elif isinstance(question, ChoiceQuestion):
            present = found[question.key]
            options = {**_asked(question).options, **present.options}
            ordered = {key: options[key] for key in [*present.options, *options]}
            found[question.key] = replace(present, options=ordered)
    keys = tuple(dict.fromkeys([*known.questionnaires, older.key]))
    return replace(known, questionnaires=keys, questions=tuple(found.values()))


# --- Counts ------------------------------------------------------------------------------------------


def _counts(session: Session, trend: str, period: Period, group: Group) -> dict[str, Counts]:
    """Question -> its counts."""
    found: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    only = AnswerCount.key == group.key
    for _key, question, item, value, n in _summed(session, trend, period, group.dimension, only):
        found[question][item][value] = n
    return {question: dict(items) for question, items in found.items()}


def _covered(session: Session, trend: str, period: Period, group: Group) -> frozenset[str]:
    """The questions whose results the group may not show."""
    found: dict[str, Any] = defaultdict(lambda: defaultdict(lambda: defaultdict(dict)))
    for key, question, item, value, n in _summed(session, trend, period, group.dimension):
        found[question][key][item][value] = n
    sizes = {
        question: {key: _answered(counts) for key, counts in groups.items()}
        for question, groups in found.items()
    }
    return frozenset(question for question, each in sizes.items() if group.key in protected(each))


def _summed(
    session: Session, trend: str, period: Period, dimension: str, *more: Any
) -> Iterator[tuple[str, str, str, str, int]]:
    """(key, question, item, value, number of answers) of a period."""
    columns = (AnswerCount.key, AnswerCount.question, AnswerCount.item, AnswerCount.value)
    rows = session.execute(
        select(*columns, func.sum(AnswerCount.n))
        .where(AnswerCount.trend == trend, _within(period, dimension), *more)
        .group_by(*columns)
    )
    return ((key, question, item, value, int(n)) for key, question, item, value, n in rows if n)


def _within(period: Period, dimension: str) -> Any:
    """The fewest cells of a period: whole months, and days at both ends."""
    months, edges = period.parts()
    ranges = [(DAY, each) for each in edges] + ([(MONTH, months)] if months else [])
    return or_(
        *(
            and_(
                AnswerCount.grain == grain,
                AnswerCount.dimension == dimension,
                AnswerCount.start.between(part.start, part.end),
            )
            for grain, part in ranges
        )
    )


def _values(counts: Counts, item: str) -> Mapping[str, int]:
    return {value: n for value, n in counts.get(item, {}).items() if (item, value) != GIVEN}


def _base(counts: Counts, item: str) -> int:
    """The number of people behind the values of an item."""
    given = counts.get(GIVEN[0], {}).get(GIVEN[1])
    return given if given is not None else sum(_values(counts, item).values())


def _answered(counts: Counts) -> int:
    """The number of people who answered a question: of a matrix, those of its most answered row."""
    return max((_base(counts, item) for item in counts if not item.startswith(NO_ANSWER)), default=0)
