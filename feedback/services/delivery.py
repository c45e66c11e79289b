"""The outbox: no message is lost, none is sent twice.

A provider call can break off in a way that leaves open whether the message went out. Therefore every call is
written down before it is made and is made outside any transaction, and what cannot be known is looked up:

    claim()      queued -> sending       in one short, durable transaction, with a lease and an attempt number
    hand_over()  the provider is called  with a deadline that is checked again at the socket
    record()     sending -> sent | failed | queued (later) | unconfirmed, only if the attempt is still ours
    reap()       sending, lease over -> unconfirmed, never back to queued
    reconcile()  unconfirmed -> sent (the provider has it) | queued (asked twice, it does not) | held (a person decides)
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import CursorResult, and_, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from feedback import clock
from feedback.channels.base import Channel, Deadline, Found, LooksUp, Outgoing, Sent, Verdict
from feedback.channels.base import Receipt as ChannelReceipt
from feedback.core import lifecycle
from feedback.core.duration import Duration
from feedback.errors import ChannelHeld, DeliveryFailed, DeliveryUnknown
from feedback.services import optouts, pace, rollups
from feedback.settings import Settings
from feedback.store.database import Database
from feedback.store.models import Attempt, ChannelHold, Invitation, Message, Receipt

log = structlog.get_logger()

MAX_ATTEMPTS = 8
NEGATIVE_LOOK_UPS = 2
GIVE_UP_LOOKING = timedelta(hours=24)
BACKOFF_BASE = timedelta(seconds=30)
BACKOFF_CAP = timedelta(hours=1)
DONE_WITH = ("expired", "withdrawn", "failed", "skipped")


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this worker has taken, and the call that it owes."""

    channel: str
    worker: str
    outgoing: Outgoing


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended: with a receipt of the provider, or with the error that the channel raised."""

    claimed: Claimed
    sent: Sent | None = None
    error: DeliveryFailed | None = None


def send_queued(
    database: Database,
    channels: Mapping[str, Channel],
    settings: Settings,
    worker: str,
    now: datetime,
    pool: ThreadPoolExecutor | None = None,
) -> int:
    """Send what is due, up to one batch; returns how many messages were claimed."""
    with database.writing() as session:
        claimed = claim(session, channels, settings, worker, now)
    if not claimed:
        return 0
    run = pool.map if pool else map
    for outcome in run(lambda each: hand_over(channels[each.channel], each), claimed):
        with database.writing() as session:
            record(session, outcome, settings, clock.now() if pool else now)
    return len(claimed)


def claim(
    session: Session, channels: Mapping[str, Channel], settings: Settings, worker: str, now: datetime
) -> list[Claimed]:
    """Take due messages for this worker. What may not be sent any more is cancelled here, with its reason."""
    deadline = _deadline(settings)  # counted from before the commit, so that waiting for it costs us and not others
    claimed: list[Claimed] = []
    for message in _due(session, channels, settings.worker.batch, now):
        obstacle = _obstacle(session, message, now)
        if obstacle:
            cancel(session, message, obstacle)
        elif _paced(session, message, settings, now):
            claimed.append(_take(session, message, settings, worker, deadline, now))
    return claimed


def hand_over(channel: Channel, claimed: Claimed) -> Outcome:
    """Make the call. Never raises: what a channel cannot explain counts as unknown, the only safe reading."""
    try:
        return Outcome(claimed, sent=channel.send(claimed.outgoing))
    except DeliveryFailed as error:
        return Outcome(claimed, error=error)
    except Exception as error:
        log.exception("channel.broke", channel=claimed.channel, message=claimed.outgoing.message_id)
        return Outcome(claimed, error=DeliveryUnknown(f"The channel broke: {type(error).__name__}", code="broke"))


def record(session: Session, outcome: Outcome, settings: Settings, now: datetime) -> bool:
    """Write down how a call ended. False where the message has moved on in the meantime."""
    message = _still_ours(session, outcome)
    _close_attempt(session, outcome, now)
    if message is None:
        _late_news(outcome)
        return False
    if outcome.sent:
        _sent(session, message, outcome.sent.provider_id, now, outcome.sent.segments, outcome.sent.sender)
    elif isinstance(outcome.error, DeliveryUnknown):
        _unconfirmed(message, outcome.error.code, settings, now)
    elif isinstance(outcome.error, ChannelHeld):
        hold(session, message.channel, outcome.error, now)
        message.state, message.worker, message.lease_until = "queued", None, None
    elif outcome.error:
        _refused(session, message, outcome.error, now)
    return True


def reap(session: Session, settings: Settings, now: datetime) -> int:
    """Messages whose worker has vanished: nobody knows whether they went out. Returns how many there were."""
    lost = session.scalars(
        select(Message)
        .where(Message.state == "sending", Message.lease_until < now)
        .with_for_update(skip_locked=True)
    )
    count = 0
    for message in lost:
        log.warning("message.lease_expired", message=message.id, attempt=message.attempt)
        _unconfirmed(message, "lease_expired", settings, now)
        count += 1
    return count


def reconcile(
    database: Database, channels: Mapping[str, Channel], settings: Settings, now: datetime, limit: int = 50
) -> int:
    """Ask providers what became of unconfirmed messages; returns how many were settled."""
    with database.reading() as session:
        open_questions = [
            (each.id, each.attempt, each.channel, each.recipient, each.match, _claimed_at(session, each))
            for each in session.scalars(_to_look_up(settings, now).limit(limit))
        ]
    settled = 0
    for message_id, attempt, key, recipient, match, claimed_at in open_questions:
        channel = channels.get(key)
        found: list[Found] | None = None
        if isinstance(channel, LooksUp) and match:
            try:
                found = channel.find(recipient, match, claimed_at)
            except DeliveryFailed as error:
                log.warning("message.look_up_failed", message=message_id, code=error.code)
                continue
        with database.writing() as session:
            settled += _settle(session, message_id, attempt, found, settings, now)
    return settled


def record_receipt(session: Session, channel: str, receipt: ChannelReceipt, now: datetime) -> bool:
    """What a provider says about a message, in any order and any number of times. False for what was known."""
    message = _message_of(session, channel, receipt)
    row = Receipt(
        message_id=message.id if message else None,
        channel=channel,
        provider_id=receipt.provider_id,
        status=receipt.status,
        code=receipt.error_code,
        received_at=now,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    if message is None:
        log.warning("receipt.of_unknown_message", channel=channel)
        return True
    if message.provider_id and message.provider_id != receipt.provider_id:
        # Two messages at the provider for one of ours: the promise is broken, and somebody must know.
        log.error("message.duplicate", message=message.id, attempt=receipt.attempt)
        message.detail = "The provider has accepted this message twice."
        return True
    _apply(session, message, receipt, now)
    return True


def hold(session: Session, channel: str, error: ChannelHeld, now: datetime) -> None:
    """Stop a channel (or one country of it) until `lift` is called; said once, however many messages notice."""
    if not _hold_of(session, channel, error.country):
        log.error("channel.held", channel=channel, code=error.code, country=error.country)
        session.add(
            ChannelHold(channel=channel, country=error.country, code=error.code, reason=str(error), since=now)
        )


def lift(session: Session, channel: str, user_id: int | None, now: datetime) -> int:
    """Let a held channel send again; returns how many holds were lifted."""
    lifted = session.execute(
        update(ChannelHold)
        .where(ChannelHold.channel == channel, ChannelHold.lifted_at.is_(None))
        .values(lifted_at=now, lifted_by_id=user_id)
    )
    assert isinstance(lifted, CursorResult)  # noqa: S101 - what an UPDATE gives
    return lifted.rowcount


def holds(session: Session) -> Sequence[ChannelHold]:
    """The holds in force, oldest first."""
    return session.scalars(
        select(ChannelHold).where(ChannelHold.lifted_at.is_(None)).order_by(ChannelHold.since)
    ).all()


def resend(session: Session, message_id: int, now: datetime) -> None:
    """A person has decided that a held message did not arrive: it is due again."""
    message = session.get_one(Message, message_id)
    if message.state in ("held", "unconfirmed"):
        _requeue(message, "resent_by_hand", now)


def settle_by_hand(session: Session, message_id: int, now: datetime) -> None:
    """A person has decided that a held message did arrive."""
    message = session.get_one(Message, message_id)
    if message.state in ("held", "unconfirmed"):
        message.state, message.state_reason, message.sent_at = "sent", "confirmed_by_hand", now
        if message.invitation and message.purpose == "invitation":
            _left(session, message.invitation, now)


def cancel(session: Session, message: Message, reason: str) -> None:
    """This message will not be sent, and that is as it should be."""
    message.state, message.state_reason = "cancelled", reason
    invitation = session.get(Invitation, message.invitation_id) if message.invitation_id else None
    if invitation and invitation.state == "queued" and message.purpose == "invitation":
        invitation.state, invitation.state_reason = "skipped", reason
        invitation.reply_key = None


def backoff(attempt: int, retry_after: float | None = None) -> timedelta:
    """Wait before the next try: exponential, capped, with full jitter (at least what the provider asked for)."""
    most = min(BACKOFF_CAP, BACKOFF_BASE * 2 ** min(attempt, 10))
    jittered = most * random.uniform(0.1, 1.0)  # noqa: S311 - spreads load, keeps no secret
    return max(jittered, timedelta(seconds=retry_after or 0))


# -- claiming ----------------------------------------------------------------------------------------------------------


def _due(session: Session, channels: Mapping[str, Channel], limit: int, now: datetime) -> Sequence[Message]:
    """Due messages of channels that may send, the longest due first, locked against other workers."""
    stopped = [
        Message.channel == hold.channel
        if hold.country is None
        else and_(Message.channel == hold.channel, Message.country == hold.country)
        for hold in holds(session)
    ]
    wanted = (
        select(Message)
        .where(Message.state == "queued", Message.due_at <= now, Message.channel.in_(channels))
        .order_by(Message.due_at, Message.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(wanted.where(~or_(*stopped)) if stopped else wanted).all()


def _obstacle(session: Session, message: Message, now: datetime) -> str | None:
    """Why this message may not go out now, although it was right when it was queued."""
    if message.user_id is None and not _is_confirmation(message):
        if optouts.is_suppressed(session, message.kind, message.recipient):
            return "suppressed"
    invitation = session.get(Invitation, message.invitation_id) if message.invitation_id else None
    if invitation and message.purpose in ("invitation", "reminder"):
        if invitation.state in DONE_WITH:
            return invitation.state
        if invitation.answered_at:
            return "answered"
        if invitation.expires_at <= now:
            return "too_late"
    if message.not_after and message.not_after <= now:
        return "window_closed"
    return None


def _is_confirmation(message: Message) -> bool:
    """The one message that somebody who said STOP still gets."""
    return message.purpose == "opt_out_confirmation"


def _paced(session: Session, message: Message, settings: Settings, now: datetime) -> bool:
    """True where the sender's bucket has room; takes the tokens."""
    if message.channel != "twilio_sms":
        return True
    if pace.available(session, message.channel, settings.twilio.messages_per_second, now) < 1:
        return False
    pace.spend(session, message.channel, message.segments or 1)
    return True


def _take(
    session: Session, message: Message, settings: Settings, worker: str, deadline: Deadline, now: datetime
) -> Claimed:
    message.state, message.worker = "sending", worker
    message.attempt += 1
    message.lease_until = now + settings.worker.lease
    session.add(Attempt(message_id=message.id, number=message.attempt, worker=worker, started_at=now))
    return Claimed(message.channel, worker, outgoing(message, settings, deadline))


def outgoing(message: Message, settings: Settings, deadline: Deadline) -> Outgoing:
    """The call that a message needs."""
    base = settings.web.public_url.rstrip("/")
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
        message_id_header=None,
        reply_to=settings.organisation.support_email or None,
        envelope_from=None,
    )


def _deadline(settings: Settings) -> Deadline:
    """The last moment at which a call may begin: what it needs at most must fit into the lease."""
    slowest = max(settings.twilio.timeout, settings.smtp.timeout)
    return Deadline.after(max(1.0, settings.worker.lease.total_seconds() - slowest))


# -- recording ---------------------------------------------------------------------------------------------------------


def _still_ours(session: Session, outcome: Outcome) -> Message | None:
    """The message, if the attempt is still the one that was claimed.

    A success or a refusal is also accepted for an unconfirmed message of the same attempt: it is the very
    answer that everybody is waiting for.
    """
    open_states = ["sending"] if isinstance(outcome.error, DeliveryUnknown) else ["sending", "unconfirmed"]
    return session.scalar(
        select(Message)
        .where(
            Message.id == outcome.claimed.outgoing.message_id,
            Message.attempt == outcome.claimed.outgoing.attempt,
            Message.worker == outcome.claimed.worker,
            Message.state.in_(open_states),
        )
        .with_for_update()
    )


def _close_attempt(session: Session, outcome: Outcome, now: datetime) -> None:
    word = "sent" if outcome.sent else type(outcome.error).__name__
    session.execute(
        update(Attempt)
        .where(
            Attempt.message_id == outcome.claimed.outgoing.message_id,
            Attempt.number == outcome.claimed.outgoing.attempt,
        )
        .values(ended_at=now, outcome=word, code=outcome.error.code if outcome.error else None)
    )


def _late_news(outcome: Outcome) -> None:
    if outcome.sent:
        log.error("message.sent_after_lease", message=outcome.claimed.outgoing.message_id)


def _sent(
    session: Session,
    message: Message,
    provider_id: str, now: datetime, segments: int | None = None, sender: str | None = None
) -> None:
    message.state, message.state_reason = "sent", None
    message.provider_id, message.sent_at, message.lease_until = provider_id, now, None
    message.segments = segments or message.segments
    message.sender = sender or message.sender
    invitation = message.invitation
    if invitation is None:
        return
    if lifecycle.further(lifecycle.INVITATION, invitation.state, "sent"):
        invitation.state = "sent"
    if message.purpose == "invitation":
        _left(session, invitation, now)
        if invitation.reminders:
            invitation.remind_at = now + Duration.parse(invitation.reminders[0]).timedelta


def _left(session: Session, invitation: Invitation, now: datetime) -> None:
    """The first time that an invitation leaves is the day on which it counts."""
    if invitation.sent_at is None:
        invitation.sent_at = now
        session.flush()
        rollups.invited(session, invitation.id)


def _unconfirmed(message: Message, code: str, settings: Settings, now: datetime) -> None:
    message.state, message.state_reason = "unconfirmed", code
    message.lease_until, message.looked_up_at, message.look_ups = None, None, 0
    if message.kind == "email":  # mail cannot be looked up
        if settings.smtp.unknown == "resend":
            _requeue(message, "resent_unconfirmed", now)
        else:
            message.state = "held"


def _refused(session: Session, message: Message, error: DeliveryFailed, now: datetime) -> None:
    message.state_reason, message.detail = error.code, str(error)
    if not error.permanent and message.attempt < MAX_ATTEMPTS:
        message.state, message.worker, message.lease_until = "queued", None, None
        message.due_at = now + backoff(message.attempt, error.retry_after)
        return
    _failed(session, message, error.code, now)


def _failed(session: Session, message: Message, code: str, now: datetime) -> None:
    message.state, message.state_reason, message.lease_until = "failed", code, None
    if code in (Verdict.OPTED_OUT, Verdict.BAD_ADDRESS):
        reason = "opt_out" if code == Verdict.OPTED_OUT else "bad_address"
        optouts.suppress(
            session, message.kind, message.recipient, reason=reason, source=message.channel, now=now,
            contact_id=message.contact_id,
        )  # fmt: skip
    invitation = message.invitation
    if invitation and message.purpose == "invitation" and invitation.state in ("queued", "sent"):
        if invitation.other_kinds:
            invitation.state, invitation.state_reason = "queued", "other_channel"
        else:
            invitation.state, invitation.state_reason, invitation.reply_key = "failed", code, None


def _requeue(message: Message, reason: str, now: datetime) -> None:
    message.state, message.state_reason = "queued", reason
    message.worker, message.lease_until, message.due_at = None, None, now


# -- reconciling -------------------------------------------------------------------------------------------------------


def _to_look_up(settings: Settings, now: datetime):  # type: ignore[no-untyped-def]
    ready = or_(Message.looked_up_at.is_(None), Message.looked_up_at <= now - settings.worker.settle)
    return select(Message).where(Message.state == "unconfirmed", ready).order_by(Message.id)


def _claimed_at(session: Session, message: Message) -> datetime:
    started = session.scalar(
        select(Attempt.started_at).where(Attempt.message_id == message.id, Attempt.number == message.attempt)
    )
    return started or message.created_at


def _settle(
    session: Session, message_id: int, attempt: int, found: list[Found] | None, settings: Settings, now: datetime
) -> int:
    message = session.scalar(
        select(Message)
        .where(Message.id == message_id, Message.attempt == attempt, Message.state == "unconfirmed")
        .with_for_update()
    )
    if message is None:
        return 0
    if found:
        if len(found) > 1:
            log.error("message.duplicate", message=message.id)
        _sent(session, message, found[0].provider_id, now)
        message.state_reason = "found_at_provider"
        return 1
    asked_since = now - _claimed_at(session, message)
    if found is None or asked_since > GIVE_UP_LOOKING:
        message.state = "held"
        return 1
    # A provider may accept a message after we gave up waiting, so an early "no" proves nothing.
    if asked_since >= settings.worker.settle:
        message.look_ups += 1
    message.looked_up_at = now
    if message.look_ups >= NEGATIVE_LOOK_UPS:
        _requeue(message, "not_at_provider", now)
        return 1
    return 0


# -- receipts ----------------------------------------------------------------------------------------------------------


def _message_of(session: Session, channel: str, receipt: ChannelReceipt) -> Message | None:
    """The message that a receipt is about: by the provider's id, or by ours where the call's answer never came."""
    known = session.scalar(
        select(Message)
        .where(Message.channel == channel, Message.provider_id == receipt.provider_id)
        .with_for_update()
    )
    if known or receipt.message_id is None:
        return known
    return session.scalar(
        select(Message)
        .where(Message.id == receipt.message_id, Message.channel == channel)
        .with_for_update()
    )


def _apply(session: Session, message: Message, receipt: ChannelReceipt, now: datetime) -> None:
    if message.provider_id is None:  # the callback came before the answer to our call, or instead of it
        _sent(session, message, receipt.provider_id, now, sender=receipt.sender)
    if receipt.status == "delivered" and lifecycle.further(lifecycle.MESSAGE, message.state, "delivered"):
        message.state, message.state_reason = "delivered", None
        message.delivered_at = receipt.occurred_at or now
        invitation = message.invitation
        if invitation and lifecycle.further(lifecycle.INVITATION, invitation.state, "delivered"):
            invitation.state, invitation.delivered_at = "delivered", message.delivered_at
    elif receipt.status in ("undelivered", "failed") and lifecycle.further(
        lifecycle.MESSAGE, message.state, receipt.status
    ):
        _failed(session, message, receipt.verdict or receipt.error_code or receipt.status, now)
        message.state = receipt.status


def _hold_of(session: Session, channel: str, country: str | None) -> ChannelHold | None:
    return session.scalar(
        select(ChannelHold).where(
            ChannelHold.channel == channel,
            ChannelHold.country.is_(None) if country is None else ChannelHold.country == country,
            ChannelHold.lifted_at.is_(None),
        )
    )
