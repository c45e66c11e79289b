"""Endpoints: made and changed by admins, paused, enabled again, and given new secrets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from sqlalchemy import delete as sql_delete
from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from feedback.core.lifecycle import WebhookState
from feedback.core.web_address import WebAddress
from feedback.core.webhook_events import TEST, WebhookFilter, known_types
from feedback.errors import Conflict, NotFound, Rejected
from feedback.services import audit
from feedback.services.webhooks import bodies, signing
from feedback.services.webhooks.spreading import types_of
from feedback.settings.table import WebhookSettings
from feedback.store.models import WebhookDelivery, WebhookEndpoint, WebhookEvent, WebhookSubscription
from feedback.store.portions import Portions

MOST = 50
"""Endpoints of one installation: each has a thread of the worker while something is sent to it."""
LONGEST_NAME = 100
WORST = 1_000_000
"""Bound of a score in a filter; no scale reaches it."""
SUBJECT = "webhook_endpoint"
"""Of the audit log."""


@dataclass(frozen=True, slots=True)
class EndpointDraft:
    """What an admin chooses about an endpoint."""

    name: str
    url: str
    types: Sequence[str]
    filters: WebhookFilter = field(default_factory=WebhookFilter)


def create(
    session: Session, draft: EndpointDraft, settings: WebhookSettings, *, by: int | None, now: datetime
) -> tuple[WebhookEndpoint, str]:
    """Register an endpoint. Returns it with its secret, which is shown once.

    Raises Rejected for a name, an address, types or filters that cannot be used, Conflict beyond `MOST` endpoints.
    """
    name, url, types = _checked(draft, settings)
    if (session.scalar(select(func.count()).select_from(WebhookEndpoint)) or 0) >= MOST:
        raise Conflict(
            "There are as many webhooks as there can be. Delete one that you do not need any more."
        )
    endpoint = WebhookEndpoint(
        name=name,
        url=url,
        filters=draft.filters.stored(),
        secret=signing.new_secret(),
        subscriptions=[WebhookSubscription(type=each) for each in types],
        created_at=now,
        changed_at=now,
    )
    session.add(endpoint)
    session.flush()
    _audit(session, "created", endpoint, by, now)
    return endpoint, endpoint.secret


def change(
    session: Session,
    endpoint_id: int,
    draft: EndpointDraft,
    settings: WebhookSettings,
    *,
    edit: int,
    by: int | None,
    now: datetime,
) -> WebhookEndpoint:
    """Change an endpoint. What is waiting goes to the new address.

    Raises what `create` raises, NotFound, and Conflict if somebody else has changed it since `edit`.
    """
    name, url, types = _checked(draft, settings)
    endpoint = _locked(session, endpoint_id)
    if endpoint.edit != edit:
        raise Conflict("Your change was not saved: someone else changed this webhook in the meantime.")
    known = types_of(endpoint)
    endpoint.name, endpoint.url, endpoint.filters = name, url, draft.filters.stored()
    endpoint.subscriptions = [each for each in endpoint.subscriptions if each.type in types] + [
        WebhookSubscription(type=each) for each in types if each not in known
    ]
    _changed(session, "changed", endpoint, by, now)
    return endpoint


def delete(portions: Portions, endpoint_id: int, *, by: int | None, now: datetime) -> None:
    """Delete an endpoint with its log, in portions; what is waiting for it is not sent. Raises NotFound."""
    with portions.database.writing() as session:
        endpoint = _locked(session, endpoint_id)
        endpoint.paused_at, endpoint.subscriptions = endpoint.paused_at or now, []
    portions.repeat(partial(_delete_deliveries, endpoint_id))
    with portions.database.writing() as session:
        endpoint = _locked(session, endpoint_id)
        session.delete(endpoint)
        _audit(session, "deleted", endpoint, by, now)


def _delete_deliveries(endpoint_id: int, session: Session, limit: int) -> int:
    wanted = select(WebhookDelivery.id).where(WebhookDelivery.endpoint_id == endpoint_id).limit(limit)
    ids = session.scalars(wanted).all()
    session.execute(sql_delete(WebhookDelivery).where(WebhookDelivery.id.in_(ids)))
    return len(ids)


def pause(session: Session, endpoint_id: int, *, by: int | None, now: datetime) -> WebhookEndpoint:
    """Send nothing until `resume`; events wait for up to 30 days. Raises NotFound."""
    endpoint = _locked(session, endpoint_id)
    if endpoint.paused_at is None:
        endpoint.paused_at = now
        _changed(session, "paused", endpoint, by, now)
    return endpoint


def resume(session: Session, endpoint_id: int, *, by: int | None, now: datetime) -> WebhookEndpoint:
    """Send again to an endpoint that was paused or disabled: first what is waiting, at once. Raises NotFound."""
    endpoint = _locked(session, endpoint_id)
    if endpoint.paused_at is not None or endpoint.disabled_at is not None:
        endpoint.paused_at = endpoint.disabled_at = endpoint.disabled_for = None
        endpoint.failures, endpoint.failing_since, endpoint.resting_until = 0, None, None
        endpoint.notice_due, endpoint.revived_at = False, now
        _changed(session, "resumed", endpoint, by, now)
    return endpoint


def rotate(
    session: Session, endpoint_id: int, *, by: int | None, now: datetime
) -> tuple[WebhookEndpoint, str]:
    """Give an endpoint a new secret, which is shown once; for a day the old one signs as well.

    Raises NotFound, and Conflict while the secret before the present one still signs: a third could not.
    """
    endpoint = _locked(session, endpoint_id)
    if endpoint.previous_until is not None and endpoint.previous_until > now:
        raise Conflict("The secret was changed less than a day ago. Both secrets sign until then.")
    endpoint.previous_secret, endpoint.previous_until = endpoint.secret, now + signing.BOTH_SIGN_FOR
    endpoint.secret = signing.new_secret()
    _changed(session, "rotated", endpoint, by, now)
    return endpoint, endpoint.secret


def send_test(session: Session, endpoint_id: int, *, by: int | None, now: datetime) -> WebhookDelivery:
    """Queue a test event for an endpoint, whatever types it wants. Raises NotFound, Conflict if it is paused."""
    endpoint = _locked(session, endpoint_id)
    if endpoint.paused_at is not None or endpoint.disabled_at is not None:
        raise Conflict("Nothing is sent by this webhook now. Resume it, then send the test.")
    data = {"endpoint": endpoint.name, "message": "This is a test. No customer did anything."}
    event = WebhookEvent(
        type=TEST,
        subject="endpoint",
        subject_id=endpoint.id,
        detail={},
        facts={},
        at=now,
        uid=signing.new_id(),
        body=bodies.written(TEST, now, data),
        spread_at=now,
    )
    delivery = WebhookDelivery(
        endpoint_id=endpoint.id,
        event=event,
        subject="endpoint",
        subject_id=endpoint.id,
        state=WebhookState.PENDING,
        created_at=now,
        due_at=now,
    )
    endpoint.resting_until = None
    session.add(delivery)
    session.flush()
    _audit(session, "tested", endpoint, by, now)
    return delivery


def find(session: Session, endpoint_id: int) -> WebhookEndpoint:
    """An endpoint with its types. Raises NotFound."""
    wanted = select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id)
    found = session.scalar(wanted.options(selectinload(WebhookEndpoint.subscriptions)))
    if found is None:
        raise NotFound("There is no such webhook.")
    return found


def everything(session: Session) -> Sequence[WebhookEndpoint]:
    """All endpoints with their types, in the order of their names."""
    wanted = select(WebhookEndpoint).options(selectinload(WebhookEndpoint.subscriptions))
    return session.scalars(wanted.order_by(func.lower(WebhookEndpoint.name), WebhookEndpoint.id)).all()


def _locked(session: Session, endpoint_id: int) -> WebhookEndpoint:
    wanted = select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id).with_for_update()
    found = session.scalar(wanted.options(selectinload(WebhookEndpoint.subscriptions)))
    if found is None:
        raise NotFound("There is no such webhook.")
    return found


def _checked(draft: EndpointDraft, settings: WebhookSettings) -> tuple[str, str, list[str]]:
    name, url = draft.name.strip(), draft.url.strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise Rejected(
            "Give the webhook a name with at most 100 characters, such as that of the other system."
        )
    try:
        address = WebAddress.parse(url)
    except ValueError:
        raise Rejected(
            "Write the whole address of the receiver, such as https://example.com/hooks."
        ) from None
    if address.scheme != "https" and not settings.allow_http:
        raise Rejected("Use an address that begins with https: events hold what customers say.")
    try:
        types = known_types(draft.types)
    except ValueError as error:
        raise Rejected(str(error)) from None
    if not types:
        raise Rejected("Choose at least one type of event.")
    bound = draft.filters.score_at_most
    if bound is not None and abs(bound) > WORST:
        raise Rejected("Choose a highest score that a scale can reach.")
    return name, url, types


def _changed(session: Session, action: str, endpoint: WebhookEndpoint, by: int | None, now: datetime) -> None:
    endpoint.edit, endpoint.changed_at = endpoint.edit + 1, now
    session.flush()
    _audit(session, action, endpoint, by, now)


def _audit(session: Session, action: str, endpoint: WebhookEndpoint, by: int | None, now: datetime) -> None:
    audit.record(session, action, SUBJECT, endpoint.id, by=by, now=now)
