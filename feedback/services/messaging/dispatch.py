"""Sends the messages in the outbox, so that none is lost and none is sent twice.

A provider call can be interrupted so that it is unknown whether the message was sent. So every call is recorded
before it is made, it is made outside any transaction, and unknown outcomes are looked up:

    claim()      queued -> sending       in one short, durable transaction, with a lease and an attempt number
    hand_over()  the provider is called  with a deadline that is checked again at the socket
    record()     sending -> sent | failed | queued (later) | unconfirmed
    reconciling  sending, lease over -> unconfirmed -> sent | queued | held; never straight back to queued
    receipts     the provider's later reports, in any order

The attempt number is the fencing token. A failure only counts if it is that of the latest attempt; a success always
counts.
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

from feedback.core.contact.policy import Send
from feedback.core.lifecycle import INVITATION_NOT_TO_SEND, MessageState
from feedback.errors import DeliveryFailed, DeliveryUnknown, ProviderHeld, StorageUnavailable
from feedback.providers import terms_of
from feedback.providers.base import Deadline, Outgoing, Provider, Sent, Verdict, uptime
from feedback.services.contact import eligibility, suppression
from feedback.services.context import Context
from feedback.services.messaging import email_ids, outbox, provider_holds, rate_limit
from feedback.settings import Settings
from feedback.store.database import Database
from feedback.store.models import Attempt, Contact, Message

log = structlog.get_logger()

SURVEYS = ("invitation", "reminder")
STORAGE_BACK = (0.2, 1.0, 5.0)  # seconds between tries to record; after that, reconciliation takes over


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this worker has claimed, with the call to make."""

    provider: str
    outgoing: Outgoing


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """The outcome of a call: what the provider returned, or the error that the provider raised."""

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
    """Send due messages, up to one batch per provider. Returns the number of claimed messages.

    With a `pool` of `worker.concurrency` threads it returns as soon as one of them is free, so a hanging call does
    not delay the next batch. The owner of the pool waits for the last calls by shutting it down. `clock` returns the
    time after a call (default: `now`). `reached` is called at each step, so that a test can end the process there.
    """
    providers, settings = context.providers, context.settings
    begun = Deadline.after(settings.worker.lease.total_seconds())
    with database.writing() as session:
        claimed = claim(session, context, worker, now, begun)
        reached("before_claim_commit")
    reached("after_claim")

    def carry_out(each: Claimed) -> None:
        outcome = hand_over(providers[each.provider], each)
        _record_durably(database, outcome, settings, clock or (lambda: now), reached)

    if pool is None:
        for each in claimed:
            carry_out(each)
    else:
        _wait_for_room([pool.submit(carry_out, each) for each in claimed], settings.worker.concurrency)
    return len(claimed)


def _wait_for_room(calls: Sequence[Future[None]], threads: int) -> None:
    """Wait until fewer than `threads` of these calls are running; log their errors."""
    for call in calls:
        call.add_done_callback(_log_error)
    ahead = set(calls)
    while len(ahead) >= threads:
        _, ahead = wait(ahead, return_when=FIRST_COMPLETED)


def _log_error(call: Future[None]) -> None:
    if error := call.exception():
        log.error("message.call_failed", exc_info=error)


def running_from(now: datetime) -> Callable[[], datetime]:
    """A function that returns the time, starting at `now` and counted by the monotonic clock.

    Reading the database's clock would cost a transaction per message.
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
    """Claim due messages for this worker; cancel or postpone messages that must not be sent now, with the reason.

    No call may start after `deadline` (default: one lease from now).
    """
    settings = context.settings
    deadline = deadline or Deadline.after(settings.worker.lease.total_seconds())
    claimed: list[Claimed] = []
    for key, provider in context.providers.items():
        budget = _budget(session, key, settings, now)
        due = _due(session, key, budget, settings.worker.batch, now)
        suppressed = _suppressed(session, due)
        for message in due:
            if not _may_go(session, message, suppressed, settings, now) or not budget.take(message):
                continue
            message.state, message.worker, message.attempt = MessageState.SENDING, worker, message.attempt + 1
            # Add `longest_call`, because a call that started in time can end after the lease.
            message.lease_until = now + settings.worker.lease + timedelta(seconds=provider.longest_call)
            session.add(Attempt(message_id=message.id, number=message.attempt, worker=worker, started_at=now))
            claimed.append(Claimed(key, outgoing(message, settings, deadline)))
        budget.spend(session)
    return claimed


def hand_over(provider: Provider, claimed: Claimed) -> SendOutcome:
    """Make the call. It does not raise: an unexpected exception counts as unknown, which is the only safe choice."""
    try:
        return SendOutcome(claimed, sent=provider.send(claimed.outgoing))
    except DeliveryFailed as error:
        return SendOutcome(claimed, error=error)
    except Exception as error:
        log.exception("provider.broke", provider=claimed.provider, message=claimed.outgoing.message_id)
        return SendOutcome(
            claimed,
            error=DeliveryUnknown(f"The provider failed unexpectedly: {type(error).__name__}", code="broke"),
        )


def record(session: Session, outcome: SendOutcome, settings: Settings, now: datetime) -> bool:
    """Record the outcome of a call. Returns False if it does not count any more."""
    call = outcome.claimed.outgoing
    message = session.scalar(select(Message).where(Message.id == call.message_id).with_for_update())
    _close_attempt(session, outcome, now)
    if message is None:
        return False
    if outcome.sent:
        sent = outcome.sent
        outbox.accepted(session, message, sent.provider_id, now, segments=sent.segments, sender=sent.sender)
        return True
    open_states = {MessageState.SENDING}
    if not isinstance(outcome.error, DeliveryUnknown):
        open_states.add(MessageState.UNCONFIRMED)
    if outcome.error is None or message.attempt != call.attempt or message.state not in open_states:
        return False
    _not_sent(session, message, outcome.error, settings, now)
    return True


def outgoing(message: Message, settings: Settings, deadline: Deadline) -> Outgoing:
    """The call for a message."""
    base, mail = settings.web.public_url.rstrip("/"), message.channel == "email"
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
        callback_url=f"{base}/hooks/{message.provider}/receipt" if base else None,
        headers=dict(message.headers),
        message_id_header=email_ids.message_id(message.id, settings) if mail else None,
        reply_to=settings.organisation.support_email or None,
        envelope_from=email_ids.return_path(message.id, settings) if mail else None,
    )


# -- claiming ----------------------------------------------------------------------------------------------------------


def _budget(session: Session, provider: str, settings: Settings, now: datetime) -> rate_limit.Budget:
    rate = terms_of(provider, settings).segments_per_second
    return (
        rate_limit.Budget(provider, None) if rate is None else rate_limit.budget(session, provider, rate, now)
    )


def _due(
    session: Session, provider: str, budget: rate_limit.Budget, limit: int, now: datetime
) -> Sequence[Message]:
    """Due messages of a provider, the longest due first, locked for this worker."""
    kept_back = [*provider_holds.stopped(session), *budget.exhausted()]
    wanted = (
        select(Message)
        .where(Message.state == MessageState.QUEUED, Message.due_at <= now, Message.provider == provider)
        .options(joinedload(Message.invitation))
        .order_by(Message.due_at, Message.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Message)
    )
    return session.scalars(wanted.where(~or_(*kept_back)) if kept_back else wanted).all()


def _suppressed(session: Session, messages: Sequence[Message]) -> set[int]:
    """Ids of the messages whose address or person is suppressed."""
    listed = suppression.suppressed(session, {(each.channel, each.recipient) for each in messages})
    refused = suppression.refused(session, {each.contact_id for each in messages if each.contact_id})
    return {
        each.id
        for each in messages
        if (each.channel, each.recipient) in listed
        or (each.contact_id, each.channel, suppression.normal(each.recipient)) in refused
    }


def _may_go(
    session: Session, message: Message, suppressed: set[int], settings: Settings, now: datetime
) -> bool:
    """Whether the message may be sent now; if not, it is cancelled or postponed, with the reason."""
    obstacle = _obstacle(message, suppressed, now)
    if obstacle:
        outbox.cancel(message, obstacle)
        return False
    if message.not_after is None or message.not_after > now:
        return True
    return _next_window(session, message, settings, now)


def _obstacle(message: Message, suppressed: set[int], now: datetime) -> str | None:
    """The reason why the message must not be sent any more, or None."""
    # Messages to staff are exempt, and so is the confirmation of an opt-out.
    exempt = message.user_id is not None or message.purpose == "opt_out_confirmation"
    if not exempt and message.id in suppressed:
        return "suppressed"
    invitation = message.invitation
    if invitation and message.purpose in SURVEYS:
        if invitation.state in INVITATION_NOT_TO_SEND:
            return invitation.state
        if invitation.answered_at:
            return "answered"
        if invitation.expires_at <= now:
            return "too_late"
    return None


def _next_window(session: Session, message: Message, settings: Settings, now: datetime) -> bool:
    """Postpone a message that missed its contact hours (held provider, slow sender) to the next ones. Returns False if
    there are none."""
    invitation = message.invitation
    if invitation is None or message.purpose not in SURVEYS:
        outbox.cancel(message, "too_late")
        return False
    contact = session.get_one(Contact, invitation.contact_id)
    rules = eligibility.policy(settings)
    decision = eligibility.decide_again(
        session, contact, (message.channel,), invitation.expires_at, rules, now, invitation.priority
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
    """Record an outcome, with retries, so that a short database failure does not lose it."""
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
    if error.code == Verdict.UNEXPLAINED and provider_holds.unexplained_answers(session, message.provider):
        error = ProviderHeld(f"Several messages in a row were refused: {error}", code=error.code)
    if isinstance(error, DeliveryUnknown):
        outbox.unconfirmed(message, error.code, settings, now)
    elif isinstance(error, ProviderHeld):
        provider_holds.hold(session, message.provider, error, now)
        outbox.requeue(message, error.code, now + outbox.BACKOFF_BASE)
    else:
        outbox.refused(session, message, error, now)
        rate = terms_of(message.provider, settings).segments_per_second
        if error.code == Verdict.RATE_LIMITED and rate is not None:
            rate_limit.slow_down(session, message.provider, message.sender, rate, error.retry_after)


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


# Built once and without the ORM, because it runs for every message.
_CLOSE = update(Attempt.__table__).where(  # type: ignore[arg-type]
    Attempt.message_id == bindparam("of_message"), Attempt.number == bindparam("of_number")
)
