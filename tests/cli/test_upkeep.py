"""Before an upgrade, a command says what it would do; and the bundle for somebody who helps."""

from __future__ import annotations

import os
import re
import sqlite3
import zipfile
from pathlib import Path

import pytest

from feedback import migrations
from tests.cli.calling import feedback
from tests.cli.test_wrong_database import make_older


def revision(instance: Path) -> str:
    with sqlite3.connect(instance / "feedback.db") as connection:
        found: str = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
    connection.close()
    return found


def test_an_upgrade_is_named_before_it_happens_and_changes_nothing(installed: Path, tmp_path: Path) -> None:
    make_older(installed / "feedback.db")
    checked = feedback(installed, "upgrade", "--check")
    assert checked.exit_code == 1
    assert "F133" in checked.output
    assert f"0006      {migrations.title('0006')}" in checked.output
    assert revision(installed) == "0005"
    copy = tmp_path / "before.backup"
    feedback(installed, "backup", str(copy))
    checked = feedback(installed, "upgrade", "--check", "--backup", str(copy))
    assert (checked.exit_code, checked.output.splitlines()[-1]) == (0, "Ready to upgrade."), checked.output
    assert revision(installed) == "0005"
    assert feedback(installed, "upgrade").exit_code == 0
    assert revision(installed) == migrations.newest()
    assert feedback(installed, "upgrade", "--check").output.splitlines()[-1] == "Nothing to upgrade."


def test_a_backup_of_last_week_is_too_old_for_an_upgrade(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest of the nightly ones counts; it is found by the setting."""
    make_older(installed / "feedback.db")
    monkeypatch.setenv("FEEDBACK_BACKUP_DIRECTORY", str(tmp_path))
    copy = tmp_path / "feedback-20260302T030000Z.backup"
    feedback(installed, "backup", str(copy))
    assert feedback(installed, "upgrade", "--check").exit_code == 0
    os.utime(copy, (1_000_000_000, 1_000_000_000))
    checked = feedback(installed, "upgrade", "--check")
    assert checked.exit_code == 1
    assert "is older than a day" in checked.output


def test_a_setting_that_this_release_does_not_know_is_named(installed: Path) -> None:
    settings = (installed / "feedback.toml").read_text()
    (installed / "feedback.toml").write_text(settings.replace("[worker]\n", "[worker]\ntock = 3\n"))
    checked = feedback(installed, "upgrade", "--check")
    assert checked.exit_code == 2
    assert "there is no setting worker.tock. Did you mean worker.tick?" in checked.output


def test_a_support_bundle_is_a_file_to_read_and_send(installed: Path, tmp_path: Path) -> None:
    made = feedback(installed, "support-bundle", str(tmp_path / "bundle.zip"))
    assert made.exit_code == 0, made.output
    with zipfile.ZipFile(tmp_path / "bundle.zip") as bundle:
        content = {name: bundle.read(name).decode() for name in bundle.namelist()}
    assert set(content) == {
        "README.txt", "about.json", "settings.json", "problems.json", "tables.json", "figures.json"
    }  # fmt: skip
    secrets = re.findall(r'"([0-9a-f]{64})"', (installed / "feedback.toml").read_text())
    assert len(secrets) == 3
    assert [each for each in secrets if each in "".join(content.values())] == []
    assert "127.0.0.1:8080" not in "".join(content.values())
    again = feedback(installed, "support-bundle", str(tmp_path / "bundle.zip"))
    assert (again.exit_code, "already exists" in again.output) == (2, True)
