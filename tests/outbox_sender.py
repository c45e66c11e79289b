"""A worker of the outbox as a process of its own, which can be told where to die.

    DATABASE TWILIO --lease 2 --settle 1 --timeout 0.5 [--end exit|stop --at POINT]

Points are those of `send_queued` and, at the socket, after_headers, after_body and after_201. In production there
is nothing of this: what is passed in here is a callable that does nothing there.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import structlog

from feedback.errors import StorageUnavailable
from feedback.providers import deadline_http
from feedback.providers.accounts import TwilioAccount
from feedback.providers.base import Outgoing, Sent
from feedback.providers.twilio_sms import TwilioSms
from feedback.services.context import Context
from feedback.services.messaging import dispatch, reconciliation
from feedback.settings import Settings, load
from feedback.store.database import Database
from tests.factories_surveys import NPS, shelf
from tests.fakes.fake_twilio import ACCOUNT_SID, AUTH_TOKEN, OUR_NUMBER

POINTS = (
    "before_claim_commit",
    "after_claim",
    "after_begin",
    "after_headers",
    "after_body",
    "after_201",
    "before_record_commit",
    "after_record",
)


def main(arguments: Sequence[str]) -> None:
    options = _options(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    settings = settings_for(options.lease, options.settle, options.rate)
    database = Database(options.database, pool=options.threads + 4, patience=options.patience)
    reached = _ending(options.at, options.end)
    twilio = _Watched(reached, options.twilio, options.timeout)
    context = Context(settings, shelf(NPS), {"twilio_sms": twilio})
    worker, timer = f"sender:{os.getpid()}", reconciliation.UnconfirmedTimer()
    if options.ready:
        (options.ready / f"{os.getpid()}.ready").touch()
    looked = 0.0
    with ThreadPoolExecutor(options.threads) as threads:
        # A process that freezes does so at its point alone: with another thread it could freeze between that one's last
        # check and the kernel's write as well, of which nothing is promised (docs/delivery.md).
        pool = None if options.at else threads
        while True:
            try:
                now = database.now()
                claimed = dispatch.send_queued(
                    database, context, worker, now, pool,
                    process=dispatch.Process(dispatch.running_from(now)), reached=reached,
                )  # fmt: skip
                if time.monotonic() - looked > options.look_every:
                    looked = time.monotonic()
                    with database.writing() as session:
                        reconciliation.reap(session, settings, database.now())
                    reconciliation.reconcile(database, context, database.now(), timer)
            except StorageUnavailable:
                claimed = 0
            if not claimed:
                time.sleep(options.idle)


def settings_for(lease: float, settle: float, rate: float = 10_000.0, batch: int = 20) -> Settings:
    """Settings with the patience of a test."""
    settings = load(Path("instance"), {"FEEDBACK_DEMO": "true"})
    return replace(
        settings,
        worker=replace(
            settings.worker, lease=timedelta(seconds=lease), settle=timedelta(seconds=settle), batch=batch
        ),
        twilio=replace(settings.twilio, messages_per_second=rate),
    )


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database")
    parser.add_argument("twilio")
    parser.add_argument("--lease", type=float, default=2.0)
    parser.add_argument("--settle", type=float, default=1.0)
    parser.add_argument("--timeout", type=float, default=0.5)
    parser.add_argument("--patience", type=float, default=2.0)
    parser.add_argument("--look-every", type=float, default=0.2)
    parser.add_argument("--idle", type=float, default=0.05)
    parser.add_argument("--rate", type=float, default=10_000.0)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--ready", type=Path, help="directory in which to leave a sign of being ready")
    parser.add_argument("--at", choices=POINTS)
    parser.add_argument("--end", choices=["exit", "stop"], default="exit")
    return parser.parse_args(arguments)


def _ending(at: str | None, how: str) -> Callable[[str], None]:
    """Ends this process, once, when `at` is reached: as `kill -9` does, or frozen until somebody thaws it."""
    done = False

    def reached(point: str) -> None:
        nonlocal done
        if point != at or done:
            return
        done = True
        if how == "exit":
            os._exit(137)
        os.kill(os.getpid(), signal.SIGSTOP)

    return reached


class _Watched(TwilioSms):
    """The provider Twilio, which tells how far a send has come."""

    def __init__(self, reached: Callable[[str], None], url: str, timeout: float) -> None:
        super().__init__(
            TwilioAccount(
                account_sid=ACCOUNT_SID,
                auth_token=AUTH_TOKEN,
                public_url="https://feedback.example",
                sender=OUR_NUMBER,
                timeout=timeout,
                base_url=url,
            )
        )
        self._reached = reached

    def send(self, outgoing: Outgoing) -> Sent:
        with _watched_writes(self._reached):
            sent = super().send(outgoing)
        self._reached("after_201")
        return sent


@contextmanager
def _watched_writes(reached: Callable[[str], None]) -> Iterator[None]:
    """Head and body of a request are two writes of this thread."""
    writes = iter(("after_headers", "after_body"))
    _Socket.tell.append(lambda: reached(next(writes, "")))
    try:
        yield
    finally:
        _Socket.tell.pop()


class _Socket(deadline_http._Http):
    tell: ClassVar[list[Callable[[], None]]] = []

    def send(self, data: Any) -> None:
        super().send(data)
        for each in self.tell[-1:]:
            each()


deadline_http._HttpPool.ConnectionCls = _Socket
