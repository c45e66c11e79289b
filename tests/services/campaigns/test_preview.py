"""A preview says what a campaign then does, and how much of that is an estimate."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from feedback.services.campaigns import definition, preview
from feedback.services.campaigns.preview import CampaignPreview
from feedback.services.contact import suppression
from feedback.store.models import Contact, Enrolment, Invitation
from tests.services.campaigns.conftest import CampaignWorld


def look(campaigns: CampaignWorld, campaign: int) -> CampaignPreview:
    with campaigns.database.reading() as session:
        found = definition.find(session, campaign)
        return preview.preview(session, found, campaigns.world.context, campaigns.world.now)


def test_a_preview_says_who_is_asked_who_is_not_and_why_and_the_campaign_does_it(
    campaigns: CampaignWorld,
) -> None:
    asked = campaigns.people(4, language="tr")
    by_text = campaigns.people(2, first=4, email=None)
    refuses = campaigns.people(1, first=8)
    nobody = campaigns.people(1, first=9, consent=False, country="DE")
    with campaigns.database.writing() as session:
        email = session.get_one(Contact, refuses[0]).email
        suppression.opt_out(session, "email", str(email), source="link", now=campaigns.world.now)
    campaign = campaigns.add([*asked, *by_text, *refuses, *nobody], channels=["email", "sms"])
    found = look(campaigns, campaign)
    assert found.is_exact
    assert (found.size.number, found.asked, found.least, found.most) == (8, 6, 6, 6)
    assert found.channels == {"email": 4, "sms": 2}
    assert found.languages == {"en": 2, "tr": 4}
    assert found.reasons == {"suppressed": 1, "consent_missing": 1}
    campaigns.start(campaign)
    campaigns.tick()
    with campaigns.database.reading() as session:
        sent = session.execute(
            select(Invitation.channel, func.count()).group_by(Invitation.channel).order_by(Invitation.channel)
        ).all()
    assert [tuple(row) for row in sent] == [("email", 4), ("sms", 2)]


def test_the_limit_of_an_account_is_shared_by_its_contacts(campaigns: CampaignWorld) -> None:
    world = campaigns.world
    with campaigns.database.writing() as session:
        account = world.account(session, "big")
        ids = [
            world.contact(session, f"b{n}", account=account, phone=f"+9053298{n:05d}").id for n in range(9)
        ]
    campaign = campaigns.add(ids)
    found = look(campaigns, campaign)
    assert found.asked == 5
    assert found.reasons == {"account_contacted_often": 4}
    campaigns.start(campaign)
    campaigns.tick()
    campaigns.tick()
    assert len(world.mails) == 5


def test_who_another_campaign_is_about_to_ask_is_named_as_such(campaigns: CampaignWorld) -> None:
    people = campaigns.people(3)
    first = campaigns.add(people[:2], spread_days=10)
    campaigns.start(first)
    campaigns.run()
    assert look(campaigns, campaigns.add(people, name="Second")).reasons == {"in_other_campaign": 2}


def test_a_large_audience_is_estimated_from_a_sample_with_its_error(
    campaigns: CampaignWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview, "DECIDED", 60)
    monkeypatch.setattr(preview, "LOOKED_AT", 40)
    people = [*campaigns.people(60), *campaigns.people(60, first=60, consent=False, country="DE")]
    found = look(campaigns, campaigns.add(people))
    assert not found.is_exact
    assert (found.looked_at, found.size.number) == (40, 120)
    assert found.least <= 60 <= found.most
    assert found.asked + found.reasons["consent_missing"] == 120


def test_quiet_hours_move_an_invitation_and_the_preview_counts_those(campaigns: CampaignWorld) -> None:
    campaigns.world.now += timedelta(hours=9)  # midnight in Istanbul
    found = look(campaigns, campaigns.add(campaigns.people(2)))
    assert (found.asked, found.later) == (2, 2)


def test_text_messages_have_a_price(campaigns: CampaignWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = campaigns.world.settings
    campaigns.world.settings = replace(settings, twilio=replace(settings.twilio, cost_per_segment=0.05))
    found = look(campaigns, campaigns.add(campaigns.people(4), channels=["sms"]))
    assert found.per_text >= 1
    assert found.price == pytest.approx(4 * found.per_text * 0.05)
    half = found.drawn(2)
    assert (half.asked, half.channels) == (2, {"sms": 2})
    assert half.price == pytest.approx(found.price / 2)


def test_nobody_is_a_preview_too_and_nothing_is_written(campaigns: CampaignWorld) -> None:
    found = look(campaigns, campaigns.add(campaigns.people(1), languages=["fr"]))
    assert (found.size.number, found.asked, found.is_exact) == (0, 0, True)
    with campaigns.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Enrolment)) == 0
