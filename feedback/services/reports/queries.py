"""Which responses: the one set of filters for pages, files and programs, and what the viewer may see."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload

from feedback.core.lifecycle import ResponseState
from feedback.services.access import Viewer, without_or_in_accounts_of
from feedback.services.reports.comments import bands_of
from feedback.store.models import Account, Contact, Response, Score


@dataclass(frozen=True, slots=True)
class ResponseSelection:
    """None means any. `since` and `until` (excluded) are about the time of the answer; `contact` and `account` are
    external ids; `band` is a band of a metric, or bad, middle or good for all metrics."""

    since: datetime | None = None
    until: datetime | None = None
    updated_since: datetime | None = None
    updated_until: datetime | None = None
    questionnaires: Collection[str] | None = None
    stage: str | None = None
    channel: str | None = None
    segment: str | None = None
    language: str | None = None
    band: str | None = None
    metric: str | None = None
    contact: str | None = None
    account: str | None = None
    complete: bool | None = None
    provisional: bool = False
    """Whether answers that look like a machine's are listed, too."""


WITH_PERSON_AND_SCORES = (
    selectinload(Response.contact).selectinload(Contact.account),
    selectinload(Response.account).selectinload(Account.owner),
    selectinload(Response.scores),
)


def responses(viewer: Viewer, wanted: ResponseSelection) -> Select[Response]:
    """The responses that the viewer sees and that match, in no order."""
    query = select(Response).where(without_or_in_accounts_of(viewer, Response.account_id))
    ranges = (
        (wanted.since, Response.answered_at, wanted.until),
        (wanted.updated_since, Response.updated_at, wanted.updated_until),
    )
    for first, column, after in ranges:
        query = query if first is None else query.where(column >= first)
        query = query if after is None else query.where(column < after)
    exact = (
        (Response.stage, wanted.stage),
        (Response.channel, wanted.channel),
        (Response.segment, wanted.segment),
        (Response.language, wanted.language),
    )
    query = query.where(*(column == value for column, value in exact if value is not None))
    if wanted.questionnaires is not None:
        query = query.where(Response.questionnaire.in_(wanted.questionnaires))
    if wanted.contact is not None:
        contact = select(Contact.id).where(Contact.external_id == wanted.contact)
        query = query.where(Response.contact_id == contact.scalar_subquery())
    if wanted.account is not None:
        account = select(Account.id).where(Account.external_id == wanted.account)
        query = query.where(Response.account_id == account.scalar_subquery())
    if wanted.complete is not None:
        complete = Response.state == ResponseState.COMPLETE
        query = query.where(complete if wanted.complete else ~complete)
    if not wanted.provisional:
        query = query.where(Response.provisional.is_(False))
    if wanted.band is not None or wanted.metric is not None:
        scored = select(Score.id).where(Score.response_id == Response.id)
        scored = scored if wanted.band is None else scored.where(Score.band.in_(bands_of(wanted.band)))
        scored = scored if wanted.metric is None else scored.where(Score.metric == wanted.metric)
        query = query.where(scored.exists())
    return query
