"""Catches up on replies that were missed during downtime, so that no STOP is lost.

Providers retry a callback only once or twice. So their list of incoming messages is read from shortly before
the last reading, and every message is processed like a callback; known ones are ignored.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.core.contact.recipient import CARRIERS, canonical
from feedback.errors import DeliveryFailed
from feedback.providers import terms_of
from feedback.providers.base import CallsBack, LooksUp, Reply
from feedback.services.contact import suppression
from feedback.services.context import Context
from feedback.services.responses import sms_conversation
from feedback.settings import Settings
from feedback.store.database import Database
from feedback.store.models import Bookmark, InboundReply, Message

log = structlog.get_logger()

OVERLAP = timedelta(minutes=15)
"""How much readings overlap, because providers' lists lag and clocks differ."""
FIRST = timedelta(days=1)
"""How far back the first reading goes."""
ANSWERED_FOR = timedelta(days=90)
"""How long replies to a number that we used are read."""


def catch_up(database: Database, context: Context, now: datetime) -> int:
    """Read missed replies on every provider that supports it. Returns the number of new replies."""
    new = 0
    for key in providers(context):
        try:
            new += catch_up_with(database, key, context, now)
        except DeliveryFailed as error:
            log.warning("replies.look_up_failed", provider=key, code=error.code)
    return new


def providers(context: Context) -> list[str]:
    """The keys of the providers on which people can reply, and which list their replies."""
    return [
        key
        for key, each in context.providers.items()
        if isinstance(each, LooksUp) and isinstance(each, CallsBack)
    ]


def catch_up_with(database: Database, key: str, context: Context, now: datetime) -> int:
    """Read missed replies on one of `providers`. Returns the number of new replies.

    Raises DeliveryFailed if the provider cannot be asked. The bookmark stays, so the next reading starts at the same
    time.
    """
    provider = context.providers[key]
    assert isinstance(provider, LooksUp)  # noqa: S101 - what `providers` gives
    with database.reading() as session:
        since, numbers = _since(session, key, now), _our_numbers(session, key, context.settings, now)
    missed = [reply for number in numbers for reply in provider.inbound(number, since - OVERLAP)]
    new = 0
    for reply in sorted(missed, key=lambda each: each.received_at or now):
        new += _take_in(database, key, reply, context, now)
    with database.writing() as session:
        _heed_last_stops(session, key, missed)
        session.merge(Bookmark(name=_bookmark(key), value=now.isoformat()))
    if new:
        log.info("replies.caught_up", provider=key, count=new)
    return new


def _take_in(database: Database, key: str, reply: Reply, context: Context, now: datetime) -> bool:
    with database.writing() as session:
        return sms_conversation.receive(session, key, reply, context, now) is not None


def _heed_last_stops(session: Session, key: str, listed: Iterable[Reply]) -> None:
    """Opt out again everybody who wrote START and then STOP, if the callback of the START came after that of the STOP.

    Callbacks have no time, so the START seemed to be the last word; the provider's list knows when each was written.
    """
    written = {each.provider_id: each.received_at for each in listed if each.received_at}
    if not written:
        return
    heard = select(InboundReply).where(
        InboundReply.received_at > min(written.values()) - OVERLAP,
        InboundReply.meaning.in_(("stop", "start")),
    )
    by_sender: dict[str, list[InboundReply]] = {}
    for row in session.scalars(heard.where(InboundReply.provider == key).order_by(InboundReply.id)):
        if row.provider_id in written:
            by_sender.setdefault(canonical(row.sender), []).append(row)
    for rows in by_sender.values():
        said_last, heard_last = max(rows, key=lambda row: written[row.provider_id]), rows[-1]
        if said_last.meaning == "stop" and heard_last.meaning == "start":
            said_at = written[said_last.provider_id]
            suppression.opt_out(session, "sms", said_last.sender, source=f"reply {said_last.id}", now=said_at)


def _since(session: Session, key: str, now: datetime) -> datetime:
    bookmark = session.get(Bookmark, _bookmark(key))
    return datetime.fromisoformat(bookmark.value) if bookmark else now - FIRST


def _our_numbers(session: Session, key: str, settings: Settings, now: datetime) -> list[str]:
    """Our numbers: those in the settings, those that people wrote to, and those that messages were sent from, because
    a messaging service has its own numbers. Alphanumeric senders are left out, because they receive no replies;
    WhatsApp numbers and RCS agents do, and the provider lists them under their prefix."""
    written_to = session.scalars(
        select(InboundReply.recipient)
        .where(InboundReply.provider == key, InboundReply.received_at > now - ANSWERED_FOR)
        .distinct()
    )
    sent_from = session.scalars(
        select(Message.sender)
        .where(Message.provider == key, Message.created_at > now - ANSWERED_FOR, Message.sender.is_not(None))
        .distinct()
    )
    terms = terms_of(key, settings)
    known = {terms.sender, *terms.senders.values(), *written_to, *sent_from}
    return sorted(each for each in known if each and _receives(each))


def _receives(sender: str) -> bool:
    return sender.removeprefix("+").isdecimal() or sender.lower().startswith(CARRIERS)


def _bookmark(key: str) -> str:
    return f"inbound:{key}"
