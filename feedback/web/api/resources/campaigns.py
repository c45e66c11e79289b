"""Campaigns: ask a segment or a list of contacts, and follow, pause, resume and cancel it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback import clock
from feedback.core.campaign import LARGEST_SAMPLE, MOST_DAYS, CampaignPlan, CampaignState
from feedback.core.journey import Channel
from feedback.services.campaigns import control, definition, progress
from feedback.services.campaigns.definition import CampaignWish
from feedback.services.shapes.campaigns import CampaignOut, campaign_shapes
from feedback.services.shapes.customers import Switch
from feedback.services.staff.api_keys import Scope
from feedback.store.models import Campaign, CampaignWave, Contact, SavedSegment
from feedback.web.api import document
from feedback.web.api.answers import answer, written
from feedback.web.api.gate import Gate, caller
from feedback.web.api.listing import Listed, Sorts, listed
from feedback.web.api.problems import mistaken
from feedback.web.api.resources.follow_ups import NothingIn
from feedback.web.api.scopes import needs
from feedback.web.api.shapes import In, Moment, Name, Number, Short

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

MOST_CONTACTS = 2_000
"""External ids in one call; longer lists are uploaded in the browser, or made a segment."""
_SORTS = Sorts(Campaign.id, Campaign.created_at, created_at=Campaign.created_at)


class CampaignsQuery(Listed):
    state: CampaignState | None = Field(None, strict=False)
    sort: Literal["id", "-id", "created_at", "-created_at"] = "id"


class CampaignId(BaseModel):
    campaign_id: Number


class CampaignIn(In):
    """A draft. Name a saved `segment`, list `contacts`, or ask `everybody`. Nothing is sent until it is started."""

    name: Name
    questionnaire: Short
    segment: Name | None = Field(None, description="name of a saved segment")
    contacts: Annotated[list[Name], Field(max_length=MOST_CONTACTS)] | None = Field(
        None, description="external ids"
    )
    everybody: Switch = Field(False, description="all customers who may be asked")
    channels: Annotated[list[Channel], Field(min_length=1, max_length=2)] = Field(
        description="the first that a contact has and consents to is used"
    )
    languages: Annotated[list[Short], Field(max_length=50)] = Field([], description="empty: all")
    starts_at: Moment | None = Field(None, description="default: when it is started")
    spread_days: int = Field(1, ge=1, le=MOST_DAYS, strict=True)
    days_to_answer: int = Field(14, ge=1, le=90, strict=True)
    remind_after_days: int | None = Field(None, ge=1, le=30, strict=True)
    wait_out_rest: Switch = False
    sample: int | None = Field(
        None, ge=1, le=LARGEST_SAMPLE, strict=True, description="so many, drawn at random"
    )
    repeats: Literal["", "month", "quarter"] = ""


class WaveOut(BaseModel):
    """Numbers of contacts. `skipped` says why those are not asked: reason -> number."""

    number: int
    starts_at: AwareDatetime
    waiting: int
    sent: int
    delivered: int
    answered: int
    failed: int
    opted_out: int
    complained: int
    cancelled: int
    skipped: dict[str, int]


class CampaignStoryOut(CampaignOut):
    waves: list[WaveOut]


class CampaignsPage(document.Page):
    items: list[CampaignOut]


def register(api: APIBlueprint, runtime: Runtime, _: Gate) -> None:
    """Add the routes to the API's blueprint."""
    _reading(api, runtime)
    _planning(api, runtime)
    for name, summary, act in (
        ("pause", "Send nothing more until it is resumed", control.pause),
        ("resume", "Go on sending", control.resume),
        ("cancel", "Take back what was not sent", control.cancel),
    ):
        _deciding(api, runtime, (name, summary), act)


def _reading(api: APIBlueprint, runtime: Runtime) -> None:
    @api.get("/campaigns", summary="Campaigns", responses={200: CampaignsPage})
    @needs(Scope.CAMPAIGNS_READ)
    def list_campaigns(query: CampaignsQuery) -> Response:
        wanted = select(Campaign)
        if query.state is not None:
            wanted = wanted.where(Campaign.state == query.state)
        with runtime.database.reading() as session:
            return listed(
                session,
                wanted,
                query.sort,
                _SORTS[query.sort],
                query,
                lambda rows: campaign_shapes(session, rows),
            )

    @api.get(
        "/campaigns/<int:campaign_id>", summary="A campaign and its waves", responses={200: CampaignStoryOut}
    )
    @needs(Scope.CAMPAIGNS_READ)
    def get_campaign(path: CampaignId) -> Response:
        with runtime.database.reading() as session:
            return answer(_story(session, definition.find(session, path.campaign_id)))


def _planning(api: APIBlueprint, runtime: Runtime) -> None:
    @api.post("/campaigns", summary="Plan a campaign", responses={201: CampaignStoryOut})
    @needs(Scope.CAMPAIGNS_WRITE)
    def post_campaign(body: CampaignIn) -> Response:
        def store(session: Session) -> Response:
            wish = _wish(session, body)
            made = definition.add(session, wish, runtime.library, by=caller().owner_id, now=clock.now())
            session.flush()
            return answer(_story(session, made), 201)

        return written(runtime, store)

    @api.post(
        "/campaigns/<int:campaign_id>/start", summary="Start a campaign", responses={200: CampaignStoryOut}
    )
    @needs(Scope.CAMPAIGNS_WRITE)
    def start_campaign(path: CampaignId, body: NothingIn) -> Response:  # noqa: ARG001 - checked to be empty
        def store(session: Session) -> Response:
            by, now = caller().owner_id, clock.now()
            started = control.start(session, path.campaign_id, runtime.library, edit=None, by=by, now=now)
            session.flush()
            return answer(_story(session, started))

        return written(runtime, store)


def _deciding(
    api: APIBlueprint, runtime: Runtime, words: tuple[str, str], act: Callable[..., Campaign]
) -> None:
    name, summary = words

    @needs(Scope.CAMPAIGNS_WRITE)
    def decide(path: CampaignId, body: NothingIn) -> Response:  # noqa: ARG001 - checked to be empty
        def store(session: Session) -> Response:
            decided = act(session, path.campaign_id, by=caller().owner_id, now=clock.now())
            session.flush()
            return answer(_story(session, decided))

        return written(runtime, store)

    decide.__name__ = f"{name}_campaign"
    api.post(f"/campaigns/<int:campaign_id>/{name}", summary=summary, responses={200: CampaignStoryOut})(
        decide
    )


def _wish(session: Session, body: CampaignIn) -> CampaignWish:
    """Raises UnacceptableError for a segment or a contact that does not exist."""
    if [body.segment is not None, body.contacts is not None, body.everybody].count(True) != 1:
        raise mistaken("/segment", "Send a segment, contacts, or everybody, and only one of them.")
    segment, members = None, None
    if body.segment is not None:
        segment = session.scalar(select(SavedSegment.id).where(SavedSegment.name == body.segment))
        if segment is None:
            raise mistaken("/segment", "There is no segment with this name.")
    elif body.contacts is not None:
        members = list(_members(session, body.contacts))
    plan = CampaignPlan(
        questionnaire=body.questionnaire,
        channels=tuple(body.channels),
        languages=tuple(body.languages),
        expires_after=f"{body.days_to_answer}d",  # type: ignore[arg-type]
        reminders=(f"{body.remind_after_days}d",) if body.remind_after_days else (),  # type: ignore[arg-type]
        wait_out_rest=body.wait_out_rest,
        spread_days=body.spread_days,
        sample=body.sample,
        repeats=body.repeats,
    )
    return CampaignWish(body.name, plan, body.starts_at, segment, members, body.everybody)


def _members(session: Session, external_ids: Sequence[str]) -> Iterable[int]:
    wanted = select(Contact.external_id, Contact.id).where(Contact.external_id.in_(external_ids))
    known = {row[0]: row[1] for row in session.execute(wanted.where(Contact.erased_at.is_(None)))}
    for place, name in enumerate(external_ids):
        if name not in known:
            raise mistaken(f"/contacts/{place}", "There is no contact with this external id.")
        yield known[name]


def _story(session: Session, row: Campaign) -> CampaignStoryOut:
    (shape,) = campaign_shapes(session, [row])
    return CampaignStoryOut(**shape.model_dump(), waves=[_wave(session, each) for each in row.waves])


def _wave(session: Session, wave: CampaignWave) -> WaveOut:
    found = progress.of_wave(session, wave)
    return WaveOut(
        number=wave.number,
        starts_at=wave.starts_at,
        waiting=found.waiting,
        sent=found.sent,
        delivered=found.delivered,
        answered=found.answered,
        failed=found.failed,
        opted_out=found.opted_out,
        complained=found.complained,
        cancelled=found.cancelled,
        skipped=dict(found.skipped),
    )
