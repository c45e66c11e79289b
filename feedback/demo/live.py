"""Lets new things happen, at a pace that can be watched, through the same door as in production."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.core.contact.policy import Intended, Send
from feedback.core.journey import Stage
from feedback.demo import customers
from feedback.demo.history import EVENTS
from feedback.demo.past import event_properties
from feedback.demo.people import FOLKS, Folk
from feedback.services.contact import eligibility
from feedback.services.journey import enrolments
from feedback.store.models import Contact, Invitation

log = structlog.get_logger()

NOW = timedelta(minutes=1)
ATTEMPTS = 15
"""People looked at until one is found whom it is a good time to write to: known ones, new ones, and others."""


def keep_happening(runtime: Runtime, pace: float) -> Callable[[], None]:
    """Start a thread that posts a journey event every `pace` seconds; returns what stops it."""
    over = threading.Event()
    dice = random.Random()  # noqa: S311 - a demo, not a secret

    def live() -> None:
        while not over.wait(2.0):
            try:
                with runtime.database.writing() as session:
                    happen(session, runtime, dice, clock.now())
            except Exception:
                log.exception("demo.event_failed")
            if over.wait(pace):
                return

    thread = threading.Thread(target=live, name="demo", daemon=True)
    thread.start()

    def stop() -> None:
        over.set()
        thread.join(timeout=5)

    return stop


def happen(session: Session, runtime: Runtime, dice: random.Random, now: datetime) -> Contact | None:
    """One event for somebody who is awake and may be asked. The event is dated back by the stage's delay."""
    name = dice.choices([each for each, _ in EVENTS], [weight for _, weight in EVENTS])[0]
    stages = runtime.library.journey.for_event(name)
    if not stages:
        return None
    contact = _somebody(session, runtime, stages[0], dice, now)
    if contact is None:
        log.warning("demo.everybody_is_asleep")
        return None
    delay = stages[0].delay.timedelta if stages[0].delay else timedelta()
    told = enrolments.Event(
        f"demo:{now.isoformat()}",
        name,
        contact.external_id,
        now - delay,
        event_properties(name, contact, dice),
    )
    enrolments.record_event(session, told, runtime, now, source="demo")
    return contact


def _somebody(
    session: Session, runtime: Runtime, stage: Stage, dice: random.Random, now: datetime
) -> Contact | None:
    """A contact without a survey so far whom the contact policy lets us write to at once."""
    fresh = list(
        session.scalars(
            select(Contact)
            .where(Contact.is_demo, Contact.erased_at.is_(None))
            .where(~select(Invitation.id).where(Invitation.contact_id == Contact.id).exists())
            .order_by(Contact.id)
        )
    )
    dice.shuffle(fresh)
    wanted = dice.choice(FOLKS)
    first = [each for each in fresh if each.language == wanted.language][:ATTEMPTS]
    others = [each for each in fresh if each.language != wanted.language][:ATTEMPTS]
    for contact in first:
        if _may_be_asked(session, runtime, stage, contact, now):
            return contact
    if (joined := _somebody_new(session, runtime, stage, wanted, dice, now)) is not None:
        return joined
    return next((each for each in others if _may_be_asked(session, runtime, stage, each, now)), None)


def _somebody_new(
    session: Session, runtime: Runtime, stage: Stage, folk: Folk, dice: random.Random, now: datetime
) -> Contact | None:
    """The others are asleep, or have been asked: somebody joins who lives where it is day."""
    base, number = customers.base_of(session, dice, now), customers.last_number(session) + 1
    for each in range(number, number + ATTEMPTS):
        with session.begin_nested() as attempt:
            contact = base.newcomer(each, folk, now)
            base.add([contact])
            if _may_be_asked(session, runtime, stage, contact, now):
                return contact
            attempt.rollback()
    return None


def _may_be_asked(session: Session, runtime: Runtime, stage: Stage, contact: Contact, now: datetime) -> bool:
    expires = now + stage.expires_after.timedelta
    intended = Intended(stage.priority, stage.channels, now, expires, stage.only_if)
    decision = eligibility.decide_for(session, contact, intended, eligibility.policy(runtime.settings), now)
    return isinstance(decision, Send) and decision.at <= now + NOW
