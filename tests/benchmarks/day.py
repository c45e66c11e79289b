"""One day of a whole customer base: what `feedback plan` says beforehand, and what has become of everybody afterwards.

    python3 dev.py bench day CUSTOMERS.csv --map MAPPING.toml [--most N] [--json FILE]

Every customer's support request is closed in the same morning; renewals and the regular survey come on top.
The customers live in six time zones (dealt out in turn), one in fifty has said STOP, one in fifty gave no consent, and
one in a hundred says STOP after the plan was made. The provider, a simulator, refuses one address in a hundred, and
of one message in two hundred nobody knows. The worker ticks through simulated hours to the end of what was planned, and
an hour more. The run ends with an error unless the figures before and after add up, customer by customer, nobody got a
message twice, and nobody was written to at night.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import time_machine
from sqlalchemy import select, update

from feedback import clock, worker
from feedback.bootstrap import Runtime
from feedback.errors import DeliveryFailed
from feedback.providers.base import Outgoing, Verdict, refusal
from feedback.providers.simulator import Delivered, MemoryMailbox, Simulator
from feedback.services.contact import suppression
from feedback.services.journey import forecast
from feedback.services.journey.forecast import Plan, Planned
from feedback.services.messaging import reconciliation
from feedback.store.models import Consent, Contact, Enrolment, Invitation, Message
from tests.benchmarks import base

ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
)
EARLIEST, LATEST = 9, 20  # hours of the customers' day
STEP = 120  # seconds between two ticks

_SKIPPED = select(Enrolment.reason).where(Enrolment.state == "skipped")

Fate = tuple[str, str]
"""How it ended, and why: ("sent", "") or ("skipped", "suppressed")."""


@dataclass
class Day:
    """What was planned, what came of it, and how long the machine took for it (seconds)."""

    plan: Plan
    decided: Counter[str] = field(default_factory=Counter)  # what was "no" before there was a plan
    fates: dict[tuple[str, str], list[Fate]] = field(default_factory=dict)
    delivered: list[Delivered] = field(default_factory=list)
    zones: dict[int, str] = field(default_factory=dict)  # of each message's reader
    spent: dict[str, float] = field(default_factory=dict)


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as directory, time_machine.travel(base.START, tick=False) as travel:
        mailbox = MemoryMailbox()
        runtime = with_provider(base.install(Path(directory), options.map), mailbox)
        day = live(runtime, mailbox, options, travel)
    figures = added_up(day)
    tell(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    sys.exit(bool(figures["wrong"]))


def live(
    runtime: Runtime, mailbox: MemoryMailbox, options: argparse.Namespace, travel: time_machine.Coordinates
) -> Day:
    began = time.perf_counter()
    base.bring_in(runtime, options.customers)
    settle_down(runtime)
    imported = time.perf_counter()
    base.post_events(runtime, options.most)
    worker.plan(runtime, clock.now())
    decided = time.perf_counter()
    with runtime.database.reading() as session:
        day = Day(forecast.plan(session, runtime, clock.now(), days=1))
        day.decided = Counter(f"skip: {reason}" for reason in session.scalars(_SKIPPED))
    planned = time.perf_counter()
    say_stop(runtime, every=100, source="day")
    run_until(runtime, clock.now() + timedelta(days=1), travel)  # as far as the plan looks
    day.fates, day.zones, day.delivered = fates(runtime), zones(runtime), mailbox.delivered
    moments = [began, imported, decided, planned, time.perf_counter()]
    steps = zip(("importing", "deciding", "planning", "sending"), moments, moments[1:], strict=False)
    day.spent = {name: until - since for name, since, until in steps}
    return day


def with_provider(runtime: Runtime, mailbox: MemoryMailbox) -> Runtime:
    providers = {
        f"simulator_{channel}": Simulator(channel=channel, mailbox=mailbox, faults=trouble)
        for channel in ("sms", "email")
    }
    return replace(runtime, providers=providers)


def trouble(outgoing: Outgoing) -> DeliveryFailed | None:
    """What the provider makes of a first attempt; the same in every run."""
    if outgoing.attempt == 1 and outgoing.message_id % 100 == 7:
        return refusal(Verdict.BAD_ADDRESS, "There is no such address.")
    if outgoing.attempt == 1 and outgoing.message_id % 200 == 11:
        return refusal(Verdict.UNKNOWN, "The answer was lost.")
    return None


def settle_down(runtime: Runtime) -> None:
    """Zones for everybody; some have said STOP, of some there is no consent."""
    with runtime.database.writing() as session:
        numbers = session.scalars(select(Contact.id).order_by(Contact.id)).all()
        for place, zone in enumerate(ZONES):
            there = update(Contact).where(Contact.id.in_(numbers[place :: len(ZONES)]))
            session.execute(there.values(time_zone=zone))
        session.execute(
            update(Consent).where(Consent.contact_id.in_(numbers[::50])).values(withdrawn_at=clock.now())
        )
    say_stop(runtime, every=50, source="before")


def say_stop(runtime: Runtime, *, every: int, source: str) -> None:
    with runtime.database.writing() as session:
        people = session.scalars(select(Contact).where(Contact.phone.is_not(None)).order_by(Contact.id)).all()
        for person in people[every // 3 :: every]:
            suppression.opt_out(session, "sms", person.phone or "", source=source, now=clock.now())


def run_until(runtime: Runtime, end: datetime, travel: time_machine.Coordinates) -> None:
    """The worker's own jobs, tick by tick, until an hour after `end`: what was looked up goes out by then."""
    tireless = worker.Worker(runtime, clock.now)
    tireless._timer = reconciliation.UnconfirmedTimer(lambda: clock.now().timestamp())
    while clock.now() < end + timedelta(hours=1):
        tireless.tick()
        travel.shift(STEP)


def fates(runtime: Runtime) -> dict[tuple[str, str], list[Fate]]:
    """(customer, stage) -> how it ended, once for each decision."""
    rows = (
        select(
            Contact.external_id, Enrolment.stage, Enrolment.state, Enrolment.reason,
            Invitation.id, Invitation.state.label("asked"), Invitation.state_reason,
        )
        .join(Contact, Contact.id == Enrolment.contact_id)
        .outerjoin(Invitation, Invitation.enrolment_id == Enrolment.id)
    )  # fmt: skip
    found = defaultdict[tuple[str, str], list[Fate]](list)
    with runtime.database.reading() as session:
        held = set(session.scalars(select(Message.invitation_id).where(Message.state == "held")))
        for row in session.execute(rows):
            fate = (row.asked, row.state_reason or "") if row.asked else (row.state, row.reason or "")
            found[row.external_id, row.stage].append(("held", "") if row.id in held else fate)
    return dict(found)


def zones(runtime: Runtime) -> dict[int, str]:
    """Message -> time zone of its reader."""
    rows = select(Message.id, Contact.time_zone).join(Contact, Contact.id == Message.contact_id)
    with runtime.database.reading() as session:
        return {number: zone or "UTC" for number, zone in session.execute(rows)}


# -- adding up ---------------------------------------------------------------------------------------------------------


def added_up(day: Day) -> dict[str, Any]:
    """The day in figures; "wrong" says in sentences what does not add up."""
    rows = day.plan.rows
    ended = {id(row): day.fates.get((row.contact, row.stage), []) for row in rows}
    outcome = Counter((_intention(row), *fate) for row in rows for fate in ended[id(row)])
    times = Counter(each.outgoing.message_id for each in day.delivered)
    wrong = [
        (sum(len(fates) != 1 for fates in ended.values()), "planned surveys do not have exactly one end"),
        (abs(sum(outcome.values()) - len(rows)), "surveys between the plan and its ends are missing"),
        (
            abs(day.plan.sent + sum(day.plan.skipped.values()) - len(rows)),
            "rows of the plan are not in its sum",
        ),
        (
            sum(fate[0] in ("scheduled", "queued") for fates in ended.values() for fate in fates),
            "are not over",
        ),
        (sum(count > 1 for count in times.values()), "messages were delivered twice"),
        (sum(_at_night(each, day.zones) for each in day.delivered), "messages came at night"),
    ]
    return {
        "planned": len(rows),
        "per_day": {f"{moment:%Y-%m-%d}": count for moment, count in sorted(day.plan.per_day.items())},
        "per_hour_utc": _counted(f"{row.at:%d. %H:00}" for row in rows if row.at),
        "per_channel": dict(day.plan.per_channel),
        "reasons": _counted(each["code"] for row in rows if row.at for each in row.explanation),
        "skipped_before": dict(day.decided),
        "skipped_by_plan": dict(day.plan.skipped),
        "ends": [
            {"planned": planned, "ended": ended, "reason": reason, "surveys": count}
            for (planned, ended, reason), count in sorted(outcome.items())
        ],
        "delivered": len(day.delivered),
        "seconds": {name: round(seconds, 1) for name, seconds in day.spent.items()},
        "wrong": [f"{count} {what}" for count, what in wrong if count],
    }


def _intention(row: Planned) -> str:
    return "send" if row.at else f"skip: {row.explanation[0]['code']}"


def _at_night(message: Delivered, zones: dict[int, str]) -> bool:
    return not EARLIEST <= message.at.astimezone(ZoneInfo(zones[message.outgoing.message_id])).hour < LATEST


def _counted(words: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(words).items()))


def tell(figures: dict[str, Any]) -> None:
    print(f"\nplanned                  {figures['planned']}")
    for name in ("per_day", "per_hour_utc", "per_channel", "reasons", "skipped_by_plan", "skipped_before"):
        print(f"{name:<25}{figures[name]}")
    print(f"\n{'planned':<32}{'ended':<12}{'reason':<24}{'surveys':>8}")
    for each in figures["ends"]:
        print(f"{each['planned']:<32}{each['ended']:<12}{each['reason']:<24}{each['surveys']:>8}")
    print(f"{'':<68}{sum(each['surveys'] for each in figures['ends']):>8}")
    print(f"\ndelivered    {figures['delivered']} messages")
    print("took         " + ", ".join(f"{name} {spent} s" for name, spent in figures["seconds"].items()))
    print("It adds up." if not figures["wrong"] else "WRONG: " + "; ".join(figures["wrong"]))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("customers", type=Path)
    parser.add_argument("--map", type=Path, required=True)
    parser.add_argument("--most", type=int, help="support requests of only the first N customers")
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    return parser.parse_args()


if __name__ == "__main__":
    main()
