"""Reads what customers have answered so far, by their link: for display, or locked for writing.

Every customer request starts here, so it uses prepared statements on tables and makes no ORM objects. Callers
with a session can pass it instead of a connection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any, Protocol, cast

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, bindparam, select, update
from sqlalchemy.orm import Session

from feedback.core.answer import Answer
from feedback.core.lifecycle import INVITATION_LINK_UNKNOWN, InvitationState, ResponseState
from feedback.core.token import looks_like_token
from feedback.errors import LinkClosed, NotFound
from feedback.store.models import Account, AnswerRow, Invitation, Link, QuestionnaireVersion, Response, Score

AnyRow = Row[*tuple[Any, ...]]
AnySelect = Select[*tuple[Any, ...]]
Rows = Connection | Session

invitation, response, answer, score, account = (
    cast(Table, model.__table__) for model in (Invitation, Response, AnswerRow, Score, Account)
)


class Identified(Protocol):
    """An invitation, as an ORM object or as a Sheet."""

    @property
    def id(self) -> int: ...


@dataclass(slots=True)
class Draft:
    """The columns of a response, as stored or about to be written."""

    id: int | None
    invitation_id: int | None
    visit: str | None
    link_id: int | None
    version_id: int
    contact_id: int | None
    account_id: int | None
    questionnaire: str
    stage: str | None
    segment: str | None
    owner_id: int | None
    source: str
    channel: str
    language: str
    state: str
    provisional: bool
    evidence: dict[str, Any]
    answered_at: datetime
    updated_at: datetime
    completed_at: datetime | None
    edits: int
    is_demo: bool

    def columns(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _DRAFTED}


_DRAFTED = tuple(each.name for each in fields(Draft))


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored response with its answers and score values."""

    draft: Draft
    answers: Mapping[str, Answer]
    scores: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Sheet:
    """An invitation and its answers so far, as its page needs them.

    `state` is that of the response (`partial`, `complete`), empty before the first answer; `updated_at` is only
    set for visits through an open link.
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
    updated_at: datetime | None = None
    source: str = ""

    def takes_the_rest(self, now: datetime) -> bool:
        """Whether questions that the SMS conversation did not ask can still be answered."""
        return takes_the_rest(self.source, self.expires_at, now)

    def editable(self, now: datetime, window: timedelta) -> bool:
        """Whether given answers can still be changed."""
        return within(self.completed_at or self.answered_at, now, window)


@dataclass(frozen=True, slots=True)
class Held:
    """An invitation, locked until the transaction ends; `stored` is its response."""

    invited: AnyRow
    stored: Stored | None

    @property
    def id(self) -> int:
        return cast(int, self.invited.id)

    @property
    def sheet(self) -> Sheet:
        """The Sheet for its page."""
        if self.stored is None:
            return _sheet(self.invited, self.invited.language)
        draft = self.stored.draft
        return _sheet(
            self.invited,
            draft.language,
            state=draft.state,
            answered_at=draft.answered_at,
            completed_at=draft.completed_at,
            answers=self.stored.answers,
            source=draft.source,
        )


def connection_of(rows: Rows) -> Connection:
    """The connection of a session (after a flush, so that it sees pending changes), or the connection itself."""
    if isinstance(rows, Connection):
        return rows
    rows.flush()
    return rows.connection()


def within(since: datetime | None, now: datetime, window: timedelta) -> bool:
    """Whether `now` is before the end of a window that began at `since`; True if it has not begun (None)."""
    return since is None or now < since + window


def takes_the_rest(source: str, expires_at: datetime, now: datetime) -> bool:
    """An SMS conversation ends after the comment; until the survey expires, its page offers the other questions."""
    return source == "sms_reply" and now < expires_at


# --- To look at ----------------------------------------------------------------------------------


def find(rows: Rows, token: str, now: datetime) -> Sheet:
    """The sheet of a link.

    Raises NotFound, or LinkClosed (expired, withdrawn). A complete response can always be viewed, so an expired
    link is only closed if answers are missing.
    """
    found = rows.execute(_BY_TOKEN, {"token": token}).all() if looks_like_token(token) else []
    if not found or found[0].state in INVITATION_LINK_UNKNOWN:
        raise NotFound("There is no such survey.")
    first = found[0]
    if first.response_state != ResponseState.COMPLETE:
        _refuse_closed(first, now)
    return _sheet(
        first,
        first.answered_in or first.language,
        state=first.response_state or "",
        answered_at=first.answered_at,
        completed_at=first.completed_at,
        answers=_answers(found),
        source=first.source or "",
    )


def find_visit(rows: Rows, visit: str, link: Link) -> Sheet | None:
    """The sheet of a visit; None before the first answer."""
    stored = read(rows, "visit", visit)
    if stored is None or stored.draft.link_id != link.id:
        return None
    draft = stored.draft
    return Sheet(
        id=0,
        version_id=draft.version_id,
        language=draft.language,
        kind=link.kind,
        piping={},
        signs={},
        expires_at=draft.answered_at,
        reached_at=None,
        state=draft.state,
        answered_at=draft.answered_at,
        completed_at=draft.completed_at,
        answers=stored.answers,
        updated_at=draft.updated_at,
    )


def content(rows: Rows, version_id: int) -> dict[str, Any]:
    """The snapshot of a questionnaire version."""
    wanted = select(QuestionnaireVersion.content).where(QuestionnaireVersion.id == version_id)
    return dict(rows.scalars(wanted).one())


def note_sign(rows: Rows, invitation_id: int, kind: str, value: int | None = None) -> None:
    """Record a sign that a program opened the link: `headed`, `trap_link`, or `preselected` with the score."""
    wanted = select(Invitation.signs).where(Invitation.id == invitation_id).with_for_update()
    signs = dict(rows.scalars(wanted).one())
    signs[kind] = True if value is None else sorted({*signs.get(kind, ()), value})
    rows.execute(update(Invitation).where(Invitation.id == invitation_id).values(signs=signs))


def answers_to(rows: Rows, invitation_id: int) -> dict[str, Answer]:
    """The answers to an invitation so far."""
    stored = read(rows, "invitation_id", invitation_id)
    return dict(stored.answers) if stored else {}


# --- To write on ---------------------------------------------------------------------------------


def hold(rows: Rows, token: str, now: datetime) -> Held:
    """Like `find`, but locks the invitation until the transaction ends."""
    if not looks_like_token(token):
        raise NotFound("There is no such survey.")
    return _held(rows, _HOLD["token"], token, now)


def hold_invitation(rows: Rows, invitation_id: int, now: datetime, *, to_add: bool = False) -> Held:
    """Like `hold`, by the invitation's id; `to_add` also accepts a closed invitation that was answered."""
    return _held(rows, _HOLD["id"], invitation_id, now, to_add=to_add)


def _held(rows: Rows, statement: AnySelect, which: str | int, now: datetime, *, to_add: bool = False) -> Held:
    row = connection_of(rows).execute(statement, {"which": which}).one_or_none()
    if row is None or row.state in INVITATION_LINK_UNKNOWN:
        raise NotFound("There is no such survey.")
    # Read after locking, to see what another request has answered meanwhile. The first answer sets `answered_at`
    # in its transaction, so without it there is nothing to read.
    stored = read(rows, "invitation_id", row.id) if row.answered_at else None
    if stored is None or (stored.draft.state != ResponseState.COMPLETE and not to_add):
        _refuse_closed(row, now)
    return Held(row, stored)


def hold_visit(rows: Rows, visit: str) -> Stored | None:
    """The response of a visit, locked until the transaction ends; None before the first answer."""
    found = connection_of(rows).execute(_HOLD_VISIT, {"visit": visit}).one_or_none()
    return read(rows, "visit", visit) if found else None


def read(rows: Rows, by: str, value: int | str) -> Stored | None:
    """The response whose column `by` (`invitation_id`, `visit`) has this value."""
    found = rows.execute(_STORED[by], {"value": value}).all()
    if not found:
        return None
    scores = {row.question: row.score for row in found if row.score is not None}
    return Stored(Draft(*found[0][: len(_DRAFTED)]), _answers(found), scores)


def _answers(rows: Sequence[AnyRow]) -> dict[str, Answer]:
    return {row.question: Answer.from_stored(row.value, row.text) for row in rows if row.question}


def _sheet(invited: AnyRow, language: str, **rest: Any) -> Sheet:
    return Sheet(
        id=invited.id,
        version_id=invited.version_id,
        language=language,
        kind=invited.channel,
        piping=invited.piping,
        signs=invited.signs,
        expires_at=invited.expires_at,
        reached_at=invited.delivered_at or invited.sent_at,
        **rest,
    )


def _refuse_closed(invited: AnyRow, now: datetime) -> None:
    if invited.state == InvitationState.WITHDRAWN:
        raise LinkClosed("withdrawn", invited.language)
    if invited.state == InvitationState.EXPIRED or invited.expires_at <= now:
        raise LinkClosed("expired", invited.language)


# --- The statements, made once -------------------------------------------------------------------


def _sheet_by_token() -> AnySelect:
    """One row per answer, or one row with empty answer columns if there is none."""
    return (
        select(invitation.c.id, invitation.c.version_id, invitation.c.channel, invitation.c.state)
        .add_columns(invitation.c.language, invitation.c.piping, invitation.c.signs)
        .add_columns(invitation.c.expires_at, invitation.c.sent_at, invitation.c.delivered_at)
        .add_columns(response.c.state.label("response_state"), response.c.language.label("answered_in"))
        .add_columns(response.c.answered_at, response.c.completed_at, response.c.source)
        .add_columns(answer.c.question, answer.c.value, answer.c.text)
        .outerjoin(response, response.c.invitation_id == invitation.c.id)
        .outerjoin(answer, answer.c.response_id == response.c.id)
        .where(invitation.c.token == bindparam("token"))
        .order_by(answer.c.id)
    )


def _held_by(column: ColumnElement[Any]) -> AnySelect:
    """The invitation's row, locked, with the account's columns that a response copies."""
    wanted = (
        "id version_id contact_id account_id stage channel state language piping signs is_demo"
        " expires_at sent_at delivered_at opened_at answered_at"
    )
    return (
        select(*(invitation.c[name] for name in wanted.split()), account.c.segment, account.c.owner_id)
        .outerjoin(account, account.c.id == invitation.c.account_id)
        .where(column == bindparam("which"))
        .with_for_update(of=invitation)
    )


def _stored_by(column: ColumnElement[Any]) -> AnySelect:
    """The response's row once per answer, with the value of its score."""
    return (
        select(*(response.c[name] for name in _DRAFTED))
        .add_columns(answer.c.question, answer.c.value, answer.c.text, score.c.value.label("score"))
        .outerjoin(answer, answer.c.response_id == response.c.id)
        .outerjoin(
            score, (score.c.response_id == answer.c.response_id) & (score.c.question == answer.c.question)
        )
        .where(column == bindparam("value"))
        .order_by(answer.c.id)
    )


_BY_TOKEN = _sheet_by_token()
_HOLD = {name: _held_by(invitation.c[name]) for name in ("token", "id")}
_STORED = {name: _stored_by(response.c[name]) for name in ("invitation_id", "visit")}
_HOLD_VISIT = select(response.c.id).where(response.c.visit == bindparam("visit")).with_for_update()
