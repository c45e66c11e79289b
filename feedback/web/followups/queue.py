"""The desk: the queue and its actions. Every page works without JavaScript; htmx only avoids reloading. The page
of one follow-up is in `follow_up`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy.orm import Session

from feedback import clock
from feedback.core.followup import Action, State, allowed
from feedback.core.text.localized import direction_of
from feedback.errors import Rejected
from feedback.services.followups import priority_reasons, queue, root_causes, workflow
from feedback.services.followups.naming import name_of
from feedback.services.followups.queue import Filter
from feedback.services.followups.workflow import Handover
from feedback.services.notifications import chat_notices
from feedback.services.staff import accounts
from feedback.store.models import FollowUp
from feedback.web.auth.access_log import note_seen
from feedback.web.auth.permissions import Permission, allows, may, viewer
from feedback.web.followups.browser_notices import BrowserNotices
from feedback.web.followups.customer_messages import CustomerMessages
from feedback.web.followups.follow_up import FollowUps, in_words, revisions
from feedback.web.http.locale import say, zone
from feedback.web.http.numbers import whole
from feedback.web.http.routes import blueprint_of, form, get, post
from feedback.web.layout.navigation import is_fragment
from feedback.web.wording import followup_wording

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

PAGE = 50
"""Number of rows that the queue shows at first."""
LONGEST_FILTER = 100
"""Characters of a search term, and of any other filter that is kept."""


def blueprint(runtime: Runtime) -> Blueprint:
    whole, one, messages = Queue(runtime), FollowUps(runtime), CustomerMessages(runtime)
    notices = BrowserNotices(runtime)
    return blueprint_of(
        "desk",
        get("/", whole.queue),
        get("/news", notices.news),
        post("/take", whole.take_all),
        post("/hand-over", whole.hand_over_all),
        post("/views", whole.save_view),
        post("/views/<int:view_id>/forget", whole.forget_view),
        post("/chats/<kind>/retry", whole.retry_notices),
        get("/<int:task_id>", one.show),
        get("/<int:task_id>/changes", one.changes),
        post("/<int:task_id>/take", one.take),
        post("/<int:task_id>/release", one.release),
        post("/<int:task_id>/note", one.note),
        post("/<int:task_id>/contact", one.contact),
        post("/<int:task_id>/hand-over", one.hand_over),
        post("/<int:task_id>/snooze", one.snooze),
        get("/<int:task_id>/callback.ics", one.callback),
        post("/<int:task_id>/close", one.close),
        post("/<int:task_id>/reopen", one.reopen),
        form("/<int:task_id>/write", messages.write_to_customer, messages.send_to_customer),
        post("/<int:task_id>/read", messages.read_replies),
    )


class Queue:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database
        self.settings = runtime.settings

    @may(Permission.SEE_FOLLOW_UPS)
    def queue(self) -> ResponseReturnValue:
        wanted, now = _filter(), clock.now()
        leads = allows(Permission.ASSIGN_FOLLOW_UPS)
        with self.database.reading() as session:
            rows = queue.ranked(
                session,
                viewer(),
                wanted,
                scales=queue.Scales.from_settings(self.settings),
                now=now,
                zone=zone(),
            )
            page = render_template(
                "followups/_rows.html" if is_fragment() else "followups/queue.html",
                fragment=is_fragment(),
                **_context(session, rows, wanted, now),
                currency=self.settings.organisation.currency,
                troubles=chat_notices.troubles(session, self.settings) if leads else [],
            )
        note_seen(self.database, "queue")
        return page

    @may(Permission.WORK_FOLLOW_UPS)
    def take_all(self) -> ResponseReturnValue:
        with self.database.writing() as session:
            taken, lost = workflow.take_all(session, revisions("task"), viewer(), now=clock.now())
        if n := len(taken):
            told = say().ngettext("{n} follow-up assigned to you", "{n} follow-ups assigned to you", n)
            flash(told, "success")
        return _back_to_the_queue(lost)

    @may(Permission.WORK_FOLLOW_UPS)
    def hand_over_all(self) -> ResponseReturnValue:
        """Reassign the selected follow-ups to one colleague."""
        to = request.form.get("to", 0, type=whole)
        handover = Handover(to, assigns=allows(Permission.ASSIGN_FOLLOW_UPS))
        with self.database.writing() as session:
            moved, lost = workflow.hand_over_all(
                session, revisions("task"), viewer(), handover, now=clock.now()
            )
        if n := len(moved):
            told = say().ngettext("{n} follow-up reassigned", "{n} follow-ups reassigned", n)
            flash(told, "success")
        return _back_to_the_queue(lost)

    @may(Permission.SEE_FOLLOW_UPS)
    def save_view(self) -> ResponseReturnValue:
        name, query = request.form.get("name", "").strip()[:60], request.form.get("query", "")
        if not name:
            raise Rejected("Give the view a name.")
        with self.database.writing() as session:
            queue.save_view(session, current_user.id, name, urlencode(_kept(query)))
        return redirect(_queue_at(_kept(query)), 303)

    @may(Permission.SEE_FOLLOW_UPS)
    def forget_view(self, view_id: int) -> ResponseReturnValue:
        with self.database.writing() as session:
            queue.forget_view(session, current_user.id, view_id)
        return redirect(url_for("desk.queue"), 303)

    @may(Permission.MANAGE_SETTINGS)
    def retry_notices(self, kind: str) -> ResponseReturnValue:
        """Retry a chat whose webhook has been fixed."""
        with self.database.writing() as session:
            chat_notices.retry(session, self.settings, kind, by=current_user.id, now=clock.now())
        told = say().gettext("Retrying {name} within a minute.", name=chat_notices.NAMES[kind])
        flash(told, "success")
        return redirect(url_for("desk.queue"), 303)


def _back_to_the_queue(lost: Sequence[int]) -> ResponseReturnValue:
    """With a message about the selected follow-ups that did not change hands, if there are any."""
    if lost:
        told = say().ngettext(
            "{n} follow-up was not assigned: someone else changed it first.",
            "{n} follow-ups were not assigned: someone else changed them first.",
            len(lost),
        )
        flash(told, "error")
    return redirect(_queue_at(_kept(request.form.get("back", ""))), 303)


def _filter() -> Filter:
    """Parse the filters in the address; unknown values are ignored, because addresses can be outdated."""
    asked = request.args
    return Filter(
        whose=_one_of(asked.get("whose"), ("all", "mine", "unowned")),
        state=_one_of(asked.get("state"), ("working", "snoozed", "closed")),
        overdue=asked.get("overdue") == "1",
        today=asked.get("today") == "1",
        kind=asked.get("kind") if asked.get("kind") in followup_wording.KINDS else None,
        segment=asked.get("segment") or None,
        owner=asked.get("owner", type=whole) if allows(Permission.SEE_ALL_ACCOUNTS) else None,
        cause=asked.get("cause") or None,
        search=asked.get("search", "")[:LONGEST_FILTER],
    )


def _one_of(value: str | None, offered: tuple[str, ...]) -> str:
    return value if value in offered else offered[0]


def _context(session: Session, rows: list[queue.QueueRow], wanted: Filter, now: datetime) -> dict[str, Any]:
    shown = len(rows) if request.args.get("show") == "all" else PAGE
    works = allows(Permission.WORK_FOLLOW_UPS)
    return {
        "rows": rows[:shown],
        "takeable": {row.task.id for row in rows[:shown] if works and _may_take(row.task)},
        "more": max(0, len(rows) - shown),
        "older": len(rows) == queue.CLOSED and wanted.state == "closed",
        "wanted": wanted,
        "address": address,
        "query": urlencode(_as_query(wanted)),
        "counts": queue.counts(session, viewer(), now, zone()),
        "segments": queue.segments(session),
        "owners": accounts.owners(session) if allows(Permission.SEE_ALL_ACCOUNTS) else [],
        "receivers": accounts.owners(session) if works else [],
        "causes": root_causes.everything(session) if wanted.state == "closed" else [],
        "views": queue.saved_views(session, current_user.id),
        "reasons": followup_wording,
        "ranking": priority_reasons,
        "in_words": in_words,
        "name_of": name_of,
        "due_at": queue.due_at,
        "direction_of": direction_of,
    }


def _may_take(task: FollowUp) -> bool:
    return Action.TAKE in allowed(State(task.state))


def address(wanted: Filter, **changed: Any) -> str:
    """The address of the queue with some filters changed."""
    return _queue_at(_as_query(replace(wanted, **changed)))


def _queue_at(query: Mapping[str, str]) -> str:
    return url_for("desk.queue") + ("?" + urlencode(query) if query else "")


def _as_query(wanted: Filter) -> dict[str, str]:
    """The filters that differ from the defaults, for short addresses."""
    plain = asdict(Filter())
    differs = {key: value for key, value in asdict(wanted).items() if value != plain[key]}
    return {key: "1" if value is True else str(value) for key, value in differs.items()}


def _kept(query: str) -> dict[str, str]:
    """The known filters in a form's query string, as far as a filter can be of use."""
    known = asdict(Filter())
    return {key: value[:LONGEST_FILTER] for key, value in parse_qsl(query) if key in known}
