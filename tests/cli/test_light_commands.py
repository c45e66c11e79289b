"""A command that needs no questionnaires does not pay for them, nor for pages, providers and migrations."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from feedback.cli import main
from tests.cli.calling import feedback

QUESTIONNAIRES = ("feedback.lint", "feedback.library", "yaml", "feedback.core.questionnaire")
PAGES = ("feedback.web", "flask", "jinja2", "wtforms", "babel", "waitress")
OTHERS = ("alembic", "apscheduler", "twilio", "requests", "feedback.worker", "feedback.demo")
HEAVY = (*QUESTIONNAIRES, *PAGES, *OTHERS)

PASSWORD = "a long enough password"
LIGHT: dict[str, tuple[str, ...]] = {
    "backup": ("BACKUP",),
    "bounce": (),
    "db rebuild-rollups": (),
    "db upgrade": (),
    "erase": ("C-2", "--yes"),
    "export person": ("C-1",),
    "held list": (),
    "import": ("accounts", "ACCOUNTS", "--dry-run"),
    "key create": ("CRM",),
    "key list": (),
    "key revoke": ("1",),
    "sample-size": ("--margin", "5"),
    "upgrade": (),
    "user add": ("ben@example.com", "--role", "csm", "--password", PASSWORD),
    "user disable": ("eve@example.com",),
    "user enable": ("eve@example.com",),
    "user hours": ("ada@example.com", "--days", "mon,tue"),
    "user list": (),
    "user role": ("eve@example.com", "viewer", "csm"),
    "user sign-out": ("eve@example.com",),
}
"""Command -> arguments with which it works."""
ONLY_THE_JOURNEY = {"event": ("ticket_closed", "C-1")}
"""They read the journey and its format, but run no linter."""
NOT_LIGHT = {
    "acknowledge": "judges a questionnaire",
    **dict.fromkeys(
        (f"campaign {name}" for name in ("cancel", "list", "pause", "resume", "show")),
        "a rare decision about surveys",
    ),
    "db restored": "holds every queued message",
    "demo": "serves pages",
    "doctor": "checks every questionnaire",
    "export responses": "columns come from the questionnaires",
    "support-bundle": "counts everything that the pages show",
    "undo-import": "takes back answers, which are counted by their questionnaires",
    "user reset-mfa": "refused without a second factor, so it is tried in test_staff.py",
    **dict.fromkeys(("held keep", "held release", "held send"), "a rare decision about messages"),
    "init": "makes the tables",
    "link": "checks that the questionnaire exists",
    "lint": "judges questionnaires",
    "plan": "words of the pages",
    "questionnaires diff": "reads questionnaires",
    "questionnaires gallery": "reads questionnaires",
    "questionnaires import": "reads questionnaires",
    "questionnaires list": "reads questionnaires",
    "questionnaires new": "reads questionnaires",
    "questionnaires pull": "reads questionnaires",
    "questionnaires push": "reads questionnaires",
    "report": "titles of the questionnaires",
    "restore": "holds every queued message",
    "run": "serves pages",
}


def leaves(group: click.Group = main, before: str = "") -> Iterator[str]:
    """The full names of all commands."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from leaves(command, f"{before}{name} ")
        else:
            yield f"{before}{name}"


def test_every_command_is_known_as_light_or_not() -> None:
    assert set(leaves()) - {*LIGHT, *ONLY_THE_JOURNEY, *NOT_LIGHT} == set()


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with people, whose tables and questionnaires are as the last command left them."""
    place = tmp_path_factory.mktemp("busy")
    people = place / "people.csv"
    people.write_text(
        "external_id,name,email,consent.email,consent.basis\nC-1,Ada,ada@example.com,yes,contract\n"
    )
    (place / "accounts.csv").write_text("external_id,name\nA-1,Acme\n")
    before = dict(os.environ)
    for command in (
        ("init", "--name", "Acme", "--public-url", "http://127.0.0.1:8080"),
        ("user", "add", "ada@example.com", "--role", "admin", "--password", PASSWORD),
        ("user", "add", "eve@example.com", "--role", "viewer", "--password", PASSWORD),
        ("key", "create", "CRM"),
        ("import", "contacts", str(people)),
        ("plan",),
    ):
        assert feedback(place / "instance", *command).exit_code == 0
    os.environ.clear()
    os.environ.update(before)
    return place


SEEN = """\
import json, sys
from feedback.cli import main
try:
    main(sys.argv[1:], standalone_mode=False)
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def loaded(place: Path, *arguments: str) -> set[str]:
    """The modules that a command has imported when it ends, in a process of its own."""
    files = {"ACCOUNTS": place / "accounts.csv", "BACKUP": place / "backup.db"}
    given = [str(files.get(each, each)) for each in arguments]
    command = [sys.executable, "-c", SEEN, *given]
    environ = {**os.environ, "FEEDBACK_INSTANCE": str(place / "instance")}
    ran = subprocess.run(command, env=environ, input="", capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return set(json.loads(ran.stderr.splitlines()[-1]))


@pytest.mark.parametrize("name", LIGHT)
def test_a_light_command_imports_nothing_heavy(busy: Path, name: str) -> None:
    assert loaded(busy, *name.split(), *LIGHT[name]).isdisjoint(HEAVY)


def test_an_event_is_recorded_without_pages_and_without_the_linter_s_words(busy: Path) -> None:
    modules = loaded(busy, "event", *ONLY_THE_JOURNEY["event"])
    assert modules.isdisjoint((*PAGES, *OTHERS))
    assert "feedback.lint.languages.en" not in modules


@pytest.mark.parametrize(
    "arguments", [("--help",), ("--version",), ("import", "--help"), ("user", "add", "--help")]
)
def test_help_needs_neither_settings_nor_tables(busy: Path, arguments: tuple[str, ...]) -> None:
    heavy = {*PAGES, *OTHERS, "sqlalchemy", "feedback.settings"}
    modules = loaded(busy, *arguments)
    assert modules.isdisjoint(heavy)
