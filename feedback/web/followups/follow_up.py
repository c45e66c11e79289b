"""The page of one follow-up and its actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy.orm import Session

from feedback import clock
from feedback.core.answer import Answer
from feedback.core.followup import Outcome, State, allowed
from feedback.core.questionnaire import Questionnaire
from feedback.core.text.folding import ascii_digits
from feedback.core.text.localized import Text, direction_of
from feedback.core.text.message import fill
from feedback.core.time.calendar_entry import CalendarEntry
from feedback.core.time.local_days import day_of
from feedback.errors import Conflict, NotFound, Rejected
from feedback.services import audit, reports
from feedback.services.followups import (
    account_history,
    customer_messages,
    priority_reasons,
    queue,
    recovery_survey,
    root_causes,
    workflow,
)
from feedback.services.followups.naming import name_of
from feedback.services.followups.workflow import Closing, Handover
from feedback.services.notifications import note_email
from feedback.services.staff import accounts
from feedback.store.models import FollowUp, FollowUpEntry, User
from feedback.web.auth.access_log import note_seen
from feedback.web.auth.permissions import Permission, allows, granted, may, viewer, viewer_of
from feedback.web.http.locale import say, zone
from feedback.web.http.numbers import day, whole
from feedback.web.themes.tags import tags_of_response
from feedback.web.wording import (
    answer_wording,
    customer_message_wording,
    followup_wording,
    score_wording,
)

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

Action = Callable[[Session, datetime], object]

BOXES = ("note", "contact_note", "closing_note", "snooze_reason", "hand_over_reason")
"""The text boxes of the page, each in the form of another action."""


class FollowUps:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.database = runtime.database
        self.library = runtime.library
        self.settings = runtime.settings

    @may(Permission.SEE_FOLLOW_UPS)
    def show(self, task_id: int) -> ResponseReturnValue:
        now = clock.now()
        with self.database.reading() as session:
            task = workflow.find(session, task_id, viewer())
            page = self._page(session, task, now)
        note_seen(self.database, "follow_up", task_id)
        return page

    @may(Permission.SEE_FOLLOW_UPS)
    def changes(self, task_id: int) -> ResponseReturnValue:
        """Polled by htmx: 204 without changes, otherwise who did what since `revision`."""
        seen = request.args.get("revision", 0, type=whole)
        with self.database.reading() as session:
            task = workflow.find(session, task_id, viewer())
            if task.revision == seen:
                return "", 204
            return render_template(
                "followups/_changed.html", task=task, entry=_latest(task), reasons=followup_wording
            )

    @may(Permission.WORK_FOLLOW_UPS)
    def take(self, task_id: int) -> ResponseReturnValue:
        def action(session: Session, now: datetime) -> None:
            workflow.take(session, task_id, viewer(), revision=_revision(), now=now)

        return self._change(task_id, action)

    @may(Permission.WORK_FOLLOW_UPS)
    def release(self, task_id: int) -> ResponseReturnValue:
        def action(session: Session, now: datetime) -> None:
            workflow.release(session, task_id, viewer(), revision=_revision(), now=now)

        return self._change(task_id, action)

    @may(Permission.WORK_FOLLOW_UPS)
    def note(self, task_id: int) -> ResponseReturnValue:
        def action(session: Session, now: datetime) -> None:
            task = workflow.note(session, task_id, viewer(), request.form.get("note", ""), now=now)
            if colleague := request.form.get("notify", 0, type=whole):
                self._notify(session, task, colleague, now)

        return self._change(task_id, action, own="note")

    def _notify(self, session: Session, task: FollowUp, colleague: int, now: datetime) -> None:
        reader = session.get(User, colleague)
        if reader is None:
            raise Rejected("Choose a colleague who can see this follow-up.")
        rights = viewer_of(reader.id, granted(role.name for role in reader.roles))
        note_email.tell_of_note(session, task, reader, rights, current_user.name, self.runtime, now)

    @may(Permission.WORK_FOLLOW_UPS)
    def contact(self, task_id: int) -> ResponseReturnValue:
        form = request.form

        def action(session: Session, now: datetime) -> None:
            how, text = form.get("how", ""), form.get("contact_note", "")
            reached = form.get("reached") == "yes"
            workflow.contacted(session, task_id, viewer(), how, reached=reached, text=text, now=now)

        return self._change(task_id, action, own="contact_note")

    @may(Permission.WORK_FOLLOW_UPS)
    def hand_over(self, task_id: int) -> ResponseReturnValue:
        to, reason = request.form.get("to", 0, type=whole), request.form.get("hand_over_reason", "").strip()

        def action(session: Session, now: datetime) -> None:
            handover = Handover(to, reason, assigns=allows(Permission.ASSIGN_FOLLOW_UPS))
            workflow.hand_over(session, task_id, viewer(), handover, revision=_revision(), now=now)

        if not to:
            return redirect(url_for("desk.show", task_id=task_id))
        return self._change(task_id, action, own="hand_over_reason")

    @may(Permission.WORK_FOLLOW_UPS)
    def snooze(self, task_id: int) -> ResponseReturnValue:
        def action(session: Session, now: datetime) -> None:
            until, reason = _until(request.form, now), request.form.get("snooze_reason", "")
            workflow.snooze(session, task_id, viewer(), until, reason, revision=_revision(), now=now)

        return self._change(task_id, action, own="snooze_reason")

    @may(Permission.WORK_FOLLOW_UPS)
    def close(self, task_id: int) -> ResponseReturnValue:
        def action(session: Session, now: datetime) -> None:
            workflow.close_together(
                session, task_id, revisions("beside"), viewer(), _closing(), revision=_revision(), now=now
            )

        return self._change(task_id, action, own="closing_note")

    @may(Permission.WORK_FOLLOW_UPS)
    def reopen(self, task_id: int) -> ResponseReturnValue:
        def action(session: Session, now: datetime) -> None:
            workflow.reopen(session, task_id, viewer(), revision=_revision(), now=now)

        return self._change(task_id, action)

    @may(Permission.SEE_FOLLOW_UPS)
    def callback(self, task_id: int) -> ResponseReturnValue:
        """A calendar file with the time until which the follow-up is snoozed."""
        with self.database.reading() as session:
            task = workflow.find(session, task_id, viewer())
            if task.snoozed_until is None:
                raise NotFound("This follow-up is not snoozed.")
            entry = CalendarEntry(
                uid=f"follow-up-{task.id}-{task.revision}@{request.host}",
                summary=say().gettext("Call back: {name}", name=name_of(task, say().language)),
                starts_at=task.snoozed_until,
                url=url_for("desk.show", task_id=task.id, _external=True),
            )
        disposition = {"Content-Disposition": f'attachment; filename="follow-up-{task_id}.ics"'}
        return Response(entry.file(clock.now()), mimetype="text/calendar", headers=disposition)

    def _change(self, task_id: int, action: Action, own: str = "") -> ResponseReturnValue:
        """Run `action(session, now)` and show the page again; if it was refused, with the entered values.

        `own` is the text box that the action reads. What was typed into another one is saved as a note.
        """
        now = clock.now()
        try:
            with self.database.writing() as session:
                workflow.keep(session, task_id, viewer(), _unsent(own), now=now)
                action(session, now)
        except (Conflict, Rejected) as refused:
            status = 409 if isinstance(refused, Conflict) else 422
            with self.database.reading() as session:
                task = workflow.find(session, task_id, viewer())
                return self._page(session, task, now, refused=refused), status
        return redirect(url_for("desk.show", task_id=task_id), 303)

    def _page(self, session: Session, task: FollowUp, now: datetime, refused: Exception | None = None) -> str:
        currency = _currency(task, self.settings.organisation.currency)
        row = queue.ranking(
            session, task, scales=queue.Scales.from_settings(self.settings), now=now, zone=zone()
        )
        asked = self.library.questionnaire_of(task.response.version)
        works = allows(Permission.WORK_FOLLOW_UPS)
        # With somebody else now, or over for the moment: the next one is what is left to do.
        done = works and (
            task.state in (State.CLOSED, State.SNOOZED) or task.owner_id not in (None, current_user.id)
        )
        return render_template(
            "followups/follow-up.html",
            task=task,
            row=row,
            standing=self._standing(session, task, now),
            statements=score_wording,
            why=priority_reasons.sentences(
                say(),
                row.priority,
                priority_reasons.revenue(say(), task.account, self.settings.organisation.currency),
            ),
            answers=_answers(asked, task, {"company": self.settings.organisation.name}),
            tagged=tags_of_response(session, say(), task.response, asked),
            questionnaire=asked.title.to(say().language),
            history=account_history.read(session, task, viewer()),
            audited=audit.latest(session, "follow_up", task.id) if allows(Permission.SEE_AUDIT) else [],
            owners=accounts.owners(session),
            causes=root_causes.in_use(session),
            cause=workflow.root_cause_of(session, task),
            beside=workflow.open_beside(session, task, viewer()) if works else [],
            together=request.form.getlist("beside") if refused else [],
            afterwards=recovery_survey.find_for(session, task) if task.state == State.CLOSED else None,
            again=recovery_survey.scored_again(session, task),
            is_better=recovery_survey.is_better,
            actions=set(allowed(State(task.state))) if works else set(),
            may_hand_over=works
            and workflow.may_hand_over(task, viewer(), assigns=allows(Permission.ASSIGN_FOLLOW_UPS)),
            outcomes=[outcome for outcome in Outcome if _fits(outcome, task.kind)],
            unknown=_unknown(task),
            refused=say().gettext(str(refused)) if refused else None,
            conflict=isinstance(refused, Conflict),
            latest=_latest(task),
            thread=customer_messages.thread(session, task),
            message_state=customer_message_wording.state,
            following=self._following(session, task, now) if done else None,
            typed=request.form if refused else {},
            tomorrow=day_of(now, zone()) + timedelta(days=1),
            in_words=in_words,
            name_of=name_of,
            reasons=followup_wording,
            direction_of=direction_of,
            currency=currency,
        )

    def _standing(self, session: Session, task: FollowUp, now: datetime) -> reports.Standing | None:
        """The account's health, if the user may open its page."""
        if task.account_id is None or not allows(Permission.SEE_REPORTS):
            return None
        return reports.standing(session, viewer(), task.account_id, now=now, settings=self.settings.health)

    def _following(self, session: Session, task: FollowUp, now: datetime) -> FollowUp | None:
        return queue.next_after(
            session, viewer(), task, scales=queue.Scales.from_settings(self.settings), now=now, zone=zone()
        )


def in_words(text: Mapping[str, str]) -> str:
    """A title or playbook in the reader's language, or in an available one."""
    return Text(dict(text)).to(say().language) if text else ""


def _unsent(own: str) -> list[str]:
    """The texts in the page's other boxes, which the script sends along with every form."""
    return [request.form.get(name, "") for name in BOXES if name != own]


def _revision() -> int:
    """The revision that the page showed, from the form."""
    return request.form.get("revision", 0, type=whole)


MORNING = time(9)
LATER = {"tomorrow": 1, "three_days": 3, "week": 7}
"""Days from today, by the name of a button."""


def _until(form: Mapping[str, str], now: datetime) -> datetime:
    """The moment that was chosen, in the user's time zone: by a button, or a day and a time, 09:00 without one."""
    try:
        if (chosen := LATER.get(form.get("later", ""))) is not None:
            when = datetime.combine(day_of(now, zone()) + timedelta(days=chosen), MORNING)
        else:
            at = time.fromisoformat(ascii_digits(form.get("at", "").strip()) or MORNING.isoformat())
            when = datetime.combine(day(form.get("until", "")), at.replace(tzinfo=None))
    except ValueError:
        raise Rejected("Choose a date in the future.") from None
    return when.replace(tzinfo=zone()).astimezone(UTC)


def revisions(field: str) -> dict[int, int]:
    """The follow-ups that were ticked, from `id:revision` values: id -> revision that the page showed."""
    found: dict[int, int] = {}
    for value in request.form.getlist(field):
        task, _colon, seen = value.partition(":")
        with suppress(ValueError):
            found[whole(task)] = whole(seen)
    return found


def _closing() -> Closing:
    form = request.form
    return Closing(
        outcome=form.get("outcome", ""),
        note=form.get("closing_note", ""),
        root_cause=form.get("root_cause") or None,
        recovered=_money(form.get("recovered", "")),
    )


def _money(written: str) -> Decimal | None:
    """Parse an amount as people type it, including Persian digits and thousands separators."""
    plain = ascii_digits(written.strip())
    if not plain:
        return None
    try:
        amount = Decimal(plain.replace(",", "").replace("٬", "").replace(" ", ""))
    except InvalidOperation:
        raise Rejected("Enter recovered MRR as a number.") from None
    if not amount.is_finite() or amount >= 10**12:
        raise Rejected("Enter recovered MRR as a number.")
    return amount


def _fits(outcome: Outcome, kind: str) -> bool:
    """The outcomes to choose from: `thanked` for praise, the others for complaints, never `corrected`."""
    praise = (Outcome.THANKED, Outcome.NO_ANSWER, Outcome.OTHER)
    return outcome in praise if kind == "advocacy" else outcome not in (Outcome.THANKED, Outcome.CORRECTED)


def _unknown(task: FollowUp) -> frozenset[Outcome]:
    """The outcomes that cannot be chosen yet, because nobody has reached the customer."""
    return workflow.REACHED_ONLY if task.kind == "recovery" and task.first_contact_at is None else frozenset()


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
            answer_wording.in_words(say(), asked, question.key, given[question.key]),
            given[question.key].value is None,
        )
        for question in asked.questions
        if question.key in given
    ]


def _filled(text: str, values: Mapping[str, Any]) -> str:
    """The text as the customer read it, as far as its placeholder values are still stored."""
    try:
        return fill(text, values)
    except ValueError:
        return text


def _currency(task: FollowUp, default: str) -> str:
    return (task.account.currency if task.account else None) or default
