"""Answers that another program has collected: added, and changed later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from feedback.core.answer import Answer
from feedback.core.lifecycle import ResponseState
from feedback.core.questionnaire import Questionnaire
from feedback.errors import Conflict, NotFound, Rejected
from feedback.services.context import Context
from feedback.services.responses import lookup, recording
from feedback.services.responses.lookup import ResponseRow
from feedback.services.responses.submission import Submission
from feedback.store.models import Account, Contact, QuestionnaireVersion

SOURCE = "import"
FRESH = timedelta(days=3)
"""Older answers open no follow-up: the customer would be rung about what is long past."""


@dataclass(frozen=True, slots=True)
class Addition:
    """The answers of a contact to a questionnaire in force, given at `at`."""

    contact: Contact
    questionnaire: str
    answers: Mapping[str, Answer]
    at: datetime
    stage: str | None = None


def add(session: Session, added: Addition, context: Context, now: datetime) -> int:
    """Store the answers as a response; its id. Raises Rejected for a time in the future, or for an answer that the
    questionnaire does not accept, and NotFound for an unknown questionnaire."""
    if added.at > now + timedelta(minutes=5):
        raise Rejected("Check the clock and the time zone of the sender: an answer cannot be in the future.")
    version = context.library.published(session, added.questionnaire, now)
    session.flush()
    questionnaire = context.library.questionnaire_of(version)
    _check(questionnaire, added.answers)
    contact = added.contact
    account = session.get(Account, contact.account_id) if contact.account_id else None
    language = contact.language or context.settings.organisation.default_language
    row = ResponseRow(
        version_id=version.id,
        contact_id=contact.id,
        account_id=contact.account_id,
        questionnaire=questionnaire.key,
        stage=added.stage,
        segment=account.segment if account else None,
        owner_id=account.owner_id if account else None,
        source=SOURCE,
        language=questionnaire.language_for(language),
        answered_at=added.at,
        updated_at=added.at,
        is_demo=contact.is_demo,
    )
    submission = Submission(added.answers, added.at, SOURCE, finished=True)
    fresh = added.at > now - FRESH
    return recording.record_for_others(
        session, row, None, questionnaire, submission, context.settings, follow_up=fresh
    )


def change(
    session: Session, response_id: int, answers: Mapping[str, Answer | None], context: Context, now: datetime
) -> None:
    """Change answers of a response that another program added; None takes one back.

    Raises NotFound, Rejected for an answer that the questionnaire does not accept, and Conflict for a response that the
    customer gave here: nobody else may rewrite that.
    """
    connection = lookup.connection_of(session)
    stored = lookup.lock_response(connection, response_id)
    if stored is None:
        raise NotFound("Response not found.")
    changed = {key: each for key, each in answers.items() if stored.answers.get(key) != each}
    if not changed:
        return
    if stored.row.source != SOURCE:
        raise Conflict("The customer gave this answer here, so it cannot be changed by another program.")
    version = session.get_one(QuestionnaireVersion, stored.row.version_id)
    questionnaire = context.library.questionnaire_of(version)
    _check(questionnaire, {key: each for key, each in changed.items() if each is not None})
    row = replace(stored.row)
    is_complete = row.state == ResponseState.COMPLETE
    submission = Submission(changed, now, SOURCE, finished=is_complete)
    fresh = row.answered_at > now - FRESH
    recording.record_for_others(
        session, row, stored, questionnaire, submission, context.settings, follow_up=fresh
    )


def _check(questionnaire: Questionnaire, answers: Mapping[str, Answer]) -> None:
    for key, given in answers.items():
        question = questionnaire.question(key)
        if question is None:
            raise Rejected(f"The questionnaire has no question {key!r}.")
        if not question.accepts(given):
            raise Rejected(f"The question {key!r} does not accept this answer.")
