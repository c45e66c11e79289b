"""A support bundle has nothing about anybody: every personal value of a full installation is searched in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from feedback.services.backups import backup_runs
from feedback.services.messaging import heartbeats
from feedback.services.setup import diagnosis, support_bundle
from feedback.settings import Settings
from feedback.store.base import Base
from feedback.store.personal import COLUMNS, Whose
from tests.services.conftest import World
from tests.services.privacy import marked

TYPED = "typed-by-an-admin"
"""In every setting into which somebody can type words."""
SHORT = 3
"""Shorter values, such as `en` or a number of one digit, are in every text."""


def everything_typed(settings: Settings) -> Settings:
    return replace(
        settings,
        organisation=replace(
            settings.organisation, name=TYPED, support_email=f"{TYPED}@example.com", support_phone=TYPED,
            exchange_rates={TYPED: 1.5},
        ),
        smtp=replace(settings.smtp, host=TYPED, sender=TYPED, username=TYPED),
        followup=replace(settings.followup, fallback_owner=f"{TYPED}@example.com"),
        providers=replace(settings.providers, enabled=("simulator_sms", TYPED)),
        questionnaires=replace(settings.questionnaires, design_leads=(TYPED,)),
    )  # fmt: skip


def bundle_of(world: World) -> Mapping[str, str]:
    settings = everything_typed(world.settings)
    problems = diagnosis.of_installation(settings, world.database)
    with world.database.reading() as session:
        problems += diagnosis.of_data(session, settings, world.now)
        return support_bundle.files(session, world.database, settings, problems, world.now)


def personal_values(session: Session) -> Iterator[str]:
    """Every value that anybody's column has, and every text inside a value of JSON."""
    for table, marks in COLUMNS.items():
        columns = [
            name for whose, names in marks.items() if whose is not Whose.NOBODY for name in names.split()
        ]
        if columns:
            found = Base.metadata.tables[table]
            for row in session.execute(select(*(found.columns[each] for each in columns))):
                for value in row:
                    yield from _texts(value)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from (str(key), *_texts(inner))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, bytes):
        yield value.hex()
    elif value is not None:
        yield str(value)


def furnish(world: World) -> None:
    """Let everybody leave something, and everything that can fail quote somebody."""
    marked.leave_more_traces(world)
    quoting = {
        "issue": {"cause": "The mail to zara@example.com failed.", "count": 3, "since": "2026-03-02T12:00:00"}
    }
    with world.database.writing() as session:
        assert len(marked.mark_every_column(session)) > 20
        heartbeats.beat(session, "zara-laptop:17:abc", world.now, quoting, world.now)
        run = backup_runs.claim(session, world.now.date(), world.now)
        assert run
        backup_runs.fail(session, run, "/srv/zara/backups: no file can be written there.", world.now)
        session.execute(text("UPDATE \"user\" SET name = 'Zara Owner', email = 'zara@example.com'"))


def test_no_personal_value_is_in_the_bundle(surveyed: World) -> None:
    furnish(surveyed)
    bundle = "\n".join(bundle_of(surveyed).values())
    with surveyed.database.reading() as session:
        values = {each for each in personal_values(session) if len(each) > SHORT}
    assert len(values) > 100
    assert {"zara@example.com", "Zara Owner"} < values
    files = bundle_of(surveyed)
    ours = [*json.loads(files["tables.json"]), *json.loads(files["settings.json"]), support_bundle.README]
    words = {
        each for each in values if any(each in text for text in ours)
    }  # such as `text`, a key of a notice
    assert sorted(each for each in values - words if each in bundle) == []
    assert len(words) < 5
    typed = (TYPED, "zara", "Zara", str(surveyed.settings.instance), *marked.needles())
    assert [each for each in typed if each in bundle] == []


def test_the_bundle_says_what_helps(surveyed: World) -> None:
    furnish(surveyed)
    files = {name: json.loads(part) for name, part in bundle_of(surveyed).items() if name.endswith(".json")}
    assert files["settings.json"]["organisation.name"]["value"] == "set"
    assert files["settings.json"]["worker.tick"]["value"] == 5.0
    assert files["settings.json"]["providers.enabled"]["value"] == ["simulator_sms"]
    assert files["tables.json"]["contact"] >= 1
    assert {"code": "F131", "level": "error"} not in files["problems.json"]  # no directory is set
    assert {"code": "F122", "level": "error"} in files["problems.json"]
    assert files["figures.json"]["failing_jobs"][0]["error"] == "a known error"
    assert files["figures.json"]["backups"][0]["failed"]
    assert files["about.json"]["packages"]["flask"]
