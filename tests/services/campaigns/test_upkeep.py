"""Waves that repeat, pausing, resuming, cancelling, limits, and the end of a campaign."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta

from sqlalchemy import select

from feedback.core.campaign import stage_key
from feedback.services.campaigns import control
from feedback.services.contact import suppression
from feedback.services.webhooks import spreading
from feedback.store.models import AuditEntry, Contact, Enrolment, Invitation, Message, WebhookEvent
from tests.services.campaigns.conftest import CampaignWorld
from tests.services.conftest import times_delivered
from tests.services.webhooks.conftest import listen


def act(campaigns: CampaignWorld, what: str, campaign: int) -> None:
    with campaigns.database.writing() as session:
        getattr(control, what)(session, campaign, by=campaigns.lead, now=campaigns.world.now)


def states(campaigns: CampaignWorld, table: type[Enrolment] | type[Invitation]) -> Counter[str]:
    with campaigns.database.reading() as session:
        return Counter(session.scalars(select(table.state)).all())


def test_a_pause_keeps_back_what_is_enrolled_and_what_is_queued_until_it_is_resumed(
    campaigns: CampaignWorld,
) -> None:
    campaign = campaigns.add(campaigns.people(6))
    campaigns.start(campaign)
    campaigns.run()
    with campaigns.database.writing() as session:  # three are queued, three are enrolled
        from feedback.services.journey import invitations

        invitations.issue_due(session, campaigns.world.context, campaigns.world.now, limit=3)
    act(campaigns, "pause", campaign)
    campaigns.world.tick()  # at once, before any job for campaigns has run
    campaigns.tick()
    assert campaigns.world.mails == []
    with campaigns.database.reading() as session:
        parked = session.scalars(select(Message.state_reason)).all()
        assert parked == ["paused"] * 3
        assert states(campaigns, Enrolment) == {"issued": 3, "scheduled": 3}
    act(campaigns, "resume", campaign)
    campaigns.tick()
    campaigns.tick()
    assert len(campaigns.world.mails) == 6
    assert set(times_delivered(campaigns.world.mailbox).values()) == {1}


def test_a_paused_campaign_does_not_hold_up_the_journey(campaigns: CampaignWorld) -> None:
    world = campaigns.world
    campaigns.people(1)
    with campaigns.database.reading() as session:
        contact = session.scalars(select(Contact.id)).one()
    campaign = campaigns.add([contact])
    campaigns.start(campaign)
    campaigns.run()
    act(campaigns, "pause", campaign)
    with campaigns.database.writing() as session:
        world.event(session, "offboarded", "c0")
    world.wait(days=4)
    campaigns.tick()
    with campaigns.database.reading() as session:
        stages = session.scalars(select(Invitation.stage)).all()
    assert stage_key(campaign) not in stages


def test_a_cancelled_campaign_takes_back_what_was_not_sent_and_reminds_nobody(
    campaigns: CampaignWorld,
) -> None:
    campaign = campaigns.add(campaigns.people(4), reminders=["3d"], spread_days=2)
    campaigns.start(campaign)
    campaigns.tick()
    assert len(campaigns.world.mails) == 2
    act(campaigns, "cancel", campaign)
    campaigns.tick()
    assert campaigns.campaign(campaign).state == "cancelled"
    campaigns.world.wait(days=5)
    campaigns.tick()
    assert len(campaigns.world.mails) == 2
    with campaigns.database.reading() as session:
        reasons = Counter(tuple(row) for row in session.execute(select(Enrolment.state, Enrolment.reason)))
    assert reasons == {("issued", None): 2, ("cancelled", "campaign_cancelled"): 2}
    assert states(campaigns, Invitation) == {"sent": 2} or states(campaigns, Invitation) == {"delivered": 2}


def test_a_draw_that_repeats_asks_other_people_every_month(campaigns: CampaignWorld) -> None:
    people = campaigns.people(12)
    campaign = campaigns.add(people, sample=4, repeats="month", expires_after="7d")
    campaigns.start(campaign)
    for _ in range(3):
        campaigns.tick()
        campaigns.run()
        campaigns.world.wait(days=31)
    with campaigns.database.reading() as session:
        rows = session.execute(select(Enrolment.occurrence, Enrolment.contact_id)).all()
    waves = Counter(row[0] for row in rows)
    assert waves == {"wave:1": 4, "wave:2": 4, "wave:3": 4}
    assert len({row[1] for row in rows}) == 12  # nobody twice before everybody was asked
    assert [each.number for each in campaigns.campaign(campaign).waves] == [1, 2, 3]


def test_a_campaign_that_was_away_for_two_turns_begins_one_wave(campaigns: CampaignWorld) -> None:
    campaign = campaigns.add(campaigns.people(2), repeats="month", expires_after="7d")
    campaigns.start(campaign)
    campaigns.tick()
    campaigns.world.wait(days=75)
    campaigns.tick()
    campaigns.tick()
    found = campaigns.campaign(campaign)
    assert [each.number for each in found.waves] == [1, 2]


def test_a_campaign_stops_by_itself_when_recipients_complain_and_goes_on_when_a_person_says_so(
    campaigns: CampaignWorld,
) -> None:
    people = campaigns.people(6)
    campaign = campaigns.add(people, spread_days=2)
    campaigns.start(campaign)
    campaigns.tick()
    with campaigns.database.writing() as session:
        asked = session.scalars(select(Invitation.contact_id)).all()
        for contact in session.scalars(select(Contact).where(Contact.id.in_(asked[:2]))):
            suppression.suppress(
                session, "email", str(contact.email), reason="complaint", source="test",
                now=campaigns.world.now + timedelta(minutes=5), contact_id=contact.id,
            )  # fmt: skip
    campaigns.world.wait(hours=1)
    campaigns.run()
    found = campaigns.campaign(campaign)
    assert (found.state, found.state_reason) == ("paused", "complaints")
    with campaigns.database.reading() as session:
        actions = session.scalars(select(AuditEntry.action).where(AuditEntry.subject == "campaign")).all()
    assert "stopped" in actions
    act(campaigns, "resume", campaign)
    campaigns.run()
    assert campaigns.campaign(campaign).state == "running"  # what a person has seen is not counted again
    campaigns.world.wait(days=1)
    campaigns.tick()
    campaigns.tick()
    assert len(campaigns.world.mails) == 6


def test_a_campaign_ends_when_nobody_can_answer_any_more(campaigns: CampaignWorld) -> None:
    campaign = campaigns.add(campaigns.people(2), expires_after="3d")
    campaigns.start(campaign)
    campaigns.tick()
    campaigns.tick()
    assert campaigns.campaign(campaign).state == "running"
    campaigns.world.wait(days=4)
    campaigns.tick()
    found = campaigns.campaign(campaign)
    assert (found.state, found.ended_at) == ("done", campaigns.world.now)


def test_other_systems_hear_of_the_end_of_a_campaign_once(campaigns: CampaignWorld) -> None:
    listen(campaigns.database, "campaign.finished")
    campaign = campaigns.add(campaigns.people(1), expires_after="3d")
    campaigns.start(campaign)
    campaigns.tick()
    campaigns.world.wait(days=4)
    campaigns.tick()
    campaigns.tick()
    world = campaigns.world
    with campaigns.database.writing() as session:
        spreading.spread(session, world.context, world.now)
    with campaigns.database.reading() as session:
        (event,) = session.scalars(select(WebhookEvent)).all()
        data = json.loads(event.body or "")["data"]
    assert (data["id"], data["state"], data["segment"]) == (campaign, "done", None)
