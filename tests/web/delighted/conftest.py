"""A running office, and the vendor's own clients, unmodified."""

from __future__ import annotations

import json
import os
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from feedback.bootstrap import Runtime
from tests.node import node_package
from tests.web.api.conftest import key_over
from tests.web.browsing import serving

NODE_CLIENT = "delighted@2.2.0"


@pytest.fixture(scope="module")
def address(office_app: Flask) -> Iterator[str]:
    """The base address that a customer of Delighted writes into the client; the slash at its end matters."""
    with serving(office_app) as site:
        yield f"{site}/delighted/v1/"


@pytest.fixture(scope="module")
def key(office: Runtime) -> str:
    return key_over(office, "admin")


@pytest.fixture(scope="module")
def delighted() -> Any:
    """The client for Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # it says that its vendor is gone
        import delighted

    return delighted


@pytest.fixture(scope="module")
def client(delighted: Any, address: str, key: str) -> Any:
    return delighted.Client(api_key=key, api_base_url=address)


@pytest.fixture(scope="session")
def node_client() -> Path:
    """A folder with the client for Node."""
    return node_package(NODE_CLIENT)


def run_node(folder: Path, script: str, **environ: str) -> Any:
    """What the script prints, as JSON."""
    environment = {"PATH": os.environ["PATH"], "NODE_PATH": str(folder / "node_modules"), **environ}
    done = subprocess.run(
        ["node", "-e", script], capture_output=True, text=True, check=False, timeout=60, env=environment
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)
