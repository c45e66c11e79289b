"""Follow-up tasks. Placeholder: the real module comes with the staff's pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from feedback.core.answer import Answer
from feedback.core.questionnaire import Questionnaire
from feedback.settings.table import FollowUp as FollowupSettings
from feedback.store.models import FollowUp, Response


def open_if_needed(
    session: Session,  # noqa: ARG001
    response: Response,  # noqa: ARG001
    questionnaire: Questionnaire,  # noqa: ARG001
    answers: Mapping[str, Answer],  # noqa: ARG001
    *,
    followup: FollowupSettings,  # noqa: ARG001
    now: datetime,  # noqa: ARG001
) -> list[FollowUp]:
    """Opens the tasks that a response calls for."""
    return []
