"""A questionnaire with every question type, and the rows that a survey link needs. For tests that answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from feedback.core.journey import Journey
from feedback.core.questionnaire import Questionnaire
from feedback.library import Library
from feedback.store.models import Account, Contact, Invitation

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEY = b"a key for survey links, 32 bytes"
TOKEN = "7Kb3xWq9ZtPa"


def questionnaire(
    *questions: dict[str, Any], languages: tuple[str, ...] = ("en",), **rest: Any
) -> Questionnaire:
    """A questionnaire of these questions; texts may be plain strings."""
    document = {"key": "survey", "title": "Survey", "languages": languages, "questions": questions, **rest}
    return Questionnaire.model_validate(document)


RECOMMEND = {
    "key": "recommend",
    "type": "nps",
    "text": "How likely are you to recommend us?",
    "required": True,
}
WHY_LOW = {
    "key": "better",
    "type": "text",
    "text": "What could we do better?",
    "show_if": {"question": "recommend", "at_most": 6},
}
WHY_HIGH = {
    "key": "liked",
    "type": "text",
    "text": "What did you like most?",
    "show_if": {"question": "recommend", "at_least": 7},
}
NPS = questionnaire(RECOMMEND, WHY_LOW, WHY_HIGH)


def shelf(*questionnaires: Questionnaire) -> Library:
    return Library({each.key: each for each in questionnaires}, Journey(stages=()))


def invite(
    session: Session,
    library: Library,
    key: str = "survey",
    *,
    token: str = TOKEN,
    language: str = "en",
    channel: str = "sms",
    **changes: Any,
) -> Invitation:
    """A contact with an account, invited and reached an hour before NOW."""
    account = Account(external_id=f"a-{token}", name="Initech", segment="smb", created_at=NOW, updated_at=NOW)
    contact = Contact(
        external_id=f"c-{token}", name="Sam Doe", account=account, created_at=NOW, updated_at=NOW
    )
    session.add_all([account, contact])
    session.flush()
    sent = NOW - timedelta(hours=1)
    values: dict[str, Any] = {
        "contact_id": contact.id,
        "account_id": account.id,
        "facts": {"account.segment": account.segment},
        "version": library.published(session, key, NOW),
        "stage": "support",
        "channel": channel,
        "language": language,
        "token": token,
        "state": "delivered",
        "created_at": sent,
        "sent_at": sent,
        "delivered_at": sent,
        "expires_at": NOW + timedelta(days=30),
        "remind_at": NOW + timedelta(days=3),
    }
    invitation = Invitation(**(values | changes))
    session.add(invitation)
    session.flush()
    return invitation
