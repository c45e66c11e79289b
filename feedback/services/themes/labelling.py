"""The machine reads comments: in the worker, in portions, after they were stored and again when the frame changes.

What a person gave to a comment stays, whatever the machine would say.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from feedback.services.themes import counting
from feedback.services.themes.frames import FrameInForce, in_force
from feedback.store.models import AnswerRow, CommentTheme, Response
from feedback.store.portions import Portions

AT_ONCE = 5_000
"""Comments that are looked for at once; the rest follows in the next run."""
MACHINE, PERSON = "machine", "person"
LONGEST_LINE = 80

Asked = tuple[str, str]
"""(questionnaire, question)."""


def read_all(portions: Portions, left_out: Collection[Asked], now: datetime) -> bool:
    """Read every comment that nobody has read with the frame in force, at most AT_ONCE; `left_out` are questions whose
    answers are no comments. Returns whether there may be more."""
    with portions.database.reading() as session:
        frame = in_force(session)
        waiting = session.scalars(
            select(AnswerRow.id)
            .where(AnswerRow.text.is_not(None), AnswerRow.themed < frame.edition)
            .order_by(AnswerRow.themed, AnswerRow.id)
            .limit(AT_ONCE)
        ).all()
    done = portions.each(waiting, partial(_read_some, frame, frozenset(left_out), now))
    return done and len(waiting) == AT_ONCE


def waiting(session: Session) -> bool:
    """Whether comments still have to be read with the frame in force."""
    unread = (AnswerRow.text.is_not(None), AnswerRow.themed < in_force(session).edition)
    return session.scalar(select(AnswerRow.id).where(*unread).limit(1)) is not None


def _read_some(
    frame: FrameInForce,
    left_out: frozenset[Asked],
    now: datetime,
    session: Session,
    ids: Sequence[int],
) -> None:
    rows = session.execute(
        select(
            AnswerRow.id,
            AnswerRow.text,
            AnswerRow.question,
            Response.questionnaire,
            Response.language,
            Response.answered_at,
        )
        .join(Response, Response.id == AnswerRow.response_id)
        .where(AnswerRow.id.in_(ids), AnswerRow.themed < frame.edition)
        .order_by(AnswerRow.id)
        .with_for_update(of=AnswerRow)
    ).all()
    read = [row.id for row in rows]
    decided = set(
        session.scalars(
            select(CommentTheme.answer_id).where(
                CommentTheme.answer_id.in_(read), CommentTheme.origin == PERSON
            )
        )
    )
    session.execute(
        delete(CommentTheme).where(CommentTheme.answer_id.in_(read), CommentTheme.origin == MACHINE)
    )
    found: list[dict[str, Any]] = [
        {
            "answer_id": row.id,
            "theme": each.theme,
            "origin": MACHINE,
            "line": each.line[:LONGEST_LINE],
            "frame": frame.version,
            "at": now,
        }
        for row in rows
        if row.id not in decided and row.text and (row.questionnaire, row.question) not in left_out
        for each in frame.matcher.themes(row.text, row.language)
    ]
    if found:
        session.execute(insert(CommentTheme), found)
    session.execute(update(AnswerRow).where(AnswerRow.id.in_(read)).values(themed=frame.edition))
    counting.mark_moments(session, {row.answered_at for row in rows})
