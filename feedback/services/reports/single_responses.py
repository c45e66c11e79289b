"""Responses one by one: as a list, and one with all its answers."""

from __future__ import annotations

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session, selectinload

from feedback.errors import NotFound
from feedback.services.access import Viewer
from feedback.services.reports.queries import ResponseSelection, responses
from feedback.store.models import Response

RESPONSES_PAGE = 50


def listed_responses(
    session: Session,
    viewer: Viewer,
    wanted: ResponseSelection,
    *,
    before: int | None = None,
    limit: int = RESPONSES_PAGE,
) -> list[Response]:
    """A page of responses with their answers, the latest first; `before` is the last id of the previous page.

    Those that look like a machine's are left out, as in every report.
    """
    newest_first = (Response.answered_at.desc(), Response.id.desc())
    query = responses(viewer, wanted).options(*_WHOLE).order_by(*newest_first).limit(limit)
    if before is not None:
        at = select(Response.answered_at).where(Response.id == before).scalar_subquery()
        query = query.where(tuple_(Response.answered_at, Response.id) < tuple_(at, before))
    return list(session.scalars(query))


def one_response(session: Session, viewer: Viewer, response_id: int) -> Response:
    """A response with its answers. Raises NotFound, also if the viewer does not see its account."""
    query = responses(viewer, ResponseSelection()).options(*_WHOLE).where(Response.id == response_id)
    found = session.scalar(query)
    if found is None:
        raise NotFound("Response not found.")
    return found


_WHOLE = tuple(
    selectinload(each)
    for each in (Response.answers, Response.scores, Response.account, Response.contact, Response.version)
)
