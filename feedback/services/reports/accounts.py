"""Accounts with their health, and the page of one account."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, Select, case, func, or_, select
from sqlalchemy.orm import Session, selectinload

from feedback.core.followup import State
from feedback.core.health import COUNTED, Health, Signs, health, weights_with
from feedback.core.metrics import METRICS
from feedback.core.money import Exchange
from feedback.core.time.local_days import day_of
from feedback.errors import NotFound
from feedback.services.access import Viewer, sees_account
from feedback.services.customers import product_usage
from feedback.services.customers.nonresponse import had_their_say
from feedback.services.customers.product_usage import Figure
from feedback.services.customers.revenue import monthly_worth
from feedback.settings.table import HealthSettings
from feedback.store.database import zone_of
from feedback.store.models import Account, Contact, FollowUp, Invitation, Response, Score
from feedback.store.search import finds

SCORES_COUNT_FOR = timedelta(days=365)
SILENCE_WITHIN = timedelta(days=180)
PAGE = 50
AT_ONCE = 500
"""Accounts per query: the number of parameters in a statement is limited."""
ENOUGH = 200
"""Maximum number of entries of each kind on an account's page."""
BUILT_IN = HealthSettings()

MOST_RANKED = 2_000
"""Accounts of a list that can be ordered by health, for which the health of all of them is computed."""

Order = Literal["health", "renewal", "revenue", "name"]


@dataclass(frozen=True, slots=True)
class Standing:
    """An account and its health; `usage` holds the figures of the usage part."""

    account: Account
    signs: Signs
    health: Health
    usage: Sequence[Figure] = ()


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """A score from a contact of the account; `contact` is a name, which two people can share."""

    at: datetime
    metric: str
    trend: str
    value: int
    band: str | None
    contact: str | None
    contact_id: int | None


@dataclass(frozen=True, slots=True)
class AccountPage:
    """The content of an account's page; lists have the latest entries first."""

    standing: Standing
    contacts: Sequence[Contact]
    scores: list[ScoreRow]
    invitations: Sequence[Invitation]
    follow_ups: Sequence[FollowUp]


@dataclass(frozen=True, slots=True)
class Listing:
    """Which accounts of a list: the next renewal first, the worst health, the highest revenue, or by name; `page` None
    is all."""

    order: Order = "renewal"
    search: str = ""
    page: int | None = 1


FIRST_PAGE = Listing()


def accounts(
    session: Session,
    viewer: Viewer,
    listing: Listing = FIRST_PAGE,
    *,
    now: datetime,
    exchange: Exchange,
    settings: HealthSettings = BUILT_IN,
) -> list[Standing]:
    """A page of accounts with their health, or all accounts if the page is None; ordered by the next renewal, by
    health, by revenue in one currency, or by name.

    Only lists of at most `MOST_RANKED` accounts are ordered by health; a longer one is ordered by renewal.
    """
    by_health = listing.order == "health" and can_be_ranked(count_accounts(session, viewer, listing.search))
    if by_health:
        every = Listing("name", listing.search, None)
        ranked = accounts(session, viewer, every, now=now, exchange=exchange, settings=settings)
        ranked.sort(key=_worst_health_first)
        first = 0 if listing.page is None else PAGE * (listing.page - 1)
        return ranked[first:] if listing.page is None else ranked[first : first + PAGE]
    orders = _orders(day_of(now, zone_of(session)), monthly_worth(exchange))
    query = (
        _listed(viewer, listing.search)
        .order_by(*orders.get(listing.order, orders["renewal"]))
        .options(selectinload(Account.owner))
    )
    if listing.page is not None:
        query = query.limit(PAGE).offset(PAGE * (listing.page - 1))
    found = session.scalars(query).all()
    return [each for some in _batched(found, AT_ONCE) for each in _standings(session, some, settings, now)]


def can_be_ranked(count: int) -> bool:
    """Whether a list of so many accounts can be ordered by health."""
    return count <= MOST_RANKED


def _worst_health_first(standing: Standing) -> tuple[bool, float]:
    """Those of which nothing is known come last."""
    value = standing.health.value
    return value is None, value or 0.0


def count_accounts(session: Session, viewer: Viewer, search: str = "") -> int:
    """The number of accounts on all pages."""
    return session.scalars(select(func.count()).select_from(_listed(viewer, search).subquery())).one()


def account_page(
    session: Session,
    viewer: Viewer,
    account_id: int,
    *,
    now: datetime,
    settings: HealthSettings = BUILT_IN,
    most: int | None = ENOUGH,
) -> AccountPage:
    """The account's page with limited entries of each kind. Raises NotFound, also if the viewer cannot see it."""
    found = standing(session, viewer, account_id, now=now, settings=settings)
    if found is None:
        raise NotFound("Account not found.")
    return AccountPage(
        standing=found,
        contacts=_latest(session, Contact, account_id, Contact.name, most),
        scores=_scores(session, account_id, most),
        invitations=_latest(session, Invitation, account_id, Invitation.created_at.desc(), most),
        follow_ups=_latest(session, FollowUp, account_id, FollowUp.opened_at.desc(), most),
    )


def standing(
    session: Session,
    viewer: Viewer,
    account_id: int,
    *,
    now: datetime,
    settings: HealthSettings = BUILT_IN,
) -> Standing | None:
    """One account and its health; None if the viewer cannot see the account."""
    wanted = select(Account).where(Account.id == account_id, sees_account(viewer))
    account = session.scalar(wanted.options(selectinload(Account.owner)))
    return _standings(session, [account], settings, now)[0] if account else None


def _standings(
    session: Session, found: Sequence[Account], settings: HealthSettings, now: datetime
) -> list[Standing]:
    ids = [account.id for account in found]
    signs, weights = signs_of(session, ids, now, settings), weights_with(settings.weights)
    figures = product_usage.latest(session, ids, settings, now)
    return [
        Standing(each, signs[each.id], health(signs[each.id], weights), figures.get(each.id, ()))
        for each in found
    ]


def _batched(found: Sequence[Account], size: int) -> Iterator[Sequence[Account]]:
    return (found[start : start + size] for start in range(0, len(found), size))


def _listed(viewer: Viewer, search: str) -> Select[*tuple[Any, ...]]:
    query = select(Account).where(sees_account(viewer))
    return query.where(finds(Account.name, search)) if search.strip() else query


def _orders(today: date, worth: ColumnElement[Any]) -> dict[Order, tuple[ColumnElement[Any], ...]]:
    """The sort orders; unknown values and past dates come last."""
    over = case((or_(Account.renewal_on.is_(None), Account.renewal_on < today), 1), else_=0)
    unknown = case((worth.is_(None), 1), else_=0)
    name, key = Account.name.asc(), Account.id.asc()
    return {
        "renewal": (over.asc(), Account.renewal_on.asc(), name, key),
        "revenue": (unknown.asc(), worth.desc(), name, key),
        "name": (name, key),
    }


def _latest(session: Session, table: Any, account_id: int, order: Any, most: int | None) -> Sequence[Any]:
    query = select(table).where(table.account_id == account_id).order_by(order).limit(most)
    contact = getattr(table, "contact", None)
    return session.scalars(query.options(selectinload(contact)) if contact else query).all()


def _scores(session: Session, account_id: int, most: int | None) -> list[ScoreRow]:
    query = (
        select(
            Score.at, Score.metric, Score.trend, Score.value, Score.band, Contact.name, Response.contact_id
        )
        .join(Response, Response.id == Score.response_id)
        .outerjoin(Contact, Contact.id == Response.contact_id)
        .where(Response.account_id == account_id, Response.provisional.is_(False))
        .order_by(Score.at.desc(), Score.id.desc())
        .limit(most)
    )
    return [ScoreRow(*row) for row in session.execute(query)]


# --- Signs -------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Given:
    """The latest answers of an account's contacts by metric, and the changes within a series."""

    latest: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    changes: list[float] = field(default_factory=list)


def signs_of(
    session: Session, account_ids: Collection[int], now: datetime, settings: HealthSettings = BUILT_IN
) -> dict[int, Signs]:
    """The health signs of the accounts, from five queries, however many accounts there are."""
    given = _given(session, account_ids, now)
    voices = _voices(session, account_ids, now)
    tasks = _tasks(session, account_ids, now)
    posted = product_usage.latest(session, account_ids, settings, now)
    written = {row.id: row.properties.get("usage") for row in _properties(session, account_ids)}
    return {
        each: Signs(
            latest=given[each].latest,
            changes=given[each].changes,
            asked=voices.get(each, (0, 0))[0],
            answered=voices.get(each, (0, 0))[1],
            open_tasks=tasks.get(each, (0, 0))[0],
            overdue_tasks=tasks.get(each, (0, 0))[1],
            usage=_mean([100 * figure.share for figure in posted.get(each, ())])
            if each in posted
            else _number(written.get(each)),
        )
        for each in account_ids
    }


def _given(session: Session, account_ids: Collection[int], now: datetime) -> dict[int, _Given]:
    """Each person's last answer in each series, and its difference from the previous one in the same series.

    Different series are never compared, even with the same metric: a 9 for the relationship and a 3 before the
    renewal answer two different questions. Anonymous answers have no difference.
    """
    columns = (Response.account_id, Response.contact_id, Score.trend, Score.question, Score.metric)
    rows = session.execute(
        select(*columns, Score.value, Score.id)
        .join(Response, Response.id == Score.response_id)
        .where(Response.account_id.in_(account_ids), Response.provisional.is_(False))
        .where(Score.metric.in_(COUNTED), Score.at >= now - SCORES_COUNT_FOR)
        .order_by(Score.at.desc(), Score.id.desc())
    )
    answers: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for account_id, contact_id, trend, question, metric, value, score_id in rows:
        nobody = score_id if contact_id is None else None
        answers[account_id, contact_id, nobody, trend, question, metric].append(value)
    found: dict[int, _Given] = defaultdict(_Given)
    for (account_id, *_series, metric), values in answers.items():
        found[account_id].latest[metric].append(values[0])
        if len(values) > 1:
            last, before = (METRICS[metric].goodness(value) for value in values[:2])
            found[account_id].changes.append(last - before)
    return found


def _voices(session: Session, account_ids: Collection[int], now: datetime) -> dict[int, tuple[int, int]]:
    """Account id -> (surveys that were answered or expired, those that were answered)."""
    rows = session.execute(
        select(Invitation.account_id, func.count(), func.count(Invitation.answered_at))
        .where(Invitation.account_id.in_(account_ids), Invitation.sent_at >= now - SILENCE_WITHIN)
        .where(had_their_say(now))
        .group_by(Invitation.account_id)
    )
    return {row[0]: (row[1], row[2]) for row in rows if row[0] is not None}


def _tasks(session: Session, account_ids: Collection[int], now: datetime) -> dict[int, tuple[int, int]]:
    """Account id -> (open complaints, those that have missed a target)."""
    unreached = FollowUp.first_contact_at.is_(None) & (FollowUp.contact_due_at < now)
    late = case((or_(unreached, FollowUp.close_due_at < now), 1), else_=0)
    rows = session.execute(
        select(FollowUp.account_id, func.count(), func.sum(late))
        .where(FollowUp.account_id.in_(account_ids), FollowUp.state != State.CLOSED)
        .where(FollowUp.kind == "recovery")
        .group_by(FollowUp.account_id)
    )
    return {row[0]: (row[1], int(row[2])) for row in rows if row[0] is not None}


def _properties(session: Session, account_ids: Collection[int]) -> Sequence[Row[*tuple[Any, ...]]]:
    return session.execute(select(Account.id, Account.properties).where(Account.id.in_(account_ids))).all()


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _number(value: object) -> float | None:
    """The account's property `usage` as a number from 0 to 100; None if it is not a number."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
