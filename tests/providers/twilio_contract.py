"""Twilio's own description of its API, standing as a strict customs officer between its library and our fake.

The OpenAPI document comes with Twilio's command line (npm `@twilio/cli-core`), the officer is `prism proxy`
(npm `@stoplight/prism-cli`): what breaks the contract, question or answer, becomes an error. Both are fetched with npm
once for each environment, in the versions named here.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.conftest import missing

PACKAGES = ("@stoplight/prism-cli@5.14.2", "@twilio/cli-core@9.0.0")
"""The newest that run on Debian's node 18."""
DOCUMENT = "package/src/services/twilio-api/twilio_api_v2010.json"
MESSAGES = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
ONE_MESSAGE = "/2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json"
MESSAGE = "api.v2010.account.message"
RFC_2822 = r"^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} \+0000$"
LONGEST_START = 60.0  # seconds

Json = dict[str, Any]


def installed() -> Path:
    """The folder with prism and Twilio's document; skips, or with CI=true fails, where it cannot be had."""
    wanted = "+".join(package.rpartition("/")[2] for package in PACKAGES)
    folder = Path(sys.prefix) / ".tools" / wanted
    if not (shutil.which("npm") and shutil.which("node")):
        missing("npm is not installed")
    if folder.exists():
        return folder
    folder.parent.mkdir(exist_ok=True)
    attempt = Path(tempfile.mkdtemp(dir=folder.parent))
    _fetch(attempt)
    with contextlib.suppress(OSError):  # another worker was quicker
        attempt.rename(folder)
    shutil.rmtree(attempt, ignore_errors=True)
    return folder


def _fetch(folder: Path) -> None:
    """Prism with what it needs; of Twilio's package only the file itself."""
    prism, twilio = PACKAGES
    install = ["install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", prism]
    for command in (install, ["pack", "--silent", twilio]):
        done = subprocess.run(
            ["npm", "--prefix", str(folder), *command],
            cwd=folder, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        if done.returncode:
            missing(f"npm {command[0]} {command[-1]} ended with {done.returncode}")
    (package,) = folder.glob("*.tgz")
    shutil.unpack_archive(package, folder, "gztar", filter="data")


def described(folder: Path) -> Json:
    """Twilio's document, as it comes."""
    document: Json = json.loads((folder / DOCUMENT).read_text("utf-8"))
    return document


def request_of(document: Json) -> Json:
    """What may be asked for when a message is created."""
    body: Json = document["paths"][MESSAGES]["post"]["requestBody"]
    schema: Json = body["content"]["application/x-www-form-urlencoded"]["schema"]
    return schema


def contract(document: Json) -> Json:
    """The part about messages, held to what Twilio does although the document leaves it open.

    By the document every field is optional and any other may be added, so `{}` would be a message. Here an answer has
    exactly the documented fields.
    """
    schemas = document["components"]["schemas"]
    ours = {name: schemas[name] for name in schemas if name == MESSAGE or name.startswith("message_enum_")}
    paths = {path: document["paths"][path] for path in (MESSAGES, ONE_MESSAGE)}
    page = paths[MESSAGES]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    for answer in (page, ours[MESSAGE]):
        answer |= {"additionalProperties": False, "required": sorted(answer["properties"])}
        for field in answer["properties"].values():
            _say_format(field)
    return {**document, "paths": paths, "components": {**document["components"], "schemas": ours}}


def _say_format(field: Json) -> None:
    """Formats that no validator knows, and one that Twilio's own relative addresses do not have."""
    match field.get("format"):
        case "date-time-rfc-2822":
            field["pattern"] = RFC_2822
        case "uri":
            del field["format"]
            field["pattern"] = "^/2010-04-01/Accounts/"


@contextmanager
def customs(folder: Path, upstream: str, directory: Path) -> Iterator[str]:
    """Prism in front of `upstream`; gives its address."""
    (directory / "contract.json").write_text(json.dumps(contract(described(folder))), "utf-8")
    port = _free_port()
    command = ["node", folder / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"]
    options = ["proxy", "--errors", "-h", "127.0.0.1", "-p", str(port), "contract.json", upstream]
    direct = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    with (
        (directory / "prism.log").open("w") as log,
        subprocess.Popen([*command, *options], cwd=directory, env=direct, stdout=log, stderr=log) as prism,
    ):
        try:
            if not _listens(port, prism):
                raise RuntimeError(f"prism did not start: {(directory / 'prism.log').read_text()[:500]}")
            yield f"http://127.0.0.1:{port}"
        finally:
            prism.kill()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        return int(unused.getsockname()[1])


def _listens(port: int, process: subprocess.Popen[bytes]) -> bool:
    """Whether the process comes to listen; waits for it."""
    end = time.monotonic() + LONGEST_START
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        time.sleep(0.1)
    return False
