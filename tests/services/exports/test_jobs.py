"""Exports in the background: made once, never half, also by a worker that is killed; and deleted in time."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from feedback.errors import Conflict, Gone, NotFound
from feedback.services.access import Viewer
from feedback.services.exports import ExportRequest, jobs, making
from feedback.services.privacy import erasure
from feedback.services.staff import accounts
from feedback.store.models import AnswerRow, AuditEntry, Contact, ExportPart, ExportRun, Response, User
from feedback.store.portions import Portions
from tests.factories_reports import answered, user
from tests.services.conftest import World

ROOT = Path(__file__).parents[3]
SURVEY = "relationship-nps"
WANTED = ExportRequest(SURVEY)
NOW = datetime(2026, 3, 12, 12, tzinfo=UTC)


@pytest.fixture
def lead(world: World) -> Viewer:
    return Viewer(colleague(world, "Leyla"), sees_all=True)


def colleague(world: World, name: str) -> int:
    """The id of a new user who may export."""
    with world.database.writing() as session:
        person = user(session, name)
        accounts.set_roles(session, person, ["admin"], by=None, now=NOW)
        return person.id


def ask(world: World, viewer: Viewer, wanted: ExportRequest = WANTED) -> int:
    with world.database.writing() as session:
        return jobs.queue(session, wanted, viewer, "2026-11-30", NOW).id


def work(world: World, now: Callable[[], datetime] = lambda: NOW, **rest: Any) -> bool:
    return jobs.work(world.database, world.context, now, **rest)


def row(world: World, export_id: int) -> ExportRun:
    with world.database.reading() as session:
        return session.get_one(ExportRun, export_id)


def taken(world: World, viewer: Viewer, export_id: int, now: datetime = NOW) -> bytes:
    with world.database.writing() as session:
        found = jobs.take(session, viewer, export_id, now)
    return b"".join(jobs.pieces(world.database, found))


def parts(world: World) -> int:
    with world.database.reading() as session:
        return session.scalar(select(func.count(ExportPart.id))) or 0


def answers(world: World, number: int) -> None:
    with world.database.writing() as session:
        for _ in range(number):
            made = answered(session, 9, library=world.library, questionnaire=SURVEY, question="score")
            made.answers.append(AnswerRow(question="improve", text="Ünlü " * 200))


def test_a_file_is_made_taken_and_deleted(
    world: World, lead: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PART", 1_000)
    answers(world, 7)
    export_id = ask(world, lead)
    with pytest.raises(Conflict, match="not ready"):
        taken(world, lead, export_id)
    assert work(world)
    assert not work(world)
    found = row(world, export_id)
    assert (found.state, found.name) == ("done", f"{SURVEY}-responses-2026-11-30.csv")
    data = taken(world, lead, export_id)
    assert len(data) == found.size
    assert parts(world) > 5
    assert data.count(b'\r\n"') == found.rows
    with world.database.reading() as session:
        noted = select(AuditEntry.action).where(AuditEntry.subject == jobs.SUBJECT).order_by(AuditEntry.id)
        assert session.scalars(noted).all() == ["created", "exported"]
    jobs.remove(world.database, lead, export_id, NOW)
    assert parts(world) == 0
    with pytest.raises(NotFound):
        taken(world, lead, export_id)


def test_only_who_asked_or_sees_all_gets_a_file(world: World, lead: Viewer) -> None:
    cem, selin = colleague(world, "Cem"), colleague(world, "Selin")
    export_id = ask(world, Viewer(cem))
    with world.database.reading() as session:
        assert jobs.find(session, Viewer(cem), export_id)
        assert jobs.latest(session, Viewer(selin), 9) == []
        with pytest.raises(NotFound):
            jobs.find(session, Viewer(selin), export_id)
    with pytest.raises(NotFound):
        jobs.remove(world.database, Viewer(selin), export_id, NOW)
    assert work(world)
    assert row(world, export_id).state == "done"


def test_somebody_who_left_gets_no_file_and_nobody_fills_the_line(world: World, lead: Viewer) -> None:
    for _ in range(jobs.MOST_WAITING):
        last = ask(world, lead)
    with pytest.raises(Conflict, match="ten are being made"):
        ask(world, lead)
    with world.database.writing() as session:
        session.execute(update(User).where(User.id == lead.user_id).values(active=False))
    while work(world):
        pass
    found = row(world, last)
    assert (found.state, found.problem) == ("failed", "The user who asked for it is no longer active.")


def test_somebody_who_may_no_longer_export_gets_no_file(world: World, lead: Viewer) -> None:
    colleague(world, "Selin")  # an admin is left
    waiting = ask(world, lead)
    with world.database.writing() as session:
        demoted = session.get_one(User, lead.user_id)
        accounts.set_roles(session, demoted, ["csm"], by=None, now=NOW)
    assert work(world)
    found = row(world, waiting)
    assert (found.state, found.problem) == ("failed", "The user who asked for it may no longer export.")
    assert parts(world) == 0


def test_a_worker_that_comes_back_late_changes_nothing(
    world: World, lead: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the first one makes the file, its lease runs out and another one makes it from the beginning."""
    export_id = ask(world, lead)
    make, late = making.make, NOW + 2 * jobs.LEASE
    inside: list[bool] = []

    def slow(*arguments: Any) -> int:
        if not inside:
            inside.append(True)
            assert work(world, lambda: late)
        return make(*arguments)

    monkeypatch.setattr(jobs, "make", slow)
    assert work(world)
    found = row(world, export_id)
    assert (found.state, found.attempt) == ("done", 2)
    assert len(taken(world, lead, export_id)) == found.size
    with world.database.reading() as session:
        assert set(session.scalars(select(ExportPart.attempt))) == {2}


def test_a_worker_that_stops_leaves_the_export_to_the_next(world: World, lead: Viewer) -> None:
    export_id = ask(world, lead)
    asked = iter([False, True, True, True, True, True])
    assert not work(world, stopped=lambda: next(asked))
    assert row(world, export_id).state == "waiting"
    assert work(world)
    assert row(world, export_id).state == "done"


def test_an_erasure_deletes_every_file_and_what_is_being_made_begins_again(
    world: World, lead: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(world, 2)
    done = ask(world, lead)
    assert work(world)
    running = ask(world, lead)
    store = jobs._store

    def erased_meanwhile(*arguments: Any) -> None:
        with world.database.writing() as session:
            person = session.scalars(select(Contact).join(Response).order_by(Contact.id).limit(1)).one()
            erasure.erase(session, person, by=None, now=NOW)
        store(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "_store", erased_meanwhile)
        assert work(world)
    assert (row(world, done).state, row(world, running).state, parts(world)) == ("erased", "waiting", 0)
    with pytest.raises(Gone, match="deleted"):
        taken(world, lead, done)
    assert work(world)
    assert taken(world, lead, running)


def test_a_file_is_kept_for_a_week(world: World, lead: Viewer) -> None:
    export_id = ask(world, lead)
    assert work(world)
    late = NOW + jobs.KEPT
    with pytest.raises(Gone):
        taken(world, lead, export_id, late)
    jobs.purge(Portions(world.database), NOW)
    assert parts(world) > 0
    jobs.purge(Portions(world.database), late)
    assert parts(world) == 0
    with world.database.reading() as session:
        assert session.get(ExportRun, export_id) is None


KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from feedback import library, resources
from feedback.services.context import Context
from feedback.services.exports import jobs
from feedback.settings import Settings
from feedback.store.database import Database

url, instance, now, dies_at = sys.argv[1], Path(sys.argv[2]), datetime.fromisoformat(sys.argv[3]), int(sys.argv[4])
held, changes = jobs._Watched.held, []


def dying(self, session, **values):
    changes.append(values)
    if len(changes) == dies_at:
        os.kill(os.getpid(), signal.SIGKILL)
    return held(self, session, **values)


jobs._Watched.held, jobs.PART = dying, 1_000
context = Context(Settings(instance=instance), library.load(resources.directories("questionnaires")), {})
jobs.work(Database(url), context, lambda: now)
"""


def test_a_worker_that_is_killed_offers_nothing_half_and_another_begins_again(
    world: World, lead: Viewer, tmp_path: Path
) -> None:
    answers(world, 7)
    export_id = ask(world, lead)
    url = world.database.url.render_as_string(hide_password=False)
    for number, dies_at in enumerate((1, 4)):
        at = NOW + number * 2 * jobs.LEASE
        process = subprocess.run(
            [sys.executable, "-c", KILLED, url, str(tmp_path), at.isoformat(), str(dies_at)],
            cwd=ROOT,
            check=False,
        )
        assert process.returncode == -signal.SIGKILL
        with pytest.raises(Conflict, match="not ready"):
            taken(world, lead, export_id)
    assert parts(world) == 3
    assert not work(world)  # the lease of the one that was killed
    assert work(world, lambda: NOW + 9 * jobs.LEASE)
    found = row(world, export_id)
    assert (found.state, found.attempt, len(taken(world, lead, export_id))) == ("done", 3, found.size)
    with world.database.reading() as session:
        assert set(session.scalars(select(ExportPart.attempt))) == {3}
