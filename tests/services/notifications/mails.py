"""What the tests of e-mails to staff share: what is done at the desk, and the e-mails that follow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.services.followups import workflow
from feedback.services.followups.workflow import Handover
from feedback.services.notifications import escalation, owner_digest
from feedback.store.models import FollowUp, FollowUpEntry, Message
from tests.services.followups.desk import MONDAY, Desk


def tell(desk: Desk, now: datetime = MONDAY) -> int:
    with desk.runtime.database.writing() as session:
        return owner_digest.tell_owners(session, desk.runtime, now)


def escalate(desk: Desk, now: datetime) -> int:
    with desk.runtime.database.writing() as session:
        return escalation.escalate(session, desk.runtime, now)


def mails(desk: Desk) -> list[tuple[str, str | None]]:
    with desk.runtime.database.reading() as session:
        return [
            (mail.recipient, mail.subject) for mail in session.scalars(select(Message).order_by(Message.id))
        ]


def mails_at(desk: Desk, now: datetime) -> list[tuple[str, str | None]]:
    """All there are once the owners were told at `now`."""
    tell(desk, now)
    return mails(desk)


def entries(desk: Desk, task: FollowUp) -> list[tuple[str, str | None]]:
    """What the history says was sent, and to whom."""
    with desk.runtime.database.reading() as session:
        found = session.scalars(
            select(FollowUpEntry).where(FollowUpEntry.follow_up_id == task.id).order_by(FollowUpEntry.id)
        )
        return [(entry.kind, entry.detail["name"]) for entry in found if "name" in entry.detail]


def change(desk: Desk, action: Callable[[Session, FollowUp], object], task: FollowUp) -> None:
    """Do something to a follow-up as it is now."""
    with desk.runtime.database.writing() as session:
        action(session, session.get_one(FollowUp, task.id))


def promise(
    desk: Desk, task: FollowUp, contact: datetime | None = None, close: datetime | None = None
) -> None:
    """Promise something else than the questionnaire does."""

    def move(_: Session, task: FollowUp) -> None:
        task.contact_due_at = contact or task.contact_due_at
        task.close_due_at = close or task.close_due_at

    change(desk, move, task)


def put_off(desk: Desk, task: FollowUp, until: datetime) -> None:
    cem = desk.viewer("cem")
    change(
        desk,
        lambda session, task: workflow.snooze(
            session, task.id, cem, until, "On a fair.", revision=task.revision, now=MONDAY
        ),
        task,
    )


def call(desk: Desk, task: FollowUp) -> None:
    cem = desk.viewer("cem")
    change(
        desk,
        lambda session, task: workflow.contacted(
            session, task.id, cem, "call", reached=True, text="", now=MONDAY
        ),
        task,
    )


def give(desk: Desk, task: FollowUp, giver: str, to: str, now: datetime = MONDAY) -> None:
    viewer = desk.viewer(giver, sees_all=True)
    change(
        desk,
        lambda session, task: workflow.hand_over(
            session, task.id, viewer, Handover(desk.people[to], assigns=True), revision=task.revision, now=now
        ),
        task,
    )


def take(desk: Desk, task: FollowUp, name: str) -> None:
    viewer = desk.viewer(name, sees_all=True)
    change(
        desk,
        lambda session, task: workflow.take_all(session, {task.id: task.revision}, viewer, now=MONDAY),
        task,
    )


# --- Whose it is ---------------------------------------------------------------------------------
