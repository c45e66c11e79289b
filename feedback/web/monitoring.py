"""Monitoring: health, readiness, metrics, and the request id in every log line."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import structlog
from flask import Blueprint, Flask, Response, g, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from feedback import __version__, clock, migrations
from feedback.errors import StorageUnavailable
from feedback.services.backups import backup_runs
from feedback.services.messaging import heartbeats, metrics, outbox, provider_holds
from feedback.services.webhooks import delivery_log
from feedback.services.webhooks.delivery_log import WebhookBacklog
from feedback.settings import Secret
from feedback.store.database import Database
from feedback.store.models import BackupRun, FollowUp, ProviderHold
from feedback.web.auth.permissions import Permission, demand, public

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

log = structlog.get_logger()

Labels = TypeVar("Labels", bound=tuple[str, ...])

REGISTRY = CollectorRegistry()
REQUESTS = Counter("feedback_requests", "Requests answered.", ["endpoint", "status"], registry=REGISTRY)
SECONDS = Histogram("feedback_request_seconds", "Time to answer.", ["endpoint"], registry=REGISTRY)


def install(app: Flask) -> None:
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.started = time.perf_counter()
    g.request_id = secrets.token_hex(6)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    """The route instead of the path, because a path can contain a link's token."""
    endpoint = request.endpoint or "none"
    seconds = time.perf_counter() - g.get("started", time.perf_counter())
    _answered(endpoint, response.status_code).inc()
    _time_of(endpoint).observe(seconds)
    response.headers["X-Request-Id"] = g.get("request_id", "")
    if endpoint != "static":
        log.info("request", endpoint=endpoint, status=response.status_code, ms=round(seconds * 1000))
    return response


@cache
def _answered(endpoint: str, status: int) -> Counter:
    return REQUESTS.labels(endpoint, str(status))


@cache
def _time_of(endpoint: str) -> Histogram:
    return SECONDS.labels(endpoint)


def blueprint(runtime: Runtime) -> Blueprint:
    bare = Blueprint("observe", __name__)
    backlog = CollectorRegistry()  # of this application: REGISTRY is the whole process's
    backlog.register(Backlog(runtime.database))
    newest, probe = migrations.newest(), Probe(runtime.database)

    @bare.get("/healthz")
    @public("for load balancers; it shows that the process is alive, and its version")
    def healthz() -> Response:
        return Response(f"ok\nversion {__version__}\ntables {newest}\n", mimetype="text/plain")

    @bare.get("/readyz")
    @public("a load balancer asks, and learns whether to send visitors, and which provider is on hold")
    def readyz() -> ResponseReturnValue:
        """A held provider takes no visitors away: pages work, answers come in, messages wait."""
        whole = _brings(runtime.settings.web.metrics_token)
        try:
            probe.prove()
            with runtime.database.reading() as session:
                held = provider_holds.in_force(session)
                found = heartbeats.workers(session, clock.now())
                waiting = outbox.held(session)
        except StorageUnavailable as error:
            return {"ready": False, **({"reason": str(error)} if whole else {})}, 503
        told = {"ready": True, "providers": _providers(runtime, held, whole), "workers": _workers(found)}
        return told | ({"held_messages": waiting} if whole else {})

    @bare.get("/metrics")
    @public("for the metrics collector, which sends the token of the settings, and for admins")
    def metrics() -> Response:
        if not _brings(runtime.settings.web.metrics_token):
            demand(Permission.MANAGE_SETTINGS)
        page = generate_latest(REGISTRY) + generate_latest(backlog)
        return Response(page, content_type=CONTENT_TYPE_LATEST)

    return bare


class Probe:
    """Whether the database takes a write; tried at most every FRESH seconds, because anybody may ask."""

    FRESH = 10.0

    def __init__(self, database: Database, elapsed: Callable[[], float] = time.monotonic) -> None:
        self.database, self.elapsed = database, elapsed
        self._lock, self._until = threading.Lock(), 0.0
        self._error: StorageUnavailable | None = None

    def prove(self) -> None:
        """Raises StorageUnavailable if nothing can be stored."""
        with self._lock:
            if self.elapsed() >= self._until:
                self._error = None
                try:
                    self.database.prove_writable()
                except StorageUnavailable as error:
                    self._error = error
                self._until = self.elapsed() + self.FRESH
        if self._error:
            raise self._error


def _workers(found: heartbeats.Workers) -> dict[str, object]:
    """How many workers give signs of life and how many are gone without a word, and which jobs fail."""
    seen = found.last_seen.isoformat() if found.last_seen else None
    failing = sorted({job for _, job, _ in found.failing()})
    return {
        "alive": len(found.alive), "silent": len(found.silent), "last_seen": seen, "failing_jobs": failing
    }  # fmt: skip


def _providers(
    runtime: Runtime, held: Sequence[ProviderHold], whole: bool
) -> dict[str, list[dict[str, str]]]:
    """The holds of each provider, usually none; with `whole`, each with the sentence that names its cause."""
    found: dict[str, list[dict[str, str]]] = {key: [] for key in runtime.settings.providers.enabled}
    for each in held:
        detail = {"code": each.code, "country": each.country, "since": each.since.isoformat()}
        found.setdefault(each.provider, []).append(detail | ({"reason": each.reason} if whole else {}))
    return found


def _brings(secret: Secret) -> bool:
    """Whether the caller sent the token of the settings; always False if none is set."""
    given = request.authorization
    if not secret or given is None or given.type != "bearer":
        return False
    return hmac.compare_digest((given.token or "").encode(), secret.reveal().encode())


class Backlog(Collector):
    """Figures counted in the database for each request, so they are the same in every process."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def collect(self) -> Iterator[Metric]:
        now = clock.now()
        with self.database.reading() as session:
            found = metrics.figures(session, now)
            running = heartbeats.workers(session, now)
            hooks = delivery_log.backlogs(session)
            copies = backup_runs.last(session), backup_runs.last_good(session)
            tasks = session.execute(select(FollowUp.state, func.count()).group_by(FollowUp.state)).all()
        yield from _of_messages(found)
        yield from _of_webhooks(hooks, now)
        workers = {("alive",): len(running.alive), ("silent",): len(running.silent)}
        yield _gauge("workers", "Workers that give signs of life or are gone.", ["state"], workers)
        yield from _of_backups(*copies, now)
        by_state = {(state,): number for state, number in tasks}
        yield _gauge("follow_ups", "Follow-ups by state.", ["state"], by_state)


def _of_messages(found: metrics.Figures) -> Iterator[Metric]:
    yield _gauge("messages", "Messages by provider and state.", ["provider", "state"], found.messages)
    surveys = "Decisions to survey somebody, by state and reason."
    yield _gauge("surveys", surveys, ["state", "reason"], found.surveys)
    oldest = "Seconds since the longest waiting message became due."
    waiting = {(provider,): round(seconds) for provider, seconds in found.oldest_due.items()}
    yield _gauge("oldest_due_seconds", oldest, ["provider"], waiting)
    segments = "SMS segments that a provider has accepted."
    yield CounterMetricFamily("feedback_segments", segments, value=found.segments)
    duplicates = "Messages that reached a provider twice."
    yield CounterMetricFamily("feedback_duplicates", duplicates, value=found.duplicates)
    held = {(each.provider, each.country): 1 for each in found.holds}
    holds = "Whether a provider is held until somebody releases it."
    yield _gauge("provider_held", holds, ["provider", "country"], held)
    notices = "Notifications to chats (Slack, Teams) by state."
    yield _gauge("notices", notices, ["chat", "state"], found.notices)


def _of_webhooks(backlogs: Mapping[int, WebhookBacklog], now: datetime) -> Iterator[Metric]:
    numbers: dict[tuple[str, str], int] = {}
    for key, each in backlogs.items():
        numbers |= {(str(key), "waiting"): each.waiting, (str(key), "failed"): each.failed}
    deliveries = "Deliveries of webhooks that wait or have failed, by endpoint."
    yield _gauge("webhook_deliveries", deliveries, ["endpoint", "state"], numbers)
    since = {str(key): each.since for key, each in backlogs.items() if each.since}
    ages = {(key,): round((now - moment).total_seconds()) for key, moment in since.items()}
    oldest = "Seconds since the oldest waiting delivery was made."
    yield _gauge("webhook_oldest_seconds", oldest, ["endpoint"], ages)


def _of_backups(newest: BackupRun | None, good: BackupRun | None, now: datetime) -> Iterator[Metric]:
    """Nothing of an installation whose worker makes none."""
    if newest is None:
        return
    yield _gauge(
        "backup_failed", "Whether the last nightly backup failed.", [], {(): newest.error is not None}
    )
    if good is None or good.finished_at is None:
        return
    age = round((now - good.finished_at).total_seconds())
    yield _gauge("backup_age_seconds", "Seconds since the last good nightly backup.", [], {(): age})
    yield _gauge("backup_bytes", "Size of the last good nightly backup.", [], {(): good.size})
    yield _gauge("backup_rows", "Rows in the last good nightly backup.", [], {(): good.rows})
    proved = "Whether the last good nightly backup was restored for a trial."
    yield _gauge("backup_drilled", proved, [], {(): good.drilled})


def _gauge(
    name: str, documentation: str, labels: Sequence[str], values: Mapping[Labels, float]
) -> GaugeMetricFamily:
    """`feedback_<name>`; each key of `values` has one value for each of `labels`."""
    family = GaugeMetricFamily(f"feedback_{name}", documentation, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family
