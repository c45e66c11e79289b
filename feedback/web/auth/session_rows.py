"""Ties the cookies of the sign-in to rows of `staff_session`.

Both cookies, that of the session and that of "Keep me signed in", contain the secret of one row. Whether somebody is
signed in is therefore decided by the row alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, Response, g
from flask import session as browser_session
from flask_security.utils import set_request_attr
from structlog import get_logger

from feedback import clock
from feedback.errors import StorageUnavailable
from feedback.services.staff import sessions
from feedback.store.database import Database
from feedback.store.models import StaffSession
from feedback.web.auth.events import present_network

if TYPE_CHECKING:
    from feedback.web.auth.datastore import StaffDatastore, StaffUser

log = get_logger()


def install(app: Flask, database: Database, datastore: StaffDatastore) -> None:
    """Replace the extension's ways to recognise a user."""

    def load(secret: str) -> StaffUser | None:
        found = datastore.find_session(secret)
        if found is None:
            return None
        user, g.staff_session = found
        set_request_attr("fs_authn_via", "session")
        set_request_attr("fs_paa", browser_session.get("fs_paa", 0))  # when the identity was last confirmed
        return user

    def note_seen(response: Response) -> Response:
        row: StaffSession | None = g.get("staff_session")
        if row is not None and clock.now() - row.seen_at >= sessions.SEEN_EVERY:
            _note_seen(database, row)
        return response

    manager = app.login_manager  # type: ignore[attr-defined]
    manager.id_attribute = "new_session_secret"
    manager.user_loader(load)
    manager.request_loader(lambda _: None)  # no tokens in headers or addresses
    app.after_request(note_seen)


def _note_seen(database: Database, row: StaffSession) -> None:
    """Store the use of a session. A page that was made is not lost because the database is busy."""
    try:
        with database.writing() as session:
            sessions.note_seen(session, row.id, present_network(), clock.now())
    except StorageUnavailable as unavailable:
        log.warning("session.not_noted", reason=str(unavailable))
