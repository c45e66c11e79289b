"""Segments: named filters of contacts, who fits them now, and how many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, selectinload

from feedback import clock
from feedback.errors import Rejected
from feedback.services.access import sees_account, without_or_in_accounts_of
from feedback.services.customers import filters, listing, owners, segments
from feedback.services.customers.filters import MOST_DAYS, MOST_PROPERTIES, NOBODY, ContactFilter, Permitted
from feedback.services.shapes.customers import Switch, contact_shapes
from feedback.services.staff.api_keys import Scope
from feedback.store.models import Account, Contact, SavedSegment, User
from feedback.web.api import document
from feedback.web.api.answers import answer, check_match, tagged, written
from feedback.web.api.gate import Gate, caller
from feedback.web.api.listing import Listed, Sorts, listed, pairs
from feedback.web.api.problems import mistaken
from feedback.web.api.resources.contacts import ContactsPage
from feedback.web.api.scopes import needs
from feedback.web.api.shapes import In, Name, Number, Short

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

_SORTS = Sorts(SavedSegment.id)
_MEMBER_SORTS = Sorts(Contact.id, Contact.created_at)
Days = Annotated[int, Field(ge=0, le=MOST_DAYS, strict=True)]


class SegmentsQuery(Listed):
    sort: Literal["id", "-id"] = "id"


class MembersQuery(Listed):
    sort: Literal["id", "-id"] = "id"


class SegmentId(BaseModel):
    segment_id: Number


class PropertyIs(In):
    name: Annotated[Name, Field(pattern=r"^(contact|account)\..+$")] = Field(
        description="`contact.` or `account.` and the name of a property"
    )
    value: Annotated[str, Field(strict=True, max_length=1000)]


class SegmentFilterIn(In):
    """What a contact must be. All that is given must fit; what is left out asks nothing."""

    account: Name | None = Field(None, description="external id of the account")
    segment: Short | None = Field(None, description="segment of the account")
    owner: Name | None = Field(None, description="e-mail address of the account's owner")
    without_owner: Switch = Field(False, description="nobody owns the account; not together with `owner`")
    country: Annotated[str, Field(strict=True, pattern=r"^[A-Z]{2}$")] | None = Field(
        None, description="ISO 3166"
    )
    language: Annotated[str, Field(strict=True, pattern=r"^[a-z]{2}$")] | None = None
    stage: Short | None = Field(None, description="key of a stage at which they were asked")
    permitted: Permitted | None = Field(
        None, description="by which channel they may be asked; `none`: by no channel"
    )
    not_asked_for: Days | None = Field(None, description="days without a survey")
    renews_within: Days | None = Field(None, description="days from today until the account's renewal")
    properties: Annotated[list[PropertyIs], Field(max_length=MOST_PROPERTIES)] = Field(default_factory=list)


class SegmentIn(In):
    name: Annotated[Name, Field(max_length=segments.LONGEST_NAME)]
    filter: SegmentFilterIn


class PropertyOut(BaseModel):
    name: str
    value: str


class SegmentFilterOut(BaseModel):
    """As it is sent. `account` is null if the caller does not see the account that is meant."""

    account: str | None
    segment: str | None
    owner: str | None
    without_owner: bool
    country: str | None
    language: str | None
    stage: str | None
    permitted: str | None
    not_asked_for: int | None
    renews_within: int | None
    properties: list[PropertyOut]


class SegmentOut(BaseModel):
    """`filter` is null if a later release has stored one that this release does not know."""

    id: int
    name: str
    filter: SegmentFilterOut | None
    created_at: AwareDatetime
    changed_at: AwareDatetime


class SegmentsPage(document.Page):
    items: list[SegmentOut]


class SegmentCountOut(BaseModel):
    """How many contacts of the segment the caller sees. If `is_more`, there are more than `count`."""

    count: int
    is_more: bool


def register(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:
    """Add the routes to the API's blueprint."""
    _reading(api, runtime)
    _members(api, runtime, gate)
    _changing(api, runtime)


def _reading(api: APIBlueprint, runtime: Runtime) -> None:
    @api.get("/segments", summary="Segments", responses={200: SegmentsPage})
    @needs(Scope.CUSTOMERS_READ)
    def list_segments(query: SegmentsQuery) -> Response:
        with runtime.database.reading() as session:
            return listed(
                session,
                select(SavedSegment),
                query.sort,
                _SORTS[query.sort],
                query,
                lambda rows: _shapes(session, rows),
            )

    @api.get("/segments/<int:segment_id>", summary="A segment", responses={200: SegmentOut})
    @needs(Scope.CUSTOMERS_READ, Scope.CUSTOMERS_WRITE)
    def get_segment(path: SegmentId) -> Response:
        with runtime.database.reading() as session:
            return _one(session, segments.find(session, path.segment_id))


def _members(api: APIBlueprint, runtime: Runtime, gate: Gate) -> None:
    @api.get(
        "/segments/<int:segment_id>/count",
        summary="How many contacts fit a segment now",
        responses={200: SegmentCountOut},
    )
    @needs(Scope.CUSTOMERS_READ)
    def count_segment(path: SegmentId) -> Response:
        """Counted up to 10,000, and with more than 200,000 customers up to 1,000."""
        with runtime.database.reading() as session:
            number = listing.count(session, caller().viewer, _condition(session, path.segment_id, runtime))
            most = listing.most_counted(session)
        return answer(SegmentCountOut(count=min(number, most), is_more=number > most))

    @api.get(
        "/segments/<int:segment_id>/contacts",
        summary="The contacts that fit a segment now",
        responses={200: ContactsPage},
    )
    @needs(Scope.CUSTOMERS_READ)
    def list_segment_contacts(path: SegmentId, query: MembersQuery) -> Response:
        gate.note_seen("contacts")
        with runtime.database.reading() as session:
            found = (
                select(Contact)
                .where(_condition(session, path.segment_id, runtime))
                .where(without_or_in_accounts_of(caller().viewer, Contact.account_id))
                .options(selectinload(Contact.account))
            )
            return listed(
                session,
                found,
                query.sort,
                _MEMBER_SORTS[query.sort],
                query,
                lambda rows: contact_shapes(session, rows),
            )


def _changing(api: APIBlueprint, runtime: Runtime) -> None:
    @api.post("/segments", summary="Save a segment", responses={201: SegmentOut})
    @needs(Scope.CUSTOMERS_WRITE)
    def post_segment(body: SegmentIn) -> Response:
        def store(session: Session) -> Response:
            wanted, by = _wanted(session, body.filter), caller().owner_id
            made = segments.add(session, body.name, wanted, by=by, now=clock.now())
            return _one(session, made, 201)

        return written(runtime, store)

    @api.put("/segments/<int:segment_id>", summary="Change a segment", responses={200: SegmentOut})
    @needs(Scope.CUSTOMERS_WRITE)
    def put_segment(path: SegmentId, body: SegmentIn) -> Response:
        """Campaigns that have been planned with it keep the filter that they were planned with."""

        def store(session: Session) -> Response:
            row = segments.find(session, path.segment_id, lock=True)
            check_match(lambda: _one(session, row))
            wanted, by = _wanted(session, body.filter), caller().owner_id
            changed = segments.change(
                session, row.id, body.name, wanted, edit=row.edit, by=by, now=clock.now()
            )
            return _one(session, changed)

        return written(runtime, store)

    @api.delete("/segments/<int:segment_id>", summary="Delete a segment", responses={200: SegmentOut})
    @needs(Scope.CUSTOMERS_WRITE)
    def delete_segment(path: SegmentId) -> Response:
        """Its contacts stay. The answer shows what it was."""

        def remove(session: Session) -> Response:
            row = segments.find(session, path.segment_id, lock=True)
            check_match(lambda: _one(session, row))
            shown = _one(session, row)
            segments.remove(session, row.id, by=caller().owner_id, now=clock.now())
            return shown

        return written(runtime, remove)


def _condition(session: Session, segment_id: int, runtime: Runtime) -> ColumnElement[bool]:
    return segments.condition(segments.find(session, segment_id), clock.now(), runtime.database.zone)


# --- What is sent -------------------------------------------------------------------------------------


def _wanted(session: Session, given: SegmentFilterIn) -> ContactFilter:
    """The filter. Raises UnacceptableError for an account or an owner that does not exist."""
    if given.owner is not None and given.without_owner:
        raise mistaken("/filter/without_owner", "Name an owner, or ask for accounts without one.")
    return ContactFilter(
        account=_account_id(session, given.account),
        segment=given.segment or "",
        owner=NOBODY if given.without_owner else _owner_id(session, given.owner),
        country=given.country or "",
        language=given.language or "",
        stage=given.stage or "",
        permitted=given.permitted or "",
        not_asked_for=given.not_asked_for,
        renews_within=given.renews_within,
        properties=tuple((each.name, each.value) for each in given.properties),
    )


def _account_id(session: Session, external_id: str | None) -> int | None:
    if external_id is None:
        return None
    wanted = select(Account.id).where(Account.external_id == external_id, sees_account(caller().viewer))
    found = session.scalar(wanted)
    if found is None:
        raise mistaken("/filter/account", "There is no account with this external id.")
    return found


def _owner_id(session: Session, email: str | None) -> int | None:
    if email is None:
        return None
    found = owners(session.connection(), [email]).get(email)
    if found is None:
        raise mistaken("/filter/owner", "There is no user with this address.")
    return found


# --- What is shown ------------------------------------------------------------------------------------


def _one(session: Session, row: SavedSegment, status: int = 200) -> Response:
    """A segment, with the tag of its version."""
    (shape,) = _shapes(session, [row])
    return tagged(answer(shape, status), str(row.edit))


def _shapes(session: Session, rows: Sequence[SavedSegment]) -> Iterator[SegmentOut]:
    stored = [_filter_of(row) for row in rows]
    known = [each for each in stored if each is not None]
    named = select(Account.id, Account.external_id).where(Account.id.in_({each.account for each in known}))
    accounts = pairs(session, named.where(sees_account(caller().viewer)))
    people = pairs(session, select(User.id, User.email).where(User.id.in_({each.owner for each in known})))
    for row, wanted in zip(rows, stored, strict=True):
        yield SegmentOut(
            id=row.id,
            name=row.name,
            filter=None if wanted is None else _filter_shape(wanted, accounts, people),
            created_at=row.created_at,
            changed_at=row.changed_at,
        )


def _filter_of(row: SavedSegment) -> ContactFilter | None:
    try:
        return filters.from_json(row.query)
    except Rejected:
        return None


def _filter_shape(
    wanted: ContactFilter, accounts: dict[int, str], people: dict[int, str]
) -> SegmentFilterOut:
    return SegmentFilterOut(
        account=accounts.get(wanted.account or 0),
        segment=wanted.segment or None,
        owner=people.get(wanted.owner or 0),
        without_owner=wanted.owner == NOBODY,
        country=wanted.country or None,
        language=wanted.language or None,
        stage=wanted.stage or None,
        permitted=wanted.permitted or None,
        not_asked_for=wanted.not_asked_for,
        renews_within=wanted.renews_within,
        properties=[PropertyOut(name=name, value=value) for name, value in wanted.properties],
    )
