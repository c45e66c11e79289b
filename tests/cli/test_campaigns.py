"""Campaigns from the shell: an emergency brake for somebody without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from feedback import clock
from feedback.core.campaign import CampaignPlan
from feedback.store.database import Database
from feedback.store.models import Campaign, CampaignWave
from tests.cli.calling import feedback


@pytest.fixture
def database(installed: Path) -> Iterator[Database]:
    """A running campaign with one wave."""
    database, now = Database(f"sqlite:///{installed / 'feedback.db'}"), clock.now()
    plan = CampaignPlan.model_validate(
        {"questionnaire": "relationship-nps", "channels": ["email"], "expires_after": "14d"}
    )
    with database.writing() as session:
        campaign = Campaign(
            name="Spring", state="running", plan=plan.stored(), starts_at=now, created_at=now, changed_at=now
        )
        campaign.waves.append(CampaignWave(number=1, starts_at=now, draw=0))
        session.add(campaign)
    yield database
    database.close()


def test_a_campaign_is_looked_at_paused_resumed_and_cancelled(installed: Path, database: Database) -> None:
    assert (
        "running     Spring  (wave 1: 0 sent, 0 answered)" in feedback(installed, "campaign", "list").output
    )
    assert "wave 1" in feedback(installed, "campaign", "show", "1").output
    for command, state in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelling")):
        assert feedback(installed, "campaign", command, "1").output == f"Spring: {state}\n"


def test_what_cannot_be_done_is_said_and_nothing_changes(installed: Path, database: Database) -> None:
    resumed = feedback(installed, "campaign", "resume", "1")
    assert (resumed.exit_code, resumed.output) == (2, "Only a paused campaign can be resumed.\n")
    assert feedback(installed, "campaign", "show", "7").exit_code == 2
