"""What customers answer, from the first score to the last change: found by its link, stored once.

An invitation has at most one response. Whoever writes to it holds the invitation's row, so two tabs, a double
tap and a reply by SMS come one after the other, and the later one continues what the earlier one began.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Row, Select, bindparam, delete, func, insert, inspect, select, update
from sqlalchemy.orm import Session

from feedback.core.answer import Answer
from feedback.core.evidence import Evidence, is_provisional
from feedback.core.questionnaire import Questionnaire
from feedback.core.token import looks_like_token
from feedback.errors import LinkClosed, NotFound
from feedback.services import followups, rollups
from feedback.settings.table import FollowUp as FollowupSettings
from feedback.store.models import Account, AnswerRow, Invitation, QuestionnaireVersion, Response, Score

EDIT_WINDOW = timedelta(hours=1)
"""How long an answer may be changed where the caller does not say (`link.edit_window`)."""

Given = Mapping[str, Answer | None]
"""Question -> answer; None takes an earlier answer back."""


class Identified(Protocol):
    """An invitation, as a row of the ORM or as a Sheet."""

    @property
    def id(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Sheet:
    """An invitation and what has been answered to it so far: all that its page needs.

    `state` is the response's (`partial`, `complete`), empty before the first answer.
    """

    id: int
    version_id: int
    language: str
    kind: str
    piping: Mapping[str, Any]
    signs: Mapping[str, Any]
    expires_at: datetime
    reached_at: datetime | None
    state: str = ""
    answered_at: datetime | None = None
    completed_at: datetime | None = None
    answers: Mapping[str, Answer] = field(default_factory=dict)

    def editable(self, now: datetime, window: timedelta) -> bool:
        """Whether what has been answered may still be changed."""
        return _within(self.completed_at or self.answered_at, now, window)


def _sheet_by_token() -> Select[Any]:
    """One row for each answer given, and one with empty answer columns where there is none."""
    invitation = (Invitation.id, Invitation.version_id, Invitation.kind, Invitation.piping, Invitation.signs)
    moments = (Invitation.expires_at, Invitation.sent_at, Invitation.delivered_at)
    response = (Response.state.label("response_state"), Response.answered_at, Response.completed_at)
    return (
        select(*invitation, *moments, *response)
        .add_columns(Invitation.state, Invitation.language, Response.language.label("answered_in"))
        .add_columns(AnswerRow.question, AnswerRow.value, AnswerRow.text)
        .outerjoin(Response, Response.invitation_id == Invitation.id)
        .outerjoin(AnswerRow, AnswerRow.response_id == Response.id)
        .where(Invitation.token == bindparam("token"))
        .order_by(AnswerRow.id)
    )


_BY_TOKEN = _sheet_by_token()
_NEVER_SENT = ("skipped",)


def find(session: Session, token: str, now: datetime) -> Sheet:
    """The sheet behind a link.

    Raises NotFound, or LinkClosed (expired, withdrawn). Who has answered everything is shown that for ever,
    so an expired link only counts as closed while something is missing.
    """
    rows = session.execute(_BY_TOKEN, {"token": token}).all() if looks_like_token(token) else []
    if not rows or rows[0].state in _NEVER_SENT:
        raise NotFound("There is no such survey.")
    first = rows[0]
    if first.response_state != "complete":
        _refuse_closed(first, now)
    return Sheet(
        id=first.id,
        version_id=first.version_id,
        language=first.answered_in or first.language,
        kind=first.kind,
        piping=first.piping,
        signs=first.signs,
        expires_at=first.expires_at,
        reached_at=first.delivered_at or first.sent_at,
        state=first.response_state or "",
        answered_at=first.answered_at,
        completed_at=first.completed_at,
        answers={row.question: Answer.from_stored(row.value, row.text) for row in rows if row.question},
    )


def content(session: Session, version_id: int) -> dict[str, Any]:
    """The snapshot of a questionnaire version."""
    wanted = select(QuestionnaireVersion.content).where(QuestionnaireVersion.id == version_id)
    return dict(session.scalars(wanted).one())


def note_sign(session: Session, invitation_id: int, kind: str, value: int | None = None) -> None:
    """Remember that a link was opened as programs do: `headed`, `trap_link`, `preselected` with the score."""
    wanted = select(Invitation.signs).where(Invitation.id == invitation_id).with_for_update()
    signs = dict(session.scalars(wanted).one())
    signs[kind] = True if value is None else sorted({*signs.get(kind, ()), value})
    session.execute(update(Invitation).where(Invitation.id == invitation_id).values(signs=signs))


def record(
    session: Session,
    invitation: Identified,
    questionnaire: Questionnaire,
    answers: Given,
    *,
    source: str,
    followup: FollowupSettings,
    now: datetime,
    evidence: Mapping[str, Any] | None = None,
    finished: bool = False,
    language: str | None = None,
    edit_window: timedelta = EDIT_WINDOW,
) -> Response:
    """Continue the invitation's one response with these answers, and settle everything that follows from it.

    Storing the same answers again changes nothing. Answers on a path that is no longer reached are dropped.
    The response is complete when nothing required is missing and nothing is left to ask, or the customer has
    `finished`. `evidence` is `core.evidence.Evidence.stored()` of this request; None is for ways in that
    no scanner uses, such as an SMS.
    Raises LinkClosed where the invitation expired or was withdrawn, or where only changes arrive too late.
    """
    invited = _hold(session, invitation.id)
    response = session.scalars(_OF_INVITATION, {"invitation": invited.id}).one_or_none()
    if response is None or response.state != "complete":
        _refuse_closed(invited, now)
    before, stood = _answers(session, response), rollups.counted(session, response)
    answers = _in_time(response, before, answers, now, edit_window)
    if response is None:
        response = _begun(session, invited, questionnaire, source=source, language=language, now=now)
    after = _merged(questionnaire, before, answers)
    _write_answers(session, response, before, after)
    _judge(response, evidence)
    response.language = language or response.language
    _advance(response, questionnaire, before, after, now, finished=finished)
    _write_scores(session, response, questionnaire, after)
    _move_invitation(session, invited, response, now)
    if not response.provisional:
        followups.open_if_needed(session, response, questionnaire, after, followup=followup, now=now)
    session.flush()
    rollups.settle(session, response, stood)  # last: whoever answers today waits for the same rows
    if isinstance(invitation, Invitation) and inspect(invitation).session is session:
        session.refresh(invitation, ["state", "opened_at", "answered_at", "remind_at"])
    return response


_HOLD: Select[*tuple[Any, ...]] = (
    select(
        Invitation.id,
        Invitation.version_id,
        Invitation.contact_id,
        Invitation.account_id,
        Invitation.stage,
        Invitation.kind,
        Invitation.language,
        Invitation.state,
        Invitation.expires_at,
        Invitation.is_demo,
        Account.segment,
        Account.owner_id,
    )
    .outerjoin(Account, Account.id == Invitation.account_id)
    .where(Invitation.id == bindparam("invitation"))
    .with_for_update(of=Invitation)
)
_OF_INVITATION = select(Response).where(Response.invitation_id == bindparam("invitation"))
_ANSWERS = (
    select(AnswerRow.question, AnswerRow.value, AnswerRow.text)
    .where(AnswerRow.response_id == bindparam("response"))
    .order_by(AnswerRow.id)
)
_SCORES = select(Score.question, Score.value).where(Score.response_id == bindparam("response"))


def _hold(session: Session, invitation_id: int) -> Row[*tuple[Any, ...]]:
    """The invitation's row, ours until the transaction ends."""
    row = session.execute(_HOLD, {"invitation": invitation_id}).one_or_none()
    if row is None:
        raise NotFound("There is no such survey.")
    return row


def _refuse_closed(invited: Row[*tuple[Any, ...]], now: datetime) -> None:
    if invited.state == "withdrawn":
        raise LinkClosed("withdrawn", invited.language)
    if invited.state == "expired" or invited.expires_at <= now:
        raise LinkClosed("expired", invited.language)


def _answers(session: Session, response: Response | None) -> dict[str, Answer]:
    if response is None:
        return {}
    rows = session.execute(_ANSWERS, {"response": response.id})
    return {row.question: Answer.from_stored(row.value, row.text) for row in rows}


def _in_time(
    response: Response | None, before: Mapping[str, Answer], answers: Given, now: datetime, window: timedelta
) -> Given:
    """The answers that may still be taken: after the window, only to questions that were left open."""
    if response is None or _within(response.completed_at or response.answered_at, now, window):
        return answers
    fresh = {key: answer for key, answer in answers.items() if key not in before}
    changes = any(answer != before[key] for key, answer in answers.items() if key in before)
    if response.completed_at is not None or (changes and not any(fresh.values())):
        raise LinkClosed("closed", response.language)
    return fresh


def _within(since: datetime | None, now: datetime, window: timedelta) -> bool:
    return since is None or now < since + window


def _merged(questionnaire: Questionnaire, before: Mapping[str, Answer], given: Given) -> dict[str, Answer]:
    together = {**before, **given}
    answers = {key: answer for key, answer in together.items() if answer is not None}
    return {each.key: answers[each.key] for each in questionnaire.path(answers) if each.key in answers}


def _begun(
    session: Session,
    invited: Row[*tuple[Any, ...]],
    questionnaire: Questionnaire,
    *,
    source: str,
    language: str | None,
    now: datetime,
) -> Response:
    """A new response. Segment and owner are written down as they are today: reports must not change later."""
    response = Response(
        invitation_id=invited.id,
        version_id=invited.version_id,
        contact_id=invited.contact_id,
        account_id=invited.account_id,
        questionnaire=questionnaire.key,
        stage=invited.stage,
        segment=invited.segment,
        owner_id=invited.owner_id,
        source=source,
        channel=invited.kind,
        language=language or invited.language,
        state="partial",
        provisional=False,
        evidence={},
        answered_at=now,
        updated_at=now,
        edits=0,
        is_demo=invited.is_demo,
    )
    session.add(response)
    session.flush()
    return response


def _write_answers(
    session: Session, response: Response, before: Mapping[str, Answer], after: Mapping[str, Answer]
) -> None:
    """Only what differs is written; a question keeps its row."""
    for key in before.keys() - after.keys():
        session.execute(_DELETE_ANSWER, {"response": response.id, "asked": key})
    new = [_row(response, key, answer) for key, answer in after.items() if key not in before]
    if new:
        session.execute(insert(AnswerRow), new)
    for key in before.keys() & after.keys():
        if before[key] != after[key]:
            changed = {"value": after[key].stored(), "text": after[key].text}
            session.execute(_UPDATE_ANSWER.values(changed), {"response": response.id, "asked": key})


_THIS_ANSWER = (AnswerRow.response_id == bindparam("response")) & (AnswerRow.question == bindparam("asked"))
_DELETE_ANSWER = delete(AnswerRow).where(_THIS_ANSWER).execution_options(synchronize_session=False)
_UPDATE_ANSWER = update(AnswerRow).where(_THIS_ANSWER).execution_options(synchronize_session=False)


def _row(response: Response, key: str, answer: Answer) -> dict[str, Any]:
    return {"response_id": response.id, "question": key, "value": answer.stored(), "text": answer.text}


def _judge(response: Response, evidence: Mapping[str, Any] | None) -> None:
    """A human sign makes an answer count that looked like a machine's; nothing makes it doubtful again."""
    if evidence is None:
        response.provisional = False
        return
    known = Evidence.from_stored(response.evidence)
    together = known.and_then(Evidence.from_stored(evidence))
    counted = bool(response.evidence) and not response.provisional
    response.provisional = is_provisional(together) and not counted
    response.evidence = together.stored() or {"touched": False}


def _advance(
    response: Response,
    questionnaire: Questionnaire,
    before: Mapping[str, Answer],
    after: Mapping[str, Answer],
    now: datetime,
    *,
    finished: bool,
) -> None:
    if before != after:
        response.updated_at = now
        response.edits += any(after.get(key) != answer for key, answer in before.items())
    asked_everything = finished or questionnaire.next_question(after) is None
    if asked_everything and not questionnaire.problems(after):
        response.state = "complete"
        response.completed_at = response.completed_at or now


def _write_scores(
    session: Session, response: Response, questionnaire: Questionnaire, answers: Mapping[str, Answer]
) -> None:
    """Score rows equal to the scored answers; none while the response is provisional."""
    wanted = {} if response.provisional else _scores(questionnaire, answers)
    present = {row.question: row.value for row in session.execute(_SCORES, {"response": response.id})}
    for key in present.keys() - wanted.keys():
        session.execute(_DELETE_SCORE, {"response": response.id, "asked": key})
    for key, value in wanted.items():
        band = questionnaire.by_key[key].band(value)
        if key not in present:
            session.execute(insert(Score), [_score(response, questionnaire, key, value)])
        elif present[key] != value:
            changed = _UPDATE_SCORE.values(value=value, band=band)
            session.execute(changed, {"response": response.id, "asked": key})


_THIS_SCORE = (Score.response_id == bindparam("response")) & (Score.question == bindparam("asked"))
_DELETE_SCORE = delete(Score).where(_THIS_SCORE).execution_options(synchronize_session=False)
_UPDATE_SCORE = update(Score).where(_THIS_SCORE).execution_options(synchronize_session=False)


def _scores(questionnaire: Questionnaire, answers: Mapping[str, Answer]) -> dict[str, int]:
    return {
        question.key: value
        for question in questionnaire.questions
        if question.metric
        and question.key in answers
        and isinstance(value := answers[question.key].value, int)
    }


def _score(response: Response, questionnaire: Questionnaire, key: str, value: int) -> dict[str, Any]:
    question = questionnaire.by_key[key]
    return {
        "response_id": response.id,
        "question": key,
        "metric": question.metric,
        "trend": questionnaire.trend or questionnaire.key,
        "value": value,
        "band": question.band(value),
        "at": response.answered_at,
    }


def _move_invitation(
    session: Session, invited: Row[*tuple[Any, ...]], response: Response, now: datetime
) -> None:
    """Forward only. Who has begun to answer is not reminded."""
    state = "completed" if response.state == "complete" else "started"
    if invited.state in (state, "completed"):
        return
    session.execute(_MOVE, {"invitation": invited.id, "to": state, "moment": now})


_MOVE = (
    update(Invitation)
    .where(Invitation.id == bindparam("invitation"))
    .values(
        state=bindparam("to"),
        opened_at=func.coalesce(Invitation.opened_at, bindparam("moment")),
        answered_at=func.coalesce(Invitation.answered_at, bindparam("moment")),
        remind_at=None,
    )
    .execution_options(synchronize_session=False)
)


def answers_to(session: Session, invitation_id: int) -> dict[str, Answer]:
    """What has been answered to an invitation so far."""
    return _answers(session, session.scalars(_OF_INVITATION, {"invitation": invitation_id}).one_or_none())
