"""A person says what a comment is about. That holds permanently: the machine never changes it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from feedback.core.themes.frame import UNSORTED
from feedback.errors import NotFound, Rejected
from feedback.services import audit
from feedback.services.access import Viewer, without_or_in_accounts_of
from feedback.services.themes import counting
from feedback.services.themes.frames import in_force
from feedback.services.themes.labelling import PERSON
from feedback.store.models import AnswerRow, CommentTheme, Response

SUBJECT = "comment"
MOST = 10
"""Themes of one comment."""


@dataclass(frozen=True, slots=True)
class GivenTheme:
    """A theme of a comment. `line` is the line of the frame for which the machine gave it."""

    theme: str
    by_person: bool
    line: str = ""


def themes_of(session: Session, answers: Collection[int]) -> dict[int, list[GivenTheme]]:
    """Answer -> its themes, those that a person gave or the machine found; answers without any are left out.

    A person's "no theme" is the theme `-`.
    """
    rows = session.execute(
        select(CommentTheme.answer_id, CommentTheme.theme, CommentTheme.origin, CommentTheme.line)
        .where(CommentTheme.answer_id.in_(answers))
        .order_by(CommentTheme.answer_id, CommentTheme.id)
    )
    found: dict[int, list[GivenTheme]] = {}
    for answer_id, theme, origin, line in rows:
        found.setdefault(answer_id, []).append(GivenTheme(theme, origin == PERSON, line))
    return found


@dataclass(frozen=True, slots=True)
class TaggedComment:
    """A comment to be tagged."""

    text: str
    language: str
    at: datetime


def comment(
    session: Session, viewer: Viewer, answer_id: int, *, left_out: Collection[tuple[str, str]]
) -> TaggedComment:
    """Raises NotFound for a comment that the viewer may not see, and for what is none (`left_out`)."""
    found = session.execute(_seen(viewer, answer_id)).one_or_none()
    if found is None or (found.questionnaire, found.question) in left_out:
        raise NotFound("There is no such comment.")
    return TaggedComment(found.text, found.language, found.answered_at)


def correct(
    session: Session,
    viewer: Viewer,
    answer_id: int,
    themes: Sequence[str],
    *,
    left_out: Collection[tuple[str, str]],
    now: datetime,
) -> None:
    """These are the themes of the comment; none means that no theme fits.

    Raises NotFound for a comment that the viewer may not see (`left_out` are questions whose answers are no
    comments), and Rejected for a theme that is not in the frame.
    """
    found = session.execute(_seen(viewer, answer_id).with_for_update(of=AnswerRow)).one_or_none()
    if found is None or (found.questionnaire, found.question) in left_out:
        raise NotFound("There is no such comment.")
    frame = in_force(session)
    wanted = list(dict.fromkeys(themes))
    before = themes_of(session, [answer_id]).get(answer_id, [])
    known = {*frame.frame.keys, *(each.theme for each in before)} - {UNSORTED}
    if len(wanted) > MOST or not known.issuperset(wanted):
        raise Rejected("Choose themes from the list. Nothing was saved.")
    session.execute(delete(CommentTheme).where(CommentTheme.answer_id == answer_id))
    session.add_all(
        CommentTheme(
            answer_id=answer_id,
            theme=each,
            origin=PERSON,
            frame=frame.version,
            user_id=viewer.user_id,
            at=now,
        )
        for each in (wanted or [UNSORTED])
    )
    counting.mark_moments(session, [found.answered_at])
    machine = sorted(each.theme for each in before if not each.by_person)
    audit.record(
        session,
        "tagged",
        SUBJECT,
        answer_id,
        by=viewer.user_id,
        now=now,
        themes=" ".join(wanted) or UNSORTED,
        before=" ".join(each.theme for each in before),
        machine=" ".join(machine) if machine else None,
    )


def _seen(viewer: Viewer, answer_id: int) -> Select[*tuple[Any, ...]]:
    """The comment, if the viewer may see it."""
    return (
        select(
            AnswerRow.text,
            AnswerRow.question,
            Response.questionnaire,
            Response.language,
            Response.answered_at,
        )
        .join(Response, Response.id == AnswerRow.response_id)
        .where(
            AnswerRow.id == answer_id,
            AnswerRow.text.is_not(None),
            Response.provisional.is_(False),
            without_or_in_accounts_of(viewer, Response.account_id),
        )
    )
