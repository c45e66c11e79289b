"""Whoever looks at a customer's words or person is written down, before the page leaves."""

from __future__ import annotations

from flask_security import current_user

from feedback import clock
from feedback.services import audit
from feedback.store.database import Database


def note_seen(database: Database, subject: str, subject_id: int | None = None) -> None:
    """Write down, once an hour, that whoever is signed in saw this; mostly it only looks whether it is there.

    To be called outside any transaction, once it is certain that they may see it.
    """
    now, by = clock.now(), current_user.id
    with database.reading() as session:
        if audit.saw_lately(session, subject, subject_id, by=by, now=now):
            return
    with database.writing() as session:
        audit.record(session, "saw", subject, subject_id, by=by, now=now)
