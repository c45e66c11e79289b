"""Exports as jobs: ask for a file of responses, wait until it is made, download it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from flask import Response, stream_with_context
from flask_openapi3.blueprint import APIBlueprint
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy.orm import Session

from feedback import clock
from feedback.core.time.local_days import day_of
from feedback.errors import NotFound
from feedback.services import exports
from feedback.services.exports import FORMATS, ExportRequest, jobs
from feedback.services.exports.selection import FileFormat, RowKind
from feedback.services.staff.api_keys import Scope
from feedback.store.models import ExportRun
from feedback.web.api import document
from feedback.web.api.answers import answer, written
from feedback.web.api.gate import Gate, caller
from feedback.web.api.listing import Listed, Sorts, listed
from feedback.web.api.problems import mistaken
from feedback.web.api.scopes import needs
from feedback.web.api.shapes import In, Moment, Number, Short

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

_SORTS = Sorts(ExportRun.id, ExportRun.created_at)
State = Literal["waiting", "running", "done", "failed", "erased"]
_FILE = {
    "description": "The file.",
    "content": {media: {"schema": {"type": "string", "format": "binary"}} for media in set(FORMATS.values())},
}


class ExportsQuery(Listed):
    state: State | None = None
    sort: Literal["id", "-id"] = "-id"


class ExportId(BaseModel):
    export_id: Number


class ExportIn(In):
    """Responses to one survey as a file. A codebook says what the columns of the other formats mean."""

    survey: Short = Field(description="key of the questionnaire, or its trend if it has one")
    format: FileFormat = "csv"
    rows: RowKind = Field("responses", description="what each row is")
    labels: Short = Field("en", description="language of the labels")
    since: Moment | None = Field(None, description="answered at this time or later")
    until: Moment | None = Field(None, description="answered before this time")
    segment: Short | None = None
    stage: Short | None = None
    channel: Short | None = None
    language: Short | None = Field(None, description="in which it was answered")


class ExportOut(BaseModel):
    """`state` is waiting, running, done, failed (`problem` says why) or erased (the file was deleted because a person
    was erased). `size` is in bytes. The file is deleted at `expires_at`."""

    id: int
    state: State
    survey: str
    format: str
    rows: str
    labels: str
    since: AwareDatetime | None
    until: AwareDatetime | None
    segment: str | None
    stage: str | None
    channel: str | None
    language: str | None
    name: str
    count: int = Field(description="rows of the file")
    size: int
    problem: str | None
    created_at: AwareDatetime
    ended_at: AwareDatetime | None
    expires_at: AwareDatetime


class ExportsPage(document.Page):
    items: list[ExportOut]


def register(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:
    """Add the routes to the API's blueprint."""
    _reading(api, runtime, gate)
    _asking(api, runtime)


def _reading(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:
    @api.get("/exports", summary="Exports", responses={200: ExportsPage})
    @needs(Scope.EXPORTS_READ)
    def list_exports(query: ExportsQuery) -> Response:
        gate.note_seen("exports")
        wanted = jobs.visible(caller().viewer)
        wanted = wanted if query.state is None else wanted.where(ExportRun.state == query.state)
        with runtime.database.reading() as session:
            return listed(session, wanted, query.sort, _SORTS[query.sort], query, _shapes)

    @api.get("/exports/<int:export_id>", summary="An export", responses={200: ExportOut})
    @needs(Scope.EXPORTS_READ)
    def get_export(path: ExportId) -> Response:
        with runtime.database.reading() as session:
            return answer(_shape(jobs.find(session, caller().viewer, path.export_id)))

    @api.get("/exports/<int:export_id>/file", summary="The file of an export", responses={200: _FILE})
    @needs(Scope.EXPORTS_READ)
    def get_export_file(path: ExportId) -> Response:
        """409 while it is being made, 410 once it was deleted."""
        with runtime.database.writing() as session:
            row = jobs.take(session, caller().viewer, path.export_id, clock.now())
        headers = {
            "Content-Disposition": f'attachment; filename="{row.name}"',
            "Content-Length": str(row.size),
        }
        media = ExportRequest.from_stored(row.request).media_type
        content = stream_with_context(jobs.pieces(runtime.database, row))
        return Response(content, mimetype=media, headers=headers)


def _asking(api: APIBlueprint, runtime: Runtime) -> None:
    @api.post("/exports", summary="Export responses", responses={201: ExportOut})
    @needs(Scope.EXPORTS_WRITE)
    def post_export(body: ExportIn) -> Response:
        """A worker makes the file. Ask for it with GET until `state` is done or failed."""
        if body.since and body.until and body.since >= body.until:
            raise mistaken("/until", "Choose a time after `since`.")
        wanted = _request(body)

        def store(session: Session) -> Response:
            try:
                exports.find_survey(session, runtime.library, wanted)
            except NotFound as unknown:
                raise mistaken("/survey", str(unknown)) from None
            now = clock.now()
            day = day_of(now, runtime.database.zone)
            return answer(_shape(jobs.queue(session, wanted, caller().viewer, str(day), now)), 201)

        return written(runtime, store)

    @api.delete("/exports/<int:export_id>", summary="Delete an export", responses={200: ExportOut})
    @needs(Scope.EXPORTS_WRITE)
    def delete_export(path: ExportId) -> Response:
        """Its file is deleted, too; one that is being made is stopped. The answer shows what it was."""
        with runtime.database.reading() as session:
            shown = answer(_shape(jobs.find(session, caller().viewer, path.export_id)))
        jobs.remove(runtime.database, caller().viewer, path.export_id, clock.now())
        return shown


def _request(body: ExportIn) -> ExportRequest:
    return ExportRequest(
        body.survey,
        body.format,
        body.rows,
        body.labels,
        body.since,
        body.until,
        body.segment,
        body.stage,
        body.channel,
        body.language,
    )


def _shapes(rows: Sequence[ExportRun]) -> Iterator[ExportOut]:
    return (_shape(row) for row in rows)


def _shape(row: ExportRun) -> ExportOut:
    wanted = ExportRequest.from_stored(row.request)
    asked = {name: getattr(wanted, name) for name in ("survey", "format", "rows", "since", "until")}
    filters = {name: getattr(wanted, name) for name in ("segment", "stage", "channel")}
    facts = ("id", "state", "name", "size", "problem", "created_at", "ended_at", "expires_at")
    return ExportOut(
        labels=wanted.language,
        language=wanted.answered_in,
        count=row.rows,
        **asked,
        **filters,
        **{name: getattr(row, name) for name in facts},
    )
