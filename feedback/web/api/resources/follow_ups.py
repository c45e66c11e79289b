"""Follow-ups: listed, read, and worked on in the name of the key's owner."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from werkzeug.exceptions import PreconditionFailed, PreconditionRequired

from feedback import clock
from feedback.services.followups import customer_messages, listing, workflow
from feedback.services.followups.customer_messages import CustomerLetter
from feedback.services.followups.listing import FollowUpFilter
from feedback.services.followups.workflow import Closing, Handover
from feedback.services.shapes.customers import Switch
from feedback.services.shapes.follow_ups import (
    EntryOut,
    FollowUpOut,
    WrittenOut,
    follow_up_shape,
    written_shapes,
)
from feedback.services.staff import accounts
from feedback.services.staff.api_keys import Scope
from feedback.store.models import FollowUp
from feedback.web.api import document
from feedback.web.api.answers import answer, tagged, written
from feedback.web.api.gate import Gate, caller
from feedback.web.api.listing import Listed, Sorts, listed
from feedback.web.api.problems import mistaken
from feedback.web.api.scopes import needs, sent_once
from feedback.web.api.shapes import Amount, In, Moment, Name, Number, Short, Words
from feedback.web.auth.permissions import Permission

if TYPE_CHECKING:
    from datetime import datetime

    from feedback.bootstrap import Runtime

_SORTS = Sorts(FollowUp.id, FollowUp.opened_at, opened_at=FollowUp.opened_at)
Work = Callable[[Session, int, "datetime"], object]


class FollowUpsQuery(Listed):
    state: Literal["open", "taken", "snoozed", "closed"] | None = None
    kind: Literal["recovery", "advocacy"] | None = None
    owner: Name | None = Field(None, description="e-mail address of a member of staff")
    account: Name | None = None
    since: Moment | None = Field(None, description="opened at this time or later")
    until: Moment | None = Field(None, description="opened before this time")
    sort: Literal["id", "-id", "opened_at", "-opened_at"] = "id"


class FollowUpId(BaseModel):
    follow_up_id: Number


class FollowUpsPage(document.Page):
    items: list[FollowUpOut]


class NoteIn(In):
    text: Words


class ContactedIn(In):
    """An attempt to contact the customer, which takes an open follow-up."""

    how: Literal["call", "email", "sms", "meeting"]
    reached: Switch
    text: Words = ""


class MessageIn(In):
    """A message to the customer, which takes an open follow-up. `subject` is for an e-mail.

    With `waits`, it is sent when the customer's contact hours begin, if it is outside them now.
    """

    channel: Literal["email", "sms"]
    text: Words
    subject: Name | None = None
    waits: Switch = False


class WrittenList(BaseModel):
    items: list[WrittenOut]


class SnoozeIn(In):
    until: Moment
    reason: Words


class ReassignIn(In):
    to: Name = Field(description="e-mail address of a member of staff")
    reason: Words = ""


class CloseIn(In):
    """`root_cause` is needed for complaints, unless the outcome is no_answer, not_justified or thanked."""

    outcome: Literal[
        "recovered", "saved_by_offer", "churned", "no_answer", "not_justified", "thanked", "other"
    ]
    note: Words
    root_cause: Short | None = Field(None, description="key of a root cause")
    recovered_revenue: Amount | None = None


class NothingIn(In):
    """An empty object."""


def register(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:
    """Add the routes to the API's blueprint."""
    _reading(api, runtime, gate)
    _taking(api, runtime)
    _telling(api, runtime)
    _writing(api, runtime, gate)
    _ending(api, runtime)


def _reading(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:
    @api.get("/follow-ups", summary="Follow-ups", responses={200: FollowUpsPage})
    @needs(Scope.FOLLOW_UPS_READ)
    def list_follow_ups(query: FollowUpsQuery) -> Response:
        gate.note_seen("queue")
        wanted = FollowUpFilter(**query.model_dump(exclude={"limit", "cursor", "sort"}))
        with runtime.database.reading() as session:
            found = listing.follow_ups(caller().viewer, wanted)
            return listed(session, found, query.sort, _SORTS[query.sort], query, _shapes)

    @api.get("/follow-ups/<int:follow_up_id>", summary="A follow-up", responses={200: FollowUpOut})
    @needs(Scope.FOLLOW_UPS_READ)
    def get_follow_up(path: FollowUpId) -> Response:
        gate.note_seen("queue")
        with runtime.database.reading() as session:
            return _one(session, path.follow_up_id)


def _taking(api: APIBlueprint, runtime: Runtime) -> None:
    @api.post("/follow-ups/<int:follow_up_id>/take", summary="Take a follow-up", responses={200: FollowUpOut})
    @needs(Scope.FOLLOW_UPS_WORK)
    def take_follow_up(path: FollowUpId, body: NothingIn) -> Response:  # noqa: ARG001 - checked to be empty
        def work(session: Session, revision: int, now: datetime) -> object:
            return workflow.take(session, path.follow_up_id, caller().viewer, revision=revision, now=now)

        return _changed(runtime, path.follow_up_id, work)

    @api.post(
        "/follow-ups/<int:follow_up_id>/release", summary="Release a follow-up", responses={200: FollowUpOut}
    )
    @needs(Scope.FOLLOW_UPS_WORK)
    def release_follow_up(path: FollowUpId, body: NothingIn) -> Response:  # noqa: ARG001 - checked to be empty
        def work(session: Session, revision: int, now: datetime) -> object:
            return workflow.release(session, path.follow_up_id, caller().viewer, revision=revision, now=now)

        return _changed(runtime, path.follow_up_id, work)

    @api.post(
        "/follow-ups/<int:follow_up_id>/reassign",
        summary="Reassign a follow-up",
        responses={200: FollowUpOut},
    )
    @needs(Scope.FOLLOW_UPS_WORK)
    def reassign_follow_up(path: FollowUpId, body: ReassignIn) -> Response:
        def work(session: Session, revision: int, now: datetime) -> object:
            known = caller()
            receiver = accounts.by_email(session, body.to)
            if receiver is None:
                raise mistaken("/to", "There is no user with this address.")
            assigns = Permission.ASSIGN_FOLLOW_UPS in known.permissions
            handover = Handover(receiver.id, body.reason, assigns)
            return workflow.hand_over(
                session, path.follow_up_id, known.viewer, handover, revision=revision, now=now
            )

        return _changed(runtime, path.follow_up_id, work)


def _telling(api: APIBlueprint, runtime: Runtime) -> None:
    @api.post("/follow-ups/<int:follow_up_id>/notes", summary="Add a note", responses={200: FollowUpOut})
    @needs(Scope.FOLLOW_UPS_WORK)
    def note_follow_up(path: FollowUpId, body: NoteIn) -> Response:
        def work(session: Session, _: int, now: datetime) -> object:
            return workflow.note(session, path.follow_up_id, caller().viewer, body.text, now=now)

        return _changed(runtime, path.follow_up_id, work, only_adds=True)

    @api.post(
        "/follow-ups/<int:follow_up_id>/contacts", summary="Log a contact", responses={200: FollowUpOut}
    )
    @needs(Scope.FOLLOW_UPS_WORK)
    def contact_follow_up(path: FollowUpId, body: ContactedIn) -> Response:
        def work(session: Session, _: int, now: datetime) -> object:
            viewer = caller().viewer
            return workflow.contacted(
                session, path.follow_up_id, viewer, body.how, reached=body.reached, text=body.text, now=now
            )

        return _changed(runtime, path.follow_up_id, work, only_adds=True)


def _writing(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:
    @api.get(
        "/follow-ups/<int:follow_up_id>/messages",
        summary="Messages with the customer",
        responses={200: WrittenList},
    )
    @needs(Scope.FOLLOW_UPS_READ)
    def list_follow_up_messages(path: FollowUpId) -> Response:
        gate.note_seen("queue")
        with runtime.database.reading() as session:
            return _written(session, path.follow_up_id)

    @api.post(
        "/follow-ups/<int:follow_up_id>/messages",
        summary="Write to the customer",
        responses={200: WrittenList},
    )
    @needs(Scope.FOLLOW_UPS_SEND)
    @sent_once
    def message_follow_up(path: FollowUpId, body: MessageIn) -> Response:
        """`Idempotency-Key` is needed, so that the customer gets the message once, also if you get no answer."""
        letter = CustomerLetter(body.channel, body.text, body.subject or "", waits=body.waits)

        def effect(session: Session) -> Response:
            customer_messages.send(session, path.follow_up_id, letter, caller().viewer, runtime, clock.now())
            return _written(session, path.follow_up_id)

        return written(runtime, effect)


def _written(session: Session, follow_up_id: int) -> Response:
    task = workflow.find(session, follow_up_id, caller().viewer)
    thread = customer_messages.thread(session, task)
    shapes = written_shapes(thread.messages.values(), thread.replies.values())
    return answer(WrittenList(items=shapes))


def _ending(api: APIBlueprint, runtime: Runtime) -> None:
    @api.post(
        "/follow-ups/<int:follow_up_id>/snooze", summary="Snooze a follow-up", responses={200: FollowUpOut}
    )
    @needs(Scope.FOLLOW_UPS_WORK)
    def snooze_follow_up(path: FollowUpId, body: SnoozeIn) -> Response:
        def work(session: Session, revision: int, now: datetime) -> object:
            viewer = caller().viewer
            return workflow.snooze(
                session, path.follow_up_id, viewer, body.until, body.reason, revision=revision, now=now
            )

        return _changed(runtime, path.follow_up_id, work)

    @api.post(
        "/follow-ups/<int:follow_up_id>/close", summary="Close a follow-up", responses={200: FollowUpOut}
    )
    @needs(Scope.FOLLOW_UPS_WORK)
    def close_follow_up(path: FollowUpId, body: CloseIn) -> Response:
        closing = Closing(body.outcome, body.note, body.root_cause, body.recovered_revenue)

        def work(session: Session, revision: int, now: datetime) -> object:
            viewer = caller().viewer
            return workflow.close(session, path.follow_up_id, viewer, closing, revision=revision, now=now)

        return _changed(runtime, path.follow_up_id, work)

    @api.post(
        "/follow-ups/<int:follow_up_id>/reopen", summary="Reopen a follow-up", responses={200: FollowUpOut}
    )
    @needs(Scope.FOLLOW_UPS_WORK)
    def reopen_follow_up(path: FollowUpId, body: NothingIn) -> Response:  # noqa: ARG001 - checked to be empty
        def work(session: Session, revision: int, now: datetime) -> object:
            return workflow.reopen(session, path.follow_up_id, caller().viewer, revision=revision, now=now)

        return _changed(runtime, path.follow_up_id, work)


def _changed(runtime: Runtime, follow_up_id: int, work: Work, *, only_adds: bool = False) -> Response:
    """Do something with a follow-up. `If-Match` is needed, unless the change only adds something.

    Raises PreconditionRequired or PreconditionFailed.
    """

    def effect(session: Session) -> Response:
        revision = 0 if only_adds else _seen(session, follow_up_id)
        work(session, revision, clock.now())
        session.expire_all()
        return _one(session, follow_up_id)

    return written(runtime, effect)


def _seen(session: Session, follow_up_id: int) -> int:
    """The present revision, if `If-Match` names it."""
    present = workflow.find(session, follow_up_id, caller().viewer).revision
    if "If-Match" not in request.headers:
        raise PreconditionRequired(
            "Send If-Match with the ETag that you read: others work on follow-ups, too."
        )
    if str(present) not in request.if_match:
        raise PreconditionFailed("Read it again: it has changed since you read it.")
    return present


def _one(session: Session, follow_up_id: int) -> Response:
    task = workflow.find(session, follow_up_id, caller().viewer)
    entries = [
        EntryOut(
            at=each.at,
            user=each.user.email if each.user else None,
            kind=each.kind,
            text=each.text,
            detail=each.detail,
        )
        for each in task.entries
    ]
    return tagged(answer(follow_up_shape(task, entries)), str(task.revision))


def _shapes(rows: Sequence[FollowUp]) -> Iterator[FollowUpOut]:
    return map(follow_up_shape, rows)
