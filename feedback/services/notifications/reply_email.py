"""Notifies the owner of a follow-up by e-mail that the customer has replied in it.

Several replies within `alerts.digest_after` of the last such e-mail wait and are merged into one. The timestamp in the
row of each reply prevents duplicates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.core.text.localized import Text
from feedback.services.context import Context
from feedback.services.followups import opening
from feedback.services.followups.naming import name_of
from feedback.services.notifications import notified_follow_ups, staff_email
from feedback.services.staff.readers import translator_for
from feedback.store.models import FollowUp, InboundReply, User

PURPOSE = "reply"


AT_ONCE = 500


def tell_of_replies(session: Session, context: Context, now: datetime) -> int:
    """Queue one e-mail to each owner with replies of which nobody was notified. Returns how many are done.

    A reply that somebody has read already, or that no person has to read, needs no e-mail. One in a follow-up without
    an owner is shown by the inbox.
    """
    if not staff_email.can_write(context.providers):
        return 0
    untold = (
        select(InboundReply)
        .where(InboundReply.follow_up_id.is_not(None), InboundReply.owner_told_at.is_(None))
        .order_by(InboundReply.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    replies = session.scalars(untold).all()
    waiting: dict[int, list[InboundReply]] = defaultdict(list)
    done = 0
    for reply in replies:
        if reply.needs_person:
            waiting[reply.follow_up_id or 0].append(reply)
        else:
            reply.owner_told_at, done = now, done + 1
    for reader, tasks in _readers(session, sorted(waiting), now):
        if reader is None:
            done += _done([reply for task in tasks for reply in waiting[task.id]], now)
        elif not staff_email.heard_since(
            session, [reader], PURPOSE, now - context.settings.alerts.digest_after
        ):
            _tell(session, reader, tasks, context, now)
            done += _done([reply for task in tasks for reply in waiting[task.id]], now)
    return done


def _readers(
    session: Session, task_ids: Sequence[int], now: datetime
) -> list[tuple[User | None, Sequence[FollowUp]]]:
    """Who is notified about which follow-ups: their owner, or who stands in; None for those without an owner."""
    if not task_ids:
        return []
    of_reader: dict[int, list[FollowUp]] = defaultdict(list)
    for task in notified_follow_ups.locked(session, FollowUp.id.in_(task_ids)):
        reader = opening.present(session, task.owner, now) or task.owner
        of_reader[reader.id if reader else 0].append(task)
    return [
        (next(iter(staff_email.one_at_a_time(session, User.id == reader_id)), None), tasks)
        for reader_id, tasks in sorted(of_reader.items())
    ]


def _tell(session: Session, reader: User, tasks: Sequence[FollowUp], context: Context, now: datetime) -> None:
    """Without the customer's words: an inbox is less protected than the desk."""
    say, site = translator_for(reader, context.settings), context.settings.web.public_url.rstrip("/")
    names = [name_of(task, say.language) for task in tasks]
    if len(tasks) == 1:
        subject = say.gettext("The customer has replied: {name}", name=names[0])
    else:
        subject = say.ngettext("{n} customer has replied", "{n} customers have replied", len(tasks))
    lines = [
        f"{name}: {Text(task.title).to(say.language)}\n{site}/desk/{task.id}"
        for name, task in zip(names, tasks, strict=True)
    ]
    body = "\n\n".join([subject, *lines])
    staff_email.tell(session, reader, subject, body, providers=context.providers, now=now, purpose=PURPOSE)
    for task in tasks:
        notified_follow_ups.note(session, task, "reply_told", [reader], now)


def _done(replies: Sequence[InboundReply], now: datetime) -> int:
    for reply in replies:
        reply.owner_told_at = now
    return len(replies)
