"""Posts notifications about follow-ups to Slack and Teams, through incoming webhooks.

The calls have their own outbox: they are queued in a transaction, made outside any transaction, and retried. A
notification is delivered at least once, and can be delivered twice if a response was lost, because neither
service can be asked about a call. (For messages to customers, services/messaging/dispatch.py has a stricter rule.) A
notification contains the account's name and a link to the follow-up, but no person, score or words of the customer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import requests
import structlog
from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, selectinload

from feedback.core.followup import State
from feedback.core.lifecycle import NoticeState
from feedback.core.text.localized import Text
from feedback.errors import NotFound
from feedback.i18n import LANGUAGES, Translator, translator
from feedback.services import audit
from feedback.services.followups import timeline
from feedback.services.messaging import outbox
from feedback.services.notifications.promises import CLOSE, CONTACT, Promise
from feedback.settings import Settings
from feedback.store.database import Database
from feedback.store.models import FollowUp, WebhookCall, WebhookNotice

log = structlog.get_logger()

NEW, LATE, UNCLOSED, AGAIN = "new", "late", "unclosed", "again"
NEWS = (NEW, LATE, UNCLOSED)
MISSED: Mapping[str, Promise] = {LATE: CONTACT, UNCLOSED: CLOSE}
NAMES: Mapping[str, str] = {"slack": "Slack", "teams": "Teams"}
TOO_OLD = timedelta(days=2)
"""Older follow-ups are not posted, so that a chat is not flooded after downtime."""
TRY_FOR = timedelta(days=1)
"""Notifications older than this are given up; the follow-ups are in the queue anyway."""
TIMEOUT = (5.0, 10.0)  # seconds to connect, and between two bytes of the response
DECIDING = 7236_0002  # an arbitrary key: workers take this PostgreSQL advisory lock in turn
LEASE = timedelta(minutes=10)  # much longer than a batch of calls can take
BATCH = 20
SHOWN = 20
"""Maximum number of follow-ups that a notification lists; further ones are only counted."""


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a notification."""

    name: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class ChatResponse:
    """The result of a call. `again` means that a retry can succeed, after at least `wait` seconds."""

    code: str
    taken: bool = False
    again: bool = False
    wait: float | None = None


@dataclass(frozen=True, slots=True)
class ClaimedCall:
    """A call that this worker has claimed."""

    id: int
    attempt: int
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Trouble:
    """A chat that has refused everything since `since`: the number of notifications, and the last error."""

    kind: str
    name: str
    n: int
    error: str
    since: datetime


KINDS = ("slack", "teams")
"""Every chat that there is."""


def addresses(settings: Settings) -> dict[str, str]:
    """The configured webhooks, by kind."""
    secrets = {"slack": settings.alerts.slack_webhook, "teams": settings.alerts.teams_webhook}
    return {kind: secret.reveal() for kind, secret in secrets.items() if secret}


# --- Deciding ------------------------------------------------------------------------------------


def queue_news(session: Session, settings: Settings, now: datetime) -> int:
    """Queue a notification for every chat that has news. Returns the number of notifications.

    As with e-mails, news within `alerts.digest_after` of the last notification is merged into the next one.
    """
    queued, kinds = 0, addresses(settings)
    if kinds:
        _one_at_a_time(session)
    for kind in kinds:
        for about in NEWS:
            if not _told_since(session, kind, about, now - settings.alerts.digest_after):
                queued += _queue(session, kind, about, settings, now)
    return queued


def _one_at_a_time(session: Session) -> None:
    """Take a lock, so that two workers do not split the news into two notifications. SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(DECIDING)))


def _told_since(session: Session, kind: str, about: str, since: datetime) -> bool:
    latest = select(func.max(WebhookCall.created_at)).where(
        WebhookCall.kind == kind, WebhookCall.about == about
    )
    last = session.scalar(latest)
    return last is not None and last > since


def _queue(session: Session, kind: str, about: str, settings: Settings, now: datetime) -> int:
    tasks = _untold(session, kind, about, now)
    if not tasks:
        return 0
    notices = [WebhookNotice(follow_up=task, kind=kind, about=about) for task in tasks]
    session.add(_fresh(kind, about, payload(kind, about, tasks, settings), now, notices))
    session.flush()
    return 1


def _untold(session: Session, kind: str, about: str, now: datetime) -> Sequence[FollowUp]:
    told = select(WebhookNotice.follow_up_id).where(WebhookNotice.kind == kind, WebhookNotice.about == about)
    return session.scalars(
        select(FollowUp)
        .where(FollowUp.id.not_in(told), *_news(about, now))
        .options(selectinload(FollowUp.account))
        .order_by(FollowUp.id)
        .with_for_update(of=FollowUp, skip_locked=True)
    ).all()


def _news(about: str, now: datetime) -> Iterator[ColumnElement[bool]]:
    """SQL conditions for follow-ups with this kind of recent news. A snoozed follow-up can also miss a target."""
    promise = MISSED.get(about)
    if promise is None:
        yield FollowUp.state.in_((State.OPEN, State.TAKEN))
        yield FollowUp.opened_at > now - TOO_OLD
    else:
        yield FollowUp.state != State.CLOSED
        yield promise.open
        yield promise.due_at.between(now - TOO_OLD, now)


# --- Saying --------------------------------------------------------------------------------------


def payload(kind: str, about: str, tasks: Sequence[FollowUp], settings: Settings) -> dict[str, Any]:
    """The notification in the service's format and the organisation's language."""
    language = settings.organisation.default_language
    say = translator("desk", language if language in LANGUAGES["desk"] else "en")
    site = settings.web.public_url.rstrip("/")
    items = [_item(say, task, site) for task in tasks[:SHOWN]]
    if len(tasks) > SHOWN:
        items.append(Item(say.gettext("and {n} more", n=len(tasks) - SHOWN), "", f"{site}/desk/"))
    return _SHAPES[kind](_headline(say, about, len(tasks)), items)


def _item(say: Translator, task: FollowUp, site: str) -> Item:
    title = Text(task.title).to(say.language)
    name = task.account.name if task.account else ""
    return Item(title if not name or _is_address(name) else name, title, f"{site}/desk/{task.id}")


def _is_address(name: str) -> bool:
    """Whether an account's name is a phone number or an e-mail address, as imports of consumers may have it."""
    return "@" in name or sum(sign.isdigit() for sign in name) >= 7


def _headline(say: Translator, about: str, n: int) -> str:
    if about == AGAIN:
        return say.gettext("Follow-up notifications are working again.")
    if about == LATE:
        return say.ngettext(
            "{n} customer was not contacted in time", "{n} customers were not contacted in time", n
        )
    if about == UNCLOSED:
        return say.ngettext(
            "{n} follow-up was not closed in time", "{n} follow-ups were not closed in time", n
        )
    return say.ngettext("{n} new follow-up", "{n} new follow-ups", n)


def _slack(headline: str, items: Sequence[Item]) -> dict[str, Any]:
    """Slack's format; only &, < and > are escaped (https://docs.slack.dev/messaging/formatting-message-text)."""
    lines = [f"• <{item.url}|{_plain(item.name)}> {_plain(item.title)}".rstrip() for item in items]
    return {"text": "\n".join([f"*{headline}*", *lines]), "unfurl_links": False}


def _plain(text: str) -> str:
    """Escape what Slack would interpret as a mention or a link."""
    harmless = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("|", "/")
    return " ".join(harmless.split())


def _teams(headline: str, items: Sequence[Item]) -> dict[str, Any]:
    """An Adaptive Card, which a Teams workflow posts. Its texts support Markdown links and little else."""
    head = {"type": "TextBlock", "text": headline, "weight": "Bolder", "wrap": True}
    lines = [
        {"type": "TextBlock", "text": f"[{_literal(item.name)}]({item.url}) {_literal(item.title)}".rstrip()}
        | {"wrap": True, "spacing": "Small"}
        for item in items
    ]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [head, *lines],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [attachment]}


def _literal(text: str) -> str:
    """Remove Markdown characters, because not every Teams client supports escaping them."""
    return " ".join("".join(" " if sign in "[]()*_`\\<>" else sign for sign in text).split())


_SHAPES: Mapping[str, Callable[[str, Sequence[Item]], dict[str, Any]]] = {"slack": _slack, "teams": _teams}


# --- Calling -------------------------------------------------------------------------------------


def post_due(
    database: Database,
    settings: Settings,
    kind: str,
    now: datetime,
    *,
    clock: Callable[[], datetime] | None = None,
) -> int:
    """Make the due calls to one chat, and record each in its own transaction. Returns the number of calls."""
    with database.writing() as session:
        claimed = _claim(session, kind, now)
    for each in claimed:
        answer = post(addresses(settings)[kind], each.payload)
        with database.writing() as session:
            _record(session, each, answer, clock() if clock else now)
    return len(claimed)


def _claim(session: Session, kind: str, now: datetime) -> list[ClaimedCall]:
    due = session.scalars(
        select(WebhookCall)
        .where(WebhookCall.kind == kind, WebhookCall.state == NoticeState.QUEUED, WebhookCall.due_at <= now)
        .order_by(WebhookCall.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for call in due:
        call.attempts, call.due_at = call.attempts + 1, now + LEASE
    return [ClaimedCall(call.id, call.attempts, dict(call.payload)) for call in due]


def post(url: str, body: Mapping[str, Any]) -> ChatResponse:
    """Make one call. It does not raise: a failed connection is an Answer that allows a retry."""
    try:
        with requests.post(url, json=body, timeout=TIMEOUT, allow_redirects=False, stream=True) as response:
            return _read(response)
    except requests.Timeout:
        return ChatResponse("timeout", again=True)
    except requests.exceptions.InvalidURL:
        return ChatResponse("bad_address")
    except requests.ConnectionError:
        return ChatResponse("unreachable", again=True)
    except (requests.RequestException, ValueError) as error:  # ValueError: not a valid address
        return ChatResponse(type(error).__name__.lower()[:64])


def _read(response: requests.Response) -> ChatResponse:
    """Classify a response: 429 and server errors allow a retry, any other error does not."""
    status = response.status_code
    again = status == requests.codes.too_many_requests or status >= requests.codes.internal_server_error
    wait = response.headers.get("Retry-After", "")
    seconds = min(float(wait), TRY_FOR.total_seconds()) if wait.isdecimal() else None
    return ChatResponse(f"http_{status}", taken=200 <= status < 300, again=again, wait=seconds)


def _record(session: Session, claimed: ClaimedCall, answer: ChatResponse, now: datetime) -> None:
    """Record the result: a success always counts, a failure only if it is that of the latest attempt."""
    call = session.get(WebhookCall, claimed.id, with_for_update=True)
    if call is None or call.state != NoticeState.QUEUED:
        return
    if answer.taken:
        call.state, call.sent_at, call.error = NoticeState.SENT, now, None
        _finish(session, call, "posted", now)
    elif call.attempts == claimed.attempt:
        _refused(session, call, answer, now)


def _refused(session: Session, call: WebhookCall, answer: ChatResponse, now: datetime) -> None:
    call.error = answer.code
    again = now + outbox.backoff(call.attempts, answer.wait)
    log.warning("webhook.refused", kind=call.kind, call=call.id, code=answer.code, attempt=call.attempts)
    if answer.again and again < call.created_at + TRY_FOR:
        call.due_at = again
    else:
        call.state = NoticeState.FAILED
        _finish(session, call, "not_posted", now)


def _finish(session: Session, call: WebhookCall, entry: str, now: datetime) -> None:
    """Add an entry to the timeline of each follow-up, and delete the payload, which is no longer needed."""
    call.payload = {}
    detail = {"name": NAMES[call.kind]} | ({"code": call.error} if call.error else {})
    for notice in call.notices:
        timeline.add(session, notice.follow_up_id, entry, now=now, detail=detail)


# --- Status --------------------------------------------------------------------------------------


def troubles(session: Session, settings: Settings) -> list[Trouble]:
    """The chats that have refused all notifications since the last one that they accepted."""
    found = (_trouble(session, kind) for kind in addresses(settings))
    return [each for each in found if each]


def _trouble(session: Session, kind: str) -> Trouble | None:
    refused = session.execute(
        select(WebhookCall.error, WebhookCall.created_at)
        .where(*_refused_since(kind))
        .order_by(WebhookCall.id)
    ).all()
    if not refused:
        return None
    return Trouble(kind, NAMES[kind], len(refused), refused[-1].error or "", refused[0].created_at)


def _refused_since(kind: str) -> tuple[ColumnElement[bool], ...]:
    """SQL conditions for the calls that a chat has refused since the last one that it accepted."""
    taken = select(func.coalesce(func.max(WebhookCall.id), 0))
    last_taken = taken.where(
        WebhookCall.kind == kind, WebhookCall.state == NoticeState.SENT
    ).scalar_subquery()
    return (WebhookCall.kind == kind, WebhookCall.error.is_not(None), WebhookCall.id > last_taken)


# --- Retrying ------------------------------------------------------------------------------------


def retry(session: Session, settings: Settings, kind: str, *, by: int, now: datetime) -> int:
    """Retry a chat that refused our notifications. Returns the number of follow-ups in the new notifications.

    Given-up calls are replaced by one new notification per kind of news, without follow-ups that are closed or
    contacted by now; calls that wait for a retry are made immediately. If there is nothing to report, a line says that
    notifications work again, to show that the fixed webhook works. Raises NotFound for a chat that is not set.
    """
    if kind not in addresses(settings):
        raise NotFound("Chat not found.")
    notices = _still_news(
        session, select(WebhookCall.id).where(*_refused_since(kind), WebhookCall.state == NoticeState.FAILED)
    )
    waiting = session.scalars(
        select(WebhookCall).where(WebhookCall.kind == kind, WebhookCall.state == NoticeState.QUEUED)
    ).all()
    for call in waiting:
        call.due_at = now
    for about in NEWS:
        if told := [notice for notice in notices if notice.about == about]:
            tasks = [notice.follow_up for notice in told]
            session.add(_fresh(kind, about, payload(kind, about, tasks, settings), now, told))
    if not waiting and not notices:
        session.add(_fresh(kind, AGAIN, payload(kind, AGAIN, (), settings), now, []))
    audit.record(session, "retried", "webhook", None, by=by, now=now, chat=kind, follow_ups=len(notices))
    return len(notices)


def _still_news(session: Session, calls: Select[int]) -> Sequence[WebhookNotice]:
    return session.scalars(
        select(WebhookNotice)
        .join(FollowUp, FollowUp.id == WebhookNotice.follow_up_id)
        .where(WebhookNotice.call_id.in_(calls), FollowUp.state != State.CLOSED)
        .where(or_(WebhookNotice.about != LATE, CONTACT.open))
        .options(selectinload(WebhookNotice.follow_up).selectinload(FollowUp.account))
        .order_by(WebhookNotice.id)
    ).all()


def _fresh(
    kind: str, about: str, body: Mapping[str, Any], now: datetime, notices: Sequence[WebhookNotice]
) -> WebhookCall:
    """A new due call; the notices of the earlier calls are moved to it."""
    return WebhookCall(
        kind=kind,
        about=about,
        payload=dict(body),
        state=NoticeState.QUEUED,
        created_at=now,
        due_at=now,
        notices=list(notices),
    )
