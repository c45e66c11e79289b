"""The tool that says who will be asked in the coming days: the forecast of `feedback plan`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Annotated

from pydantic import Field
from sqlalchemy.orm import Session

from feedback.services.access import Viewer
from feedback.services.customers import queries
from feedback.services.customers.queries import ContactQuery
from feedback.services.journey import forecast, stages
from feedback.services.journey.forecast import Kind, Planned, Totals
from feedback.services.staff.api_keys import Scope
from feedback.store.models import Contact
from feedback.web.api.shapes import Short
from feedback.web.mcp.tool import Arguments, Result, Tool, ToolContext
from feedback.web.wording import message_wording

MOST_DECISIONS = 20_000
"""Decisions that one call computes; a larger base is planned on the command line."""
AT_ONCE = 500
LONGEST = 31
Row = tuple[Kind, Planned]


class PlanArguments(Arguments):
    days: Annotated[int, Field(ge=1, le=LONGEST)] = 7
    stage: Short | None = None
    limit: Annotated[int, Field(ge=0, le=25, description="surveys to list one by one")] = 10


def plan(context: ToolContext, asked: PlanArguments) -> Result:
    """The surveys of the coming days by day, channel and stage, those that are skipped with the reason, and the
    first ones one by one. For the customers that the key's owner sees."""
    rows = islice(
        forecast.foresee(context.session, context.runtime, context.now, asked.days), MOST_DECISIONS + 1
    )
    decided = list(rows)
    is_whole = len(decided) <= MOST_DECISIONS
    seen = [
        row
        for row in _visible(context.session, context.viewer, decided[:MOST_DECISIONS])
        if asked.stage in (None, row[1].stage)
    ]
    totals = Totals(context.runtime.database.zone)
    for kind, row in seen:
        totals.count(kind, row)
    surveys = [row for kind, row in seen if kind == "survey" and row.at is not None]
    by_stage = Counter(row.stage for row in surveys)
    told: Result = {
        "days": asked.days,
        "surveys": totals.sent,
        "by_day": {day.isoformat(): n for day, n in sorted(totals.per_day.items())},
        "by_channel": dict(totals.per_channel),
        "by_stage": dict(by_stage.most_common()),
        "waiting_to_be_sent": totals.waiting,
        "reminders_at_most": totals.reminders,
        "not_asked": {
            message_wording.reason(context.say, code): n for code, n in totals.skipped.most_common()
        },
        "about": "A forecast from what is known now: new events, answers and opt-outs change it.",
        "link": context.link("deliveries.index"),
    }
    if not is_whole:
        told["warning"] = (
            f"Only the first {MOST_DECISIONS} decisions are counted; `feedback plan` counts all."
        )
    if context.may(Scope.CUSTOMERS_READ):
        first = sorted(surveys, key=forecast.by_time)[: asked.limit]
        told["next"] = list(_listed(context, first))
    return told


def _visible(session: Session, viewer: Viewer, rows: Sequence[Row]) -> Iterator[Row]:
    """The rows of contacts that the viewer sees."""
    if viewer.sees_all:
        yield from rows
        return
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        known = _seen(session, viewer, {row.contact for _, row in some})
        yield from (each for each in some if each[1].contact in known)


def _seen(session: Session, viewer: Viewer, external_ids: Iterable[str]) -> set[str]:
    wanted = queries.contacts(viewer, ContactQuery()).where(Contact.external_id.in_(external_ids))
    return set(session.scalars(wanted.with_only_columns(Contact.external_id)))


def _listed(context: ToolContext, rows: Iterable[Planned]) -> Iterator[Result]:
    journey = stages.with_campaigns(context.session, context.runtime.library.journey)
    for row in rows:
        yield {
            "contact": row.contact,
            "stage": row.stage,
            "channel": row.channel,
            "at": row.at.astimezone(context.runtime.database.zone).isoformat(timespec="minutes")
            if row.at
            else None,
            "because": message_wording.why(context.say, row.explanation, journey),
        }


PLAN_TOOLS = (
    Tool(
        "plan",
        "Forecast: who will be asked in the coming days, by day, channel and stage; who not, and why.",
        PlanArguments,
        plan,
        (Scope.INVITATIONS_READ,),
        subject="invitation",
    ),
)
