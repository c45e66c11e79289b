"""Campaigns are found like stages of the journey, by what sends and by pages that name them."""

from __future__ import annotations

from feedback.core.campaign import CampaignState
from feedback.services.access import Viewer
from feedback.services.journey import forecast, stages, waiting
from feedback.store.models import Campaign
from tests.services.campaigns.conftest import CampaignWorld, campaigns

__all__ = ["campaigns"]


def test_a_campaign_is_a_stage_beside_those_of_the_journey(campaigns: CampaignWorld) -> None:
    world = campaigns.world
    campaign = campaigns.add(campaigns.people(1), name="Spring")
    key = f"campaign-{campaign}"
    with campaigns.database.reading() as session:
        found = stages.find(session, world.library, {key, "relationship", "unknown", "campaign-77"})
        titles = stages.titles(session, world.library, "en")
    assert set(found) == {key, "relationship"}
    assert titles[key] == "Spring"
    assert "relationship" in titles


def test_waiting_surveys_and_the_forecast_know_campaigns_and_their_pauses(campaigns: CampaignWorld) -> None:
    world = campaigns.world
    campaign = campaigns.add(campaigns.people(2), spread_days=2)
    campaigns.start(campaign)
    campaigns.run()

    def seen() -> tuple[set[str], int]:
        with campaigns.database.reading() as session:
            groups = waiting.groups(session, world.library, Viewer(campaigns.lead, sees_all=True), world.now)
            rows = forecast.plan(session, world.context, world.now, days=20).rows
            key = f"campaign-{campaign}"
            return {each.reason for each in groups}, sum(each.stage == key for each in rows)

    assert seen() == ({"due", "scheduled"}, 2)
    with campaigns.database.writing() as session:
        session.get_one(Campaign, campaign).state = CampaignState.PAUSED
    assert seen() == ({"paused"}, 0)
