"""What became of messages that nobody can vouch for: ask the provider, and believe a "no" only after a while.

A provider may take a message after we gave up waiting, its list may lag, and a worker that seemed dead may only
have been frozen. So one "no" proves nothing. A message is due again after two of them, the second one given
when every call that could still have been under way is certainly over. That time is measured on the clock of
this process, which nobody can set: whatever happens to the wall clock can delay a message, never double it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from feedback.errors import DeliveryFailed
from feedback.providers.base import Channel, Found, LooksUp, uptime
from feedback.services.context import Context
from feedback.services.messaging import outbox
from feedback.settings import Settings
from feedback.store.database import Database
from feedback.store.models import Attempt, Message

log = structlog.get_logger()

NEGATIVE_LOOK_UPS = 2
GIVE_UP = timedelta(hours=24)
AT_ONCE = 200
LOOK_BACK = timedelta(days=2)
"""A clock that was ahead when the message was claimed, and was set right since, must not hide it from the look-up.
What is looked for carries a link of its own, so looking too far back costs a page at most."""

Key = tuple[int, int]  # message, attempt


@dataclass
class UnconfirmedTimer:
    """How long this process has known of each unconfirmed attempt. Lost with the process: then it waits anew."""

    elapsed: Callable[[], float] = uptime
    _since: dict[Key, float] = field(default_factory=dict)

    def seconds_known(self, key: Key) -> float:
        """Seconds since this was first asked about `key`; 0.0 the first time."""
        present = self.elapsed()
        return present - self._since.setdefault(key, present)

    def keep_only(self, keys: set[Key]) -> None:
        """Forget what is settled."""
        self._since = {key: since for key, since in self._since.items() if key in keys}


@dataclass(frozen=True, slots=True)
class UnconfirmedAttempt:
    """An unconfirmed attempt, from when on it is looked for, and how long a "no" has to be waited for (seconds)."""

    key: Key
    channel: str
    recipient: str
    match: str
    since: datetime
    claimed_at: datetime
    quiet: float


def reap(session: Session, settings: Settings, now: datetime) -> int:
    """Messages whose worker has vanished become unconfirmed, never due. Returns how many there were."""
    lost = session.scalars(
        select(Message)
        .where(Message.state == "sending", Message.lease_until < now)
        .order_by(Message.id)
        .limit(1000)
        .with_for_update(skip_locked=True)
    ).all()
    for message in lost:
        log.warning("message.lease_expired", message=message.id, attempt=message.attempt)
        outbox.unconfirmed(message, "lease_expired", settings, now)
    return len(lost)


def reconcile(database: Database, context: Context, now: datetime, timer: UnconfirmedTimer) -> int:
    """Ask providers about unconfirmed messages, outside any transaction; returns how many were settled."""
    with database.reading() as session:
        timer.keep_only(_open(session))
        questions = _questions(session, context, now)
    settled = 0
    for question in questions:
        known_for = timer.seconds_known(question.key)
        try:
            found = _ask(context.channels.get(question.channel), question)
        except DeliveryFailed as error:
            log.warning("message.look_up_failed", message=question.key[0], code=error.code)
            found = None
        with database.writing() as session:
            settled += _settle(session, question, found, known_for, now)
    return settled


def _open(session: Session) -> set[Key]:
    rows = session.execute(select(Message.id, Message.attempt).where(Message.state == "unconfirmed"))
    return {(row.id, row.attempt) for row in rows}


def _questions(session: Session, context: Context, now: datetime) -> list[UnconfirmedAttempt]:
    """What to ask now: at once when a message becomes unconfirmed, then every `worker.settle`."""
    again = now - context.settings.worker.settle
    rows = session.execute(
        select(Message, Attempt)
        .join(Attempt, (Attempt.message_id == Message.id) & (Attempt.number == Message.attempt))
        .where(Message.state == "unconfirmed")
        .where(or_(Message.looked_up_at.is_(None), Message.looked_up_at <= again))
        .order_by(Message.looked_up_at.is_not(None), Message.looked_up_at, Message.id)
        .limit(AT_ONCE)
    )
    return [
        UnconfirmedAttempt(
            (message.id, message.attempt),
            message.channel,
            message.recipient,
            message.match or message.body,
            attempt.started_at - LOOK_BACK if message.match else attempt.started_at,
            attempt.started_at,
            _quiet(attempt, context.channels.get(message.channel), context.settings),
        )
        for message, attempt in rows
    ]


def _quiet(attempt: Attempt, channel: Channel | None, settings: Settings) -> float:
    """Seconds after which a "no" is final: the provider's own time, and the call's if it may be under way."""
    settle = settings.worker.settle.total_seconds()
    if attempt.ended_at or channel is None:
        return settle
    return settings.worker.lease.total_seconds() + channel.longest_call + settle


def _ask(channel: Channel | None, question: UnconfirmedAttempt) -> list[Found] | None:
    """What the provider has; None where it cannot be asked."""
    if not isinstance(channel, LooksUp):
        return None
    return channel.find(question.recipient, question.match, question.since)


def _settle(
    session: Session, question: UnconfirmedAttempt, found: list[Found] | None, known_for: float, now: datetime
) -> bool:
    message = session.scalar(
        select(Message)
        .where(Message.id == question.key[0], Message.attempt == question.key[1])
        .where(Message.state == "unconfirmed")
        .with_for_update()
    )
    if message is None:
        return False
    message.looked_up_at = now
    mine = _not_of_others(session, message, found or [])
    if mine:
        for each in mine:  # more than one is an incident, and counted as such
            outbox.accepted(session, message, each.provider_id, now, reason="found_at_provider")
        return True
    if found is not None:
        message.look_ups += 1
        if message.look_ups >= NEGATIVE_LOOK_UPS and known_for >= question.quiet:
            _not_there(message, now)
            return True
    if now - question.claimed_at > GIVE_UP:
        message.state = "held"
        return True
    return False


def _not_of_others(session: Session, message: Message, found: list[Found]) -> list[Found]:
    """An invitation and its reminder share a link: what is known to be another message is not this one."""
    others = session.scalars(
        select(Message.provider_id).where(
            Message.provider_id.in_([each.provider_id for each in found]), Message.id != message.id
        )
    ).all()
    return [each for each in found if each.provider_id not in others]


def _not_there(message: Message, now: datetime) -> None:
    if message.match:
        outbox.requeue(message, "not_at_provider", now)
    else:  # without a link of its own it cannot be told from its like: a missing "thank you" is the lesser evil
        outbox.cancel(message, "not_confirmed")
