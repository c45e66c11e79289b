"""The outbox's way out: no message is lost, none is sent twice.

A provider call can break off in a way that leaves open whether the message went out. Therefore every call is
written down before it is made and is made outside any transaction, and what cannot be known is looked up:

    claim()      queued -> sending       in one short, durable transaction, with a lease and an attempt number
    hand_over()  the provider is called  with a deadline that is checked again at the socket
    record()     sending -> sent | failed | queued (later) | unconfirmed
    reconciling  sending, lease over -> unconfirmed -> sent | queued | held; never straight back to queued
    receipts     what the provider says later, in any order

The attempt number is the fence. A failure counts only if it is the failure of the newest attempt; a success is a
fact whichever attempt had it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.orm import Session, joinedload

from feedback.core.contact_policy import Send
from feedback.errors import ChannelHeld, DeliveryFailed, DeliveryUnknown, StorageUnavailable
from feedback.providers.base import Channel, Deadline, Outgoing, Sent, Verdict, uptime
from feedback.services.contact import eligibility, suppression
from feedback.services.context import Context
from feedback.services.messaging import email_ids, outbox, provider_holds, rate_limit
from feedback.settings import Settings
from feedback.store.database import Database
from feedback.store.models import Attempt, Contact, Message

log = structlog.get_logger()

DONE_WITH = ("expired", "withdrawn", "failed", "skipped")
SURVEYS = ("invitation", "reminder")
STORAGE_BACK = (0.2, 1.0, 5.0)  # seconds between tries to record; after that the look-up takes over


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this worker has taken, and the call that it owes."""

    channel: str
    outgoing: Outgoing


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """How a call ended: with a receipt of the provider, or with the error that the channel raised."""

    claimed: Claimed
    sent: Sent | None = None
    error: DeliveryFailed | None = None


def _nothing(_: str) -> None:
    pass


def send_queued(
    database: Database,
    context: Context,
    worker: str,
    now: datetime,
    pool: ThreadPoolExecutor | None = None,
    *,
    clock: Callable[[], datetime] | None = None,
    reached: Callable[[str], None] = _nothing,
) -> int:
    """Send what is due, up to one batch for each channel; returns how many messages were claimed.

    With a `pool` of `worker.concurrency` threads it returns as soon as one of them is free: a call that hangs holds
    up itself and not the next batch. Whoever owns the pool waits for the last calls by shutting it down.
    `clock` tells the time after a call (default: `now` again). `reached` is told of each step as it is
    reached, so that a test can end the process there.
    """
    channels, settings = context.channels, context.settings
    begun = Deadline.after(
        settings.worker.lease.total_seconds()
    )  # waiting for the commit costs us, not others
    with database.writing() as session:
        claimed = claim(session, context, worker, now, begun)
        reached("before_claim_commit")
    reached("after_claim")

    def carry_out(each: Claimed) -> None:
        outcome = hand_over(channels[each.channel], each)
        _record_durably(database, outcome, settings, clock or (lambda: now), reached)

    if pool is None:
        for each in claimed:
            carry_out(each)
    else:
        _wait_for_room([pool.submit(carry_out, each) for each in claimed], settings.worker.concurrency)
    return len(claimed)


def _wait_for_room(calls: Sequence[Future[None]], threads: int) -> None:
    """Until fewer of these calls than `threads` are left; an error of any of them is logged, whenever it comes."""
    for call in calls:
        call.add_done_callback(_log_error)
    ahead = set(calls)
    while len(ahead) >= threads:
        _, ahead = wait(ahead, return_when=FIRST_COMPLETED)


def _log_error(call: Future[None]) -> None:
    if error := call.exception():
        log.error("message.call_failed", exc_info=error)


def running_from(now: datetime) -> Callable[[], datetime]:
    """The time from `now` on, by a clock that nobody can set.

    Asking the database for the time would cost a transaction for every message.
    """
    begun = uptime()
    return lambda: now + timedelta(seconds=uptime() - begun)


def claim(
    session: Session,
    context: Context,
    worker: str,
    now: datetime,
    deadline: Deadline | None = None,
) -> list[Claimed]:
    """Take due messages for this worker; what may not be sent any more is called off here, with its reason.

    No call may begin after `deadline` (default: one lease from this moment).
    """
    settings = context.settings
    deadline = deadline or Deadline.after(settings.worker.lease.total_seconds())
    claimed: list[Claimed] = []
    for key, channel in context.channels.items():
        budget = _budget(session, key, settings, now)
        due = _due(session, key, budget, settings.worker.batch, now)
        suppressed = _suppressed(session, due)
        for message in due:
            if not _may_go(session, message, suppressed, settings, now) or not budget.take(message):
                continue
            message.state, message.worker, message.attempt = "sending", worker, message.attempt + 1
            # `longest_call` on top: a call that began in time may still be under way when the lease is over.
            message.lease_until = now + settings.worker.lease + timedelta(seconds=channel.longest_call)
            session.add(Attempt(message_id=message.id, number=message.attempt, worker=worker, started_at=now))
            claimed.append(Claimed(key, outgoing(message, settings, deadline)))
        budget.spend(session)
    return claimed


def hand_over(channel: Channel, claimed: Claimed) -> SendOutcome:
    """Make the call. Never raises: what a channel cannot explain counts as unknown, the only safe reading."""
    try:
        return SendOutcome(claimed, sent=channel.send(claimed.outgoing))
    except DeliveryFailed as error:
        return SendOutcome(claimed, error=error)
    except Exception as error:
        log.exception("channel.broke", channel=claimed.channel, message=claimed.outgoing.message_id)
        return SendOutcome(
            claimed, error=DeliveryUnknown(f"The channel broke: {type(error).__name__}", code="broke")
        )


def record(session: Session, outcome: SendOutcome, settings: Settings, now: datetime) -> bool:
    """Write down how a call ended. False where that is not news any more."""
    call = outcome.claimed.outgoing
    message = session.scalar(select(Message).where(Message.id == call.message_id).with_for_update())
    _close_attempt(session, outcome, now)
    if message is None:
        return False
    if outcome.sent:
        sent = outcome.sent
        outbox.accepted(session, message, sent.provider_id, now, segments=sent.segments, sender=sent.sender)
        return True
    open_states = ("sending",) if isinstance(outcome.error, DeliveryUnknown) else ("sending", "unconfirmed")
    if outcome.error is None or message.attempt != call.attempt or message.state not in open_states:
        return False
    _not_sent(session, message, outcome.error, settings, now)
    return True


def outgoing(message: Message, settings: Settings, deadline: Deadline) -> Outgoing:
    """The call that a message needs."""
    base, mail = settings.web.public_url.rstrip("/"), message.kind == "email"
    return Outgoing(
        message_id=message.id,
        attempt=message.attempt,
        to=message.recipient,
        sender=message.sender,
        body=message.body,
        subject=message.subject,
        html=message.html,
        language=message.language,
        match=message.match,
        not_after=message.not_after,
        deadline=deadline,
        callback_url=f"{base}/hooks/{message.channel}/receipt" if base else None,
        headers=dict(message.headers),
        message_id_header=email_ids.message_id(message.id, settings) if mail else None,
        reply_to=settings.organisation.support_email or None,
        envelope_from=email_ids.return_path(message.id, settings) if mail else None,
    )


# -- claiming ----------------------------------------------------------------------------------------------------------


def _budget(session: Session, channel: str, settings: Settings, now: datetime) -> rate_limit.Budget:
    if channel != "twilio_sms":
        return rate_limit.Budget(channel, None)
    return rate_limit.budget(session, channel, settings.twilio.messages_per_second, now)


def _due(
    session: Session, channel: str, budget: rate_limit.Budget, limit: int, now: datetime
) -> Sequence[Message]:
    """Due messages of a channel, longest due first, locked against other workers."""
    kept_back = [*provider_holds.stopped(session), *budget.exhausted()]
    wanted = (
        select(Message)
        .where(Message.state == "queued", Message.due_at <= now, Message.channel == channel)
        .options(joinedload(Message.invitation))
        .order_by(Message.due_at, Message.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Message)
    )
    return session.scalars(wanted.where(~or_(*kept_back)) if kept_back else wanted).all()


def _suppressed(session: Session, messages: Sequence[Message]) -> set[int]:
    """Ids of those messages whose address nothing may be sent to, or not to this person any more."""
    listed = suppression.suppressed(session, {(each.kind, each.recipient) for each in messages})
    refused = suppression.refused(session, {each.contact_id for each in messages if each.contact_id})
    return {
        each.id
        for each in messages
        if (each.kind, each.recipient) in listed
        or (each.contact_id, each.kind, suppression.normal(each.recipient)) in refused
    }


def _may_go(
    session: Session, message: Message, suppressed: set[int], settings: Settings, now: datetime
) -> bool:
    """Whether it may go out now; if not, it is called off or put off, with the reason."""
    obstacle = _obstacle(message, suppressed, now)
    if obstacle:
        outbox.cancel(message, obstacle)
        return False
    if message.not_after is None or message.not_after > now:
        return True
    return _next_window(session, message, settings, now)


def _obstacle(message: Message, suppressed: set[int], now: datetime) -> str | None:
    """Why this message may not go out at all any more, although it was right when it was queued."""
    # Staff are not customers; and one message goes to whoever said STOP: that they were heard.
    exempt = message.user_id is not None or message.purpose == "opt_out_confirmation"
    if not exempt and message.id in suppressed:
        return "suppressed"
    invitation = message.invitation
    if invitation and message.purpose in SURVEYS:
        if invitation.state in DONE_WITH:
            return invitation.state
        if invitation.answered_at:
            return "answered"
        if invitation.expires_at <= now:
            return "too_late"
    return None


def _next_window(session: Session, message: Message, settings: Settings, now: datetime) -> bool:
    """A survey that missed its hours (a held channel, a slow sender) waits for the next ones, if there are any."""
    invitation = message.invitation
    if invitation is None or message.purpose not in SURVEYS:
        outbox.cancel(message, "too_late")
        return False
    contact = session.get_one(Contact, invitation.contact_id)
    rules = eligibility.policy(settings)
    decision = eligibility.decide_again(
        session, contact, (message.kind,), invitation.expires_at, rules, now, invitation.priority
    )
    if not isinstance(decision, Send):
        outbox.cancel(message, decision.code)
        return False
    message.due_at, message.not_after, message.state_reason = decision.at, decision.not_after, "next_window"
    return decision.at <= now


# -- recording ---------------------------------------------------------------------------------------------------------


def _record_durably(
    database: Database,
    outcome: SendOutcome,
    settings: Settings,
    clock: Callable[[], datetime],
    reached: Callable[[str], None],
) -> None:
    """A database that is away for a moment must not turn a known outcome into an unknown one."""
    for pause in (*STORAGE_BACK, None):
        try:
            with database.writing() as session:
                record(session, outcome, settings, clock())
                reached("before_record_commit")
        except StorageUnavailable:
            if pause is None:
                log.exception("message.not_recorded", message=outcome.claimed.outgoing.message_id)
                return
            reached("before_another_try")
            time.sleep(pause)
        else:
            reached("after_record")
            return


def _not_sent(
    session: Session, message: Message, error: DeliveryFailed, settings: Settings, now: datetime
) -> None:
    if isinstance(error, DeliveryUnknown):
        outbox.unconfirmed(message, error.code, settings, now)
    elif isinstance(error, ChannelHeld):
        provider_holds.hold(session, message.channel, error, now)
        outbox.requeue(message, error.code, now + outbox.BACKOFF_BASE)
    else:
        outbox.refused(session, message, error, now)
        if error.code == Verdict.RATE_LIMITED:
            rate_limit.slow_down(session, message.channel, message.sender, settings, error.retry_after)


def _close_attempt(session: Session, outcome: SendOutcome, now: datetime) -> None:
    call = outcome.claimed.outgoing
    values = {
        "of_message": call.message_id,
        "of_number": call.attempt,
        "ended_at": now,
        "outcome": "sent" if outcome.sent else type(outcome.error).__name__,
        "code": outcome.error.code if outcome.error else None,
    }
    session.connection().execute(_CLOSE, values)


# Made once and past the ORM: this runs for every message.
_CLOSE = update(Attempt.__table__).where(  # type: ignore[arg-type]
    Attempt.message_id == bindparam("of_message"), Attempt.number == bindparam("of_number")
)
