"""Packages of npm that tests run with Node."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.conftest import missing


def node_package(name: str) -> Path:
    """A folder with the package (`name@version`) and what it needs; skips, or with CI=true fails, where it cannot be
    had."""
    if not (shutil.which("npm") and shutil.which("node")):
        missing("npm is not installed")
    folder = Path(sys.prefix) / ".tools" / name
    if folder.exists():
        return folder
    folder.parent.mkdir(exist_ok=True)
    attempt = Path(tempfile.mkdtemp(dir=folder.parent))
    options = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]
    done = subprocess.run(
        ["npm", "--prefix", str(attempt), "install", *options, name],
        cwd=attempt, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    if done.returncode:
        missing(f"npm install {name} ended with {done.returncode}")
    try:
        attempt.rename(folder)
    except OSError:  # another worker was quicker
        shutil.rmtree(attempt, ignore_errors=True)
    return folder
