"""What may be asked: the questionnaires of the files, held against the installation and what it has published."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback import library, lint, resources
from feedback.core.local_days import day_of
from feedback.library import Library
from feedback.settings import Settings
from feedback.store.database import zone_of
from feedback.store.models import QuestionnaireVersion


def load(session: Session, settings: Settings, now: datetime) -> Library:
    """The library that may be sent from now on.

    Raises QuestionnaireInvalid with everything that keeps one of its questionnaires from being published.
    """
    directories = resources.directories("questionnaires", settings.instance)
    shelf = library.load(directories, Rules(settings).of(session, now))
    objections = [
        each for key in sorted(shelf.questionnaires) for each in shelf.objections(session, key, now)
    ]
    if objections:
        raise library.refusal(objections)
    return shelf


class Rules:
    """What the linter is told of this installation; made anew when something is published or a day begins."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._state: object = None
        self._made = lint.Settings()

    def of(self, session: Session, now: datetime) -> lint.Settings:
        """The same object as long as nothing has changed."""
        today = day_of(now, zone_of(session))
        state = (today, session.scalar(select(func.max(QuestionnaireVersion.id))))
        if state != self._state:
            self._made = lint.Settings(today=today, published=library.versions(session))
            self._state = state
        return self._made
