"""Replies that came while nobody answered the provider's call: a STOP must not be lost to a restart.

Providers try once or twice and then forget. So their list of incoming messages is read from a little before
where it was read last, and everything goes through the same door as a call would; what is known is known.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.errors import DeliveryFailed
from feedback.providers.base import CallsBack, LooksUp, Reply
from feedback.services.context import Context
from feedback.services.responses import sms_conversation
from feedback.settings import Settings
from feedback.store.database import Database
from feedback.store.models import Bookmark, InboundReply, Message

log = structlog.get_logger()

OVERLAP = timedelta(minutes=15)
"""Providers' lists lag, and their clocks are not ours."""
FIRST = timedelta(days=1)
"""How far back the first look goes."""
ANSWERED_FOR = timedelta(days=90)
"""How long people may still write to a number that we used."""


def catch_up(database: Database, context: Context, now: datetime) -> int:
    """Take in what was missed on every channel that can be asked; returns how many replies were new."""
    return sum(
        _catch_up(database, key, channel, context, now)
        for key, channel in context.channels.items()
        if isinstance(channel, LooksUp) and isinstance(channel, CallsBack)
    )


def _catch_up(database: Database, key: str, channel: LooksUp, context: Context, now: datetime) -> int:
    with database.reading() as session:
        since, numbers = _since(session, key, now), _our_numbers(session, key, context.settings, now)
    try:
        missed = [reply for number in numbers for reply in channel.inbound(number, since - OVERLAP)]
    except DeliveryFailed as error:  # the bookmark stays: next time goes back as far
        log.warning("replies.look_up_failed", channel=key, code=error.code)
        return 0
    new = 0
    for reply in sorted(missed, key=lambda each: each.received_at or now):
        new += _take_in(database, key, reply, context, now)
    with database.writing() as session:
        session.merge(Bookmark(name=_bookmark(key), value=now.isoformat()))
    if new:
        log.info("replies.caught_up", channel=key, count=new)
    return new


def _take_in(database: Database, key: str, reply: Reply, context: Context, now: datetime) -> bool:
    with database.writing() as session:
        return sms_conversation.receive(session, key, reply, context, now) is not None


def _since(session: Session, key: str, now: datetime) -> datetime:
    bookmark = session.get(Bookmark, _bookmark(key))
    return datetime.fromisoformat(bookmark.value) if bookmark else now - FIRST


def _our_numbers(session: Session, key: str, settings: Settings, now: datetime) -> list[str]:
    """Those of the settings, those that people wrote to, and those that messages came from: a messaging service has
    numbers of its own. Names cannot be written to."""
    written_to = session.scalars(
        select(InboundReply.recipient)
        .where(InboundReply.channel == key, InboundReply.received_at > now - ANSWERED_FOR)
        .distinct()
    )
    sent_from = session.scalars(
        select(Message.sender)
        .where(Message.channel == key, Message.created_at > now - ANSWERED_FOR, Message.sender.is_not(None))
        .distinct()
    )
    known = {settings.twilio.sender, *settings.twilio.senders.values(), *written_to, *sent_from}
    return sorted(number for number in known if number and number.removeprefix("+").isdecimal())


def _bookmark(key: str) -> str:
    return f"inbound:{key}"
