"""What is reported about a submission to other systems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import chain

from sqlalchemy import Connection

from feedback.core.answer import Answer
from feedback.core.metrics import METRICS
from feedback.core.metrics.own_scale import OTHER
from feedback.core.metrics.several_items import LOWER
from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import TextQuestion
from feedback.services import changes
from feedback.services.changes import ReportedChange
from feedback.services.responses.lookup import ResponseRow, StoredResponse


def report(
    connection: Connection,
    questionnaire: Questionnaire,
    stored: StoredResponse | None,
    row: ResponseRow,
    answers: Mapping[str, Answer],
    scores: Mapping[str, int],
    now: datetime,
) -> None:
    """Report the difference between what the response was (`stored`) and is (`row` with its answers and scores).

    Nothing is reported about a provisional response; it is created at the moment at which it begins to count.
    """
    if row.provisional:
        return
    before = stored if stored is not None and not stored.row.provisional else None
    known: Mapping[str, Answer] = before.answers if before else {}
    found = chain(
        _states(before, row, changed=known != answers),
        _low_scores(questionnaire, before, row, scores),
        _comments(questionnaire, known, row, answers),
    )
    changes.report(connection, found, now)


def _states(before: StoredResponse | None, row: ResponseRow, *, changed: bool) -> Iterator[ReportedChange]:
    is_completed = row.completed_at is not None and (before is None or before.row.completed_at is None)
    if before is None:
        yield _of(row, "response.created")
    elif changed and not is_completed:
        yield _of(row, "response.changed")
    if is_completed:
        yield _of(row, "response.completed")


def _low_scores(
    questionnaire: Questionnaire, before: StoredResponse | None, row: ResponseRow, scores: Mapping[str, int]
) -> Iterator[ReportedChange]:
    """One event for all scores that are low now and were not before."""
    known: Mapping[str, int] = before.scores if before else {}
    low = [
        key
        for key, value in scores.items()
        if _is_low(questionnaire, key, value)
        and not (key in known and _is_low(questionnaire, key, known[key]))
    ]
    if low:
        yield _of(row, "score.low", questions=low)


def _is_low(questionnaire: Questionnaire, key: str, value: int) -> bool:
    """Whether the score is in the worst band of its metric. An own scale only says which points are good, and a score
    over several questions of one's own not even that."""
    band = questionnaire.band_of(key, value)
    return band not in (OTHER, LOWER) and band == METRICS[str(questionnaire.metric_of(key))].bands[0]


def _comments(
    questionnaire: Questionnaire,
    known: Mapping[str, Answer],
    row: ResponseRow,
    answers: Mapping[str, Answer],
) -> Iterator[ReportedChange]:
    """The questions to which the customer wrote words for the first time; contact details are no comments."""
    for key, answer in answers.items():
        if answer.text and not (key in known and known[key].text) and not _asks_who(questionnaire, key):
            yield _of(row, "comment.added", question=key)


def _asks_who(questionnaire: Questionnaire, key: str) -> bool:
    question = questionnaire.question(key)
    return isinstance(question, TextQuestion) and question.contact is not None


def _of(row: ResponseRow, type_: str, **detail: object) -> ReportedChange:
    assert row.id is not None  # noqa: S101 - it has been written
    return ReportedChange(type_, "response", row.id, row.contact_id, row.id, detail)
