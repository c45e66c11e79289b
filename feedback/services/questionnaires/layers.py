"""The layers in which the texts of questionnaires and of the journey are kept, each hiding its namesakes below.

A text published in the studio hides the instance's file with its key, which hides the shipped file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from feedback import lint, resources
from feedback.library import STUDIO, TextOfFile, files_in
from feedback.store.database import add_once
from feedback.store.models import Bookmark, StudioRevision, StudioText

JOURNEY = "journey"
"""The key of the journey's text. No questionnaire in the studio can have it."""

EDITION = "studio edition"
"""The bookmark that counts what was published in the studio, so that every node can see cheaply that it must follow."""

_STAGES = re.compile(r"^stages[ \t]*:", re.MULTILINE)
_KEY = re.compile(r"^key[ \t]*:[ \t]*[\"']?([a-z][a-z0-9_-]*)", re.MULTILINE)


class Layer(StrEnum):
    """Where a text is kept, the uppermost first."""

    STUDIO = "studio"
    INSTANCE = "instance"
    SHIPPED = "shipped"


@dataclass(frozen=True, slots=True)
class FileText:
    """A text in a file. If the file is no UTF-8, `text` has U+FFFD in place of what cannot be read."""

    key: str
    text: str
    layer: Layer
    path: Path
    is_utf8: bool = True


@dataclass(frozen=True, slots=True)
class PublishedText:
    """The text of the revision that was last published in the studio."""

    key: str
    text: str
    number: int


def files(directories: Sequence[Path]) -> dict[str, FileText]:
    """Key -> the uppermost file with that key; what cannot be read is left out."""
    found: dict[str, FileText] = {}
    for path, layer in _paths(directories):
        if (each := _read(path, layer)) is not None:
            found.setdefault(each.key, each)
    return found


def file(directories: Sequence[Path], key: str) -> FileText | None:
    """The uppermost file with this key. No other file is read, unless it has changed since it was last looked at."""
    for path, layer in _paths(directories):
        if _key_in(path) == key and (each := _read(path, layer)) is not None and each.key == key:
            return each
    return None


def published(session: Session, key: str | None = None) -> dict[str, PublishedText]:
    """Key -> the text that is published in the studio; only that of `key`, if one is given."""
    wanted = select(StudioText.key, StudioRevision.text, StudioRevision.number).join(
        StudioRevision,
        and_(StudioRevision.key == StudioText.key, StudioRevision.number == StudioText.published),
    )
    if key is not None:
        wanted = wanted.where(StudioText.key == key)
    return {row.key: PublishedText(row.key, row.text, row.number) for row in session.execute(wanted)}


def published_texts(session: Session) -> dict[str, str]:
    """As `published`, but only the texts."""
    return {key: each.text for key, each in published(session).items()}


def of_keys(session: Session, directories: Sequence[Path]) -> dict[str, Layer]:
    """Key -> the layer of the text that hides the others."""
    found: dict[str, Layer] = {}
    for path, layer in _paths(directories):
        if (key := _key_in(path)) is not None:
            found.setdefault(key, layer)
    keys = session.scalars(select(StudioText.key).where(StudioText.published.is_not(None)))
    return found | dict.fromkeys(keys, Layer.STUDIO)


def stacked(
    files: Sequence[TextOfFile], published: Mapping[str, str], directories: Sequence[Path]
) -> list[TextOfFile]:
    """The texts that are used, sorted by name: those of `published` (key -> text), and of `files` those that no text
    of an upper layer hides. Two files of one directory do not hide each other; the linter reports them."""
    ranks = {str(directory): rank for rank, directory in enumerate(directories)}
    found = [
        (key_of(each.text, each.stem), ranks.get(str(Path(each.path).parent), 0), each) for each in files
    ]
    top: dict[str, int] = {}
    for key, rank, _each in found:
        top[key] = min(rank, top.get(key, rank))
    kept = [each for key, rank, each in found if key not in published and rank == top[key]]
    ours = [TextOfFile(f"{STUDIO}{key}", text) for key, text in published.items()]
    return sorted([*kept, *ours], key=lambda each: each.stem)


def edition(session: Session) -> int:
    """How often something was published in the studio."""
    return int(session.scalar(select(Bookmark.value).where(Bookmark.name == EDITION)) or 0)


def next_edition(session: Session) -> int:
    """Count one publication. It locks the counter, so publications of two nodes run one after the other."""
    add_once(session, Bookmark(name=EDITION, value="0"))
    wanted = select(Bookmark).where(Bookmark.name == EDITION).with_for_update()
    row = session.scalars(wanted.execution_options(populate_existing=True)).one()
    row.value = str(int(row.value) + 1)
    return int(row.value)


def key_of(text: str, stem: str) -> str:
    """The key under which a text is kept: `journey` for a journey, otherwise the questionnaire's key.

    A text that names no key has that of its file's name (`stem`).
    """
    if _STAGES.search(text):
        return JOURNEY
    if named := _KEY.search(text):
        return named[1]
    document = lint.read(text, f"{stem}.yaml")
    if document.journey:
        return JOURNEY
    return document.questionnaire.key if document.questionnaire else stem


def _paths(directories: Sequence[Path]) -> Iterator[tuple[Path, Layer]]:
    """Every file with its layer, the uppermost directory first."""
    shipped = resources.shipped("questionnaires")
    for directory in directories:
        layer = Layer.SHIPPED if directory == shipped else Layer.INSTANCE
        yield from ((path, layer) for path in files_in([directory]).values())


def _key_in(path: Path) -> str | None:
    """The key of the text in a file; None if it cannot be read."""
    try:
        state = path.stat()
    except OSError:
        return None
    return _key_of_state(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=4_096)
def _key_of_state(path: Path, _changed: int, _size: int) -> str | None:
    """Cached by what changes with a file: a page asks for one text, and the folder may hold hundreds."""
    found = _read(path, Layer.INSTANCE)
    return found.key if found else None


def _read(path: Path, layer: Layer) -> FileText | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    try:
        text, is_utf8 = content.decode("utf-8"), True
    except UnicodeDecodeError:
        text, is_utf8 = content.decode("utf-8", "replace"), False
    return FileText(key_of(text, path.stem), text, layer, path, is_utf8)
