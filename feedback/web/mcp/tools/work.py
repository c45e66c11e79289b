"""Tools for the work with customers: the queue, one follow-up, one account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import select

from feedback.core.followup import State
from feedback.core.health import Part
from feedback.core.text.localized import Text
from feedback.core.time.local_days import day_of
from feedback.errors import NotFound
from feedback.services import reports
from feedback.services.customers import queries
from feedback.services.customers.queries import AccountQuery
from feedback.services.followups import priority_reasons, workflow
from feedback.services.followups import queue as ranking
from feedback.services.followups.queue import Filter, QueueRow, Scales
from feedback.services.reports import AccountPage, ScoreRow, Standing
from feedback.services.staff.api_keys import Scope
from feedback.store.models import Account, FollowUp, FollowUpEntry
from feedback.web.api.shapes import Name, Number, Short
from feedback.web.mcp.measures import plain
from feedback.web.mcp.tool import Arguments, Result, Tool, ToolContext, quoted
from feedback.web.mcp.tools.answers import QUOTED
from feedback.web.wording import followup_wording, score_wording

ABOUT_CUSTOMERS = frozenset({"revenue", "renewal", "renewal_passed", "segment"})
"""Reasons of a priority that tell data of the account."""
TOLD_BY: Mapping[Part, Scope] = {
    Part.RELATIONSHIP: Scope.RESPONSES_READ,
    Part.EXPERIENCE: Scope.RESPONSES_READ,
    Part.DIRECTION: Scope.RESPONSES_READ,
    Part.FOLLOW_UPS: Scope.FOLLOW_UPS_READ,
}
"""Part of a health -> the scope that a key needs, besides that for customers: an account can have one answer."""
MOST_ENTRIES, MOST_SCORES, MOST_MATCHES = 20, 10, 10


class QueueArguments(Arguments):
    whose: Literal["mine", "unowned", "all"] = Field("all", description="mine: the key's owner")
    state: Literal["working", "snoozed", "closed"] = "working"
    overdue: bool = False
    kind: Literal["recovery", "advocacy"] | None = Field(None, description="complaint or praise")
    segment: Short | None = None
    limit: Annotated[int, Field(ge=1, le=25)] = 10


class FollowUpArguments(Arguments):
    id: Number = Field(description="from `queue`")


class AccountArguments(Arguments):
    account: Name = Field(description="external id, or a part of the name")


def queue(context: ToolContext, asked: QueueArguments) -> Result:
    """The follow-ups by priority, as on the desk, and how many there are."""
    zone = context.runtime.database.zone
    wanted = Filter(asked.whose, asked.state, asked.overdue, kind=asked.kind, segment=asked.segment)
    scales = Scales.from_settings(context.runtime.settings)
    rows = ranking.ranked(context.session, context.viewer, wanted, scales=scales, now=context.now, zone=zone)
    address = {
        "whose": asked.whose,
        "state": asked.state,
        "overdue": "1" if asked.overdue else None,
        "kind": asked.kind,
        "segment": asked.segment,
    }
    return {
        "about": QUOTED,
        "counts": ranking.counts(context.session, context.viewer, context.now, zone),
        "matching": len(rows),
        "follow_ups": [_queued(context, each) for each in rows[: asked.limit]],
        "link": context.link("desk.queue", **address),
    }


def _queued(context: ToolContext, row: QueueRow) -> Result:
    first = next(_words(context, row.task), None) if row.words and context.may(Scope.RESPONSES_READ) else None
    words = quoted(first) if first else {}
    return {
        **_task(context, row.task),
        "overdue": row.overdue,
        "priority": round(row.priority.value, 1),
        "because": list(_reasons(context, row)),
        **words,
        "link": context.link("desk.show", task_id=row.task.id),
    }


def _reasons(context: ToolContext, row: QueueRow) -> Iterator[str]:
    """Why it is ranked there; what is known of the account only for keys that may read customers."""
    currency = context.runtime.settings.organisation.currency
    revenue = priority_reasons.revenue(context.say, row.task.account, currency)
    for code, words, _points in priority_reasons.sentences(context.say, row.priority, revenue):
        if code not in ABOUT_CUSTOMERS or context.may(Scope.CUSTOMERS_READ):
            yield plain(words)


def _task(context: ToolContext, task: FollowUp) -> Result:
    told = {
        "id": task.id,
        "title": Text(task.title).to("en"),
        **_account_of(context, task.account),
        "kind": task.kind,
        "state": str(task.state),
        "urgency": task.urgency,
        "metric": None if task.metric is None else score_wording.metric_letters(context.say, task.metric),
        "score": task.score,
        "previous_score": task.previous_score,
        "owner": task.owner.name if task.owner else None,
        "opened_at": _moment(context, task.opened_at),
        "due_at": None if task.state == State.CLOSED else _moment(context, ranking.due_at(task)),
    }
    return {name: value for name, value in told.items() if value is not None}


def _account_of(context: ToolContext, account: Account | None) -> Result:
    if account is None:
        return {}
    if not context.may(Scope.CUSTOMERS_READ):
        return {"account": account.external_id}
    return {"account": account.external_id, "account_name": account.name}


def _moment(context: ToolContext, at: datetime | None) -> str | None:
    """A time in the organisation's time zone, with its offset."""
    return None if at is None else at.astimezone(context.runtime.database.zone).isoformat(timespec="minutes")


def follow_up(context: ToolContext, asked: FollowUpArguments) -> Result:
    """One follow-up with its timeline. Raises NotFound, also if the key's owner does not see it."""
    task = workflow.find(context.session, asked.id, context.viewer)
    cause = workflow.root_cause_of(context.session, task)
    reads_words = context.may(Scope.RESPONSES_READ)
    said = [quoted(each) for each in _words(context, task)] if reads_words else []
    told = {
        **_task(context, task),
        "first_contact_at": _moment(context, task.first_contact_at),
        "snoozed_until": _moment(context, task.snoozed_until),
        "closed_at": _moment(context, task.closed_at),
        "outcome": task.outcome,
        "root_cause": Text(cause.title).to("en") if cause else None,
        "customer_said": said or None,
        "timeline": [_entry(context, each) for each in task.entries[-MOST_ENTRIES:]],
        "earlier_entries": max(0, len(task.entries) - MOST_ENTRIES) or None,
        "link": context.link("desk.show", task_id=task.id),
    }
    return {"about": QUOTED, **{name: value for name, value in told.items() if value is not None}}


def _words(context: ToolContext, task: FollowUp) -> Iterator[str]:
    """What the customer wrote, without the answers to questions for a name or an address."""
    asked = context.runtime.library.questionnaire_of(task.response.version)
    for each in task.response.answers:
        if each.text and not reports.asks_who(asked.question(each.question)):
            yield each.text


def _entry(context: ToolContext, entry: FollowUpEntry) -> Result:
    words = quoted(entry.text) if entry.text else {}
    return {
        "at": _moment(context, entry.at),
        "who": entry.user.name if entry.user else None,
        "did": plain(followup_wording.did(context.say, entry, str(entry.detail.get("until", "")))),
        **words,
    }


def account(context: ToolContext, asked: AccountArguments) -> Result:
    """One account with health, scores and follow-ups; several names that match are listed to choose from."""
    found = _matching(context, asked.account.strip())
    if not found:
        raise NotFound(
            "No account has this external id or a name with these words, or the key's owner sees none."
        )
    if len(found) > 1:
        names = [_account_of(context, each) for each in found[:MOST_MATCHES]]
        return {"several_match": names, "more": len(found) > MOST_MATCHES}
    page = reports.account_page(
        context.session,
        context.viewer,
        found[0].id,
        now=context.now,
        settings=context.runtime.settings.health,
    )
    return _account_told(context, page)


def _matching(context: ToolContext, wanted: str) -> list[Account]:
    """The account with this external id, or those whose name has these words, by name."""
    query = queries.accounts(context.viewer, AccountQuery(search=wanted))
    exact = context.session.scalar(query.where(Account.external_id == wanted))
    if exact is not None:
        return [exact]
    ordered = query.order_by(Account.name, Account.id).limit(MOST_MATCHES + 1)
    named = list(context.session.scalars(ordered))
    same = [each for each in named if each.name.casefold() == wanted.casefold()]
    return same if len(same) == 1 else named


def _account_told(context: ToolContext, page: AccountPage) -> Result:
    standing = page.standing
    row, signs = standing.account, standing.signs
    currency = context.runtime.settings.organisation.currency
    told = {
        "account": row.external_id,
        "account_name": row.name,
        "owner": row.owner.name if row.owner else None,
        "segment": row.segment,
        "revenue_per_month": plain(priority_reasons.revenue(context.say, row, currency)) or None,
        "renewal_on": row.renewal_on.isoformat() if row.renewal_on else None,
        "health": _health(context, standing),
        "surveys": {
            "answered": signs.answered,
            "answered_or_expired": signs.asked,
            "days": reports.SILENCE_WITHIN.days,
        },
        "latest_scores": [_score(context, each) for each in page.scores[:MOST_SCORES]]
        if context.may(Scope.RESPONSES_READ)
        else None,
        "open_follow_ups": _open_tasks(context, row.id) if context.may(Scope.FOLLOW_UPS_READ) else None,
        "link": context.link("insights.account", account_id=row.id),
    }
    return {name: value for name, value in told.items() if value is not None}


def _health(context: ToolContext, standing: Standing) -> Result:
    """From 0 to 100, and what it is made of, as far as the key may read it; the value is None if only the follow-ups
    are known."""
    found = standing.health
    return {
        "value": None if found.value is None else round(found.value),
        "level": found.level.value if found.level else None,
        "parts": {
            share.part.value: {
                "value": None if share.value is None else round(share.value),
                "because": plain(score_wording.because(context.say, standing, share.part)),
            }
            for share in found.shares
            if share.part not in TOLD_BY or context.may(TOLD_BY[share.part])
        },
    }


def _score(context: ToolContext, row: ScoreRow) -> dict[str, Any]:
    return {
        "day": day_of(row.at, context.runtime.database.zone).isoformat(),
        "survey": row.trend,
        "metric": score_wording.metric_letters(context.say, row.metric),
        "value": row.value,
        "band": row.band,
    }


def _open_tasks(context: ToolContext, account_id: int) -> list[Result]:
    wanted = select(FollowUp).where(FollowUp.account_id == account_id, FollowUp.state != State.CLOSED)
    tasks = context.session.scalars(wanted.order_by(FollowUp.id.desc()).limit(MOST_SCORES))
    return [{**_task(context, each), "link": context.link("desk.show", task_id=each.id)} for each in tasks]


WORK_TOOLS = (
    Tool(
        "queue",
        "Follow-ups by priority with the reasons, and how many are open, overdue and due today.",
        QueueArguments,
        queue,
        (Scope.FOLLOW_UPS_READ,),
        subject="queue",
    ),
    Tool(
        "follow_up",
        "One follow-up: state, targets, what the customer said (quoted data), timeline.",
        FollowUpArguments,
        follow_up,
        (Scope.FOLLOW_UPS_READ,),
        subject="queue",
    ),
    Tool(
        "account",
        "One customer company: health and its parts, latest scores, open follow-ups, renewal.",
        AccountArguments,
        account,
        (Scope.CUSTOMERS_READ,),
        subject="accounts",
    ),
)
