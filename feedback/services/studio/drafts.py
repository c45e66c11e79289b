"""Working drafts of the texts of questionnaires and of the journey.

A text is stored exactly as it was typed, also if it is no YAML.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.errors import Conflict, NotFound, Rejected
from feedback.services import audit
from feedback.services.questionnaires import layers
from feedback.services.questionnaires.layers import JOURNEY, Layer
from feedback.services.studio import revisions
from feedback.store.database import add_once
from feedback.store.models import StudioText, User

LONGEST = 60_000
"""Maximum number of characters of a text, several times the longest sensible questionnaire."""
TEXT = "text"
"""The subject of the studio in the audit log."""
SITTING = timedelta(hours=1)
"""If the draft before is older than this, or somebody else's, it is kept as a revision."""

_KEY = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_KEY_LINE = re.compile(r"^(key[ \t]*:[ \t]*)([\"']?)[a-z][a-z0-9_-]*\2", re.MULTILINE)
_RESERVED = ("new", JOURNEY)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL, which PostgreSQL cannot store, and halves of surrogate pairs."""


class DraftState(StrEnum):
    """How a draft relates to what is in force."""

    NEVER = "never"
    CHANGED = "changed"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class StudioDraft:
    """A text as it is now in the studio, or in the layer below.

    `edit` is the counter to pass to `save` (0: not in the studio yet), `layer` where `text` comes from. `in_force` is
    the text that is in force, and `in_force_layer` where that comes from; both are None if nothing was published.
    `author` is a name, "" for files and for users who are gone; `at` is None for files.
    """

    key: str
    text: str
    edit: int
    layer: Layer
    in_force: str | None
    in_force_layer: Layer | None
    author: str = ""
    author_id: int | None = None
    at: datetime | None = None
    archived_at: datetime | None = None

    @property
    def is_published(self) -> bool:
        """Whether the draft says exactly what is in force."""
        return self.text == self.in_force

    @property
    def is_journey(self) -> bool:
        return self.key == JOURNEY

    @property
    def state(self) -> DraftState:
        if self.in_force is None:
            return DraftState.NEVER
        return DraftState.PUBLISHED if self.is_published else DraftState.CHANGED


def find(session: Session, directories: Sequence[Path], key: str) -> StudioDraft:
    """The draft in the studio, otherwise the text of the layer below with edit 0.

    `directories` are those of the files, the uppermost first. Raises NotFound; Rejected for a file that is no UTF-8.
    """
    file = layers.file(directories, key)
    found = _drafts(session, {key: file} if file else {}, key)
    if not found:
        raise NotFound("There is no text with this key.")
    draft = found[0]
    if draft.layer != Layer.STUDIO and file and not file.is_utf8:
        raise Rejected("Save the file as UTF-8 first: this text has characters that cannot be read.")
    return draft


def keys(session: Session, directories: Sequence[Path]) -> set[str]:
    """The keys that are in use, also those of archived texts; no text is read for it."""
    return {*layers.of_keys(session, directories), *session.scalars(select(StudioText.key))}


def all_texts(session: Session, directories: Sequence[Path]) -> list[StudioDraft]:
    """Every text, by key, archived ones included."""
    return _drafts(session, layers.files(directories))


def save(session: Session, key: str, text: str, *, base: int, by: int, now: datetime) -> int:
    """Store a draft that was made from edit `base`, and return its edit; an unchanged text returns `base`.

    Raises Conflict if somebody has saved since `base`, or if the text is archived; Rejected if it cannot be stored.
    """
    check(text)
    row = locked(session, key)
    if row is None:
        return _first(session, key, text, base=base, by=by, now=now)
    if row.edit != base:
        raise Conflict("Somebody else saved this text after you opened it.")
    if row.archived_at:
        raise Conflict("Restore the text first: it is archived.")
    if row.draft == text:
        return base
    if row.user_id != by or row.saved_at < now - SITTING:
        revisions.keep(session, row, "")
    row.draft, row.edit, row.user_id, row.saved_at = text, row.edit + 1, by, now
    return row.edit


def create(
    session: Session, directories: Sequence[Path], key: str, text: str, *, by: int, now: datetime
) -> StudioDraft:
    """A new text. Raises Conflict if the key is in use in any layer, Rejected if it or the text cannot be stored."""
    check(text)
    if not _KEY.fullmatch(key) or key in _RESERVED:
        raise Rejected(
            "Choose another key: lower-case letters, digits, - and _, at most 64, beginning with a letter."
        )
    if layers.file(directories, key) is not None or locked(session, key) is not None:
        raise Conflict("Choose another key: there is a text with this one.")
    _first(session, key, text, base=0, by=by, now=now)
    audit.record(session, "created", TEXT, None, by=by, now=now, key=key)
    return find(session, directories, key)


def duplicate(
    session: Session, directories: Sequence[Path], key: str, new_key: str, *, by: int, now: datetime
) -> StudioDraft:
    """A copy of a draft under another key; nothing else changes in its text. Raises what `create` raises."""
    draft = find(session, directories, key)
    if draft.is_journey:
        raise Rejected("There is only one journey.")
    renamed = _KEY_LINE.sub(rf"\g<1>\g<2>{new_key}\g<2>", draft.text, count=1)
    return create(session, directories, new_key, renamed, by=by, now=now)


def archive(session: Session, directories: Sequence[Path], key: str, *, by: int, now: datetime) -> None:
    """Hide a text from the list, and accept no changes until it is restored. What is in force stays in force."""
    draft = find(session, directories, key)
    if draft.is_journey:
        raise Rejected("The journey cannot be archived.")
    row = locked(session, key)
    if row is None:
        _first(session, key, draft.text, base=0, by=by, now=now)
        row = locked(session, key)
    if row is not None and row.archived_at is None:
        row.archived_at = now
        audit.record(session, "archived", TEXT, None, by=by, now=now, key=key)


def restore(session: Session, key: str, *, by: int, now: datetime) -> None:
    """Undo `archive`. Raises NotFound."""
    row = locked(session, key)
    if row is None:
        raise NotFound("There is no text with this key.")
    if row.archived_at is not None:
        row.archived_at = None
        audit.record(session, "restored", TEXT, None, by=by, now=now, key=key)


def as_typed(posted: str, before: str) -> str:
    """The text of a form's field with the line ends of the text `before`; browsers send every one as CR LF."""
    lines = posted.replace("\r\n", "\n")
    return lines.replace("\n", "\r\n") if "\r\n" in before else lines


def check(text: str) -> None:
    """Raise Rejected for a text that cannot be stored."""
    if len(text) > LONGEST:
        raise Rejected("Shorten the text: it can have at most 60,000 characters.")
    if _UNSTORABLE.search(text):
        raise Rejected("Remove the characters that cannot be stored: NUL, or bytes that are no UTF-8.")


def locked(session: Session, key: str) -> StudioText | None:
    """The row of a text, locked until the end of the transaction; None if it was never saved."""
    return session.scalar(select(StudioText).where(StudioText.key == key).with_for_update())


def _first(session: Session, key: str, text: str, *, base: int, by: int, now: datetime) -> int:
    row = StudioText(key=key, draft=text, edit=1, user_id=by, created_at=now, saved_at=now)
    if base != 0 or not add_once(session, row):
        raise Conflict("Somebody else saved this text after you opened it.")
    return row.edit


def _drafts(
    session: Session, below: Mapping[str, layers.FileText], key: str | None = None
) -> list[StudioDraft]:
    """The texts of the studio and of the files `below`, by key; with `key` only that one."""
    published = layers.published(session, key)
    wanted = select(StudioText, User.name).outerjoin(User, User.id == StudioText.user_id)
    if key is not None:
        wanted = wanted.where(StudioText.key == key)
    found = {
        each: StudioDraft(each, file.text, 0, file.layer, file.text, file.layer)
        for each, file in below.items()
    }
    for row, name in session.execute(wanted):
        file, ours = below.get(row.key), published.get(row.key)
        found[row.key] = StudioDraft(
            row.key,
            row.draft,
            row.edit,
            Layer.STUDIO,
            ours.text if ours else file.text if file else None,
            Layer.STUDIO if ours else file.layer if file else None,
            name or "",
            row.user_id,
            row.saved_at,
            row.archived_at,
        )
    return [found[each] for each in sorted(found)]
