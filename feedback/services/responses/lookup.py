"""What customers have answered so far, found by their link: to look at, or locked to be written on.

Every request of a customer begins here, so this reads tables with prepared statements and makes no objects of
the ORM. Callers that have a session ask through `connection_of`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, select, update
from sqlalchemy.orm import Session

from feedback.core.answer import Answer
from feedback.core.audience import NOBODY, Facts
from feedback.core.lifecycle import INVITATION_LINK_UNKNOWN, InvitationState, ResponseState
from feedback.core.questionnaire import Questionnaire
from feedback.errors import LinkClosed, NotFound
from feedback.store.models import Account, AnswerRow, Invitation, Link, QuestionnaireVersion, Response, Score
from feedback.store.prepared import PreparedStatement

AnyRow = Any
"""A row with the columns of its statement as attributes."""
AnySelect = Select[*tuple[Any, ...]]

invitation, response, answer, score, account = (
    cast(Table, model.__table__) for model in (Invitation, Response, AnswerRow, Score, Account)
)


@dataclass(slots=True, kw_only=True)
class ResponseRow:
    """A response as its row is, or as it is about to be written; the names are those of the columns."""

    id: int | None = None
    invitation_id: int | None = None
    visit: str | None = None
    link_id: int | None = None
    version_id: int
    contact_id: int | None = None
    account_id: int | None = None
    questionnaire: str
    stage: str | None = None
    segment: str | None = None
    owner_id: int | None = None
    source: str
    channel: str = "none"
    language: str
    state: str = "partial"
    provisional: bool = False
    evidence: dict[str, Any] = field(default_factory=dict)
    answered_at: datetime
    updated_at: datetime
    completed_at: datetime | None = None
    edits: int = 0
    is_demo: bool = False

    @classmethod
    def from_columns(cls, row: AnyRow) -> ResponseRow:
        """The response in a row that may hold more columns than these."""
        return cls(**dict(zip(_COLUMNS, _columns_of(row), strict=True)))

    def columns(self) -> dict[str, Any]:
        return dict(zip(_COLUMNS, _columns_of(self), strict=True))


_COLUMNS = tuple(each.name for each in fields(ResponseRow))
_columns_of = attrgetter(*_COLUMNS)


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """A response with its answers and the values of its scores, as they are in the database."""

    row: ResponseRow
    answers: Mapping[str, Answer]
    scores: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SurveyState:
    """An invitation and what has been answered to it so far: all that its page needs.

    `token` is that of its link, empty for a visit through an open link. `state` is the response's (`partial`,
    `complete`), empty before the first answer; `updated_at` is known of visits through an open link only.
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
    token: str = ""
    facts: Facts = NOBODY

    def takes_the_rest(self, now: datetime) -> bool:
        """Whether questions may still be answered that a conversation by SMS never asked."""
        return takes_the_rest(self.source, self.expires_at, now)

    def editable(self, now: datetime, window: timedelta) -> bool:
        """Whether what has been answered may still be changed."""
        return within(self.completed_at or self.answered_at, now, window)


@dataclass(frozen=True, slots=True)
class LockedInvitation:
    """An invitation that nobody else can answer until the transaction ends; `stored` is what it has."""

    invited: AnyRow
    stored: StoredResponse | None

    @property
    def survey(self) -> SurveyState:
        """What its page needs."""
        if self.stored is None:
            return _state_of(self.invited, self.invited.language)
        row = self.stored.row
        return _state_of(
            self.invited,
            row.language,
            state=row.state,
            answered_at=row.answered_at,
            completed_at=row.completed_at,
            answers=self.stored.answers,
            source=row.source,
        )


def connection_of(session: Session) -> Connection:
    """The session's connection, on which everything is seen that was changed by way of objects."""
    session.flush()
    return session.connection()


def within(since: datetime | None, now: datetime, window: timedelta) -> bool:
    """Whether `now` is before the end of a window that opened then, or has not opened yet."""
    return since is None or now < since + window


def takes_the_rest(source: str, expires_at: datetime, now: datetime) -> bool:
    """By SMS a survey is over after its comment; until it expires, its page asks what is left, if they like."""
    return source == "sms_reply" and now < expires_at


# --- To look at ----------------------------------------------------------------------------------


def find(connection: Connection, token: str, now: datetime) -> SurveyState:
    """The survey behind a link.

    Raises NotFound, or LinkClosed (expired, withdrawn). Somebody who has answered everything keeps seeing that,
    so an expired link only counts as closed while something is missing.
    """
    found = _BY_TOKEN.rows(connection, {"token": token})
    if not found or found[0].state in INVITATION_LINK_UNKNOWN:
        raise NotFound("There is no such survey.")
    first = found[0]
    if first.response_state != ResponseState.COMPLETE:
        _refuse_closed(first, now)
    return _state_of(
        first,
        first.answered_in or first.language,
        state=first.response_state or "",
        answered_at=first.answered_at,
        completed_at=first.completed_at,
        answers=_answers(found),
        source=first.source or "",
    )


def find_visit(connection: Connection, visit: str, link: Link) -> SurveyState | None:
    """What has been answered in this visit; None before the first answer."""
    stored = response_of_visit(connection, visit)
    if stored is None or stored.row.link_id != link.id:
        return None
    row = stored.row
    return SurveyState(
        id=0,
        version_id=row.version_id,
        language=row.language,
        kind=link.kind,
        piping={},
        signs={},
        expires_at=row.answered_at,
        reached_at=None,
        state=row.state,
        answered_at=row.answered_at,
        completed_at=row.completed_at,
        answers=stored.answers,
        updated_at=row.updated_at,
        facts=known_through(link),
    )


def known_of(invited: AnyRow) -> Facts:
    """What was known of a customer when the invitation was made."""
    return Facts.from_stored(invited.facts or {}, language=invited.language, channel=invited.channel)


def known_through(link: Link) -> Facts:
    """What is known of somebody who comes through an open link: how, and in which language they were asked."""
    return Facts(survey={"language": link.language, "channel": link.kind})


def not_begun(link: Link, now: datetime) -> SurveyState:
    """A visit through an open link before its first answer; it has no version yet."""
    return SurveyState(
        id=0,
        version_id=0,
        language=link.language,
        kind=link.kind,
        piping={},
        signs={},
        expires_at=now,
        reached_at=None,
        facts=known_through(link),
    )


def content(connection: Connection, version_id: int) -> dict[str, Any]:
    """The snapshot of a questionnaire version."""
    wanted = select(QuestionnaireVersion.content).where(QuestionnaireVersion.id == version_id)
    return dict(connection.scalars(wanted).one())


def note_sign(connection: Connection, invitation_id: int, kind: str, value: int | None = None) -> None:
    """Remember that a link was opened as programs do: `headed`, `trap_link`, `preselected` with the score."""
    wanted = select(Invitation.signs).where(Invitation.id == invitation_id).with_for_update()
    signs = dict(connection.scalars(wanted).one())
    signs[kind] = True if value is None else sorted({*signs.get(kind, ()), value})
    connection.execute(update(Invitation).where(Invitation.id == invitation_id).values(signs=signs))


def answers_to(connection: Connection, invitation_id: int) -> dict[str, Answer]:
    """What has been answered to an invitation so far."""
    stored = response_to(connection, invitation_id)
    return dict(stored.answers) if stored else {}


def response_to(connection: Connection, invitation_id: int) -> StoredResponse | None:
    """The response to an invitation; None before the first answer."""
    return _stored(_RESPONSE_TO.rows(connection, {"which": invitation_id}))


def response_of_visit(connection: Connection, visit: str) -> StoredResponse | None:
    """The response of a visit through an open link; None before the first answer."""
    return _stored(_RESPONSE_OF_VISIT.rows(connection, {"which": visit}))


def with_composites(
    connection: Connection, questionnaire: Questionnaire, stored: StoredResponse | None
) -> StoredResponse | None:
    """The stored response, also with its scores over several questions. They belong to no single answer, so the
    statement that reads a response does not find them; the few questionnaires that have some cost one more."""
    keys = [each.key for each in questionnaire.composites]
    if stored is None or not keys:
        return stored
    wanted = select(score.c.question, score.c.value).where(
        score.c.response_id == stored.row.id, score.c.question.in_(keys)
    )
    several = {row.question: row.value for row in connection.execute(wanted)}
    return replace(stored, scores={**stored.scores, **several})


def _stored(found: Sequence[AnyRow]) -> StoredResponse | None:
    if not found:
        return None
    scores = {row.question: row.score for row in found if row.score is not None}
    return StoredResponse(ResponseRow.from_columns(found[0]), _answers(found), scores)


# --- To write on ---------------------------------------------------------------------------------


def lock(connection: Connection, token: str, now: datetime) -> LockedInvitation:
    """As `find`, and nobody else can answer until the transaction ends."""
    row = _locked(connection, _LOCK_BY_TOKEN, token)
    stored = _response_behind(connection, row)
    if stored is None or stored.row.state != ResponseState.COMPLETE:
        _refuse_closed(row, now)
    return LockedInvitation(row, stored)


def lock_invitation(
    connection: Connection, invitation_id: int, now: datetime, *, to_add: bool = False
) -> LockedInvitation:
    """As `lock`, for those who have no link in their hands; `to_add` takes what is closed but was answered."""
    row = _locked(connection, _LOCK_BY_ID, invitation_id)
    stored = _response_behind(connection, row)
    if stored is None or (stored.row.state != ResponseState.COMPLETE and not to_add):
        _refuse_closed(row, now)
    return LockedInvitation(row, stored)


def lock_response(connection: Connection, response_id: int) -> StoredResponse | None:
    """A response by its id, ours until the transaction ends; None if there is none."""
    found = _LOCK_RESPONSE.one_or_none(connection, {"response": response_id})
    return _stored(_RESPONSE.rows(connection, {"which": response_id})) if found else None


def lock_visit(connection: Connection, visit: str) -> StoredResponse | None:
    """The response of a visit through an open link, ours until the transaction ends; None before the first."""
    found = _LOCK_VISIT.one_or_none(connection, {"visit": visit})
    return response_of_visit(connection, visit) if found else None


def _locked(connection: Connection, statement: PreparedStatement, which: str | int) -> AnyRow:
    row = statement.one_or_none(connection, {"which": which})
    if row is None or row.state in INVITATION_LINK_UNKNOWN:
        raise NotFound("There is no such survey.")
    return row


def _response_behind(connection: Connection, invited: AnyRow) -> StoredResponse | None:
    """Only now that the row is ours: what another request has answered meanwhile is seen. The first answer writes
    `answered_at` in its own transaction, so without it there is nothing to read."""
    return response_to(connection, invited.id) if invited.answered_at else None


def _answers(rows: Sequence[AnyRow]) -> dict[str, Answer]:
    return {row.question: Answer.from_stored(row.value, row.text) for row in rows if row.question}


def _state_of(invited: AnyRow, language: str, **rest: Any) -> SurveyState:
    return SurveyState(
        id=invited.id,
        version_id=invited.version_id,
        language=language,
        kind=invited.channel,
        piping=invited.piping,
        signs=invited.signs,
        expires_at=invited.expires_at,
        reached_at=invited.delivered_at or invited.sent_at,
        token=invited.token,
        facts=known_of(invited),
        **rest,
    )


def _refuse_closed(invited: AnyRow, now: datetime) -> None:
    if invited.state == InvitationState.WITHDRAWN:
        raise LinkClosed("withdrawn", invited.language)
    if invited.state == InvitationState.EXPIRED or invited.expires_at <= now:
        raise LinkClosed("expired", invited.language)


# --- The statements, made once -------------------------------------------------------------------


def _state_by_token() -> AnySelect:
    """One row for each answer given, and one with empty answer columns where there is none."""
    return (
        select(invitation.c.id, invitation.c.version_id, invitation.c.channel, invitation.c.state)
        .add_columns(invitation.c.token, invitation.c.language, invitation.c.piping)
        .add_columns(invitation.c.facts, invitation.c.signs)
        .add_columns(invitation.c.expires_at, invitation.c.sent_at, invitation.c.delivered_at)
        .add_columns(response.c.state.label("response_state"), response.c.language.label("answered_in"))
        .add_columns(response.c.answered_at, response.c.completed_at, response.c.source)
        .add_columns(answer.c.question, answer.c.value, answer.c.text)
        .outerjoin(response, response.c.invitation_id == invitation.c.id)
        .outerjoin(answer, answer.c.response_id == response.c.id)
        .where(invitation.c.token == bindparam("token"))
        .order_by(answer.c.id)
    )


def _locked_by(column: ColumnElement[Any]) -> AnySelect:
    """The invitation's row, locked, with what a response takes over from its account."""
    wanted = (
        "id token version_id contact_id account_id stage channel state language piping facts signs is_demo"
        " expires_at sent_at delivered_at opened_at answered_at"
    )
    return (
        select(*(invitation.c[name] for name in wanted.split()), account.c.segment, account.c.owner_id)
        .outerjoin(account, account.c.id == invitation.c.account_id)
        .where(column == bindparam("which"))
        .with_for_update(of=invitation)
    )


def _stored_by(column: ColumnElement[Any]) -> AnySelect:
    """The response's row once for each answer, with the value of its score."""
    return (
        select(*(response.c[name] for name in _COLUMNS))
        .add_columns(answer.c.question, answer.c.value, answer.c.text, score.c.value.label("score"))
        .outerjoin(answer, answer.c.response_id == response.c.id)
        .outerjoin(
            score, (score.c.response_id == answer.c.response_id) & (score.c.question == answer.c.question)
        )
        .where(column == bindparam("which"))
        .order_by(answer.c.id)
    )


_BY_TOKEN = PreparedStatement(_state_by_token())
_LOCK_BY_TOKEN, _LOCK_BY_ID = (
    PreparedStatement(_locked_by(each)) for each in (invitation.c.token, invitation.c.id)
)
_LOCK_VISIT = PreparedStatement(
    select(response.c.id).where(response.c.visit == bindparam("visit")).with_for_update()
)
_LOCK_RESPONSE = PreparedStatement(
    select(response.c.id).where(response.c.id == bindparam("response")).with_for_update()
)
_RESPONSE_TO = PreparedStatement(_stored_by(response.c.invitation_id))
_RESPONSE_OF_VISIT = PreparedStatement(_stored_by(response.c.visit))
_RESPONSE = PreparedStatement(_stored_by(response.c.id))
