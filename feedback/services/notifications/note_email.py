"""Notifies a colleague by e-mail of a note that somebody wrote for them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.core.text.localized import Text
from feedback.errors import Rejected
from feedback.services.access import Viewer, visible
from feedback.services.context import Context
from feedback.services.followups.naming import name_of
from feedback.services.notifications import notified_follow_ups, staff_email
from feedback.services.staff.readers import translator_for
from feedback.store.models import FollowUp, User


def tell_of_note(
    session: Session,
    task: FollowUp,
    reader: User,
    viewer: Viewer,
    author: str,
    context: Context,
    now: datetime,
) -> None:
    """Queue an e-mail that `author` wrote a note, without its words: an inbox is less protected than the desk.

    `viewer` is the reader as the rights see them. Raises Rejected if they cannot see the follow-up, or if no e-mail can
    be sent.
    """
    if (
        not reader.active
        or session.scalar(select(FollowUp.id).where(FollowUp.id == task.id, visible(viewer))) is None
    ):
        raise Rejected("Choose a colleague who can see this follow-up.")
    say = translator_for(reader, context.settings)
    name = name_of(task, say.language)
    subject = say.gettext("{author} wrote a note for you: {name}", author=author, name=name)
    page = f"{context.settings.web.public_url.rstrip('/')}/desk/{task.id}"
    body = "\n\n".join([subject, f"{Text(task.title).to(say.language)}\n{page}"])
    if (
        staff_email.tell(session, reader, subject, body, providers=context.providers, now=now, purpose="note")
        is None
    ):
        raise Rejected("No e-mail can be sent, so nobody was notified. Save the note without a colleague.")
    notified_follow_ups.note(session, task, "mentioned", [reader], now)
