"""Loads and checks questionnaires with what the installation knows, and records acceptances of findings."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback import library, lint, resources
from feedback.core.journey import Journey
from feedback.core.questionnaire import Questionnaire
from feedback.core.time.local_days import day_of
from feedback.errors import Forbidden, NotFound
from feedback.library import File, Library, Origin, Refused, TextOfFile
from feedback.lint.engine import expiry
from feedback.lint.engine.acknowledgement import Warned
from feedback.services import audit
from feedback.services.contact import facts
from feedback.services.questionnaires import layers
from feedback.services.staff import accounts
from feedback.services.staff.accounts import RoleName
from feedback.settings import Problem, Settings
from feedback.store.database import add_once, zone_of
from feedback.store.models import AuditEntry, QuestionnaireVersion, Role, User
from feedback.store.models.journeys import IN_FORCE

_ACCEPTANCE = (AuditEntry.subject == library.FINDING, AuditEntry.action == library.ACKNOWLEDGED)

LEADS = (RoleName.LEAD, RoleName.ADMIN)
"""The roles that may accept findings of the linter."""


def load(session: Session, settings: Settings, now: datetime, *, before: Origin | None = None) -> Library:
    """Load what may be sent. A file that cannot be published is in `Library.refused`, and stops nothing else.

    Where a refused file was published before, its last published version stays in force; so does the last journey.
    `before` is the origin of the library that is to be renewed: of the files, only those are read again in which
    somebody has accepted a warning since; what else was edited is left out. Texts that are published in the studio
    hide the files.
    """
    edition, accepted = layers.edition(session), _last_acceptance(session)
    directories = resources.directories("questionnaires", settings.instance)
    if before is None:
        files: Sequence[TextOfFile] = library.read_texts(directories)
    else:
        files = _renewed(before.files, directories, _accepted_since(session, before.accepted))
    texts = layers.stacked(files, layers.published_texts(session), directories)
    checked = library.checked(texts, Rules(settings).for_session(session, now))
    return assemble(session, checked, now, library.Origin(tuple(files), edition, accepted))


def _renewed(
    known: Sequence[TextOfFile], directories: Sequence[Path], keys: Collection[str]
) -> Sequence[TextOfFile]:
    """The files as they are `known`, except those of the questionnaires `keys`, which are read again."""
    if not keys:
        return known
    new = [each for each in library.read_texts(directories) if layers.key_of(each.text, each.stem) in keys]
    paths = {each.path for each in new}
    kept = [
        each for each in known if each.path not in paths and layers.key_of(each.text, each.stem) not in keys
    ]
    return [*kept, *new]


def _last_acceptance(session: Session) -> int:
    return int(session.scalar(select(func.max(AuditEntry.id)).where(*_ACCEPTANCE)) or 0)


def _accepted_since(session: Session, entry: int) -> set[str]:
    """The keys of the questionnaires in which somebody has accepted a warning after this audit entry."""
    wanted = select(AuditEntry.detail).where(*_ACCEPTANCE, AuditEntry.id > entry)
    return {str(detail["questionnaire"]) for detail in session.scalars(wanted)}


def assemble(
    session: Session,
    files: Sequence[File],
    now: datetime,
    origin: Origin | None = None,
    *,
    trusted: str = "",
) -> Library:
    """The library of these texts. `trusted` is the path of one against which nobody objects but the linter."""
    before = _last_in_force(session)
    journeys = [each for each in files if each.is_journey]
    journey = _journey(journeys, before)
    surveys = [each for each in files if not each.is_journey]
    reasons = _reasons(session, surveys, now, trusted)
    accepted = {
        each.key: each.document.questionnaire for each in surveys if each.document.path not in reasons
    }
    questionnaires = {key: each for key, each in accepted.items() if each}
    wanted = {each.key for each in surveys} | {each.questionnaire for each in journey.stages}
    kept = _kept(session, wanted - questionnaires.keys(), before)
    written = {each.key: each.document.questionnaire for each in reversed(surveys)}
    for key, version in kept.items():
        questionnaires[key] = _with_acceptances(library.restore(version.content), written.get(key))
    refused = [
        Refused(each.document.path, each.key, reasons[each.document.path], each.key in questionnaires)
        for each in surveys
        if each.document.path in reasons
    ]
    refused += [
        Refused(
            each.document.path, each.key, tuple(map(library.sentence, each.errors)), before is not None, True
        )
        for each in journeys
        if each.errors
    ]
    digests = {key: version.content_hash for key, version in kept.items()}
    return Library(questionnaires, journey, library.results_of(surveys), refused, digests, origin)


def unchanged_journey(session: Session, settings: Settings) -> Journey | None:
    """The journey in force, if its file says what was in force at the last start; None if it has to be loaded.

    No questionnaire is read for it: `load` would keep that journey whatever the linter said.
    """
    before, directories = _last_in_force(session), resources.directories("questionnaires", settings.instance)
    texts = layers.stacked(library.read_texts(directories), layers.published_texts(session), directories)
    for each in texts:
        if layers.key_of(each.text, each.stem) == layers.JOURNEY:
            journey = lint.read(each.text, each.path).journey
            if before and journey and _as_stored(journey) == before["journey"]:
                return journey
            break
    return None


def _as_stored(journey: Journey) -> dict[str, Any]:
    return journey.model_dump(mode="json", by_alias=True, exclude_none=True)


def _journey(files: Sequence[File], before: dict[str, Any] | None) -> Journey:
    """The journey of the first file; if that file is refused, the last one in force."""
    first = next(iter(files), None)
    if first and first.document.journey and not first.errors:
        return first.document.journey
    if first and before:
        return Journey.model_validate_json(json.dumps(before["journey"]))
    return Journey(stages=())


def _reasons(
    session: Session, files: Sequence[File], now: datetime, trusted: str
) -> dict[str, tuple[str, ...]]:
    """Path -> why this questionnaire cannot be published; a file that can be is left out."""
    candidates = Library(
        {
            each.key: each.document.questionnaire
            for each in files
            if each.document.questionnaire and not each.errors
        },
        Journey(stages=()),
        {each.key: each.result for each in files if not each.errors},
    )
    found = {}
    for each in files:
        reasons = [library.sentence(error) for error in each.errors]
        if not reasons and each.key in candidates.questionnaires and each.document.path != trusted:
            reasons = candidates.objections(session, each.key, now)
        if reasons:
            found[each.document.path] = tuple(reasons)
    return found


def _kept(
    session: Session, keys: Collection[str], before: dict[str, Any] | None
) -> dict[str, QuestionnaireVersion]:
    """The published version of each questionnaire that was last in force, otherwise the latest; keys without one are
    left out."""
    last = before["questionnaires"] if before else {}
    stored = select(QuestionnaireVersion).where(QuestionnaireVersion.key.in_(keys))
    found: dict[str, QuestionnaireVersion] = {}
    for version in session.scalars(stored.order_by(QuestionnaireVersion.id)):
        known = found.get(version.key)
        if known is None or known.content_hash != last.get(version.key):
            found[version.key] = version
    return found


def _with_acceptances(published: Questionnaire, written: Questionnaire | None) -> Questionnaire:
    """The published text with what its file says about accepted findings, so that these still expire."""
    return published.model_copy(update={"lint": written.lint}) if written else published


def _last_in_force(session: Session) -> dict[str, Any] | None:
    wanted = select(QuestionnaireVersion.content).where(QuestionnaireVersion.key == IN_FORCE)
    latest = (QuestionnaireVersion.published_at.desc(), QuestionnaireVersion.id.desc())
    return session.scalars(wanted.order_by(*latest).limit(1)).first()


def note_in_force(session: Session, shelf: Library, now: datetime) -> None:
    """Store the journey and the content hashes of the questionnaires in force, for a start that finds a broken file."""
    if any(each.is_journey and not each.replaced for each in shelf.refused):
        return
    content = {
        "journey": _as_stored(shelf.journey),
        "questionnaires": {key: shelf.digest(key) for key in sorted(shelf.questionnaires)},
    }
    if content == _last_in_force(session):
        return
    digest = library.content_hash(content)
    row = QuestionnaireVersion(key=IN_FORCE, content_hash=digest, content=content, published_at=now)
    if not add_once(session, row):  # in force once before, or stored by another node at the same moment
        known = select(QuestionnaireVersion).where(
            QuestionnaireVersion.key == IN_FORCE, QuestionnaireVersion.content_hash == digest
        )
        session.scalars(known).one().published_at = now


def problems(shelf: Library, today: date) -> list[Problem]:
    """Files that are not in force (F116), and questionnaires that cannot be sent soon, because a trend bridge or an
    accepted finding expires (F114)."""
    return [
        *(_problem(each, shelf) for each in shelf.refused),
        *(
            Problem(
                "F114",
                f"{key}: {library.end_in_words(end, today)}",
                "After that day the questionnaire is not sent.",
                "warning",
            )
            for key, questionnaire in sorted(shelf.questionnaires.items())
            for end in expiry.expiring(questionnaire, today)
        ),
    ]


def _problem(refused: Refused, shelf: Library) -> Problem:
    """An error if somebody waits for the file, otherwise a warning: a draft may be unfinished."""
    needed = refused.is_journey or refused.key in {each.questionnaire for each in shelf.journey.stages}
    if refused.replaced:
        instead = "Until then, what was in force before stays in force."
    elif needed:
        instead = "Surveys that need it wait until then."
    else:
        instead = "It is a draft: it was never published, and no stage uses it."
    told = "\n".join((f"{refused.key} is not in force:", *(f"  {each}" for each in refused.reasons)))
    level: Literal["error", "warning"] = "error" if needed and not refused.replaced else "warning"
    is_ours = refused.path.startswith(library.STUDIO)
    fix = "Fix the text in the studio, then publish it." if is_ours else "Fix the file, then restart."
    return Problem("F116", told, f"\n  {fix} {instead}", level)


def acknowledge(
    session: Session, key: str, chosen: Collection[Warned], *, by: int, now: datetime
) -> list[Warned]:
    """Record that user `by` accepts these warnings. Returns those that nobody had accepted before.

    What is in force stays as it is; see `accept`.
    """
    known = library.acknowledged(session, key)
    new = [each for each in chosen if each not in known]
    for each in new:
        audit.record(
            session, library.ACKNOWLEDGED, library.FINDING, None, by=by, now=now,
            questionnaire=key, **each._asdict(),
        )  # fmt: skip
    return new


def accept(session: Session, key: str, chosen: Collection[Warned], *, by: int, now: datetime) -> list[Warned]:
    """As `acknowledge`, and every node puts the file into force within seconds if nothing else stops it."""
    new = acknowledge(session, key, chosen, by=by, now=now)
    if new:
        layers.next_edition(session)
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
        self._made = lint.LintContext()

    def for_session(self, session: Session, now: datetime) -> lint.LintContext:
        """The current settings; the same object as long as nothing has changed."""
        today = day_of(now, zone_of(session))
        leads = _design_leads(session, self._settings)
        stored = select(func.count()).where(QuestionnaireVersion.unasked.is_(False))
        state = (today, leads, session.scalar(stored))
        if state != self._state:
            known = facts.properties(session)
            self._made = lint.LintContext(
                today=today,
                published=library.versions(session),
                design_leads=leads,
                account_properties=known["account"] or None,
                contact_properties=known["contact"] or None,
            )
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
