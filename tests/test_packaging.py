"""What users install is complete, and can be installed anywhere."""

from __future__ import annotations

import email
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

import feedback

ROOT = Path(__file__).parents[1]
LOCKS = ["requirements.lock", "requirements-dev.lock"]
LOCK_LINE = re.compile(
    r"[a-z0-9][a-z0-9.-]*==[\w.+!]+( ; [^/]+)? \\"  # a package, its version, perhaps where it is needed
    r"|    --hash=sha256:[0-9a-f]{64}( \\)?"
    r"|    # via( [\w.-]+(\[[\w,-]+\])?)?"
    r"|    #   [\w.-]+(\[[\w,-]+\])?"
    r"|    #   feedback \(pyproject\.toml(:[\w-]+)?\)|    # via feedback \(pyproject\.toml(:[\w-]+)?\)"
    r"|    #   -c requirements\.lock|    # via -c requirements\.lock"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built as a user's installer builds it, from a copy without leftovers."""
    place = tmp_path_factory.mktemp("wheel")
    source = place / "source"
    ignored = shutil.ignore_patterns(
        ".venv", ".git", ".*_cache", ".hypothesis", "__pycache__", "tests", "docs", "dist", "build"
    )
    shutil.copytree(ROOT, source, ignore=ignored)
    # This also fails for a classifier that package indexes do not know.
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)]
    subprocess.run(command, cwd=source, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return zipfile.ZipFile(next(place.glob("*.whl")))


@pytest.mark.parametrize("directory", ["templates", "questionnaires"])
def test_the_wheel_carries_every_file_of(directory: str, wheel: zipfile.ZipFile) -> None:
    expected = {
        f"feedback/_bundled/{path.relative_to(ROOT).as_posix()}"
        for path in (ROOT / directory).rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    assert expected <= set(wheel.namelist())


def test_the_wheel_carries_the_whole_package_with_its_migrations(wheel: zipfile.ZipFile) -> None:
    expected = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "feedback").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert "feedback/migrations/env.py" in expected
    assert expected <= set(wheel.namelist())


def test_the_wheel_runs_nothing_from_the_tests(wheel: zipfile.ZipFile) -> None:
    assert {name.partition("/")[0] for name in wheel.namelist()} <= {
        "feedback",
        f"feedback-{version()}.dist-info",
    }


def test_the_wheel_says_who_made_it_and_under_which_licence(wheel: zipfile.ZipFile) -> None:
    text = wheel.read(f"feedback-{version()}.dist-info/METADATA").decode()
    metadata = email.message_from_string(text)
    assert metadata["Author"] == "The feedback maintainers"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert f"feedback-{version()}.dist-info/licenses/LICENSE" in wheel.namelist()
    # PEP 639: a licence classifier beside the expression is refused by package indexes.
    assert not [each for each in metadata.get_all("Classifier", []) if each.startswith("License")]
    assert len(metadata.get_all("Project-URL", [])) == len(project()["urls"])


def test_every_address_of_the_project_is_in_one_repository() -> None:
    urls = project()["urls"]
    assert {"Homepage", "Repository", "Documentation", "Changelog", "Issues"} == urls.keys()
    base = urls["Homepage"]
    assert [url for url in urls.values() if url != base and not url.startswith(f"{base}/")] == []


def test_package_metadata_and_changelog_name_the_same_version() -> None:
    assert feedback.__version__ == version()
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[:2] == ["Unreleased", version()]


FIRST_STEPS = """
import sys
sys.path.insert(0, "wheel")
from feedback import resources
from feedback.store.database import Database
assert resources.shipped("templates") == resources.PACKAGE / "_bundled" / "templates"
assert resources.shipped("questionnaires") == resources.PACKAGE / "_bundled" / "questionnaires"
from feedback.services.questionnaires import gallery
assert gallery.templates()
database = Database("sqlite:///feedback.db")
database.upgrade()
assert database.is_current()
database.close()
print(resources.PACKAGE)
"""


def test_an_installed_wheel_finds_its_files_and_makes_its_tables(
    wheel: zipfile.ZipFile, tmp_path: Path
) -> None:
    wheel.extractall(tmp_path / "wheel")
    done = subprocess.run(
        [sys.executable, "-c", FIRST_STEPS], cwd=tmp_path, check=True, stdout=subprocess.PIPE, text=True
    )
    assert (tmp_path / done.stdout.strip()).resolve() == tmp_path / "wheel" / "feedback"


def project() -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


def version() -> str:
    return str(project()["version"])


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_names_packages_and_hashes_only(name: str) -> None:
    odd = [line for line in (ROOT / name).read_text().splitlines() if not LOCK_LINE.fullmatch(line)]
    assert odd == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_holds_everything_that_running_needs(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["postgres"]]
    names = {re.match(r"[\w-]+", requirement)[0] for requirement in wanted}  # type: ignore[index]
    locked = {line.partition("==")[0] for line in (ROOT / name).read_text().splitlines() if "==" in line}
    assert names <= locked


def test_both_lock_files_agree() -> None:
    running, developing = (
        {line.removesuffix(" \\") for line in (ROOT / name).read_text().splitlines() if "==" in line}
        for name in LOCKS
    )
    assert running <= developing


def test_the_commands_start_without_anything_installed() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(ROOT / "dev.py"), "--help"], check=True, stdout=subprocess.PIPE
    )
    assert b"python3 dev.py demo" in done.stdout
