"""The pages of an import."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from wtforms import FileField, Form, SelectField

from feedback import clock
from feedback.core.text import spreadsheet
from feedback.errors import Conflict, ImportRefused, NotFound, Rejected
from feedback.i18n import _
from feedback.services.customers.fields import BASES
from feedback.services.imports import menus, runs
from feedback.services.imports.answers import runs as past_answers
from feedback.services.imports.menus import Chosen
from feedback.services.staff import accounts
from feedback.store.models import ImportRun
from feedback.web.auth.permissions import Permission, may
from feedback.web.http.locale import say, zone
from feedback.web.http.numbers import whole
from feedback.web.imports import past_choices
from feedback.web.wording import customer_wording, message_wording

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

KINDS = {
    "contacts": _("Contacts, with their accounts"),
    "accounts": _("Accounts"),
    "events": _("Events"),
    "answers": _("Past answers from another survey tool"),
}
STATES = {
    "uploaded": _("uploaded"),
    "checking": _("checking"),
    "checked": _("checked, not imported"),
    "importing": _("importing"),
    "running": _("importing in a terminal"),
    "done": _("imported"),
    "undoing": _("undoing"),
    "undone": _("undone"),
    "failed": _("cannot be read"),
}
BUSY = {
    "checking": _("The file is being checked. Nothing is stored."),
    "importing": _("The file is being imported. You can leave this page."),
    "undoing": _("The import is being undone. You can leave this page."),
}
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1254": _("Windows, Turkish (1254)"),
    "cp1252": _("Windows, western (1252)"),
    "cp1256": _("Windows, Arabic and Persian (1256)"),
    "latin-1": "ISO 8859-1",
}
DELIMITERS = {",": _("comma"), ";": _("semicolon"), "\t": _("tab"), "|": _("bar")}
DATES = {
    "": _("as the file shows"),
    "day-first": _("day first: 31/3/2026"),
    "month-first": _("month first: 3/31/2026"),
}
DECIMALS = {"": _("as the file shows"), ",": _("comma: 1.234,50"), ".": _("point: 1,234.50")}
IDS = {
    "contact.external_id": _("What identifies a contact"),
    "account.external_id": _("What identifies an account"),
    "event.key": _("What identifies an event"),
}
SECONDS = 2
"""Between two looks at a worker's progress."""


class UploadForm(Form):
    """The kind of customers, and the file."""

    kind = SelectField(choices=[(key, key) for key in KINDS])
    file = FileField()


class Imports:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.database = runtime.database
        self.settings = runtime.settings

    @may(Permission.MANAGE_CUSTOMERS)
    def index(self) -> ResponseReturnValue:
        return self._index()

    @may(Permission.MANAGE_CUSTOMERS)
    def upload(self) -> ResponseReturnValue:
        form = UploadForm(request.form)
        file = request.files.get("file")
        if not form.validate() or file is None or not file.filename:
            return self._index(say().gettext("Choose a file.")), 422
        kind = next(each for each in runs.KINDS if each == form.kind.data)
        about = {"by": current_user.id, "now": clock.now()}
        try:
            if kind == "answers":
                made = past_answers.upload(self.database, file.filename, file.stream, self.runtime, **about)
            else:
                made = runs.upload(self.database, kind, file.filename, file.stream, self.settings, **about)
        except ImportRefused as refused:
            return self._index(in_words(str(refused))), 422
        return redirect(url_for("imports.show", import_id=made), 303)

    @may(Permission.MANAGE_CUSTOMERS)
    def show(self, import_id: int) -> ResponseReturnValue:
        return self._page(import_id)

    @may(Permission.MANAGE_CUSTOMERS)
    def layout(self, import_id: int) -> ResponseReturnValue:
        form = request.form
        line = form.get("header", "", type=str)
        above = whole(line) - 1 if line.isdigit() and 0 < int(line[:6]) <= 51 else None
        layout = (form.get("encoding", ""), form.get("delimiter", ""), above)
        if self._kind(import_id) == "answers":
            chosen = past_choices.layout(form, above)
            return self._act(
                import_id, lambda: past_answers.choose(self.database, import_id, chosen, self.runtime)
            )
        return self._act(
            import_id, lambda: runs.choose_layout(self.database, import_id, layout, self.settings)
        )

    @may(Permission.MANAGE_CUSTOMERS)
    def check(self, import_id: int) -> ResponseReturnValue:
        chosen = _chosen()
        if self._kind(import_id) == "answers":
            return self._act(
                import_id, lambda: past_answers.check(self.database, import_id, chosen, self.runtime)
            )
        return self._act(import_id, lambda: runs.check(self.database, import_id, chosen, self.settings))

    @may(Permission.MANAGE_CUSTOMERS)
    def begin(self, import_id: int) -> ResponseReturnValue:
        def act() -> None:
            with self.database.writing() as session:
                runs.begin(session, import_id, now=clock.now())

        return self._act(import_id, act)

    @may(Permission.MANAGE_CUSTOMERS)
    def undo(self, import_id: int) -> ResponseReturnValue:
        def act() -> None:
            with self.database.writing() as session:
                runs.undo(session, import_id)

        return self._act(import_id, act)

    @may(Permission.MANAGE_CUSTOMERS)
    def forget(self, import_id: int) -> ResponseReturnValue:
        with self.database.writing() as session:
            runs.forget(session, import_id)
        flash(say().gettext("The file was deleted. Nothing was imported."), "success")
        return redirect(url_for("imports.index"), 303)

    @may(Permission.MANAGE_CUSTOMERS)
    def refused(self, import_id: int) -> ResponseReturnValue:
        """The refused rows with their reasons, to be fixed and uploaded again."""
        with self.database.reading() as session:
            run = runs.find(session, import_id)
            session.expunge(run)
        rows = runs.refused_rows(self.database, run, self.settings)
        header = next(rows)
        headers = {"Content-Disposition": f'attachment; filename="refused-{import_id}.csv"'}
        return Response(_as_csv(header, rows), mimetype="text/csv", headers=headers)

    def _kind(self, import_id: int) -> str:
        with self.database.reading() as session:
            return runs.find(session, import_id).kind

    def _act(self, import_id: int, action: Any) -> ResponseReturnValue:
        """Run an action and show the import; what was refused is said on the page."""
        try:
            action()
        except (ImportRefused, Rejected) as refused:
            return self._page(import_id, [in_words(line) for line in str(refused).split("\n")]), 422
        except Conflict as refused:
            flash(in_words(str(refused)), "error")
        return redirect(url_for("imports.show", import_id=import_id), 303)

    def _index(self, refused: str = "") -> str:
        with self.database.reading() as session:
            return render_template(
                "imports/index.html",
                imports=runs.latest(session),
                people={each.id: each.name for each in accounts.everybody(session)},
                kinds=KINDS,
                states=STATES,
                refused=refused,
                largest=runs.LARGEST // 1024 // 1024,
                chosen_kind=request.form.get("kind", "contacts"),
            )

    def _page(self, import_id: int, refused: Sequence[str] = ()) -> str:
        with self.database.reading() as session:
            run = runs.find(session, import_id)
            undoable = runs.can_be_undone(session, run)
            session.expunge(run)
        frame = {
            "run": run, "kinds": KINDS, "states": STATES, "busy": BUSY, "refused": refused, "in_words": in_words,
            "unasked": _unasked(run), "past": past_choices.report(run, self.runtime),
            "undoable": undoable, "seconds": SECONDS, "wording": customer_wording, "zone_of_days": zone(),
            "shown": runs.first_refusals(run.report), "left_out": runs.first_refusals(run.report, "left_out"),
        }  # fmt: skip
        if run.state in runs.WAITING or run.began_at is not None:
            return render_template("imports/progress.html", **frame)
        return render_template("imports/columns.html", **frame, **self._columns(run))

    def _columns(self, run: ImportRun) -> dict[str, Any]:
        """The columns of the file with their menus; without them if the file cannot be read as it was chosen."""
        chosen = menus.from_json(run.chosen)
        kind = next(each for each in runs.KINDS if each == run.kind)
        found: dict[str, Any] = {
            "chosen": chosen, "targets": menus.TARGETS[kind], "ids": {each: IDS[each] for each in menus.IDS[kind]},
            "encodings": ENCODINGS, "delimiters": DELIMITERS, "dates": DATES, "decimals": DECIMALS,
            "bases": {each: customer_wording.BASES[each] for each in BASES},
            "columns": [], "above": 0, "first": [], "unreadable": "",
        }  # fmt: skip
        try:
            if kind == "answers":
                return {**found, **past_choices.page(self.database, run, self.runtime)}
            columns, shape, first = runs.columns(self.database, run, self.settings)
        except (ImportRefused, NotFound) as error:
            return {**found, "unreadable": in_words(str(error))}
        return {**found, "columns": columns, "above": shape.above, "first": first}


def _unasked(run: ImportRun) -> list[tuple[str, int]]:
    """Why contacts of the file cannot be asked, in words, and how many."""
    found = run.report.get("unasked") or {}
    return [(say().gettext(message_wording.OBSTACLES[reason]), number) for reason, number in found.items()]


def in_words(sentence: str) -> str:
    """A sentence of the import in the reader's language, as far as its catalogue knows it."""
    return say().gettext(sentence)


def _chosen() -> Chosen:
    """The choices of the form; what no menu offers is dropped by `menus.mapping`."""
    form = request.form
    targets = {
        n: form[f"column-{n}"]
        for n in range(menus.MOST_COLUMNS)
        if form.get(f"column-{n}") and len(form[f"column-{n}"]) < 64
    }
    ids = {name: form.get(name, type=whole) for name in IDS if form.get(name)}
    return Chosen(
        targets=targets,
        ids={name: number for name, number in ids.items() if number is not None},
        basis=form.get("basis", "") if form.get("basis") in BASES else "",
        event=form.get("event", "").strip()[:64],
        dates=form.get("dates", "") if form.get("dates") in DATES else "",
        decimal=form.get("decimal", "") if form.get("decimal") in DECIMALS else "",
        create_owners=form.get("create_owners") == "1",
        wording=form.get("wording", "").strip()[: past_choices.LONGEST_WORDING],
        add_people=form.get("add_people") == "1",
    )


def _as_csv(header: Sequence[str], rows: Iterator[list[str]]) -> Iterator[bytes]:
    """The rows as CSV in UTF-8 with a byte order mark, harmless for spreadsheets, row by row."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    yield b"\xef\xbb\xbf"
    for row in (header, *rows):
        writer.writerow([spreadsheet.harmless(cell) for cell in row])
        yield out.getvalue().encode()
        out.seek(0)
        out.truncate()
