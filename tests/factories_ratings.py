"""A survey with a score and ratings, and many answers to it: plainly inserted, the counts rebuilt."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from feedback.core.metrics import METRICS
from feedback.library import Library
from feedback.services import rollups
from feedback.store.models import AnswerRow, Response, Score
from tests import factories_reports
from tests.factories_surveys import questionnaire

FIVE = {"min": 1, "max": 5, "labels": {1: "Very bad", 5: "Very good"}}
RATED = questionnaire(
    {"key": "score", "type": "csat", "text": "How satisfied are you?"},
    {"key": "speed", "type": "rating", "text": "How fast are we?", "scale": FIVE, "not_applicable": True},
    {
        "key": "parts",
        "type": "matrix",
        "text": "How good are these?",
        "rows": [{"key": "docs", "text": "Documents"}, {"key": "people", "text": "People"}],
        "scale": FIVE,
        "not_applicable": True,
        "opt_out_in_rows": True,
    },
    {
        "key": "effort",
        "type": "rating",
        "text": "How much work was it?",
        "scale": {"min": 1, "max": 5, "high_is_bad": True, "labels": {1: "Little", 5: "Much"}},
    },
    key="rated",
    title="How we work",
)


def _point(value: float) -> int:
    return max(1, min(5, round(value)))


def rate(
    session: Session, library: Library, n: int, at: datetime, *, seed: int = 1, per_account: int = 1
) -> Sequence[Response]:
    """`n` responses: people matter most, then speed, documents not at all; effort goes with worse scores.

    A fifth has nothing to do with documents. All answers are within two months up to `at`.
    """
    source = random.Random(seed)
    version = library.published(session, "rated", at)
    made, account = [], None
    for number in range(n):
        if number % per_account == 0:
            account = factories_reports.account(session)
        common = source.gauss(0, 0.6)
        speed, docs, people = (_point(3.4 + common + source.gauss(0, 1)) for _ in range(3))
        effort = _point(2.6 - common + source.gauss(0, 1))
        score = _point(0.6 * people + 0.35 * speed - 0.3 * (effort - 3) + source.gauss(0, 0.7))
        moment = at - timedelta(days=source.randrange(60), minutes=number)
        rows = {"docs": "not_applicable" if source.random() < 0.2 else docs, "people": people}
        given = {"score": score, "speed": speed, "parts": rows, "effort": effort}
        assert account is not None
        response = Response(
            version_id=version.id, account_id=account.id, questionnaire="rated", source="link",
            channel="email", language="en", state="complete", answered_at=moment, updated_at=moment,
        )  # fmt: skip
        band = METRICS["csat"].band(score)
        response.scores = [
            Score(question="score", metric="csat", trend="rated", value=score, band=band, at=moment)
        ]
        response.answers = [AnswerRow(question=key, value=value) for key, value in given.items()]
        made.append(response)
    session.add_all(made)
    session.flush()
    rollups.rebuild(session)
    return made
