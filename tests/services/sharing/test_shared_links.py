"""Shared links: what may be shared, for how long, and that nobody guesses an address."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.core.time.period import Period
from feedback.errors import Conflict, Gone, NotFound, Rejected
from feedback.services.sharing import shared_links
from feedback.services.sharing.shared_links import LinkWish, SharedFilters
from feedback.settings import Settings, load
from feedback.store.database import Database
from feedback.store.models import AuditEntry, User
from tests import factories_reports

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
WISH = LinkWish("For the board", "overview", SharedFilters(preset="90"), NOW + timedelta(days=30))


@pytest.fixture
def session(migrated: Database) -> Iterator[Session]:
    with migrated.writing() as session:
        yield session


@pytest.fixture
def maker(session: Session) -> User:
    return factories_reports.user(session)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder: Path = tmp_path_factory.mktemp("instance")
    return load(folder, {"FEEDBACK_WEB_SECRET_KEY": "k" * 40})


def test_a_link_is_found_by_its_token_until_its_time_is_over(
    session: Session, maker: User, settings: Settings
) -> None:
    row = shared_links.create(session, WISH, by=maker.id, now=NOW)
    token = shared_links.token_of(settings, row)
    assert shared_links.find(session, settings, token, NOW + timedelta(days=29)).id == row.id
    with pytest.raises(Gone):
        shared_links.find(session, settings, token, NOW + timedelta(days=30))


def test_a_link_ends_when_it_is_revoked_or_its_maker_goes(
    session: Session, maker: User, settings: Settings
) -> None:
    rows = [shared_links.create(session, WISH, by=maker.id, now=NOW) for _ in range(2)]
    shared_links.revoke(session, rows[0].id, by=maker.id, now=NOW)
    with pytest.raises(Conflict):
        shared_links.revoke(session, rows[0].id, by=maker.id, now=NOW)
    with pytest.raises(Gone):
        shared_links.find(session, settings, shared_links.token_of(settings, rows[0]), NOW)
    maker.active = False
    with pytest.raises(Gone):
        shared_links.find(session, settings, shared_links.token_of(settings, rows[1]), NOW)
    with pytest.raises(NotFound):
        shared_links.revoke(session, 999, by=maker.id, now=NOW)
    actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["created", "created", "revoked"]


def test_nobody_makes_an_address_of_another_one(session: Session, maker: User, settings: Settings) -> None:
    first, second = (shared_links.create(session, WISH, by=maker.id, now=NOW) for _ in range(2))
    token = shared_links.token_of(settings, first)
    number, mac = token.split("-")
    for guess in (
        f"{second.id:x}-{mac}",
        f"{number}-{'0' * 32}",
        number,
        "",
        token[:-1],
        token + "0",
        token.upper(),
    ):
        if guess != token:
            with pytest.raises(NotFound):
                shared_links.find(session, settings, guess, NOW)
    other = replace(settings, web=replace(settings.web, secret_key=type(settings.web.secret_key)("z" * 40)))
    with pytest.raises(NotFound):
        shared_links.find(session, other, token, NOW)


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        (replace(WISH, name=" "), "Give the link a name"),
        (replace(WISH, name="a" * 121), "Give the link a name"),
        (replace(WISH, view="comments"), "Choose what the link shows"),
        (replace(WISH, expires_at=NOW), "Choose a last day in the future"),
        (replace(WISH, expires_at=NOW + timedelta(days=367)), "at most a year from now"),
        (replace(WISH, filters=SharedFilters(preset="90", group="owner:1")), "they have names"),
        (replace(WISH, filters=SharedFilters(preset="90", group="vip")), "Choose another group"),
        (replace(WISH, view="quarter"), "Choose a quarter"),
        (
            replace(
                WISH,
                view="quarter",
                filters=SharedFilters(period=Period(date(2026, 1, 1), date(2026, 1, 31))),
            ),
            "Choose a quarter",
        ),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_cannot_be_shared_is_refused(session: Session, maker: User, wish: LinkWish, told: str) -> None:
    with pytest.raises(Rejected, match=told):
        shared_links.create(session, wish, by=maker.id, now=NOW)


def test_filters_come_back_as_they_were_stored() -> None:
    quarter = Period(date(2026, 1, 1), date(2026, 3, 31))
    for filters in (
        SharedFilters(preset="year", group="segment:vip", against_year=True),
        SharedFilters(period=quarter),
    ):
        assert SharedFilters.from_stored(filters.stored()) == filters


def test_a_use_is_noted_once_an_hour(session: Session, maker: User) -> None:
    row = shared_links.create(session, WISH, by=maker.id, now=NOW)
    assert shared_links.is_use_worth_noting(row, NOW)
    shared_links.note_use(session, row.id, NOW)
    assert not shared_links.is_use_worth_noting(row, NOW + timedelta(minutes=59))
    assert shared_links.is_use_worth_noting(row, NOW + timedelta(hours=1))


def test_a_wallboard_shows_no_comments(session: Session, maker: User) -> None:
    wish = replace(WISH, view="wallboard", comments=True)
    assert shared_links.create(session, wish, by=maker.id, now=NOW).comments is False
    assert [each.name for each in shared_links.every_link(session)] == ["For the board"]
