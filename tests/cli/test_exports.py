"""Taking data out from the shell: the answers of a survey as files, and what is stored about a person."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyreadstat
import pytest
from sqlalchemy import select

from feedback import clock
from feedback.store.database import Database
from feedback.store.models import AuditEntry, Contact
from tests.cli.calling import feedback


def test_responses_are_written_with_their_codebook(installed: Path, tmp_path: Path) -> None:
    file, book = tmp_path / "answers.sav", tmp_path / "book.csv"
    done = feedback(
        installed, "export", "responses", "--survey", "relationship-nps", "--format", "sav", "--from", "2026-01-01",
        "--output", str(file), "--codebook", str(book),
    )  # fmt: skip
    assert (done.exit_code, done.output) == (0, f"{file}: 0 rows.\n{book}: the codebook.\n")
    _frame, about = pyreadstat.read_sav(file)
    with book.open(encoding="utf-8-sig", newline="") as lines:
        assert {each["column"] for each in csv.DictReader(lines)} == set(about.column_names)
    assert sorted(each.name for each in tmp_path.iterdir() if each.is_file()) == ["answers.sav", "book.csv"]
    database = Database(f"sqlite:///{installed / 'feedback.db'}")
    with database.reading() as session:
        noted = session.scalars(
            select(AuditEntry.detail).where(AuditEntry.action == "exported").order_by(AuditEntry.id)
        ).all()
    database.close()
    assert [each["table"] for each in noted] == ["relationship-nps-responses", "relationship-nps-codebook"]


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("--survey", "never"), 2, "There is no such survey."),
        (("--survey", "relationship-nps", "--format", "doc"), 2, "There is no format 'doc'"),
        (
            ("--survey", "relationship-nps", "--from", "2026-02-01", "--to", "2026-01-01"),
            2,
            "first day that is not after",
        ),
        (("--survey", "relationship-nps", "--output", "/nowhere/answers.csv"), 1, "cannot be written"),
    ],
)
def test_mistakes_are_said_and_leave_no_file(
    installed: Path,
    tmp_path: Path,
    arguments: tuple[str, ...],
    code: int,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    done = feedback(installed, "export", "responses", *arguments)
    assert done.exit_code == code
    assert sentence in done.output
    assert sorted(tmp_path.iterdir()) == before


def test_a_contact_is_exported_with_and_without_the_word_person(installed: Path) -> None:
    database, now = Database(f"sqlite:///{installed / 'feedback.db'}"), clock.now()
    with database.writing() as session:
        session.add(Contact(external_id="c-17", name="Ada", created_at=now, updated_at=now))
    database.close()
    for arguments in (("c-17",), ("person", "c-17")):
        assert json.loads(feedback(installed, "export", *arguments).output)["contact"]["name"] == "Ada"
    assert feedback(installed, "export", "never").exit_code == 2
