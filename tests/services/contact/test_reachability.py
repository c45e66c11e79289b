"""How many contacts nobody may ask, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from feedback.services.contact import reachability
from tests.services.conftest import World


def counted(world: World, external_ids: list[str] | None = None) -> tuple[int, dict[str, int]]:
    with world.database.reading() as session:
        total, reasons = reachability.unreachable(session, world.settings, external_ids)
    return total, dict(reasons)


@pytest.fixture
def some_people(world: World) -> None:
    """c1 may be asked; c2 and c3 have no permission; c4 has no address; c5 was erased."""
    with world.database.writing() as session:
        world.contact(session, "c1")
        world.contact(session, "c2", consent=False)
        world.contact(session, "c3", consent=False, phone=None)
        world.contact(session, "c4", phone=None, email=None)
        world.contact(session, "c5", consent=False, erased_at=world.now)


@pytest.mark.usefixtures("some_people")
def test_contacts_whom_nobody_may_ask_are_counted_by_reason(world: World) -> None:
    assert counted(world) == (4, {"consent_missing": 2, "no_address": 1})
    assert counted(world, ["c1", "c2", "nobody"]) == (2, {"consent_missing": 1})


@pytest.mark.usefixtures("some_people")
def test_without_the_setting_a_permission_is_missing_only_where_the_country_requires_it(world: World) -> None:
    world.settings = replace(world.settings, contact=replace(world.settings.contact, consent_required=False))
    assert counted(world, ["c2"]) == (1, {"consent_missing": 1})  # a Turkish number
    assert counted(world, ["c3"]) == (1, {})  # no country


@pytest.mark.usefixtures("some_people")
def test_the_count_is_a_sentence_and_a_warning(world: World) -> None:
    with world.database.reading() as session:
        (problem,) = reachability.problems(session, world.settings)
    assert (problem.code, problem.level) == ("F115", "warning")
    assert problem.message == (
        "3 of 4 contacts cannot be asked: 2 have no recorded permission (import a legal basis); "
        "1 have no phone number and no e-mail address."
    )


def test_nothing_is_said_if_everybody_can_be_asked(world: World) -> None:
    with world.database.writing() as session:
        world.contact(session)
    with world.database.reading() as session:
        assert list(reachability.problems(session, world.settings)) == []
