"""Planning a base in portions: interrupted anywhere, it is continued, and everybody is enrolled once."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from feedback import worker
from feedback.bootstrap import Runtime
from feedback.errors import StorageUnavailable
from feedback.services.journey import enrolments, invitations
from feedback.store.database import Database
from feedback.store.failures import LOCKED
from feedback.store.models import Bookmark, Enrolment, Invitation, Message
from feedback.store.portions import Portions
from tests.services.conftest import World

ROOT = Path(__file__).parents[3]


class Interrupted(BaseException):
    """The process ends here."""


def people(world: World, session: Session, number: int) -> None:
    """Contacts, all of them with a renewal that is near, and some whose turn in the cadence is today."""
    account = world.account(session, renewal_on=world.now.date() + timedelta(days=80))
    for each in range(number):
        world.contact(session, f"c{each}", account=account, phone=f"+9053212{each:05d}")


def planned(world: World) -> Counter[tuple[int, str, str]]:
    with world.database.reading() as session:
        rows = session.execute(select(Enrolment.contact_id, Enrolment.stage, Enrolment.occurrence))
        return Counter(tuple(row) for row in rows)


def small(world: World, rest: Callable[[float], None] = lambda _: None) -> Portions:
    """Portions that seem to be slow and therefore never grow."""
    return Portions(world.database, seconds=count().__next__, rest=rest)


def test_a_plan_in_portions_enrols_whom_one_transaction_would_enrol(world: World) -> None:
    with world.database.writing() as session:
        people(world, session, 180)
    with world.database.writing() as session, session.begin_nested() as trial:
        enrolments.plan_dates(session, world.context, world.now)
        enrolments.plan_recurring(session, world.context, world.now)
        rows = session.execute(select(Enrolment.contact_id, Enrolment.stage, Enrolment.occurrence))
        expected = Counter(tuple(row) for row in rows)
        trial.rollback()
    enrolments.plan(small(world), world.context, world.now)
    assert planned(world) == expected
    assert {stage for _, stage, _ in expected} == {"renewal", "relationship"}


def test_a_plan_that_ends_after_any_portion_is_continued(world: World) -> None:
    with world.database.writing() as session:
        people(world, session, 100)
    left = 0

    def rest(_: float) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Interrupted

    interrupted = 0
    for allowed in (0, 1, 0, 2, 1, 50):  # portions before the end of each process
        left = allowed
        try:
            enrolments.plan(small(world, rest), world.context, world.now)
        except Interrupted:
            interrupted += 1
            with world.database.reading() as session:
                assert session.scalar(select(func.count()).select_from(Bookmark)) == 0  # the day is not done
    assert interrupted >= 3
    found = planned(world)
    assert set(found.values()) == {1}
    assert sum(stage == "renewal" for _, stage, _ in found) == 100
    with world.database.reading() as session:
        assert session.scalars(select(Bookmark.value)).all() == [world.now.date().isoformat()]


def test_who_joins_while_a_plan_is_interrupted_is_planned_with_the_rest(world: World) -> None:
    with world.database.writing() as session:
        people(world, session, 30)
    stopped = Portions(world.database, stopped=lambda: bool(planned(world)), seconds=lambda: 0.0)
    enrolments.plan(stopped, world.context, world.now)
    assert 0 < len(planned(world)) < 30
    with world.database.writing() as session:
        account = world.account(session, "a2", renewal_on=world.now.date() + timedelta(days=85))
        world.contact(session, "late", account=account, phone="+905321299999")
    enrolments.plan(small(world), world.context, world.now)
    assert sum(stage == "renewal" for _, stage, _ in planned(world)) == 31


def test_two_workers_that_plan_at_once_enrol_everybody_once(world: World) -> None:
    with world.database.writing() as session:
        people(world, session, 80)
    errors: list[BaseException] = []

    def work() -> None:
        try:
            enrolments.plan(Portions(world.database, rest=lambda _: None), world.context, world.now)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert set(planned(world).values()) == {1}
    assert sum(stage == "renewal" for _, stage, _ in planned(world)) == 80


PLAN = """
import sys, time
from datetime import datetime
from itertools import count
from pathlib import Path
from feedback import library, resources
from feedback.services.context import Context
from feedback.services.journey import enrolments
from feedback.settings import load
from feedback.store.database import Database
from feedback.store.portions import Portions

database = Database(sys.argv[1])
context = Context(load(Path(sys.argv[2]), {"FEEDBACK_DEMO": "true"}),
                  library.load(resources.directories("questionnaires")), {})
print("ready", flush=True)
portions = Portions(database, seconds=count().__next__, rest=lambda _: time.sleep(0.01))
enrolments.plan(portions, context, datetime.fromisoformat(sys.argv[3]))
"""


def test_a_plan_that_was_killed_is_continued_by_the_next_process(world: World, tmp_path: Path) -> None:
    with world.database.writing() as session:
        people(world, session, 400)
    url = world.database.url.render_as_string(hide_password=False)
    for _ in range(2):
        before = len(planned(world))
        process = subprocess.Popen(
            [sys.executable, "-c", PLAN, url, str(tmp_path), world.now.isoformat()],
            stdout=subprocess.PIPE, cwd=ROOT,
        )  # fmt: skip
        assert process.stdout is not None
        process.stdout.readline()
        while len(planned(world)) == before and process.poll() is None:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert before < len(planned(world)) < 400
    enrolments.plan(small(world), world.context, world.now)
    assert set(planned(world).values()) == {1}
    assert sum(stage == "renewal" for _, stage, _ in planned(world)) == 400


def test_everything_that_is_due_is_invited_in_portions_and_once(world: World) -> None:
    with world.database.writing() as session:
        for each in range(30):
            world.contact(session, f"c{each}", phone=f"+9053212{each:05d}")
            world.event(session, "ticket_closed", f"c{each}")
    world.wait(hours=2)
    runtime = Runtime(world.settings, world.library, world.providers, world.database)
    worker.issue(runtime, world.now)
    worker.issue(runtime, world.now)
    with world.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Invitation)) == 30
        assert session.scalar(select(func.count(Message.invitation_id.distinct()))) == 30


def test_an_enrolment_that_has_to_wait_does_not_hold_up_the_ones_behind_it(world: World) -> None:
    """Outranked enrolments stay due; with small portions they must not be all that is ever looked at."""
    with world.database.writing() as session:
        for each in range(12):
            world.contact(session, f"c{each}", phone=f"+9053212{each:05d}")
            world.event(session, "ticket_closed", f"c{each}")
            world.event(session, "customer_left", f"c{each}")
        world.contact(session, "last", phone="+905321299999")
    world.wait(hours=2)
    with world.database.writing() as session:
        session.execute(
            Enrolment.__table__.update()  # type: ignore[attr-defined]
            .where(Enrolment.stage == "offboarding")
            .values(due_at=world.now)
        )
        world.event(session, "ticket_closed", "last")
    world.wait(hours=2)
    portions = small(world)
    invitations.issue_all(portions, world.context, world.now)
    with world.database.reading() as session:
        asked = Counter(session.scalars(select(Invitation.stage)))
        skipped = Counter(session.scalars(select(Enrolment.reason).where(Enrolment.state == "skipped")))
    assert asked == {"offboarding": 12, "support-call": 1}
    assert skipped == {"contacted_recently": 12}


def test_overdue_invitations_enrolments_and_messages_are_ended_in_portions(world: World) -> None:
    with world.database.writing() as session:
        for each in range(25):
            world.contact(session, f"c{each}", phone=f"+9053212{each:05d}")
            world.event(session, "ticket_closed", f"c{each}")
    world.wait(hours=2)
    with world.database.writing() as session:
        invitations.issue_due(session, world.context, world.now, limit=15)
    world.wait(days=9)
    worker.expire(Runtime(world.settings, world.library, world.providers, world.database), world.now)
    with world.database.reading() as session:
        states = Counter(session.scalars(select(Invitation.state)))
        messages = Counter(session.scalars(select(Message.state)))
        skipped = Counter(session.scalars(select(Enrolment.reason).where(Enrolment.state == "skipped")))
    assert (states, messages, skipped) == ({"expired": 15}, {"cancelled": 15}, {"too_late": 10})


@pytest.mark.parametrize("job", ["plan", "issue", "remind", "expire", "reap", "follow_up", "purge"])
def test_a_job_that_is_stopped_writes_nothing_more(world: World, job: str) -> None:
    with world.database.writing() as session:
        people(world, session, 8)
    runtime = Runtime(world.settings, world.library, world.providers, world.database)
    getattr(worker, job)(runtime, world.now, lambda: True)
    assert not planned(world)


def test_a_database_that_is_busy_is_one_line_and_tried_again(world: World) -> None:
    busy = Database(world.database.url.render_as_string(hide_password=False), patience=0.05)
    runtime = Runtime(world.settings, world.library, world.providers, busy)
    tireless = worker.Worker(runtime, lambda: world.now)
    with world.database.writing() as session, capture_logs() as logged:
        session.add(Bookmark(name="held", value=""))
        session.flush()
        if busy.is_sqlite:
            tireless._run("expire", lambda runtime, now: _write(runtime.database))
        else:
            tireless._run("expire", _refuse)
    (line,) = logged
    assert (line["event"], line["job"]) == ("worker.job_failed", "expire")
    assert line["cause"].startswith("The database was locked for too long.")
    assert "exc_info" not in line
    with capture_logs() as logged:
        tireless._run("expire", lambda runtime, now: _write(runtime.database))
    assert [each["event"] for each in logged] == ["worker.job_works_again"]
    busy.close()


def _refuse(_: Runtime, __: datetime) -> None:
    raise StorageUnavailable(LOCKED)


def _write(database: Database) -> None:
    with database.writing() as session:
        session.add(Bookmark(name="done", value=""))
