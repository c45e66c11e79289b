"""After an erasure, nothing of the person is in any row, and on SQLite in any file of the installation."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from feedback.services.privacy import erasure, retention
from feedback.settings.table import RetentionSettings
from feedback.store.database import Database
from feedback.store.models import (
    FollowUpEntry,
    InboundReply,
    Response,
    SavedView,
    Suppression,
    WebhookCall,
)
from tests.services.conftest import World
from tests.services.privacy import marked
from tests.services.privacy.person import KEY, everything_stored


@pytest.fixture
def everywhere(surveyed: World) -> World:
    """A person who has left something in every column and in others' words."""
    marked.leave_more_traces(surveyed)
    with surveyed.database.writing() as session:
        assert len(marked.mark_every_column(session)) > 20
    return surveyed


def erase(world: World) -> None:
    with world.database.writing() as session:
        erasure.erase(session, erasure.find(session, KEY), by=None, now=world.now)


def left_in_rows(world: World) -> list[str]:
    with world.database.reading() as session:
        return [row for row in everything_stored(session) if any(each in row for each in marked.needles())]


def files_with(directory: Path, needles: list[str]) -> set[str]:
    return {
        path.name
        for path in directory.rglob("*")
        if path.is_file()
        for needle in needles
        if needle.encode() in path.read_bytes()
    }


def test_before_the_erasure_the_person_is_in_every_table_of_the_list(everywhere: World) -> None:
    tables = {row.partition(":")[0] for row in left_in_rows(everywhere)}
    assert tables >= {
        "answer", "bounce", "consent", "contact", "enrolment", "follow_up", "follow_up_entry", "inbound_reply",
        "invitation", "journey_event", "message", "provider_hold", "response", "saved_view", "simulated_message",
        "suppression", "webhook_call",
    }  # fmt: skip


def test_no_row_names_the_person_after_the_erasure(everywhere: World) -> None:
    erase(everywhere)
    assert left_in_rows(everywhere) == []


def test_an_opt_out_of_an_old_number_is_kept_as_a_digest(everywhere: World) -> None:
    erase(everywhere)
    with everywhere.database.reading() as session:
        rows = session.scalars(select(Suppression)).all()
        assert all(row.address.startswith("sha256:") and row.contact_id is None for row in rows)
        assert erasure.suppression.is_suppressed(session, "sms", marked.LIST_PHONE)


def test_others_keep_their_views_notes_and_notices(everywhere: World) -> None:
    erase(everywhere)
    with everywhere.database.reading() as session:
        assert session.scalars(select(SavedView.name)).all() == ["Nobody"]
        assert "Same fault as at …'s, …." in session.scalars(select(FollowUpEntry.text)).all()
        assert session.scalars(select(WebhookCall.payload)).all() == [{"text": "• … complains"}]


def test_an_export_holds_what_is_known_by_old_addresses_as_well(everywhere: World) -> None:
    with everywhere.database.writing() as session:
        known = erasure.export(session, erasure.find(session, KEY), by=None, now=everywhere.now)
    assert {row["sender"] for row in known["replies"]} >= {marked.OLD_PHONE}
    assert [row["address"] for row in known["suppressions"]] == [marked.LIST_PHONE]
    assert len(known["bounces"]) == 1
    assert len(known["responses"]) == 2
    assert "visit" not in known["responses"][0]


def test_an_old_number_that_somebody_else_has_now_is_left_to_them(everywhere: World) -> None:
    with everywhere.database.writing() as session:
        everywhere.contact(session, "heir", phone=marked.OLD_PHONE, name="New Owner")
    erase(everywhere)
    with everywhere.database.reading() as session:
        assert marked.OLD_PHONE in session.scalars(select(InboundReply.sender)).all()
        assert not erasure.suppression.is_suppressed(session, "sms", marked.OLD_PHONE)


@pytest.mark.parametrize("migrated", ["sqlite"], indirect=True)
def test_no_file_names_the_person_after_the_erasure(everywhere: World, tmp_path: Path) -> None:
    assert {"feedback.db", "feedback.db-wal"} & files_with(tmp_path, list(marked.needles()))
    erase(everywhere)
    assert everywhere.database.empty_log()
    assert (tmp_path / "feedback.db").exists()
    assert files_with(tmp_path, list(marked.needles())) == set()


@pytest.mark.parametrize("migrated", ["sqlite"], indirect=True)
def test_no_file_holds_old_words_after_retention(everywhere: World, tmp_path: Path) -> None:
    everywhere.wait(days=400)
    month = timedelta(days=30)
    with everywhere.database.writing() as session:
        times = dict.fromkeys(("answers", "messages", "contacts", "replies", "usage"), month)
        assert retention.purge(session, RetentionSettings(**times), everywhere.now)
    assert everywhere.database.empty_log()
    with everywhere.database.reading() as session:
        assert session.scalars(select(Response.evidence)).all() == [{}] * 3
    assert files_with(tmp_path, ["leaking", marked.RARE]) == set()


def test_sqlite_overwrites_what_is_deleted(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.writing() as session:
        assert session.execute(text("PRAGMA secure_delete")).scalar_one() == 1
    database.close()


def test_a_log_that_somebody_reads_is_reported(sqlite_url: str) -> None:
    database = Database(sqlite_url, patience=0.1)
    database.upgrade()
    with database.reading() as session:
        session.execute(text("SELECT count(*) FROM contact"))
        with database.writing() as writer:
            writer.execute(text("INSERT INTO bookmark VALUES ('a', 'b')"))
        assert not database.empty_log()
    assert database.empty_log()
    database.close()
