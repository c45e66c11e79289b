"""Takes the past answers of an import out again, with their scores and counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, selectinload

from feedback.core.answer import Answer
from feedback.library import Library
from feedback.services import rollups
from feedback.store.database import Database, zone_of
from feedback.store.models import ImportedResponse, Response
from feedback.store.portions import SHORT_REST, TOGETHER, Portions

AT_ONCE = 500


def undo(
    database: Database, import_id: int, library: Library, on_progress: Callable[[int, int], None]
) -> int:
    """Delete the responses of an import in portions. Returns their number."""
    portions, removed = Portions(database, resting=SHORT_REST), 0
    own = ImportedResponse.import_id == import_id
    with database.reading() as session:
        total = session.scalar(select(func.count()).select_from(ImportedResponse).where(own)) or 0
    while True:
        with database.reading() as session:
            wanted = select(ImportedResponse.response_id).where(own).order_by(ImportedResponse.response_id)
            ids = session.scalars(wanted.limit(AT_ONCE)).all()
        if not ids:
            return removed
        portions.each(ids, partial(_remove, library), least=TOGETHER)
        removed += len(ids)
        on_progress(removed, total)


def _remove(library: Library, session: Session, ids: Sequence[int]) -> None:
    rows = session.scalars(
        select(Response)
        .where(Response.id.in_(ids))
        .options(
            selectinload(Response.answers), selectinload(Response.scores), selectinload(Response.version)
        )
        .order_by(Response.id)
        .with_for_update(of=Response)
    ).all()
    zone = zone_of(session)
    cells: Counter[tuple[Any, ...]] = Counter()
    answers: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        questionnaire = library.questionnaire_of(row.version)
        given = {each.question: Answer.from_stored(each.value, each.text) for each in row.answers}
        scored = [(each.trend, each.question, each.metric, each.value) for each in row.scores]
        counted = rollups.counted(row, scored, zone, rollups.tallied(questionnaire, given))
        cells.update(counted.cells)
        answers.update(counted.answers)
    session.execute(delete(Response).where(Response.id.in_(ids)).execution_options(synchronize_session=False))
    rollups.settle(
        session.connection(), rollups.Counted(cells, "answered", answers), rollups.NOT_COUNTED, None
    )
