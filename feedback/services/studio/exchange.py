"""Moves texts between the studio and a directory of files, byte for byte, for those who keep them in Git.

A file beside them (`MARKS`) holds for each key the edit of the draft and the hash of the text when both were last the
same. So neither side overwrites what was changed on the other one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.orm import Session

from feedback.errors import NotFound, Rejected
from feedback.services.questionnaires import layers
from feedback.services.questionnaires.layers import Layer
from feedback.services.studio import drafts
from feedback.services.studio.drafts import StudioDraft

MARKS = ".studio.json"


class Move(StrEnum):
    """What happened to one text."""

    SAME = "unchanged"
    MOVED = "moved"
    REFUSED = "refused"


class Exchanged(NamedTuple):
    """The outcome for one text; a refused one was changed on the other side, too."""

    key: str
    outcome: Move
    path: Path


class _Mark(NamedTuple):
    edit: int
    digest: str


def pull(
    session: Session,
    directories: Sequence[Path],
    folder: Path,
    keys: Collection[str] = (),
    *,
    force: bool = False,
) -> list[Exchanged]:
    """Write drafts of the studio into files; all, or those with these keys. Raises NotFound for an unknown key.

    A file that was changed since the last exchange is refused without `force`.
    """
    found = {each.key: each for each in drafts.all_texts(session, directories) if each.layer == Layer.STUDIO}
    if unknown := [each for each in keys if each not in found]:
        raise NotFound(f"The studio has no text {unknown[0]!r}; use one of {', '.join(sorted(found))}.")
    folder.mkdir(parents=True, exist_ok=True)
    marks, known = _marks(folder), _paths(folder)
    done = []
    for key in sorted(keys or found):
        path, draft = known.get(key, folder / f"{key}.yaml"), found[key]
        before = path.read_bytes() if path.exists() else None
        outcome = _pulled(draft, before, marks.get(key), force=force)
        if outcome == Move.MOVED:
            path.write_bytes(draft.text.encode())
        if outcome != Move.REFUSED:
            marks[key] = _Mark(draft.edit, _digest(draft.text.encode()))
        done.append(Exchanged(key, outcome, path))
    _store(folder, marks)
    return done


def push(
    session: Session,
    directories: Sequence[Path],
    folder: Path,
    keys: Collection[str] = (),
    *,
    by: int,
    now: datetime,
    force: bool = False,
) -> list[Exchanged]:
    """Save files as drafts of the studio, which changes nothing for customers. Raises NotFound for an unknown key,
    Rejected for a file that cannot be stored.

    A draft that was saved since the last exchange is refused without `force`. Call `remember` after the transaction.
    """
    known = _paths(folder)
    if unknown := [each for each in keys if each not in known]:
        raise NotFound(f"No file in {folder} has the key {unknown[0]!r}.")
    marks, done = _marks(folder), []
    present = {each.key: each for each in drafts.all_texts(session, directories)}
    for key in sorted(keys or known):
        content = known[key].read_bytes()
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            raise Rejected(f"Save {known[key]} as UTF-8 first.") from None
        outcome = _pushed(present.get(key), text, marks.get(key), force=force)
        if outcome == Move.MOVED:
            edit = present[key].edit if key in present else 0
            drafts.save(session, key, text, base=edit, by=by, now=now)
        done.append(Exchanged(key, outcome, known[key]))
    return done


def remember(
    session: Session, directories: Sequence[Path], folder: Path, pushed: Sequence[Exchanged]
) -> None:
    """Note that these texts are the same on both sides."""
    marks = _marks(folder)
    present = {each.key: each for each in drafts.all_texts(session, directories)}
    for each in pushed:
        content = each.path.read_bytes()
        if each.outcome != Move.REFUSED and present[each.key].text.encode() == content:
            marks[each.key] = _Mark(present[each.key].edit, _digest(content))
    _store(folder, marks)


def differing(
    session: Session, directories: Sequence[Path], folder: Path, keys: Collection[str] = ()
) -> Iterator[tuple[StudioDraft, Path, str]]:
    """(draft, file, its text) for each draft of the studio whose file differs; a missing file has the text ""."""
    known = _paths(folder)
    for draft in drafts.all_texts(session, directories):
        if draft.layer != Layer.STUDIO or (keys and draft.key not in keys):
            continue
        path = known.get(draft.key, folder / f"{draft.key}.yaml")
        text = path.read_bytes().decode("utf-8", "replace") if path.exists() else ""
        if text != draft.text:
            yield draft, path, text


def _pulled(draft: StudioDraft, before: bytes | None, mark: _Mark | None, *, force: bool) -> Move:
    if before == draft.text.encode():
        return Move.SAME
    is_ours = before is None or (mark is not None and mark.digest == _digest(before))
    return Move.MOVED if is_ours or force else Move.REFUSED


def _pushed(draft: StudioDraft | None, text: str, mark: _Mark | None, *, force: bool) -> Move:
    """A draft of the studio is newer if its edit is not the one of the last exchange."""
    if draft is None or draft.layer != Layer.STUDIO:
        return Move.SAME if draft and draft.text == text else Move.MOVED
    if draft.text == text:
        return Move.SAME
    is_known = mark is not None and mark.edit == draft.edit
    return Move.MOVED if is_known or force else Move.REFUSED


def _paths(folder: Path) -> dict[str, Path]:
    """Key -> its file in this directory."""
    return {key: each.path for key, each in layers.files([folder]).items()} if folder.is_dir() else {}


def _marks(folder: Path) -> dict[str, _Mark]:
    try:
        stored = json.loads((folder / MARKS).read_text(encoding="utf-8"))
        return {key: _Mark(int(edit), str(digest)) for key, (edit, digest) in stored.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}  # without marks, what differs is refused


def _store(folder: Path, marks: dict[str, _Mark]) -> None:
    (folder / MARKS).write_text(json.dumps(marks, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
