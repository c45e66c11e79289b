"""Calls that are sent again: the effect happens once, and the answer is the same."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from feedback.errors import Conflict, Rejected
from feedback.services.staff import api_keys, call_answers
from feedback.services.staff.call_answers import KEPT, Answered, RepeatableCall
from feedback.store.models import Account, CallAnswer
from tests.services.conftest import World


@pytest.fixture
def call(world: World) -> RepeatableCall:
    with world.database.writing() as session:
        row, _ = api_keys.create(session, "CRM", by=None, now=world.now)
    return RepeatableCall.of(row.id, "abc", b"POST", b"/events", b"{}")


def test_an_answer_is_given_again_for_a_day(world: World, call: RepeatableCall) -> None:
    answered = Answered(201, '{"name": "Ada"}', {"Location": "/x"})
    with world.database.writing() as session:
        assert call_answers.given(session, call, world.now) is None
        call_answers.keep(session, call, answered, world.now)
    later = world.now + KEPT - timedelta(seconds=1)
    with world.database.writing() as session:
        assert call_answers.given(session, call, later) == answered
    with world.database.writing() as session:
        assert call_answers.given(session, call, world.now + KEPT) is None


def test_the_same_key_for_another_call_is_refused(world: World, call: RepeatableCall) -> None:
    other = RepeatableCall.of(call.key_id, '"abc"', b"POST", b"/events", b"[]")
    assert other.call == call.call
    with world.database.writing() as session:
        call_answers.keep(session, call, Answered(200, ""), world.now)
    with world.database.writing() as session, pytest.raises(Rejected, match="another Idempotency-Key"):
        call_answers.given(session, other, world.now)


@pytest.mark.parametrize("migrated", ["postgres"], indirect=True)  # SQLite has one writer at a time
def test_the_same_call_at_the_same_moment_is_in_progress(world: World, call: RepeatableCall) -> None:
    with world.database.writing() as first:
        assert call_answers.given(first, call, world.now) is None
        with world.database.writing() as second, pytest.raises(Conflict, match="still being processed"):
            call_answers.given(second, call, world.now)


def test_old_answers_are_deleted(world: World, call: RepeatableCall) -> None:
    with world.database.writing() as session:
        call_answers.keep(session, call, Answered(200, ""), world.now)
        fresh = RepeatableCall.of(call.key_id, "def")
        call_answers.keep(session, fresh, Answered(200, ""), world.now + timedelta(hours=1))
    with world.database.writing() as session:
        call_answers.purge(session, world.now + KEPT)
        left = session.scalars(select(CallAnswer.call)).all()
        assert list(left) == [fresh.call]
        call_answers.purge(session, world.now + KEPT + timedelta(hours=1))
        assert session.scalar(select(func.count()).select_from(CallAnswer)) == 0


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "a\nb"])
def test_a_key_is_a_short_line(key: str) -> None:
    with pytest.raises(Rejected, match="1 to 255"):
        RepeatableCall.of(1, key)


KILLED = """
import os, signal, sys
from datetime import datetime
from feedback.services.staff import call_answers
from feedback.services.staff.call_answers import Answered, RepeatableCall
from feedback.store.database import Database
from feedback.store.models import Account

url, key, moment, now = sys.argv[1], int(sys.argv[2]), sys.argv[3], datetime.fromisoformat(sys.argv[4])
call = RepeatableCall.of(key, "abc", b"POST", b"/events", b"{}")
with Database(url).writing() as session:
    assert call_answers.given(session, call, now) is None
    session.add(Account(external_id="x", name="X", created_at=now, updated_at=now))
    session.flush()
    call_answers.keep(session, call, Answered(201, "made"), now)
    session.flush()
    if moment == "before":
        os.kill(os.getpid(), signal.SIGKILL)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(("moment", "effects"), [("before", 0), ("after", 1)])
def test_a_process_that_is_killed_leaves_the_effect_and_its_answer_or_neither(
    world: World, call: RepeatableCall, moment: str, effects: int
) -> None:
    url = world.database.url.render_as_string(hide_password=False)
    given = [url, str(call.key_id), moment, world.now.isoformat()]
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, *given], check=False, capture_output=True, timeout=60
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    with world.database.writing() as session:
        made = session.scalar(select(func.count()).select_from(Account).where(Account.external_id == "x"))
        answer = call_answers.given(session, call, world.now)
    assert (made, answer) == (effects, Answered(201, "made") if effects else None)
