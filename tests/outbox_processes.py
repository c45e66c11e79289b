"""What the trials of the outbox share: a queue to fill, a fake Twilio and senders as processes, and the count."""

from __future__ import annotations

import json
import multiprocessing
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select, update

from feedback.core.token import draw
from feedback.store.database import Database
from feedback.store.models import DuplicateSend, Message
from tests.fakes.fake_twilio import times_accepted

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"https://s\.example/([1-9A-HJ-NP-Za-km-z]{12})")
ENDS = ("sent", "delivered", "undelivered", "failed", "held", "cancelled")


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the messages: by the provider's own log (once, twice, never), and by our rows."""

    planned: int
    once: int
    twice: int
    never: int
    held: int
    incidents: int
    states: dict[str, int]

    def __str__(self) -> str:
        return (
            f"planned {self.planned} | once {self.once} | twice {self.twice} | never {self.never}"
            f" | held {self.held} | incidents {self.incidents}"
        )


def fill(database: Database, count: int, numbers: int = 40, first: int = 0) -> None:
    """Queue `count` messages to `numbers` phones, each with a link of its own; `first` to add to earlier ones."""
    now = database.now()
    rows = [_row(each, f"+1500556{each % numbers:04d}", now) for each in range(first, first + count)]
    with database.writing() as session:
        session.execute(insert(Message), rows)


def _row(number: int, phone: str, now: Any) -> dict[str, Any]:
    token = draw()
    return {
        "purpose": "invitation",
        "occurrence": 0,
        "provider": "twilio_sms",
        "channel": "sms",
        "recipient": phone,
        "country": "US",
        "body": f"Acme: one short question: https://s.example/{token} Reply STOP to end.",
        "language": "en",
        "headers": {},
        "match": token,
        "state": "queued",
        "due_at": now - timedelta(seconds=1),
        "attempt": 0,
        "look_ups": 0,
        "created_at": now,
        "is_demo": False,
    }


def hurry(database: Database) -> None:
    """Let the time pass that messages wait after a refusal."""
    now = database.now()
    waiting = update(Message).where(Message.state == "queued", Message.due_at > now)
    with database.writing() as session:
        session.execute(waiting.values(due_at=now))


def unfinished(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).where(Message.state.not_in(ENDS))) or 0


def tally(database: Database, log: Path) -> Tally:
    """Count by the provider's log, which no sender can touch."""
    accepted = times_accepted(log, LINK.pattern)
    with database.reading() as session:
        tokens = session.execute(select(Message.match, Message.state)).all()
        incidents = session.scalar(select(func.count()).select_from(DuplicateSend)) or 0
    times = Counter(min(accepted[token], 2) for token, state in tokens if accepted[token] or state != "held")
    held = sum(state == "held" and not accepted[token] for token, state in tokens)
    states = dict(Counter(state for _, state in tokens))
    return Tally(len(tokens), times[1], times[2], times[0], held, incidents, states)


@contextmanager
def fake_twilio(log: Path, *options: str) -> Iterator[str]:
    """A fake Twilio in a process of its own; gives its address."""
    command = [sys.executable, "-m", "tests.fakes.fake_twilio", "--log", str(log), *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.kill()


def start_sender(database: str, twilio: str, *options: str) -> BaseProcess:
    """A sender as a process, at once and without importing the product again. Its caller ends it."""
    return start(_send, (database, twilio, *options), imported="tests.outbox_sender")


def start(work: Callable[..., None], *arguments: Any, imported: str) -> BaseProcess:
    """A process that does this work, which is a function of a module, and that has `imported` another one. Its caller
    ends it."""
    process = _forks(imported).Process(target=work, args=arguments, daemon=True)
    process.start()
    return process


def pid_of(sender: BaseProcess) -> int:
    assert sender.pid
    return sender.pid


@cache
def _forks(imported: str) -> ForkServerContext:
    """Begins processes as copies of one that has imported what a sender needs: that takes longer than the trials."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([imported])
    return context


def _send(arguments: tuple[str, ...]) -> None:
    from tests import outbox_sender

    outbox_sender.main(arguments)


def put_down(*processes: BaseProcess | subprocess.Popen[bytes]) -> None:
    """Kill, whatever state they are in, and wait for them."""
    for process in processes:
        process.kill()
    for process in processes:
        process.join() if isinstance(process, BaseProcess) else process.wait()
