"""Rows for reports: answers that were given, invitations that were not, follow-ups. Plainly inserted."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from feedback.core.metrics import METRICS
from feedback.library import Library
from feedback.store.models import (
    Account,
    AnswerRow,
    Contact,
    FollowUp,
    Invitation,
    Response,
    Score,
    User,
)
from tests.factories_surveys import NPS, shelf

LIBRARY = shelf(NPS)
MARCH = datetime(2026, 3, 10, 12, tzinfo=UTC)
_numbers = itertools.count()


def user(session: Session, name: str = "Olga Owner") -> User:
    number = next(_numbers)
    person = User(email=f"u{number}@example.com", name=name, fs_uniquifier=f"u{number}", created_at=MARCH)
    session.add(person)
    session.flush()
    return person


def account(session: Session, name: str = "Initech", **columns: Any) -> Account:
    made = Account(
        external_id=f"fa{next(_numbers)}", name=name, created_at=MARCH, updated_at=MARCH, **columns
    )
    session.add(made)
    session.flush()
    return made


def contact(session: Session, of: Account | None = None, name: str = "Sam Doe") -> Contact:
    made = Contact(
        external_id=f"fc{next(_numbers)}", name=name, account=of, created_at=MARCH, updated_at=MARCH
    )
    session.add(made)
    session.flush()
    return made


def invitation(
    session: Session,
    at: datetime = MARCH,
    *,
    person: Contact | None = None,
    stage: str = "support",
    channel: str = "sms",
    language: str = "en",
    library: Library = LIBRARY,
    questionnaire: str = "survey",
    **columns: Any,
) -> Invitation:
    """One that left at `at`."""
    person = person or contact(session)
    made = Invitation(
        contact_id=person.id,
        account_id=person.account_id,
        version=library.published(session, questionnaire, MARCH),
        stage=stage,
        channel=channel,
        language=language,
        token=f"t{next(_numbers)}",
        state="sent",
        created_at=at,
        sent_at=at,
        expires_at=at + timedelta(days=14),
        **columns,
    )
    session.add(made)
    session.flush()
    return made


def answered(
    session: Session,
    value: int,
    at: datetime = MARCH,
    *,
    segment: str | None = "core",
    owner: User | None = None,
    words: str | None = None,
    provisional: bool = False,
    question: str = "recommend",
    trend: str = "survey",
    metric: str = "nps",
    **of_invitation: Any,
) -> Response:
    """An answer a day after its invitation; `words` is its comment."""
    invited = invitation(session, at - timedelta(days=1), **of_invitation)
    invited.answered_at, invited.state = at, "completed"
    made = Response(
        invitation_id=invited.id,
        version_id=invited.version_id,
        contact_id=invited.contact_id,
        account_id=invited.account_id,
        questionnaire=of_invitation.get("questionnaire", "survey"),
        stage=invited.stage,
        segment=segment,
        owner_id=owner.id if owner else None,
        source="link",
        channel=invited.channel,
        language=invited.language,
        state="complete",
        provisional=provisional,
        answered_at=at,
        updated_at=at,
    )
    if not provisional:
        band = METRICS[metric].band(value)
        made.scores = [Score(question=question, metric=metric, trend=trend, value=value, band=band, at=at)]
    made.answers = [AnswerRow(question=question, value=value)]
    if words:
        made.answers.append(AnswerRow(question="better", text=words))
    session.add(made)
    session.flush()
    return made


def follow_up(session: Session, response: Response, opened_at: datetime = MARCH, **columns: Any) -> FollowUp:
    values: dict[str, Any] = {
        "rule": "low",
        "kind": "recovery",
        "title": {"en": "Low score"},
        "urgency": "high",
        "state": "open",
        "opened_at": opened_at,
        "contact_due_at": opened_at + timedelta(hours=8),
        "close_due_at": opened_at + timedelta(days=3),
        "account_id": response.account_id,
        "contact_id": response.contact_id,
    }
    made = FollowUp(response_id=response.id, **(values | columns))
    session.add(made)
    session.flush()
    return made
