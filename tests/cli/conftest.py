"""An instance directory for each test, and one in which `feedback init` has run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.calling import feedback


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    return tmp_path / "instance"


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """`--instance` is passed on by a variable, which must not outlive its test."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def installed(instance: Path) -> Path:
    result = feedback(instance, "init", "--name", "Acme", "--public-url", "http://127.0.0.1:8080")
    assert result.exit_code == 0, result.output
    return instance
