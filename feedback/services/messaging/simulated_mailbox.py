"""The simulated phone and inbox, stored in the database so that web and worker see the same messages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from feedback import clock
from feedback.providers.base import Channel, Found, Outgoing, Reply
from feedback.store.database import Database
from feedback.store.models import SimulatedMessage


class DatabaseMailbox:
    """Implements the simulator's `Mailbox`; every call is a separate short transaction, as with a real provider."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def deliver(self, outgoing: Outgoing, channel: Channel) -> str:
        with self._database.writing() as session:
            message = SimulatedMessage(
                channel=channel,
                direction="out",
                address=outgoing.to,
                subject=outgoing.subject,
                body=outgoing.body,
                html=outgoing.html,
                language=outgoing.language,
                message_id=outgoing.message_id,
                at=clock.now(),
            )
            session.add(message)
            session.flush()
            return provider_id(message)

    def find(self, to: str, match: str, since: datetime) -> list[Found]:
        wanted = select(SimulatedMessage).where(
            SimulatedMessage.direction == "out",
            SimulatedMessage.address == to,
            SimulatedMessage.at >= since,
            SimulatedMessage.body.contains(match, autoescape=True),
        )
        with self._database.reading() as session:
            return [
                Found(provider_id(each), "delivered", each.body, each.at) for each in session.scalars(wanted)
            ]

    def inbound(self, to: str, since: datetime) -> Iterable[Reply]:  # noqa: ARG002 - one number serves all
        wanted = (
            select(SimulatedMessage)
            .where(SimulatedMessage.direction == "in", SimulatedMessage.at >= since)
            .order_by(SimulatedMessage.id.desc())
        )
        with self._database.reading() as session:
            return [
                Reply(provider_id(each), each.address, "simulator", each.body, each.at, None)
                for each in session.scalars(wanted)
            ]


def provider_id(message: SimulatedMessage) -> str:
    """The provider id of a simulated message."""
    return f"BOX{message.id:08d}"
