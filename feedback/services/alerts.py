"""Telling our own staff, by messages in the same outbox as all others.

The owner of a follow-up hears of it at once. When it rains, what comes within `alerts.digest_after` of the
last message waits and becomes one. A first contact that was promised and not made goes to the leads, once.
What was told is in the history of the follow-up; that entry is also what keeps it from being told twice.
Admins hear, once, of a channel that may not send.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, selectinload

from feedback.channels.base import Channel
from feedback.core.followup import State
from feedback.core.text import Text
from feedback.i18n import Translator, translator
from feedback.services import holds
from feedback.services.staff import RoleName
from feedback.settings import Settings
from feedback.store.models import ChannelHold, FollowUp, FollowUpEntry, Message, Role, User

TOO_OLD = timedelta(days=2)
"""Follow-ups from before are no news: an installation that was down does not wake up shouting."""

Channels = Mapping[str, Channel]


def tell(
    session: Session,
    user: User,
    subject: str,
    body: str,
    *,
    channels: Channels,
    now: datetime,
    purpose: str = "alert",
) -> Message | None:
    """Queue an e-mail to a member of staff, due at once; None where no e-mail channel is enabled."""
    channel = next((key for key, channel in channels.items() if channel.kind == "email"), None)
    if channel is None:
        return None
    message = Message(
        user_id=user.id,
        purpose=purpose,
        channel=channel,
        kind="email",
        recipient=user.email,
        subject=subject,
        body=body,
        language=user.language or "en",
        headers={},
        state="queued",
        due_at=now,
        created_at=now,
        is_demo=user.is_demo,
    )
    session.add(message)
    return message


def tell_owners(session: Session, channels: Channels, settings: Settings, now: datetime) -> int:
    """One message to each owner with something new; how many messages that were."""
    news = _untold("told", now).where(FollowUp.owner_id.is_not(None)).order_by(FollowUp.owner_id)
    tasks = session.scalars(news.with_for_update(of=FollowUp, skip_locked=True)).all()
    rested = now - settings.alerts.digest_after
    told = 0
    for owner_id, group in groupby(tasks, key=lambda task: task.owner_id):
        owner = session.get(User, owner_id)
        if owner is None or not owner.active or _heard_since(session, owner, rested):
            continue
        told += _tell_about(session, owner, list(group), "told", channels, settings, now)
    return told


def escalate(session: Session, channels: Channels, settings: Settings, now: datetime) -> int:
    """Tell the leads of promises that were not kept; how many follow-ups that were."""
    late = _untold("escalated", now - TOO_OLD).where(
        FollowUp.contact_due_at < now, FollowUp.first_contact_at.is_(None)
    )
    tasks = session.scalars(late.with_for_update(of=FollowUp, skip_locked=True)).all()
    leads = session.scalars(select(User).where(User.active, User.roles.any(Role.name == RoleName.LEAD))).all()
    if not tasks or not leads:
        return 0
    told = [_tell_about(session, lead, tasks, "escalated", channels, settings, now) for lead in leads]
    if not any(told):
        return 0
    for task in tasks:
        task.escalated_at = now
    return len(tasks)


def tell_of_holds(session: Session, channels: Channels, settings: Settings, now: datetime) -> int:
    """One message about each hold to every admin, by an e-mail channel that is not held itself; how many."""
    closed = {each.channel for each in holds.in_force(session)}
    usable = {key: channel for key, channel in channels.items() if key not in closed}
    told = 0
    in_force = select(ChannelHold).where(ChannelHold.lifted_at.is_(None)).order_by(ChannelHold.id)
    for hold in session.scalars(in_force.with_for_update(skip_locked=True)).all():  # or two nodes tell of it
        for admin in session.scalars(_admins_not_told_of(hold)).all():
            subject, body = _about_hold(translator("desk", admin.language), hold, settings)
            message = tell(session, admin, subject, body, channels=usable, now=now, purpose="hold")
            if message:
                message.occurrence = hold.id
                told += 1
    return told


def _admins_not_told_of(hold: ChannelHold) -> Select[User]:
    told = select(Message.user_id).where(Message.purpose == "hold", Message.occurrence == hold.id)
    return select(User).where(User.active, User.roles.any(Role.name == RoleName.ADMIN), User.id.not_in(told))


def _about_hold(say: Translator, hold: ChannelHold, settings: Settings) -> tuple[str, str]:
    name = f"{hold.channel} ({hold.country})" if hold.country else hold.channel
    subject = say.gettext("{channel} sends nothing any more", channel=name)
    how = say.gettext("Mend the cause, then let the channel send again:")
    page = f"{settings.web.public_url.rstrip('/')}/deliveries/"
    return subject, "\n\n".join(
        [subject, hold.reason, say.gettext("The messages wait; none is lost."), f"{how}\n{page}"]
    )


def _untold(kind: str, now: datetime) -> Select[FollowUp]:
    """Follow-ups that are being worked on, not old, and have no such entry yet."""
    return (
        select(FollowUp)
        .where(
            FollowUp.state.in_((State.OPEN, State.TAKEN)),
            FollowUp.opened_at > now - TOO_OLD,
            ~_has_entry(kind),
        )
        .options(selectinload(FollowUp.account), selectinload(FollowUp.contact))
    )


def _has_entry(kind: str) -> ColumnElement[bool]:
    return FollowUp.entries.any(FollowUpEntry.kind == kind)


def _heard_since(session: Session, user: User, since: datetime) -> bool:
    """Whether this user got an alert lately; a password's e-mail is none."""
    latest = select(func.max(Message.created_at)).where(
        Message.user_id == user.id, Message.purpose == "digest"
    )
    last = session.scalar(latest)
    return last is not None and last > since


def _tell_about(
    session: Session,
    user: User,
    tasks: Sequence[FollowUp],
    kind: str,
    channels: Channels,
    settings: Settings,
    now: datetime,
) -> int:
    say = translator("desk", user.language)
    subject = _subject(say, tasks, kind)
    body = "\n\n".join([subject, *_lines(say, tasks, settings.web.public_url.rstrip("/"))])
    if tell(session, user, subject, body, channels=channels, now=now, purpose="digest") is None:
        return 0
    told = {entry.follow_up_id for entry in _entries(session, tasks, kind)}
    for task in tasks:
        if task.id not in told:
            detail = {"name": user.name}
            session.add(FollowUpEntry(follow_up_id=task.id, at=now, user_id=None, kind=kind, detail=detail))
    session.flush()
    return 1


def _entries(session: Session, tasks: Iterable[FollowUp], kind: str) -> Sequence[FollowUpEntry]:
    ids = [task.id for task in tasks]
    asked = select(FollowUpEntry).where(FollowUpEntry.follow_up_id.in_(ids), FollowUpEntry.kind == kind)
    return session.scalars(asked).all()


def _subject(say: Translator, tasks: Sequence[FollowUp], kind: str) -> str:
    if kind == "escalated":
        return say.ngettext(
            "{n} customer is waiting too long", "{n} customers are waiting too long", len(tasks)
        )
    if len(tasks) == 1:
        return say.gettext("New follow-up: {name}", name=_name(say, tasks[0]))
    return say.ngettext("{n} new follow-up", "{n} new follow-ups", len(tasks))


def _lines(say: Translator, tasks: Sequence[FollowUp], site: str) -> list[str]:
    """No score and no words of the customer: an inbox is a less protected place than the desk."""
    return [
        f"{_name(say, task)}: {Text(task.title).to(say.language)}\n{site}/desk/{task.id}" for task in tasks
    ]


def _name(say: Translator, task: FollowUp) -> str:
    if task.account is not None:
        return task.account.name
    return (task.contact.name if task.contact else None) or Text(task.title).to(say.language)
