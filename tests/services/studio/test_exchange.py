"""Texts move between the studio and files, and neither side overwrites the other unseen."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedback.errors import NotFound, Rejected
from feedback.services.studio import drafts, exchange
from feedback.services.studio.exchange import Move
from feedback.store.database import Database
from tests.services.studio.conftest import KEY, NOW

TEXT = f"# ours\r\nkey: {KEY}   # kept\r\ntitle: ğ\u200cش\r\n\r\n"


class Desk:
    """A studio with one draft, and a directory of files."""

    def __init__(self, database: Database, directories: list[Path], folder: Path, by: int) -> None:
        self.database, self.directories, self.folder, self.by = database, directories, folder, by
        self.file = folder / f"{KEY}.yaml"

    def save(self, text: str) -> None:
        with self.database.writing() as session:
            base = drafts.find(session, self.directories, KEY).edit
            drafts.save(session, KEY, text, base=base, by=self.by, now=NOW)

    @property
    def draft(self) -> tuple[str, int]:
        with self.database.reading() as session:
            found = drafts.find(session, self.directories, KEY)
        return found.text, found.edit

    def pull(self, *keys: str, force: bool = False) -> list[Move]:
        with self.database.reading() as session:
            done = exchange.pull(session, self.directories, self.folder, keys, force=force)
        return [each.outcome for each in done]

    def push(self, *keys: str, force: bool = False) -> list[Move]:
        with self.database.writing() as session:
            done = exchange.push(
                session, self.directories, self.folder, keys, by=self.by, now=NOW, force=force
            )
        with self.database.reading() as session:
            exchange.remember(session, self.directories, self.folder, done)
        return [each.outcome for each in done]


@pytest.fixture
def texts(migrated: Database, directories: list[Path], tmp_path: Path, people: tuple[int, int]) -> Desk:
    made = Desk(migrated, directories, tmp_path / "git", people[0])
    made.save(TEXT)
    return made


def test_pulling_and_pushing_again_changes_nothing(texts: Desk) -> None:
    assert texts.pull() == [Move.MOVED]
    assert texts.file.read_bytes() == TEXT.encode()
    before = texts.draft
    assert texts.push() == texts.pull() == [Move.SAME]
    assert texts.draft == before
    assert texts.file.read_bytes() == TEXT.encode()


def test_an_edited_file_is_pushed_and_an_edited_draft_pulled(texts: Desk) -> None:
    texts.pull()
    texts.file.write_bytes(TEXT.encode() + b"# more\n")
    assert texts.push() == [Move.MOVED]
    assert texts.draft[0] == TEXT + "# more\n"
    texts.save("key: x\n")
    assert texts.pull() == [Move.MOVED]
    assert texts.file.read_bytes() == b"key: x\n"


def test_what_was_changed_on_both_sides_is_overwritten_by_force_only(texts: Desk) -> None:
    texts.pull()
    texts.file.write_bytes(b"key: support-call-csat\n")
    texts.save("key: mine\n")
    assert texts.push() == texts.pull() == [Move.REFUSED]
    assert (texts.draft[0], texts.file.read_bytes()) == ("key: mine\n", b"key: support-call-csat\n")
    assert texts.push(force=True) == [Move.MOVED]
    assert texts.draft[0] == "key: support-call-csat\n"


def test_a_draft_that_was_never_pulled_is_not_overwritten(texts: Desk) -> None:
    texts.folder.mkdir()
    texts.file.write_bytes(b"key: support-call-csat\n")
    assert texts.push() == texts.pull() == [Move.REFUSED]


def test_unknown_keys_and_files_that_are_no_utf_8_are_refused(texts: Desk) -> None:
    texts.pull()
    for move in (texts.pull, texts.push):
        with pytest.raises(NotFound):
            move("nothing")
    texts.file.write_bytes(b"key: support-call-csat\ntitle: \xff\n")
    with pytest.raises(Rejected):
        texts.push()
