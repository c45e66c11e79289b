"""Notifies admins by e-mail: of each held provider once, and of what needs attention once a day."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from feedback.core.campaign import CampaignState
from feedback.core.lifecycle import MessageState
from feedback.i18n import Translator
from feedback.library import Library
from feedback.services.backups import backup_runs
from feedback.services.context import Context
from feedback.services.messaging import heartbeats, outbox, provider_holds
from feedback.services.notifications import staff_email
from feedback.services.staff.accounts import RoleName
from feedback.services.staff.readers import translator_for
from feedback.settings import Settings
from feedback.store.health import ROOM
from feedback.store.models import Campaign, Message, ProviderHold, Role, User

ATTENTION = "attention"
"""The purpose of the daily message."""
FAILING = timedelta(minutes=15)
"""Admins are notified of a job that has failed for so long."""


def tell_of_holds(session: Session, context: Context, now: datetime) -> int:
    """Notify every admin of each hold once, on an e-mail provider that is not held. Returns the number of messages."""
    closed = {each.provider for each in provider_holds.in_force(session)}
    usable = {key: provider for key, provider in context.providers.items() if key not in closed}
    told = 0
    in_force = select(ProviderHold).where(ProviderHold.lifted_at.is_(None)).order_by(ProviderHold.id)
    for hold in session.scalars(
        in_force.with_for_update(skip_locked=True)
    ).all():  # otherwise two nodes could notify of it
        for admin in session.scalars(_admins_not_told_of(hold)).all():
            subject, body = _about_hold(translator_for(admin, context.settings), hold, context.settings)
            message = staff_email.tell(
                session, admin, subject, body, providers=usable, now=now, purpose="hold"
            )
            if message:
                message.occurrence = hold.id
                told += 1
    return told


def _admins_not_told_of(hold: ProviderHold) -> Select[User]:
    told = select(Message.user_id).where(Message.purpose == "hold", Message.occurrence == hold.id)
    return select(User).where(User.active, User.roles.any(Role.name == RoleName.ADMIN), User.id.not_in(told))


def _about_hold(say: Translator, hold: ProviderHold, settings: Settings) -> tuple[str, str]:
    name = f"{hold.provider} ({hold.country})" if hold.country else hold.provider
    subject = say.gettext("{channel} is on hold", channel=name)
    how = say.gettext("Fix the cause, then release the channel on this page:")
    page = f"{settings.web.public_url.rstrip('/')}/deliveries/"
    return subject, "\n\n".join(
        [subject, hold.reason, say.gettext("Messages are waiting. None is lost."), f"{how}\n{page}"]
    )


def tell_of_trouble(session: Session, context: Context, room: int | None, now: datetime) -> int:
    """Notify every admin of what waits for a person and what is about to fail, at most once a day.

    `room` are the free bytes of the database's disk, None if it has none of its own. Returns the number of messages.
    """
    troubles = [*_troubles(session, room, now), *_about_texts(context.library)]
    closed = {each.provider for each in provider_holds.in_force(session)}
    usable = {key: provider for key, provider in context.providers.items() if key not in closed}
    if not troubles or not staff_email.can_write(usable):
        return 0
    told = 0
    for admin in staff_email.one_at_a_time(
        session, User.active.is_(True), User.roles.any(Role.name == RoleName.ADMIN)
    ):
        if staff_email.heard_since(session, [admin], ATTENTION, now - timedelta(days=1)):
            continue
        say = translator_for(admin, context.settings)
        lines = [text(say) for text in troubles]
        how = say.gettext("`feedback doctor` says more. Held messages are on this page:")
        page = f"{context.settings.web.public_url.rstrip('/')}/deliveries/"
        subject = say.gettext("Your feedback installation needs attention")
        body = "\n\n".join([subject, "\n".join(f"- {line}" for line in lines), f"{how}\n{page}"])
        staff_email.tell(session, admin, subject, body, providers=usable, now=now, purpose=ATTENTION)
        told += 1
    return told


def _troubles(session: Session, room: int | None, now: datetime) -> list[Callable[[Translator], str]]:
    """What admins must know, each as a function that says it in their language."""
    found: list[Callable[[Translator], str]] = []
    held = sum(outbox.held(session).values())
    if held:
        found.append(
            lambda say: say.ngettext(
                "{n} message is on hold and waits for your decision.",
                "{n} messages are on hold and wait for your decision.",
                held,
            )
        )
    old = now - timedelta(days=1)
    doubtful = select(func.count()).where(Message.state == MessageState.UNCONFIRMED, Message.created_at < old)
    unconfirmed = session.scalar(doubtful) or 0
    if unconfirmed:
        found.append(
            lambda say: say.ngettext(
                "{n} message is older than a day and still unconfirmed, because its provider does not answer.",
                "{n} messages are older than a day and still unconfirmed, because their provider does not answer.",
                unconfirmed,
            )
        )
    stopped = (Campaign.state == CampaignState.PAUSED, Campaign.state_reason.is_not(None))
    if names := session.scalars(select(Campaign.name).where(*stopped).order_by(Campaign.id)).all():
        found.append(
            lambda say: say.gettext(
                "These campaigns were paused, because too many messages failed or people complained: {names}",
                names=say.comma.join(names),
            )
        )
    if room is not None and room < ROOM:
        megabytes = room // 2**20
        found.append(
            lambda say: say.gettext("Only {n} MB are free for the database.", n=say.number(megabytes))
        )
    found += _about_backups(session, now)
    workers = heartbeats.workers(session, now)
    failing = [(job, known) for _, job, known in workers.failing() if _is_old(known["since"], now)]
    for job, known in failing:
        found.append(partial(_about_job, job, known))
    if workers.silent:
        found.append(
            lambda say: say.ngettext(
                "{n} worker stopped without a word.",
                "{n} workers stopped without a word.",
                len(workers.silent),
            )
        )
    return found


def _about_backups(session: Session, now: datetime) -> list[Callable[[Translator], str]]:
    """A nightly backup that failed, or none for two nights although there were some."""
    newest, good = backup_runs.last(session), backup_runs.last_good(session)
    if newest is None:
        return []
    if newest.error is not None:
        day, cause = str(newest.day), newest.error
        return [lambda say: say.gettext("The backup of {day} failed: {cause}", day=day, cause=cause)]
    if good is not None and good.finished_at is not None and good.finished_at < now - backup_runs.OLD:
        last = str(good.day)
        return [lambda say: say.gettext("The last good backup is of {day}.", day=last)]
    return []


def _about_texts(library: Library) -> list[Callable[[Translator], str]]:
    """Texts that are not in force although somebody waits for them."""
    keys = [each.key for each in library.refused if each.replaced or each.is_journey]
    if not keys:
        return []
    return [
        lambda say: say.gettext(
            "These questionnaires have problems, so the version before stays in force: {names}",
            names=say.comma.join(keys),
        )
    ]


def _is_old(since: str, now: datetime) -> bool:
    return datetime.fromisoformat(since) < now - FAILING


def _about_job(job: str, known: Mapping[str, Any], say: Translator) -> str:
    return say.gettext(
        "The job {job} has failed {n} times since {since}: {cause}",
        job=job,
        n=say.number(known["count"]),
        since=known["since"],
        cause=known["cause"],
    )
