"""The files of a language pack, read once.

They are YAML for people, and YAML is slow to read. So what was read is kept as JSON in `__pycache__`, as Python keeps
compiled modules: with a digest of the file it came from, so that an edited file is read again. Where that folder
cannot be written, every start reads the YAML.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from feedback.lint.document.reader import read

ROOT = Path(__file__).parent
FORMAT = 1
"""Raise it when what is kept changes its shape."""


@cache
def codes() -> tuple[str, ...]:
    """The languages that have a pack."""
    return tuple(sorted(folder.name for folder in ROOT.iterdir() if (folder / "words.yaml").is_file()))


@cache
def data(code: str, name: str) -> Mapping[str, Any]:
    """What one file of a pack holds (`data("tr", "words")`); empty where there is none.

    Raises ValueError for a file that is not readable YAML.
    """
    file = ROOT / code / f"{name}.yaml"
    if not re.fullmatch("[a-z]{2}", code) or not file.is_file():
        return {}
    source = file.read_bytes()
    digest = f"{FORMAT}-{hashlib.sha256(source).hexdigest()}"
    kept = file.parent / "__pycache__" / f"{name}.json"
    found = _kept(kept, digest)
    if found is None:
        found = _parsed(source.decode("utf-8"), file)
        _keep(kept, digest, found)
    return found


def _parsed(text: str, file: Path) -> dict[str, Any]:
    document = read(
        text, str(file.relative_to(ROOT)), longest=len(text)
    )  # a list may grow as long as it likes
    if document.faults or not isinstance(document.data, dict):
        raise ValueError(f"{document.path}: {document.faults or 'not a mapping'}")
    plain: dict[str, Any] = json.loads(json.dumps(document.data))  # as it comes back from the kept file
    return plain


def _kept(file: Path, digest: str) -> dict[str, Any] | None:
    try:
        kept = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    fits = isinstance(kept, dict) and kept.get("digest") == digest and isinstance(kept.get("data"), dict)
    return kept["data"] if fits else None


def _keep(file: Path, digest: str, found: Mapping[str, Any]) -> None:
    """In one step, since other processes may be reading or writing the same file."""
    passing = file.with_name(f"{file.stem}.{os.getpid()}.tmp")
    try:
        file.parent.mkdir(exist_ok=True)
        passing.write_text(json.dumps({"digest": digest, "data": found}, ensure_ascii=False), "utf-8")
        passing.replace(file)
    except OSError:
        with suppress(OSError):
            passing.unlink(missing_ok=True)
