"""Which worker makes the backup of a night, and what is said if none does."""

from __future__ import annotations

from datetime import date, timedelta

from feedback.services.backups import backup_runs
from feedback.settings import Settings
from tests.services.conftest import World

DAY = date(2026, 3, 2)


def claim(world: World, day: date = DAY) -> int | None:
    with world.database.writing() as session:
        return backup_runs.claim(session, day, world.now)


def end(world: World, run: int, error: str = "") -> None:
    with world.database.writing() as session:
        if error:
            backup_runs.fail(session, run, error, world.now)
        else:
            backup_runs.succeed(session, run, "file", size=1, rows=2, drilled=True, now=world.now)


def test_of_two_nodes_one_makes_it(world: World) -> None:
    assert claim(world)
    assert claim(world) is None
    assert claim(world, DAY + timedelta(days=1))


def test_the_night_of_a_worker_that_was_killed_is_taken_over(world: World) -> None:
    run = claim(world)
    world.wait(hours=11)
    assert claim(world) is None
    world.wait(hours=2)
    assert claim(world) == run


def test_two_nights_without_a_good_backup_are_a_problem(world: World, settings: Settings) -> None:
    from dataclasses import replace

    wanted = replace(settings, backup=replace(settings.backup, directory="/var/backups"))

    def codes(settings: Settings) -> list[str]:
        with world.database.reading() as session:
            return [each.code for each in backup_runs.problems(session, settings, world.now)]

    assert codes(wanted) == []
    end(world, claim(world) or 0)
    world.wait(hours=49)
    assert codes(wanted) == []
    world.wait(hours=2)
    assert codes(wanted) == ["F132"]
    end(world, claim(world, DAY + timedelta(days=1)) or 0, "The disk is full.")
    assert codes(wanted) == ["F131", "F132"]
    assert codes(settings) == []


def test_rows_go_after_three_months(world: World) -> None:
    end(world, claim(world) or 0)
    world.wait(days=91)
    claim(world, DAY + timedelta(days=91))
    with world.database.reading() as session:
        assert backup_runs.last_good(session) is None
