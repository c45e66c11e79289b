"""An instance directory for each test, and one in which `feedback init` has run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.calling import feedback


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    return tmp_path / "instance"


@contextmanager
def restored_environment() -> Iterator[None]:
    """`--instance` is passed on by a variable, which must not outlive its test."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    with restored_environment():
        yield


@pytest.fixture(scope="session")
def initialised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance directory as `feedback init` has left it, to be copied."""
    directory = tmp_path_factory.mktemp("initialised") / "instance"
    with restored_environment():
        result = feedback(directory, "init", "--name", "Acme", "--public-url", "http://127.0.0.1:8080")
    assert result.exit_code == 0, result.output
    return directory


@pytest.fixture
def installed(initialised: Path, instance: Path) -> Path:
    shutil.copytree(initialised, instance)  # with its modes; keys and tokens are the same in all tests
    return instance
