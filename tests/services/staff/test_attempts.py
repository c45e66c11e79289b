"""Attempts are counted by whoever made them, in windows, exactly also when they come together."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from feedback.services.staff import attempts
from feedback.services.staff.attempts import CODES, PASSWORDS, RESET, AttemptLimit
from feedback.store.database import Database
from feedback.store.models import AccountNotice

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SALT = "salt"


def count(database: Database, limit: AttemptLimit = CODES, who: str = "cem", now: datetime = NOON) -> int:
    with database.writing() as session:
        return attempts.count(session, limit, who, SALT, now)


def test_each_kind_and_each_account_has_its_own_count(migrated: Database) -> None:
    assert [count(migrated) for _ in range(3)] == [1, 2, 3]
    assert count(migrated, PASSWORDS) == 1
    assert count(migrated, who="selin") == 1


def test_a_window_begins_with_the_first_attempt_and_is_not_prolonged(migrated: Database) -> None:
    minutes = (0, 59, 60, 61, 119, 120)
    assert [count(migrated, now=NOON + timedelta(minutes=each)) for each in minutes] == [1, 2, 1, 2, 3, 1]


def test_an_attempt_that_succeeded_is_given_back(migrated: Database) -> None:
    count(migrated)
    count(migrated)
    with migrated.writing() as session:
        attempts.give_back(session, CODES, "cem", SALT, NOON)
        attempts.give_back(session, CODES, "nobody", SALT, NOON)
    assert count(migrated) == 2


def test_of_attempts_at_the_same_moment_none_is_lost(migrated: Database) -> None:
    counted: list[int] = []
    threads = [threading.Thread(target=lambda: counted.append(count(migrated))) for _ in range(12)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(counted) == list(range(1, 13))


def test_one_notice_of_each_kind_is_kept(migrated: Database) -> None:
    with migrated.writing() as session:
        for kind in (RESET, RESET, CODES.kind):
            attempts.note(session, "digest", kind, NOON)
    with migrated.reading() as session:
        assert session.scalars(select(AccountNotice.kind).order_by(AccountNotice.id)).all() == [
            RESET,
            CODES.kind,
        ]


@pytest.mark.parametrize("written", ["Cem@Example.com", " cem@example.com ", "CEM@EXAMPLE.COM"])
def test_an_account_is_the_same_however_its_address_is_written(written: str) -> None:
    assert attempts.account_digest(SALT, written) == attempts.account_digest(SALT, "cem@example.com")


def test_an_account_has_another_digest_in_every_installation() -> None:
    digests = {attempts.account_digest(salt, "cem@example.com") for salt in ("one", "two")}
    assert len(digests) == 2 and not any("cem" in each for each in digests)
