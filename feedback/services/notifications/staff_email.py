"""Notifies staff by e-mail, through the same outbox as all messages.

The owner of a follow-up is notified immediately, and reminded before a target time: that of the first contact and
that of closing. If a target is missed, the leads are notified once, also if the follow-up is snoozed. Notifications
within `alerts.digest_after` of the last message are merged into one message, and so are those that accumulated
while the worker was down. They are recorded in the timeline of the follow-up; timestamps in its row prevent
duplicates. Admins are notified once of a held provider.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session, selectinload

from feedback.core.followup import State
from feedback.core.lifecycle import MessageState
from feedback.core.text.localized import Text
from feedback.i18n import Translator, translator
from feedback.library import Library
from feedback.providers.base import Provider
from feedback.services.context import Context
from feedback.services.followups import workflow
from feedback.services.messaging import heartbeats, outbox, provider_holds
from feedback.services.staff.accounts import RoleName
from feedback.services.staff.business_hours import calendar_of
from feedback.settings import Settings
from feedback.store.health import ROOM
from feedback.store.models import FollowUp, FollowUpEntry, Message, ProviderHold, Role, User
from feedback.store.portions import Portions

SHOWN = 20
"""Maximum number of follow-ups that a message lists; further ones are only counted."""

ATTENTION = "attention"
"""The purpose of the daily message to admins."""
FAILING = timedelta(minutes=15)
"""Admins are notified of a job that has failed for so long."""

Providers = Mapping[str, Provider]
Moment = InstrumentedAttribute[datetime | None]


@dataclass(frozen=True, slots=True)
class Promise:
    """One of the two targets of a follow-up: its columns, and its entries in the timeline."""

    due_at: InstrumentedAttribute[datetime]
    reminded_at: Moment
    escalated_at: Moment
    reminded: str
    escalated: str
    open: ColumnElement[bool]

    def is_open(self, task: FollowUp) -> bool:
        return self is not CONTACT or task.first_contact_at is None

    def due(self, task: FollowUp) -> datetime:
        moment: datetime = getattr(task, self.due_at.key)
        return moment


CONTACT = Promise(
    FollowUp.contact_due_at,
    FollowUp.contact_reminded_at,
    FollowUp.escalated_at,
    "reminded",
    "escalated",
    FollowUp.first_contact_at.is_(None),
)
CLOSE = Promise(
    FollowUp.close_due_at,
    FollowUp.close_reminded_at,
    FollowUp.close_escalated_at,
    "reminded_close",
    "escalated_close",
    true(),
)
PROMISES = (CONTACT, CLOSE)

Owed = Sequence[tuple[FollowUp, Promise]]


def tell(
    session: Session,
    user: User,
    subject: str,
    body: str,
    *,
    providers: Providers,
    now: datetime,
    purpose: str = "alert",
) -> Message | None:
    """Queue an e-mail to a member of staff, due immediately; None if no e-mail provider is enabled."""
    provider = next((key for key, provider in providers.items() if provider.channel == "email"), None)
    if provider is None:
        return None
    message = Message(
        user_id=user.id,
        purpose=purpose,
        provider=provider,
        channel="email",
        recipient=user.email,
        subject=subject,
        body=body,
        language=user.language or "en",
        headers={},
        state=MessageState.QUEUED,
        due_at=now,
        created_at=now,
        is_demo=user.is_demo,
    )
    session.add(message)
    return message


def tell_secret(
    session: Session, user: User, subject: str, body: str, *, providers: Providers, now: datetime
) -> Message | None:
    """Like `tell`, for an e-mail with a link or a code that signs in: it is sent within `outbox.SIGN_IN_LIFE` or not at
    all, and its text is emptied as soon as it is sent."""
    message = tell(session, user, subject, body, providers=providers, now=now, purpose=outbox.SIGN_IN)
    if message is not None:
        message.not_after = now + outbox.SIGN_IN_LIFE
    return message


def tell_all_owners(portions: Portions, context: Context, now: datetime) -> None:
    """Queue one message to each owner with news or an approaching target, in portions."""
    if not _can_write(context.providers):
        return
    with portions.database.reading() as session:
        until, waiting = _waiting(session, context.settings, now)
    portions.each(
        sorted(waiting.items()), lambda session, some: _tell_some(session, some, until, context, now)
    )


def tell_owners(session: Session, context: Context, now: datetime) -> int:
    """What `tell_all_owners` does, in one transaction. Returns the number of messages."""
    if not _can_write(context.providers):
        return 0
    until, waiting = _waiting(session, context.settings, now)
    return _tell_some(session, sorted(waiting.items()), until, context, now)


def _waiting(
    session: Session, settings: Settings, now: datetime
) -> tuple[dict[int, datetime | None], dict[int, dict[int, int]]]:
    """Until when the targets of each owner are reminded of now, and reader -> follow-up -> owner."""
    until = _reminded_until(session, settings, now)
    waiting: dict[int, dict[int, int]] = defaultdict(dict)
    for task in session.scalars(_owed(until)).all():
        owner = task.owner_id
        if owner in until and (_is_news(task) or _due_promises(task, until[owner], now)):
            reader = workflow.present(session, session.get(User, owner), now)
            waiting[reader.id if reader else owner][task.id] = owner
    return until, waiting


def _tell_some(
    session: Session,
    waiting: Sequence[tuple[int, Mapping[int, int]]],
    until: Mapping[int, datetime | None],
    context: Context,
    now: datetime,
) -> int:
    rested = now - context.settings.alerts.digest_after
    told = 0
    for reader_id, owners in waiting:
        reader = _one_at_a_time(session, User.id == reader_id)[0]
        if not _heard_since(session, [reader], "digest", rested):
            told += _tell_owner(session, reader, owners, until, context, now)
    return told


def _tell_owner(
    session: Session,
    reader: User,
    owners: Mapping[int, int],
    until: Mapping[int, datetime | None],
    context: Context,
    now: datetime,
) -> int:
    """Notify one reader of these follow-ups, unless their owner has changed since they were read."""
    found = _locked(session, FollowUp.id.in_(owners))
    tasks = [task for task in found if task.owner_id == owners[task.id]]
    fresh = [task for task in tasks if _is_news(task)]
    due = [(task, promise) for task in tasks for promise in _due_promises(task, until[owners[task.id]], now)]
    only_due = [(task, promise) for task, promise in due if task not in fresh]
    if not fresh and not only_due:
        return 0
    letter = _Letter(translator("desk", reader.language), reader, context.settings)
    sections = [letter.fresh(fresh), letter.running_out(only_due)]
    letter.send(session, sections, "digest", context.providers, now)
    for task in fresh:
        task.owner_told_at = now
        _note(session, task, "told", [reader], now)
    for task, promise in due:
        setattr(task, promise.reminded_at.key, now)
        if task not in fresh:  # the notification contains the target time
            _note(session, task, promise.reminded, [reader], now)
    session.flush()
    return 1


def _reminded_until(session: Session, settings: Settings, now: datetime) -> dict[int, datetime | None]:
    """Owner id -> the time up to which targets are reminded of now; None outside their business hours."""
    working = select(FollowUp.owner_id).where(FollowUp.state != State.CLOSED)
    ahead = settings.alerts.remind_before
    found: dict[int, datetime | None] = {}
    for owner in session.scalars(select(User).where(User.active, User.id.in_(working))):
        calendar = calendar_of(owner, settings.followup)
        is_time = ahead > timedelta(0) and calendar.is_open(now)
        found[owner.id] = calendar.reaches(now, ahead) if is_time else None
    return found


def _owed(until: Mapping[int, datetime | None]) -> Select[FollowUp]:
    """Candidates for notifications, read without locks; some of them turn out to need none."""
    horizon = max((moment for moment in until.values() if moment), default=None)
    wanted: list[ColumnElement[bool]] = [
        FollowUp.owner_told_at.is_(None) & FollowUp.state.in_((State.OPEN, State.TAKEN))
    ]
    if horizon is not None:
        wanted += [and_(each.open, each.reminded_at.is_(None), each.due_at <= horizon) for each in PROMISES]
    return (
        select(FollowUp)
        .where(FollowUp.state != State.CLOSED, FollowUp.owner_id.is_not(None), or_(*wanted))
        .order_by(FollowUp.id)
    )


def _is_news(task: FollowUp) -> bool:
    return task.owner_told_at is None and task.state in (State.OPEN, State.TAKEN)


def _due_promises(task: FollowUp, until: datetime | None, now: datetime) -> list[Promise]:
    return [promise for promise in PROMISES if _runs_out(task, promise, until, now)]


def _runs_out(task: FollowUp, promise: Promise, until: datetime | None, now: datetime) -> bool:
    """Whether a reminder is due: close to the target, but not before half of the time has passed."""
    due = promise.due(task)
    if until is None or due > until or not promise.is_open(task) or task.state == State.CLOSED:
        return False
    return getattr(task, promise.reminded_at.key) is None and now - task.opened_at >= due - now


def escalate(session: Session, context: Context, now: datetime) -> int:
    """Notify the leads of missed targets in one message. Returns the number of follow-ups."""
    leads = _leads(session, now)
    rested = now - context.settings.alerts.digest_after
    if not leads or not _can_write(context.providers) or _heard_since(session, leads, "escalation", rested):
        return 0
    late = or_(*(and_(each.open, each.escalated_at.is_(None), each.due_at < now) for each in PROMISES))
    tasks = _locked(session, FollowUp.state != State.CLOSED, late)
    missed = [(task, promise) for task in tasks for promise in PROMISES if _is_missed(task, promise, now)]
    if not missed:
        return 0
    for lead in leads:
        letter = _Letter(translator("desk", lead.language), lead, context.settings)
        letter.send(session, letter.missed(missed), "escalation", context.providers, now)
    for task, promise in missed:
        setattr(task, promise.escalated_at.key, now)
        _note(session, task, promise.escalated, leads, now)
    session.flush()
    return len({task.id for task, _ in missed})


def _is_missed(task: FollowUp, promise: Promise, now: datetime) -> bool:
    is_late = promise.is_open(task) and promise.due(task) < now
    return is_late and getattr(task, promise.escalated_at.key) is None


def _leads(session: Session, now: datetime) -> Sequence[User]:
    """The leads who are not absent, or all leads if all are absent."""
    leads = _one_at_a_time(session, User.active.is_(True), User.roles.any(Role.name == RoleName.LEAD))
    return [lead for lead in leads if workflow.present(session, lead, now) is lead] or leads


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
            subject, body = _about_hold(translator("desk", admin.language), hold, context.settings)
            message = tell(session, admin, subject, body, providers=usable, now=now, purpose="hold")
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
    if not troubles or not _can_write(usable):
        return 0
    told = 0
    for admin in _one_at_a_time(session, User.active.is_(True), User.roles.any(Role.name == RoleName.ADMIN)):
        if _heard_since(session, [admin], ATTENTION, now - timedelta(days=1)):
            continue
        say = translator("desk", admin.language)
        lines = [text(say) for text in troubles]
        how = say.gettext("`feedback doctor` says more. Held messages are on this page:")
        page = f"{context.settings.web.public_url.rstrip('/')}/deliveries/"
        subject = say.gettext("Your feedback installation needs attention")
        body = "\n\n".join([subject, "\n".join(f"- {line}" for line in lines), f"{how}\n{page}"])
        tell(session, admin, subject, body, providers=usable, now=now, purpose=ATTENTION)
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
    if room is not None and room < ROOM:
        megabytes = room // 2**20
        found.append(
            lambda say: say.gettext("Only {n} MB are free for the database.", n=say.number(megabytes))
        )
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


# --- The content of a message --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Section:
    """A headline and the lines below it."""

    headline: str
    lines: list[str]


@dataclass(frozen=True, slots=True)
class _Letter:
    """The e-mail to one member of staff. It contains no score and no words of the customer, because an e-mail inbox
    is less protected than the desk.
    """

    say: Translator
    reader: User
    settings: Settings

    def fresh(self, tasks: Sequence[FollowUp]) -> _Section:
        if len(tasks) == 1:
            headline = self.say.gettext("New follow-up: {name}", name=self._name(tasks[0]))
        else:
            headline = self.say.ngettext("{n} new follow-up", "{n} new follow-ups", len(tasks))
        return _Section(headline, self._lines([(task, _next_promise(task)) for task in tasks]))

    def running_out(self, due: Owed) -> _Section:
        n = len({task.id for task, _ in due})
        headline = self.say.ngettext("{n} follow-up is due soon", "{n} follow-ups are due soon", n)
        return _Section(headline, self._lines(_once(due)))

    def missed(self, missed: Owed) -> list[_Section]:
        waiting = [(task, promise) for task, promise in missed if promise is CONTACT]
        known = {task.id for task, _ in waiting}
        unclosed = [(task, promise) for task, promise in missed if task.id not in known]
        n, m = len(waiting), len(unclosed)
        return [
            _Section(
                self.say.ngettext(
                    "{n} customer was not contacted in time", "{n} customers were not contacted in time", n
                ),
                self._lines(waiting, with_owner=True),
            ),
            _Section(
                self.say.ngettext(
                    "{n} follow-up was not closed in time", "{n} follow-ups were not closed in time", m
                ),
                self._lines(unclosed, with_owner=True),
            ),
        ]

    def send(
        self,
        session: Session,
        sections: Sequence[_Section],
        purpose: str,
        providers: Providers,
        now: datetime,
    ) -> None:
        told = [section for section in sections if section.lines]
        subject = self.say.comma.join(section.headline for section in told)
        body = "\n\n".join(text for section in told for text in (section.headline, *section.lines))
        tell(session, self.reader, subject, body, providers=providers, now=now, purpose=purpose)

    def _lines(self, owed: Owed, *, with_owner: bool = False) -> list[str]:
        lines = [self._line(task, promise, with_owner=with_owner) for task, promise in owed[:SHOWN]]
        if len(owed) > SHOWN:
            more = self.say.gettext("and {n} more", n=len(owed) - SHOWN)
            lines.append(f"{more}\n{self._site}/desk/")
        return lines

    def _line(self, task: FollowUp, promise: Promise, *, with_owner: bool) -> str:
        when = self.say.moment(promise.due(task), self._zone)
        until = (
            self.say.gettext("First contact due: {when}", when=when)
            if promise is CONTACT
            else self.say.gettext("Close by: {when}", when=when)
        )
        owner = [self.say.gettext("Owner: {name}", name=task.owner.name)] if with_owner and task.owner else []
        title = Text(task.title).to(self.say.language)
        return "\n".join([f"{self._name(task)}: {title}", until, *owner, f"{self._site}/desk/{task.id}"])

    def _name(self, task: FollowUp) -> str:
        if task.account is not None:
            return task.account.name
        return (task.contact.name if task.contact else None) or Text(task.title).to(self.say.language)

    @property
    def _site(self) -> str:
        return self.settings.web.public_url.rstrip("/")

    @property
    def _zone(self) -> ZoneInfo:
        own = self.reader.time_zone
        return ZoneInfo(own) if own else self.settings.organisation.time_zone


def _next_promise(task: FollowUp) -> Promise:
    return CONTACT if CONTACT.is_open(task) else CLOSE


def _once(owed: Owed) -> Owed:
    """Keep only the first target of each follow-up."""
    first: dict[int, tuple[FollowUp, Promise]] = {}
    for task, promise in owed:
        first.setdefault(task.id, (task, promise))
    return list(first.values())


# --- Locking and recording -----------------------------------------------------------------------


def _can_write(providers: Providers) -> bool:
    return any(provider.channel == "email" for provider in providers.values())


def _locked(session: Session, *conditions: ColumnElement[bool]) -> Sequence[FollowUp]:
    """Read and lock rows; those that another worker has locked are skipped."""
    query = select(FollowUp).where(*conditions).order_by(FollowUp.id)
    related = (selectinload(FollowUp.account), selectinload(FollowUp.contact), selectinload(FollowUp.owner))
    held = query.options(*related).with_for_update(of=FollowUp, skip_locked=True)
    return session.scalars(held.execution_options(populate_existing=True)).all()


def _one_at_a_time(session: Session, *conditions: ColumnElement[bool]) -> Sequence[User]:
    """Lock readers, so that two workers do not each send them half of the news.

    They are locked in the order of their ids, and only one group per transaction, to prevent deadlocks. Inserting
    rows that only refer to a reader does not wait.
    """
    query = select(User).where(*conditions).order_by(User.id).with_for_update(of=User, key_share=True)
    return session.scalars(query).all()


def _heard_since(session: Session, users: Iterable[User], purpose: str, since: datetime) -> bool:
    """Whether one of these users got a message with this purpose since `since`."""
    sent = select(func.count()).where(
        Message.recipient.in_([user.email for user in users]),
        Message.created_at > since,
        Message.purpose == purpose,
        Message.user_id.is_not(None),
    )
    return bool(session.scalar(sent))


def _note(session: Session, task: FollowUp, kind: str, readers: Iterable[User], now: datetime) -> None:
    detail = {"name": ", ".join(reader.name for reader in readers)}
    session.add(FollowUpEntry(follow_up_id=task.id, at=now, user_id=None, kind=kind, detail=detail))
