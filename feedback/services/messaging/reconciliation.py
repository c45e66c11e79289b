"""Reconciliation: ask the provider about unconfirmed messages, and trust a "no" only after some time.

A provider can accept a message after we stopped waiting, its list can lag, and a worker that seemed dead may
only have been frozen. So one "no" proves nothing. A message is due again after two, the second one given when
every call that could still be in flight is certainly over. That time is measured on this process's monotonic
clock, so changes of the wall clock can delay a message but never duplicate it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from feedback.core.lifecycle import MessageState
from feedback.errors import DeliveryFailed
from feedback.providers.base import Found, LooksUp, Provider, uptime
from feedback.services.context import Context
from feedback.services.messaging import outbox
from feedback.services.messaging.stopping import StopSignal
from feedback.settings import Settings
from feedback.store.database import Database
from feedback.store.models import Attempt, Message

log = structlog.get_logger()

NEGATIVE_LOOK_UPS = 2
GIVE_UP = timedelta(hours=24).total_seconds()
"""Seconds, on this process's monotonic clock, after which a person decides about a message whose provider cannot be
asked at all, because it is not enabled any more. A provider that only fails to answer is asked until it does: an outage
of its list, however long, says nothing about a message."""
AT_ONCE = 200
LOOK_BACK = timedelta(days=2)
"""How far before the claim to search: the clock may have been ahead at the time of the claim and corrected since.
Searching too far back costs one page at most."""
EVERYTHING = ""
"""What is searched for a text without a link: all messages to its recipient."""

Key = tuple[int, int]  # message, attempt


@dataclass
class UnconfirmedTimer:
    """How long this process has known each unconfirmed attempt. After a restart the waiting starts over."""

    elapsed: Callable[[], float] = uptime
    _since: dict[Key, float] = field(default_factory=dict)

    def seconds_known(self, key: Key) -> float:
        """Seconds since the first call with this `key`; 0.0 the first time."""
        present = self.elapsed()
        return present - self._since.setdefault(key, present)

    def keep_only(self, keys: set[Key]) -> None:
        """Forget all other attempts, which are settled."""
        self._since = {key: since for key, since in self._since.items() if key in keys}


@dataclass(frozen=True, slots=True)
class UnconfirmedAttempt:
    """An unconfirmed attempt, the time from which to search, and the seconds after which a "no" is final."""

    key: Key
    provider: str
    recipient: str
    match: str
    since: datetime
    quiet: float


def reap(session: Session, settings: Settings, now: datetime, limit: int = 1_000) -> int:
    """Make at most `limit` messages unconfirmed whose worker's lease has expired; those whose call was never begun are
    due again.

    Returns the number of both.
    """
    lost = session.scalars(
        select(Message)
        .where(Message.state == MessageState.SENDING, Message.lease_until < now)
        .order_by(Message.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    begun = outbox.begun(session, lost)
    for message in lost:
        is_begun = message.id in begun
        log.warning("message.lease_expired", message=message.id, attempt=message.attempt, begun=is_begun)
        if is_begun:
            outbox.unconfirmed(message, "lease_expired", settings, now)
        else:
            outbox.not_begun(message)
    return len(lost)


def reconcile(
    database: Database,
    context: Context,
    now: datetime,
    timer: UnconfirmedTimer,
    stop: StopSignal | None = None,
) -> int:
    """Ask providers about unconfirmed messages, outside any transaction. Returns the number of settled messages.

    After a `stop` was asked for, nothing more is asked.
    """
    with database.reading() as session:
        timer.keep_only(_open(session))
        questions = _questions(session, context, now)
    settled = 0
    for question in questions:
        if stop and stop.asked:
            break
        known_for = timer.seconds_known(question.key)
        provider = context.providers.get(question.provider)
        found: list[Found] | None = None
        if isinstance(provider, LooksUp):
            try:
                found = provider.find(question.recipient, question.match, question.since)
            except DeliveryFailed as error:
                log.warning("message.look_up_failed", message=question.key[0], code=error.code)
        gives_up = not isinstance(provider, LooksUp) and known_for >= GIVE_UP
        with database.writing() as session:
            settled += _settle(session, question, found, known_for, now) or (
                gives_up and _leave_to_a_person(session, question)
            )
    return settled


def _open(session: Session) -> set[Key]:
    rows = session.execute(
        select(Message.id, Message.attempt).where(Message.state == MessageState.UNCONFIRMED)
    )
    return {(row.id, row.attempt) for row in rows}


def _questions(session: Session, context: Context, now: datetime) -> list[UnconfirmedAttempt]:
    """The questions that are due: as soon as a message becomes unconfirmed, then every `worker.settle`."""
    again = now - context.settings.worker.settle
    rows = session.execute(
        select(Message, Attempt)
        .join(Attempt, (Attempt.message_id == Message.id) & (Attempt.number == Message.attempt))
        .where(Message.state == MessageState.UNCONFIRMED)
        .where(or_(Message.looked_up_at.is_(None), Message.looked_up_at <= again))
        .order_by(Message.looked_up_at.is_not(None), Message.looked_up_at, Message.id)
        .limit(AT_ONCE)
    )
    return [
        UnconfirmedAttempt(
            (message.id, message.attempt),
            message.provider,
            message.recipient,
            message.match or EVERYTHING,
            attempt.started_at - LOOK_BACK,
            _quiet(attempt, context.providers.get(message.provider), context.settings),
        )
        for message, attempt in rows
    ]


def _quiet(attempt: Attempt, provider: Provider | None, settings: Settings) -> float:
    """Seconds after which a "no" is final: the provider's lag, plus the call's time if it may be in flight."""
    settle = settings.worker.settle.total_seconds()
    if attempt.ended_at or provider is None:
        return settle
    return settings.worker.lease.total_seconds() + provider.longest_call + settle


def _locked(session: Session, question: UnconfirmedAttempt) -> Message | None:
    """The message, if it still is unconfirmed by this attempt."""
    return session.scalar(
        select(Message)
        .where(Message.id == question.key[0], Message.attempt == question.key[1])
        .where(Message.state == MessageState.UNCONFIRMED)
        .with_for_update()
    )


def _leave_to_a_person(session: Session, question: UnconfirmedAttempt) -> bool:
    message = _locked(session, question)
    if message is not None:
        message.state = MessageState.HELD
    return message is not None


def _settle(
    session: Session, question: UnconfirmedAttempt, found: list[Found] | None, known_for: float, now: datetime
) -> bool:
    """Record the answer of the provider; `found` is None if there was none, which changes nothing."""
    message = _locked(session, question)
    if message is None:
        return False
    message.looked_up_at = now
    unknown = _not_of_others(session, message, found or [])
    mine = unknown if message.match else [each for each in unknown if each.body == message.body][:1]
    if mine:
        for each in mine:  # more than one is recorded as a duplicate
            outbox.accepted(session, message, each.provider_id, now, reason="found_at_provider")
        return True
    if found is not None:
        message.look_ups += 1
        if message.look_ups >= NEGATIVE_LOOK_UPS and known_for >= question.quiet:
            _not_there(message, now, is_certain=not unknown)
            return True
    return False


def _not_of_others(session: Session, message: Message, found: list[Found]) -> list[Found]:
    """Exclude what is known to be another message (an invitation and its reminder share a link), or an earlier
    attempt that did not arrive."""
    others = session.scalars(
        select(Message.provider_id).where(
            Message.provider_id.in_([each.provider_id for each in found]), Message.id != message.id
        )
    ).all()
    return [
        each
        for each in found
        if each.provider_id not in others and not outbox.was_lost(session, message, each.provider_id)
    ]


def _not_there(message: Message, now: datetime, *, is_certain: bool) -> None:
    """The provider does not have the message, so it is due again.

    A text without a link is only known by its words, which a provider may change (smart encoding). So it is sent again
    only if the provider has no message to this recipient that we do not know (`is_certain`), and while the customer
    still expects it. Rather lose a "thank you" than send it twice. Of words that a colleague wrote, a person decides.
    """
    if message.match or (is_certain and now < outbox.last_chance(message)):
        outbox.requeue(message, "not_at_provider", now)
    elif message.purpose == outbox.FOLLOW_UP:
        message.state = MessageState.HELD
    else:
        outbox.cancel(message, "not_confirmed")
