"""From an event to a message on the phone: once, at a decent hour, and never to somebody who said no."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from feedback.core.journey import Journey
from feedback.library import Library
from feedback.services.access import Viewer
from feedback.services.contact import eligibility, suppression
from feedback.services.journey import enrolments, invitations
from feedback.services.messaging import history
from feedback.store.models import Consent, Contact, Enrolment, Invitation, Message
from tests.services.conftest import World
from tests.services.journey.planning import without_text_messages


def test_an_event_becomes_one_message_after_its_delay(world: World) -> None:
    with world.database.writing() as session:
        world.contact(session)
        world.event(session, "ticket_closed")
    world.tick()
    assert world.texts == []
    world.wait(hours=1, minutes=1)
    world.tick()
    world.tick()
    assert len(world.texts) == 1
    assert "Acme" in world.texts[0]
    assert "http://127.0.0.1:8080/" in world.texts[0]
    assert "Reply STOP to end." in world.texts[0]


def test_a_message_that_falls_into_the_night_waits_for_the_morning(world: World) -> None:
    world.wait(hours=7)  # 19:00 UTC is 22:00 in Istanbul
    with world.database.writing() as session:
        world.contact(session)
        world.event(session, "ticket_closed")
    world.wait(hours=2)
    world.tick()
    assert world.texts == []
    with world.database.reading() as session:
        enrolment = session.scalars(select(Enrolment)).one()
        assert enrolment.due_at.hour == 6  # 9:00 in Istanbul
        assert [reason["code"] for reason in enrolment.explanation] == ["quiet_hours"]
    world.wait(hours=10)
    world.tick()
    assert len(world.texts) == 1


def test_renewal_beats_support(world: World) -> None:
    with world.database.writing() as session:
        account = world.account(session, renewal_on=world.now.date() + timedelta(days=90))
        world.contact(session, account=account)
        world.event(session, "ticket_closed")
    world.wait(hours=2)
    world.tick()
    world.wait(days=8)
    with world.database.writing() as session:
        assert enrolments.plan_dates(session, world.context, world.now) == 1
    world.tick()
    assert world.mails == ["Before your next year with Acme"]


def test_an_opt_out_between_planning_and_sending_counts(world: World) -> None:
    with world.database.writing() as session:
        contact = world.contact(session)
        world.event(session, "ticket_closed")
    with world.database.writing() as session:
        suppression.opt_out(session, "sms", contact.phone or "", source="test", now=world.now)
    world.wait(hours=2)
    world.tick()
    assert world.mailbox.delivered == []


def test_an_opt_out_cancels_what_is_queued_already(world: World) -> None:
    with world.database.writing() as session:
        contact = world.contact(session)
        world.event(session, "ticket_closed")
    world.wait(hours=2)
    with world.database.writing() as session:
        invitations.issue_due(session, world.context, world.now)
        suppression.opt_out(session, "email", contact.email or "", source="test", now=world.now)
    world.tick()
    assert world.mailbox.delivered == []
    with world.database.reading() as session:
        assert session.scalars(select(Message.state)).all() == ["cancelled"]
        assert session.scalars(select(Invitation.state)).all() == ["skipped"]


def test_a_new_address_does_not_undo_an_opt_out_but_start_from_it_does(world: World) -> None:
    new = "+905320000001"
    with world.database.writing() as session:
        contact = world.contact(session, email=None)
        suppression.opt_out(session, "sms", contact.phone or "", source="test", now=world.now)
        contact.phone, contact.email = new, "new@example.com"
        for kind, address in (("sms", new), ("email", "new@example.com")):
            suppression.grant(
                session, contact, kind, address, basis="consent", source="import", now=world.now
            )
        world.event(session, "ticket_closed")
        enrolment = session.scalars(select(Enrolment)).one()
        assert (enrolment.state, enrolment.reason) == ("skipped", "no_channel")
        assert enrolment.explanation[0]["params"] == {"sms": "suppressed", "email": "suppressed"}
    world.wait(hours=1)
    world.reply("START", new)
    with world.database.writing() as session:
        world.event(session, "ticket_closed")
    world.wait(hours=2)
    world.tick()
    assert (len(world.texts), world.mails) == (1, [])


def test_a_reminder_takes_the_other_channel_and_there_is_only_one(world: World) -> None:
    with world.database.writing() as session:
        world.contact(session)
        world.event(session, "onboarding_completed")
    world.wait(days=1)
    world.tick()
    assert (len(world.texts), len(world.mails)) == (1, 0)
    for _ in range(10):
        world.wait(days=1)
        world.tick()
    assert (len(world.texts), len(world.mails)) == (1, 1)


@pytest.mark.postgres
@pytest.mark.parametrize("migrated", ["postgres"], indirect=True)
def test_one_node_reminds_while_another_issues_to_the_same_contact(world: World) -> None:
    with world.database.writing() as session:
        world.contact(session)
        world.event(session, "onboarding_completed")
    world.wait(days=1)
    world.tick()
    world.wait(days=3)
    reminded: list[int] = []

    def remind() -> None:
        with world.database.writing() as session:
            told = invitations.remind_due(session, world.context, world.now)
            reminded.append(told)

    other_node = threading.Thread(target=remind)
    with world.database.writing() as issuing:
        eligibility.lock(issuing, set(issuing.scalars(select(Contact.id))))
        other_node.start()
        other_node.join(timeout=0.5)
        issuing.execute(update(Invitation).values(reply_key=None))  # as a newer survey's text message does
    other_node.join()
    assert reminded == [1]


def test_a_reminder_that_is_left_out_is_told_in_the_story(world: World) -> None:
    with world.database.writing() as session:
        world.contact(session)
        world.event(session, "onboarding_completed")
    world.wait(days=1)
    world.tick()
    with world.database.writing() as session:
        session.execute(update(Consent).values(withdrawn_at=world.now))
    world.wait(days=4)
    world.tick()
    with world.database.reading() as session:
        number = session.scalars(select(Invitation.id)).one()
        steps = history.story(session, number, Viewer(1, sees_all=True)).steps
    (told,) = [step for step in steps if step.code == "not_reminded"]
    assert (told.at, told.params["reason"]) == (world.now, "no_channel")
    assert len(world.texts) == 1 and world.mails == []


def test_a_reminder_keeps_to_the_channels_of_its_stage(world: World) -> None:
    stages = [
        stage.model_copy(update={"channels": ("email",)}) if stage.key == "onboarding" else stage
        for stage in world.library.journey.stages
    ]
    world.library = Library(world.library.questionnaires, Journey(stages=tuple(stages)))
    with world.database.writing() as session:
        world.contact(session)
        world.event(session, "onboarding_completed")
    for _ in range(10):
        world.wait(days=1)
        world.tick()
    assert (len(world.texts), len(world.mails)) == (0, 2)


def test_no_reply_is_awaited_from_where_none_can_come(world: World) -> None:
    world.settings = replace(
        world.settings,
        providers=replace(world.settings.providers, enabled=("twilio_sms",)),
        twilio=replace(world.settings.twilio, sender="+15005550006"),
    )
    world.providers = {"twilio_sms": world.providers["simulator_sms"]}
    with world.database.writing() as session:
        world.contact(session)
        world.contact(session, "c2", phone="+447700900123", time_zone="Europe/London")
        world.event(session, "ticket_closed")
        world.event(session, "ticket_closed", "c2")
    world.wait(hours=2)
    with world.database.writing() as session:
        invitations.issue_due(session, world.context, world.now)
        expected = session.scalars(select(Invitation.reply_key).order_by(Invitation.contact_id)).all()
    assert expected == [None, "+447700900123"]


def test_an_installation_without_text_messages_asks_and_reminds_by_mail(world: World) -> None:
    without_text_messages(world)
    with world.database.writing() as session:
        world.contact(session)
        world.event(session, "onboarding_completed")
    for _ in range(10):
        world.wait(days=1)
        world.tick()
    assert (len(world.texts), len(world.mails)) == (0, 2)
    with world.database.reading() as session:
        assert session.scalars(select(Invitation.state)).all() == ["sent"]


def test_an_invitation_that_nobody_answers_expires(world: World) -> None:
    with world.database.writing() as session:
        world.contact(session)
        world.event(session, "ticket_closed")
    world.wait(hours=2)
    world.tick()
    world.wait(days=8)
    world.tick()
    with world.database.reading() as session:
        invitation = session.scalars(select(Invitation)).one()
        assert invitation.state == "expired"
        assert invitation.reply_key is None
