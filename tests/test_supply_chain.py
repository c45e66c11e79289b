"""What can be checked about dependencies without a database of vulnerabilities (docs/supply-chain.md has the rest)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
RUN, DEVELOP = ROOT / "requirements.lock", ROOT / "requirements-dev.lock"

LICENCES = frozenset(
    [
        "0BSD",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "LGPL-2.1-or-later",
        "LGPL-3.0-only",
        "MIT",
        "MIT-0",
        "MPL-2.0",
        "PSF-2.0",
        "Unlicense",
        "ZPL-2.1",
    ]
)
"""Allow commercial use and redistribution of a program that uses the package unchanged (SPDX names)."""
CLASSIFIED = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "Zope Public License": "ZPL-2.1",
}
"""Classifiers of packages that give no SPDX expression."""
READ_BY_HAND = {"jalali-core": "LGPL-2.1-or-later", "qrcode": "BSD-3-Clause"}
"""Packages whose metadata are not clear. jalali-core: its file LICENSE names the version. qrcode: BSD, and the MIT
notice of the code that it began with."""


@cache
def locked(lock: Path) -> list[tuple[Requirement, int]]:
    """(pinned requirement, number of hashes) of each entry."""
    found = []
    for block in re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8").strip()):
        lines = [line.strip().removesuffix("\\").strip() for line in block.splitlines()]
        hashes = [line for line in lines if re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", line)]
        found.append((Requirement(lines[0]), len(hashes)))
    return found


@cache
def locked_here(lock: Path) -> dict[str, str]:
    """Name -> version of what this machine and Python need."""
    return {
        canonicalize_name(requirement.name): version_of(requirement)
        for requirement, _ in locked(lock)
        if requirement.marker is None or requirement.marker.evaluate()
    }


def version_of(requirement: Requirement) -> str:
    (pin,) = requirement.specifier
    assert pin.operator == "==", requirement
    return pin.version


def wanted(*, develop: bool) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    texts = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["postgres"]]
    return [Requirement(each) for each in [*texts, *(project["dependency-groups"]["dev"] if develop else ())]]


def missing(requirements: list[Requirement], lock: Path) -> Iterator[str]:
    """What the lock does not satisfy of these and of everything that they need in turn, on this machine."""
    waiting, seen = list(requirements), set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name not in locked_here(lock):
            yield f"{requirement} is not locked"
            continue
        pinned = locked_here(lock)[name]
        if not requirement.specifier.contains(pinned, prereleases=True):
            yield f"{name} {pinned} does not satisfy {requirement}"
        if (name, frozenset(requirement.extras)) not in seen:
            seen.add((name, frozenset(requirement.extras)))
            waiting += needs(name, requirement.extras)


def needs(name: str, extras: set[str]) -> Iterator[Requirement]:
    for text in metadata.requires(name) or ():
        requirement = Requirement(text)
        if requirement.marker is None or any(
            requirement.marker.evaluate({"extra": extra}) for extra in extras | {""}
        ):
            yield requirement


@pytest.mark.parametrize("lock", [RUN, DEVELOP], ids=lambda lock: lock.name)
def test_every_locked_package_is_pinned_and_has_hashes(lock: Path) -> None:
    assert len(locked(lock)) > 40
    for requirement, hashes in locked(lock):
        assert version_of(requirement)
        assert requirement.url is None
        assert hashes > 0, requirement


@pytest.mark.parametrize(("lock", "develop"), [(RUN, False), (DEVELOP, True)], ids=["run", "develop"])
def test_the_lock_satisfies_the_project_and_everything_that_it_needs(lock: Path, develop: bool) -> None:
    assert list(missing(wanted(develop=develop), lock)) == []


@pytest.mark.parametrize("lock", [RUN, DEVELOP], ids=lambda lock: lock.name)
def test_a_lock_names_no_registry(lock: Path) -> None:
    assert "://" not in lock.read_text(encoding="utf-8")


def test_what_is_installed_is_what_is_locked() -> None:
    assert {name: metadata.version(name) for name in locked_here(DEVELOP)} == locked_here(DEVELOP)


@pytest.mark.parametrize("name", sorted(locked_here(RUN)))
def test_every_package_that_the_program_needs_has_a_licence_that_allows_it(name: str) -> None:
    assert licences_of(name) <= LICENCES, (
        "read its licence, then add it to the list above or replace the package"
    )


def licences_of(name: str) -> set[str]:
    """The licences, of which all or any one apply; empty text where the package says nothing."""
    if name in READ_BY_HAND:
        return {READ_BY_HAND[name]}
    about = metadata.metadata(name)
    if expression := about.get("License-Expression"):
        return set(re.split(r" (?:AND|OR) ", expression.strip("()")))
    classified = [each for each in about.get_all("Classifier", []) if each.startswith("License ::")]
    if classified:
        named = {each.rpartition(" :: ")[2] for each in classified} - {"OSI Approved"}
        return {CLASSIFIED.get(each, each) for each in named}
    return {about.get("License") or ""}


@pytest.fixture(scope="module")
def sbom(tmp_path_factory: pytest.TempPathFactory) -> str:
    return made(tmp_path_factory.mktemp("sbom") / "one.json")


def made(file: Path) -> str:
    subprocess.run([sys.executable, ROOT / "dev.py", "sbom", file], check=True, cwd=ROOT)
    return file.read_text(encoding="utf-8")


def test_the_bill_of_materials_is_valid_cyclonedx(sbom: str) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(sbom) is None


def test_the_bill_of_materials_lists_what_is_locked_with_its_hashes(sbom: str) -> None:
    bill = json.loads(sbom)
    assert (bill["metadata"]["component"]["name"], bill["metadata"]["component"]["version"]) == (
        "feedback",
        "0.1.0",
    )
    listed = {(each["name"], each["version"], hashes_of(each)) for each in bill["components"]}
    assert listed == {(each.name, version_of(each), hashes) for each, hashes in locked(RUN)}


def hashes_of(component: dict[str, Any]) -> int:
    """The number of SHA-256 digests of a component."""
    sources = component["externalReferences"]
    return sum(digest["alg"] == "SHA-256" for source in sources for digest in source.get("hashes", ()))


def test_the_bill_of_materials_is_the_same_each_time(sbom: str, tmp_path: Path) -> None:
    assert made(tmp_path / "two.json") == sbom
