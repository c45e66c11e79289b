"""Records customers' answers, and updates everything that depends on them.

An invitation has at most one response. Every writer locks the invitation's row, so answers from two tabs, a
double tap or an SMS reply are recorded one after the other, in the same response.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import Connection, bindparam, func
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from feedback.core.answer import Answer
from feedback.core.bot_signals import Evidence, is_provisional
from feedback.core.lifecycle import InvitationState, ResponseState
from feedback.core.questionnaire import Questionnaire
from feedback.errors import LinkClosed, NotFound
from feedback.services import rollups
from feedback.services.followups import workflow
from feedback.services.responses import lookup
from feedback.services.responses.lookup import AnyRow, Draft, Held, Identified, Rows, Stored, takes_the_rest
from feedback.settings.table import FollowUp as FollowupSettings
from feedback.store.database import zone_of
from feedback.store.models import Invitation, Link, Response
from feedback.store.types import UtcDateTime

EDIT_WINDOW = timedelta(hours=1)
"""How long an answer can be changed if the caller does not pass `link.edit_window`."""

Given = Mapping[str, Answer | None]
"""Question -> answer; None removes an earlier answer."""


@dataclass(frozen=True, slots=True)
class _Coming:
    """The answers of one request and its context; `record` explains the fields."""

    questionnaire: Questionnaire
    answers: Given
    followup: FollowupSettings
    now: datetime
    evidence: Mapping[str, Any] | None
    finished: bool
    language: str | None
    edit_window: timedelta
    added: bool = False
    rest: bool = False


def record(
    rows: Rows,
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
    added: bool = False,
) -> int:
    """Add these answers to the invitation's response, and update scores, follow-ups and rollups.

    Storing the same answers again changes nothing. Answers to questions that are no longer on the path are
    deleted. The response is complete if no required answer is missing and no question is left, or the customer
    has `finished`; it is reopened if a change leads to an unanswered required question. `evidence` is
    `core.bot_signals.Evidence.stored()` of this request; use None for sources that no scanner uses, such as SMS.
    An `invitation` that is already `Held` is not read again. `added` means text appended to earlier text: it
    removes nothing, so it is also accepted after the end. Returns the response's id.
    Raises LinkClosed if the invitation expired or was withdrawn, or if there are only changes and they are late.
    """
    held = _held(rows, invitation, now, added=added)
    rest = held.stored is not None and takes_the_rest(held.stored.draft.source, held.invited.expires_at, now)
    coming = _Coming(
        questionnaire, answers, followup, now, evidence, finished, language, edit_window, added, rest
    )
    draft = replace(held.stored.draft) if held.stored else _begun(held.invited, coming, source)
    response_id = _continue(rows, held.stored, draft, coming, held.invited)
    if isinstance(invitation, Invitation) and isinstance(rows, Session) and invitation in rows:
        rows.refresh(invitation, ["state", "opened_at", "answered_at", "remind_at"])
    return response_id


def _held(rows: Rows, invitation: Identified, now: datetime, *, added: bool) -> Held:
    if isinstance(invitation, Held):
        return invitation
    return lookup.hold_invitation(rows, invitation.id, now, to_add=added)


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
) -> int:
    """Like `record`, for a visit through an open link; `visit` is the secret token of the visit.

    Raises LinkClosed if the link was closed, or if there are only changes and they are late.
    """
    if link.closed_at is not None:
        raise LinkClosed("withdrawn", link.language)
    coming = _Coming(questionnaire, answers, followup, now, evidence, finished, language, edit_window)
    stored = _visited(session, link, visit, version_id, coming)
    if stored.draft.link_id != link.id:
        raise NotFound("There is no such survey.")
    return _continue(session, stored, replace(stored.draft), coming)


def _continue(
    rows: Rows, stored: Stored | None, draft: Draft, coming: _Coming, invited: AnyRow | None = None
) -> int:
    """Write the changes, and update everything that depends on them."""
    connection, questionnaire = lookup.connection_of(rows), coming.questionnaire
    before = stored.answers if stored else {}
    after = _merged(questionnaire, before, _in_time(stored, coming))
    draft.language = coming.language or draft.language
    _judge(draft, coming.evidence)
    _advance(draft, coming, before, after)
    _write_response(connection, stored, draft)
    _write_answers(connection, draft, before, after)
    scores = {} if draft.provisional else _scores(questionnaire, after)
    _write_scores(connection, draft, questionnaire, stored.scores if stored else {}, scores)
    if invited is not None:
        _move_invitation(connection, invited, draft, coming.now)
    _follow_up(rows, draft, coming, after)
    # Last, because all answers of the day update the same rows and wait for each other.
    zone = zone_of(connection)
    rollups.settle(
        connection,
        _counted(questionnaire, stored.draft, stored.scores, zone) if stored else rollups.NOT_COUNTED,
        _counted(questionnaire, draft, scores, zone),
        rollups.sent_as(draft.questionnaire, invited, zone) if invited else None,
    )
    assert draft.id is not None  # noqa: S101 - it has been written
    return draft.id


# --- Which answers are taken ---------------------------------------------------------------------


def _in_time(stored: Stored | None, coming: _Coming) -> Given:
    """The answers that are still accepted: after the edit window, only those to unanswered questions."""
    if stored is None or not stored.answers or coming.added:
        return coming.answers
    draft, before, answers = stored.draft, stored.answers, coming.answers
    if lookup.within(draft.completed_at or draft.answered_at, coming.now, coming.edit_window):
        return answers
    fresh = {key: answer for key, answer in answers.items() if key not in before}
    changes = any(answer != before[key] for key, answer in answers.items() if key in before)
    over = draft.completed_at is not None and not coming.rest
    if over or (changes and not any(fresh.values())):
        raise LinkClosed("closed", draft.language)
    return fresh


def _merged(questionnaire: Questionnaire, before: Mapping[str, Answer], given: Given) -> dict[str, Answer]:
    together = {**before, **given}
    answers = {key: answer for key, answer in together.items() if answer is not None}
    return {each.key: answers[each.key] for each in questionnaire.path(answers) if each.key in answers}


# --- The response --------------------------------------------------------------------------------


def _begun(invited: AnyRow, coming: _Coming, source: str) -> Draft:
    """A new response. Segment and owner are copied as they are now, so that reports do not change later."""
    return _draft(
        coming,
        invitation_id=invited.id,
        version_id=invited.version_id,
        contact_id=invited.contact_id,
        account_id=invited.account_id,
        stage=invited.stage,
        segment=invited.segment,
        owner_id=invited.owner_id,
        source=source,
        channel=invited.channel,
        language=invited.language,
        is_demo=invited.is_demo,
    )


def _visited(session: Session, link: Link, visit: str, version_id: int, coming: _Coming) -> Stored:
    """The visit's response, locked; it is created if it does not exist, also if two requests race."""
    if (found := lookup.hold_visit(session, visit)) is not None:
        return found
    draft = _draft(
        coming, visit=visit, link_id=link.id, version_id=version_id, source=link.kind, language=link.language
    )
    try:
        with session.begin_nested():
            _write_response(session.connection(), None, draft)
    except IntegrityError:
        found = lookup.hold_visit(session, visit)
        if found is None:
            raise
        return found
    return Stored(draft, {}, {})


def _draft(coming: _Coming, *, version_id: int, source: str, language: str, **columns: Any) -> Draft:
    unknown = dict.fromkeys(
        (
            "id",
            "invitation_id",
            "visit",
            "link_id",
            "contact_id",
            "account_id",
            "stage",
            "segment",
            "owner_id",
        )
    )
    known: dict[str, Any] = unknown | {"channel": "none", "is_demo": False} | columns
    return Draft(
        **known,
        version_id=version_id,
        questionnaire=coming.questionnaire.key,
        source=source,
        language=language,
        state=ResponseState.PARTIAL,
        provisional=False,
        evidence={},
        answered_at=coming.now,
        updated_at=coming.now,
        completed_at=None,
        edits=0,
    )


def _judge(draft: Draft, evidence: Mapping[str, Any] | None) -> None:
    """Update `provisional`: a human sign makes a doubtful answer count, and then it stays so."""
    if evidence is None:
        draft.provisional = False
        return
    known = Evidence.from_stored(draft.evidence)
    together = known.and_then(Evidence.from_stored(evidence))
    counted = bool(draft.evidence) and not draft.provisional
    draft.provisional = is_provisional(together) and not counted
    draft.evidence = together.stored() or {"touched": False}


def _advance(
    draft: Draft, coming: _Coming, before: Mapping[str, Answer], after: Mapping[str, Answer]
) -> None:
    if before != after or draft.source == "kiosk":  # on a shared screen somebody is present
        draft.updated_at = coming.now
    if before != after:
        draft.edits += any(after.get(key) != answer for key, answer in before.items())
    was_complete = draft.state == ResponseState.COMPLETE
    asked_everything = coming.finished or was_complete or coming.questionnaire.next_question(after) is None
    if asked_everything and not coming.questionnaire.problems(after):
        draft.state = ResponseState.COMPLETE
        draft.completed_at = draft.completed_at or coming.now
    elif was_complete:
        draft.state, draft.completed_at = ResponseState.PARTIAL, None


def _write_response(connection: Connection, stored: Stored | None, draft: Draft) -> None:
    columns = draft.columns()
    if stored is None:
        known = {name: value for name, value in columns.items() if value is not None}
        (draft.id,) = connection.execute(_INSERT_RESPONSE, known).inserted_primary_key or (None,)
        return
    old = stored.draft.columns()
    changed = {name: value for name, value in columns.items() if value != old[name]}
    if changed:
        connection.execute(_UPDATE_RESPONSE.values(changed), {"response": draft.id})


_INSERT_RESPONSE = lookup.response.insert()
_UPDATE_RESPONSE = lookup.response.update().where(lookup.response.c.id == bindparam("response"))


# --- Its answers and scores ----------------------------------------------------------------------


def _write_answers(
    connection: Connection, draft: Draft, before: Mapping[str, Answer], after: Mapping[str, Answer]
) -> None:
    """Write the answers that differ; a question keeps its row."""
    for key in before.keys() - after.keys():
        connection.execute(_DELETE_ANSWER, {"response": draft.id, "asked": key})
    new = [
        {"response_id": draft.id, "question": key, "value": answer.stored(), "text": answer.text}
        for key, answer in after.items()
        if key not in before
    ]
    if new:
        connection.execute(_INSERT_ANSWER, new)
    for key in before.keys() & after.keys():
        if before[key] != after[key]:
            changed = _UPDATE_ANSWER.values(value=after[key].stored(), text=after[key].text)
            connection.execute(changed, {"response": draft.id, "asked": key})


_THIS_ANSWER = (lookup.answer.c.response_id == bindparam("response")) & (
    lookup.answer.c.question == bindparam("asked")
)
_INSERT_ANSWER = lookup.answer.insert()
_DELETE_ANSWER = lookup.answer.delete().where(_THIS_ANSWER)
_UPDATE_ANSWER = lookup.answer.update().where(_THIS_ANSWER)


def _write_scores(
    connection: Connection,
    draft: Draft,
    questionnaire: Questionnaire,
    present: Mapping[str, int],
    wanted: Mapping[str, int],
) -> None:
    """Make the score rows match the scored answers; a provisional response has none."""
    for key in present.keys() - wanted.keys():
        connection.execute(_DELETE_SCORE, {"response": draft.id, "asked": key})
    for key, value in wanted.items():
        band = questionnaire.by_key[key].band(value)
        if key not in present:
            trend, question, metric, _ = _series(questionnaire, key, value)
            row = {"response_id": draft.id, "question": question, "metric": metric, "trend": trend}
            connection.execute(_INSERT_SCORE, row | {"value": value, "band": band, "at": draft.answered_at})
        elif present[key] != value:
            changed = _UPDATE_SCORE.values(value=value, band=band)
            connection.execute(changed, {"response": draft.id, "asked": key})


_THIS_SCORE = (lookup.score.c.response_id == bindparam("response")) & (
    lookup.score.c.question == bindparam("asked")
)
_INSERT_SCORE = lookup.score.insert()
_DELETE_SCORE = lookup.score.delete().where(_THIS_SCORE)
_UPDATE_SCORE = lookup.score.update().where(_THIS_SCORE)


def _scores(questionnaire: Questionnaire, answers: Mapping[str, Answer]) -> dict[str, int]:
    return {
        question.key: value
        for question in questionnaire.questions
        if question.metric
        and question.key in answers
        and isinstance(value := answers[question.key].value, int)
    }


def _series(questionnaire: Questionnaire, key: str, value: int) -> rollups.Scored:
    metric = questionnaire.by_key[key].metric
    return (questionnaire.series, key, str(metric), value)


def _counted(
    questionnaire: Questionnaire, draft: Draft, scores: Mapping[str, int], zone: tzinfo
) -> rollups.Counted:
    def scored() -> Iterator[rollups.Scored]:
        for key, value in scores.items():
            yield _series(questionnaire, key, value)

    return rollups.counted(draft, scored(), zone)


# --- What follows --------------------------------------------------------------------------------


def _move_invitation(connection: Connection, invited: AnyRow, draft: Draft, now: datetime) -> None:
    """Move the invitation's state forward; cancel reminders, because the customer has started to answer."""
    state = InvitationState.COMPLETED if draft.state == ResponseState.COMPLETE else InvitationState.STARTED
    if invited.state not in (state, InvitationState.COMPLETED):
        connection.execute(_MOVE, {"invitation": invited.id, "to": state, "moment": now})


_MOVE = (
    lookup.invitation.update()
    .where(lookup.invitation.c.id == bindparam("invitation"))
    .values(
        state=bindparam("to"),
        opened_at=func.coalesce(lookup.invitation.c.opened_at, bindparam("moment", type_=UtcDateTime())),
        answered_at=func.coalesce(lookup.invitation.c.answered_at, bindparam("moment", type_=UtcDateTime())),
        remind_at=None,
    )
)


def _follow_up(rows: Rows, draft: Draft, coming: _Coming, after: Mapping[str, Answer]) -> None:
    """Open or update follow-ups. Most answers need none, and cost no session and no query."""
    if isinstance(rows, Session):
        _forget(rows, draft)
    called_for = next(coming.questionnaire.follow_ups_for(after), None) is not None
    if draft.provisional or not (called_for or draft.edits):
        return
    with nullcontext(rows) if isinstance(rows, Session) else Session(rows) as session:
        response = session.get_one(Response, draft.id)
        workflow.open_if_needed(
            session, response, coming.questionnaire, after, followup=coming.followup, now=coming.now
        )
        session.flush()


def _forget(session: Session, draft: Draft) -> None:
    """Expire the response in the session, because its rows were written without the ORM."""
    known = session.identity_map.get(identity_key(Response, draft.id))
    if known is not None:
        session.expire(known)
