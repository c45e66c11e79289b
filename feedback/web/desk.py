"""The desk: the queue, and one follow-up. Every page works without JavaScript; htmx only saves reloading."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy.orm import Session

from feedback import clock
from feedback.core.answer import Answer
from feedback.core.followup import Outcome, State, Weights, allowed
from feedback.core.message import fill
from feedback.core.questionnaire import Questionnaire
from feedback.core.text import Text, direction
from feedback.errors import Conflict, Forbidden, Rejected
from feedback.services import audit, followups, histories, queue, recovery, root_causes, staff, webhooks
from feedback.services.followups import Closing
from feedback.services.queue import Filter
from feedback.store.models import FollowUp, FollowUpEntry
from feedback.web import reasons
from feedback.web.frame import is_fragment
from feedback.web.language import say, zone
from feedback.web.permissions import Permission, allows, may, viewer

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

PAGE = 50
"""Rows of the queue at first; nobody works more than that before lunch."""


def blueprint(runtime: Runtime) -> Blueprint:  # noqa: PLR0915  (a list of routes, each a few lines)
    desk = Blueprint("desk", __name__)
    database = runtime.database
    weights = Weights.of(runtime.settings.followup.weights)
    currency = runtime.settings.organisation.currency

    @desk.get("/", endpoint="queue")
    @may(Permission.SEE_FOLLOW_UPS)
    def show_queue() -> ResponseReturnValue:
        wanted, now = _filter(), clock.now()
        with database.reading() as session:
            rows = queue.ranked(session, viewer(), wanted, weights=weights, now=now, today=_today(now))
            return render_template(
                "desk/_rows.html" if is_fragment() else "desk/queue.html",
                **_queue_context(session, rows, wanted, now),
                currency=currency,
                troubles=webhooks.troubles(session, runtime.settings)
                if allows(Permission.ASSIGN_FOLLOW_UPS)
                else [],
            )

    @desk.post("/take")
    @may(Permission.WORK_FOLLOW_UPS)
    def take_all() -> ResponseReturnValue:
        with database.writing() as session:
            taken, lost = followups.take_all(session, _ticked(), viewer(), now=clock.now())
        n = len(taken)
        if taken:
            told = say().ngettext("{n} follow-up is yours now.", "{n} follow-ups are yours now.", n)
            flash(told, "success")
        if lost:
            flash(say().gettext("Somebody else was faster with {n} of them.", n=len(lost)), "error")
        return redirect(_queue_at(_kept(request.form.get("back", ""))), 303)

    @desk.post("/views")
    @may(Permission.SEE_FOLLOW_UPS)
    def save_view() -> ResponseReturnValue:
        name, query = request.form.get("name", "").strip()[:60], request.form.get("query", "")
        if not name:
            raise Rejected("Give the view a name.")
        with database.writing() as session:
            queue.save_view(session, current_user.id, name, urlencode(_kept(query)))
        return redirect(_queue_at(_kept(query)), 303)

    @desk.post("/views/<int:view_id>/forget")
    @may(Permission.SEE_FOLLOW_UPS)
    def forget_view(view_id: int) -> ResponseReturnValue:
        with database.writing() as session:
            queue.forget_view(session, current_user.id, view_id)
        return redirect(url_for("desk.queue"), 303)

    @desk.get("/<int:task_id>")
    @may(Permission.SEE_FOLLOW_UPS)
    def show(task_id: int) -> ResponseReturnValue:
        now = clock.now()
        with database.writing() as session:  # seeing is written down
            task = followups.see(session, task_id, viewer(), now=now)
            return _page(session, task, now)

    @desk.get("/<int:task_id>/changes")
    @may(Permission.SEE_FOLLOW_UPS)
    def changes(task_id: int) -> ResponseReturnValue:
        """What htmx asks now and then: nothing new (204), or who did what since `revision`."""
        seen = request.args.get("revision", 0, type=int)
        with database.reading() as session:
            task = followups.find(session, task_id, viewer())
            if task.revision == seen:
                return "", 204
            return render_template("desk/_changed.html", task=task, entry=_latest(task), reasons=reasons)

    def change(task_id: int, action: Any) -> ResponseReturnValue:
        """Do `action(session, now)`; show the page anew, with what was typed where it was refused."""
        now = clock.now()
        try:
            with database.writing() as session:
                action(session, now)
        except (Conflict, Rejected) as refused:
            status = 409 if isinstance(refused, Conflict) else 422
            with database.reading() as session:
                task = followups.find(session, task_id, viewer())
                return _page(session, task, now, refused=refused), status
        return redirect(url_for("desk.show", task_id=task_id), 303)

    @desk.post("/<int:task_id>/take")
    @may(Permission.WORK_FOLLOW_UPS)
    def take(task_id: int) -> ResponseReturnValue:
        return change(
            task_id,
            lambda session, now: followups.take(session, task_id, viewer(), revision=_revision(), now=now),
        )

    @desk.post("/<int:task_id>/release")
    @may(Permission.WORK_FOLLOW_UPS)
    def release(task_id: int) -> ResponseReturnValue:
        return change(
            task_id,
            lambda session, now: followups.release(session, task_id, viewer(), revision=_revision(), now=now),
        )

    @desk.post("/<int:task_id>/note")
    @may(Permission.WORK_FOLLOW_UPS)
    def note(task_id: int) -> ResponseReturnValue:
        text = request.form.get("note", "")
        return change(task_id, lambda session, now: followups.note(session, task_id, viewer(), text, now=now))

    @desk.post("/<int:task_id>/contact")
    @may(Permission.WORK_FOLLOW_UPS)
    def contact(task_id: int) -> ResponseReturnValue:
        how, text = request.form.get("how", ""), request.form.get("contact_note", "")
        reached = request.form.get("reached") == "yes"
        return change(
            task_id,
            lambda session, now: followups.contacted(
                session, task_id, viewer(), how, reached=reached, text=text, now=now
            ),
        )

    @desk.post("/<int:task_id>/hand-over")
    @may(Permission.WORK_FOLLOW_UPS)
    def hand_over(task_id: int) -> ResponseReturnValue:
        to, reason = request.form.get("to", 0, type=int), request.form.get("hand_over_reason", "")

        def action(session: Session, now: datetime) -> None:
            task = followups.find(session, task_id, viewer())
            if not may_hand_over(task):
                raise Forbidden("Only its owner or a lead hands a follow-up over.")
            followups.hand_over(
                session, task_id, viewer(), to, revision=_revision(), now=now, reason=reason.strip()
            )

        return change(task_id, action) if to else redirect(url_for("desk.show", task_id=task_id))

    @desk.post("/<int:task_id>/snooze")
    @may(Permission.WORK_FOLLOW_UPS)
    def snooze(task_id: int) -> ResponseReturnValue:
        reason = request.form.get("snooze_reason", "")

        def action(session: Session, now: datetime) -> None:
            until = _morning(request.form.get("until", ""))
            followups.snooze(session, task_id, viewer(), until, reason, revision=_revision(), now=now)

        return change(task_id, action)

    @desk.post("/<int:task_id>/close")
    @may(Permission.WORK_FOLLOW_UPS)
    def close(task_id: int) -> ResponseReturnValue:
        def action(session: Session, now: datetime) -> None:
            followups.close(session, task_id, viewer(), _closing(), revision=_revision(), now=now)

        return change(task_id, action)

    def _page(session: Session, task: FollowUp, now: datetime, refused: Exception | None = None) -> str:
        row = queue.ranking(session, task, weights=weights, now=now, today=_today(now))
        asked = runtime.library.of(task.response.version)
        return render_template(
            "desk/follow-up.html",
            task=task,
            row=row,
            why=reasons.sentences(say(), row.priority, _currency(task, currency)),
            answers=_answers(asked, task, {"company": runtime.settings.organisation.name}),
            questionnaire=asked.title.to(say().language),
            history=histories.of(session, task, viewer()),
            audited=audit.latest(session, "follow_up", task.id) if allows(Permission.SEE_AUDIT) else [],
            owners=staff.owners(session),
            causes=root_causes.in_use(session),
            cause=followups.root_cause_of(session, task),
            afterwards=recovery.of(session, task) if task.state == State.CLOSED else None,
            again=recovery.scored_again(session, task),
            is_better=recovery.is_better,
            actions=set(allowed(State(task.state))) if allows(Permission.WORK_FOLLOW_UPS) else set(),
            may_hand_over=may_hand_over(task),
            outcomes=[outcome for outcome in Outcome if _fits(outcome, task.kind)],
            refused=say().gettext(str(refused)) if refused else None,
            conflict=isinstance(refused, Conflict),
            latest=_latest(task),
            typed=request.form if refused else {},
            tomorrow=_today(now) + timedelta(days=1),
            in_words=in_words,
            reasons=reasons,
            direction=direction,
            currency=_currency(task, currency),
        )

    return desk


def may_hand_over(task: FollowUp) -> bool:
    """One's own, nobody's, or any for a lead."""
    if not allows(Permission.WORK_FOLLOW_UPS):
        return False
    return task.owner_id in (None, current_user.id) or allows(Permission.ASSIGN_FOLLOW_UPS)


def in_words(text: Mapping[str, str]) -> str:
    """A title or playbook in the reader's language, or in the one that there is."""
    return Text(dict(text)).to(say().language) if text else ""


# --- The queue -----------------------------------------------------------------------------------


def _filter() -> Filter:
    """From the address; what nobody offers is ignored rather than refused, for addresses get old."""
    asked = request.args
    return Filter(
        whose=_one_of(asked.get("whose"), ("all", "mine", "unowned")),
        state=_one_of(asked.get("state"), ("working", "snoozed", "closed")),
        overdue=asked.get("overdue") == "1",
        kind=asked.get("kind") if asked.get("kind") in reasons.KINDS else None,
        segment=asked.get("segment") or None,
        search=asked.get("search", "")[:100],
    )


def _one_of(value: str | None, offered: tuple[str, ...]) -> str:
    return value if value in offered else offered[0]


def _queue_context(session: Session, rows: list[queue.Row], wanted: Filter, now: datetime) -> dict[str, Any]:
    shown = len(rows) if request.args.get("show") == "all" else PAGE
    return {
        "rows": rows[:shown],
        "more": max(0, len(rows) - shown),
        "wanted": wanted,
        "address": address,
        "query": urlencode(_as_query(wanted)),
        "counts": queue.counts(session, viewer(), now),
        "segments": queue.segments(session),
        "views": queue.saved_views(session, current_user.id),
        "reasons": reasons,
        "in_words": in_words,
        "due_at": queue.due_at,
        "direction": direction,
    }


def address(wanted: Filter, **changed: Any) -> str:
    """The queue with some of its filters changed."""
    return _queue_at(_as_query(replace(wanted, **changed)))


def _queue_at(query: Mapping[str, str]) -> str:
    return url_for("desk.queue") + ("?" + urlencode(query) if query else "")


def _as_query(wanted: Filter) -> dict[str, str]:
    """Only what differs from the plain queue, for short addresses."""
    plain = asdict(Filter())
    differs = {key: value for key, value in asdict(wanted).items() if value != plain[key]}
    return {key: "1" if value is True else str(value) for key, value in differs.items()}


def _kept(query: str) -> dict[str, str]:
    """The filters in a query that came back from a form, and nothing else of it."""
    known = asdict(Filter())
    return {key: value for key, value in parse_qsl(query) if key in known}


def _ticked() -> dict[int, int]:
    """`id:revision` of every row that was ticked."""
    pairs = (value.partition(":") for value in request.form.getlist("task"))
    return {int(task): int(seen) for task, _, seen in pairs if task.isdecimal() and seen.isdecimal()}


# --- One follow-up -------------------------------------------------------------------------------


def _revision() -> int:
    """The one that the page showed; a post without it has seen nothing."""
    return request.form.get("revision", 0, type=int)


def _today(now: datetime) -> date:
    return now.astimezone(zone()).date()


def _morning(written: str) -> datetime:
    """Nine o'clock of a day, on the clocks of whoever chose it."""
    try:
        day = date.fromisoformat(written)
    except ValueError:
        raise Rejected("Choose a day in the future.") from None
    return datetime.combine(day, time(9), tzinfo=zone()).astimezone(UTC)


def _closing() -> Closing:
    form = request.form
    return Closing(
        outcome=form.get("outcome", ""),
        note=form.get("closing_note", ""),
        root_cause=form.get("root_cause") or None,
        recovered=_money(form.get("recovered", "")),
    )


def _money(written: str) -> Decimal | None:
    """An amount as people type it, Persian digits and thousands separators included."""
    plain = "".join(str(unicodedata.digit(c, c)) for c in written.strip())
    if not plain:
        return None
    try:
        amount = Decimal(plain.replace(",", "").replace("٬", "").replace(" ", ""))
    except InvalidOperation:
        raise Rejected("Write the recovered revenue as a number.") from None
    if not amount.is_finite() or amount >= 10**12:
        raise Rejected("Write the recovered revenue as a number.")
    return amount


def _fits(outcome: Outcome, kind: str) -> bool:
    """Thanks answer praise; the rest answers complaints."""
    praise = (Outcome.THANKED, Outcome.NO_ANSWER, Outcome.OTHER)
    return outcome in praise if kind == "advocacy" else outcome is not Outcome.THANKED


def _latest(task: FollowUp) -> FollowUpEntry | None:
    return task.entries[-1] if task.entries else None


def _answers(asked: Questionnaire, task: FollowUp, known: Mapping[str, str]) -> list[tuple[str, str, bool]]:
    """(question, answer, whether it is in the customer's own words), in the order of the questionnaire."""
    language = asked.language_for(say().language)
    values = {**(task.response.invitation.piping if task.response.invitation else {}), **known}
    given = {row.question: Answer.from_stored(row.value, row.text) for row in task.response.answers}
    return [
        (
            _filled(question.text.to(language), values),
            asked.wording(question.key, given[question.key], language),
            given[question.key].value is None,
        )
        for question in asked.questions
        if question.key in given
    ]


def _filled(text: str, values: Mapping[str, Any]) -> str:
    """As the customer read it, as far as what they were called is still known."""
    try:
        return fill(text, values)
    except ValueError:
        return text


def _currency(task: FollowUp, default: str) -> str:
    return (task.account.currency if task.account else None) or default
