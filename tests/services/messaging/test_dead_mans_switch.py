"""A service elsewhere hears from the worker while everything works, and the worker never waits for it."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import structlog

from feedback.services.messaging import dead_mans_switch
from feedback.settings import Secret
from feedback.settings.table import WorkerSettings
from tests.fakes.fake_receiver import Answering, FakeReceiver, Received

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def report(url: str, since: datetime | None = None) -> bool:
    failing = {"issue": {"cause": "KeyError", "count": 2, "since": since.isoformat()}} if since else {}
    with structlog.testing.capture_logs():
        return dead_mans_switch.report_life(WorkerSettings(heartbeat_url=Secret(url)), failing, NOW)


def test_a_call_says_that_the_worker_lives() -> None:
    with FakeReceiver() as service:
        assert report(service.url)
        assert [call.path for call in service.calls] == ["/hooks?from=feedback"]


def test_without_an_address_nobody_is_called() -> None:
    assert not report("")


def test_a_job_that_has_failed_for_long_keeps_the_call_away() -> None:
    with FakeReceiver() as service:
        assert report(service.url, since=NOW - timedelta(minutes=14))
        assert not report(service.url, since=NOW - timedelta(minutes=16))
        assert len(service.calls) == 1


def test_a_service_that_refuses_or_is_gone_is_no_failure() -> None:
    with FakeReceiver(lambda _: Answering(status=500)) as service:
        assert not report(service.url)
        url = service.url
    assert not report(url)


def test_a_service_that_never_answers_is_given_up() -> None:
    over = threading.Event()

    def wait(_: Received) -> None:
        over.wait(30)

    with FakeReceiver(lambda _: Answering(before=wait)) as service:
        before, dead_mans_switch.TIMEOUT = dead_mans_switch.TIMEOUT, 0.3
        try:
            began = time.monotonic()
            assert not report(service.url)
            assert time.monotonic() - began < 5
        finally:
            dead_mans_switch.TIMEOUT = before
            over.set()
