"""What `doctor --deep` finds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.orm import Session

from feedback.services.messaging import invariants
from feedback.store.models import Attempt, DuplicateSend, Enrolment, Invitation, Message
from tests.services.conftest import World


@pytest.fixture
def sent(world: World) -> World:
    with world.database.writing() as session:
        world.contact(session)
        world.event(session, "ticket_closed")
    world.wait(hours=2)
    world.tick()
    return world


def codes(world: World) -> list[str]:
    with world.database.reading() as session:
        return [problem.code for problem in invariants.check(session, world.now)]


def test_a_sound_installation_has_nothing_to_report(sent: World) -> None:
    assert codes(sent) == []


def _vanish(session: Session, world: World) -> None:
    session.execute(update(Message).values(state="sending", lease_until=world.now - timedelta(minutes=5)))


def _twice(session: Session, world: World) -> None:
    session.add(DuplicateSend(message_id=1, provider_id="SM2", noticed_at=world.now))


def _copy(session: Session, _: World) -> None:
    original = session.get_one(Message, 1)
    names = [
        each
        for each in Message.__mapper__.columns.keys()  # noqa: SIM118
        if each not in ("id", "invitation_id", "provider_id")
    ]
    session.add(Message(provider_id="SM3", **{name: getattr(original, name) for name in names}))


def _unsaid(session: Session, _: World) -> None:
    session.execute(delete(Attempt))


def _strange(session: Session, _: World) -> None:
    """A state that no release has ever had; the column's type would refuse it."""
    session.execute(text("UPDATE message SET state = 'lost'"))


def _forgotten(session: Session, world: World) -> None:
    session.execute(update(Invitation).values(state="queued", expires_at=world.now - timedelta(hours=2)))


def _overdue(session: Session, world: World) -> None:
    session.execute(update(Enrolment).values(state="scheduled", due_at=world.now - timedelta(hours=2)))


def _uninvited(session: Session, _: World) -> None:
    session.execute(delete(Invitation))


def _doubtful(session: Session, _: World) -> None:
    session.execute(update(Message).values(state="held"))


@pytest.mark.parametrize(
    ("harm", "code"),
    [
        (_vanish, "F301"),
        (_twice, "F303"),
        (_copy, "F304"),
        (_strange, "F305"),
        (_unsaid, "F306"),
        (_forgotten, "F307"),
        (_overdue, "F308"),
        (_doubtful, "F310"),
        (_uninvited, "F311"),
    ],
)
def test_each_broken_invariant_is_named(
    sent: World, harm: Callable[[Session, World], None], code: str
) -> None:
    with sent.database.writing() as session:
        harm(session, sent)
    assert code in codes(sent)
