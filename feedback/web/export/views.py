"""The page of exports: ask for a file, see which are being made, download and delete them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any

from flask import Blueprint, Response, flash, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from feedback import clock
from feedback.core.time.local_days import day_of
from feedback.core.time.period import Period
from feedback.errors import Conflict, Rejected
from feedback.i18n import LANGUAGES, _, language_name
from feedback.services import exports, reports
from feedback.services.exports import ExportRequest, jobs
from feedback.services.exports.formats.parquet import is_available
from feedback.services.reports import Survey
from feedback.services.staff import accounts
from feedback.store.models import ExportRun
from feedback.web.auth.permissions import Permission, may, viewer
from feedback.web.http.locale import say
from feedback.web.http.numbers import day
from feedback.web.http.routes import blueprint_of, get, post

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

FORMATS = {
    "xlsx": _("Excel (.xlsx)"),
    "csv": _("CSV"),
    "sav": _("SPSS (.sav)"),
    "dta": _("Stata (.dta)"),
    "parquet": _("Parquet, for Python, R and databases"),
    "codebook": _("Codebook: what the columns mean (CSV)"),
}
ROWS = {"responses": _("One row per response"), "answers": _("One row per answer")}
STATES = {
    "waiting": _("waiting"),
    "running": _("being made"),
    "done": _("ready"),
    "failed": _("failed"),
    "erased": _("deleted, because a person was erased"),
}
FILTERS = ("segment", "stage", "channel", "language")
SECONDS = 5
"""Between two looks at a file that is being made."""
SHOWN = 50
PIECE = 1 << 16


def blueprint(runtime: Runtime) -> Blueprint:
    views = ExportViews(runtime)
    return blueprint_of(
        "exports",
        get("/", views.index),
        post("/", views.make),
        get("/<int:export_id>/file", views.file),
        post("/<int:export_id>/delete", views.remove),
    )


class ExportViews:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.database = runtime.database

    @may(Permission.EXPORT)
    def index(self) -> ResponseReturnValue:
        return self._page()

    @may(Permission.EXPORT)
    def make(self) -> ResponseReturnValue:
        """Give out a small file at once; let a worker make a large one."""
        who, library = viewer(), self.runtime.library
        try:
            wanted = self._wanted()
            with self.database.reading() as session:
                few = exports.responses_of(session, library, who, wanted) <= jobs.SMALL
            if few or wanted.format == "codebook":
                return self._at_once(wanted)
            with self.database.writing() as session:
                jobs.queue(session, wanted, who, str(self._today()), clock.now())
        except (Rejected, Conflict) as refused:
            return self._page(say().gettext(str(refused))), 422
        flash(say().gettext("The file is being made. You can leave this page."), "success")
        return redirect(url_for("exports.index"), 303)

    @may(Permission.EXPORT)
    def file(self, export_id: int) -> ResponseReturnValue:
        with self.database.writing() as session:
            row = jobs.take(session, viewer(), export_id, clock.now())
        return attachment(stream_with_context(jobs.pieces(self.database, row)), row)

    @may(Permission.EXPORT)
    def remove(self, export_id: int) -> ResponseReturnValue:
        jobs.remove(self.database, viewer(), export_id, clock.now())
        flash(say().gettext("The export was deleted."), "success")
        return redirect(url_for("exports.index"), 303)

    def _wanted(self) -> ExportRequest:
        """What the form asks for. Raises Rejected."""
        form = request.form
        try:
            period = Period(day(form.get("from", "")), day(form.get("to", "")))
        except ValueError:
            raise Rejected(_("Choose a first day that is not after the last day.")) from None
        first, after = period.moments(self.database.zone)
        given: dict[str, Any] = {name: form.get(name) or None for name in FILTERS}
        return ExportRequest(
            form.get("survey", ""),
            exports.known_format(form.get("format", "")),
            exports.known_rows(form.get("rows", "responses")),
            form.get("labels", say().language)[:16],
            first,
            after,
            given["segment"],
            given["stage"],
            given["channel"],
            given["language"],
        )

    def _at_once(self, wanted: ExportRequest) -> Response:
        """The file, made now. Raises Rejected if the format has no room for it."""
        with TemporaryDirectory(prefix=jobs.FOLDER) as folder:
            path = Path(folder) / "file"
            with self.database.reading() as session:
                exports.make(session, self.runtime.library, viewer(), wanted, path)
            content = path.open("rb")  # can be read until it is closed, also after its name is gone
        with self.database.writing() as session:
            exports.note(session, wanted, by=current_user.id, now=clock.now())
        name = exports.file_name(wanted, str(self._today()))
        response = Response(_pieces(content), mimetype=wanted.media_type)
        response.call_on_close(content.close)
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def _page(self, refused: str = "") -> str:
        with self.database.reading() as session:
            known = reports.surveys(session, self.runtime.library)
            rows = jobs.latest(session, viewer(), SHOWN)
            people = {each.id: each.name for each in accounts.everybody(session)}
            return render_template(
                "export/index.html", known=known, rows=[_listed(each, known) for each in rows], people=people,
                formats=FORMATS, kinds=ROWS, states=STATES, refused=refused, given=self._given(known),
                has_parquet=is_available(), busy=any(each.state in jobs.WAITING for each in rows), seconds=SECONDS,
                languages=LANGUAGES["survey"], language_name=language_name, filters=FILTERS, kept=jobs.KEPT.days,
            )  # fmt: skip

    def _given(self, known: list[Survey]) -> dict[str, str]:
        """What the form shows: what was chosen last, or came with the address, or is usual."""
        args, today = request.values, self._today()
        usual = {
            "from": str(Period(today, today).before().start.replace(day=1)),
            "to": str(today),
            "survey": known[0].trend if known else "",
            "format": "xlsx",
            "rows": "responses",
            "labels": say().language,
        }
        return {**usual, **{name: args[name] for name in (*usual, *FILTERS) if args.get(name)}}

    def _today(self) -> date:
        return day_of(clock.now(), self.database.zone)


def _listed(row: ExportRun, known: list[Survey]) -> dict[str, Any]:
    """An export with what was asked for."""
    wanted = ExportRequest.from_stored(row.request)
    title = next(
        (each.title.to(say().language) for each in known if each.trend == wanted.survey), wanted.survey
    )
    return {
        "row": row,
        "wanted": wanted,
        "title": title,
        "last": wanted.until and wanted.until - timedelta(seconds=1),
    }


def _pieces(content: IO[bytes]) -> Iterator[bytes]:
    with content:
        yield from iter(lambda: content.read(PIECE), b"")


def attachment(content: Any, row: ExportRun) -> Response:
    """The file of an export."""
    wanted = ExportRequest.from_stored(row.request)
    headers = {"Content-Disposition": f'attachment; filename="{row.name}"', "Content-Length": str(row.size)}
    return Response(content, mimetype=wanted.media_type, headers=headers)
