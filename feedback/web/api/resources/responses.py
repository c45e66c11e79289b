"""What customers have answered: responses and comments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from flask import Response as HttpResponse
from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback import clock
from feedback.core.answer import Answer
from feedback.core.themes.frame import UNSORTED
from feedback.core.time.local_days import day_of
from feedback.core.time.period import Period
from feedback.errors import NotFound
from feedback.services import reports
from feedback.services.customers import Stored
from feedback.services.customers.queries import ContactQuery, contacts
from feedback.services.reports import CommentFilter
from feedback.services.reports.queries import WITH_PERSON_AND_SCORES, ResponseSelection, responses
from feedback.services.responses import additions
from feedback.services.responses.additions import Addition
from feedback.services.shapes.customers import Text
from feedback.services.shapes.responses import CommentOut, ResponseOut, response_shapes
from feedback.services.staff.api_keys import Scope
from feedback.services.themes.correcting import GivenTheme, themes_of
from feedback.store.keyset import PageEnd
from feedback.store.models import Account, Contact, Response
from feedback.web.api import document
from feedback.web.api.answers import stored_answer, written
from feedback.web.api.gate import Gate, caller, demand
from feedback.web.api.listing import Listed, Sorts, cursor_of, listed, page_answer, pairs, place_of
from feedback.web.api.problems import mistaken
from feedback.web.api.scopes import needs
from feedback.web.api.shapes import Day, In, Moment, Name, Number, Short, Words

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

EXPANDED = ("contact", "account", "answers")
_SORTS = Sorts(
    Response.id, Response.answered_at, answered_at=Response.answered_at, updated_at=Response.updated_at
)
_EXPAND = Field(None, description="comma-separated: contact, account, answers")


Value = (
    Annotated[int, Field(strict=True, ge=-(2**53), le=2**53)]
    | Annotated[float, Field(strict=True, allow_inf_nan=False)]
    | Text
    | Annotated[list[Short], Field(max_length=100)]
    | Annotated[
        dict[Short, Annotated[int, Field(strict=True, ge=-(2**53), le=2**53)] | Short], Field(max_length=100)
    ]
)


class ResponsesQuery(Listed):
    since: Moment | None = Field(None, description="answered at this time or later")
    until: Moment | None = Field(None, description="answered before this time")
    updated_since: Moment | None = None
    updated_until: Moment | None = None
    questionnaire: Short | None = None
    stage: Short | None = None
    channel: Short | None = None
    segment: Short | None = None
    language: Short | None = None
    band: Short | None = Field(None, description="such as detractor; or bad, middle or good of any metric")
    metric: Short | None = None
    contact: Name | None = None
    account: Name | None = None
    complete: bool | None = None
    provisional: bool = Field(False, description="also list answers that look like a machine's")
    expand: Short | None = _EXPAND
    sort: Literal["id", "-id", "answered_at", "-answered_at", "updated_at", "-updated_at"] = "id"


class ResponseQuery(In):
    expand: Short | None = _EXPAND


class ResponseId(BaseModel):
    response_id: Number


class AnswerIn(In):
    """`value` is a point on a scale, an option's key, a list or an object of them; `text` the customer's words."""

    question: Short
    value: Value | None = None
    text: Words | None = None


class ResponseIn(In):
    """Answers that another program has collected, to a questionnaire that is in force."""

    contact: Name = Field(description="external id of the contact")
    questionnaire: Short
    stage: Short | None = Field(None, description="stage of the journey at which it was asked")
    answered_at: Moment | None = Field(None, description="default: now; older than 3 days opens no follow-up")
    answers: list[AnswerIn] = Field(min_length=1, max_length=200)


class ResponsesPage(document.Page):
    items: list[ResponseOut]


class CommentsQuery(Listed):
    first_day: Day | None = Field(None, description="in the organisation's time zone; default: 90 days ago")
    last_day: Day | None = Field(None, description="default: today")
    search: Short | None = Field(None, description="words of the comment")
    band: Short | None = Field(
        None, description="of the score beside it: bad, middle, good, or such as detractor"
    )
    segment: Short | None = None
    stage: Short | None = None
    channel: Short | None = None
    language: Short | None = None
    follow_up: Literal["any", "open", "closed", "none"] | None = None
    theme: Short | None = Field(None, description="the key of a theme, or - for unsorted comments")


class CommentThemeOut(BaseModel):
    """A theme of the frame, by its key: a person gave it, or the machine found its words."""

    theme: str
    origin: Literal["machine", "person"]


class ThemedCommentOut(CommentOut):
    """Without themes, a comment is unsorted; the machine reads it some minutes after it came."""

    themes: list[CommentThemeOut]


class CommentsPage(document.Page):
    items: list[ThemedCommentOut]


def register(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:
    """Add the routes to the API's blueprint."""
    _responses(api, runtime, gate)
    _adding(api, runtime)
    _comments(api, runtime, gate)


def _responses(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:
    @api.get("/responses", summary="Responses", responses={200: ResponsesPage})
    @needs(Scope.RESPONSES_READ)
    def list_responses(query: ResponsesQuery) -> HttpResponse:
        expand = _expanded(query.expand)
        gate.note_seen("responses")
        own = {"limit", "cursor", "expand", "sort"}
        named = None if query.questionnaire is None else (query.questionnaire,)
        wanted = ResponseSelection(**query.model_dump(exclude={*own, "questionnaire"}), questionnaires=named)
        with runtime.database.reading() as session:
            found = responses(caller().viewer, wanted).options(*WITH_PERSON_AND_SCORES)
            return listed(session, found, query.sort, _SORTS[query.sort], query, _shaping(session, expand))

    @api.get("/responses/<int:response_id>", summary="A response", responses={200: ResponseOut})
    @needs(Scope.RESPONSES_READ)
    def get_response(path: ResponseId, query: ResponseQuery) -> HttpResponse:
        expand = _expanded(query.expand)
        gate.note_seen("responses")
        with runtime.database.reading() as session:
            every = responses(caller().viewer, ResponseSelection(provisional=True)).options(
                *WITH_PERSON_AND_SCORES
            )
            row = session.scalar(every.where(Response.id == path.response_id))
            if row is None:
                raise NotFound("Response not found.")
            return stored_answer(next(_shaping(session, expand)([row])))


def _adding(api: APIBlueprint, runtime: Runtime) -> None:
    @api.post("/responses", summary="Add a response", responses={201: ResponseOut})
    @needs(Scope.RESPONSES_WRITE)
    def post_response(body: ResponseIn) -> HttpResponse:
        given = {each.question: Answer.from_stored(each.value, each.text) for each in body.answers}
        if len(given) < len(body.answers):
            raise mistaken("/answers", "Answer each question once.")

        def store(session: Session) -> HttpResponse:
            now, viewer = clock.now(), caller().viewer
            seen = contacts(viewer, ContactQuery()).where(Contact.external_id == body.contact)
            contact = session.scalar(seen)
            if contact is None:
                raise mistaken("/contact", "Store this contact first: it does not exist.")
            added = Addition(contact, body.questionnaire, given, body.answered_at or now, body.stage)
            made = additions.add(session, added, runtime, now)
            session.expire_all()
            every = (
                responses(viewer, ResponseSelection())
                .options(*WITH_PERSON_AND_SCORES)
                .where(Response.id == made)
            )
            row = session.scalars(every).one()
            shape = next(_shaping(session, frozenset({"answers"}))([row]))
            return stored_answer(shape, Stored(made, "created"))

        return written(runtime, store)


def _expanded(named: str | None) -> frozenset[str]:
    """The parts to expand. Raises UnacceptableError for unknown ones, Forbidden for those the key may not see."""
    names = frozenset(filter(None, (each.strip() for each in (named or "").split(","))))
    if unknown := sorted(names - set(EXPANDED)):
        raise mistaken("/expand", f"There is no {unknown[0]!r} to expand; use {', '.join(EXPANDED)}.")
    if names & {"contact", "account"}:
        demand(Scope.CUSTOMERS_READ)
    return names


def _shaping(
    session: Session, expand: frozenset[str]
) -> Callable[[Sequence[Response]], Iterator[ResponseOut]]:
    return lambda rows: response_shapes(session, rows, expand)


def _comments(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:
    @api.get("/comments", summary="Comments, the latest first", responses={200: CommentsPage})
    @needs(Scope.RESPONSES_READ)
    def list_comments(query: CommentsQuery) -> HttpResponse:
        gate.note_seen("comments")
        place = place_of(query.cursor, "comments")
        today = day_of(clock.now(), runtime.database.zone)
        wanted = CommentFilter(
            period(query.first_day, query.last_day, today),
            band=query.band,
            segment=query.segment,
            stage=query.stage,
            channel=query.channel,
            language=query.language,
            follow_up=query.follow_up,
            words=query.search or "",
            themes=(query.theme,) if query.theme else (),
        )
        with runtime.database.reading() as session:
            before = place.id if place else None
            found = reports.comments(
                session, runtime.library, caller().viewer, wanted, before=before, limit=query.limit + 1
            )
            ids = {each.account_id for each in found if each.account_id is not None}
            themes = themes_of(session, [each.answer_id for each in found])
            accounts = pairs(session, select(Account.id, Account.external_id).where(Account.id.in_(ids)))
        kept = found[: query.limit]
        following = PageEnd(None, kept[-1].answer_id) if len(found) > len(kept) else None
        items = [
            _comment(each, accounts.get(each.account_id or 0), themes.get(each.answer_id, ()))
            for each in kept
        ]
        return page_answer(items, cursor_of(following, "comments"))


def _comment(each: reports.Comment, account: str | None, themes: Sequence[GivenTheme]) -> ThemedCommentOut:
    return ThemedCommentOut(
        id=each.answer_id,
        response=each.response_id,
        at=each.at,
        text=each.text,
        questionnaire=each.questionnaire,
        question=each.question,
        language=each.language,
        stage=each.stage,
        segment=each.segment,
        channel=each.channel,
        metric=each.metric,
        value=each.value,
        band=each.band,
        account=account,
        follow_up=each.follow_up_id,
        themes=[
            CommentThemeOut(theme=given.theme, origin="person" if given.by_person else "machine")
            for given in themes
            if given.theme != UNSORTED
        ],
    )


def period(first: date | None, last: date | None, today: date) -> Period:
    """The days that were asked for, by default the last 90. Raises UnacceptableError."""
    end = last or today
    start = first or end - timedelta(days=89)
    if end < start:
        raise mistaken("/first_day", "Choose a first day that is not after the last day.")
    return Period(start, end)
