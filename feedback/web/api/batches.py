"""Many objects in one call, each stored or refused by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from flask import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from feedback.errors import FeedbackError
from feedback.services.customers import Stored
from feedback.store.portions import SHORT_REST, Portions
from feedback.web.api import problems
from feedback.web.api.answers import answer
from feedback.web.api.problems import UnacceptableError
from feedback.web.api.shapes import Mistake

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

MOST = 200
"""Objects of one call; the body has a limit of its own."""


class _Named(Protocol):
    external_id: str


Item = TypeVar("Item", bound=_Named)


class StoredResult(BaseModel):
    """What a call for this object alone would have returned."""

    external_id: str
    status: int = Field(description="201: created; 200: updated or unchanged; 410, 422: refused")
    detail: str | None = None
    errors: list[Mistake] = []


class BatchOut(BaseModel):
    """One result for each object, in the order of the request."""

    results: list[StoredResult]


def results_of(
    runtime: Runtime, items: Sequence[Item], store: Callable[[Session, Item], Stored]
) -> list[StoredResult]:
    """Store the items in short transactions. One that is refused leaves nothing behind, and the others are stored."""
    results: list[StoredResult] = []

    def some(session: Session, portion: Sequence[Item]) -> list[StoredResult]:
        return list(_each(session, portion, store))

    Portions(runtime.database, resting=SHORT_REST).each(items, some, results.extend)
    return results


def _each(
    session: Session, portion: Sequence[Item], store: Callable[[Session, Item], Stored]
) -> Iterator[StoredResult]:
    for item in portion:
        try:
            with session.begin_nested():
                stored = store(session, item)
        except FeedbackError as refused:
            status = problems.status_of(refused)
            yield StoredResult(external_id=item.external_id, status=status, detail=str(refused))
        except UnacceptableError as refused:
            yield StoredResult(
                external_id=item.external_id,
                status=422,
                detail="Some values cannot be accepted.",
                errors=refused.mistakes,
            )
        else:
            yield StoredResult(
                external_id=item.external_id, status=201 if stored.outcome == "created" else 200
            )


def batch_answer(results: list[StoredResult]) -> Response:
    """The answer to a batch."""
    return answer(BatchOut(results=results))
