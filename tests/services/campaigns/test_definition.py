"""Drafts: what can be planned, and who changes what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from feedback.core.campaign import CampaignPlan
from feedback.errors import Conflict, NotFound, Rejected
from feedback.services.access import Viewer
from feedback.services.campaigns import definition
from feedback.services.campaigns.definition import CampaignWish
from feedback.services.customers import merging, segments
from feedback.services.customers.filters import ContactFilter
from feedback.store.models import AuditEntry, Campaign, CampaignMember
from tests.services.campaigns.conftest import CampaignWorld

PLAN: dict[str, Any] = {"questionnaire": "relationship-nps", "channels": ["email"], "expires_after": "14d"}


def test_a_segment_is_kept_as_it_was_chosen_and_looked_up_when_a_wave_begins(
    campaigns: CampaignWorld,
) -> None:
    world = campaigns.world
    campaigns.people(2, country="TR")
    with campaigns.database.writing() as session:
        wanted = ContactFilter(country="TR")
        segment = segments.add(session, "Turkey", wanted, by=campaigns.lead, now=world.now).id
    campaign = campaigns.add(segment=segment)
    with campaigns.database.writing() as session:
        segments.remove(session, segment, by=campaigns.lead, now=world.now)
    campaigns.people(1, first=2, country="TR")
    campaigns.people(1, first=3, country="US")
    campaigns.start(campaign)
    campaigns.tick()
    campaigns.tick()
    assert len(world.mails) == 3


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "80 characters"),
        ({"questionnaire": "unknown"}, "questionnaire"),
        ({"members": []}, "segment"),
        ({"days": -1}, "365 days"),
        ({"days": 400}, "365 days"),
    ],
)
def test_a_draft_that_could_not_be_sent_is_refused_and_nothing_is_stored(
    campaigns: CampaignWorld, changes: dict[str, Any], sentence: str
) -> None:
    world, people = campaigns.world, campaigns.people(1)
    at = world.now + timedelta(days=changes["days"]) if "days" in changes else None
    plan = CampaignPlan.model_validate(
        {**PLAN, "questionnaire": changes.get("questionnaire", "relationship-nps")}
    )
    wish = CampaignWish(changes.get("name", "Spring"), plan, at, None, changes.get("members", people))
    with pytest.raises(Rejected, match=sentence), campaigns.database.writing() as session:
        definition.add(session, wish, world.library, by=campaigns.lead, now=world.now)
    with campaigns.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Campaign)) == 0


def test_the_second_of_two_changes_is_refused_and_a_started_campaign_is_not_changed(
    campaigns: CampaignWorld,
) -> None:
    world, people = campaigns.world, campaigns.people(2)
    campaign = campaigns.add(people)
    with campaigns.database.writing() as session:
        definition.draw(session, campaign, 1, edit=1, by=campaigns.lead, now=world.now)
    with pytest.raises(Conflict, match="Somebody else"), campaigns.database.writing() as session:
        definition.draw(session, campaign, 2, edit=1, by=campaigns.lead, now=world.now)
    campaigns.start(campaign)
    with pytest.raises(Conflict, match="has started"), campaigns.database.writing() as session:
        definition.draw(session, campaign, 2, edit=3, by=campaigns.lead, now=world.now)
    with pytest.raises(Conflict), campaigns.database.writing() as session:
        definition.remove(session, campaign, by=campaigns.lead, now=world.now)


def test_a_draft_is_deleted_with_its_list_and_the_audit_log_keeps_every_step(
    campaigns: CampaignWorld,
) -> None:
    world = campaigns.world
    campaign = campaigns.add(campaigns.people(2))
    with campaigns.database.writing() as session:
        definition.remove(session, campaign, by=campaigns.lead, now=world.now)
    with campaigns.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(CampaignMember)) == 0
        log = session.scalars(
            select(AuditEntry).where(AuditEntry.subject == "campaign").order_by(AuditEntry.id)
        )
        assert [(each.action, each.user_id) for each in log] == [
            ("added", campaigns.lead), ("deleted", campaigns.lead)
        ]  # fmt: skip
    with pytest.raises(NotFound), campaigns.database.reading() as session:
        definition.find(session, campaign)


def test_a_merged_contact_stays_on_the_list_once(campaigns: CampaignWorld) -> None:
    world, (keep, drop, other) = campaigns.world, campaigns.people(3)
    both, one = campaigns.add([keep, drop]), campaigns.add([drop, other], name="Other")
    with campaigns.database.writing() as session:
        merging.merge(session, Viewer(campaigns.lead, sees_all=True), keep, drop, now=world.now)
    with campaigns.database.reading() as session:
        rows = session.execute(select(CampaignMember.campaign_id, CampaignMember.contact_id)).all()
    assert sorted(tuple(row) for row in rows) == [(both, keep), (one, keep), (one, other)]
