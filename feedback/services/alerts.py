"""Telling our own staff, by messages in the same outbox as all others.

The owner of a follow-up hears of it at once, and is reminded before a promise runs out: the first contact, the
closing. A promise that was not kept goes to the leads, once, also while the follow-up is put off: the customer
waits all the same. When it rains, what comes within `alerts.digest_after` of the last message waits and becomes
one, and so does whatever piled up while the worker stood still. What was told is in the history of the follow-up;
what keeps it from being told twice are the moments in its row. Admins hear, once, of a channel that may not send.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session, selectinload

from feedback.channels.base import Channel
from feedback.core.followup import State
from feedback.core.text import Text
from feedback.i18n import Translator, translator
from feedback.services import followups, holds
from feedback.services.staff import RoleName
from feedback.services.working_hours import calendar_of
from feedback.settings import Settings
from feedback.store.models import ChannelHold, FollowUp, FollowUpEntry, Message, Role, User

SHOWN = 20
"""Follow-ups that one message lists; the others are counted."""

Channels = Mapping[str, Channel]
Moment = InstrumentedAttribute[datetime | None]


@dataclass(frozen=True, slots=True)
class Promise:
    """One of the two targets of a follow-up: its columns, and the entries that tell of it in the history."""

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
    channels: Channels,
    now: datetime,
    purpose: str = "alert",
) -> Message | None:
    """Queue an e-mail to a member of staff, due at once; None where no e-mail channel is enabled."""
    channel = next((key for key, channel in channels.items() if channel.kind == "email"), None)
    if channel is None:
        return None
    message = Message(
        user_id=user.id,
        purpose=purpose,
        channel=channel,
        kind="email",
        recipient=user.email,
        subject=subject,
        body=body,
        language=user.language or "en",
        headers={},
        state="queued",
        due_at=now,
        created_at=now,
        is_demo=user.is_demo,
    )
    session.add(message)
    return message


def tell_owners(session: Session, channels: Channels, settings: Settings, now: datetime) -> int:
    """One message to each owner with something new, or with a promise that runs out; how many messages."""
    if not _can_write(channels):
        return 0
    until = _reminded_until(session, settings, now)
    waiting: dict[int, dict[int, int]] = defaultdict(dict)  # reader -> follow-up -> owner
    for task in session.scalars(_owed(until)).all():
        owner = task.owner_id
        if owner in until and (_is_news(task) or _due_promises(task, until[owner], now)):
            reader = followups.present(session, session.get(User, owner), now)
            waiting[reader.id if reader else owner][task.id] = owner
    rested = now - settings.alerts.digest_after
    told = 0
    for reader_id, owners in sorted(waiting.items()):
        reader = _one_at_a_time(session, User.id == reader_id)[0]
        if not _heard_since(session, [reader], "digest", rested):
            told += _tell_owner(session, reader, owners, until, channels, settings, now)
    return told


def _tell_owner(
    session: Session,
    reader: User,
    owners: Mapping[int, int],
    until: Mapping[int, datetime | None],
    channels: Channels,
    settings: Settings,
    now: datetime,
) -> int:
    """Of these follow-ups, whose owners are given: they may have got another one since somebody looked."""
    found = _locked(session, FollowUp.id.in_(owners))
    tasks = [task for task in found if task.owner_id == owners[task.id]]
    fresh = [task for task in tasks if _is_news(task)]
    due = [(task, promise) for task in tasks for promise in _due_promises(task, until[owners[task.id]], now)]
    only_due = [(task, promise) for task, promise in due if task not in fresh]
    if not fresh and not only_due:
        return 0
    letter = _Letter(translator("desk", reader.language), reader, settings)
    sections = [letter.fresh(fresh), letter.running_out(only_due)]
    letter.send(session, sections, "digest", channels, now)
    for task in fresh:
        task.owner_told_at = now
        _note(session, task, "told", [reader], now)
    for task, promise in due:
        setattr(task, promise.reminded_at.key, now)
        if task not in fresh:  # the news said until when
            _note(session, task, promise.reminded, [reader], now)
    session.flush()
    return 1


def _reminded_until(session: Session, settings: Settings, now: datetime) -> dict[int, datetime | None]:
    """Owner -> until when what runs out is to be told now; None outside their business hours: nobody would act."""
    working = select(FollowUp.owner_id).where(FollowUp.state != State.CLOSED)
    ahead = settings.alerts.remind_before
    found: dict[int, datetime | None] = {}
    for owner in session.scalars(select(User).where(User.active, User.id.in_(working))):
        calendar = calendar_of(owner, settings.followup)
        is_time = ahead > timedelta(0) and calendar.is_open(now)
        found[owner.id] = calendar.reaches(now, ahead) if is_time else None
    return found


def _owed(until: Mapping[int, datetime | None]) -> Select[FollowUp]:
    """What may have to be told: a glance that locks nothing, and shows a little too much."""
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
    """Whether it is time for a reminder: close to the end, but not before half of the time has passed."""
    due = promise.due(task)
    if until is None or due > until or not promise.is_open(task) or task.state == State.CLOSED:
        return False
    return getattr(task, promise.reminded_at.key) is None and now - task.opened_at >= due - now


def escalate(session: Session, channels: Channels, settings: Settings, now: datetime) -> int:
    """Tell the leads of promises that were not kept, all in one message; how many follow-ups that were."""
    leads = _leads(session, now)
    rested = now - settings.alerts.digest_after
    if not leads or not _can_write(channels) or _heard_since(session, leads, "escalation", rested):
        return 0
    late = or_(*(and_(each.open, each.escalated_at.is_(None), each.due_at < now) for each in PROMISES))
    tasks = _locked(session, FollowUp.state != State.CLOSED, late)
    missed = [(task, promise) for task in tasks for promise in PROMISES if _is_missed(task, promise, now)]
    if not missed:
        return 0
    for lead in leads:
        letter = _Letter(translator("desk", lead.language), lead, settings)
        letter.send(session, letter.missed(missed), "escalation", channels, now)
    for task, promise in missed:
        setattr(task, promise.escalated_at.key, now)
        _note(session, task, promise.escalated, leads, now)
    session.flush()
    return len({task.id for task, _ in missed})


def _is_missed(task: FollowUp, promise: Promise, now: datetime) -> bool:
    is_late = promise.is_open(task) and promise.due(task) < now
    return is_late and getattr(task, promise.escalated_at.key) is None


def _leads(session: Session, now: datetime) -> Sequence[User]:
    """The leads who are there; all of them where none is."""
    leads = _one_at_a_time(session, User.active.is_(True), User.roles.any(Role.name == RoleName.LEAD))
    return [lead for lead in leads if followups.present(session, lead, now) is lead] or leads


def tell_of_holds(session: Session, channels: Channels, settings: Settings, now: datetime) -> int:
    """One message about each hold to every admin, by an e-mail channel that is not held itself; how many."""
    closed = {each.channel for each in holds.in_force(session)}
    usable = {key: channel for key, channel in channels.items() if key not in closed}
    told = 0
    in_force = select(ChannelHold).where(ChannelHold.lifted_at.is_(None)).order_by(ChannelHold.id)
    for hold in session.scalars(in_force.with_for_update(skip_locked=True)).all():  # or two nodes tell of it
        for admin in session.scalars(_admins_not_told_of(hold)).all():
            subject, body = _about_hold(translator("desk", admin.language), hold, settings)
            message = tell(session, admin, subject, body, channels=usable, now=now, purpose="hold")
            if message:
                message.occurrence = hold.id
                told += 1
    return told


def _admins_not_told_of(hold: ChannelHold) -> Select[User]:
    told = select(Message.user_id).where(Message.purpose == "hold", Message.occurrence == hold.id)
    return select(User).where(User.active, User.roles.any(Role.name == RoleName.ADMIN), User.id.not_in(told))


def _about_hold(say: Translator, hold: ChannelHold, settings: Settings) -> tuple[str, str]:
    name = f"{hold.channel} ({hold.country})" if hold.country else hold.channel
    subject = say.gettext("{channel} is on hold", channel=name)
    how = say.gettext("Fix the cause, then release the channel on this page:")
    page = f"{settings.web.public_url.rstrip('/')}/deliveries/"
    return subject, "\n\n".join(
        [subject, hold.reason, say.gettext("Messages are waiting. None is lost."), f"{how}\n{page}"]
    )


# --- What stands in a message --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Section:
    """A headline, and what is under it."""

    headline: str
    lines: list[str]


@dataclass(frozen=True, slots=True)
class _Letter:
    """What one member of staff reads: no score and no words of the customer, for an inbox is a less protected
    place than the desk.
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
        self, session: Session, sections: Sequence[_Section], purpose: str, channels: Channels, now: datetime
    ) -> None:
        told = [section for section in sections if section.lines]
        subject = self.say.comma.join(section.headline for section in told)
        body = "\n\n".join(text for section in told for text in (section.headline, *section.lines))
        tell(session, self.reader, subject, body, channels=channels, now=now, purpose=purpose)

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
    """Each follow-up with the first of its promises only."""
    first: dict[int, tuple[FollowUp, Promise]] = {}
    for task, promise in owed:
        first.setdefault(task.id, (task, promise))
    return list(first.values())


# --- What was told -------------------------------------------------------------------------------


def _can_write(channels: Channels) -> bool:
    return any(channel.kind == "email" for channel in channels.values())


def _locked(session: Session, *conditions: ColumnElement[bool]) -> Sequence[FollowUp]:
    """Rows as they are now, held until the transaction ends; those that another worker holds are its business."""
    query = select(FollowUp).where(*conditions).order_by(FollowUp.id)
    related = (selectinload(FollowUp.account), selectinload(FollowUp.contact), selectinload(FollowUp.owner))
    held = query.options(*related).with_for_update(of=FollowUp, skip_locked=True)
    return session.scalars(held.execution_options(populate_existing=True)).all()


def _one_at_a_time(session: Session, *conditions: ColumnElement[bool]) -> Sequence[User]:
    """Readers, held until the transaction ends: or two workers tell them half each, and neither sees the other's.

    Always in the order of their numbers, and one such group in a transaction, so that nobody waits in a ring.
    What merely refers to a reader, like a note of theirs, does not wait.
    """
    query = select(User).where(*conditions).order_by(User.id).with_for_update(of=User, key_share=True)
    return session.scalars(query).all()


def _heard_since(session: Session, users: Iterable[User], purpose: str, since: datetime) -> bool:
    """Whether one of them got such a message lately; a password's e-mail is none."""
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
