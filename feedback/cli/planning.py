"""The command `plan`: what will be sent, as columns for people and as JSON for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

import click

from feedback.cli.frame import main, the_runtime

if TYPE_CHECKING:
    from feedback.core.journey import Journey
    from feedback.services.journey.forecast import Kind, Planned, Totals

    Messages = list[tuple[Kind, Planned]]

CHANNELS = {"sms": "SMS", "email": "e-mail"}
NEVER = "not sent"


@main.command()
@click.option(
    "--days", type=click.IntRange(1, 366), default=30, show_default=True, help="Number of days to look ahead."
)
@click.option("--all", "everything", is_flag=True, help="Also list every message with its reasons.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON, for programs.")
def plan(days: int, everything: bool, as_json: bool) -> None:
    """Show which messages will be sent in the coming days; with --all, each with the reasons for its time.

    Days and times are in organisation.time_zone.
    """
    from feedback import clock
    from feedback.services.contact import reachability
    from feedback.services.journey import forecast, stages
    from feedback.store.database import zone_of

    runtime = the_runtime()
    messages: Messages = []
    with runtime.database.reading() as session:
        totals = forecast.Totals(zone_of(session))
        for kind, row in forecast.foresee(session, runtime, clock.now(), days):
            totals.count(kind, row)
            if everything or as_json:  # else a large base needs little memory
                messages.append((kind, row))
        unreachable = reachability.unreachable(session, runtime.settings)
        journey = stages.with_campaigns(session, runtime.library.journey)
    messages.sort(key=lambda each: forecast.by_time(each[1]))
    if as_json:
        told = _as_json(messages, totals, journey) | {"days": days, **_unreachable(*unreachable)}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for line in (*_messages(messages, totals.zone, journey), *_per_day(totals), *_summary(totals, days)):
        click.echo(line)
    if not runtime.settings.providers.enabled:
        click.secho(
            "No provider is enabled, so nothing is sent until providers.enabled names one.", fg="yellow"
        )
    for sentence in reachability.sentences(*unreachable):
        click.secho(sentence, fg="yellow")


def _messages(messages: Messages, zone: tzinfo, journey: Journey) -> Iterator[str]:
    """Every message in the order of time: when, by which channel, at which stage, to whom, and why."""
    rows = [_columns(row, journey, zone) for _, row in messages]
    if rows:
        yield from _table((f"When ({zone})", "Channel", "Stage", "Contact", "Why"), rows)
        yield ""


def _columns(row: Planned, journey: Journey, zone: tzinfo) -> tuple[str, ...]:
    why = _why(row, journey)
    if row.next_allowed:
        why.append(f"Next allowed {_moment(row.next_allowed, zone)}")
    when = _moment(row.at, zone) if row.at else NEVER
    stage = journey.stage(row.stage)
    title = stage.title.to("en") if stage else row.stage
    return when, CHANNELS.get(row.channel or "", row.channel or ""), title, row.contact, "; ".join(why)


def _why(row: Planned, journey: Journey) -> list[str]:
    from feedback.i18n import translator
    from feedback.web.wording import message_wording

    return message_wording.why(translator("desk", "en"), row.explanation, journey)


def _moment(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M}"


def _per_day(totals: Totals) -> Iterator[str]:
    """The surveys of each day, by channel."""
    channels = sorted(totals.per_channel, reverse=True)
    rows = [
        (f"{day:%a %Y-%m-%d}", *(str(totals.surveys[day, each] or "-") for each in channels))
        for day in sorted(totals.per_day)
    ]
    if rows:
        yield from _table((f"Day ({totals.zone})", *(CHANNELS.get(each, each) for each in channels)), rows)


def _summary(totals: Totals, days: int) -> Iterator[str]:
    by_channel = ", ".join(
        f"{count} by {CHANNELS.get(channel, channel)}"
        for channel, count in sorted(totals.per_channel.items())
    )
    messages, span = _number(totals.sent, "message"), _number(days, "day")
    yield f"{messages} in {span}{': ' + by_channel if by_channel else ''}."
    if totals.waiting:
        more = "more message is" if totals.waiting == 1 else "more messages are"
        yield f"{totals.waiting} {more} queued and waiting to be sent."
    if totals.reminders:
        yield f"Up to {_number(totals.reminders, 'reminder')}, to contacts who have not answered by then."
    if totals.skipped:
        from feedback.i18n import translator
        from feedback.web.wording import message_wording

        for code, count in totals.skipped.most_common():
            yield f"{count} not sent: {message_wording.reason(translator('desk', 'en'), code)}."


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns as wide as their longest cell, except the last."""
    widths = [max(len(row[number]) for row in (header, *rows)) for number in range(len(header))]
    for row in (header, *rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _as_json(messages: Messages, totals: Totals, journey: Journey) -> dict[str, Any]:
    return {
        "time_zone": str(totals.zone),
        "messages": [_message(kind, row, journey, totals.zone) for kind, row in messages],
        "per_day": {f"{day}": count for day, count in sorted(totals.per_day.items())},
        "per_channel": dict(sorted(totals.per_channel.items())),
        "skipped": dict(totals.skipped.most_common()),
    }


def _unreachable(contacts: int, reasons: Counter[str]) -> dict[str, Any]:
    return {"contacts": contacts, "contacts_that_cannot_be_asked": dict(reasons)}


def _message(kind: str, row: Planned, journey: Journey, zone: tzinfo) -> dict[str, Any]:
    def iso(moment: datetime | None) -> str | None:
        return moment.astimezone(zone).isoformat(timespec="seconds") if moment else None

    return {
        "kind": kind,
        "contact": row.contact,
        "stage": row.stage,
        "wanted": iso(row.wanted),
        "at": iso(row.at),
        "channel": row.channel,
        "next_allowed": iso(row.next_allowed),
        "reasons": row.explanation,
        "why": _why(row, journey),
    }
