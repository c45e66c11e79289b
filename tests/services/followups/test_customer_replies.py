"""What a customer answers lands where somebody has written to them, and nowhere as a score."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from feedback.services.access import Viewer
from feedback.services.contact import suppression
from feedback.services.followups import customer_replies, workflow
from feedback.services.responses import reply_inbox
from feedback.services.responses.reply_inbox import Decision, Tray
from feedback.store.models import FollowUp, Invitation, Score
from tests.services.conversing import LETTER, MAIL, Conversation


@pytest.fixture
def written(conversation: Conversation) -> Conversation:
    """Somebody has written an SMS, and it has arrived."""
    conversation.send()
    conversation.world.tick()
    conversation.world.wait(minutes=5)
    return conversation


def scores(conversation: Conversation) -> int:
    with conversation.world.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Score)) or 0


def test_a_reply_lands_in_the_follow_up_and_waits_in_the_inbox(written: Conversation) -> None:
    written.world.reply("Tomorrow at noon, please")
    (reply,) = written.replies()
    assert (reply.follow_up_id, reply.meaning, reply.needs_person) == (written.task_id, "to_follow_up", True)
    assert written.entries()[-1] == "replied_sms"
    with written.world.database.reading() as session:
        (entry,) = reply_inbox.entries(session, Viewer(written.owner_id, sees_all=True), Tray.WAITING)
    assert entry.task == written.task_id


def test_a_number_is_no_score_in_a_conversation(written: Conversation) -> None:
    before = scores(written)
    written.world.reply("10")
    written.world.tick()
    assert scores(written) == before
    assert written.world.texts == [LETTER.body]


def test_a_number_that_would_correct_the_answer_belongs_to_who_spoke_last(
    written: Conversation,
) -> None:
    """The survey was answered by SMS before, and could still be corrected."""
    with written.world.database.writing() as session:
        survey = session.scalars(select(Invitation)).one()
        survey.reply_key, survey.conversation = "+905321234567", "await_comment"
    before = scores(written)
    written.world.reply("9")
    assert scores(written) == before
    assert written.replies()[0].follow_up_id == written.task_id


def test_a_survey_that_asks_after_the_message_gets_its_answer(written: Conversation) -> None:
    world = written.world
    with world.database.writing() as session:
        session.query(Invitation).update({"sent_at": world.now - timedelta(days=90)})
        session.query(Invitation).update({"created_at": world.now - timedelta(days=90)})
        world.event(session, "ticket_closed")
    world.wait(hours=2)
    world.tick()
    assert len(world.texts) == 2
    world.wait(minutes=1)
    world.reply("4")
    assert written.replies()[0].meaning == "score"
    assert "replied_sms" not in written.entries()


def test_the_answer_is_the_first_contact(written: Conversation) -> None:
    written.world.reply("Call me")
    assert written.task().first_contact_at == written.world.now


def test_stop_is_obeyed_and_stands_in_the_follow_up(written: Conversation) -> None:
    written.world.reply("STOP")
    with written.world.database.reading() as session:
        assert suppression.is_suppressed(session, "sms", "+905321234567")
    assert written.entries()[-1] == "replied_sms"
    assert written.task().first_contact_at is None
    written.world.tick()
    assert written.world.texts[-1] == "You will get no more surveys from us."


def test_what_may_be_an_opt_out_pauses_sending_until_somebody_decides(written: Conversation) -> None:
    written.world.reply("please stop texting me all the time")
    (reply,) = written.replies()
    assert (reply.meaning, reply.needs_person, reply.follow_up_id) == ("maybe_stop", True, written.task_id)
    viewer = Viewer(written.owner_id, sees_all=True)
    with written.world.database.writing() as session:
        assert customer_replies.mark_read(session, written.task_id, viewer, written.world.now) == 0
        reply_inbox.decide(
            session,
            reply.id,
            viewer,
            Decision.NO_OPT_OUT,
            "",
            context=written.world.context,
            now=written.world.now,
        )
    assert not written.replies()[0].needs_person


def test_a_snoozed_follow_up_wakes_when_the_customer_replies(written: Conversation) -> None:
    until = written.world.now + timedelta(days=3)
    with written.world.database.writing() as session:
        viewer, revision = Viewer(written.owner_id, sees_all=True), written.task().revision
        workflow.snooze(
            session, written.task_id, viewer, until, "later", revision=revision, now=written.world.now
        )
    written.world.reply("I have time now")
    assert (written.task().state, written.task().snoozed_until) == ("open", None)


def test_a_reply_after_the_closing_is_shown_and_leaves_it_closed(written: Conversation) -> None:
    with written.world.database.writing() as session:
        viewer = Viewer(written.owner_id, sees_all=True)
        closing = workflow.Closing("no_answer", "No reply.")
        workflow.close(
            session, written.task_id, viewer, closing, revision=written.task().revision, now=written.world.now
        )
    written.world.wait(days=2)
    written.world.reply("Sorry, I was away. Thanks!")
    assert (written.task().state, written.replies()[0].follow_up_id) == ("closed", written.task_id)


def test_a_month_later_a_text_message_is_no_answer_any_more(written: Conversation) -> None:
    written.world.wait(days=31)
    written.world.reply("Hello?")
    assert written.replies()[0].follow_up_id is None


def test_nobody_answers_a_message_that_never_arrived(conversation: Conversation) -> None:
    conversation.send()
    conversation.opt_out()
    conversation.world.tick()
    conversation.world.reply("Hello?")
    assert conversation.replies()[0].follow_up_id is None


def test_who_writes_back_has_read_the_replies(written: Conversation) -> None:
    written.world.reply("Tomorrow at noon")
    written.send(replace(LETTER, body="Good, I will call you then."))
    reply = written.replies()[0]
    assert (reply.needs_person, reply.handled_as, reply.handled_by_id) == (False, "handled", written.owner_id)


def test_an_e_mail_continues_the_thread_of_the_customer_s_own(conversation: Conversation) -> None:
    conversation.send(MAIL)
    with conversation.world.database.writing() as session:
        session.get_one(FollowUp, conversation.task_id)
        from feedback.store.models import InboundReply

        session.add(
            InboundReply(
                provider="smtp_email", provider_id="<abc@mail.example>", sender="c1@example.com", recipient="",
                body="Tomorrow", received_at=conversation.world.now, meaning="to_follow_up",
                follow_up_id=conversation.task_id,
            )
        )  # fmt: skip
    conversation.send(replace(MAIL, subject="Re: Your feedback"))
    conversation.world.tick()
    last = conversation.world.mailbox.delivered[-1].outgoing
    assert last.headers["In-Reply-To"] == "<abc@mail.example>"
