"""Addresses to which nothing is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback import clock
from feedback.core.contact.recipient import EmailAddress, PhoneNumber
from feedback.errors import Conflict, NotFound
from feedback.services import audit
from feedback.services.contact import listing, suppression
from feedback.services.contact.listing import LIFTED_BY_HAND, SuppressionFilter
from feedback.services.shapes.invitations import SuppressionOut, suppression_shapes
from feedback.services.staff.api_keys import Scope
from feedback.store.models import Suppression
from feedback.web.api import document
from feedback.web.api.answers import answer, written
from feedback.web.api.gate import Gate, caller
from feedback.web.api.listing import Listed, Sorts, listed
from feedback.web.api.problems import mistaken
from feedback.web.api.scopes import needs
from feedback.web.api.shapes import In, Moment, Name, Short

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

Channel = Literal["sms", "email"]
_SORTS = Sorts(Suppression.id, None, created_at=Suppression.created_at)


class SuppressionsQuery(Listed):
    channel: Channel | None = None
    reason: Short | None = Field(None, description="such as opt_out, complaint, hard_bounce or manual")
    address: Name | None = None
    since: Moment | None = Field(None, description="listed at this time or later")
    until: Moment | None = Field(None, description="listed before this time")
    lifted: bool = Field(False, description="also list entries that were lifted")
    sort: Literal["id", "-id", "created_at", "-created_at"] = "id"


class SuppressionIn(In):
    """An address to which nothing more is sent. An opt-out or a complaint counts for all addresses of the person."""

    channel: Channel
    address: Name = Field(description="e-mail address, or phone number in E.164")
    reason: Literal["opt_out", "complaint", "manual"] = "opt_out"
    source: Short = Field("api", description="where the wish was expressed")


class LiftIn(In):
    """An address to which may be sent again. Complaints and erasures stay."""

    channel: Channel
    address: Name


class SuppressionsPage(document.Page):
    items: list[SuppressionOut]


def register(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:
    """Add the routes to the API's blueprint."""

    @api.get("/suppressions", summary="Suppressed addresses", responses={200: SuppressionsPage})
    @needs(Scope.SUPPRESSIONS_READ)
    def list_suppressions(query: SuppressionsQuery) -> Response:
        gate.note_seen("suppressions")
        wanted = SuppressionFilter(
            query.channel, query.reason, query.address, query.since, query.until, query.lifted
        )
        with runtime.database.reading() as session:
            found = listing.suppressions(caller().viewer, wanted)
            return listed(
                session,
                found,
                query.sort,
                _SORTS[query.sort],
                query,
                lambda rows: suppression_shapes(session, rows),
            )

    @api.post(
        "/suppressions", summary="Suppress an address", responses={200: SuppressionOut, 201: SuppressionOut}
    )
    @needs(Scope.SUPPRESSIONS_WRITE)
    def post_suppression(body: SuppressionIn) -> Response:
        way = (body.channel, _address(body.channel, body.address))

        def store(session: Session) -> Response:
            now = clock.now()
            if body.reason == "manual":
                fresh = suppression.suppress(session, *way, reason="manual", source=body.source, now=now)
            else:
                fresh = suppression.opt_out(session, *way, source=body.source, now=now, reason=body.reason)
            row = _row(session, *way)
            _audit(session, "suppressed", row.id)
            return answer(next(suppression_shapes(session, [row])), 201 if fresh else 200)

        return written(runtime, store)

    @api.post("/suppressions/lift", summary="Lift a suppression", responses={200: SuppressionOut})
    @needs(Scope.SUPPRESSIONS_WRITE)
    def lift_suppression(body: LiftIn) -> Response:
        way = (body.channel, _address(body.channel, body.address))

        def store(session: Session) -> Response:
            row = _row(session, *way)
            if row.lifted_at is None:
                if not suppression.lift(session, *way, reasons=LIFTED_BY_HAND, now=clock.now()):
                    raise Conflict(f"An address that is listed for {row.reason!r} cannot be lifted.")
                _audit(session, "lifted", row.id)
                session.flush()
            return answer(next(suppression_shapes(session, [row])))

        return written(runtime, store)


def _address(channel: Channel, written_as: str) -> str:
    """The address as it is stored. Raises UnacceptableError."""
    try:
        return (
            EmailAddress.parse(written_as).key if channel == "email" else PhoneNumber.parse(written_as).e164
        )
    except ValueError as error:
        raise mistaken("/address", str(error)) from None


def _row(session: Session, channel: str, address: str) -> Suppression:
    wanted = select(Suppression).where(
        Suppression.kind == channel, Suppression.address.in_(suppression.same(address))
    )
    row = session.scalars(wanted.order_by(Suppression.lifted_at.is_not(None), Suppression.id)).first()
    if row is None:
        raise NotFound("This address is not on the list.")
    return row


def _audit(session: Session, action: str, row_id: int) -> None:
    by, key = caller().owner_id, caller().key_id
    audit.record(session, action, "suppression", row_id, by=by, now=clock.now(), key=key)
