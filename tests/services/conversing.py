"""One follow-up, and what its owner and the customer write to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from feedback.services.access import Viewer
from feedback.services.contact import suppression
from feedback.services.followups import customer_messages
from feedback.services.followups.customer_messages import CustomerLetter
from feedback.store.models import FollowUp, FollowUpEntry, InboundReply, Message
from tests.factories_desk import answer

if TYPE_CHECKING:
    from tests.services.conftest import World

LETTER = CustomerLetter("sms", "Hello Deniz, when may I call you?")
MAIL = CustomerLetter("email", "Hello Deniz,\n\nwhen may I call you?\n\nOwner", "Your feedback")


def begin(world: World, score: int = 2, *, consent: bool = True, **columns: object) -> Conversation:
    """A customer with an account answers a survey, which opens a follow-up of the account's owner."""
    with world.database.writing() as session:
        owner = world.owner(session)
        account = world.account(session, owner_id=owner.id)
        contact = world.contact(session, account=account, consent=consent, **columns)
        (task,) = answer(session, world, contact, score, "", world.now)  # type: ignore[arg-type]
        return Conversation(world, task.id, owner.id)


@dataclass
class Conversation:
    """One follow-up of one customer, and its owner."""

    world: World
    task_id: int
    owner_id: int

    def send(self, letter: CustomerLetter = LETTER, viewer: Viewer | None = None) -> int:
        with self.world.database.writing() as session:
            author = viewer or Viewer(self.owner_id, sees_all=True)
            world = self.world
            return customer_messages.send(session, self.task_id, letter, author, world.context, world.now).id

    def task(self) -> FollowUp:
        with self.world.database.reading() as session:
            return session.get_one(FollowUp, self.task_id)

    def message(self) -> Message:
        with self.world.database.reading() as session:
            return session.scalars(select(Message).where(Message.purpose == "follow_up")).one()

    def entries(self) -> list[str]:
        with self.world.database.reading() as session:
            found = select(FollowUpEntry.kind).where(FollowUpEntry.follow_up_id == self.task_id)
            return list(session.scalars(found.order_by(FollowUpEntry.id)))

    def opt_out(self, channel: str = "sms", address: str = "+905321234567") -> None:
        with self.world.database.writing() as session:
            suppression.opt_out(session, channel, address, source="test", now=self.world.now)

    def replies(self) -> list[InboundReply]:
        with self.world.database.reading() as session:
            return list(session.scalars(select(InboundReply).order_by(InboundReply.id)))
