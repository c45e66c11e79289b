"""A survey with a score over several questions of one's own, and one with SUS; answers are recorded as customers give
them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from feedback.core.answer import Answer
from feedback.library import Library
from feedback.services import rollups
from feedback.services.responses import recording
from feedback.services.responses.submission import Submission
from feedback.settings import Settings
from feedback.store.models import Response
from tests import factories_reports
from tests.factories_surveys import questionnaire

AGREE = {"min": 1, "max": 5, "labels": {1: "Strongly disagree", 5: "Strongly agree"}}
EASE: Mapping[str, Any] = {
    "key": "ease", "type": "rating", "text": "It was easy to start.", "scale": AGREE, "not_applicable": True,
}  # fmt: skip
HELP = {"key": "help", "type": "rating", "text": "Help was there.", "scale": AGREE}
DOUBT = {"key": "doubt", "type": "rating", "text": "I had doubts.", "scale": AGREE}
OWN_SCORE = {
    "key": "onboarding",
    "title": {"en": "Onboarding", "tr": "Başlangıç", "fa": "آغاز کار"},
    "items": ["ease", "help", "doubt"],
    "reversed": ["doubt"],
}
TOP_BOX = {"key": "agreeing", "title": "Agreeing", "items": ["ease", "help"], "count": "top_box"}
ONBOARDED = questionnaire(
    EASE, HELP, DOUBT, key="onboarded", title="After onboarding", scores=[OWN_SCORE, TOP_BOX]
)


def answer(
    session: Session,
    library: Library,
    key: str,
    given: Mapping[str, int | str],
    at: datetime,
    settings: Settings,
    **invited: Any,
) -> Response:
    """One response, recorded as if it came by the link."""
    asked = library.questionnaires[key]
    person = factories_reports.contact(session, factories_reports.account(session))
    invitation = factories_reports.invitation(
        session, at, person=person, library=library, questionnaire=key, **invited
    )
    rollups.invited(session, invitation.id)
    answers = {name: Answer(value) for name, value in given.items()}
    stored = recording.record(session, invitation, asked, Submission(answers, at, "link"), settings)
    return session.get_one(Response, stored)


def agreeing(source: random.Random, positive: Sequence[str], negative: Sequence[str] = ()) -> dict[str, int]:
    """Answers of somebody from 1 to 5 that go together; the negative statements the other way round."""
    mood = source.gauss(3.4, 0.8)
    points = {key: max(1, min(5, round(source.gauss(mood, 0.7)))) for key in (*positive, *negative)}
    return {key: 6 - value if key in negative else value for key, value in points.items()}
