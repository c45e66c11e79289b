"""The series: every scored question, and every score over several, that was ever published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.core.composite import Composite
from feedback.core.metrics import METRICS, Metric
from feedback.core.questionnaire import Questionnaire
from feedback.core.text.localized import Text
from feedback.errors import NotFound
from feedback.library import Library
from feedback.store.models import QuestionnaireVersion
from feedback.store.models.journeys import IN_FORCE

PAST = "-imported"
"""Behind the key of a questionnaire, it is the key of its past answers (`services.imports.answers.history`)."""


@dataclass(frozen=True, slots=True)
class Series:
    """The answers to one scored question, or the scores over several, from all questionnaires with its trend.

    `questionnaires` are their keys. A trend can have several questions, which are separate series.
    """

    trend: str
    question: str
    metric_key: str
    title: Text
    wording: Text
    questionnaires: tuple[str, ...]
    composite: Composite | None = None
    """What it is made of, if it is a score over several questions."""

    @property
    def metric(self) -> Metric:
        return METRICS[self.metric_key]


def all_series(session: Session, library: Library) -> list[Series]:
    """All series: first those of current questionnaires, in the order of the library, then those of older versions."""
    found: dict[tuple[str, str, str], Series] = {}
    for questionnaire in [*library.questionnaires.values(), *published(session, library)]:
        for each in _of(questionnaire):
            known = found.setdefault((each.trend, each.question, each.metric_key), each)
            if questionnaire.key not in known.questionnaires:
                keys = (*known.questionnaires, questionnaire.key)
                found[each.trend, each.question, each.metric_key] = replace(known, questionnaires=keys)
    return list(found.values())


def find_series(known: Iterable[Series], trend: str, question: str | None = None) -> Series:
    """The series of a trend and question; without `question`, the trend's first one. Raises NotFound."""
    listed = list(known)
    for each in listed:
        if each.trend == trend and question in (None, each.question):
            return each
    trends = ", ".join(dict.fromkeys(each.trend for each in listed)) or "none yet"
    raise NotFound(f"There is no trend {trend!r}; known trends: {trends}.")


def past_series(known: Iterable[Series], of: Series) -> list[Series]:
    """The series of past answers that were meant for this one, but were asked in another way or on another scale."""
    marks = {f"{each}{PAST}" for each in of.questionnaires}
    return [
        each
        for each in known
        if each.trend != of.trend and each.metric_key and marks & set(each.questionnaires)
    ]


def composite_series(known: Iterable[Series], trend: str) -> dict[str, Series]:
    """Key -> the scores over several questions of a trend; of one that was computed in another way, the newest."""
    found = [each for each in known if each.trend == trend and each.composite]
    return {each.question: each for each in reversed(found)}


def published(session: Session, library: Library) -> Iterator[Questionnaire]:
    """Every stored version, the newest first. A version is parsed once per process."""
    ids = session.scalars(
        select(QuestionnaireVersion.id)
        .where(QuestionnaireVersion.key != IN_FORCE)
        .order_by(QuestionnaireVersion.id.desc())
    )
    for version_id in ids:
        wanted = select(QuestionnaireVersion.content).where(QuestionnaireVersion.id == version_id)
        content = None if library.knows(version_id) else session.scalars(wanted).one()
        yield library.of_id(version_id, content)


def _of(questionnaire: Questionnaire) -> Iterator[Series]:
    trend, keys = questionnaire.series, (questionnaire.key,)
    for question in questionnaire.questions:
        metric = getattr(question, "metric", None)
        if metric:
            yield Series(trend, question.key, metric, questionnaire.title, question.text, keys)
    for each in questionnaire.composites:
        yield Series(trend, each.key, each.metric, questionnaire.title, each.title, keys, each)
