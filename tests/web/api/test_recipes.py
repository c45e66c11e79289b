"""The recipes of docs/api.md do what they say, against a running office."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from feedback.bootstrap import Runtime
from feedback.store.models import FollowUpEntry, Invitation, Response
from tests.conftest import missing
from tests.web.api.conftest import key_over
from tests.web.browsing import serving

PAGE = Path(__file__).parents[3] / "docs" / "api.md"


@pytest.fixture(scope="module")
def environ(office: Runtime, office_app: Flask) -> Iterator[dict[str, str]]:
    with serving(office_app) as site:
        yield {
            "PATH": os.environ["PATH"],
            "BASE": f"{site}/api/v1",
            "KEY": key_over(office, "lead"),
            "PYTHONIOENCODING": "utf-8",
        }


def recipes(language: str) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    assert len(found) > 1
    return "\n".join(found)


def ran(command: list[str], environ: dict[str, str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=environ)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_recipes_in_python(office: Runtime, environ: dict[str, str]) -> None:
    printed = ran([sys.executable, "-c", recipes("python") + "\nprint(len(changed))"], environ)
    with office.database.reading() as session:
        answered = session.scalars(select(Response.id)).all()
        notes = session.scalars(select(FollowUpEntry.text).where(FollowUpEntry.kind == "note")).all()
    *lines, changed = printed.splitlines()
    assert [int(line.split()[0]) for line in lines] == sorted(answered)
    assert "{'nps': 3}" in printed
    assert int(changed) >= 1
    assert list(notes) == ["Opened ticket 991."]


def test_the_recipes_in_javascript(office: Runtime, environ: dict[str, str]) -> None:
    if not shutil.which("node"):
        missing("Node is not installed")
    use = 'ask("c1", "relationship", "k-1").then((link) => console.log("link", link));'
    printed = ran(["node", "-e", recipes("javascript") + use], environ)
    link = next(line for line in printed.splitlines() if line.startswith("link"))
    with office.database.reading() as session:
        tokens = session.scalars(select(Invitation.token).where(Invitation.channel == "none")).all()
    assert [link.rpartition("/")[2]] == list(tokens)
