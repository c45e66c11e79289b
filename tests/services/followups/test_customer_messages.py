"""Somebody writes to the customer of a follow-up: in the customer's language, once, and only if the customer may be
written to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr

import pytest

from feedback.core.text.message import segments
from feedback.errors import Conflict, DeliveryUnknown, NotFound, Rejected
from feedback.i18n import LANGUAGES, translator
from feedback.providers.base import Outgoing, Sent
from feedback.services.access import Viewer
from feedback.services.followups import customer_messages, message_templates, workflow
from feedback.services.followups.customer_messages import CustomerLetter
from feedback.services.messaging import email_ids
from feedback.store.models import Contact, FollowUp, User
from tests.services.conversing import LETTER, MAIL, Conversation


def test_a_message_reaches_the_phone_once_and_stands_in_the_activity(conversation: Conversation) -> None:
    number = conversation.send()
    conversation.world.tick()
    conversation.world.tick()
    assert conversation.world.texts == ["Hello Deniz, when may I call you?"]
    assert conversation.entries() == ["opened", "wrote_sms"]
    assert (conversation.message().id, conversation.message().state) == (number, "sent")


def test_writing_takes_an_open_follow_up_but_nobody_was_reached_yet(conversation: Conversation) -> None:
    conversation.send()
    task = conversation.task()
    assert (task.state, task.owner_id, task.first_contact_at) == ("taken", conversation.owner_id, None)


def test_an_e_mail_names_its_author_and_the_answer_goes_to_them(conversation: Conversation) -> None:
    conversation.world.settings = replace(
        conversation.world.settings,
        smtp=replace(conversation.world.settings.smtp, sender="Acme <hello@acme.example>"),
    )
    conversation.send(MAIL)
    conversation.world.tick()
    (mail,) = [each.outgoing for each in conversation.world.mailbox.delivered]
    assert parseaddr(mail.sender or "") == ("Owner (Acme)", "hello@acme.example")
    assert parseaddr(mail.reply_to or "") == ("Owner", "owner@example.com")
    assert mail.headers["Auto-Submitted"] == "no"
    assert "List-Unsubscribe" not in mail.headers
    assert "<p>when may I call you?</p>" in (mail.html or "")


def test_answers_to_e_mails_come_to_the_product_if_it_reads_them(conversation: Conversation) -> None:
    world = conversation.world
    world.settings = replace(world.settings, smtp=replace(world.settings.smtp, read_replies=True))
    number = conversation.send(MAIL)
    nonce = conversation.message().nonce
    to = parseaddr(conversation.message().reply_to or "")[1]
    assert email_ids.read_return_path(to, world.settings, lambda _: nonce) == number


def test_a_second_press_of_the_button_sends_nothing_twice(conversation: Conversation) -> None:
    letter = replace(LETTER, revision=conversation.task().revision)
    assert conversation.send(letter) == conversation.send(letter)
    conversation.world.tick()
    assert len(conversation.world.texts) == 1


def test_two_colleagues_do_not_both_answer_the_same_customer(conversation: Conversation) -> None:
    seen = conversation.task().revision
    conversation.send(replace(LETTER, revision=seen))
    with pytest.raises(Conflict, match="not sent"):
        conversation.send(replace(LETTER, body="And I am Cem.", revision=seen))


def test_who_opted_out_is_not_written_to_and_the_reason_is_told(conversation: Conversation) -> None:
    conversation.opt_out()
    with pytest.raises(Rejected, match="may not be written to"):
        conversation.send()
    assert conversation.entries() == ["opened"]


def test_an_opt_out_that_comes_before_the_message_leaves_stops_it(conversation: Conversation) -> None:
    conversation.send()
    conversation.opt_out()
    conversation.world.tick()
    assert conversation.world.texts == []
    assert (conversation.message().state, conversation.message().state_reason) == ("cancelled", "suppressed")


def test_without_consent_for_a_channel_it_is_closed(begin: Callable[..., Conversation]) -> None:
    conversation = begin(consent=False)
    with pytest.raises(Rejected, match="may not be written to"):
        conversation.send()


def test_at_night_a_message_waits_for_the_morning_if_its_author_agrees(conversation: Conversation) -> None:
    world = conversation.world
    world.now = datetime(2026, 3, 3, 20, 30, tzinfo=UTC)  # half past eleven at night in Istanbul
    with pytest.raises(Rejected, match="contact hours"):
        conversation.send()
    conversation.send(replace(LETTER, waits=True))
    world.tick()
    assert world.texts == []
    world.now = conversation.message().due_at
    assert world.now.astimezone(UTC) == datetime(2026, 3, 4, 6, 0, tzinfo=UTC)
    world.tick()
    assert len(world.texts) == 1


def test_a_message_that_missed_its_hours_goes_out_in_the_next_ones(conversation: Conversation) -> None:
    conversation.send()
    conversation.world.now = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)
    conversation.world.tick()
    assert (conversation.message().state, conversation.message().state_reason) == ("queued", "next_window")
    conversation.world.now = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)
    conversation.world.tick()
    assert len(conversation.world.texts) == 1


def test_the_rest_after_a_survey_does_not_hold_a_reply(conversation: Conversation) -> None:
    """`begin` has just invited the customer."""
    with conversation.world.database.reading() as session:
        task = session.get_one(FollowUp, conversation.task_id)
        ways = customer_messages.channels(
            session, task.contact, conversation.world.context, conversation.world.now
        )
    assert {each.channel: each.obstacle for each in ways} == {"email": None, "sms": None}


def test_words_of_a_person_that_nobody_can_confirm_are_held_for_a_person(
    conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = conversation.world
    provider = world.providers["simulator_sms"]

    def breaks_off(outgoing: Outgoing) -> Sent:
        world.mailbox.write("+15550000000", outgoing.to, "unrelated")
        raise DeliveryUnknown("no answer", code="unknown")

    monkeypatch.setattr(provider, "send", breaks_off)
    monkeypatch.setattr(provider, "find", lambda *_: [stranger()], raising=False)
    conversation.send()
    for _ in range(4):
        world.tick()
        world.wait(hours=1)
    assert conversation.message().state == "held"


def stranger() -> object:
    from feedback.providers.base import Found

    return Found("SM-stranger", "sent", "Words that we do not know", None)


@pytest.mark.parametrize(
    ("letter", "why"),
    [
        (CustomerLetter("fax", "Hello"), "Choose e-mail or SMS"),
        (CustomerLetter("sms", " \n "), "Write the message"),
        (CustomerLetter("email", "Hello", " "), "subject"),
        (CustomerLetter("email", "Hello", "Two\nlines"), "one line"),
        (CustomerLetter("email", "Hello", "Two\u2028lines"), "one line"),
        (CustomerLetter("email", "Hello", "Two\x85lines"), "one line"),
        (CustomerLetter("sms", "Hello {first_name|}"), "in braces"),
        (CustomerLetter("sms", "سلام " * 100), "6 segments"),
        (CustomerLetter("email", "x" * 20_000, "Hello"), "too long"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_the_reason(
    conversation: Conversation, letter: CustomerLetter, why: str
) -> None:
    with pytest.raises(Rejected, match=why):
        conversation.send(letter)
    assert conversation.entries() == ["opened"]


def test_single_braces_are_words_like_others(conversation: Conversation) -> None:
    conversation.send(CustomerLetter("sms", "Try x{1 instead :-}"))
    assert conversation.message().body == "Try x{1 instead :-}"


def test_a_closed_follow_up_has_to_be_reopened_before_somebody_writes(conversation: Conversation) -> None:
    with conversation.world.database.writing() as session:
        task = session.get_one(FollowUp, conversation.task_id)
        closing = workflow.Closing("no_answer", "Nobody there.")
        viewer = Viewer(conversation.owner_id, sees_all=True)
        workflow.close(session, task.id, viewer, closing, revision=task.revision, now=conversation.world.now)
    with pytest.raises(Conflict, match="reopen"):
        conversation.send()


def test_nobody_writes_in_a_follow_up_that_they_may_not_see(conversation: Conversation) -> None:
    with conversation.world.database.writing() as session:
        stranger = conversation.world.owner(session, "stranger@example.com")
        viewer = Viewer(stranger.id)
    with pytest.raises(NotFound):
        conversation.send(viewer=viewer)


# --- Templates ------------------------------------------------------------------------------------------


def offered(conversation: Conversation, channel: str = "sms") -> list[message_templates.MessageTemplate]:
    with conversation.world.database.reading() as session:
        task = session.get_one(FollowUp, conversation.task_id)
        author = session.get_one(User, conversation.owner_id)
        return message_templates.offered(
            task, channel, author, conversation.world.context, translator("desk", "tr")
        )


def test_templates_are_in_the_customer_s_language_and_their_titles_in_the_reader_s(
    begin: Callable[..., Conversation],
) -> None:
    first = offered(begin(language="fa"))[0]
    assert first.title == "İlk yanıt"
    assert "Deniz" in first.body
    assert "Owner" in first.body
    assert "Acme" in first.body
    assert "{" not in first.body
    assert first.body.startswith("سلام")


def test_praise_has_texts_of_its_own(begin: Callable[..., Conversation]) -> None:
    assert [each.key for each in offered(begin(score=10))] == ["thanks", "story"]


def test_a_rule_brings_its_own_texts_before_the_shipped_ones(conversation: Conversation) -> None:
    world = conversation.world
    shipped = world.library.questionnaires["relationship-nps"]
    own = {
        "key": "visit",
        "title": {"en": "Offer a visit", "tr": "Ziyaret öner"},
        "sms": {"en": "{name|}: {csm} will visit {account|you}."},
    }
    unfillable = {"key": "nobody", "title": "No value", "sms": "{colour}"}
    data = shipped.model_dump(exclude_unset=True)
    for rule in data["follow_ups"]:
        rule["replies"] = [own, unfillable]
    changed = type(shipped).model_validate(data)
    world.library.questionnaire_of = lambda _: changed  # type: ignore[method-assign]
    found = offered(conversation)
    assert [each.key for each in found] == ["visit", "first", "missed", "solved"]
    assert (found[0].title, found[0].body) == ("Ziyaret öner", "Deniz Demir: Owner will visit Acme.")


@pytest.mark.parametrize("language", LANGUAGES["messages"])
def test_every_shipped_text_is_translated_and_fits_a_few_segments(language: str) -> None:
    say = translator("messages", language)
    for each in (text for texts in message_templates.SHIPPED.values() for text in texts):
        for text in (each.sms, each.subject, each.body):
            assert say.gettext(text) != text or language == "en", text
            assert "{csm}" in say.gettext(text) or text is each.subject
        assert segments(say.gettext(each.sms)).count <= 4


def test_the_contact_is_read_where_there_is_one(conversation: Conversation) -> None:
    with conversation.world.database.writing() as session:
        task = session.get_one(FollowUp, conversation.task_id)
        contact = session.get_one(Contact, task.contact_id)
        contact.phone = None
    with pytest.raises(Rejected, match="no address"):
        conversation.send()
    with conversation.world.database.writing() as session:
        session.get_one(FollowUp, conversation.task_id).contact_id = None
    with pytest.raises(Rejected, match="no contact"):
        conversation.send()


def test_a_message_is_tried_for_a_week_and_no_longer(conversation: Conversation) -> None:
    conversation.send()
    conversation.world.wait(days=8)
    conversation.world.tick()
    assert (conversation.message().state, conversation.world.texts) == ("cancelled", [])
    assert conversation.message().created_at + timedelta(days=7) < conversation.world.now


def test_a_message_that_waits_does_not_go_to_a_number_that_is_no_longer_the_customer_s(
    conversation: Conversation,
) -> None:
    world = conversation.world
    world.now = datetime(2026, 3, 3, 20, 30, tzinfo=UTC)
    conversation.send(replace(LETTER, waits=True))
    with world.database.writing() as session:
        task = session.get_one(FollowUp, conversation.task_id)
        session.get_one(Contact, task.contact_id).phone = None
    world.now = conversation.message().due_at
    world.tick()
    assert world.texts == []
    assert (conversation.message().state, conversation.message().state_reason) == ("cancelled", "no_address")
