"""The checklist of a new installation knows from the data what is done."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from feedback.core.journey import Journey
from feedback.library import Library
from feedback.providers.simulator import MemoryMailbox, Simulator
from feedback.services.context import Context
from feedback.services.setup import first_steps
from feedback.services.setup.first_steps import FirstStep
from feedback.services.staff import accounts
from feedback.settings import load
from feedback.store.database import Database
from feedback.store.models import AuditEntry, Contact, StudioText

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def new(tmp_path: Path) -> Context:
    return Context(load(tmp_path, {}), Library({}, Journey(stages=())), {})


def hire(database: Database, name: str) -> int:
    with database.writing() as session:
        return accounts.add_user(session, accounts.NewUser(f"{name}@example.com", name, ["admin"]), NOW).id


def test_a_new_installation_has_everything_before_it(migrated: Database, new: Context) -> None:
    hire(migrated, "ada")
    with migrated.reading() as session:
        assert first_steps.are_open(session, new)
        assert not any(first_steps.done(session, new).values())
        assert first_steps.latest_text(session) is None


def test_each_step_is_done_by_the_data_alone(migrated: Database, new: Context, tmp_path: Path) -> None:
    hire(migrated, "ada")
    hire(migrated, "ben")
    with migrated.writing() as session:
        session.add(
            Contact(
                external_id="C-1", name="Deniz", email="deniz@example.com", created_at=NOW, updated_at=NOW
            )
        )
        session.add(StudioText(key="own", draft="", edit=1, created_at=NOW, saved_at=NOW))
    named = load(
        tmp_path,
        {"FEEDBACK_ORGANISATION_NAME": "Acme", "FEEDBACK_ORGANISATION_PRIVACY_URL": "https://a.example"},
    )
    provider = Simulator(channel="email", mailbox=MemoryMailbox())
    context = Context(named, new.library, {"simulator_email": provider})
    with migrated.reading() as session:
        done = first_steps.done(session, context)
        assert [step for step in FirstStep if not done[step]] == [FirstStep.TEST, FirstStep.ASK]
        assert first_steps.left(session, context) == [FirstStep.TEST, FirstStep.ASK]
        assert first_steps.latest_text(session) == "own"
        assert first_steps.are_open(session, context)


def test_who_dismisses_it_closes_it_for_all_once(migrated: Database, new: Context) -> None:
    ada = hire(migrated, "ada")
    for _ in range(2):
        with migrated.writing() as session:
            first_steps.dismiss(session, by=ada, now=NOW)
    with migrated.reading() as session:
        assert not first_steps.are_open(session, new)
        entries = session.scalars(select(AuditEntry).where(AuditEntry.subject == "first_steps")).all()
    assert [each.action for each in entries] == ["dismissed"]
