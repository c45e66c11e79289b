"""What import-linter cannot say: which library lives in which room, and what no file may hold."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "feedback"

# Library -> the only places that may import it.
ROOMS = {
    "flask": ["web/"],
    "flask_limiter": ["web/"],
    "flask_openapi3": ["web/"],
    "flask_security": ["web/"],
    "flask_wtf": ["web/"],
    "wtforms": ["web/"],
    "twilio": ["channels/twilio_sms.py"],
    "smtplib": ["channels/smtp_email.py"],
    "apscheduler": ["worker.py"],
    "yaml": ["lint/document/reader.py"],
    "phonenumbers": ["core/recipient.py"],
    "authlib": ["web/"],
    "alembic": ["store/schema.py", "migrations/"],
    "psycopg": ["store/"],
}
PURE = {"pydantic", "pydantic_core", "annotated_types", "phonenumbers", "feedback"}


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Top-level packages that a module imports, also inside functions, with their lines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name.partition(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0], node.lineno


def strangers(package: Path) -> list[str]:
    return [
        f"{path.relative_to(package)}:{line} imports {name}"
        for path in sorted(package.rglob("*.py"))
        for name, line in imports(path)
        if not is_at_home(name, path.relative_to(package).as_posix())
    ]


def is_at_home(library: str, place: str) -> bool:
    return any(place.startswith(room) for room in ROOMS.get(library, [""]))


def test_every_library_stays_in_its_room() -> None:
    assert strangers(PACKAGE) == []


def test_a_library_in_the_wrong_room_is_found(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "nps.py").write_text("def score():\n    from flask import request\n")
    assert strangers(tmp_path) == ["core/nps.py:2 imports flask"]


def test_the_domain_uses_the_standard_library_and_pydantic_only() -> None:
    allowed = PURE | set(sys.stdlib_module_names)
    foreign = [
        f"{path.relative_to(PACKAGE)}:{line} imports {name}"
        for path in sorted((PACKAGE / "core").rglob("*.py"))
        for name, line in imports(path)
        if name not in allowed
    ]
    assert foreign == []


def reads_clock(path: Path) -> Iterator[int]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            of_time = isinstance(owner, ast.Name) and owner.id in ("datetime", "date")
            if of_time and node.func.attr in ("now", "utcnow", "today"):
                yield node.lineno


def test_only_the_clock_reads_the_wall_clock() -> None:
    readers = {
        path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") for _ in reads_clock(path)
    }
    assert readers == {"clock.py"}


def test_nothing_reads_the_environment_but_the_entry_points() -> None:
    pattern = re.compile(r"\bos\.(environ|getenv)\b|from os import (environ|getenv)")
    readers = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if pattern.search(path.read_text(encoding="utf-8"))
    }
    assert readers <= {"bootstrap.py", "cli/frame.py", "wsgi.py"}


# Written so that this page does not match itself.
PERSONAL_PATHS = re.compile(
    r"(?<![\w.])/(?:home/[a-z][\w-]*|Users/[A-Za-z][\w.-]*|root/|work(?:space)?/|tmp/[a-z]{2,}/)|[A-Z]:\\+Users\\+"
)


def tracked_files() -> list[Path]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: what belongs to the project is unknown")
    listing = subprocess.run(
        [git, "-c", "safe.directory=*", "ls-files", "-z"], cwd=ROOT, check=True, stdout=subprocess.PIPE
    )
    return [ROOT / name for name in listing.stdout.decode().split("\0") if name]


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    found = []
    for path in tracked_files():
        if path == Path(__file__) or not path.is_file():
            continue
        text = path.read_bytes().decode("utf-8", errors="ignore")
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in PERSONAL_PATHS.finditer(text)]
    assert found == []


@pytest.mark.parametrize("path", ["/home/ada/feedback", "see /Users/ada", "C:\\Users\\ada", "/root/.cache"])
def test_a_path_of_somebodys_machine_is_recognised(path: str) -> None:
    assert PERSONAL_PATHS.search(path)


@pytest.mark.parametrize(
    "path", ["https://example.com/home/start", "/path/to/file", "~/feedback", "/usr/bin"]
)
def test_a_path_that_everybody_has_is_not(path: str) -> None:
    assert not PERSONAL_PATHS.search(path)
