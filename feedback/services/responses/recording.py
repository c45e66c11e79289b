"""What customers answer, from the first score to the last change: stored once, with all that follows from it.

An invitation has at most one response. Every writer locks the invitation's row, so two tabs, a double
tap and a reply by SMS come one after the other, and the later one continues what the earlier one began.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, func
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from feedback.core.answer import Answer
from feedback.core.bot_signals import Evidence, is_provisional
from feedback.core.lifecycle import InvitationState, ResponseState
from feedback.core.questionnaire import FollowUpRule, Questionnaire, SurveyOutcome
from feedback.errors import LinkClosed, NotFound
from feedback.services import rollups
from feedback.services.followups import opening
from feedback.services.responses import lookup, reported_changes
from feedback.services.responses.lookup import (
    AnyRow,
    LockedInvitation,
    ResponseRow,
    StoredResponse,
    takes_the_rest,
)
from feedback.services.responses.submission import Given, Submission
from feedback.settings import Settings
from feedback.store.database import zone_of
from feedback.store.models import Invitation, Link, Response
from feedback.store.prepared import PreparedStatement
from feedback.store.types import UtcDateTime


@dataclass(frozen=True, slots=True)
class WalkIn:
    """Somebody whom nobody invited, at an open link: `visit` is the secret of their one form."""

    link: Link
    visit: str
    version_id: int


@dataclass(frozen=True, slots=True)
class _Change:
    """A response before and after a submission, not written yet; `invited` is the invitation's row, if there is one."""

    questionnaire: Questionnaire
    submission: Submission
    invited: AnyRow | None
    stored: StoredResponse | None
    row: ResponseRow
    answers: Mapping[str, Answer]
    scores: Mapping[str, int]
    rules: Sequence[FollowUpRule]

    @property
    def answers_before(self) -> Mapping[str, Answer]:
        return self.stored.answers if self.stored else {}


def record(
    session: Session,
    invitation: Invitation,
    questionnaire: Questionnaire,
    submission: Submission,
    settings: Settings,
) -> int:
    """As `record_locked`, for those who have the invitation as an object: it is locked here, and refreshed.

    Raises LinkClosed also where the invitation expired or was withdrawn, unless words are added to an answer.
    """
    connection = lookup.connection_of(session)
    added, now = submission.added, submission.at
    locked = lookup.lock_invitation(connection, invitation.id, now, to_add=added)
    change = _continued(connection, locked, questionnaire, submission, settings)
    response_id = _store_with_session(session, change, settings)
    session.refresh(invitation, ["state", "opened_at", "answered_at", "remind_at"])
    return response_id


def record_locked(
    connection: Connection,
    locked: LockedInvitation,
    questionnaire: Questionnaire,
    submission: Submission,
    settings: Settings,
) -> int:
    """Continue the invitation's one response with these answers, and settle everything that follows from it.

    Storing the same answers again changes nothing. Answers on a path that is no longer reached are dropped.
    The response is complete when nothing required is missing and nothing is left to ask, or the customer has
    `finished`; it is open again when a change leads to a required question without an answer. Returns the
    response's id. Raises LinkClosed where only changes arrive after `link.edit_window`.
    """
    change = _continued(connection, locked, questionnaire, submission, settings)
    _write(connection, change)
    if opening.may_change(change.row, change.rules):  # most answers change nothing; they cost no session
        with Session(connection) as session:
            _follow_up(session, change, settings)
    return _settle(connection, change)


def record_visit(
    session: Session,
    walk_in: WalkIn,
    questionnaire: Questionnaire,
    submission: Submission,
    settings: Settings,
) -> int:
    """As `record`, for somebody whom nobody invited.

    Raises LinkClosed where the link was taken out of use, or where only changes arrive too late.
    """
    link = walk_in.link
    questionnaire = questionnaire.asked_of(lookup.known_through(link))
    if link.closed_at is not None:
        raise LinkClosed("withdrawn", link.language)
    connection = lookup.connection_of(session)
    stored = _visited(connection, walk_in, questionnaire, submission)
    if stored.row.link_id != link.id:
        raise NotFound("There is no such survey.")
    given = _in_time(stored, submission, settings.link.edit_window, rest=False)
    known = lookup.with_composites(connection, questionnaire, stored)
    change = _change(questionnaire, submission, None, known, replace(stored.row), given)
    return _store_with_session(session, change, settings)


def record_for_others(
    session: Session,
    row: ResponseRow,
    stored: StoredResponse | None,
    questionnaire: Questionnaire,
    submission: Submission,
    settings: Settings,
    *,
    follow_up: bool = True,
) -> int:
    """As `record`, for answers that another program has collected: `row` is a new response, or the `stored` one.

    Without `follow_up`, no follow-up is opened, because the answers are old.
    """
    stored = lookup.with_composites(lookup.connection_of(session), questionnaire, stored)
    change = _change(questionnaire, submission, None, stored, row, submission.answers)
    return _store_with_session(session, change if follow_up else replace(change, rules=()), settings)


def _store_with_session(session: Session, change: _Change, settings: Settings) -> int:
    connection = lookup.connection_of(session)
    _write(connection, change)
    _forget(session, change.row)
    if opening.may_change(change.row, change.rules):
        _follow_up(session, change, settings)
    return _settle(connection, change)


def _continued(
    connection: Connection,
    locked: LockedInvitation,
    questionnaire: Questionnaire,
    submission: Submission,
    settings: Settings,
) -> _Change:
    invited = locked.invited
    stored = lookup.with_composites(connection, questionnaire, locked.stored)
    questionnaire = questionnaire.asked_of(lookup.known_of(invited))
    if stored is None:
        row = _begun(invited, questionnaire, submission)
        return _change(questionnaire, submission, invited, None, row, submission.answers)
    rest = takes_the_rest(stored.row.source, invited.expires_at, submission.at)
    given = _in_time(stored, submission, settings.link.edit_window, rest=rest)
    return _change(questionnaire, submission, invited, stored, replace(stored.row), given)


def _change(
    questionnaire: Questionnaire,
    submission: Submission,
    invited: AnyRow | None,
    stored: StoredResponse | None,
    row: ResponseRow,
    given: Given,
) -> _Change:
    """What these answers make of `row`."""
    before = stored.answers if stored else {}
    together = {**before, **given}
    outcome = questionnaire.outcome({key: answer for key, answer in together.items() if answer is not None})
    row.language = submission.language or row.language
    _judge(row, submission.evidence)
    _advance(row, submission, before, outcome)
    scores = {} if row.provisional else outcome.scores
    return _Change(questionnaire, submission, invited, stored, row, outcome.answers, scores, outcome.rules)


def _write(connection: Connection, change: _Change) -> None:
    """Write what has changed of the response, its answers, its scores and its invitation."""
    _write_response(connection, change.stored, change.row)
    _write_answers(connection, change.row, change.answers_before, change.answers)
    _write_scores(connection, change)
    if change.stored is not None and any(each.text for each in change.stored.answers.values()):
        _READ_AGAIN.run(connection, {"response": change.row.id})  # its themes are counted with its scores
    if change.invited is not None:
        _move_invitation(connection, change.invited, change.row, change.submission.at)


# --- Which answers are taken ---------------------------------------------------------------------


def _in_time(stored: StoredResponse, submission: Submission, window: timedelta, *, rest: bool) -> Given:
    """The answers that may still be taken: after the window, only to questions that were left open.

    `rest` says that those may be answered also behind the end of the response.
    """
    row, before, answers = stored.row, stored.answers, submission.answers
    if not before or submission.added:
        return answers
    if lookup.within(row.completed_at or row.answered_at, submission.at, window):
        return answers
    fresh = {key: answer for key, answer in answers.items() if key not in before}
    changes = any(answer != before[key] for key, answer in answers.items() if key in before)
    over = row.completed_at is not None and not rest
    if over or (changes and not any(fresh.values())):
        raise LinkClosed("closed", row.language)
    return fresh


# --- The response --------------------------------------------------------------------------------


def _begun(invited: AnyRow, questionnaire: Questionnaire, submission: Submission) -> ResponseRow:
    """A new response. Segment and owner are stored as they are today: reports must not change later."""
    return ResponseRow(
        invitation_id=invited.id,
        version_id=invited.version_id,
        contact_id=invited.contact_id,
        account_id=invited.account_id,
        questionnaire=questionnaire.key,
        stage=invited.stage,
        segment=invited.segment,
        owner_id=invited.owner_id,
        source=submission.source,
        channel=invited.channel,
        language=invited.language,
        answered_at=submission.at,
        updated_at=submission.at,
        is_demo=invited.is_demo,
    )


def _visited(
    connection: Connection, walk_in: WalkIn, questionnaire: Questionnaire, submission: Submission
) -> StoredResponse:
    """The visit's one response, locked; begun by whichever of two taps comes first."""
    if (found := lookup.lock_visit(connection, walk_in.visit)) is not None:
        return found
    row = ResponseRow(
        visit=walk_in.visit,
        link_id=walk_in.link.id,
        version_id=walk_in.version_id,
        questionnaire=questionnaire.key,
        source=submission.source,
        language=walk_in.link.language,
        answered_at=submission.at,
        updated_at=submission.at,
    )
    try:
        with connection.begin_nested():
            _write_response(connection, None, row)
    except IntegrityError:
        found = lookup.lock_visit(connection, walk_in.visit)
        if found is None:
            raise
        return found
    return StoredResponse(row, {}, {})


def _judge(row: ResponseRow, evidence: Mapping[str, Any] | None) -> None:
    """A human sign makes an answer count that looked like a machine's; nothing makes it doubtful again."""
    if evidence is None:
        row.provisional = False
        return
    known = Evidence.from_stored(row.evidence)
    together = known.and_then(Evidence.from_stored(evidence))
    counted = bool(row.evidence) and not row.provisional
    row.provisional = is_provisional(together) and not counted
    row.evidence = together.stored() or {"touched": False}


def _advance(
    row: ResponseRow, submission: Submission, before: Mapping[str, Answer], outcome: SurveyOutcome
) -> None:
    after = outcome.answers
    if before != after or row.source == "kiosk":  # a question passed on a shared screen: somebody is there
        row.updated_at = submission.at
    if before != after:
        row.edits += any(after.get(key) != answer for key, answer in before.items())
    was_complete = row.state == ResponseState.COMPLETE
    if (submission.finished or was_complete or outcome.nothing_left) and not outcome.missing:
        row.state = ResponseState.COMPLETE
        row.completed_at = row.completed_at or submission.at
    elif was_complete:
        row.state, row.completed_at = ResponseState.PARTIAL, None


def _write_response(connection: Connection, stored: StoredResponse | None, row: ResponseRow) -> None:
    columns = row.columns()
    if stored is None:
        del columns["id"]
        ((row.id,),) = _INSERT_RESPONSE.rows(connection, columns)
        return
    old = stored.row.columns()
    changed = {f"new_{name}": value for name, value in columns.items() if value != old[name]}
    if changed:
        _update_of(*changed).run(connection, {**changed, "response": row.id})


_INSERT_RESPONSE = PreparedStatement(lookup.response.insert().returning(lookup.response.c.id))


@cache
def _update_of(*names: str) -> PreparedStatement:
    """The statement that sets these columns of a response, each with `new_` before its name."""
    values: dict[str, Any] = {name.removeprefix("new_"): bindparam(name) for name in names}
    return PreparedStatement(
        lookup.response.update().where(lookup.response.c.id == bindparam("response")).values(values)
    )


# --- Its answers and scores ----------------------------------------------------------------------


def _write_answers(
    connection: Connection, row: ResponseRow, before: Mapping[str, Answer], after: Mapping[str, Answer]
) -> None:
    """Only what differs is written; a question keeps its row."""
    for key in before.keys() - after.keys():
        _DELETE_ANSWER.run(connection, {"response": row.id, "asked": key})
    for key, answer in after.items():
        if key not in before:
            new = {"response_id": row.id, "question": key, "value": answer.stored(), "text": answer.text}
            _INSERT_ANSWER.run(connection, new)
        elif before[key] != answer:
            changed = {"new_value": answer.stored(), "new_text": answer.text}
            _UPDATE_ANSWER.run(connection, {**changed, "response": row.id, "asked": key})


_THIS_ANSWER = (lookup.answer.c.response_id == bindparam("response")) & (
    lookup.answer.c.question == bindparam("asked")
)
_READ_AGAIN = PreparedStatement(
    lookup.answer.update()
    .where(lookup.answer.c.response_id == bindparam("response"), lookup.answer.c.text.is_not(None))
    .values(themed=0)
)
_INSERT_ANSWER = PreparedStatement(lookup.answer.insert())
_DELETE_ANSWER = PreparedStatement(lookup.answer.delete().where(_THIS_ANSWER))
_UPDATE_ANSWER = PreparedStatement(
    lookup.answer.update()
    .where(_THIS_ANSWER)
    .values(value=bindparam("new_value"), text=bindparam("new_text"))
)


def _write_scores(connection: Connection, change: _Change) -> None:
    """Score rows equal to the scored answers; none while the response is provisional."""
    questionnaire, response_id = change.questionnaire, change.row.id
    present = change.stored.scores if change.stored else {}
    for key in present.keys() - change.scores.keys():
        _DELETE_SCORE.run(connection, {"response": response_id, "asked": key})
    for key, value in change.scores.items():
        band = questionnaire.band_of(key, value)
        if key not in present:
            trend, question, metric, _ = _series(questionnaire, key, value)
            row = {"response_id": response_id, "question": question, "metric": metric, "trend": trend}
            _INSERT_SCORE.run(connection, row | {"value": value, "band": band, "at": change.row.answered_at})
        elif present[key] != value:
            changed = {"new_value": value, "new_band": band}
            _UPDATE_SCORE.run(connection, {**changed, "response": response_id, "asked": key})


_THIS_SCORE = (lookup.score.c.response_id == bindparam("response")) & (
    lookup.score.c.question == bindparam("asked")
)
_INSERT_SCORE = PreparedStatement(lookup.score.insert())
_DELETE_SCORE = PreparedStatement(lookup.score.delete().where(_THIS_SCORE))
_UPDATE_SCORE = PreparedStatement(
    lookup.score.update().where(_THIS_SCORE).values(value=bindparam("new_value"), band=bindparam("new_band"))
)


def _series(questionnaire: Questionnaire, key: str, value: int) -> rollups.Scored:
    metric = questionnaire.metric_of(key)
    return (questionnaire.series, key, str(metric), value)


def _settle(connection: Connection, change: _Change) -> int:
    """Tell other systems, and move the counts; these last, because everybody who answers today waits for the same rows.
    Returns the response's id."""
    zone = zone_of(connection)
    questionnaire, stored, row = change.questionnaire, change.stored, change.row
    reported_changes.report(
        connection, questionnaire, stored, row, change.answers, change.scores, change.submission.at
    )
    rollups.settle(
        connection,
        _counted(questionnaire, stored.row, stored.scores, stored.answers, zone)
        if stored
        else rollups.NOT_COUNTED,
        _counted(questionnaire, row, change.scores, change.answers, zone),
        rollups.sent_as(row.questionnaire, change.invited, zone) if change.invited else None,
    )
    assert row.id is not None  # noqa: S101 - it has been written
    return row.id


def _counted(
    questionnaire: Questionnaire,
    row: ResponseRow,
    scores: Mapping[str, int],
    answers: Mapping[str, Answer],
    zone: tzinfo,
) -> rollups.Counted:
    def scored() -> Iterator[rollups.Scored]:
        for key, value in scores.items():
            yield _series(questionnaire, key, value)

    return rollups.counted(row, scored(), zone, rollups.tallied(questionnaire, answers))


# --- What follows --------------------------------------------------------------------------------


def _move_invitation(connection: Connection, invited: AnyRow, row: ResponseRow, now: datetime) -> None:
    """Forward only. Who has begun to answer is not reminded."""
    state = InvitationState.COMPLETED if row.state == ResponseState.COMPLETE else InvitationState.STARTED
    if invited.state not in (state, InvitationState.COMPLETED):
        _MOVE.run(connection, {"invitation": invited.id, "to": state, "moment": now})


_MOVE = PreparedStatement(
    lookup.invitation.update()
    .where(lookup.invitation.c.id == bindparam("invitation"))
    .values(
        state=bindparam("to"),
        opened_at=func.coalesce(lookup.invitation.c.opened_at, bindparam("moment", type_=UtcDateTime())),
        answered_at=func.coalesce(lookup.invitation.c.answered_at, bindparam("moment", type_=UtcDateTime())),
        remind_at=None,
    )
)


def _follow_up(session: Session, change: _Change, settings: Settings) -> None:
    response = session.get_one(Response, change.row.id)
    opening.open_if_needed(
        session,
        response,
        change.questionnaire,
        change.rules,
        followup=settings.followup,
        now=change.submission.at,
    )
    session.flush()


def _forget(session: Session, row: ResponseRow) -> None:
    """The rows were written past the ORM; what it knows of this response is old."""
    known = session.identity_map.get(identity_key(Response, row.id))
    if known is not None:
        session.expire(known)
