"""Whether the counts can be shown: by whose days they are kept, and whether every answer is in them."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from feedback.services.rollups.rebuilding import rebuild
from feedback.settings import Problem
from feedback.store.database import zone_of
from feedback.store.models import AnswerRow, CountedBy, Response

COUNTED_AT_START = 20_000
"""Answers that are counted by themselves after an upgrade; with more, somebody chooses when."""


def adopt(session: Session) -> None:
    """Store the time zone of the counts of a new installation. Before the first answer the zone may still change.

    After an upgrade that brought a new kind of count, a small base is counted at once (a large one: `is_complete`).
    """
    kept = session.get(CountedBy, 1)
    if kept is None:
        with suppress(IntegrityError), session.begin_nested():  # another node has just done it
            session.add(CountedBy(id=1, zone=str(zone_of(session))))
    elif kept.zone != str(zone_of(session)) and not _has_answers(session):
        rebuild(session)  # only sent invitations are counted
    elif not kept.complete and kept.zone == str(zone_of(session)) and _is_small(session):
        rebuild(session)


def other_zone(session: Session) -> str | None:
    """The time zone of the counts if it differs from the settings (then rebuild them); otherwise None.

    Also None before the first answer: the next start takes the zone of the settings (`adopt`).
    """
    kept = session.get(CountedBy, 1)
    if kept is None or kept.zone == str(zone_of(session)) or not _has_answers(session):
        return None
    return kept.zone


def _is_small(session: Session) -> bool:
    """Whether all answers can be counted within a few seconds."""
    some = select(AnswerRow.id).limit(COUNTED_AT_START + 1).subquery()
    return session.execute(select(func.count()).select_from(some)).scalar_one() <= COUNTED_AT_START


def _has_answers(session: Session) -> bool:
    return session.scalar(select(Response.id).limit(1)) is not None


def is_complete(session: Session) -> bool:
    """Whether every answer is in the counts of answers; false after the upgrade that brought them."""
    kept = session.get(CountedBy, 1)
    return kept is None or kept.complete


def problems(session: Session) -> list[Problem]:
    """Problem F111 if the counts are in another time zone than the settings, F125 if older answers are missing."""
    found = []
    if (kept := other_zone(session)) is not None:
        said = f"The rollups use the time zone {kept}, but organisation.time_zone is {zone_of(session)}."
        found.append(Problem("F111", said, "Run `feedback db rebuild-rollups`."))
    if not is_complete(session):
        said = "The results of questions lack the answers from before the upgrade, so they are not shown."
        found.append(Problem("F125", said, "Run `feedback db rebuild-rollups`."))
    return found
