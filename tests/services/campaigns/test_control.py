"""Starting, pausing, resuming and cancelling: what is allowed when, and that every step is in the audit log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from feedback.errors import Conflict
from feedback.library import Library
from feedback.services.campaigns import control
from feedback.store.models import AuditEntry
from tests.services.campaigns.conftest import CampaignWorld

Act = Callable[..., Any]


def test_a_campaign_is_started_once_as_it_was_looked_at(campaigns: CampaignWorld) -> None:
    campaign = campaigns.add(campaigns.people(1))
    with pytest.raises(Conflict, match="Somebody else"), campaigns.database.writing() as session:
        control.start(
            session, campaign, campaigns.world.library, edit=7, by=campaigns.lead, now=campaigns.world.now
        )
    campaigns.start(campaign)
    with pytest.raises(Conflict, match="started already"):
        campaigns.start(campaign)


def test_a_campaign_without_its_questionnaire_is_not_started(campaigns: CampaignWorld) -> None:
    campaign = campaigns.add(campaigns.people(1))
    empty = Library({}, campaigns.world.library.journey)
    with pytest.raises(Conflict, match="cannot be sent"), campaigns.database.writing() as session:
        control.start(session, campaign, empty, edit=None, by=campaigns.lead, now=campaigns.world.now)


@pytest.mark.parametrize("act", [control.pause, control.resume, control.cancel])
def test_a_draft_is_neither_paused_nor_resumed_nor_cancelled(campaigns: CampaignWorld, act: Act) -> None:
    campaign = campaigns.add(campaigns.people(1))
    with pytest.raises(Conflict), campaigns.database.writing() as session:
        act(session, campaign, by=campaigns.lead, now=campaigns.world.now)


def test_every_step_is_in_the_audit_log_with_who_did_it(campaigns: CampaignWorld) -> None:
    campaign = campaigns.add(campaigns.people(1))
    campaigns.start(campaign)
    for act in (control.pause, control.resume, control.cancel):
        with campaigns.database.writing() as session:
            act(session, campaign, by=campaigns.lead, now=campaigns.world.now)
    campaigns.run()
    with campaigns.database.reading() as session:
        rows = session.execute(
            select(AuditEntry.action, AuditEntry.user_id)
            .where(AuditEntry.subject == "campaign", AuditEntry.subject_id == campaign)
            .order_by(AuditEntry.id)
        ).all()
    by, nobody = campaigns.lead, None
    assert [tuple(row) for row in rows] == [
        ("added", by), ("started", by), ("paused", by), ("resumed", by), ("cancelled", by), ("ended", nobody),
    ]  # fmt: skip
