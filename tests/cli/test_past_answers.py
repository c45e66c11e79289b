"""Past answers of another tool through the shell: import, again, and back."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import func, select

from feedback.store.database import Database
from feedback.store.models import Response
from tests.cli.calling import feedback
from tests.services.imports.answers.exports import TYPEFORM


def stored(installed: Path) -> int:
    database = Database(f"sqlite:///{installed / 'feedback.db'}")
    with database.reading() as session:
        count = session.scalar(select(func.count()).select_from(Response)) or 0
    database.close()
    return count


def test_past_answers_are_imported_once_and_taken_back(installed: Path, tmp_path: Path) -> None:
    file = tmp_path / "answers.csv"
    file.write_text(TYPEFORM, encoding="utf-8")
    asked = ("import", "answers", str(file), "--as", "typeform", "--survey", "relationship-nps")
    tried = feedback(installed, *asked, "--dry-run")
    assert "Traceback" not in tried.output and stored(installed) == 0
    done = feedback(installed, *asked)
    assert "feedback undo-import 1" in done.output and stored(installed) == 1
    feedback(installed, *asked)
    assert stored(installed) == 1, "the same row twice is one answer"
    undone = feedback(installed, "undo-import", "1", "--yes")
    assert undone.output == "Removed: 1; kept, because they are in use: 0.\n"
    assert stored(installed) == 0


def test_an_unknown_tool_is_refused_with_those_that_are_known(installed: Path, tmp_path: Path) -> None:
    file = tmp_path / "answers.csv"
    file.write_text(TYPEFORM, encoding="utf-8")
    refused = feedback(installed, "import", "answers", str(file), "--as", "papyrus")
    assert refused.exit_code == 2 and "typeform" in refused.output
