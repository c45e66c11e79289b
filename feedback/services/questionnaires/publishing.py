"""Loads and checks questionnaires with what the installation knows, and records acceptances of findings."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback import library, lint, resources
from feedback.core.local_days import day_of
from feedback.errors import Forbidden, NotFound
from feedback.library import Library
from feedback.lint.engine import expiry
from feedback.lint.engine.acknowledgement import Warned
from feedback.services import audit
from feedback.services.staff import accounts
from feedback.services.staff.accounts import RoleName
from feedback.settings import Problem, Settings
from feedback.store.database import zone_of
from feedback.store.models import AuditEntry, QuestionnaireVersion, Role, User

LEADS = (RoleName.LEAD, RoleName.ADMIN)
"""The roles that may accept findings of the linter."""


def load(session: Session, settings: Settings, now: datetime) -> Library:
    """Load the library that may be sent.

    Raises QuestionnaireInvalid with all reasons why its questionnaires cannot be published.
    """
    directories = resources.directories("questionnaires", settings.instance)
    shelf = library.load(directories, Rules(settings).for_session(session, now))
    objections = [
        each for key in sorted(shelf.questionnaires) for each in shelf.objections(session, key, now)
    ]
    if objections:
        raise library.refusal(objections)
    return shelf


def problems(shelf: Library, today: date) -> list[Problem]:
    """Questionnaires that cannot be sent soon, because a trend bridge or an accepted finding expires (F114)."""
    return [
        Problem(
            "F114",
            f"{key}: {library.end_in_words(end, today)}",
            "After that day the questionnaire is not sent, and the program does not start.",
            "warning",
        )
        for key, questionnaire in sorted(shelf.questionnaires.items())
        for end in expiry.expiring(questionnaire, today)
    ]


def acknowledge(
    session: Session, key: str, chosen: Collection[Warned], *, by: int, now: datetime
) -> list[Warned]:
    """Record that user `by` accepts these warnings. Returns those that nobody had accepted before."""
    known = library.acknowledged(session, key)
    new = [each for each in chosen if each not in known]
    for each in new:
        audit.record(
            session, library.ACKNOWLEDGED, library.FINDING, None, by=by, now=now,
            questionnaire=key, **each._asdict(),
        )  # fmt: skip
    return new


def note_acceptances(session: Session, shelf: Library, now: datetime) -> None:
    """Record the acceptances that the files name in the audit log, once per wording."""
    wanted = {
        (key, each.problem.rule, each.suppression.question, each.suppression.wording, each.suppression.by)
        for key, result in shelf.results.items()
        for each in result.accepted
    }
    if not wanted:
        return
    names = ("questionnaire", "rule", "question", "wording", "author")
    entries = select(AuditEntry.detail).where(
        AuditEntry.subject == library.FINDING, AuditEntry.action == "accepted"
    )
    known = {tuple(detail.get(name) for name in names) for detail in session.scalars(entries)}
    for values in sorted(wanted - known, key=str):
        detail = dict(zip(names, values, strict=True))
        audit.record(session, "accepted", library.FINDING, None, by=None, now=now, **detail)


class Rules:
    """The linter's settings for this installation, renewed when something is published or a day begins."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._state: object = None
        self._made = lint.Settings()

    def for_session(self, session: Session, now: datetime) -> lint.Settings:
        """The current settings; the same object as long as nothing has changed."""
        today = day_of(now, zone_of(session))
        leads = _design_leads(session, self._settings)
        state = (today, leads, session.scalar(select(func.max(QuestionnaireVersion.id))))
        if state != self._state:
            self._made = lint.Settings(today=today, published=library.versions(session), design_leads=leads)
            self._state = state
        return self._made


def design_lead(session: Session, email: str) -> User:
    """The active lead or admin with this address. Raises NotFound, or Forbidden for anybody else."""
    user = accounts.by_email(session, email)
    if user is None:
        raise NotFound(f"There is no user {email!r}.")
    if not user.active or not {role.name for role in user.roles} & set(LEADS):
        raise Forbidden(f"{email} is neither a lead nor an admin.")
    return user


def _design_leads(session: Session, settings: Settings) -> frozenset[str]:
    """The names with which leads and admins can accept an error: e-mail address, its part before the @, and name."""
    wanted = select(User.email, User.name).where(User.active, User.roles.any(Role.name.in_(LEADS)))
    names = {*settings.questionnaires.design_leads}
    for email, name in session.execute(wanted):
        names |= {email, email.partition("@")[0], name}
    return frozenset(name.strip().casefold() for name in names)
