"""Who saw, changed and exported what. Looking at it is written down as well."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from feedback import clock
from feedback.services import audit, staff
from feedback.services.audit import Wanted
from feedback.web import reasons
from feedback.web.language import zone
from feedback.web.permissions import Permission, may

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

PAGE = 100


def blueprint(runtime: Runtime) -> Blueprint:
    room = Blueprint("audit", __name__)

    @room.get("/")
    @may(Permission.SEE_AUDIT)
    def index() -> ResponseReturnValue:
        wanted = _wanted()
        with runtime.database.writing() as session:
            rows = audit.search(session, wanted, PAGE + 1)
            audit.record(session, "saw", "audit", None, by=current_user.id, now=clock.now())
            return render_template(
                "desk/audit.html",
                rows=rows[:PAGE],
                older=_older(rows[PAGE - 1][0].id) if len(rows) > PAGE else None,
                wanted=wanted,
                people=staff.everybody(session),
                subjects=audit.subjects(session),
                reasons=reasons,
                SYSTEM=audit.SYSTEM,
            )

    return room


def _wanted() -> Wanted:
    """From the address; what cannot be read is ignored, for addresses get old. Days are the reader's."""
    since, until = _day("since"), _day("until")
    return Wanted(
        by=request.args.get("by", type=int),
        subject=request.args.get("subject") or None,
        since=_midnight(since) if since else None,
        until=_midnight(until + timedelta(days=1)) if until else None,
        before=request.args.get("before", type=int),
    )


def _day(name: str) -> date | None:
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return day if date(1970, 1, 1) <= day < date(9000, 1, 1) else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone())


def _older(entry: int) -> str:
    query = {key: value for key, value in request.args.items() if value} | {"before": str(entry)}
    return f"{url_for('audit.index')}?{urlencode(query)}"
