"""Queued messages and ways to send them, for the tests of the outbox."""

from __future__ import annotations

from sqlalchemy import func, select

from feedback.errors import DeliveryFailed
from feedback.providers.base import Deadline, StatusReport, Verdict, refusal
from feedback.providers.simulator import Simulator
from feedback.services.journey import invitations
from feedback.services.messaging import dispatch, receipts, reconciliation
from feedback.store.models import (
    Invitation,
    Message,
)
from tests.services.conftest import World

PHONE = "+905321234567"


def queue(world: World, *phones: str, event: str = "ticket_closed") -> World:
    """One queued message for each number, or one for the usual number."""
    with world.database.writing() as session:
        for number, phone in enumerate(phones or (PHONE,), start=1):
            world.contact(session, f"c{number}", phone=phone)
            world.event(session, event, f"c{number}")
    world.wait(hours=2)
    with world.database.writing() as session:
        invitations.issue_due(session, world.context, world.now)
    return world


def many(count: int) -> list[str]:
    return [f"+90532123{number:04d}" for number in range(count)]


def failing(world: World, *errors: DeliveryFailed | None) -> None:
    """The text channel answers with `errors` in turn, and lets everything through afterwards."""
    answers = iter(errors)
    world.providers["simulator_sms"] = Simulator(
        channel="sms", mailbox=world.mailbox, faults=lambda _: next(answers, None)
    )


def send(world: World) -> int:
    return dispatch.send_queued(world.database, world.context, "worker", world.now)


def take(world: World) -> list[dispatch.Claimed]:
    """Messages that a worker has claimed, and whose calls it has begun."""
    claimed = claim(world)
    for each in claimed:
        assert begin(world, each)
    return claimed


def claim(world: World, worker: str = "worker") -> list[dispatch.Claimed]:
    with world.database.writing() as session:
        return dispatch.claim(session, world.context, worker, world.now, Deadline.after(60))


def begin(world: World, claimed: dispatch.Claimed) -> bool:
    with world.database.connection() as connection:
        return dispatch.begin(connection, claimed, world.now)


def finish(world: World, outcome: dispatch.SendOutcome) -> bool:
    with world.database.writing() as session:
        return dispatch.record(session, outcome, world.settings, world.now)


def reap(world: World) -> int:
    with world.database.writing() as session:
        return reconciliation.reap(session, world.settings, world.now)


def hear(world: World, provider_id: str, status: str, message_id: int | None = None, **more: object) -> bool:
    with world.database.writing() as session:
        named = session.get(Message, message_id) if message_id else None
        more = {"nonce": named.nonce if named else None} | more
        receipt = StatusReport(provider_id, status, None, None, message_id, 1, None, **more)  # type: ignore[arg-type]
        return receipts.record(session, "simulator_sms", receipt, world.now)


def only(world: World) -> Message:
    with world.database.reading() as session:
        return session.scalars(select(Message)).one()


def asked(world: World) -> Invitation:
    with world.database.reading() as session:
        return session.scalars(select(Invitation)).one()


def count(world: World, table: type) -> int:
    with world.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def unknown() -> DeliveryFailed:
    return refusal(Verdict.UNKNOWN, "It broke off.")
