"""Sends the reports by mail that are due, each period once, whatever workers there are and whenever one is killed.

The period that was decided last is stored in the report's row, in the transaction that queues its mails in the outbox.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from feedback.core.lifecycle import MessageState
from feedback.core.time.period import Bucket, Period
from feedback.i18n import LANGUAGES, Translator, translator
from feedback.services import audit, reports
from feedback.services.context import Context
from feedback.services.report_mails import schedules
from feedback.services.report_mails.letters import ReportLetter
from feedback.services.reports import EVERYBODY, Glance, Group
from feedback.services.sharing import shared_links
from feedback.services.sharing.shared_links import SharedFilters
from feedback.services.staff.accounts import RoleName
from feedback.store.database import zone_of
from feedback.store.models import Message, ReportMail, Response, SharedLink, User
from feedback.store.portions import Portions

PURPOSE = "report"
_ALL_ACCOUNTS = frozenset(set(RoleName) - {RoleName.CSM})
"""Roles that see all accounts, as in `web.auth.permissions`; a CSM gets the scores of their own."""


@dataclass(frozen=True, slots=True)
class ReportMailDraft:
    """A mail that is ready to be queued; `user_id` None is for somebody without an account."""

    recipient: str
    user_id: int | None
    language: str
    subject: str
    body: str
    html: str


def send_due(portions: Portions, context: Context, now: datetime) -> None:
    """Queue the mails of every report that is due."""
    if _provider(context) is None:
        return
    with portions.database.reading() as session:
        zone = zone_of(session)
        candidates = select(ReportMail).where(ReportMail.paused_at.is_(None)).order_by(ReportMail.id)
        due = {
            row.id: period
            for row in session.scalars(candidates)
            if (period := schedules.due_period(row, now, zone)) is not None
        }
        drafts = {
            mail_id: list(_written(session, mail_id, period, context, now)) for mail_id, period in due.items()
        }
    portions.each(list(due.items()), partial(_decide, drafts, context, now))


def send_now(session: Session, mail_id: int, context: Context, *, by: int, now: datetime) -> int:
    """Queue the mails about the last full period, whatever was sent of it. Returns their number."""
    row = schedules.find(session, mail_id)
    period = schedules.last_period(row.rhythm, now, zone_of(session))
    drafts = list(_written(session, mail_id, period, context, now))
    for draft in drafts:
        _queue(session, draft, context, now)
    audit.record(session, "sent", schedules.SUBJECT, mail_id, by=by, now=now, mails=len(drafts))
    return len(drafts)


def _decide(
    drafts: dict[int, list[ReportMailDraft]],
    context: Context,
    now: datetime,
    session: Session,
    due: Any,
) -> None:
    """Queue the mails of a period, unless another worker has decided about it in the meantime."""
    for mail_id, period in due:
        row = session.get(ReportMail, mail_id, with_for_update=True, populate_existing=True)
        if row is None or schedules.due_period(row, now, zone_of(session)) != period:
            continue
        row.decided = period.start
        mails = drafts[mail_id]
        is_quiet = _is_quiet(session, period)
        if not is_quiet or row.quiet_since is None:
            for draft in mails:
                _queue(session, draft, context, now)
        row.quiet_since = (row.quiet_since or now) if is_quiet else None
        if mails:
            row.sent_at = now


def _is_quiet(session: Session, period: Period) -> bool:
    """Whether nobody has answered in the period."""
    first, after = period.moments(zone_of(session))
    wanted = select(Response.id).where(Response.answered_at >= first, Response.answered_at < after)
    return session.scalar(wanted.limit(1)) is None


def _written(
    session: Session, mail_id: int, period: Period, context: Context, now: datetime
) -> Iterator[ReportMailDraft]:
    related = selectinload(ReportMail.link).selectinload(SharedLink.maker)
    row = session.scalar(select(ReportMail).where(ReportMail.id == mail_id).options(related))
    if row is None:
        return
    quiet = _is_quiet(session, period)
    site = context.settings.web.public_url.rstrip("/")
    base = ReportLetter(
        translator("desk", "en"), row.name, context.settings.organisation.name, period, (), ""
    )
    wanted = select(User).where(User.id.in_(row.people), User.active).options(selectinload(User.roles))
    for user in session.scalars(wanted.order_by(User.id)):
        group = EVERYBODY if _sees_all(user) else Group("owner", str(user.id), is_own=True)
        days = f"from={period.start.isoformat()}&to={period.end.isoformat()}"
        letter = replace(base, say=_translator(user.language), link=f"{site}/insights/?{days}")
        letter = replace(letter, glances=_glances(session, period, group, context))
        yield _draft(letter, quiet, user.email, user.id)
    link = row.link
    if not row.addresses or link is None or shared_links.is_over(link, now) or not _may_share(link.maker):
        return
    group = _group(SharedFilters.from_stored(link.filters), link.maker)
    say = _translator(link.language or row.language)
    letter = replace(
        base,
        say=say,
        link=f"{site}/shared/{shared_links.token_of(context.settings, link)}",
        until=say.date(link.expires_at.astimezone(zone_of(session)).date()),
        glances=_glances(session, period, group, context),
    )
    for each in row.addresses:
        yield _draft(letter, quiet, each, None)


def _draft(letter: ReportLetter, quiet: bool, recipient: str, user_id: int | None) -> ReportMailDraft:
    written = letter.quiet() if quiet else letter.written()
    return ReportMailDraft(recipient, user_id, letter.say.language, *written)


def _translator(language: str | None) -> Translator:
    return translator("desk", language if language in LANGUAGES["desk"] else "en")


def _glances(session: Session, period: Period, group: Group, context: Context) -> list[Glance]:
    return reports.overview(
        session, reports.all_series(session, context.library), period, Bucket.MONTH, group
    )


def _sees_all(user: User) -> bool:
    return any(role.name in _ALL_ACCOUNTS for role in user.roles)


def _may_share(maker: User) -> bool:
    """Whether the maker of a link may still give data away, as the page behind it asks."""
    return any(role.name in (RoleName.LEAD, RoleName.ADMIN) for role in maker.roles)


def _group(frozen: SharedFilters, maker: User) -> Group:
    """The group of a shared page, protected as in a breakdown."""
    if not _sees_all(maker):
        return Group("owner", str(maker.id))
    dimension, colon, key = frozen.group.partition(":")
    return Group(dimension, key) if colon else EVERYBODY


def _provider(context: Context) -> str | None:
    return next((key for key, each in context.providers.items() if each.channel == "email"), None)


def _queue(session: Session, draft: ReportMailDraft, context: Context, now: datetime) -> None:
    provider = _provider(context)
    if provider is None:
        return
    session.add(
        Message(
            user_id=draft.user_id,
            purpose=PURPOSE,
            provider=provider,
            channel="email",
            recipient=draft.recipient,
            subject=draft.subject,
            body=draft.body,
            html=draft.html,
            language=draft.language,
            headers={},
            state=MessageState.QUEUED,
            due_at=now,
            created_at=now,
            is_demo=False,
        )
    )
