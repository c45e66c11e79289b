"""The log of a door: pages, times after which it is deleted, and persons who are erased."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from feedback import clock
from feedback.core.lifecycle import ArrivalState
from feedback.errors import Conflict, NotFound
from feedback.services.contact import suppression
from feedback.services.customers import ContactDraft, store_contacts
from feedback.services.doors import arrivals, setting_up
from feedback.services.doors.setting_up import DoorDraft
from feedback.services.privacy import erasure
from feedback.store.database import Database
from feedback.store.models import DoorArrival, DoorMention, DoorSeen

SETUP = "check: {by: token, header: X-Token}\nrules:\n  - ignore: true\n"
NOW = clock.now()


@pytest.fixture
def door(migrated: Database) -> int:
    with migrated.writing() as session:
        return setting_up.create(session, DoorDraft("CRM", "crm", SETUP), "", by=None, now=NOW)[0].id


def keep(
    database: Database, door: int, body: object, state: ArrivalState = ArrivalState.DONE, at: datetime = NOW
) -> int:
    text = body if isinstance(body, str) else json.dumps(body)
    with database.writing() as session:
        arrival = arrivals.store(session, door, arrivals.received(text.encode(), "US"), at)
        arrival.state, arrival.outcome = state, {"items": [{"state": "done"}]}
        return arrival.id


def test_the_log_is_read_page_by_page(migrated: Database, door: int) -> None:
    for number in range(5):
        keep(migrated, door, {"n": number}, ArrivalState.UNKNOWN if number % 2 else ArrivalState.DONE)
    with migrated.reading() as session:
        first = arrivals.page(session, door, limit=3)
        assert [row.id for row in first] == [5, 4, 3]
        assert [row.id for row in arrivals.page(session, door, before=first[-1].id)] == [2, 1]
        assert [row.id for row in arrivals.page(session, door, state="unknown")] == [4, 2]
        assert arrivals.backlogs(session)[door].for_somebody == 2
        with pytest.raises(NotFound):
            arrivals.one(session, door + 1, 1)


def test_what_waits_for_somebody_is_kept_longer(migrated: Database, door: int) -> None:
    for days, state in (
        (31, "done"),
        (31, "ignored"),
        (31, "unknown"),
        (89, "refused"),
        (91, "refused"),
        (29, "done"),
    ):
        keep(migrated, door, {}, ArrivalState(state), NOW - timedelta(days=days))
    with migrated.writing() as session:
        session.add(DoorSeen(door_id=door, uid="a" * 64, at=NOW - timedelta(days=91)))
        session.add(DoorSeen(door_id=door, uid="b" * 64, at=NOW - timedelta(days=89)))
    with migrated.writing() as session:
        assert arrivals.purge(session, NOW, 3) == 3
        assert arrivals.purge(session, NOW, 10) == 1
    with migrated.reading() as session:
        left = session.scalars(select(DoorArrival.state).order_by(DoorArrival.id)).all()
        assert left == ["unknown", "refused", "done"]
        assert session.scalars(select(DoorSeen.uid)).all() == ["b" * 64]


def test_an_erasure_empties_the_bodies_with_the_person(migrated: Database, door: int) -> None:
    with migrated.writing() as session:
        values = {
            "name": "Şule Yılmaz",
            "email": "sule@acme.example",
            "phone": "+14155550142",
            "language": "tr",
        }
        store_contacts(session.connection(), [ContactDraft("crm-81", values)], {}, NOW)
    by_mail = keep(migrated, door, {"from": "Sule@Acme.example"})
    by_phone = keep(migrated, door, {"tel": "(415) 555-0142"})
    by_id = keep(migrated, door, {"contact": "crm-81"})
    by_name = keep(migrated, door, json.dumps({"text": "Şule Yılmaz called"}), ArrivalState.UNKNOWN)
    other = keep(migrated, door, {"from": "ada@acme.example"}, ArrivalState.UNKNOWN)
    with migrated.writing() as session:
        arrivals.add_mentions(session, by_id, {suppression.digest("crm-81")})
        erasure.erase(session, erasure.find(session, "crm-81"), by=None, now=NOW)
    with migrated.reading() as session:
        bodies = {row.id: (row.body, row.outcome) for row in session.scalars(select(DoorArrival))}
        assert [each for each, (body, _) in bodies.items() if body is None] == [
            by_mail,
            by_phone,
            by_id,
            by_name,
        ]
        assert bodies[by_mail][1] == {} and bodies[other][1]
        assert session.scalars(select(DoorMention.arrival_id)).all() == [other]
    with migrated.writing() as session, pytest.raises(Conflict, match="erased"):
        arrivals.again(session, door, by_mail, by=None, now=NOW)
