"""The unit in docs/deploy: hardened, and with times that fit the program."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from feedback.settings.table import WorkerSettings
from feedback.worker import LAST_WORDS
from tests.cli.calling import feedback
from tests.conftest import missing
from tests.deploy.installed_server import DEPLOY, running

UNIT = DEPLOY / "feedback.service"
MOST_EXPOSED = 1.5
"""On the scale of `systemd-analyze security`, from 0 (shut off) to 10; a unit without any hardening has 9.2."""
REFUSE_WRITABLE_CODE = 65
"""PR_SET_MDWE of Linux 6.3: what MemoryDenyWriteExecute= does."""


def options() -> configparser.SectionProxy:
    found = configparser.ConfigParser(strict=False, interpolation=None)
    found.optionxform = str  # type: ignore[assignment,method-assign]
    found.read(UNIT)
    return found["Service"]


def test_the_unit_is_hardened() -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        missing("systemd is not installed")
    told = subprocess.run(
        [program, "security", "--offline=true", "--no-pager", str(UNIT)],
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"Overall exposure level for feedback.service: ([0-9.]+)", told.stdout)
    assert found, told.stderr
    assert float(found[1]) <= MOST_EXPOSED


def test_systemd_waits_longer_for_the_program_than_it_takes_to_stop() -> None:
    allowed = timedelta(seconds=int(options()["TimeoutStopSec"].removesuffix("s")))
    takes = WorkerSettings().stop_within + timedelta(seconds=LAST_WORDS)
    assert takes + timedelta(seconds=5) <= allowed


def test_the_unit_writes_only_where_the_installation_is() -> None:
    service = options()
    assert "Environment=FEEDBACK_INSTANCE=/var/lib/feedback\n" in UNIT.read_text()
    assert (service["StateDirectory"], service["ProtectSystem"]) == ("feedback", "strict")
    assert "d /var/backups/feedback 0700 feedback feedback" in (DEPLOY / "tmpfiles.conf").read_text()
    assert 'u feedback - "Surveys and feedback" /var/lib/feedback' in (DEPLOY / "sysusers.conf").read_text()


def test_the_program_runs_where_memory_may_not_be_written_and_executed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MemoryDenyWriteExecute= breaks programs that make code while they run, such as some users of libffi."""
    monkeypatch.setenv("FEEDBACK_INSTANCE", str(tmp_path / "instance"))
    made = feedback(tmp_path / "instance", "init", "--name", "Acme", "--public-url", "http://127.0.0.1:8080")
    assert made.exit_code == 0
    start = (
        "import ctypes, os, sys\n"
        f"ctypes.CDLL(None).prctl({REFUSE_WRITABLE_CODE}, 1, 0, 0, 0)\n"  # an older kernel refuses nothing
        "os.execv(sys.executable, [sys.executable, '-m', 'feedback.cli', 'run'])\n"
    )
    environ = {**os.environ, "FEEDBACK_WEB_PORT": "0"}
    with running([sys.executable, "-c", start], environ, "Listening on") as process:
        process.terminate()
        assert process.wait(30) == 0
