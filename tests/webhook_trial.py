"""The trial of webhooks: senders are killed with -9 while receivers fail, and what arrived is counted.

For `tests/services/webhooks/test_killed.py` and `dev.py bench webhooks`.
"""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, insert, select

from feedback import clock
from feedback.core.lifecycle import WebhookState
from feedback.core.webhook_events import EVENT_TYPES
from feedback.services.webhooks import endpoints
from feedback.services.webhooks.endpoints import EndpointDraft
from feedback.settings.table import WebhookSettings
from feedback.store.database import Database
from feedback.store.models import Response, WebhookDelivery, WebhookEvent
from tests.factories_surveys import NOW, NPS, shelf
from tests.fakes.fake_receiver import Answering, FakeReceiver, Received

ROOT = Path(__file__).parents[1]
LONGEST_WAIT = timedelta(hours=27)
AT_ONE_OBJECT = 4
"""Events of each response."""
LOCAL = WebhookSettings(allowed_networks=("127.0.0.0/8",), allow_http=True)


@dataclass(frozen=True)
class Arrived:
    """What came of the events: never, once or more often at a receiver, and how many came in the wrong order."""

    planned: int
    once: int
    more: int
    never: int
    disordered: int
    kills: int

    def __str__(self) -> str:
        return (
            f"planned {self.planned} | once {self.once} | more {self.more} | never {self.never}"
            f" | out of order {self.disordered} | kills {self.kills}"
        )


def fill(database: Database, count: int) -> None:
    """Store `count` events of responses, four of each, as if customers had answered."""
    now = clock.now()
    with database.writing() as session:
        version = shelf(NPS).published(session, "survey", NOW)
        session.flush()
        rows = [
            {
                "version_id": version.id, "questionnaire": "survey", "source": "link", "channel": "sms",
                "language": "en", "state": "complete", "answered_at": now, "updated_at": now, "evidence": {},
                "provisional": False, "edits": 0, "is_demo": False,
            }
            for _ in range(count // AT_ONE_OBJECT)
        ]  # fmt: skip
        ids = session.scalars(insert(Response).returning(Response.id), rows).all()
        events = [
            {
                "type": type_, "subject": "response", "subject_id": each, "response_id": each, "detail": {},
                "facts": {}, "at": now,
            }
            for type_ in ("response.created", "response.completed", "score.low", "response.changed")
            for each in ids
        ]  # fmt: skip
        session.execute(insert(WebhookEvent), events)


def failing(share: float, seed: int, delay: float = 0.0) -> Callable[[Received], Answering]:
    """A receiver that fails at this share of its calls."""
    chance, lock = random.Random(seed), threading.Lock()

    def script(_: Received) -> Answering:
        with lock:
            fails = chance.random() < share
        return Answering(500 if fails else 200, before=lambda _: threading.Event().wait(delay) and None)

    return script


def listen(database: Database, receivers: Sequence[FakeReceiver]) -> None:
    with database.writing() as session:
        for number, each in enumerate(receivers):
            draft = EndpointDraft(f"receiver {number}", each.url, tuple(EVENT_TYPES))
            endpoints.create(session, draft, LOCAL, by=None, now=clock.now())


def run(database: Database, receivers: Sequence[FakeReceiver], *, kill_every: int, seed: int) -> Arrived:
    """Let senders work until everything has arrived, and kill them about every `kill_every` calls. Each sender's clock
    is a day ahead of the one before it, so that nobody waits for leases and retries."""
    chance, kills, ahead = random.Random(seed), 0, 0.0
    while _waiting(database):
        target = sum(len(each.calls) for each in receivers) + chance.randint(kill_every // 2, kill_every)
        process = _start(database, ahead)
        try:
            _watch(database, receivers, target)
        finally:
            process.kill()
            process.wait()
        kills += 1
        ahead += LONGEST_WAIT.total_seconds()
    return _counted(database, receivers, kills)


def _start(database: Database, ahead: float) -> subprocess.Popen[str]:
    url = database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.webhook_sender", url, "--ahead", str(ahead)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    process.stdout.readline()
    process.stdout.close()
    return process


def _watch(database: Database, receivers: Sequence[FakeReceiver], target: int) -> None:
    """Wait until the receivers have had so many calls, nothing is left, or nothing has happened for a while."""
    quiet, before = 0, -1
    while quiet < 40:
        calls = sum(len(each.calls) for each in receivers)
        if calls >= target or not _waiting(database):
            return
        quiet, before = (quiet + 1, before) if calls == before else (0, calls)
        threading.Event().wait(0.05)


def _waiting(database: Database) -> int:
    pending = select(func.count()).where(WebhookDelivery.state == WebhookState.PENDING)
    unspread = select(func.count()).where(WebhookEvent.spread_at.is_(None))
    with database.reading() as session:
        return (session.scalar(pending) or 0) + (session.scalar(unspread) or 0)


def _counted(database: Database, receivers: Sequence[FakeReceiver], kills: int) -> Arrived:
    with database.reading() as session:
        order = {
            row.uid: row.id for row in session.execute(select(WebhookEvent.uid, WebhookEvent.id)) if row.uid
        }
    times: Counter[int] = Counter()
    disordered = 0
    for receiver in receivers:
        taken = Counter(each.uid for each in receiver.taken)
        times.update(min(taken[uid], 2) for uid in order)
        disordered += _disordered(receiver, order)
    return Arrived(len(order) * len(receivers), times[1], times[2], times[0], disordered, kills)


def _disordered(receiver: FakeReceiver, order: dict[str, int]) -> int:
    """How many events came for the first time after a later one of their object."""
    last: dict[int, int] = {}
    seen: set[str] = set()
    found = 0
    for each in receiver.taken:
        if each.uid in seen:
            continue
        seen.add(each.uid)
        about, number = each.event["data"]["id"], order[each.uid]
        found += number < last.get(about, 0)
        last[about] = max(number, last.get(about, 0))
    return found
