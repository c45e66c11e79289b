"""The fixtures keep their own promises."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from feedback.store.database import Database
from feedback.store.models import AuditEntry, User
from tests.conftest import missing
from tests.postgres import Postgres, Recycled, name_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_a_gap_is_a_skip_with_its_reason_on_a_developers_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="No moon"):
        missing("No moon")


def test_a_gap_is_a_failure_where_the_suite_must_be_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="allows no gaps"):
        missing("No moon")


@pytest.fixture
def recycled(postgres: Postgres, migrated_postgres: str) -> Iterator[Recycled]:
    databases = Recycled(postgres, migrated_postgres)
    for _ in range(databases.RESTING):
        databases.give_back(databases.take(databases.empty))
    yield databases
    databases.close()


def write(url: str) -> int:
    """The id of somebody new, who is also in the audit, which lets nobody empty it."""
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    database = Database(url)
    with database.writing() as session:
        session.add(user := User(email="a@example.com", name="A", fs_uniquifier="a", created_at=now))
        session.add(AuditEntry(at=now, action="test", subject="test"))
        session.flush()
        number = user.id
    database.close()
    return number


@pytest.mark.postgres
def test_a_database_that_is_used_again_is_as_new(recycled: Recycled) -> None:
    ids = []
    for _ in range(4):
        url = recycled.take(recycled.empty)
        assert recycled.content(url) == recycled.empty
        ids.append(write(url))
        recycled.give_back(url)
    assert ids == [1] * 4
    assert recycled.made == recycled.RESTING + 1


@pytest.mark.postgres
def test_a_database_begins_with_the_content_that_is_asked_for(recycled: Recycled) -> None:
    url = recycled.take(recycled.empty)
    write(url)
    written = recycled.content(url)
    assert written != recycled.empty
    for _ in range(4):
        url = recycled.take(written)
        assert recycled.content(url) == written
        recycled.give_back(url)


@pytest.mark.postgres
@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE contact ADD COLUMN other text",
        "CREATE INDEX other ON contact (name)",
        "DROP TRIGGER audit_entry_append_only ON audit_entry",
        "CREATE FUNCTION other() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ANALYZE audit_entry",
    ],
)
def test_a_database_in_which_more_than_rows_has_changed_is_not_used_again(
    postgres: Postgres, recycled: Recycled, change: str
) -> None:
    url = recycled.take(recycled.empty)
    write(url)
    with postgres.connected(name_in(url)) as connection:
        connection.execute(change.encode())
    recycled.give_back(url)
    before = recycled.made
    for _ in range(recycled.RESTING + 1):
        recycled.give_back(recycled.take(recycled.empty))
    assert recycled.made == before + 1


# Draws a text and says which pixels are dark, as one string.
DRAW = """text => {
    const canvas = Object.assign(document.createElement('canvas'), {width: 200, height: 60});
    const pen = canvas.getContext('2d');
    pen.font = '40px sans-serif';
    pen.fillText(text, 10, 45);
    return pen.getImageData(0, 0, 200, 60).data.filter((_, i) => i % 4 === 3).join('');
}"""


@pytest.mark.browser
def test_the_browser_has_persian_letters(browser: Browser) -> None:
    page = browser.new_page()
    drawn = {page.evaluate(DRAW, letter) for letter in ("پ", "گ", "\U0010ffff")}
    page.close()
    if len(drawn) < 3:  # a letter without a font looks like every other letter without one
        missing("The browser has no font with Persian letters")
