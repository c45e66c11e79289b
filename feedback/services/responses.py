"""What customers answer, from the first score to the last change: found by its link, stored once.

An invitation has at most one response. Whoever writes to it holds the invitation's row, so two tabs, a double
tap and a reply by SMS come one after the other, and the later one continues what the earlier one began.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol, cast

from sqlalchemy import Row, Select, Table, bindparam, func, inspect, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from feedback.core.answer import Answer
from feedback.core.evidence import Evidence, is_provisional
from feedback.core.questionnaire import Questionnaire
from feedback.core.token import looks_like_token
from feedback.errors import LinkClosed, NotFound
from feedback.services import followups, rollups
from feedback.settings.table import FollowUp as FollowupSettings
from feedback.store.models import Account, AnswerRow, Invitation, Link, QuestionnaireVersion, Response, Score
from feedback.store.types import UtcDateTime

# The hot path reads and writes tables, not objects: that halves what the library costs.
_invitation, _response, _answer, _score, _account = (
    cast(Table, model.__table__) for model in (Invitation, Response, AnswerRow, Score, Account)
)

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


def _sheet_by_token() -> Select[*tuple[Any, ...]]:
    """One row for each answer given, and one with empty answer columns where there is none."""
    invitation, response, answer = _invitation.c, _response.c, _answer.c
    return (
        select(invitation.id, invitation.version_id, invitation.kind, invitation.state, invitation.language)
        .add_columns(invitation.piping, invitation.signs)
        .add_columns(invitation.expires_at, invitation.sent_at, invitation.delivered_at)
        .add_columns(response.state.label("response_state"), response.language.label("answered_in"))
        .add_columns(response.answered_at, response.completed_at)
        .add_columns(answer.question, answer.value, answer.text)
        .outerjoin(_response, response.invitation_id == invitation.id)
        .outerjoin(_answer, answer.response_id == response.id)
        .where(invitation.token == bindparam("token"))
        .order_by(answer.id)
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
    response = _response_to(session, invited.id)
    if response is None or response.state != "complete":
        _refuse_closed(invited, now)
    before, stood = _answers(session, response), rollups.counted(session, response)
    answers = _in_time(response, before, answers, now, edit_window)
    if response is None:
        response = _begun(invited, questionnaire, source=source, now=now)
    response.language = language or response.language
    after = _continued(
        session, response, questionnaire, before, answers, evidence=evidence, now=now, finished=finished
    )
    _move_invitation(session, invited, response, now)
    if not response.provisional:
        followups.open_if_needed(session, response, questionnaire, after, followup=followup, now=now)
    rollups.settle(session, response, stood)  # last: whoever answers today waits for the same rows
    if isinstance(invitation, Invitation) and inspect(invitation).session is session:
        session.refresh(invitation, ["state", "opened_at", "answered_at", "remind_at"])
    return response


def record_visit(
    session: Session,
    link: Link,
    visit: str,
    questionnaire: Questionnaire,
    answers: Given,
    *,
    version_id: int,
    followup: FollowupSettings,
    now: datetime,
    language: str,
    evidence: Mapping[str, Any],
    finished: bool = False,
    edit_window: timedelta = EDIT_WINDOW,
) -> Response:
    """As `record`, for somebody whom nobody invited: `visit` is the secret of their one form.

    Raises LinkClosed where the link was taken out of use, or where only changes arrive too late.
    """
    if link.closed_at is not None:
        raise LinkClosed("withdrawn", link.language)
    response = _visited(
        session,
        link,
        visit,
        questionnaire=questionnaire.key,
        version_id=version_id,
        language=language,
        now=now,
    )
    if response.link_id != link.id:
        raise NotFound("There is no such survey.")
    before, stood = _answers(session, response), rollups.counted(session, response)
    answers = _in_time(response if before else None, before, answers, now, edit_window)
    response.language = language
    after = _continued(
        session, response, questionnaire, before, answers, evidence=evidence, now=now, finished=finished
    )
    if not response.provisional:
        followups.open_if_needed(session, response, questionnaire, after, followup=followup, now=now)
    rollups.settle(session, response, stood)
    return response


def _visited(
    session: Session,
    link: Link,
    visit: str,
    *,
    questionnaire: str,
    version_id: int,
    language: str,
    now: datetime,
) -> Response:
    """The visit's one response, held; begun by whichever of two taps comes first."""
    wanted = select(Response).where(Response.visit == visit).with_for_update()
    if (found := session.scalars(wanted).one_or_none()) is not None:
        return found
    response = Response(
        visit=visit,
        link_id=link.id,
        version_id=version_id,
        questionnaire=questionnaire,
        source=link.kind,
        channel="none",
        language=language,
        state="partial",
        provisional=False,
        evidence={},
        answered_at=now,
        updated_at=now,
        edits=0,
        is_demo=False,
    )
    try:
        with session.begin_nested():
            session.add(response)
    except IntegrityError:
        return session.scalars(wanted).one()
    return response


def find_visit(session: Session, visit: str, link: Link) -> Sheet | None:
    """What has been answered in this visit; None before the first answer."""
    response = session.scalars(select(Response).where(Response.visit == visit)).one_or_none()
    if response is None or response.link_id != link.id:
        return None
    return Sheet(
        id=0,
        version_id=response.version_id,
        language=response.language,
        kind=link.kind,
        piping={},
        signs={},
        expires_at=response.answered_at,
        reached_at=None,
        state=response.state,
        answered_at=response.answered_at,
        completed_at=response.completed_at,
        answers=_answers(session, response),
    )


def _continued(
    session: Session,
    response: Response,
    questionnaire: Questionnaire,
    before: Mapping[str, Answer],
    given: Given,
    *,
    evidence: Mapping[str, Any] | None,
    now: datetime,
    finished: bool,
) -> dict[str, Answer]:
    """Write these answers and what follows from them; all answers as they are then."""
    after = _merged(questionnaire, before, given)
    _judge(response, evidence)
    _advance(response, questionnaire, before, after, now, finished=finished)
    session.add(response)
    session.flush()
    _write_answers(session, response, before, after)
    _write_scores(session, response, questionnaire, before, after)
    return after


_HOLD: Select[*tuple[Any, ...]] = (
    select(_invitation, _account.c.segment, _account.c.owner_id)
    .outerjoin(_account, _account.c.id == _invitation.c.account_id)
    .where(_invitation.c.id == bindparam("invitation"))
    .with_for_update(of=_invitation)
)
_OF_INVITATION: Select[*tuple[Any, ...]] = select(_response.c.id).where(
    _response.c.invitation_id == bindparam("invitation")
)
_ANSWERS: Select[*tuple[Any, ...]] = (
    select(_answer.c.question, _answer.c.value, _answer.c.text)
    .where(_answer.c.response_id == bindparam("response"))
    .order_by(_answer.c.id)
)
_SCORES: Select[*tuple[Any, ...]] = select(_score.c.question, _score.c.value).where(
    _score.c.response_id == bindparam("response")
)


def _response_to(session: Session, invitation_id: int) -> Response | None:
    found = session.execute(_OF_INVITATION, {"invitation": invitation_id}).scalar()
    return None if found is None else session.get_one(Response, found)


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
    invited: Row[*tuple[Any, ...]],
    questionnaire: Questionnaire,
    *,
    source: str,
    now: datetime,
) -> Response:
    """A new response. Segment and owner are written down as they are today: reports must not change later."""
    return Response(
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
        language=invited.language,
        state="partial",
        provisional=False,
        evidence={},
        answered_at=now,
        updated_at=now,
        edits=0,
        is_demo=invited.is_demo,
    )


def _write_answers(
    session: Session, response: Response, before: Mapping[str, Answer], after: Mapping[str, Answer]
) -> None:
    """Only what differs is written; a question keeps its row."""
    for key in before.keys() - after.keys():
        session.execute(_DELETE_ANSWER, {"response": response.id, "asked": key})
    new = [_row(response, key, answer) for key, answer in after.items() if key not in before]
    if new:
        session.execute(_answer.insert(), new)
    for key in before.keys() & after.keys():
        if before[key] != after[key]:
            changed = {"value": after[key].stored(), "text": after[key].text}
            session.execute(_UPDATE_ANSWER.values(changed), {"response": response.id, "asked": key})


_THIS_ANSWER = (_answer.c.response_id == bindparam("response")) & (_answer.c.question == bindparam("asked"))
_DELETE_ANSWER = _answer.delete().where(_THIS_ANSWER)
_UPDATE_ANSWER = _answer.update().where(_THIS_ANSWER)


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
    session: Session,
    response: Response,
    questionnaire: Questionnaire,
    before: Mapping[str, Answer],
    after: Mapping[str, Answer],
) -> None:
    """Score rows equal to the scored answers; none while the response is provisional."""
    wanted = {} if response.provisional else _scores(questionnaire, after)
    rows = session.execute(_SCORES, {"response": response.id}) if before else ()
    present = {row.question: row.value for row in rows}
    for key in present.keys() - wanted.keys():
        session.execute(_DELETE_SCORE, {"response": response.id, "asked": key})
    for key, value in wanted.items():
        band = questionnaire.by_key[key].band(value)
        if key not in present:
            session.execute(_score.insert(), _score_row(response, questionnaire, key, value))
        elif present[key] != value:
            changed = _UPDATE_SCORE.values(value=value, band=band)
            session.execute(changed, {"response": response.id, "asked": key})


_THIS_SCORE = (_score.c.response_id == bindparam("response")) & (_score.c.question == bindparam("asked"))
_DELETE_SCORE = _score.delete().where(_THIS_SCORE)
_UPDATE_SCORE = _score.update().where(_THIS_SCORE)


def _scores(questionnaire: Questionnaire, answers: Mapping[str, Answer]) -> dict[str, int]:
    return {
        question.key: value
        for question in questionnaire.questions
        if question.metric
        and question.key in answers
        and isinstance(value := answers[question.key].value, int)
    }


def _score_row(response: Response, questionnaire: Questionnaire, key: str, value: int) -> dict[str, Any]:
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
    _invitation.update()
    .where(_invitation.c.id == bindparam("invitation"))
    .values(
        state=bindparam("to"),
        opened_at=func.coalesce(_invitation.c.opened_at, bindparam("moment", type_=UtcDateTime())),
        answered_at=func.coalesce(_invitation.c.answered_at, bindparam("moment", type_=UtcDateTime())),
        remind_at=None,
    )
)


def answers_to(session: Session, invitation_id: int) -> dict[str, Answer]:
    """What has been answered to an invitation so far."""
    return _answers(session, _response_to(session, invitation_id))
