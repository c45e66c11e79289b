"""The backup of each night: made once, proved, and the oldest ones deleted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import structlog

from feedback.services.backups import backup_runs, nightly
from feedback.settings import Secret, Settings
from feedback.store.backups import drill
from feedback.store.models import BackupRun
from tests.services.conftest import World

PASSPHRASE = "sixteen characters or more"


class Nights:
    """An installation that makes a backup at two o'clock in Istanbul, which is 23:00 UTC of the day before."""

    def __init__(self, world: World, directory: Path) -> None:
        self.world, self.directory = world, directory
        self.world.now = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
        self.settings = self.with_backup(directory=str(directory), at=time(2), keep=3)

    def with_backup(self, **changes: object) -> Settings:
        settings = self.world.settings
        organisation = replace(settings.organisation, time_zone=ZoneInfo("Europe/Istanbul"))
        current = getattr(self, "settings", settings).backup
        return replace(settings, organisation=organisation, backup=replace(current, **changes))

    def work(self, stopped: bool = False) -> bool:
        with structlog.testing.capture_logs():
            return nightly.make_due(
                self.world.database, self.settings, self.world.now, lambda: self.world.now, lambda: stopped
            )

    def files(self) -> list[str]:
        return sorted(each.name for each in self.directory.iterdir())

    def last(self) -> BackupRun:
        with self.world.database.reading() as session:
            found = backup_runs.last(session)
        assert found is not None
        return found

    def codes(self) -> list[str]:
        with self.world.database.reading() as session:
            return [each.code for each in backup_runs.problems(session, self.settings, self.world.now)]


@pytest.fixture
def nights(
    world: World, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Nights:
    if not world.database.is_sqlite:
        programs = request.getfixturevalue("postgres").server.bin_path
        monkeypatch.setenv("PATH", str(programs), prepend=":")
    (tmp_path / "nights").mkdir()
    return Nights(world, tmp_path / "nights")


def test_a_backup_is_made_once_a_night_and_proved(nights: Nights) -> None:
    assert [nights.work(), nights.work()] == [True, False]
    name = "feedback-20260302T233000Z.backup"
    assert nights.files() == [name, f"{name}.json"]
    made = nights.last()
    assert (made.day.isoformat(), made.file, made.drilled, made.error) == ("2026-03-03", name, True, None)
    assert made.size == (nights.directory / name).stat().st_size
    nights.world.wait(hours=23)
    assert not nights.work()
    nights.world.wait(hours=1)
    assert nights.work()
    assert nights.codes() == []


def test_without_a_directory_nothing_is_made(nights: Nights) -> None:
    nights.settings = nights.with_backup(directory="")
    assert not nights.work()
    assert nights.files() == []


def test_before_its_time_the_backup_of_the_day_before_counts(nights: Nights) -> None:
    assert (
        nightly.due_day(nights.settings, datetime(2026, 3, 2, 22, 59, tzinfo=UTC)).isoformat() == "2026-03-02"
    )
    assert (
        nightly.due_day(nights.settings, datetime(2026, 3, 2, 23, 0, tzinfo=UTC)).isoformat() == "2026-03-03"
    )


def test_only_the_newest_are_kept_and_files_of_others_stay(nights: Nights) -> None:
    mine = nights.directory / "feedback-before-the-move.backup"
    mine.write_text("mine")
    nights.settings = nights.with_backup(drill=False)
    for _ in range(5):
        assert nights.work()
        nights.world.wait(days=1)
    copies = [each for each in nights.files() if each.endswith(".backup")]
    assert copies == [*(f"feedback-202603{day}T233000Z.backup" for day in ("04", "05", "06")), mine.name]
    assert len(nights.files()) == 7


def test_with_a_passphrase_every_night_is_encrypted_and_still_proved(nights: Nights) -> None:
    nights.settings = nights.with_backup(passphrase=Secret(PASSPHRASE))
    assert nights.work()
    made = nights.last()
    content = (nights.directory / made.file).read_bytes()
    assert content.startswith(b"age-encryption.org/v1")
    assert made.drilled


def test_a_directory_that_is_gone_is_reported_and_tried_again_in_an_hour(nights: Nights) -> None:
    nights.settings = nights.with_backup(directory=str(nights.directory / "unmounted"))
    assert not nights.work()
    assert "no file can be written there" in (nights.last().error or "")
    assert nights.codes() == ["F131"]
    (nights.directory / "unmounted").mkdir()
    nights.world.wait(minutes=59)
    assert not nights.work()
    nights.world.wait(minutes=1)
    assert nights.work()
    assert nights.codes() == []


def test_a_backup_whose_drill_finds_a_difference_is_no_good_one(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy is changed after its manifest was written, as a disk might do."""
    rehearse = drill.rehearse

    def on_a_bad_disk(file: Path, *given: object, **rest: object) -> object:
        file.write_bytes(file.read_bytes()[:-1])
        return rehearse(file, *given, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(drill, "rehearse", on_a_bad_disk)
    assert not nights.work()
    assert "was changed or damaged" in (nights.last().error or "")


def test_a_worker_that_stops_leaves_no_half_backup(nights: Nights) -> None:
    assert not nights.work(stopped=True)
    assert nights.files() == []
    assert "topped" in (nights.last().error or "")
