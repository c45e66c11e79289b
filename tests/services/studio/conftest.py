"""Two people who write, and the directories of the files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedback import resources
from feedback.store.database import Database
from feedback.store.models import User

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
KEY = "support-call-csat"


@pytest.fixture
def directories(tmp_path: Path) -> list[Path]:
    """The instance's directory, which is empty, and the shipped one."""
    (tmp_path / "questionnaires").mkdir()
    return resources.directories("questionnaires", tmp_path)


@pytest.fixture
def people(migrated: Database) -> tuple[int, int]:
    """The ids of Ada and Cem."""
    with migrated.writing() as session:
        users = [
            User(email=f"{name}@example.com", name=name, fs_uniquifier=name, created_at=NOW)
            for name in ("Ada", "Cem")
        ]
        session.add_all(users)
        session.flush()
        return users[0].id, users[1].id
