"""The receivers of docs/webhooks.md take what is signed, once, and refuse everything else."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from feedback import clock
from feedback.services.webhooks import signing
from tests.conftest import missing
from tests.services.webhooks.conftest import HTTP

PAGE = Path(__file__).parents[3] / "docs" / "webhooks.md"
SECRET = signing.new_secret()
BODY = '{"type":"score.low","timestamp":"2026-03-02T12:00:00Z","data":{"id":1,"text":"یواش"}}'.encode()
COMMANDS = {"python": [sys.executable, "-c"], "javascript": ["node", "-e"]}


def recipe(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    return str(found)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@contextmanager
def listening(language: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    port = free_port()
    environ = {
        "PATH": os.environ["PATH"],
        "WEBHOOK_SECRET": SECRET,
        "PORT": str(port),
        "PYTHONIOENCODING": "utf-8",
    }
    command = [*COMMANDS[language], recipe(language)]
    with subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            for _ in range(600):
                with socket.socket() as trial:
                    if trial.connect_ex(("127.0.0.1", port)) == 0:
                        break
                threading.Event().wait(0.05)
            yield f"http://127.0.0.1:{port}/hooks", process
        finally:
            process.kill()


@pytest.mark.parametrize("language", COMMANDS)
def test_a_recipe_takes_what_is_genuine_once(language: str) -> None:
    if shutil.which(COMMANDS[language][0]) is None:
        missing(f"{COMMANDS[language][0]} is not installed")
    now = clock.now()
    genuine = signing.headers("msg_1", now, BODY, [SECRET])
    rotated = signing.headers("msg_2", now, BODY, [signing.new_secret(), SECRET])
    old = signing.headers("msg_3", now - timedelta(hours=1), BODY, [SECRET])
    with listening(language) as (url, process):
        statuses = [HTTP.post(url, BODY, headers).status for headers in (genuine, genuine, rotated, old)]
        assert statuses == [204, 204, 204, 401]
        assert HTTP.post(url, BODY + b" ", genuine).status == 401
        process.kill()
        printed = process.stdout.read() if process.stdout else ""
    assert printed.count("score.low") == 2
