"""The checklist of a new installation. What is done is read from the data; it ends by itself, or is dismissed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from feedback.services import audit
from feedback.services.context import Context
from feedback.services.studio import sample_sending
from feedback.store.database import add_once
from feedback.store.models import Bookmark, Campaign, Contact, Invitation, Message, Response, StudioText, User

BOOKMARK = "first steps"


class FirstStep(StrEnum):
    """In the order in which they are suggested."""

    BRAND = "brand"
    CHANNELS = "channels"
    TEAM = "team"
    CUSTOMERS = "customers"
    SURVEY = "survey"
    TEST = "test"
    ASK = "ask"


def are_open(session: Session, context: Context) -> bool:
    """Whether the start page of admins is the checklist: nobody has dismissed it, something is left to do, and no
    survey was answered yet, which only happens where everything needed is there."""
    if session.get(Bookmark, BOOKMARK) is not None or _some(session, select(Response.id)):
        return False
    return not all(done(session, context).values())


def left(session: Session, context: Context) -> list[FirstStep]:
    """The steps that are left, if the checklist is open; none otherwise."""
    if not are_open(session, context):
        return []
    return [step for step, is_done in done(session, context).items() if not is_done]


def done(session: Session, context: Context) -> Mapping[FirstStep, bool]:
    """Each step, and whether the data say that it is done."""
    tests = select(Message.id).where(Message.purpose == sample_sending.PURPOSE)
    return {
        FirstStep.BRAND: bool(
            context.settings.organisation.name and context.settings.organisation.privacy_url
        ),
        FirstStep.CHANNELS: bool(context.providers),
        FirstStep.TEAM: (session.scalar(select(func.count()).select_from(User).where(User.active)) or 0) > 1,
        FirstStep.CUSTOMERS: _some(session, select(Contact.id).where(Contact.erased_at.is_(None))),
        FirstStep.SURVEY: _some(session, select(StudioText.key)),
        FirstStep.TEST: _some(session, tests),
        FirstStep.ASK: _some(session, select(Campaign.id).where(Campaign.began_at.is_not(None)))
        or _some(session, select(Invitation.id)),
    }


def is_published(context: Context, key: str) -> bool:
    """Whether customers can be asked with a survey of the studio."""
    return key in context.library.questionnaires


def latest_text(session: Session) -> str | None:
    """The key of the survey that was edited last in the studio."""
    return session.scalar(
        select(StudioText.key)
        .where(StudioText.archived_at.is_(None), StudioText.key != "journey")
        .order_by(StudioText.saved_at.desc(), StudioText.key)
        .limit(1)
    )


def dismiss(session: Session, *, by: int, now: datetime) -> None:
    """Close the checklist for all admins."""
    if add_once(session, Bookmark(name=BOOKMARK, value="dismissed")):
        audit.record(session, "dismissed", "first_steps", None, by=by, now=now)


def _some(session: Session, wanted: Select[Any]) -> bool:
    return session.scalar(wanted.limit(1)) is not None
