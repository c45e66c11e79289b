"""Delivers events: at least once, in the order of each object, and each endpoint by itself.

A delivery is claimed in one transaction (`due_at`, its lease, moves forward), called outside any, and recorded in
another. A process that is killed in between leaves it to be called again after the lease; the receiver drops doubles
by `webhook-id`. A delivery waits until the earlier ones of the same object have ended.

A failed call is repeated after the times of `SCHEDULE`. After several failures in a row the endpoint rests, and then
gets one delivery at a time, so that a receiver that is down for days costs few calls and its backlog no attempts. When
it works again, everything that waits is due at once.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session, aliased

from feedback.core.lifecycle import WebhookState
from feedback.core.webhook_events import TEST
from feedback.providers.deadline_http import seconds_to_wait
from feedback.providers.webhook_http import WebhookAnswer, WebhookHttp
from feedback.services.webhooks import signing
from feedback.settings.table import WebhookSettings
from feedback.store.database import Database
from feedback.store.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent
from feedback.store.portions import Portions, never

log = structlog.get_logger()

SCHEDULE = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""Waits after each failed attempt but the last: ten attempts over 75.6 hours, as the specification proposes."""
JITTER = 0.1
"""Waits are up to so much longer, so that what failed together is not repeated together."""
ATTEMPTS = len(SCHEDULE) + 1
LEASE = timedelta(minutes=2)
"""Longer than a call and the looking up of a name can take."""
BATCH = 32
AT_ONCE = 4
"""Calls to one endpoint at the same time, each about another object."""
IS_DOWN = 5
"""Failures in a row after which an endpoint rests between single deliveries."""
LONGEST_REST = timedelta(minutes=5)
THROTTLED = frozenset({429, 502, 503, 504})
GONE = 410
RECORDED_EVERY = 1.0  # seconds

Clock = Callable[[], datetime]
Stopped = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery that this process may call: the endpoint's address, and what is signed with its secrets."""

    id: int
    attempt: int
    uid: str
    body: bytes
    url: str
    secrets: tuple[str, ...]


def http_of(settings: WebhookSettings) -> WebhookHttp:
    """What makes the calls. `feedback doctor` reports networks that are none; they allow nothing."""
    return WebhookHttp(allowed=settings.networks(), allow_http=settings.allow_http)


def endpoints_with_due(session: Session, now: datetime) -> list[int]:
    """The ids of the endpoints that have something to be sent now."""
    due = select(WebhookDelivery.id).where(
        WebhookDelivery.endpoint_id == WebhookEndpoint.id,
        WebhookDelivery.state == WebhookState.PENDING,
        WebhookDelivery.due_at <= now,
    )
    wanted = _active(now).where(due.exists() | WebhookEndpoint.revived_at.is_not(None))
    return list(session.scalars(wanted.with_only_columns(WebhookEndpoint.id).order_by(WebhookEndpoint.id)))


def _active(now: datetime) -> Select[WebhookEndpoint]:
    resting = WebhookEndpoint.resting_until
    return select(WebhookEndpoint).where(
        WebhookEndpoint.paused_at.is_(None),
        WebhookEndpoint.disabled_at.is_(None),
        resting.is_(None) | (resting <= now),
    )


def deliver(
    database: Database, http: WebhookHttp, endpoint_id: int, clock: Clock, stopped: Stopped = never
) -> int:
    """Send what is due to one endpoint, until nothing is or it has to rest. Returns the number of calls."""
    calls = 0
    _hasten(database, endpoint_id, clock(), stopped)
    while not stopped():
        with database.writing() as session:
            claimed = _claim(session, endpoint_id, clock())
        if not claimed:
            break
        calls += _call_all(database, http, endpoint_id, claimed, clock, stopped)
        _hasten(database, endpoint_id, clock(), stopped)
    return calls


# --- Claiming ------------------------------------------------------------------------------------


def _claim(session: Session, endpoint_id: int, now: datetime) -> list[ClaimedDelivery]:
    """The next deliveries of an endpoint, each the first of its object; only one while the endpoint is down."""
    endpoint = session.scalar(_active(now).where(WebhookEndpoint.id == endpoint_id))
    if endpoint is None:
        return []
    limit = 1 if endpoint.failures >= IS_DOWN else BATCH
    due = session.scalars(
        _next(endpoint_id, now).limit(limit).with_for_update(of=WebhookDelivery, skip_locked=True)
    ).all()
    found = []
    for delivery in due:
        event = session.get_one(WebhookEvent, delivery.event_id)
        if event.body is None or event.uid is None:  # emptied by an erasure: nobody needs to be told
            delivery.state, delivery.finished_at = WebhookState.DROPPED, now
            continue
        delivery.attempts, delivery.due_at, delivery.attempted_at = delivery.attempts + 1, now + LEASE, now
        found.append(
            ClaimedDelivery(
                delivery.id,
                delivery.attempts,
                event.uid,
                event.body.encode(),
                endpoint.url,
                secrets_of(endpoint, now),
            )
        )
    return found or ([] if not due else _claim_again(session, endpoint_id, now))


def _claim_again(session: Session, endpoint_id: int, now: datetime) -> list[ClaimedDelivery]:
    """All that was found had been emptied; look for others."""
    session.flush()
    return _claim(session, endpoint_id, now)


def _next(endpoint_id: int, now: datetime) -> Select[WebhookDelivery]:
    """Due deliveries that are the first of their object which has not ended."""
    earlier = aliased(WebhookDelivery)
    waits = (
        select(earlier.id)
        .where(
            earlier.endpoint_id == endpoint_id,
            earlier.state == WebhookState.PENDING,
            earlier.subject == WebhookDelivery.subject,
            earlier.subject_id == WebhookDelivery.subject_id,
            earlier.event_id < WebhookDelivery.event_id,
        )
        .exists()
    )
    return (
        select(WebhookDelivery)
        .where(
            WebhookDelivery.endpoint_id == endpoint_id,
            WebhookDelivery.state == WebhookState.PENDING,
            WebhookDelivery.due_at <= now,
            ~waits,
        )
        .order_by(WebhookDelivery.due_at, WebhookDelivery.event_id)
    )


def secrets_of(endpoint: WebhookEndpoint, now: datetime) -> tuple[str, ...]:
    """The secrets that sign at `now`: after a rotation the old one, too, for a day."""
    previous, until = endpoint.previous_secret, endpoint.previous_until
    if previous is None or until is None or until <= now:
        return (endpoint.secret,)
    return endpoint.secret, previous


# --- Calling -------------------------------------------------------------------------------------


def _call_all(
    database: Database,
    http: WebhookHttp,
    endpoint_id: int,
    claimed: Sequence[ClaimedDelivery],
    clock: Clock,
    stopped: Stopped,
) -> int:
    """Call, several at once, and record the results at least once a second."""

    def call(each: ClaimedDelivery) -> WebhookAnswer | None:
        return None if stopped() else _call(http, each, clock())

    calls = 0
    with ThreadPoolExecutor(min(AT_ONCE, len(claimed)), thread_name_prefix="webhook") as pool:
        waiting: dict[Future[WebhookAnswer | None], ClaimedDelivery] = {
            pool.submit(call, each): each for each in claimed
        }
        while waiting:
            done, _ = wait(waiting, timeout=RECORDED_EVERY, return_when=FIRST_COMPLETED)
            more, _ = wait(waiting, timeout=0.02)
            results = [(waiting.pop(each), each.result()) for each in done | more]
            if results:
                calls += sum(answer is not None for _, answer in results)
                with database.writing() as session:
                    _record_all(session, endpoint_id, results, clock())
    return calls


def _call(http: WebhookHttp, each: ClaimedDelivery, now: datetime) -> WebhookAnswer:
    headers = {"Content-Type": "application/json", "User-Agent": "feedback-webhooks"}
    headers |= signing.headers(each.uid, now, each.body, each.secrets)
    return http.post(each.url, each.body, headers)


# --- Recording -----------------------------------------------------------------------------------


def _record_all(
    session: Session,
    endpoint_id: int,
    results: Sequence[tuple[ClaimedDelivery, WebhookAnswer | None]],
    now: datetime,
) -> None:
    endpoint = session.get(WebhookEndpoint, endpoint_id, with_for_update=True)
    if endpoint is None:
        return
    for each, answer in results:
        delivery = session.get(WebhookDelivery, each.id, with_for_update=True)
        if delivery is None:
            continue
        is_current = delivery.state == WebhookState.PENDING and delivery.attempts == each.attempt
        if answer is not None:
            _record(session, endpoint, delivery, answer, now, is_current=is_current)
        elif is_current:  # stopped before the call was made
            delivery.attempts, delivery.due_at = each.attempt - 1, now


def _record(
    session: Session,
    endpoint: WebhookEndpoint,
    delivery: WebhookDelivery,
    answer: WebhookAnswer,
    now: datetime,
    *,
    is_current: bool,
) -> None:
    """Record a result. A success always counts, a failure only if it is that of the latest attempt."""
    session.add(
        WebhookAttempt(
            delivery_id=delivery.id,
            at=now,
            code=answer.code,
            milliseconds=answer.milliseconds,
            answer=answer.text,
        )
    )
    if answer.status is not None and 200 <= answer.status < 300:
        delivery.state, delivery.finished_at = WebhookState.DELIVERED, now
        _succeeded(endpoint, now)
    elif is_current:
        _failed(session, endpoint, delivery, answer, now)


def _succeeded(endpoint: WebhookEndpoint, now: datetime) -> None:
    if endpoint.failures >= IS_DOWN:
        endpoint.revived_at = now
    endpoint.failures, endpoint.failing_since, endpoint.resting_until = 0, None, None
    endpoint.last_success_at = now


def _failed(
    session: Session,
    endpoint: WebhookEndpoint,
    delivery: WebhookDelivery,
    answer: WebhookAnswer,
    now: datetime,
) -> None:
    log.warning(
        "webhook.failed",
        endpoint=endpoint.id,
        delivery=delivery.id,
        code=answer.code,
        attempt=delivery.attempts,
    )
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or now
    asked = seconds_to_wait(answer.retry_after, now) if answer.retry_after else None
    _rest(endpoint, answer, asked, now)
    if delivery.attempts < ATTEMPTS:
        delivery.due_at = now + max(backoff(delivery.attempts), timedelta(seconds=asked or 0.0))
    else:
        delivery.state, delivery.finished_at = WebhookState.FAILED, now
    if answer.status == GONE:
        disable(endpoint, "gone", now)
    elif delivery.state == WebhookState.FAILED and _is_dead(session, endpoint, delivery):
        disable(endpoint, answer.code, now)


def _rest(endpoint: WebhookEndpoint, answer: WebhookAnswer, asked: float | None, now: datetime) -> None:
    """The whole endpoint rests for as long as it asks for, and longer and longer while it is down."""
    rests = []
    if asked:
        rests.append(timedelta(seconds=asked))
    if answer.status in THROTTLED or endpoint.failures >= IS_DOWN:
        rests.append(
            min(timedelta(seconds=5 * 2 ** min(max(endpoint.failures - IS_DOWN, 0), 10)), LONGEST_REST)
        )
    if rests:
        endpoint.resting_until = now + max(rests)


def backoff(attempts: int) -> timedelta:
    """How long to wait after so many failed attempts (1 to 9)."""
    longer = random.uniform(1.0, 1.0 + JITTER)  # noqa: S311 - spreads load, keeps no secret
    return SCHEDULE[attempts - 1] * longer


def _is_dead(session: Session, endpoint: WebhookEndpoint, delivery: WebhookDelivery) -> bool:
    """Whether nothing has succeeded since the delivery was first tried, and it was no test."""
    first = session.scalar(
        select(WebhookAttempt.at)
        .where(WebhookAttempt.delivery_id == delivery.id)
        .order_by(WebhookAttempt.id.desc())
        .offset(ATTEMPTS - 1)
        .limit(1)
    )
    since = first or delivery.created_at
    event = session.get_one(WebhookEvent, delivery.event_id)
    return event.type != TEST and (endpoint.last_success_at is None or endpoint.last_success_at < since)


def disable(endpoint: WebhookEndpoint, reason: str, now: datetime) -> None:
    """Send nothing more to an endpoint, and have the admins notified. Its deliveries wait."""
    log.warning("webhook.disabled", endpoint=endpoint.id, reason=reason)
    endpoint.disabled_at, endpoint.disabled_for, endpoint.notice_due = now, reason[:64], True
    endpoint.edit, endpoint.changed_at = endpoint.edit + 1, now


def _hasten(database: Database, endpoint_id: int, now: datetime, stopped: Stopped) -> None:
    """Make due what waits for a retry at an endpoint that works again, in portions."""
    with database.reading() as session:
        revived = session.scalar(select(WebhookEndpoint.revived_at).where(WebhookEndpoint.id == endpoint_id))
    if revived is None:
        return

    def portion(session: Session, limit: int) -> int:
        ids = session.scalars(
            select(WebhookDelivery.id)
            .where(
                WebhookDelivery.endpoint_id == endpoint_id,
                WebhookDelivery.state == WebhookState.PENDING,
                WebhookDelivery.due_at > now + LEASE,  # what is called at this moment is due within it
            )
            .order_by(WebhookDelivery.id)
            .limit(limit)
        ).all()
        if ids:
            session.execute(update(WebhookDelivery).where(WebhookDelivery.id.in_(ids)).values(due_at=now))
        return len(ids)

    Portions(database, stopped).repeat(portion)
    with database.writing() as session:
        session.execute(
            update(WebhookEndpoint)
            .where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.revived_at == revived)
            .values(revived_at=None)
        )
