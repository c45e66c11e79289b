"""Lists of the API: `limit`, `cursor` and `sort`, and the `Link` to the next page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

from flask import Response, json, request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute, Session

from feedback.store import keyset
from feedback.store.keyset import Order, PageEnd
from feedback.web.api.answers import answer
from feedback.web.api.problems import UnacceptableError
from feedback.web.api.shapes import Cursor, Mistake

MOST = 200
USUAL = 50


class DescribedOnce(BaseModel):
    """A model whose JSON schema is made once: the library asks for that of the query on every request, which took a
    fifth of a list's time."""

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """As pydantic's; what it returns must not be changed."""
        return super().model_json_schema(*args, **kwargs) if args or kwargs else _described(cls)


@cache
def _described(model: type[DescribedOnce]) -> dict[str, Any]:
    return super(DescribedOnce, model).model_json_schema()


class Listed(DescribedOnce):
    """The query parameters of every list."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(USUAL, ge=1, le=MOST, description="most items of a page")
    cursor: Cursor | None = Field(
        None, description="where the page begins, from the `Link` of the page before"
    )


class Sorts:
    """What a list can be sorted by. `times` are the columns besides the id; `written` is when a row was added."""

    def __init__(
        self,
        identity: InstrumentedAttribute[int],
        written: InstrumentedAttribute[datetime] | None = None,
        **times: InstrumentedAttribute[datetime],
    ) -> None:
        self._orders = {"id": Order(identity, None, written), "-id": Order(identity, descending=True)}
        for name, column in times.items():
            self._orders[name] = Order(identity, column)
            self._orders[f"-{name}"] = Order(identity, column, descending=True)

    def __getitem__(self, name: str) -> Order:
        return self._orders[name]


def listed(
    session: Session,
    query: Select[Any],
    sort: str,
    order: Order,
    wanted: Listed,
    shape: Callable[[list[Any]], Iterable[BaseModel]],
) -> Response:
    """A page of rows; `shape` makes their items, all at once."""
    rows, following = keyset.page(session, query, order, wanted.limit, place_of(wanted.cursor, sort))
    return page_answer(shape(rows), cursor_of(following, sort))


def page_answer(items: Iterable[BaseModel], cursor: str | None) -> Response:
    """The answer with these items, and the `Link` to the page at `cursor`."""
    response = answer({"items": [each.model_dump(mode="json") for each in items], "next_cursor": cursor})
    if cursor is not None:
        kept = [(name, value) for name, value in request.args.items(multi=True) if name != "cursor"]
        # Absolute, because clients of other programs expect it so, and without a comma, at which some of them cut.
        address = f"{request.base_url}?{urlencode([*kept, ('cursor', cursor)])}"
        response.headers["Link"] = f'<{address}>; rel="next"'
    return response


def cursor_of(place: PageEnd | None, sort: str) -> str | None:
    """The place as an opaque text; None at the end of the list."""
    if place is None:
        return None
    values = [sort, place.at.isoformat() if place.at else None, place.id]
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def place_of(cursor: str | None, sort: str) -> PageEnd | None:
    """The place that a cursor means. Raises UnacceptableError for a text that is none, or one of another order."""
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        order, at, row_id = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        place = PageEnd(datetime.fromisoformat(at) if at is not None else None, row_id)
        if order != sort or type(row_id) is not int or not -(2**63) <= row_id < 2**63:
            raise ValueError(cursor)
        if place.at is not None and place.at.utcoffset() is None:
            raise ValueError(cursor)
    except (ValueError, TypeError, binascii.Error, UnicodeDecodeError):
        mistake = Mistake(pointer="/cursor", detail="Use the cursor of the page before, with the same sort.")
        raise UnacceptableError([mistake]) from None
    return place


def pairs(session: Session, query: Select[*tuple[Any, ...]]) -> dict[int, str]:
    """The rows of a query of (id, text), by id."""
    return {row[0]: row[1] for row in session.execute(query)}
