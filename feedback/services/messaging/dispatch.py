"""Sends the messages in the outbox, so that none is lost and none is sent twice.

A provider call can be interrupted so that it is unknown whether the message was sent. So every call is recorded
before it is made, it is made outside any transaction, and unknown outcomes are looked up:

    claim()      queued -> sending       a batch, in one short, durable transaction, with a lease and an attempt number
    begin()      the call is recorded    one message, at the moment of its call; only now can its fate become unknown
    hand_over()  the provider is called  with a deadline that is checked again at the socket
    record()     sending -> sent | failed | queued (later) | unconfirmed
    reconciling  sending, lease over -> unconfirmed -> sent | queued | held; straight back to queued only if no call
                 was begun
    receipts     the provider's later reports, in any order

The attempt number is the fencing token. A failure only counts if it is that of the latest attempt; a success always
counts. If a process is told to stop, it begins no call any more and puts back what it has claimed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, bindparam, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from feedback.core.contact.policy import Send
from feedback.core.lifecycle import INVITATION_NOT_TO_SEND, MESSAGE_IN_DOUBT, MessageState
from feedback.errors import DeliveryFailed, DeliveryUnknown, ProviderHeld, StorageUnavailable
from feedback.providers import terms_of
from feedback.providers.base import Deadline, Outgoing, Provider, Sent, Verdict, uptime
from feedback.services.contact import eligibility, suppression
from feedback.services.context import Context
from feedback.services.messaging import campaign_pauses, email_ids, outbox, provider_holds, rate_limit
from feedback.services.messaging.stopping import StopSignal
from feedback.settings import Settings
from feedback.store.database import Database
from feedback.store.models import Attempt, Contact, Message

log = structlog.get_logger()

SURVEYS = ("invitation", "reminder")
STORAGE_BACK = (0.2, 1.0, 5.0)  # seconds between tries to record; the last one is repeated

ROOM = 0.2  # seconds between two looks whether to stop, while all threads are busy


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this worker has claimed, with the call to make, and the lease that the call needs."""

    provider: str
    outgoing: Outgoing
    worker: str
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class Process:
    """The process that sends: `clock` returns the time after a call, `stop` says whether it was told to stop."""

    clock: Callable[[], datetime]
    stop: StopSignal = field(default_factory=StopSignal)


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
    process: Process | None = None,
    reached: Callable[[str], None] = _nothing,
) -> int:
    """Send due messages, up to one batch per provider. Returns the number of claimed messages.

    With a `pool` of `worker.concurrency` threads it returns as soon as one of them is free, so a hanging call does
    not delay the next batch. The owner of the pool waits for the last calls by shutting it down. `process` defaults
    to one whose clock stands at `now`. `reached` is called at each step, so that a test can end the process there.
    """
    process = process or Process(lambda: now)
    if process.stop.asked:
        return 0
    seconds = context.settings.worker.lease.total_seconds()
    begun = Deadline.after(seconds, revoked=lambda: process.stop.asked)
    with database.writing() as session:
        claimed = claim(session, context, worker, now, begun)
        reached("before_claim_commit")
    reached("after_claim")
    calls = _Calls(database, context, process, reached)
    if pool is None:
        for each in claimed:
            calls.carry_out(each)
    else:
        threads = context.settings.worker.concurrency
        _wait_for_room([pool.submit(calls.carry_out, each) for each in claimed], threads, process.stop)
    if process.stop.asked:
        put_back(database, worker)
    return len(claimed)


@dataclass(frozen=True, slots=True)
class _Calls:
    """Begins, makes and records the calls of one batch."""

    database: Database
    context: Context
    process: Process
    reached: Callable[[str], None]

    def carry_out(self, claimed: Claimed) -> None:
        if self.process.stop.asked:
            return  # `put_back` takes care of it
        try:
            with self.database.connection() as connection:
                is_ours = begin(connection, claimed, self.process.clock())
        except IntegrityError:  # this worker lost the message, claimed it again, and has begun that call
            return
        except StorageUnavailable as error:
            # Perhaps it was stored that the call began, but it did not, so this is certainly not sent.
            outcome = SendOutcome(
                claimed, error=DeliveryFailed(str(error), permanent=False, code="not_begun")
            )
        else:
            if not is_ours:
                return
            self.reached("after_begin")
            outcome = hand_over(self.context.providers[claimed.provider], claimed)
        self._durably(
            claimed, lambda session: record(session, outcome, self.context.settings, self.process.clock())
        )
        self.reached("after_record")

    def _durably(self, claimed: Claimed, write: Callable[[Session], object]) -> None:
        """Write what is known about a call, however long the database is away; only the end of the process ends it.

        This blocks a thread of the pool, and that is right: without the database, nothing can be claimed either.
        """
        pauses = [*STORAGE_BACK]
        while True:
            try:
                with self.database.writing() as session:
                    write(session)
                    self.reached("before_record_commit")
            except StorageUnavailable as error:
                pause = pauses.pop(0) if len(pauses) > 1 else pauses[0]
                message = claimed.outgoing.message_id
                if self.process.stop.wait_until_ended(0):
                    log.error("message.not_recorded", message=message, cause=str(error))
                    return
                self.reached("before_another_try")
                self.process.stop.wait_until_ended(pause)
            else:
                return


def _wait_for_room(calls: Sequence[Future[None]], threads: int, stop: StopSignal) -> None:
    """Wait until fewer than `threads` of these calls are running, or until `stop` is asked for; log their errors."""
    for call in calls:
        call.add_done_callback(_log_error)
    ahead = set(calls)
    while len(ahead) >= threads and not stop.asked:
        _, ahead = wait(ahead, timeout=ROOM, return_when=FIRST_COMPLETED)


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

    No call may start after `deadline` (default: one lease from now), and none without `begin`.
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
            message.lease_until = now + settings.worker.lease
            # Add `longest_call`, because a call that started in time can end after the lease.
            in_call = message.lease_until + timedelta(seconds=provider.longest_call)
            claimed.append(Claimed(key, outgoing(message, settings, deadline), worker, in_call))
        budget.spend(session)
    return claimed


def begin(connection: Connection, claimed: Claimed, now: datetime) -> bool:
    """Record that the call begins. Returns False if the message is not this worker's any more: then it must not.

    Before this, a message that its worker left behind is simply due again. After it, nobody knows.
    Raises IntegrityError if this attempt was begun before.
    """
    call = claimed.outgoing
    values = {"of_message": call.message_id, "of_number": call.attempt, "of_worker": claimed.worker}
    if connection.execute(_EXTEND, values | {"until": claimed.lease_until}).rowcount == 0:
        return False
    row = {"message_id": call.message_id, "number": call.attempt, "worker": claimed.worker, "started_at": now}
    connection.execute(_OPEN, row)
    return True


def put_back(database: Database, worker: str) -> int:
    """Put back into the queue what a worker has claimed and not begun. Returns the number of messages.

    For a worker that was told to stop. A call that begins at the same moment either is recorded before this, and then
    its message stays, or finds that its message is not its own any more. If the database is away, the messages are due
    again when their lease ends.
    """
    mine = select(Message).where(Message.state == MessageState.SENDING, Message.worker == worker)
    try:
        with database.writing() as session:
            claimed = session.scalars(mine.order_by(Message.id).with_for_update()).all()
            begun = outbox.begun(session, claimed)
            left = [message for message in claimed if message.id not in begun]
            for message in left:
                outbox.not_begun(message)
    except StorageUnavailable as error:
        log.warning("worker.not_put_back", worker=worker, cause=str(error))
        return 0
    return len(left)


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
    if not isinstance(outcome.error, DeliveryUnknown):  # certainly not sent, which ends every doubt
        open_states |= MESSAGE_IN_DOUBT
    if outcome.error is None or message.attempt != call.attempt or message.state not in open_states:
        return False
    _not_sent(session, message, outcome.error, settings, now)
    return True


def outgoing(message: Message, settings: Settings, deadline: Deadline) -> Outgoing:
    """The call for a message."""
    base, mail = settings.web.public_url.rstrip("/"), message.channel == "email"
    return Outgoing(
        message_id=message.id,
        nonce=message.nonce,
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
        message_id_header=email_ids.message_id(message.id, settings, message.nonce) if mail else None,
        reply_to=message.reply_to or settings.organisation.support_email or None,
        envelope_from=email_ids.return_path(message.id, settings, message.nonce) if mail else None,
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
    kept_back = [*provider_holds.stopped(session), *budget.exhausted(), *campaign_pauses.stopped(session)]
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
    obstacle = _obstacle(message, suppressed, now) or _moved(session, message)
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


def _moved(session: Session, message: Message) -> str | None:
    """A reason if the address of a personal message, which can wait for a night, is no longer the customer's."""
    if message.purpose != outbox.FOLLOW_UP:
        return None
    contact = session.get(Contact, message.contact_id or 0)
    address = contact.addresses.get(message.channel, "") if contact else ""
    is_theirs = address and suppression.normal(address) == suppression.normal(message.recipient)
    return None if is_theirs else "no_address"


def _next_window(session: Session, message: Message, settings: Settings, now: datetime) -> bool:
    """Postpone a message that missed its contact hours (held provider, slow sender) to the next ones. Returns False if
    there are none."""
    invitation = message.invitation
    is_survey = invitation is not None and message.purpose in SURVEYS
    contact = session.get(Contact, invitation.contact_id if invitation else message.contact_id or 0)
    if contact is None or not (is_survey or message.purpose == outbox.FOLLOW_UP):
        outbox.cancel(message, "too_late")
        return False
    rules, priority = eligibility.policy(settings), invitation.priority if invitation else 0
    decision = eligibility.decide_again(
        session, contact, (message.channel,), outbox.last_chance(message), rules, now, priority
    )
    if not isinstance(decision, Send):
        outbox.cancel(message, decision.code)
        return False
    message.due_at, message.not_after, message.state_reason = decision.at, decision.not_after, "next_window"
    return decision.at <= now


# -- recording ---------------------------------------------------------------------------------------------------------


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


# Built once and without the ORM, because they run for every message.
_EXTEND = (
    update(Message.__table__)  # type: ignore[arg-type]
    .where(
        Message.id == bindparam("of_message"),
        Message.attempt == bindparam("of_number"),
        Message.worker == bindparam("of_worker"),
        Message.state == MessageState.SENDING,
    )
    .values(lease_until=bindparam("until"))
)
_OPEN = insert(Attempt.__table__)  # type: ignore[arg-type]
_CLOSE = update(Attempt.__table__).where(  # type: ignore[arg-type]
    Attempt.message_id == bindparam("of_message"), Attempt.number == bindparam("of_number")
)
