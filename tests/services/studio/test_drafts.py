"""Drafts in the studio: stored as typed, over the files, and never overwritten unseen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from feedback.errors import Conflict, FeedbackError, NotFound, Rejected
from feedback.services.questionnaires.layers import Layer
from feedback.services.studio import drafts, revisions
from feedback.services.studio.drafts import DraftState
from feedback.store.database import Database
from tests.services.studio.conftest import KEY, NOW

FILE = f"{KEY}.yaml"


def test_a_text_that_was_never_saved_is_that_of_the_layer_below(
    migrated: Database, directories: list[Path]
) -> None:
    with migrated.reading() as session:
        draft = drafts.find(session, directories, KEY)
        journey = drafts.find(session, directories, "journey")
    assert draft.text == (directories[1] / FILE).read_bytes().decode()
    assert (draft.layer, draft.edit, draft.state) == (Layer.SHIPPED, 0, DraftState.PUBLISHED)
    assert "stages:" in journey.text


@pytest.mark.parametrize("text", ["{ no yaml", "a: 1\r\nb: 2\n\n\n", "\ttab: ğ\u200cش", ""])
def test_a_draft_is_stored_exactly_as_typed(
    migrated: Database, directories: list[Path], people: tuple[int, int], text: str
) -> None:
    with migrated.writing() as session:
        edit = drafts.save(session, KEY, text, base=0, by=people[0], now=NOW)
    with migrated.reading() as session:
        draft = drafts.find(session, directories, KEY)
    assert (draft.text, draft.edit, draft.author, draft.at) == (text, edit, "Ada", NOW)
    assert (draft.layer, draft.state, draft.in_force_layer) == (
        Layer.STUDIO,
        DraftState.CHANGED,
        Layer.SHIPPED,
    )


def test_nobody_overwrites_what_somebody_else_saved_meanwhile(
    migrated: Database, directories: list[Path], people: tuple[int, int]
) -> None:
    with migrated.writing() as session:
        drafts.save(session, KEY, "a: 1", base=0, by=people[0], now=NOW)
    for base in (0, 2):
        with pytest.raises(Conflict), migrated.writing() as session:
            drafts.save(session, KEY, "a: 2", base=base, by=people[1], now=NOW)
    with migrated.reading() as session:
        assert drafts.find(session, directories, KEY).text == "a: 1"


def test_saving_the_same_text_again_is_no_edit(migrated: Database, people: tuple[int, int]) -> None:
    with migrated.writing() as session:
        first = drafts.save(session, KEY, "a: 1", base=0, by=people[0], now=NOW)
        assert drafts.save(session, KEY, "a: 1", base=first, by=people[1], now=NOW) == first
        assert drafts.save(session, KEY, "a: 2", base=first, by=people[1], now=NOW) == first + 1


@pytest.mark.parametrize(
    ("key", "text", "refused"),
    [
        ("relationship-nps", "a: 1", Conflict),
        ("journey", "a: 1", Rejected),
        ("new", "a: 1", Rejected),
        ("Großer Name", "a: 1", Rejected),
        ("k" * 65, "a: 1", Rejected),
        ("mine", "a\x00", Rejected),
        ("mine", "a\udcff", Rejected),
        ("mine", "a" * 60_001, Rejected),
    ],
)
def test_a_text_that_cannot_be_created_is_refused(
    migrated: Database,
    directories: list[Path],
    people: tuple[int, int],
    key: str,
    text: str,
    refused: type[FeedbackError],
) -> None:
    with pytest.raises(refused), migrated.writing() as session:
        drafts.create(session, directories, key, text, by=people[0], now=NOW)


def test_a_new_text_was_never_published_and_its_key_is_taken(
    migrated: Database, directories: list[Path], people: tuple[int, int]
) -> None:
    with migrated.writing() as session:
        draft = drafts.create(session, directories, "mine", "a: 1", by=people[0], now=NOW)
    assert (draft.state, draft.edit, draft.layer) == (DraftState.NEVER, 1, Layer.STUDIO)
    with pytest.raises(Conflict), migrated.writing() as session:
        drafts.create(session, directories, "mine", "a: 2", by=people[1], now=NOW)


def test_a_duplicate_differs_in_its_key_only(
    migrated: Database, directories: list[Path], people: tuple[int, int]
) -> None:
    with migrated.writing() as session:
        copy = drafts.duplicate(session, directories, KEY, "my-csat", by=people[0], now=NOW)
        before = drafts.find(session, directories, KEY).text
    assert copy.text == before.replace(f"key: {KEY}\n", "key: my-csat\n", 1) != before


def test_an_archived_text_takes_no_changes_and_stays_in_force(
    migrated: Database, directories: list[Path], people: tuple[int, int]
) -> None:
    with migrated.writing() as session:
        drafts.archive(session, directories, KEY, by=people[0], now=NOW)
    with migrated.reading() as session:
        draft = drafts.find(session, directories, KEY)
    assert draft.archived_at == NOW
    assert draft.is_published
    with pytest.raises(Conflict, match="archived"), migrated.writing() as session:
        drafts.save(session, KEY, "a: 1", base=draft.edit, by=people[0], now=NOW)
    with migrated.writing() as session:
        drafts.restore(session, KEY, by=people[0], now=NOW)
        drafts.save(session, KEY, "a: 1", base=draft.edit, by=people[0], now=NOW)


def test_what_there_is_not_is_not_found(migrated: Database, directories: list[Path]) -> None:
    asked: list[Callable[[Session], object]] = [
        lambda session: drafts.find(session, directories, "nothing"),
        lambda session: drafts.restore(session, "nothing", by=1, now=NOW),
        lambda session: revisions.revision(session, KEY, 1),
    ]
    for each in asked:
        with pytest.raises(NotFound), migrated.writing() as session:
            each(session)


def test_a_file_of_the_installation_hides_the_shipped_one_with_its_key_whatever_its_name(
    migrated: Database, directories: list[Path]
) -> None:
    shipped = (directories[1] / FILE).read_text(encoding="utf-8")
    (directories[0] / "ours.yaml").write_text(shipped.replace("Support call", "Ours"), encoding="utf-8")
    with migrated.reading() as session:
        draft = drafts.find(session, directories, KEY)
        same = [each for each in drafts.all_texts(session, directories) if each.key == KEY]
        assert drafts.keys(session, directories) == {
            each.key for each in drafts.all_texts(session, directories)
        }
    assert "Ours" in draft.text
    assert draft.layer == Layer.INSTANCE
    assert same == [draft]


def test_a_text_is_found_without_reading_the_other_files(
    migrated: Database, directories: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    whole = Path.read_bytes

    def counted(path: Path) -> bytes:
        read.append(path.name)
        return whole(path)

    for number in range(3):
        (directories[0] / f"mine-{number}.yaml").write_text(f"key: mine-{number}\n")
    with migrated.reading() as session:
        drafts.find(session, directories, "mine-1")
        monkeypatch.setattr(Path, "read_bytes", counted)
        assert drafts.find(session, directories, "mine-1").text == "key: mine-1\n"
        assert read == ["mine-1.yaml"]
        (directories[0] / "mine-1.yaml").write_text("key: moved\n")
        (directories[0] / "mine-2.yaml").write_text("key: mine-1\n# now here\n")
        assert "now here" in drafts.find(session, directories, "mine-1").text
        with pytest.raises(NotFound):
            drafts.find(session, directories, "mine-2")


def test_line_ends_of_a_form_become_those_of_the_text_before() -> None:
    assert drafts.as_typed("a\r\nb\r\n", "x\n") == "a\nb\n"
    assert drafts.as_typed("a\r\nb\r\n", "x\r\n") == "a\r\nb\r\n"
