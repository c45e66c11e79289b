from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib import import_module

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, select, text
from sqlalchemy.exc import IntegrityError

from feedback import migrations
from feedback.core.contact.policy import RING, place_on_ring
from feedback.store import schema
from feedback.store.database import Database
from feedback.store.models import (
    Contact,
    CountedBy,
    FollowUp,
    FollowUpEntry,
    InboundReply,
    Invitation,
    JourneyEvent,
    Message,
    ProviderHold,
    RateLimitBucket,
    Receipt,
    Score,
    SimulatedMessage,
)

PORTION = import_module("feedback.migrations.versions.0006_own_scores_and_real_contacts").PORTION


def test_an_upgraded_database_is_current_and_matches_the_models(migrated: Database) -> None:
    assert migrated.is_current()
    with migrated.connection() as connection:
        assert schema.differences(connection) == []


def test_the_newest_migration_is_the_only_one_that_no_other_follows() -> None:
    assert ScriptDirectory.from_config(schema._config()).get_heads() == [migrations.newest()]


@pytest.mark.parametrize("applied", [None, "0004", "9999"])
def test_a_database_without_tables_or_of_another_release_is_not_current(
    database: Database, applied: str | None
) -> None:
    if applied:
        with database.connection() as connection:
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
            connection.execute(text("INSERT INTO alembic_version VALUES (:it)"), {"it": applied})
    assert not database.is_current()


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


def test_an_upgrade_marks_the_words_of_addresses(database: Database) -> None:
    with database.connection() as connection:
        command.upgrade(schema._config(connection), "0025")
        contact = {**BEFORE_0005[0][1], "name": "Ada", "search_words": "ada example com", "turn": 0}
        _insert(connection, "contact", {**contact, "email": "ada@example.com", "external_id": "c-1"})
        _insert(
            connection, "contact", {**contact, "id": 2, "email": None, "phone": None, "external_id": "c-2"}
        )
    database.upgrade()
    with database.reading() as session:
        found = session.scalars(select(Contact.search_words).order_by(Contact.id)).all()
        assert "@ada @example @com" in found[0] and found[0].startswith("ada c 1")
        assert found[1] == "ada example com"


def test_given_answers_to_the_single_ease_question_become_scores(database: Database) -> None:
    """Of a version that asks it; opt-outs, other questions and answers that look like a machine's stay without one."""
    content = {"key": "task", "trend": "tasks", "questions": [
        {"key": "seq", "instrument": {"name": "seq", "source": "x"}}, {"key": "other", "type": "rating"},
    ]}  # fmt: skip
    values = ["2", "4", "7", '"not_applicable"', "5"]
    with database.connection() as connection:
        command.upgrade(schema._config(connection), "0024")
        _insert(connection, "counted_by", {"id": 1, "zone": "UTC", "complete": True})
        version = {"key": "task", "content_hash": "x", "content": json.dumps(content), "published_at": AT}
        _insert(connection, "questionnaire_version", {"id": 1, **version})
        for number, value in enumerate(values, 1):
            response = {
                "id": number, "version_id": 1, "questionnaire": "task", "source": "link", "channel": "sms",
                "language": "en", "state": "complete", "provisional": number == 5, "evidence": "{}",
                "answered_at": AT, "updated_at": AT, "edits": 0, "is_demo": False,
            }  # fmt: skip
            _insert(connection, "response", response)
            for question in ("seq", "other"):
                _insert(connection, "answer", {"response_id": number, "question": question, "value": value})
    database.upgrade()
    with database.reading() as session:
        found = session.execute(
            select(
                Score.response_id, Score.trend, Score.question, Score.metric, Score.value, Score.band
            ).order_by(Score.response_id)
        ).all()
        assert [tuple(row) for row in found] == [
            (1, "tasks", "seq", "seq", 2, "difficult"),
            (2, "tasks", "seq", "seq", 4, "neutral"),
            (3, "tasks", "seq", "seq", 7, "easy"),
        ]
        assert not session.scalars(select(CountedBy.complete)).one()


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


# Follow-ups as the release before 0006 left them

Row = tuple[str, dict[str, object]]
"""A table and what one row of it holds."""


def _of_0005(database: Database, rows: list[Row]) -> None:
    with database.connection() as connection:
        command.upgrade(schema._config(connection), "0005")
        for table, row in rows:
            columns, values = ", ".join(row), ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), row)


def _day(number: int, hour: int = 9) -> str:
    return f"2026-03-{number:02d} {hour:02d}:00:00.000000"


def _at_first() -> list[Row]:
    """Two colleagues of one account, and one questionnaire."""
    moments: dict[str, object] = {"created_at": _day(1), "updated_at": _day(1)}
    account: dict[str, object] = {
        "id": 1,
        "external_id": "a1",
        "name": "Acme",
        "properties": "{}",
        "is_demo": False,
    }
    people: list[dict[str, object]] = [
        {"id": each, "external_id": f"c{each}", "account_id": 1, "properties": "{}", "is_demo": False}
        for each in (1, 2)
    ]
    version: dict[str, object] = {
        "id": 1,
        "key": "csat",
        "content_hash": "x",
        "content": "{}",
        "published_at": _day(1),
    }
    return [
        ("account", account | moments),
        *(("contact", each | moments) for each in people),
        ("questionnaire_version", version),
    ]


def _response(
    number: int, contact: int | None, day: int, value: int, *, trend: str = "csat", provisional: bool = False
) -> list[Row]:
    response: dict[str, object] = {
        "id": number, "version_id": 1, "contact_id": contact, "account_id": 1, "questionnaire": "csat",
        "source": "link", "channel": "sms", "language": "en", "state": "complete", "provisional": provisional,
        "evidence": "{}", "answered_at": _day(day), "updated_at": _day(day), "edits": 0, "is_demo": False,
    }  # fmt: skip
    score: dict[str, object] = {
        "id": number, "response_id": number, "question": "score", "metric": "csat", "trend": trend, "value": value,
        "at": _day(day),
    }  # fmt: skip
    return [("response", response), ("score", score)]


def _follow_up(
    number: int,
    response: int,
    day: int,
    *,
    previous: int | None = None,
    contacted: int | None = None,
    score: int = 1,
) -> Row:
    return "follow_up", {
        "id": number, "response_id": response, "account_id": 1, "rule": "low", "kind": "recovery", "title": "{}",
        "playbook": "{}", "urgency": "high", "state": "taken", "metric": "csat", "score": score,
        "previous_score": previous, "opened_at": _day(day), "contact_due_at": _day(day + 1),
        "close_due_at": _day(day + 3), "first_contact_at": _day(contacted) if contacted else None, "revision": 2,
        "is_demo": False,
    }  # fmt: skip


def _entry(follow_up: int, day: int, kind: str, detail: str) -> Row:
    return "follow_up_entry", {"follow_up_id": follow_up, "at": _day(day), "kind": kind, "detail": detail}


@pytest.mark.parametrize(
    ("before", "previous"),
    [
        pytest.param(_response(1, 2, 2, 4), None, id="a colleague's"),
        pytest.param(
            [*_response(1, 1, 2, 4), *_response(2, 2, 3, 5)], 4, id="one's own, before a colleague's"
        ),
        pytest.param([*_response(1, 1, 2, 4), *_response(2, 1, 3, 2)], 2, id="the last of one's own"),
        pytest.param(_response(1, 1, 2, 4, provisional=True), None, id="a machine's"),
        pytest.param(_response(1, 1, 2, 4, trend="other"), None, id="of another series"),
        pytest.param(_response(1, 1, 12, 4), None, id="given later"),
        pytest.param(_response(1, None, 2, 4), None, id="of somebody who is not known any more"),
    ],
)
def test_the_previous_score_of_an_old_follow_up_is_the_persons_own(
    database: Database, before: list[Row], previous: int | None
) -> None:
    task = _follow_up(1, 9, 10, previous=4)
    _of_0005(database, [*_at_first(), *before, *_response(9, 1, 10, 1), task])
    database.upgrade()
    with database.reading() as session:
        assert session.execute(select(FollowUp.previous_score, FollowUp.revision)).all() == [(previous, 2)]


@pytest.mark.parametrize(
    ("logged", "first"),
    [
        pytest.param([("call", 11, '{"reached": false}')], None, id="not reached"),
        pytest.param([("call", 11, '{"reached": true}')], 11, id="reached"),
        pytest.param(
            [("call", 11, '{"reached": false}'), ("note", 12, "{}"), ("sms", 13, '{"reached": true}'),
             ("meeting", 14, '{"reached": true}')],
            13,
            id="reached the second time",
        ),
        pytest.param([("call", 11, "{}")], 11, id="details removed for privacy"),
    ],
)  # fmt: skip
def test_the_first_contact_of_an_old_follow_up_is_one_that_reached_somebody(
    database: Database, logged: list[tuple[str, int, str]], first: int | None
) -> None:
    entries = [_entry(1, day, kind, detail) for kind, day, detail in logged]
    _of_0005(database, [*_at_first(), *_response(9, 1, 10, 1), _follow_up(1, 9, 10, contacted=11), *entries])
    database.upgrade()
    with database.reading() as session:
        moment = session.scalars(select(FollowUp.first_contact_at)).one()
        assert moment == (datetime(2026, 3, first, 9, tzinfo=UTC) if first else None)
        assert len(session.scalars(select(FollowUpEntry)).all()) == len(logged)


def test_many_old_follow_ups_are_corrected_in_portions_and_an_interrupted_upgrade_goes_on(
    database: Database,
) -> None:
    number = 2 * PORTION + 1
    rows = [row for each in range(1, number + 1) for row in _response(each, 1 + each % 2, 2 + each % 2, 3)]
    tasks = [_follow_up(each, each, 3, previous=4, score=3) for each in range(1, number + 1)]
    _of_0005(database, [*_at_first(), *rows, *tasks])
    with database.connection() as connection:  # as if the upgrade had been stopped after the first portion
        connection.execute(text(f"UPDATE follow_up SET previous_score = 3 WHERE id <= {PORTION}"))
    commits: list[object] = []
    event.listen(database._writers, "commit", commits.append)
    database.upgrade()
    with database.reading() as session:
        assert set(session.scalars(select(FollowUp.previous_score))) == {3}
    assert len(commits) == (1 if database.is_sqlite else 4)
    assert database.is_current()


def test_nodes_that_start_together_correct_follow_ups_one_after_the_other(database: Database) -> None:
    rows = [row for each in range(1, PORTION + 2) for row in _response(each, 1, 2, 3)]
    tasks = [_follow_up(each, each, 2, previous=4, score=3) for each in range(1, PORTION + 2)]
    _of_0005(database, [*_at_first(), *rows, *tasks])
    nodes = [Database(database.url.render_as_string(hide_password=False)) for _ in range(3)]
    with ThreadPoolExecutor() as together:
        list(together.map(Database.upgrade, nodes))
    assert database.is_current()
    for node in nodes:
        node.close()
