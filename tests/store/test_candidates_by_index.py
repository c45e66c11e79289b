"""Jobs find their candidates by an index: none of their statements reads a large table from its beginning."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Select, select, text
from sqlalchemy.dialects import postgresql, sqlite

from feedback import library, resources
from feedback.services.contact import eligibility, suppression
from feedback.services.doors import processing
from feedback.services.journey import enrolments, invitations
from feedback.services.webhooks import delivering, delivery_log
from feedback.store.database import Database
from feedback.store.models import DoorMention, Enrolment
from feedback.store.prepared import PreparedStatement
from feedback.web.api.resources import events as event_resource

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = date(2026, 3, 2)
JOURNEY = library.load(resources.directories("questionnaires")).journey
RENEWAL = next(stage for stage in JOURNEY.stages if stage.enter.date)

IDS = {"ids": [1, 2]}
STATEMENTS: Mapping[str, tuple[Any, dict[str, Any]]] = {
    "whose turn in a cadence it is": (enrolments.turns(90, DAY), {}),
    "whose turn it is and who is not enrolled": (
        enrolments.turns(90, DAY).where(~enrolments._enrolled_in("relationship", "cycle:8")),
        {},
    ),
    "whose renewal is near": (enrolments.near(RENEWAL, DAY, DAY), {}),
    "which enrolments are due": (invitations._DUE, {"now": NOW}),
    "which other surveys of a contact are due": (invitations._ALSO_DUE, {"contacts": [1, 2], "now": NOW}),
    "which enrolments are overdue": (invitations._OVERDUE_ENROLMENTS, {"now": NOW}),
    "which invitations are overdue": (invitations._OVERDUE_INVITATIONS, {"now": NOW}),
    "which messages are overdue": (invitations._OVERDUE_MESSAGES, {"now": NOW}),
    "whose channel has failed": (invitations._STRANDED, {}),
    "who is at an address": (
        eligibility._AT_ADDRESSES, {"phones": ["+905321234567"], "emails": ["a@example.com"]}
    ),
    "which permissions there are": (eligibility._PERMISSIONS, IDS),
    "who was asked": (eligibility._ASKED, {**IDS, "since": NOW}),
    "who was asked in an account": (eligibility._ASKED_IN_ACCOUNTS, {"accounts": [1, 2], "window": NOW}),
    "who is on the list": (
        suppression._ON_LIST, {**IDS, "kinds": ["sms", "email"], "addresses": ["+905321234567", "a"]}
    ),
    "which merged contacts an event names": (enrolments._BY_ALIAS, {"keys": ["c1", "c2"]}),
    "which events are stored": (enrolments._STORED_EVENTS, {"keys": ["k1", "k2"]}),
    "what an event of the API led to": (event_resource._ENROLMENTS, {"event": 1}),
    "which deliveries are next": (delivering._next(1, NOW).limit(10), {}),
    "which events are replayed": (
        delivery_log._of_range(delivery_log.WebhookRange(NOW - timedelta(days=1), NOW), NOW), {}
    ),
    "what waits at doors": (processing._waiting(0), {}),
    "which bodies name somebody": (
        select(DoorMention.arrival_id).where(DoorMention.digest.in_(["sha256:a", "sha256:b"])), {}
    ),
    "who is enrolled": (
        enrolments._ENROLLED, {"contacts": [1, 2], "stages": ["renewal"], "occasions": ["cycle:8"]}
    ),
}  # fmt: skip


def plan_of(database: Database, statement: Any, values: dict[str, Any]) -> list[str]:
    """The lines of the database's own plan."""
    statement = statement.statement if isinstance(statement, PreparedStatement) else statement
    dialect: Any = sqlite.dialect() if database.is_sqlite else postgresql.dialect()
    compiled = statement.params(values).compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    how = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
    with database.connection() as connection:
        if not database.is_sqlite:
            # The tables are empty, and small ones are faster to read whole. This asks whether there is another way.
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        rows = connection.exec_driver_sql(f"{how} {str(compiled).replace('%', '%%')}").all()
    return [str(row[-1]) for row in rows]


def walks(lines: list[str]) -> list[str]:
    """The lines by which a table is read from its beginning, also by way of an index."""
    return [line for line in lines if re.search(r"\bSCAN (?!\d|\(|CONSTANT)|Seq Scan", line)]


@pytest.mark.parametrize("what", STATEMENTS)
def test_candidates_come_from_an_index(migrated: Database, what: str) -> None:
    assert walks(plan_of(migrated, *STATEMENTS[what])) == []


def test_reading_a_table_from_its_beginning_is_noticed(migrated: Database) -> None:
    statement: Select[Any] = Select(Enrolment.id).where(Enrolment.questionnaire == "nps")
    assert walks(plan_of(migrated, statement, {}))
