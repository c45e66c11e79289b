"""`feedback questionnaires list | diff | pull | push`."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedback.store.database import Database
from tests.cli.test_questionnaires import environment, feedback

__all__ = ["environment"]


@pytest.fixture
def instance(migrated_sqlite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with a lead."""
    from datetime import UTC, datetime

    from feedback.services.staff import accounts

    (tmp_path / "feedback.db").write_bytes(migrated_sqlite.read_bytes())
    monkeypatch.setenv("FEEDBACK_DEMO", "true")
    monkeypatch.setenv("FEEDBACK_DATABASE_URL", f"sqlite:///{tmp_path / 'feedback.db'}")
    database = Database(f"sqlite:///{tmp_path / 'feedback.db'}")
    with database.writing() as session:
        user = accounts.NewUser("lead@example.com", "Lead", ["lead"])
        accounts.add_user(session, user, datetime.now(UTC))
    database.close()
    return tmp_path


def test_files_become_drafts_and_drafts_files(instance: Path, tmp_path: Path) -> None:
    folder = tmp_path / "git"
    folder.mkdir()
    (folder / "mine.yaml").write_text("key: mine\ntitle: One\n")
    where = ["--directory", str(folder)]
    listed = feedback(instance, "questionnaires", "list").output
    assert "support-call-csat" in listed
    assert "shipped" in listed
    assert (
        "mine: saved as draft"
        in feedback(instance, "questionnaires", "push", *where, "--by", "lead@example.com").output
    )
    assert "mine: unchanged" in feedback(instance, "questionnaires", "pull", *where).output
    (folder / "mine.yaml").write_text("key: mine\ntitle: Two\n")
    differs = feedback(instance, "questionnaires", "diff", *where)
    assert differs.exit_code == 1
    assert "-title: Two\n+title: One" in differs.output
    assert feedback(instance, "questionnaires", "pull", *where).exit_code == 1
