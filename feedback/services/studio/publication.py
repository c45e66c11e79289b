"""Publishing a text: what stops it, the publication itself, and undoing it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback import library, lint, resources
from feedback.core.questionnaire import Questionnaire
from feedback.errors import Conflict, NotFound, Rejected
from feedback.library import File, Library
from feedback.lint.document.document import SCHEMA
from feedback.lint.engine.acknowledgement import Warned, warnings
from feedback.services import audit
from feedback.services.questionnaires import layers, publishing
from feedback.services.questionnaires.layers import JOURNEY
from feedback.services.studio import drafts, revisions
from feedback.settings import Settings
from feedback.store.database import add_once
from feedback.store.models import QuestionnaireVersion, StudioRevision


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the publication of a text would do.

    `edit` is that of the draft, None for another text. `errors` are the linter's, and `others` the paths of texts that
    would no longer be in force. `warnings` are those that nobody has accepted. `candidate` is the library that would
    be in force; None if the text cannot be read or names another key.
    """

    key: str
    text: str
    edit: int | None
    edition: int
    errors: tuple[lint.Finding, ...] = ()
    others: tuple[library.Refused, ...] = ()
    warnings: Mapping[Warned, Sequence[lint.Finding]] = field(default_factory=dict)
    candidate: Library | None = None

    @property
    def is_blocked(self) -> bool:
        return bool(self.errors or self.others) or self.candidate is None

    @property
    def questionnaire(self) -> Questionnaire | None:
        """The questionnaire that would be in force; None for the journey, and if it is blocked."""
        return self.candidate.questionnaires.get(self.key) if self.candidate else None


def prepare(
    session: Session, settings: Settings, present: Library, draft: drafts.StudioDraft, now: datetime
) -> Prepared:
    """What stops the publication of a draft, and what would be in force. `present` is in force now."""
    return _prepare(session, settings, present, (draft.key, draft.text, draft.edit), now)


def publish(
    session: Session, prepared: Prepared, note: str, accepted: Collection[Warned], *, by: int, now: datetime
) -> int:
    """Put a prepared text into force, and return the number of its revision. Every node follows within seconds.

    `accepted` are the warnings that user `by` accepts. Raises Rejected if something stops it, Conflict if the draft
    was saved, or something else was published, since it was prepared.
    """
    if prepared.is_blocked:
        raise Rejected("Fix the problems on this page first: the text cannot be published.")
    if any(each not in accepted for each in prepared.warnings):
        raise Rejected("Accept each warning by name, or fix it.")
    row = drafts.locked(session, prepared.key)
    if row is None or (prepared.edit is not None and row.edit != prepared.edit):
        raise Conflict("Somebody else saved this text after you opened it.")
    if layers.next_edition(session) != prepared.edition + 1:
        raise Conflict("Look at this page again: something else was published meanwhile.")
    publishing.acknowledge(session, prepared.key, [*prepared.warnings], by=by, now=now)
    _store_version(session, prepared, now)
    number = revisions.add(session, prepared.key, prepared.text, note, by=by, at=now, is_published=True)
    row.published = number
    audit.record(session, "published", drafts.TEXT, None, by=by, now=now, key=prepared.key, revision=number)
    return number


def prepare_undo(session: Session, settings: Settings, present: Library, key: str, now: datetime) -> Prepared:
    """What bringing back the version before would do; the draft stays as it is.

    Raises NotFound if nothing was in force before.
    """
    directories = resources.directories("questionnaires", settings.instance)
    return _prepare(session, settings, present, (key, version_before(session, directories, key), None), now)


def version_before(session: Session, directories: Sequence[Path], key: str) -> str:
    """The text that was in force before the present one: published in the studio, or in a file. Raises NotFound."""
    now = layers.published(session, key).get(key)
    if now is not None:
        earlier = (
            select(StudioRevision.text)
            .where(
                StudioRevision.key == key,
                StudioRevision.published_at.is_not(None),
                StudioRevision.number < now.number,
                StudioRevision.text != now.text,
            )
            .order_by(StudioRevision.number.desc())
            .limit(1)
        )
        file = layers.file(directories, key)
        text = session.scalar(earlier)
        if text is None and file and file.is_utf8 and file.text != now.text:
            text = file.text
        if text is not None:
            return text
    raise NotFound("No other version was live before this one.")


def texts_of(settings: Settings, present: Library) -> Sequence[library.TextOfFile]:
    """The files' texts as they were read at the start."""
    if present.origin:
        return present.origin.files
    return library.read_texts(resources.directories("questionnaires", settings.instance))


def _prepare(
    session: Session, settings: Settings, present: Library, what: tuple[str, str, int | None], now: datetime
) -> Prepared:
    key, text, edit = what
    edition = layers.edition(session)
    directories = resources.directories("questionnaires", settings.instance)
    texts = layers.stacked(
        texts_of(settings, present), {**layers.published_texts(session), key: text}, directories
    )
    rules = publishing.Rules(settings).for_session(session, now)
    files, path = library.checked(texts, rules), f"{library.STUDIO}{key}"
    mine = next(each for each in files if each.document.path == path)
    errors = (*mine.errors, *_other_key(mine, key))
    if errors:
        return Prepared(key, text, edit, edition, errors)
    candidate = publishing.assemble(session, files, now, trusted=path)
    known = {each.path for each in present.refused}
    others = tuple(each for each in candidate.refused if each.path not in {*known, path})
    accepted = library.acknowledged(session, key)
    unaccepted = {each: group for each, group in warnings(mine.result).items() if each not in accepted}
    return Prepared(key, text, edit, edition, (), others, unaccepted, candidate)


def _other_key(mine: File, key: str) -> list[lint.Finding]:
    """An error if the text is not the one that it is kept as."""
    found = JOURNEY if mine.is_journey else mine.key
    if found == key:
        return []
    message = (
        f"The text is kept as `{key}`, but it says `{found}`. Change the key back, or duplicate the text."
    )
    return [lint.Finding(SCHEMA.id, SCHEMA.severity, mine.document.path, 1, 1, message, docs=SCHEMA.docs)]


def _store_version(session: Session, prepared: Prepared, now: datetime) -> None:
    """Store the version at once: what was published stays in force, whatever a later release says about its text."""
    if prepared.questionnaire is None or prepared.key == JOURNEY:
        return
    content = library.snapshot(prepared.questionnaire)
    digest = library.content_hash(content)
    add_once(
        session,
        QuestionnaireVersion(
            key=prepared.key, content_hash=digest, content=content, published_at=now, unasked=True
        ),
    )
