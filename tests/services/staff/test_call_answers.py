"""Calls that are sent again: the effect happens once, and the answer is the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from feedback.errors import Conflict, Rejected
from feedback.services.staff import api_keys, call_answers
from feedback.services.staff.call_answers import KEPT, Answered, RepeatableCall
from feedback.store.models import CallAnswer
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


def test_the_same_call_at_the_same_moment_is_in_progress(world: World, call: RepeatableCall) -> None:
    if world.database.is_sqlite:
        pytest.skip("SQLite has one writer at a time: the second call waits")
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
