"""Stores past answers: rows, scores and counts, and nothing that follows from an answer that comes in today.

No follow-up is opened, nobody is notified, no webhook is queued, and no rest period begins: what a customer said long
ago is not new to anybody. `imported_response` holds a digest for each row, so that it is stored once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Table, insert, select
from sqlalchemy.orm import Session

from feedback.core.answer import Answer
from feedback.core.lifecycle import ResponseState
from feedback.core.questionnaire import Questionnaire, SurveyOutcome
from feedback.services import rollups
from feedback.services.imports.answers.people import Answerer, KnownPerson
from feedback.store.database import zone_of
from feedback.store.models import AnswerRow, ImportedResponse, Response, Score

CHANNEL = "imported"
"""The channel of past answers: scores by channel, and their counts, tell them from those that were asked for here."""
SOURCE = "import"

_RESPONSE, _ANSWER, _SCORE, _IMPORTED = (
    cast(Table, model.__table__) for model in (Response, AnswerRow, Score, ImportedResponse)
)


@dataclass(frozen=True, slots=True)
class PastResponse:
    """A row of the file that has been read and checked; `key` is the digest of what identifies it."""

    line: int
    key: str
    at: datetime
    answers: Mapping[str, Answer]
    person: Answerer
    finished: bool = True
    language: str | None = None


@dataclass(frozen=True, slots=True)
class HistoryTarget:
    """Where past responses go: the version that was asked, and the import that stores them."""

    questionnaire: Questionnaire
    version_id: int
    import_id: int


@dataclass(slots=True)
class PastStored:
    """How many responses a portion stored, and how many of their rows were stored before."""

    created: int = 0
    unchanged: int = 0
    known: int = 0
    lines: list[int] = field(default_factory=list)


def stored_keys(session: Session, keys: Sequence[str]) -> set[str]:
    """Those of the keys whose row was stored before."""
    wanted = select(ImportedResponse.key).where(ImportedResponse.key.in_(keys))
    return set(session.scalars(wanted))


def store(
    session: Session,
    past: Sequence[PastResponse],
    people: Mapping[Answerer, KnownPerson],
    target: HistoryTarget,
) -> PastStored:
    """Store those responses that are not stored yet, with their counts, in the caller's transaction."""
    before = stored_keys(session, [each.key for each in past])
    fresh = [each for each in past if each.key not in before]
    done = PastStored(len(fresh), len(past) - len(fresh))
    if not fresh:
        return done
    connection = session.connection()
    rows = [_row(each, people.get(each.person), target) for each in fresh]
    ids = connection.scalars(
        insert(_RESPONSE).returning(_RESPONSE.c.id, sort_by_parameter_order=True), rows
    ).all()
    outcomes = [target.questionnaire.outcome(each.answers) for each in fresh]
    _store_answers(connection, ids, fresh, outcomes, target.questionnaire)
    connection.execute(
        insert(_IMPORTED),
        [
            {"response_id": number, "import_id": target.import_id, "key": each.key}
            for number, each in zip(ids, fresh, strict=True)
        ],
    )
    done.known = sum(each.person in people for each in fresh)
    rollups.settle(
        connection, rollups.NOT_COUNTED, _together(connection, rows, outcomes, target.questionnaire), None
    )
    return done


def _row(past: PastResponse, person: KnownPerson | None, target: HistoryTarget) -> dict[str, Any]:
    questionnaire = target.questionnaire
    language = past.language if past.language in questionnaire.languages else questionnaire.languages[0]
    return {
        "version_id": target.version_id,
        "contact_id": person.id if person else None,
        "account_id": person.account_id if person else None,
        "questionnaire": questionnaire.key,
        "stage": None,
        "segment": person.segment if person else None,
        "owner_id": person.owner_id if person else None,
        "source": SOURCE,
        "channel": CHANNEL,
        "language": language,
        "state": ResponseState.COMPLETE if past.finished else ResponseState.PARTIAL,
        "provisional": False,
        "evidence": {},
        "answered_at": past.at,
        "updated_at": past.at,
        "completed_at": past.at if past.finished else None,
        "edits": 0,
        "is_demo": person.is_demo if person else False,
    }


def _store_answers(
    connection: Connection,
    ids: Sequence[int],
    past: Sequence[PastResponse],
    outcomes: Sequence[SurveyOutcome],
    questionnaire: Questionnaire,
) -> None:
    answers, scores = [], []
    for number, each, outcome in zip(ids, past, outcomes, strict=True):
        for key, answer in outcome.answers.items():
            answers.append(
                {"response_id": number, "question": key, "value": answer.stored(), "text": answer.text}
            )
        for key, value in outcome.scores.items():
            scores.append(
                {
                    "response_id": number,
                    "question": key,
                    "metric": str(questionnaire.metric_of(key)),
                    "trend": questionnaire.series,
                    "value": value,
                    "band": questionnaire.band_of(key, value),
                    "at": each.at,
                }
            )
    connection.execute(insert(_ANSWER), answers)
    if scores:
        connection.execute(insert(_SCORE), scores)


@dataclass(frozen=True, slots=True)
class _Placed:
    """The fields of a response by which it is counted."""

    segment: str | None
    stage: str | None
    channel: str
    owner_id: int | None
    language: str
    provisional: bool
    answered_at: datetime


def _together(
    connection: Connection,
    rows: Sequence[Mapping[str, Any]],
    outcomes: Sequence[SurveyOutcome],
    questionnaire: Questionnaire,
) -> rollups.Counted:
    """What all responses of a portion contribute to the counts."""
    zone = zone_of(connection)
    cells: Counter[tuple[Any, ...]] = Counter()
    answers: Counter[tuple[Any, ...]] = Counter()
    for row, outcome in zip(rows, outcomes, strict=True):
        placed = _Placed(**{name: row[name] for name in _Placed.__slots__})
        scored = [
            (questionnaire.series, key, str(questionnaire.metric_of(key)), value)
            for key, value in outcome.scores.items()
        ]
        tallies = rollups.tallied(questionnaire, outcome.answers)
        counted = rollups.counted(placed, scored, zone, tallies)
        cells.update(counted.cells)
        answers.update(counted.answers)
    return rollups.Counted(cells, "answered", answers)
