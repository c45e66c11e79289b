from __future__ import annotations

from datetime import UTC, datetime

import pytest
from alembic import command
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import IntegrityError

from feedback.core.contact.policy import RING, place_on_ring
from feedback.store import schema
from feedback.store.database import Database
from feedback.store.models import (
    Contact,
    InboundReply,
    Invitation,
    JourneyEvent,
    Message,
    ProviderHold,
    RateLimitBucket,
    Receipt,
    SimulatedMessage,
)


def test_an_upgraded_database_is_current_and_matches_the_models(migrated: Database) -> None:
    assert migrated.is_current()
    with migrated.connection() as connection:
        assert schema.differences(connection) == []


def test_upgrading_twice_changes_nothing(migrated: Database) -> None:
    migrated.upgrade()
    assert migrated.is_current()


def test_foreign_keys_hold_again_after_an_upgrade(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    database.upgrade()
    with database.reading() as session:
        assert session.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
    database.close()


def test_a_healthy_database_has_no_problems(migrated: Database) -> None:
    assert migrated.check() == []


def test_a_missing_directory_is_a_coded_problem_with_a_hint() -> None:
    (problem,) = Database("sqlite:////no/such/place/feedback.db").check()
    assert (problem.code, problem.level) == ("F101", "error")
    assert "does not exist" in problem.message


def test_messages_holds_and_invitations_keep_their_words_when_channel_and_provider_part(
    database: Database,
) -> None:
    with database.connection() as connection:
        command.upgrade(schema._config(connection), "0004")
        for table, row in BEFORE_0005:
            columns, values = ", ".join(row), ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), row)
    database.upgrade()
    with database.writing() as session:
        message = session.scalars(select(Message)).one()
        assert (message.provider, message.channel) == ("twilio_sms", "sms")
        invitation = session.scalars(select(Invitation)).one()
        assert (invitation.channel, invitation.other_channels) == ("sms", ["email"])
        assert session.scalars(select(Receipt.provider)).all() == ["twilio_sms"]
        assert session.scalars(select(InboundReply.provider)).all() == ["twilio_sms"]
        assert session.scalars(select(SimulatedMessage.channel)).all() == ["email"]
        hold = session.scalars(select(ProviderHold)).one()
        assert (hold.provider, hold.code, hold.reason) == ("twilio_sms", "hold_provider", "Suspended.")
        assert session.scalars(select(RateLimitBucket.key)).all() == ["twilio_sms:"]
        session.add(ProviderHold(provider="smtp_email", code="hold_provider", reason="", since=hold.since))
    with (
        pytest.raises(IntegrityError),
        database.writing() as session,
    ):  # one hold in force for each country, as before
        session.add(ProviderHold(provider="smtp_email", code="hold_provider", reason="", since=hold.since))


def test_an_upgrade_empties_letters_with_a_link_that_signs_in(database: Database) -> None:
    with database.connection() as connection:
        command.upgrade(schema._config(connection), "0005")
        user = {
            "id": 1,
            "email": "a@b.example",
            "name": "A",
            "is_demo": False,
            "created_at": AT,
            "active": True,
        }
        _insert(connection, '"user"', {**user, "fs_uniquifier": "x", "login_count": 0})
        for number, (state, body) in enumerate(LETTERS, 1):
            _insert(connection, "message", {**LETTER, "id": number, "state": state, "body": body})
    database.upgrade()
    with database.reading() as session:
        rows = session.execute(select(Message.purpose, Message.body).order_by(Message.id)).all()
        assert [tuple(row) for row in rows] == [
            ("sign_in", ""),
            ("sign_in", "https://s.example.com/reset/two"),
            ("alert", "You have a new follow-up."),
        ]
        assert [each is not None for each in session.scalars(select(Message.not_after).order_by(Message.id))] == [
            False, True, False,
        ]  # fmt: skip


def test_an_upgrade_takes_the_programs_keys_back_from_callers(database: Database) -> None:
    with database.connection() as connection:
        command.upgrade(schema._config(connection), "0005")
        _insert(connection, "contact", BEFORE_0005[0][1])
        event = {"name": "x", "contact_id": 1, "occurred_at": AT, "received_at": AT, "properties": "{}"}
        for number, (key, source) in enumerate(EVENTS, 1):
            _insert(connection, "journey_event", {**event, "id": number, "key": key, "source": source})
    database.upgrade()
    with database.reading() as session:
        assert session.scalars(select(JourneyEvent.key).order_by(JourneyEvent.id)).all() == [
            "caller:1:follow-up:2", "follow-up:3", "ticket-4",
        ]  # fmt: skip


def test_contacts_get_their_turn_with_an_upgrade_and_keep_their_day_of_the_quarter(
    database: Database,
) -> None:
    """The day of contact-1 is the 24th, as it was when it was the remainder of a hash."""
    with database.connection() as connection:
        command.upgrade(schema._config(connection), "0005")
        for number, erased in ((1, None), (2, None), (3, AT)):
            row = {
                "id": number, "external_id": f"contact-{number}", "properties": "{}", "is_demo": False,
                "erased_at": erased, "created_at": AT, "updated_at": AT,
            }  # fmt: skip
            columns, values = ", ".join(row), ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO contact ({columns}) VALUES ({values})"), row)
    database.upgrade()
    with database.writing() as session:
        session.add(Contact(id=4, external_id="contact-4", created_at=NOW, updated_at=NOW))
        session.flush()
        turns = {each.external_id: each.turn for each in session.scalars(select(Contact))}
    assert (turns["contact-1"] * 90 // RING, turns["contact-2"] * 90 // RING) == (24, 84)
    assert turns["contact-3"] == 0  # erased: a place would tell something of the id that was deleted
    assert turns["contact-4"] == place_on_ring("contact-4")


NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def _insert(connection: Connection, table: str, row: dict[str, object]) -> None:
    columns, values = ", ".join(row), ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), row)


AT = "2026-03-02 12:00:00.000000+00:00"
EVENTS = (("follow-up:2", "api"), ("follow-up:3", "follow_up"), ("ticket-4", "api"))
LETTERS = (
    ("sent", "https://s.example.com/reset/one"),
    ("queued", "https://s.example.com/reset/two"),
    ("sent", "You have a new follow-up."),
)
LETTER: dict[str, object] = {
    "user_id": 1, "purpose": "alert", "occurrence": 0, "provider": "smtp_email", "channel": "email",
    "recipient": "a@b.example", "language": "en", "headers": "{}", "due_at": AT, "attempt": 0, "look_ups": 0,
    "created_at": AT, "is_demo": False,
}  # fmt: skip
BEFORE_0005: list[tuple[str, dict[str, object]]] = [
    (
        "contact",
        {"id": 1, "external_id": "c1", "properties": "{}", "is_demo": False, "created_at": AT, "updated_at": AT},
    ),
    (
        "questionnaire_version",
        {"id": 1, "key": "nps", "content_hash": "x", "content": "{}", "published_at": AT},
    ),
    (
        "invitation",
        {
            "id": 1, "contact_id": 1, "version_id": 1, "stage": "support", "priority": 50, "kind": "sms",
            "language": "en", "state": "sent", "piping": "{}", "signs": "{}", "created_at": AT, "expires_at": AT,
            "reminders": "[]", "reminders_sent": 0, "other_kinds": '["email"]', "is_demo": False,
        },
    ),
    (
        "message",
        {
            "id": 1, "invitation_id": 1, "contact_id": 1, "purpose": "invitation", "occurrence": 0,
            "channel": "twilio_sms", "kind": "sms", "recipient": "+15550100", "body": "", "language": "en",
            "headers": "{}", "state": "sent", "due_at": AT, "attempt": 1, "look_ups": 0, "created_at": AT,
            "is_demo": False,
        },
    ),
    (
        "receipt",
        {
            "id": 1, "message_id": 1, "channel": "twilio_sms", "provider_id": "SM1", "status": "sent",
            "received_at": AT,
        },
    ),
    (
        "inbound_reply",
        {
            "id": 1, "channel": "twilio_sms", "provider_id": "SM2", "sender": "+15550100", "recipient": "+15550199",
            "body": "9", "received_at": AT, "meaning": "score", "needs_person": False,
        },
    ),
    (
        "simulated_message",
        {
            "id": 1, "kind": "email", "direction": "out", "address": "a@b.example", "body": "", "language": "en",
            "at": AT,
        },
    ),
    (
        "channel_hold",
        {
            "channel": "twilio_sms", "country": "", "code": "hold_channel", "reason": "Suspended.",
            "since": AT,
        },
    ),
    ("pace", {"key": "twilio_sms:", "tokens": 1.0, "refilled_at": AT}),
]  # fmt: skip
