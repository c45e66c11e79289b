"""Webhooks: registered, watched and repaired by a program."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from feedback import clock
from feedback.core.lifecycle import WebhookState
from feedback.core.webhook_events import EVENT_TYPES, WebhookFilter
from feedback.services.shapes.customers import Switch
from feedback.services.staff.api_keys import Scope
from feedback.services.webhooks import delivery_log, endpoints
from feedback.services.webhooks.delivery_log import WebhookRange
from feedback.services.webhooks.endpoints import WORST, EndpointDraft
from feedback.services.webhooks.spreading import types_of
from feedback.store.models import WebhookDelivery, WebhookEndpoint
from feedback.store.portions import SHORT_REST, Portions
from feedback.web.api import document
from feedback.web.api.answers import answer, check_match, tagged, written
from feedback.web.api.gate import Gate, caller
from feedback.web.api.listing import Listed, Sorts, listed
from feedback.web.api.resources.follow_ups import NothingIn
from feedback.web.api.scopes import needs
from feedback.web.api.shapes import In, Moment, Name, Number, Short

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

_SORTS = Sorts(WebhookEndpoint.id)
_DELIVERY_SORTS = Sorts(WebhookDelivery.id)
Many = Annotated[list[Short], Field(max_length=200)]


class WebhooksQuery(Listed):
    sort: Literal["id", "-id"] = "id"


class DeliveriesQuery(Listed):
    state: WebhookState | None = Field(None, strict=False)
    sort: Literal["id", "-id"] = "-id"


class WebhookId(BaseModel):
    webhook_id: Number


class DeliveryId(WebhookId):
    delivery_id: Number


class WebhookFilterIn(In):
    """Which events of the types are sent. An empty part lets all through, and concerns events that have the fact."""

    questionnaires: Many = Field([])
    stages: Many = Field([])
    segments: Many = Field([])
    channels: Many = Field([])
    score_at_most: Annotated[int, Field(strict=True, ge=-WORST, le=WORST)] | None = None


class WebhookIn(In):
    name: Annotated[Name, Field(max_length=endpoints.LONGEST_NAME)] = Field(
        description="of the system that receives it"
    )
    url: Annotated[str, Field(strict=True, min_length=1, max_length=2_000)] = Field(
        description="with encryption; redirects are not followed, and addresses inside the own network are refused"
    )
    events: Annotated[list[Short], Field(min_length=1, max_length=50)] = Field(
        description=f"types: {', '.join(EVENT_TYPES)}"
    )
    filters: WebhookFilterIn = WebhookFilterIn()


class ReplayIn(In):
    """Send the events of a time again; `missed`: only those that were never delivered."""

    since: Moment
    until: Moment = Field(description="excluded")
    missed: Switch = True


class WebhookFilterOut(BaseModel):
    questionnaires: list[str]
    stages: list[str]
    segments: list[str]
    channels: list[str]
    score_at_most: int | None


class WebhookOut(BaseModel):
    """`secret` is only in the answers that create or rotate it. A disabled webhook has the reason in `disabled_for`."""

    id: int
    name: str
    url: str
    events: list[str]
    filters: WebhookFilterOut
    secret: str | None = None
    paused_at: AwareDatetime | None
    disabled_at: AwareDatetime | None
    disabled_for: str | None
    failing_since: AwareDatetime | None
    last_success_at: AwareDatetime | None
    created_at: AwareDatetime
    changed_at: AwareDatetime


class WebhookAttemptOut(BaseModel):
    at: AwareDatetime
    code: str
    milliseconds: int
    answer: str


class DeliveryOut(BaseModel):
    """`event_id` is the `webhook-id`. `body` and `log` are null in lists, and `body` once a person was erased."""

    id: int
    event_id: str | None
    event: str
    state: str
    attempts: int
    at: AwareDatetime
    due_at: AwareDatetime
    finished_at: AwareDatetime | None
    body: str | None
    log: list[WebhookAttemptOut] | None


class ReplayedOut(BaseModel):
    events: int


class WebhooksPage(document.Page):
    items: list[WebhookOut]


class DeliveriesPage(document.Page):
    items: list[DeliveryOut]


def register(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:
    """Add the routes to the API's blueprint."""
    _reading(api, runtime, gate)
    _registering(api, runtime)
    _deleting(api, runtime)
    _switching(api, runtime)
    _logging(api, runtime, gate)
    _repeating(api, runtime)


def _reading(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:
    @api.get("/webhooks", summary="Webhooks", responses={200: WebhooksPage})
    @needs(Scope.WEBHOOKS_READ)
    def list_webhooks(query: WebhooksQuery) -> Response:
        gate.note_seen(endpoints.SUBJECT)
        wanted = select(WebhookEndpoint).options(selectinload(WebhookEndpoint.subscriptions))
        with runtime.database.reading() as session:
            return listed(session, wanted, query.sort, _SORTS[query.sort], query, _shapes)

    @api.get("/webhooks/<int:webhook_id>", summary="A webhook", responses={200: WebhookOut})
    @needs(Scope.WEBHOOKS_READ)
    def get_webhook(path: WebhookId) -> Response:
        with runtime.database.reading() as session:
            return _one(endpoints.find(session, path.webhook_id))


def _registering(api: APIBlueprint, runtime: Runtime) -> None:
    settings = runtime.settings.webhooks

    @api.post("/webhooks", summary="Register a webhook", responses={201: WebhookOut})
    @needs(Scope.WEBHOOKS_WRITE)
    def post_webhook(body: WebhookIn) -> Response:
        def store(session: Session) -> Response:
            row, secret = endpoints.create(
                session, _draft(body), settings, by=caller().owner_id, now=clock.now()
            )
            return _one(row, secret, 201)

        return written(runtime, store)

    @api.put("/webhooks/<int:webhook_id>", summary="Change a webhook", responses={200: WebhookOut})
    @needs(Scope.WEBHOOKS_WRITE)
    def put_webhook(path: WebhookId, body: WebhookIn) -> Response:
        def store(session: Session) -> Response:
            row = endpoints.find(session, path.webhook_id)
            check_match(lambda: _one(row))
            changed = endpoints.change(
                session,
                path.webhook_id,
                _draft(body),
                settings,
                edit=row.edit,
                by=caller().owner_id,
                now=clock.now(),
            )
            return _one(changed)

        return written(runtime, store)


def _deleting(api: APIBlueprint, runtime: Runtime) -> None:
    @api.delete("/webhooks/<int:webhook_id>", summary="Delete a webhook", responses={200: WebhookOut})
    @needs(Scope.WEBHOOKS_WRITE)
    def delete_webhook(path: WebhookId) -> Response:
        """Its log is deleted, too, and what is waiting is not sent. The answer shows what it was."""
        with runtime.database.reading() as session:
            shown = _one(endpoints.find(session, path.webhook_id))
        endpoints.delete(_portions(runtime), path.webhook_id, by=caller().owner_id, now=clock.now())
        return shown


def _switching(api: APIBlueprint, runtime: Runtime) -> None:
    def switched(work: Callable[..., WebhookEndpoint], webhook_id: int) -> Response:
        def store(session: Session) -> Response:
            return _one(work(session, webhook_id, by=caller().owner_id, now=clock.now()))

        return written(runtime, store)

    @api.post("/webhooks/<int:webhook_id>/pause", summary="Pause a webhook", responses={200: WebhookOut})
    @needs(Scope.WEBHOOKS_WRITE)
    def pause_webhook(path: WebhookId, body: NothingIn) -> Response:  # noqa: ARG001 - checked to be empty
        return switched(endpoints.pause, path.webhook_id)

    @api.post("/webhooks/<int:webhook_id>/resume", summary="Resume a webhook", responses={200: WebhookOut})
    @needs(Scope.WEBHOOKS_WRITE)
    def resume_webhook(path: WebhookId, body: NothingIn) -> Response:  # noqa: ARG001 - checked to be empty
        """Also one that was disabled. What is waiting is sent first."""
        return switched(endpoints.resume, path.webhook_id)

    @api.post("/webhooks/<int:webhook_id>/rotate", summary="Get a new secret", responses={200: WebhookOut})
    @needs(Scope.WEBHOOKS_WRITE)
    def rotate_webhook(path: WebhookId, body: NothingIn) -> Response:  # noqa: ARG001 - checked to be empty
        """For 24 hours the old secret signs as well."""

        def store(session: Session) -> Response:
            return _one(*endpoints.rotate(session, path.webhook_id, by=caller().owner_id, now=clock.now()))

        return written(runtime, store)

    @api.post("/webhooks/<int:webhook_id>/test", summary="Send a test event", responses={200: DeliveryOut})
    @needs(Scope.WEBHOOKS_WRITE)
    def test_webhook(path: WebhookId, body: NothingIn) -> Response:  # noqa: ARG001 - checked to be empty
        def store(session: Session) -> Response:
            made = endpoints.send_test(session, path.webhook_id, by=caller().owner_id, now=clock.now())
            return answer(_delivery(made))

        return written(runtime, store)


def _logging(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:
    @api.get(
        "/webhooks/<int:webhook_id>/deliveries",
        summary="Deliveries, the latest first",
        responses={200: DeliveriesPage},
    )
    @needs(Scope.WEBHOOKS_READ)
    def list_deliveries(path: WebhookId, query: DeliveriesQuery) -> Response:
        gate.note_seen(endpoints.SUBJECT)
        with runtime.database.reading() as session:
            endpoints.find(session, path.webhook_id)
            found = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == path.webhook_id)
            if query.state is not None:
                found = found.where(WebhookDelivery.state == query.state)
            found = found.options(selectinload(WebhookDelivery.event))

            def shapes(rows: Sequence[WebhookDelivery]) -> Iterator[DeliveryOut]:
                return (_delivery(row) for row in rows)

            return listed(session, found, query.sort, _DELIVERY_SORTS[query.sort], query, shapes)

    @api.get(
        "/webhooks/<int:webhook_id>/deliveries/<int:delivery_id>",
        summary="A delivery with its body and attempts",
        responses={200: DeliveryOut},
    )
    @needs(Scope.WEBHOOKS_READ)
    def get_delivery(path: DeliveryId) -> Response:
        gate.note_seen(endpoints.SUBJECT)
        with runtime.database.reading() as session:
            found = delivery_log.one(session, path.webhook_id, path.delivery_id)
            return answer(_delivery(found, whole=True))


def _repeating(api: APIBlueprint, runtime: Runtime) -> None:
    @api.post(
        "/webhooks/<int:webhook_id>/deliveries/<int:delivery_id>/redeliver",
        summary="Send a delivery again",
        responses={200: DeliveryOut},
    )
    @needs(Scope.WEBHOOKS_WRITE)
    def redeliver_delivery(path: DeliveryId, body: NothingIn) -> Response:  # noqa: ARG001 - checked to be empty
        def store(session: Session) -> Response:
            by, now = caller().owner_id, clock.now()
            delivery_log.redeliver(session, path.webhook_id, path.delivery_id, by=by, now=now)
            session.expire_all()
            return answer(_delivery(delivery_log.one(session, path.webhook_id, path.delivery_id)))

        return written(runtime, store)

    @api.post(
        "/webhooks/<int:webhook_id>/replay",
        summary="Send the events of a time again",
        responses={200: ReplayedOut},
    )
    @needs(Scope.WEBHOOKS_WRITE)
    def replay_webhook(path: WebhookId, body: ReplayIn) -> Response:
        """In portions, of the last 30 days. Send it again if it was interrupted."""
        wanted = WebhookRange(body.since, body.until, body.missed)
        number = delivery_log.replay(
            _portions(runtime), path.webhook_id, wanted, by=caller().owner_id, now=clock.now()
        )
        return answer(ReplayedOut(events=number))


def _portions(runtime: Runtime) -> Portions:
    return Portions(runtime.database, resting=SHORT_REST)


def _draft(body: WebhookIn) -> EndpointDraft:
    given = body.filters
    filters = WebhookFilter(
        tuple(given.questionnaires),
        tuple(given.stages),
        tuple(given.segments),
        tuple(given.channels),
        given.score_at_most,
    )
    return EndpointDraft(body.name, body.url, body.events, filters)


def _shapes(rows: Sequence[WebhookEndpoint]) -> Iterator[WebhookOut]:
    return (_shape(row) for row in rows)


def _one(row: WebhookEndpoint, secret: str | None = None, status: int = 200) -> Response:
    """A webhook, with the tag of its version."""
    return tagged(answer(_shape(row, secret), status), str(row.edit))


def _shape(row: WebhookEndpoint, secret: str | None = None) -> WebhookOut:
    types, filters = types_of(row), WebhookFilter.from_stored(row.filters)
    return WebhookOut(
        id=row.id,
        name=row.name,
        url=row.url,
        events=[name for name in EVENT_TYPES if name in types],
        filters=WebhookFilterOut.model_validate(filters, from_attributes=True),
        secret=secret,
        paused_at=row.paused_at,
        disabled_at=row.disabled_at,
        disabled_for=row.disabled_for,
        failing_since=row.failing_since,
        last_success_at=row.last_success_at,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def _delivery(row: WebhookDelivery, *, whole: bool = False) -> DeliveryOut:
    entries: list[Any] = row.log if whole else []
    return DeliveryOut(
        id=row.id,
        event_id=row.event.uid,
        event=row.event.type,
        state=str(row.state),
        attempts=row.attempts,
        at=row.event.at,
        due_at=row.due_at,
        finished_at=row.finished_at,
        body=row.event.body if whole else None,
        log=[WebhookAttemptOut.model_validate(each, from_attributes=True) for each in entries]
        if whole
        else None,
    )
