"""Asking contacts: now, later, or by a link that the caller sends; and what happened to each invitation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback import clock
from feedback.core.lifecycle import InvitationState
from feedback.errors import Conflict, NotFound
from feedback.services import audit
from feedback.services.journey import asking, invitations
from feedback.services.journey.asking import LONGEST_KEY, InvitationFilter, Wish
from feedback.services.messaging import history
from feedback.services.shapes.customers import Switch
from feedback.services.shapes.invitations import InvitationOut, invitation_shape
from feedback.services.staff.api_keys import Scope
from feedback.store.models import Enrolment, Invitation
from feedback.web.api import document
from feedback.web.api.answers import answer, written
from feedback.web.api.gate import Gate, caller
from feedback.web.api.listing import Listed, Sorts, listed
from feedback.web.api.resources.follow_ups import NothingIn
from feedback.web.api.scopes import needs
from feedback.web.api.shapes import In, Moment, Name, Number, Short

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

_SORTS = Sorts(Invitation.id, Invitation.created_at, created_at=Invitation.created_at)
WishKey = Annotated[
    str, StringConstraints(strict=True, pattern=r"^[!-~]+$", min_length=1, max_length=LONGEST_KEY)
]


class InvitationsQuery(Listed):
    state: InvitationState | None = Field(None, strict=False)
    stage: Short | None = None
    contact: Name | None = None
    account: Name | None = None
    since: Moment | None = Field(None, description="created at this time or later")
    until: Moment | None = Field(None, description="created before this time")
    sort: Literal["id", "-id", "created_at", "-created_at"] = "id"


class InvitationId(BaseModel):
    invitation_id: Number


class InvitationIn(In):
    """Ask a contact at a stage of the journey. The contact policy decides whether and when, as for every survey.

    With `send` false, nothing is sent: the answer holds the link, and you send it.
    """

    key: WishKey = Field(description="your idempotency key: the same key of the same contact is asked once")
    contact: Name = Field(description="external id of the contact")
    stage: Short = Field(description="key of a stage in journey.yaml")
    at: Moment | None = Field(None, description="not before this time; default: now")
    send: Switch = True


class DecisionOut(BaseModel):
    """What was decided. `state` is scheduled, issued, skipped or cancelled; a survey that is not sent has a reason."""

    stage: str
    state: str
    reason: str | None
    due_at: AwareDatetime
    next_allowed_at: AwareDatetime | None


class AskedOut(BaseModel):
    """`invitation` is null until the worker has sent it: list the contact's invitations later."""

    decision: DecisionOut
    invitation: InvitationOut | None


class StepOut(BaseModel):
    at: AwareDatetime
    code: str
    params: dict[str, Any]


class InvitationStoryOut(BaseModel):
    invitation: InvitationOut
    timeline: list[StepOut]


class InvitationsPage(document.Page):
    items: list[InvitationOut]


def register(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:
    """Add the routes to the API's blueprint."""
    _reading(api, runtime, gate)
    _asking(api, runtime)


def _reading(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:
    @api.get("/invitations", summary="Invitations", responses={200: InvitationsPage})
    @needs(Scope.INVITATIONS_READ)
    def list_invitations(query: InvitationsQuery) -> Response:
        gate.note_seen("invitation")
        wanted = InvitationFilter(**query.model_dump(exclude={"limit", "cursor", "sort"}))

        def shapes(rows: Sequence[Invitation]) -> Iterator[InvitationOut]:
            return (invitation_shape(row, runtime.settings, clock.now()) for row in rows)

        with runtime.database.reading() as session:
            found = asking.invitations(caller().viewer, wanted)
            return listed(session, found, query.sort, _SORTS[query.sort], query, shapes)

    @api.get(
        "/invitations/<int:invitation_id>",
        summary="An invitation and its timeline",
        responses={200: InvitationStoryOut},
    )
    @needs(Scope.INVITATIONS_READ)
    def get_invitation(path: InvitationId) -> Response:
        gate.note_seen("invitation")
        with runtime.database.reading() as session:
            story = history.story(session, path.invitation_id, caller().viewer)
            steps = [StepOut(at=each.at, code=each.code, params=dict(each.params)) for each in story.steps]
            shape = invitation_shape(story.invitation, runtime.settings, clock.now())
            return answer(InvitationStoryOut(invitation=shape, timeline=steps))


def _asking(api: APIBlueprint, runtime: Runtime) -> None:
    @api.post("/invitations", summary="Ask a contact", responses={200: AskedOut, 201: AskedOut})
    @needs(Scope.INVITATIONS_WRITE)
    def post_invitation(body: InvitationIn) -> Response:
        wish = Wish(body.contact, body.stage, body.key, body.at)

        def store(session: Session) -> Response:
            viewer, now = caller().viewer, clock.now()
            if body.send:
                enrolment, new = asking.ask(session, viewer, wish, runtime, now)
                made = session.scalar(select(Invitation).where(Invitation.enrolment_id == enrolment.id))
            else:
                made, new = asking.link_for(session, viewer, wish, runtime, now)
                enrolment = session.get_one(Enrolment, made.enrolment_id)
            if new:
                by, key = caller().owner_id, caller().key_id
                audit.record(session, "asked", "contact", enrolment.contact_id, by=by, now=now, key=key)
            shape = invitation_shape(made, runtime.settings, clock.now()) if made is not None else None
            return answer(AskedOut(decision=_decision(enrolment), invitation=shape), 201 if new else 200)

        return written(runtime, store)

    @api.post(
        "/invitations/<int:invitation_id>/withdraw",
        summary="Withdraw an invitation",
        responses={200: InvitationOut},
    )
    @needs(Scope.INVITATIONS_WRITE)
    def withdraw_invitation(path: InvitationId, body: NothingIn) -> Response:  # noqa: ARG001 - checked to be empty
        def withdraw(session: Session) -> Response:
            now, every = clock.now(), asking.invitations(caller().viewer, InvitationFilter())
            one = every.where(Invitation.id == path.invitation_id)
            if session.scalar(one) is None:
                raise NotFound("Invitation not found.")
            if not invitations.withdraw(session, path.invitation_id, now):
                raise Conflict("There is nothing to withdraw: this survey was answered or has ended.")
            by, key = caller().owner_id, caller().key_id
            audit.record(session, "withdrawn", "invitation", path.invitation_id, by=by, now=now, key=key)
            session.flush()
            row = session.scalars(one.execution_options(populate_existing=True)).one()
            return answer(invitation_shape(row, runtime.settings, clock.now()))

        return written(runtime, withdraw)


def _decision(enrolment: Enrolment) -> DecisionOut:
    return DecisionOut(
        stage=enrolment.stage,
        state=str(enrolment.state),
        reason=enrolment.reason,
        due_at=enrolment.due_at,
        next_allowed_at=enrolment.next_allowed_at,
    )
