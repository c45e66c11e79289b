"""Telling a Slack or Teams channel of follow-ups, through its incoming webhook.

The calls have an outbox of their own: decided in a transaction, made outside any, tried again while that makes
sense. A notice arrives at least once, and may arrive twice where an answer of the other side was lost: neither
service can be asked what became of a call, and to colleagues two notices are better than none. (To customers
they would not be; services/delivery.py holds to a stricter rule.) A notice names the account and links to the
follow-up: no person, no score, no words of the customer.
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
from feedback.core.text import Text
from feedback.errors import NotFound
from feedback.i18n import LANGUAGES, Translator, translator
from feedback.services import audit, outbox
from feedback.services.alerts import CLOSE, CONTACT, Promise
from feedback.settings import Settings
from feedback.store.database import Database
from feedback.store.models import FollowUp, FollowUpEntry, WebhookCall, WebhookNotice

log = structlog.get_logger()

NEW, LATE, UNCLOSED, AGAIN = "new", "late", "unclosed", "again"
NEWS = (NEW, LATE, UNCLOSED)
MISSED: Mapping[str, Promise] = {LATE: CONTACT, UNCLOSED: CLOSE}
NAMES: Mapping[str, str] = {"slack": "Slack", "teams": "Teams"}
TOO_OLD = timedelta(days=2)
"""Follow-ups from before are no news to a chat: an installation that was down does not wake up shouting."""
TRY_FOR = timedelta(days=1)
"""News of yesterday need not be told in a chat any more; they are in the queue anyway."""
TIMEOUT = (5.0, 10.0)  # seconds to connect, and between two bytes of the answer
DECIDING = 7236_0002  # any number: workers take this PostgreSQL advisory lock in turn
LEASE = timedelta(minutes=10)  # far longer than a batch of calls can last
BATCH = 20
SHOWN = 20
"""Follow-ups that one notice lists; the others are counted."""


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a notice."""

    name: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said. `again`: it may take the same call later, after `wait` seconds at least."""

    code: str
    taken: bool = False
    again: bool = False
    wait: float | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A call that this worker owes."""

    id: int
    attempt: int
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Trouble:
    """A chat that has taken nothing since `since`: how many notices that were, and what it said last."""

    kind: str
    name: str
    n: int
    error: str
    since: datetime


def addresses(settings: Settings) -> dict[str, str]:
    """The webhooks that are set, by kind."""
    secrets = {"slack": settings.alerts.slack_webhook, "teams": settings.alerts.teams_webhook}
    return {kind: secret.reveal() for kind, secret in secrets.items() if secret}


# --- Deciding ------------------------------------------------------------------------------------


def queue_news(session: Session, settings: Settings, now: datetime) -> int:
    """Queue a notice for every chat that has something to hear; how many notices.

    As with e-mails, what comes within `alerts.digest_after` of the last notice waits and becomes one.
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
    """Or two workers, who find half of the news each, make two notices of it. SQLite has one writer anyway."""
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
    """What is old is no news. A promise is missed also while the follow-up is put off: the customer waits."""
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
    """The notice as the service wants it, in the organisation's language."""
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
    """Where customers are persons, imports name accounts by a phone number or an e-mail address."""
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
    """https://docs.slack.dev/messaging/formatting-message-text: &, < and > are the only signs to escape."""
    lines = [f"• <{item.url}|{_plain(item.name)}> {_plain(item.title)}".rstrip() for item in items]
    return {"text": "\n".join([f"*{headline}*", *lines]), "unfurl_links": False}


def _plain(text: str) -> str:
    """Nothing that Slack would read as a mention, a link, or the end of one."""
    harmless = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("|", "/")
    return " ".join(harmless.split())


def _teams(headline: str, items: Sequence[Item]) -> dict[str, Any]:
    """An Adaptive Card, which a Teams workflow posts. Its texts know Markdown links and little else."""
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
    """Without the signs of Markdown: they have no escape that every client of Teams honours."""
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
    """Make the calls that are due to one chat, each recorded by itself; how many calls were made."""
    with database.writing() as session:
        claimed = _claim(session, kind, now)
    for each in claimed:
        answer = post(addresses(settings)[kind], each.payload)
        with database.writing() as session:
            _record(session, each, answer, clock() if clock else now)
    return len(claimed)


def _claim(session: Session, kind: str, now: datetime) -> list[Claimed]:
    due = session.scalars(
        select(WebhookCall)
        .where(WebhookCall.kind == kind, WebhookCall.state == "queued", WebhookCall.due_at <= now)
        .order_by(WebhookCall.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for call in due:
        call.attempts, call.due_at = call.attempts + 1, now + LEASE
    return [Claimed(call.id, call.attempts, dict(call.payload)) for call in due]


def post(url: str, body: Mapping[str, Any]) -> Answer:
    """Make one call. Never raises: whatever happens on the way is an answer that may be better next time."""
    try:
        with requests.post(url, json=body, timeout=TIMEOUT, allow_redirects=False, stream=True) as response:
            return _read(response)
    except requests.Timeout:
        return Answer("timeout", again=True)
    except requests.exceptions.InvalidURL:
        return Answer("bad_address")
    except requests.ConnectionError:
        return Answer("unreachable", again=True)
    except (requests.RequestException, ValueError) as error:  # ValueError: an address that is none at all
        return Answer(type(error).__name__.lower()[:64])


def _read(response: requests.Response) -> Answer:
    """Too many calls and faults of the server pass; anything else but success says that it never will."""
    status = response.status_code
    again = status == requests.codes.too_many_requests or status >= requests.codes.internal_server_error
    wait = response.headers.get("Retry-After", "")
    seconds = min(float(wait), TRY_FOR.total_seconds()) if wait.isdecimal() else None
    return Answer(f"http_{status}", taken=200 <= status < 300, again=again, wait=seconds)


def _record(session: Session, claimed: Claimed, answer: Answer, now: datetime) -> None:
    """A success is a fact whoever had it; a failure counts only if it is that of the newest attempt."""
    call = session.get(WebhookCall, claimed.id, with_for_update=True)
    if call is None or call.state != "queued":
        return
    if answer.taken:
        call.state, call.sent_at, call.error = "sent", now, None
        _finish(session, call, "posted", now)
    elif call.attempts == claimed.attempt:
        _refused(session, call, answer, now)


def _refused(session: Session, call: WebhookCall, answer: Answer, now: datetime) -> None:
    call.error = answer.code
    again = now + outbox.backoff(call.attempts, answer.wait)
    log.warning("webhook.refused", kind=call.kind, call=call.id, code=answer.code, attempt=call.attempts)
    if answer.again and again < call.created_at + TRY_FOR:
        call.due_at = again
    else:
        call.state = "failed"
        _finish(session, call, "not_posted", now)


def _finish(session: Session, call: WebhookCall, entry: str, now: datetime) -> None:
    """Into the history of each follow-up; the text itself is needed no more."""
    call.payload = {}
    detail = {"name": NAMES[call.kind]} | ({"code": call.error} if call.error else {})
    session.add_all(
        FollowUpEntry(follow_up_id=notice.follow_up_id, at=now, user_id=None, kind=entry, detail=detail)
        for notice in call.notices
    )


# --- Seeing --------------------------------------------------------------------------------------


def troubles(session: Session, settings: Settings) -> list[Trouble]:
    """The chats that have refused everything since the last notice that they took."""
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
    """The calls that a chat has refused since the last one that it took."""
    taken = select(func.coalesce(func.max(WebhookCall.id), 0))
    last_taken = taken.where(WebhookCall.kind == kind, WebhookCall.state == "sent").scalar_subquery()
    return (WebhookCall.kind == kind, WebhookCall.error.is_not(None), WebhookCall.id > last_taken)


# --- Mending -------------------------------------------------------------------------------------


def retry(session: Session, settings: Settings, kind: str, *, by: int, now: datetime) -> int:
    """Call a chat once more that refused our notices; how many follow-ups it will be told of.

    What was given up goes out as one fresh notice for each kind of news, without what is closed or called by now;
    what waits for another try goes at once. Where nothing is left to tell, a line says that notices come again, so that
    whoever mended the webhook sees it work. Raises NotFound for a chat that is not set.
    """
    if kind not in addresses(settings):
        raise NotFound("Chat not found.")
    notices = _still_news(
        session, select(WebhookCall.id).where(*_refused_since(kind), WebhookCall.state == "failed")
    )
    waiting = session.scalars(
        select(WebhookCall).where(WebhookCall.kind == kind, WebhookCall.state == "queued")
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
    """A call that is due; its notices leave the ones before."""
    return WebhookCall(
        kind=kind,
        about=about,
        payload=dict(body),
        state="queued",
        created_at=now,
        due_at=now,
        notices=list(notices),
    )
