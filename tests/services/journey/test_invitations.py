"""From an event to a message on the phone: once, at a decent hour, and never to somebody who said no."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from sqlalchemy import select, update

from feedback.core.journey import Journey
from feedback.library import Library
from feedback.services.access import Viewer
from feedback.services.contact import eligibility, suppression
from feedback.services.journey import enrolments, invitations
from feedback.services.messaging import history
from feedback.store.models import Consent, Contact, Enrolment, Invitation, JourneyEvent, Message
from tests.services.conftest import World


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


def test_the_same_event_told_twice_is_one_event(world: World) -> None:
    with world.database.writing() as session:
        world.contact(session)
        first = world.event(session, "ticket_closed", key="T-1")
    with world.database.writing() as session:
        again = world.event(session, "ticket_closed", key="T-1")
        assert again.id == first.id
    with world.database.reading() as session:
        assert len(session.scalars(select(JourneyEvent)).all()) == 1
        assert len(session.scalars(select(Enrolment)).all()) == 1


def test_quiet_hours_of_the_settings_hold_in_every_country(world: World) -> None:
    quiet = replace(world.settings.contact, quiet_from=time(18))
    world.settings = replace(world.settings, contact=quiet)
    with world.database.writing() as session:
        world.contact(session)
        world.event(session, "ticket_closed")
    world.wait(hours=4)  # 16:00 UTC is 19:00 in Istanbul, where the country's own hours end at 20:00
    world.tick()
    assert world.texts == []
    world.wait(hours=14)
    world.tick()
    assert len(world.texts) == 1


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


def test_whoever_was_asked_recently_is_skipped_with_the_next_date(world: World) -> None:
    with world.database.writing() as session:
        world.contact(session)
        world.event(session, "ticket_closed")
    world.wait(hours=2)
    world.tick()
    world.wait(days=2)
    with world.database.writing() as session:
        world.event(session, "ticket_closed")
    with world.database.reading() as session:
        second = session.scalars(select(Enrolment).order_by(Enrolment.id.desc())).first()
        assert second is not None
        assert (second.state, second.reason) == ("skipped", "contacted_recently")
        assert second.next_allowed_at is not None
        assert second.next_allowed_at > world.now + timedelta(days=20)


def test_the_rest_of_a_contact_begins_when_the_survey_left(world: World) -> None:
    with world.database.writing() as session:
        world.contact(session)
        world.event(session, "ticket_closed")
    world.wait(hours=2)
    with world.database.writing() as session:
        invitations.issue_due(session, world.library, world.providers, world.settings, world.now)
    world.wait(days=6)  # the provider was held
    world.tick()
    assert len(world.texts) == 1
    world.wait(days=26)
    with world.database.writing() as session:
        world.event(session, "ticket_closed")
        second = session.scalars(select(Enrolment).order_by(Enrolment.id.desc()).limit(1)).one()
        assert (second.state, second.reason) == ("skipped", "contacted_recently")


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


def test_a_renewal_is_asked_about_once(world: World) -> None:
    with world.database.writing() as session:
        account = world.account(session, renewal_on=date(2026, 5, 31))
        world.contact(session, account=account)
    planned = []
    for _ in range(3):
        with world.database.writing() as session:
            planned.append(enrolments.plan_dates(session, world.context, world.now))
        world.wait(days=1)
    assert planned == [1, 0, 0]


def test_without_consent_nothing_is_sent_and_the_reason_is_kept(world: World) -> None:
    with world.database.writing() as session:
        world.contact(session, consent=False)
        world.event(session, "ticket_closed")
    with world.database.reading() as session:
        enrolment = session.scalars(select(Enrolment)).one()
        assert (enrolment.state, enrolment.reason) == ("skipped", "no_channel")
        assert enrolment.explanation[0]["params"] == {"sms": "consent_missing", "email": "consent_missing"}


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
        invitations.issue_due(session, world.library, world.providers, world.settings, world.now)
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
            told = invitations.remind_due(session, world.library, world.providers, world.settings, world.now)
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
        invitations.issue_due(session, world.library, world.providers, world.settings, world.now)
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


def test_whom_no_channel_of_the_installation_reaches_is_skipped_with_the_reason(world: World) -> None:
    without_text_messages(world)
    with world.database.writing() as session:
        world.contact(session, email=None)
        world.event(session, "ticket_closed")
    with world.database.reading() as session:
        enrolment = session.scalars(select(Enrolment)).one()
        assert (enrolment.state, enrolment.reason) == ("skipped", "no_channel")
        assert enrolment.explanation[0]["params"] == {"sms": "not_enabled", "email": "no_address"}


def test_a_provider_that_only_the_settings_know_keeps_nobody_else_back(world: World) -> None:
    world.providers.pop("simulator_sms")  # another node runs with newer settings
    with world.database.writing() as session:
        world.contact(session)
        world.contact(session, "c2", phone=None)
        world.event(session, "ticket_closed")
        world.event(session, "ticket_closed", "c2")
    world.wait(hours=2)
    world.tick()
    world.tick()
    assert len(world.mails) == 1
    with world.database.reading() as session:
        states = session.scalars(select(Invitation.state).order_by(Invitation.contact_id)).all()
        assert states == ["failed", "sent"]


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


def test_everybody_has_a_day_of_their_own_in_a_cadence(world: World) -> None:
    with world.database.writing() as session:
        for number in range(300):
            world.contact(session, f"c{number}", phone=f"+9053212{number:05d}")
    per_day = []
    for _ in range(90):
        with world.database.writing() as session:
            per_day.append(enrolments.plan_recurring(session, world.context, world.now))
        world.wait(days=1)
    assert sum(per_day) == 300
    assert max(per_day) <= 12


def test_after_a_standstill_the_missed_days_are_planned(world: World) -> None:
    with world.database.writing() as session:
        for number in range(100):
            world.contact(session, f"c{number}", phone=f"+9053212{number:05d}")
    planned = 0
    for day in range(90):
        world.wait(days=1)
        if day % 4 == 0 or day == 89:
            with world.database.writing() as session:
                planned += enrolments.plan_recurring(session, world.context, world.now)
    assert planned >= 97  # the first call begins with its own day


def without_text_messages(world: World) -> None:
    world.providers.pop("simulator_sms")
    enabled = replace(world.settings.providers, enabled=tuple(world.providers))
    world.settings = replace(world.settings, providers=enabled)
