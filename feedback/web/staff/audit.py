"""The audit log page. Viewing and exporting it are recorded as well."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy import Row

from feedback import clock
from feedback.errors import Rejected
from feedback.services import audit
from feedback.services.audit import AuditFilter
from feedback.services.staff import accounts
from feedback.store.models import AuditEntry, User
from feedback.web.auth.access_log import note_seen
from feedback.web.auth.permissions import Permission, allows, may
from feedback.web.export import download
from feedback.web.export.tables import Column, Table
from feedback.web.http.locale import say, zone
from feedback.web.http.numbers import day, whole
from feedback.web.http.routes import blueprint_of, get
from feedback.web.wording import followup_wording

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

PAGE = 100
MOST = 100_000
"""Maximum entries per export. More is refused, because an incomplete file would be no evidence."""


def blueprint(runtime: Runtime) -> Blueprint:
    views = Audit(runtime)
    return blueprint_of(
        "audit",
        get("/", views.index),
        get("/entries.<kind>", views.export),
    )


class Audit:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database

    @may(Permission.SEE_AUDIT)
    def index(self) -> ResponseReturnValue:
        wanted = _wanted()
        note_seen(self.database, "audit")
        with self.database.reading() as session:
            rows = audit.search(session, wanted, PAGE + 1)
            return render_template(
                "staff/audit.html",
                rows=rows[:PAGE],
                names=audit.names(session, (entry for entry, _ in rows)),
                older=_address("index", before=rows[PAGE - 1][0].id) if len(rows) > PAGE else None,
                files={kind: _address("export", kind=kind, before=None) for kind in download.KINDS},
                may_export=allows(Permission.EXPORT_AUDIT),
                wanted=wanted,
                people=accounts.everybody(session),
                subjects=audit.subjects(session),
                reasons=followup_wording,
                SYSTEM=audit.SYSTEM,
            )

    @may(Permission.EXPORT_AUDIT)
    def export(self, kind: str) -> ResponseReturnValue:
        """All entries that match the page's filters, the latest first."""
        now, wanted = clock.now(), _wanted()
        download.known(kind)
        with self.database.writing() as session:
            rows = audit.search(session, wanted, MOST + 1)
            if len(rows) > MOST:
                raise Rejected("Choose fewer days: this export has too many entries for one file.")
            audit.record(
                session, "exported", "audit", None, by=current_user.id, now=now, file=kind, entries=len(rows)
            )
            return download.download(_table(rows), kind, f"audit-{now.astimezone(zone()).date()}")


def _table(rows: Iterable[Row[AuditEntry, User]]) -> Table:
    """The entries in words, with time and key in a form that is the same in every time zone and language."""
    _ = say().gettext
    heads = (
        *(Column(_("Time"), "moment"), Column("UTC"), Column(_("User")), Column(_("E-mail"))),
        *(Column(_("Action")), Column(_("Item")), Column(_("Item ID"), "count")),
        *(Column(_("Key")), Column(_("Details"), "words")),
    )
    entries = [
        (
            entry.at.astimezone(zone()).replace(tzinfo=None, microsecond=0),
            entry.at.isoformat(timespec="seconds"),
            _who(entry, user),
            user.email if user else None,
            followup_wording.in_words(say(), followup_wording.AUDITED, entry.action),
            followup_wording.in_words(say(), followup_wording.SUBJECTS, entry.subject),
            entry.subject_id,
            f"{entry.subject}.{entry.action}",
            json.dumps(entry.detail, ensure_ascii=False, sort_keys=True) if entry.detail else None,
        )
        for entry, user in rows
    ]
    return Table("audit", _("Audit log"), heads, entries)


def _who(entry: AuditEntry, user: User | None) -> str:
    """The user's name, or their id if the account was deleted."""
    if user:
        return user.name
    return f"#{entry.user_id}" if entry.user_id else say().gettext("System")


def _wanted() -> AuditFilter:
    """Parse the filters in the address; invalid values are ignored. Days are in the reader's time zone."""
    since, until = _day("since"), _day("until")
    return AuditFilter(
        by=request.args.get("by", type=whole),
        subject=request.args.get("subject") or None,
        since=_midnight(since) if since else None,
        until=_midnight(until + timedelta(days=1)) if until else None,
        before=request.args.get("before", type=whole),
    )


def _filters() -> Mapping[str, str]:
    """The chosen filters, as in the address."""
    names = ("by", "subject", "since", "until")
    return {name: request.args[name][:64] for name in names if request.args.get(name)}


def _day(name: str) -> date | None:
    try:
        return day(request.args.get(name, ""))
    except ValueError:
        return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone())


def _address(view: str, **values: str | int | None) -> str:
    """The address of a page with the filters of this one."""
    given: dict[str, Any] = {**_filters(), **values}
    return url_for(f"audit.{view}", **{name: value for name, value in given.items() if value is not None})
