"""Keys of programs: shown once, kept as a digest, ended for good."""

from __future__ import annotations

from datetime import timedelta

import pytest

from feedback.errors import Conflict, NotFound, Rejected
from feedback.services.staff import api_keys
from feedback.store.models import ApiKey
from tests.services.conftest import World


def create(world: World, name: str = "CRM") -> tuple[int, str]:
    with world.database.writing() as session:
        row, token = api_keys.create(session, name, by=None, now=world.now)
        return row.id, token


def test_a_key_is_found_by_its_text_which_is_stored_nowhere(world: World) -> None:
    number, token = create(world)
    with world.database.reading() as session:
        found = api_keys.find(session.connection(), token, world.now)
        assert found is not None
        assert found.id == number
        row = session.get_one(ApiKey, number)
        assert token not in [str(getattr(row, column.key)) for column in row.__table__.columns]
        assert token.startswith(row.prefix)
        assert api_keys.find(session.connection(), token + "x", world.now) is None


def test_a_revoked_key_is_unknown_from_then_on_and_cannot_be_revoked_again(world: World) -> None:
    number, token = create(world)
    with world.database.writing() as session:
        api_keys.revoke(session, number, by=None, now=world.now)
    with world.database.writing() as session:
        assert api_keys.find(session.connection(), token, world.now) is None
        assert [row.id for row in api_keys.everything(session)] == [number]
        with pytest.raises(Conflict):
            api_keys.revoke(session, number, by=None, now=world.now)
        with pytest.raises(NotFound):
            api_keys.revoke(session, number + 1, by=None, now=world.now)


@pytest.mark.parametrize("name", ["", "   ", "x" * 256])
def test_a_key_needs_a_name(world: World, name: str) -> None:
    with pytest.raises(Rejected, match="the name of the program"):
        create(world, name)


def test_its_use_is_noted_at_most_once_an_hour(world: World) -> None:
    number, token = create(world)
    with world.database.writing() as session:
        row = api_keys.find(session.connection(), token, world.now)
        assert row is not None
        assert api_keys.is_use_worth_noting(row, world.now)
        api_keys.note_use(session, number, world.now)
        session.flush()
        row = api_keys.find(session.connection(), token, world.now)
        assert row is not None
        assert not api_keys.is_use_worth_noting(row, world.now + timedelta(minutes=59))
        assert api_keys.is_use_worth_noting(row, world.now + timedelta(hours=1))
