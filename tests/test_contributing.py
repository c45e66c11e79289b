"""What git checks before a commit is what `dev.py test` checks, and subjects say area and effect."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import dev

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / ".ci" / "commit_subject.py"


def checked(message: str, place: Path) -> subprocess.CompletedProcess[str]:
    """As git runs a commit-msg hook."""
    file = place / "COMMIT_EDITMSG"
    file.write_text(message, encoding="utf-8")
    return subprocess.run([sys.executable, SCRIPT, file], check=False, capture_output=True, text=True)


@pytest.mark.parametrize(
    "message",
    [
        "desk: name the stand-in beside the owner",
        "lint: do not read 'bus stop' as an opt-out\n\nThe phrase is listed among the idioms now.\n",
        "lint/rules: read «ده از ده» as a score",
        "core metrics: cut the interval off at the ends of the scale",
        f"docs: {'x' * 66}",
        "docs: rewrite a page\n# Please enter the commit message for your changes.\n# On branch main\n",
        "docs: rewrite a page\n# ------------------------ >8 ------------------------\ndiff --git a/x b/x\n",
        "Merge branch 'lint' into main",
        'Revert "desk: name the stand-in"',
        "fixup! desk: name the stand-in",
    ],
)
def test_a_subject_with_area_and_effect_passes(message: str, tmp_path: Path) -> None:
    done = checked(message, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        ("Know a way out from a bus stop", "area: effect"),
        ("desk:name the stand-in", "area: effect"),
        ("Desk: name the stand-in", "area: effect"),
        ("desk: ", "area: effect"),
        ("", "area: effect"),
        ("keep names out of the way of: other rules", "area: effect"),
        (f"docs: {'x' * 67}", "it has 73"),
        ("desk: name the stand-in.", "full stop"),
        ("desk: name the stand-in\nbeside the owner", "empty line"),
    ],
)
def test_any_other_subject_is_refused_with_the_reason(message: str, complaint: str, tmp_path: Path) -> None:
    done = checked(message, tmp_path)
    assert done.returncode == 1
    assert complaint in done.stderr


def hooks() -> list[dict[str, Any]]:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    (repository,) = config["repos"]
    assert repository["repo"] == "local"  # any other one would be downloaded
    found: list[dict[str, Any]] = repository["hooks"]
    return found


def test_git_runs_every_quick_check_that_the_whole_test_runs() -> None:
    before_a_commit = {hook["entry"] for hook in hooks() if "stages" not in hook}
    assert before_a_commit == {
        " ".join(["python3 dev.py run", Path(command[0]).name, *map(str, command[1:])])
        for name, command in dev.checks()
        if name != "pytest"
    }


def test_no_hook_needs_an_environment_of_its_own() -> None:
    assert {hook["language"] for hook in hooks()} == {"system"}


def test_the_subject_is_checked_with_each_commit() -> None:
    (hook,) = [hook for hook in hooks() if hook.get("stages") == ["commit-msg"]]
    assert hook["entry"].split()[-1] == SCRIPT.relative_to(ROOT).as_posix()
