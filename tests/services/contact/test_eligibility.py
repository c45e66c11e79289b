"""Who may be asked now, by which channel, and why not."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from feedback.core.contact.policy import Intended, Send
from feedback.services.contact import eligibility
from feedback.services.journey import invitations
from feedback.services.journey.forecast import plan
from feedback.settings import Weekday
from feedback.store.models import Account, Contact, Enrolment, Invitation
from tests.services.conftest import World
from tests.services.journey.planning import without_text_messages
from tests.services.messaging.sending import PHONE


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


@pytest.mark.parametrize(("is_demo", "messages"), [(True, 1), (False, 0)])
def test_only_the_demo_can_send_at_any_hour(world: World, is_demo: bool, messages: int) -> None:
    any_hour = replace(world.settings.contact, any_hour=True)
    world.settings = replace(world.settings, contact=any_hour, demo=is_demo)
    with world.database.writing() as session:
        world.contact(session)
        world.wait(hours=11)  # 23:00 UTC, in the night of Istanbul
        world.event(session, "ticket_closed")
    world.wait(hours=1.5)
    world.tick()
    assert len(world.texts) == messages


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


@pytest.mark.parametrize(
    ("other", "messages"),
    [
        ({"phone": PHONE, "email": "b@example.com"}, 1),  # a couple, or a duplicate of the CRM
        ({"phone": "+905321234599", "email": "c1@example.com"}, 1),
        ({"phone": None, "email": "c1@example.com"}, 1),
        ({"phone": "+905321234599", "email": "b@example.com"}, 2),
    ],
)
def test_contacts_with_one_address_rest_as_one(world: World, other: dict[str, str], messages: int) -> None:
    with world.database.writing() as session:
        world.contact(session)
        world.contact(session, "c2", **other)
        world.event(session, "ticket_closed", "c1")
        world.event(session, "ticket_closed", "c2")
    with world.database.reading() as session:
        sent = [each for each in plan(session, world.context, world.now).rows if each.at]
        assert len(sent) == messages
    world.wait(hours=2)
    world.tick()
    with world.database.reading() as session:
        reasons = session.scalars(select(Enrolment.reason).order_by(Enrolment.id)).all()
    assert len(world.texts) + len(world.mails) == messages
    assert reasons[1] == ("contacted_recently" if messages == 1 else None)
    if messages == 1:
        world.reply("5")  # the first can still be answered
        with world.database.reading() as session:
            assert session.scalars(select(Invitation.answered_at)).one() is not None


def test_the_limit_of_an_account_counts_its_own_people_only(world: World) -> None:
    with world.database.writing() as session:
        account = Account(external_id="a1", name="Acme", created_at=world.now, updated_at=world.now)
        elsewhere = world.contact(session, "c2", email="b@example.com")
        world.contact(session, account=account)
        world.event(session, "ticket_closed", "c2")
        assert elsewhere.account_id is None
    world.wait(hours=2)
    world.tick()
    with world.database.writing() as session:
        contact = session.scalars(select(Contact).where(Contact.external_id == "c1")).one()
        known = eligibility.history(session, contact, world.now, eligibility.policy(world.settings))
    assert (len(known.contact), len(known.account)) == (1, 0)


@pytest.mark.parametrize(
    ("own", "days"),
    [({}, {6, 0, 1, 2, 3}), ({"KW": (Weekday.SAT, Weekday.FRI)}, {4, 5})],
)
def test_kuwait_is_written_to_from_sunday_to_thursday_or_as_the_settings_say(
    world: World, own: dict[str, tuple[Weekday, ...]], days: set[int]
) -> None:
    contact = replace(world.settings.contact, weekdays_by_country=own)
    rules = eligibility.policy(replace(world.settings, contact=contact))
    with world.database.writing() as session:
        person = world.contact(session, phone="+96550012345", country="KW", time_zone="Asia/Kuwait")
        found = set()
        for day in range(89):
            at = world.now + timedelta(days=day)
            survey = Intended(1, ("sms",), at, at + timedelta(days=9))
            decision = eligibility.decide_for(session, person, survey, rules, at)
            assert isinstance(decision, Send)
            found.add(decision.at.astimezone(ZoneInfo("Asia/Kuwait")).weekday())
    assert found == days


def test_the_rest_of_a_contact_begins_when_the_survey_left(world: World) -> None:
    with world.database.writing() as session:
        world.contact(session)
        world.event(session, "ticket_closed")
    world.wait(hours=2)
    with world.database.writing() as session:
        invitations.issue_due(session, world.context, world.now)
    world.wait(days=6)  # the channel was held
    world.tick()
    assert len(world.texts) == 1
    world.wait(days=26)
    with world.database.writing() as session:
        world.event(session, "ticket_closed")
        second = session.scalars(select(Enrolment).order_by(Enrolment.id.desc()).limit(1)).one()
        assert (second.state, second.reason) == ("skipped", "contacted_recently")


def test_without_consent_nothing_is_sent_and_the_reason_is_kept(world: World) -> None:
    with world.database.writing() as session:
        world.contact(session, consent=False)
        world.event(session, "ticket_closed")
    with world.database.reading() as session:
        enrolment = session.scalars(select(Enrolment)).one()
        assert (enrolment.state, enrolment.reason) == ("skipped", "no_channel")
        assert enrolment.explanation[0]["params"] == {"sms": "consent_missing", "email": "consent_missing"}


def test_whom_no_channel_of_the_installation_reaches_is_skipped_with_the_reason(world: World) -> None:
    without_text_messages(world)
    with world.database.writing() as session:
        world.contact(session, email=None)
        world.event(session, "ticket_closed")
    with world.database.reading() as session:
        enrolment = session.scalars(select(Enrolment)).one()
        assert (enrolment.state, enrolment.reason) == ("skipped", "no_channel")
        assert enrolment.explanation[0]["params"] == {"sms": "not_enabled", "email": "no_address"}


def test_a_channel_that_only_the_settings_know_keeps_nobody_else_back(world: World) -> None:
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
