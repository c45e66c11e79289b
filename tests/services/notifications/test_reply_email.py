"""The owner is notified by e-mail that a customer has replied, once, and without the customer's words."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from feedback.services.access import Viewer
from feedback.services.followups import customer_replies
from feedback.services.notifications import reply_email
from feedback.store.models import FollowUp, Message, User
from tests.services.conversing import Conversation


@pytest.fixture
def replied(conversation: Conversation) -> Conversation:
    conversation.send()
    conversation.world.tick()
    conversation.world.wait(minutes=5)
    conversation.world.reply("Tomorrow at noon")
    return conversation


def tell(replied: Conversation) -> int:
    with replied.world.database.writing() as session:
        return reply_email.tell_of_replies(session, replied.world.context, replied.world.now)


def mails(replied: Conversation) -> list[tuple[str, str | None, str]]:
    with replied.world.database.reading() as session:
        found = select(Message).where(Message.purpose == reply_email.PURPOSE).order_by(Message.id)
        return [(each.recipient, each.subject, each.body) for each in session.scalars(found)]


def test_the_owner_is_told_once_and_without_the_words(replied: Conversation) -> None:
    assert [tell(replied), tell(replied)] == [1, 0]
    ((to, subject, body),) = mails(replied)
    assert (to, subject) == ("owner@example.com", "The customer has replied: Acme")
    assert "noon" not in body
    assert f"/desk/{replied.task_id}" in body
    assert replied.entries()[-1] == "reply_told"


def test_more_replies_wait_for_the_next_e_mail(replied: Conversation) -> None:
    tell(replied)
    replied.world.wait(minutes=1)
    replied.world.reply("Or at two")
    assert tell(replied) == 0
    replied.world.wait(minutes=20)
    assert tell(replied) == 1
    assert len(mails(replied)) == 2


def test_what_was_read_meanwhile_needs_no_e_mail(replied: Conversation) -> None:
    with replied.world.database.writing() as session:
        viewer = Viewer(replied.owner_id, sees_all=True)
        customer_replies.mark_read(session, replied.task_id, viewer, replied.world.now)
    assert (tell(replied), mails(replied)) == (1, [])


def test_who_stands_in_for_the_owner_is_told(replied: Conversation) -> None:
    with replied.world.database.writing() as session:
        other = replied.world.owner(session, "other@example.com")
        owner = session.get_one(User, replied.owner_id)
        owner.away_until, owner.delegate_id = replied.world.now + timedelta(days=5), other.id
    tell(replied)
    assert [to for to, _, _ in mails(replied)] == ["other@example.com"]


def test_without_an_owner_the_inbox_is_enough(replied: Conversation) -> None:
    with replied.world.database.writing() as session:
        session.get_one(FollowUp, replied.task_id).owner_id = None
    assert (tell(replied), mails(replied)) == (1, [])
