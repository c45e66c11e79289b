"""An answer to an e-mail of a follow-up that the mail server pipes in lands in the follow-up, once."""

from __future__ import annotations

from dataclasses import replace
from email.utils import parseaddr

import pytest

from feedback.providers import mail_replies as reading
from feedback.services.contact import suppression
from feedback.services.responses import mail_replies
from tests.services.conversing import MAIL, Conversation


@pytest.fixture
def mailed(conversation: Conversation) -> Conversation:
    """Somebody has written an e-mail, and answers come to the product."""
    world = conversation.world
    world.settings = replace(world.settings, smtp=replace(world.settings.smtp, read_replies=True))
    conversation.send(MAIL)
    world.tick()
    world.wait(minutes=5)
    return conversation


def receive(mailed: Conversation, words: str, sender: str = "c1@example.com", **headers: str) -> str:
    to = parseaddr(mailed.message().reply_to or "")[1]
    top = {"From": sender, "To": to, "Message-ID": "<abc@mail.example>", **headers}
    raw = "\n".join([*(f"{name}: {value}" for name, value in top.items()), "", words]).encode()
    with mailed.world.database.writing() as session:
        return mail_replies.receive(session, reading.read(raw), mailed.world.settings, mailed.world.now)


def test_an_answer_lands_in_the_follow_up_without_the_copy_of_ours(mailed: Conversation) -> None:
    copy = "> " + MAIL.body.replace("\n", "\n> ")
    assert receive(mailed, f"Tomorrow at noon.\n\nOwner wrote:\n{copy}") == "replied"
    (reply,) = mailed.replies()
    assert (reply.body, reply.follow_up_id, reply.needs_person) == ("Tomorrow at noon.", mailed.task_id, True)
    assert mailed.entries()[-1] == "replied_email"
    assert mailed.task().first_contact_at == mailed.world.now


def test_the_same_mail_is_stored_once(mailed: Conversation) -> None:
    assert [receive(mailed, "Tomorrow"), receive(mailed, "Tomorrow")] == ["replied", "known"]
    assert len(mailed.replies()) == 1


def test_a_forged_address_reaches_nothing(mailed: Conversation) -> None:
    assert receive(mailed, "Tomorrow", To="bounce+b1.0123456789abcdef@acme.example") == "nothing"
    assert mailed.replies() == []


def test_stop_by_mail_is_obeyed(mailed: Conversation) -> None:
    assert receive(mailed, "STOP") == "opted_out"
    with mailed.world.database.reading() as session:
        assert suppression.is_suppressed(session, "email", "c1@example.com")


def test_somebody_else_cannot_opt_the_customer_out(mailed: Conversation) -> None:
    assert receive(mailed, "STOP", sender="colleague@example.com") == "replied"
    with mailed.world.database.reading() as session:
        assert not suppression.is_suppressed(session, "email", "c1@example.com")


def test_a_stop_word_in_a_long_mail_is_a_word(mailed: Conversation) -> None:
    assert receive(mailed, "Please stop the delivery of the labels. " * 10) == "replied"
    assert mailed.replies()[0].meaning == "to_follow_up"


def test_a_holiday_notice_is_shown_and_nobody_has_to_read_it(mailed: Conversation) -> None:
    assert receive(mailed, "I am away", **{"Auto-Submitted": "auto-replied"}) == "automatic"
    assert (mailed.replies()[0].needs_person, mailed.entries()[-1]) == (False, "replied_email")
    assert mailed.task().first_contact_at is None
