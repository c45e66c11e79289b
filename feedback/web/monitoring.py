"""What operators see: health, readiness, figures, and a request's id in every line of its log."""

from __future__ import annotations

import hmac
import time
import uuid
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import structlog
from flask import Blueprint, Flask, Response, g, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from sqlalchemy import func, select

from feedback import clock
from feedback.errors import StorageUnavailable
from feedback.services.messaging import metrics, provider_holds
from feedback.settings import Secret
from feedback.store.models import FollowUp, ProviderHold
from feedback.web.auth.permissions import Permission, demand, public

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

log = structlog.get_logger()

REGISTRY = CollectorRegistry()
REQUESTS = Counter("feedback_requests", "Requests answered.", ["endpoint", "status"], registry=REGISTRY)
SECONDS = Histogram("feedback_request_seconds", "Time to answer.", ["endpoint"], registry=REGISTRY)


def install(app: Flask) -> None:
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.started = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=uuid.uuid4().hex[:12])


def _end(response: Response) -> Response:
    """The route and not the path: a path may hold a link's token."""
    endpoint = request.endpoint or "none"
    seconds = time.perf_counter() - g.get("started", time.perf_counter())
    _answered(endpoint, response.status_code).inc()
    _time_of(endpoint).observe(seconds)
    response.headers["X-Request-Id"] = structlog.contextvars.get_contextvars().get("request_id", "")
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

    @bare.get("/healthz")
    @public("a load balancer asks, and learns only that we are alive")
    def healthz() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @bare.get("/readyz")
    @public("a load balancer asks, and learns whether to send visitors, and which provider is on hold")
    def readyz() -> ResponseReturnValue:
        """A held provider takes no visitors away: pages work, answers come in, messages wait."""
        try:
            with runtime.database.reading() as session:
                held = provider_holds.in_force(session)
        except StorageUnavailable:
            return {"ready": False}, 503
        whole = _brings(runtime.settings.web.metrics_token)
        return {"ready": True, "providers": _providers(runtime, held, whole)}

    @bare.get("/metrics")
    @public("for the collector, which brings the token of the settings, and for admins")
    def metrics() -> Response:
        if not _brings(runtime.settings.web.metrics_token):
            demand(Permission.MANAGE_SETTINGS)
        return Response(generate_latest(REGISTRY) + _backlog(runtime), content_type=CONTENT_TYPE_LATEST)

    return bare


def _providers(
    runtime: Runtime, held: Sequence[ProviderHold], whole: bool
) -> dict[str, list[dict[str, str]]]:
    """What keeps each provider from sending, nothing as a rule; `whole`: with the sentence that names the cause."""
    found: dict[str, list[dict[str, str]]] = {key: [] for key in runtime.settings.providers.enabled}
    for each in held:
        detail = {"code": each.code, "country": each.country, "since": each.since.isoformat()}
        found.setdefault(each.provider, []).append(detail | ({"reason": each.reason} if whole else {}))
    return found


def _brings(secret: Secret) -> bool:
    """Whether the caller knows the token of the settings; nobody does while there is none."""
    given = request.authorization
    if not secret or given is None or given.type != "bearer":
        return False
    return hmac.compare_digest((given.token or "").encode(), secret.reveal().encode())


def _backlog(runtime: Runtime) -> bytes:
    """How much waits, counted when asked: it is the same for every process."""
    with runtime.database.reading() as session:
        found = metrics.figures(session, clock.now())
        tasks = session.execute(select(FollowUp.state, func.count()).group_by(FollowUp.state)).all()
    lines = ["# HELP feedback_follow_ups Follow-ups by state.", "# TYPE feedback_follow_ups gauge"]
    lines += [f'feedback_follow_ups{{state="{state}"}} {count}' for state, count in tasks]
    return (metrics.exposition(found) + "\n".join(lines) + "\n").encode()
