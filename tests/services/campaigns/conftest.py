"""Campaigns over a few contacts, and a worker that also looks after campaigns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from feedback.core.campaign import CampaignPlan
from feedback.services.campaigns import control, definition, upkeep
from feedback.services.campaigns.definition import CampaignWish
from feedback.store.database import Database
from feedback.store.models import Campaign, User
from feedback.store.portions import Portions
from tests.services.conftest import World


@dataclass
class CampaignWorld:
    """A world with a lead who plans campaigns; `lead` is the id of a user."""

    world: World
    lead: int

    @property
    def database(self) -> Database:
        return self.world.database

    def people(self, number: int, first: int = 0, **columns: object) -> list[int]:
        """Contacts in accounts of their own, all of whom may be asked. Returns their ids."""
        with self.database.writing() as session:
            found = []
            for each in range(first, first + number):
                account = self.world.account(session, f"a{each}")
                phone = f"+9053212{each:05d}"
                contact = self.world.contact(session, f"c{each}", account=account, phone=phone, **columns)
                found.append(contact.id)
            return found

    def add(self, members: list[int] | None = None, **changes: Any) -> int:
        """A draft for these contacts (or for the segment in `changes`), with what the plan has in `changes`."""
        wishes = {name: changes.pop(name) for name in ("segment", "starts_at", "name") if name in changes}
        plan = {"questionnaire": "relationship-nps", "channels": ["email"], "expires_after": "14d", **changes}
        wish = CampaignWish(
            wishes.get("name", "Spring"),
            CampaignPlan.model_validate(plan),
            wishes.get("starts_at"),
            wishes.get("segment"),
            members,
        )
        with self.database.writing() as session:
            return definition.add(session, wish, self.world.library, by=self.lead, now=self.world.now).id

    def start(self, campaign_id: int) -> None:
        with self.database.writing() as session:
            control.start(
                session, campaign_id, self.world.library, edit=None, by=self.lead, now=self.world.now
            )

    def run(self, portions: Portions | None = None) -> None:
        """What the worker does for campaigns at this moment."""
        upkeep.work(portions or self.portions(), self.world.context, self.world.now)
        upkeep.watch(self.portions(), self.world.context, self.world.now)

    def portions(self, rest: Callable[[float], None] = lambda _: None) -> Portions:
        return Portions(self.database, rest=rest)

    def tick(self) -> None:
        """One round of the whole worker."""
        self.run()
        self.world.tick()

    def campaign(self, campaign_id: int) -> Campaign:
        """As it is stored now, with its waves."""
        with self.database.reading() as session:
            found = definition.find(session, campaign_id)
            assert found.waves is not None
            session.expunge_all()
            return found


@pytest.fixture
def campaigns(world: World) -> CampaignWorld:
    """On SQLite, and again on PostgreSQL."""
    with world.database.writing() as session:
        lead = User(email="lead@example.com", name="Lead", fs_uniquifier="lead", created_at=world.now)
        session.add(lead)
        session.flush()
        return CampaignWorld(world, lead.id)
