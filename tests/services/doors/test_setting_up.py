"""Doors are made and changed by rules that a page and the API share."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from feedback import clock
from feedback.errors import Conflict, NotFound, Rejected
from feedback.services.doors import arrivals, setting_up
from feedback.services.doors.setting_up import DoorDraft, SetupInvalid
from feedback.store.database import Database
from feedback.store.models import AuditEntry, Door, DoorArrival
from feedback.store.portions import Portions

SETUP = "check: {by: token, header: X-Token}\nrules:\n  - ignore: true\n"
DRAFT = DoorDraft("CRM", "crm", SETUP)


def make(database: Database, draft: DoorDraft = DRAFT, secret: str = "") -> tuple[int, str | None]:
    with database.writing() as session:
        door, made = setting_up.create(session, draft, secret, by=None, now=clock.now())
        return door.id, made


@pytest.mark.parametrize(
    ("draft", "secret", "error"),
    [
        (DoorDraft("", "crm", SETUP), "", Rejected),
        (DoorDraft("CRM", "CRM", SETUP), "", Rejected),
        (DoorDraft("CRM", "c", SETUP), "", Rejected),
        (DoorDraft("CRM", "receipt", SETUP), "", Rejected),
        (DoorDraft("CRM", "crm", "rules: []"), "", SetupInvalid),
        (DRAFT, "short", Rejected),
        (DRAFT, "with\x07control", Rejected),
    ],
)
def test_what_cannot_be_used_is_refused(
    migrated: Database, draft: DoorDraft, secret: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        make(migrated, draft, secret)
    with migrated.reading() as session:
        assert session.scalars(select(Door)).all() == []


def test_a_name_is_used_once_and_there_is_a_most(migrated: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    make(migrated)
    with pytest.raises(Conflict, match="this name"):
        make(migrated)
    monkeypatch.setattr(setting_up, "MOST", 1)
    with pytest.raises(Conflict, match="as many"):
        make(migrated, DoorDraft("Other", "other", SETUP))


def test_a_change_that_overlooks_another_one_is_refused(migrated: Database) -> None:
    number, _ = make(migrated)
    draft = DoorDraft("Billing", "ignored", SETUP)
    with migrated.writing() as session:
        door = setting_up.change(session, number, draft, edit=1, by=None, now=clock.now())
        assert (door.title, door.name, door.edit) == ("Billing", "crm", 2)
    with migrated.writing() as session, pytest.raises(Conflict):
        setting_up.change(session, number, draft, edit=1, by=None, now=clock.now())


def test_a_door_goes_with_its_log_and_everything_is_in_the_audit(migrated: Database) -> None:
    number, made = make(migrated)
    assert made and len(made) > 30
    now, body = clock.now(), arrivals.received(b'{"mail": "ada@acme.example"}', "US")
    with migrated.writing() as session:
        for _ in range(5):
            arrivals.store(session, number, body, now)
        setting_up.pause(session, number, by=None, now=now)
        setting_up.resume(session, number, by=None, now=now)
        setting_up.replace_secret(session, number, "a new secret", by=None, now=now)
    setting_up.delete(Portions(migrated, rest=lambda _: None), number, by=None, now=now)
    with migrated.reading() as session:
        assert session.scalars(select(DoorArrival)).all() == []
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
        assert actions == ["created", "paused", "resumed", "rotated", "deleted"]
        with pytest.raises(NotFound):
            setting_up.find(session, number)
