"""Doors: set up, tried and looked after by a program."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from feedback import clock
from feedback.core.lifecycle import ArrivalState
from feedback.services.doors import arrivals, bodies, mapping, processing, recipes, setting_up
from feedback.services.doors.setting_up import DoorDraft, SetupInvalid
from feedback.services.staff.api_keys import Scope
from feedback.store.models import Door, DoorArrival
from feedback.store.portions import SHORT_REST, Portions
from feedback.web.api import document
from feedback.web.api.answers import answer, check_match, tagged, written
from feedback.web.api.gate import Gate, caller
from feedback.web.api.listing import Listed, Sorts, listed
from feedback.web.api.problems import UnacceptableError
from feedback.web.api.resources.follow_ups import NothingIn
from feedback.web.api.scopes import needs
from feedback.web.api.shapes import In, Mistake, Name, Number

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

_SORTS = Sorts(Door.id)
_ARRIVAL_SORTS = Sorts(DoorArrival.id)
Setup = Annotated[str, Field(strict=True, min_length=1, max_length=mapping.LONGEST)]
Secret = Annotated[str, Field(strict=True, max_length=setting_up.LONGEST_SECRET)]


class DoorsQuery(Listed):
    sort: Literal["id", "-id"] = "id"


class ArrivalsQuery(Listed):
    state: ArrivalState | None = Field(None, strict=False)
    sort: Literal["id", "-id"] = "-id"


class DoorId(BaseModel):
    door_id: Number


class ArrivalId(DoorId):
    arrival_id: Number


class DoorChangeIn(In):
    title: Annotated[Name, Field(max_length=setting_up.LONGEST_TITLE)] = Field(
        description="of the system that calls"
    )
    setup: Setup = Field(description="YAML: how calls are checked, and what is taken from a body")


class DoorIn(In):
    """Without `setup`, that of the recipe is used. Without `secret`, one is made, which is only in this answer."""

    title: Annotated[Name, Field(max_length=setting_up.LONGEST_TITLE)] = Field(
        description="of the system that calls"
    )
    name: Annotated[str, Field(strict=True, pattern=r"^[a-z][a-z0-9-]{1,39}$")] = Field(
        description="the end of the address; it cannot be changed later"
    )
    setup: Setup | None = Field(
        None, description="YAML: how calls are checked, and what is taken from a body"
    )
    recipe: Annotated[str, Field(strict=True, max_length=64)] | None = Field(
        None, description=f"one of {', '.join(recipes.every())}"
    )
    secret: Secret = ""


class DoorSecretIn(In):
    """The secret of the other system. If it is empty, one is made, which is only in the answer."""

    secret: Secret = ""


class DoorTrialIn(In):
    """A body as the other system sends it; without `setup`, the door's own is tried."""

    body: Annotated[str, Field(strict=True, max_length=60_000)]
    setup: Setup | None = None


class DoorOut(BaseModel):
    """`secret` is only in answers that make one. `refused_calls` are those since the last call that was accepted."""

    id: int
    title: str
    name: str
    path: str
    recipe: str | None
    setup: str
    secret: str | None = None
    paused_at: AwareDatetime | None
    last_arrival_at: AwareDatetime | None
    refused_calls: int
    refused_for: str | None
    created_at: AwareDatetime
    changed_at: AwareDatetime


class DoorEffectOut(BaseModel):
    """Something that was stored: an account, contact, event, usage, or the decision about a survey."""

    what: str
    key: str
    result: str


class DoorPartOut(BaseModel):
    """What one part of a body led to; `seen` is what was taken in before."""

    state: str
    rule: str
    why: str
    did: list[DoorEffectOut]
    notes: list[str]


class ArrivalOut(BaseModel):
    """`body` and `parts` are null in lists, and `body` once a person in it was erased."""

    id: int
    state: str
    received_at: AwareDatetime
    processed_at: AwareDatetime | None
    size: int
    why: str
    body: str | None
    parts: list[DoorPartOut] | None


class DoorTrialOut(BaseModel):
    """What the body would do; nothing was stored. `parts` are the first ones of `count`."""

    state: str
    why: str
    count: int
    parts: list[DoorPartOut]


class ProcessedAgainOut(BaseModel):
    bodies: int


class DoorsPage(document.Page):
    items: list[DoorOut]


class ArrivalsPage(document.Page):
    items: list[ArrivalOut]


def register(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:
    """Add the routes to the API's blueprint."""
    _reading(api, runtime, gate)
    _setting_up(api, runtime)
    _switching(api, runtime)
    _trying(api, runtime)
    _logging(api, runtime, gate)
    _repeating(api, runtime)


def _reading(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:
    @api.get("/doors", summary="Doors", responses={200: DoorsPage})
    @needs(Scope.DOORS_READ)
    def list_doors(query: DoorsQuery) -> Response:
        gate.note_seen(setting_up.SUBJECT)
        with runtime.database.reading() as session:
            return listed(session, select(Door), query.sort, _SORTS[query.sort], query, _shapes)

    @api.get("/doors/<int:door_id>", summary="A door", responses={200: DoorOut})
    @needs(Scope.DOORS_READ)
    def get_door(path: DoorId) -> Response:
        with runtime.database.reading() as session:
            return _one(setting_up.find(session, path.door_id))


def _setting_up(api: APIBlueprint, runtime: Runtime) -> None:
    @api.post("/doors", summary="Make a door", responses={201: DoorOut})
    @needs(Scope.DOORS_WRITE)
    def post_door(body: DoorIn) -> Response:
        recipe = recipes.every().get(body.recipe or "")
        setup = body.setup or (recipe.setup if recipe else "")
        draft = DoorDraft(body.title, body.name, setup, body.recipe)

        def store(session: Session) -> Response:
            row, secret = setting_up.create(
                session, draft, body.secret, by=caller().owner_id, now=clock.now()
            )
            return _one(row, secret, 201)

        return _checked(lambda: written(runtime, store))

    @api.put("/doors/<int:door_id>", summary="Change a door", responses={200: DoorOut})
    @needs(Scope.DOORS_WRITE)
    def put_door(path: DoorId, body: DoorChangeIn) -> Response:
        def store(session: Session) -> Response:
            row = setting_up.find(session, path.door_id)
            check_match(lambda: _one(row))
            draft = DoorDraft(body.title, row.name, body.setup)
            changed = setting_up.change(
                session, path.door_id, draft, edit=row.edit, by=caller().owner_id, now=clock.now()
            )
            return _one(changed)

        return _checked(lambda: written(runtime, store))

    @api.delete("/doors/<int:door_id>", summary="Delete a door", responses={200: DoorOut})
    @needs(Scope.DOORS_WRITE)
    def delete_door(path: DoorId) -> Response:
        """Its log is deleted, too; what was taken in stays. The answer shows what it was."""
        with runtime.database.reading() as session:
            shown = _one(setting_up.find(session, path.door_id))
        setting_up.delete(_portions(runtime), path.door_id, by=caller().owner_id, now=clock.now())
        return shown


def _switching(api: APIBlueprint, runtime: Runtime) -> None:
    def switched(work: Callable[..., Door], door_id: int) -> Response:
        def store(session: Session) -> Response:
            return _one(work(session, door_id, by=caller().owner_id, now=clock.now()))

        return written(runtime, store)

    @api.post("/doors/<int:door_id>/pause", summary="Pause a door", responses={200: DoorOut})
    @needs(Scope.DOORS_WRITE)
    def pause_door(path: DoorId, body: NothingIn) -> Response:  # noqa: ARG001 - checked to be empty
        """What comes is kept and waits."""
        return switched(setting_up.pause, path.door_id)

    @api.post("/doors/<int:door_id>/resume", summary="Resume a door", responses={200: DoorOut})
    @needs(Scope.DOORS_WRITE)
    def resume_door(path: DoorId, body: NothingIn) -> Response:  # noqa: ARG001 - checked to be empty
        """What has waited is taken in by the worker."""
        return switched(setting_up.resume, path.door_id)

    @api.post("/doors/<int:door_id>/secret", summary="Give a door another secret", responses={200: DoorOut})
    @needs(Scope.DOORS_WRITE)
    def post_door_secret(path: DoorId, body: DoorSecretIn) -> Response:
        """For 24 hours the old secret counts as well."""

        def store(session: Session) -> Response:
            by = caller().owner_id
            return _one(
                *setting_up.replace_secret(session, path.door_id, body.secret, by=by, now=clock.now())
            )

        return written(runtime, store)


def _trying(api: APIBlueprint, runtime: Runtime) -> None:
    @api.post("/doors/<int:door_id>/try", summary="What a body would do", responses={200: DoorTrialOut})
    @needs(Scope.DOORS_WRITE)
    def try_door(path: DoorId, body: DoorTrialIn) -> Response:
        """Nothing is stored. The check of a call is not tried."""
        with runtime.database.reading() as session:
            setup = body.setup or setting_up.find(session, path.door_id).setup
        found, problems = mapping.read(setup)
        if found is None:
            raise _mistakes(SetupInvalid(problems))
        tried = processing.trial(
            runtime.database, path.door_id, setup, body.body[: bodies.LARGEST], runtime, clock.now()
        )
        parts = [_part(each.stored()) for each in tried.items]
        return answer(DoorTrialOut(state=str(tried.state), why=tried.why, count=tried.parts, parts=parts))


def _logging(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:
    @api.get(
        "/doors/<int:door_id>/arrivals", summary="What came, the latest first", responses={200: ArrivalsPage}
    )
    @needs(Scope.DOORS_READ)
    def list_arrivals(path: DoorId, query: ArrivalsQuery) -> Response:
        gate.note_seen(setting_up.SUBJECT)
        with runtime.database.reading() as session:
            setting_up.find(session, path.door_id)
            found = select(DoorArrival).where(DoorArrival.door_id == path.door_id)
            if query.state is not None:
                found = found.where(DoorArrival.state == query.state)
            found = found.options(defer(DoorArrival.body))

            def shapes(rows: Sequence[DoorArrival]) -> Iterator[ArrivalOut]:
                return (_arrival(row) for row in rows)

            return listed(session, found, query.sort, _ARRIVAL_SORTS[query.sort], query, shapes)

    @api.get(
        "/doors/<int:door_id>/arrivals/<int:arrival_id>",
        summary="What came, with its body and what it did",
        responses={200: ArrivalOut},
    )
    @needs(Scope.DOORS_READ)
    def get_arrival(path: ArrivalId) -> Response:
        gate.note_seen(setting_up.SUBJECT)
        with runtime.database.reading() as session:
            return answer(_arrival(arrivals.one(session, path.door_id, path.arrival_id), whole=True))

    @api.delete(
        "/doors/<int:door_id>/arrivals/<int:arrival_id>",
        summary="Delete an entry of the log",
        responses={200: ArrivalOut},
    )
    @needs(Scope.DOORS_WRITE)
    def delete_arrival(path: ArrivalId) -> Response:
        """The answer shows what it was."""

        def remove(session: Session) -> Response:
            shown = answer(_arrival(arrivals.one(session, path.door_id, path.arrival_id), whole=True))
            by, now = caller().owner_id, clock.now()
            arrivals.delete(session, path.door_id, path.arrival_id, by=by, now=now)
            return shown

        return written(runtime, remove)


def _repeating(api: APIBlueprint, runtime: Runtime) -> None:
    @api.post(
        "/doors/<int:door_id>/arrivals/<int:arrival_id>/process",
        summary="Process a body again",
        responses={200: ArrivalOut},
    )
    @needs(Scope.DOORS_WRITE)
    def process_arrival(path: ArrivalId, body: NothingIn) -> Response:  # noqa: ARG001 - checked to be empty
        """The worker does it within seconds. What was taken in before is not taken in twice."""

        def again(session: Session) -> Response:
            by, now = caller().owner_id, clock.now()
            return answer(
                _arrival(arrivals.again(session, path.door_id, path.arrival_id, by=by, now=now), whole=True)
            )

        return written(runtime, again)

    @api.post(
        "/doors/<int:door_id>/process",
        summary="Process all bodies again that could not be taken in",
        responses={200: ProcessedAgainOut},
    )
    @needs(Scope.DOORS_WRITE)
    def process_door(path: DoorId, body: NothingIn) -> Response:  # noqa: ARG001 - checked to be empty
        number = arrivals.all_again(_portions(runtime), path.door_id, by=caller().owner_id, now=clock.now())
        return answer(ProcessedAgainOut(bodies=number))


def _checked(work: Callable[[], Response]) -> Response:
    try:
        return work()
    except SetupInvalid as error:
        raise _mistakes(error) from None


def _mistakes(error: SetupInvalid) -> UnacceptableError:
    """Every mistake of a set-up, with its line."""
    return UnacceptableError(
        [Mistake(pointer="/setup", detail=f"Line {each.line}: {each.message}") for each in error.problems]
    )


def _portions(runtime: Runtime) -> Portions:
    return Portions(runtime.database, resting=SHORT_REST)


def _shapes(rows: Sequence[Door]) -> Iterator[DoorOut]:
    return (_shape(row) for row in rows)


def _one(row: Door, secret: str | None = None, status: int = 200) -> Response:
    """A door, with the tag of its version."""
    return tagged(answer(_shape(row, secret), status), str(row.edit))


def _shape(row: Door, secret: str | None = None) -> DoorOut:
    return DoorOut(
        id=row.id,
        title=row.title,
        name=row.name,
        path=f"/hooks/in/{row.name}",
        recipe=row.recipe,
        setup=row.setup,
        secret=secret,
        paused_at=row.paused_at,
        last_arrival_at=row.last_arrival_at,
        refused_calls=row.refused_calls,
        refused_for=row.refused_for,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def _arrival(row: DoorArrival, *, whole: bool = False) -> ArrivalOut:
    outcome: dict[str, Any] = row.outcome or {}
    return ArrivalOut(
        id=row.id,
        state=str(row.state),
        received_at=row.received_at,
        processed_at=row.processed_at,
        size=row.size,
        why=outcome.get("why", ""),
        body=row.body if whole else None,
        parts=[_part(each) for each in outcome.get("items", ())] if whole else None,
    )


def _part(stored: dict[str, Any]) -> DoorPartOut:
    did = [DoorEffectOut(what=what, key=key, result=result) for what, key, result in stored["did"]]
    return DoorPartOut(
        state=stored["state"], rule=stored["rule"], why=stored["why"], did=did, notes=stored["notes"]
    )
