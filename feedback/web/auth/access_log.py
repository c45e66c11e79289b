"""Records in the audit log who views customers' words and personal data, before the page is sent."""

from __future__ import annotations

from flask_security import current_user

from feedback import clock
from feedback.services import audit
from feedback.store.database import Database


def note_seen(database: Database, subject: str, subject_id: int | None = None) -> None:
    """Record, at most once an hour, that the signed-in user saw this; most calls only read.

    Call it outside any transaction, after checking that the user may see it.
    """
    now, by = clock.now(), current_user.id
    with database.reading() as session:
        if audit.saw_lately(session, subject, subject_id, by=by, now=now):
            return
    with database.writing() as session:
        audit.record(session, "saw", subject, subject_id, by=by, now=now)
