"""A campaign whose workers are killed and frozen again and again, from its start to its last message.

    python3 dev.py bench campaign_crash [--contacts 100000] [--every 4] [--seed 1] [--json FILE] [sqlite] [postgres]

Real workers with all their jobs enrol, invite and send over a real socket, by Twilio's own library, to a fake Twilio
that misbehaves in 20 % of the calls. Every `--every` seconds, on average, one of three workers is killed (-9) or frozen
for longer than a lease, until nothing is left to do. The log of the fake Twilio, a process of its own, is the judge:
each contact must be in it exactly once. "held" counts those who are not in it, and for whose message a person must
decide. A run ends with an error if anybody got it twice, or never.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select

from feedback.bootstrap import Runtime
from feedback.core.campaign import CampaignPlan
from feedback.errors import StorageUnavailable
from feedback.services.campaigns import control, definition
from feedback.services.campaigns.definition import CampaignWish
from feedback.store.database import Database
from feedback.store.models import (
    CampaignWave,
    Consent,
    Contact,
    DuplicateSend,
    Enrolment,
    Invitation,
    Message,
)
from feedback.store.search import search_key
from tests import campaign_worker, outbox_processes
from tests.benchmarks.crash import FAULTS, TROUBLE, Crew, database_of, hurry
from tests.factories_surveys import NPS
from tests.fakes.fake_twilio import times_accepted

PORTION = 10_000
FROZEN = 3 * campaign_worker.LEASE


@dataclass(frozen=True, slots=True)
class CampaignTally:
    """What became of the contacts: by the provider's own log (once, twice, never), and by our rows."""

    contacts: int
    once: int
    twice: int
    never: int
    held: int
    strangers: int
    incidents: int
    enrolments: dict[str, int]
    invitations: dict[str, int]
    messages: dict[str, int]

    @property
    def is_kept(self) -> bool:
        """Whether every promise of delivery was kept."""
        counts = (self.contacts, self.enrolments.get("issued"), self.invitations.get("all"))
        return not (self.twice or self.never or self.strangers) and len(set(counts)) == 1


def main() -> None:
    options = _options()
    broken, figures = False, []
    for kind in options.databases:
        with (
            tempfile.TemporaryDirectory(prefix="feedback-campaign-") as directory,
            database_of(kind, Path(directory)) as url,
        ):
            figure = trial(url, Path(directory), options)
        broken |= not figure.pop("kept")
        figures.append({"database": kind, **figure})
        print(f"{kind}: {figure}", flush=True)
        if options.json:
            options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    sys.exit(broken)


def trial(url: str, directory: Path, options: argparse.Namespace) -> dict[str, Any]:
    """One run: its counts, and what it took."""
    database, log = Database(url), directory / "twilio.jsonl"
    database.upgrade()
    _fill(database, options.contacts)
    faults = ("--rate", str(FAULTS), "--faults", ",".join(TROUBLE), "--seed", str(options.seed))
    with outbox_processes.fake_twilio(log, *faults, "--late-by", "1.5", "--list-lag", "0.3") as twilio:
        _start(database, campaign_worker.runtime_of(url, twilio))
        began = time.monotonic()
        crew = Crew(lambda: _start_worker(url, twilio), options.seed, longest=FROZEN)
        try:
            _work(database, crew, options)
        finally:
            crew.put_down()
    found = tally(database, log)
    database.close()
    spent = time.monotonic() - began
    return {
        **asdict(found),
        **crew.done,
        "kept": found.is_kept,
        "seconds": round(spent),
        "a_second": round(options.contacts / spent, 1),
        "load": os.getloadavg(),
    }


def _work(database: Database, crew: Crew, options: argparse.Namespace) -> None:
    """Kill and freeze until nothing is left to do. From `--seconds` on, leave the workers alone."""
    until = time.monotonic() + options.seconds
    told = 0.0
    while not _is_done(database):
        time.sleep(options.every * crew.chance.uniform(0.5, 1.5))
        if time.monotonic() < until:
            crew.strike()
        else:
            crew.thaw_all()
        hurry(database)
        if time.monotonic() - told > 30:
            told = time.monotonic()
            print(f"{time.monotonic() - until + options.seconds:6.0f} s  {_progress(database)}", flush=True)


def _is_done(database: Database) -> bool:
    """Whether everybody is enrolled, every enrolment is decided, and every message has ended."""
    try:
        with database.reading() as session:
            waves = session.scalars(select(CampaignWave.enrolled_at)).all()
            waiting = session.scalar(select(Enrolment.id).where(Enrolment.state == "scheduled").limit(1))
        return (
            bool(waves)
            and None not in waves
            and waiting is None
            and not outbox_processes.unfinished(database)
        )
    except StorageUnavailable:  # a frozen worker holds SQLite's lock
        return False


def _progress(database: Database) -> dict[str, int]:
    try:
        with database.reading() as session:
            return _by_state(session, Enrolment) | _by_state(session, Message)
    except StorageUnavailable:
        return {}


def _start_worker(url: str, twilio: str) -> BaseProcess:
    return outbox_processes.start(campaign_worker.run, url, twilio, imported="tests.campaign_worker")


def _start(database: Database, runtime: Runtime) -> None:
    """Plan a campaign to everybody, and start it."""
    plan = CampaignPlan.model_validate(
        {"questionnaire": NPS.key, "channels": ["sms"], "expires_after": "14d"}
    )
    now = database.now()
    with database.writing() as session:
        wish = CampaignWish("Everybody", plan, None, everybody=True)
        campaign = definition.add(session, wish, runtime.library, by=None, now=now)
        session.flush()
        control.start(session, campaign.id, runtime.library, edit=None, by=None, now=now)
    runtime.database.close()


# The base, and the count.


def _fill(database: Database, contacts: int) -> None:
    """Contacts with a number each, all of whom may be asked by SMS, where it is noon."""
    now = database.now()
    zone = _zone_of_noon(now)
    for first in range(0, contacts, PORTION):
        numbers = range(first, min(first + PORTION, contacts))
        people = [_person(n, zone) | {"created_at": now, "updated_at": now} for n in numbers]
        consents = [
            {"contact_id": n + 1, "kind": "sms", "address": _phone(n), "basis": "contract", "source": "bench",
             "granted_at": now}
            for n in numbers
        ]  # fmt: skip
        with database.connection() as connection:
            connection.execute(insert(Contact), people)
            connection.execute(insert(Consent), consents)


def _person(n: int, zone: str) -> dict[str, Any]:
    name = f"Person {n}"
    return {
        "id": n + 1, "external_id": f"c{n}", "name": name, "phone": _phone(n), "language": "en", "country": "US",
        "time_zone": zone, "search_words": name.lower(), "sort_name": (search_key(name) or "")[:64],
    }  # fmt: skip


def _phone(n: int) -> str:
    return f"+1500{6_000_000 + n}"


def _zone_of_noon(now: datetime) -> str:
    """A zone in which it is between half past eleven and half past twelve, so that no contact hours interfere."""
    ahead = 12 - round(now.astimezone(UTC).hour + now.minute / 60)
    return "Etc/GMT" if ahead == 0 else f"Etc/GMT{-ahead:+d}"  # the sign of these names is turned round


def tally(database: Database, log: Path) -> CampaignTally:
    """Count by the provider's log, which no worker can touch."""
    accepted = times_accepted(log, outbox_processes.LINK.pattern)
    with database.reading() as session:
        tokens: dict[str, set[str]] = {}
        of_contact = Invitation.contact_id == Contact.id
        rows = session.execute(
            select(Contact.external_id, Invitation.token).outerjoin(Invitation, of_contact)
        )
        for contact, token in rows:
            tokens.setdefault(contact, set()).update([token] if token else ())
        held = _held(session)
        figures = {
            "incidents": session.scalar(select(func.count()).select_from(DuplicateSend)) or 0,
            "enrolments": _by_state(session, Enrolment),
            "invitations": {"all": session.scalar(select(func.count()).select_from(Invitation)) or 0},
            "messages": _by_state(session, Message),
        }
    times = {contact: sum(accepted[each] for each in own) for contact, own in tokens.items()}
    waiting = {contact for contact in held if not times[contact]}
    counted = Counter(min(number, 2) for contact, number in times.items() if contact not in waiting)
    known = {each for own in tokens.values() for each in own}
    return CampaignTally(
        contacts=len(times),
        once=counted[1],
        twice=counted[2],
        never=counted[0],
        held=len(waiting),
        strangers=len(set(accepted) - known),
        **figures,
    )


def _held(session: Any) -> Iterable[str]:
    return session.scalars(
        select(Contact.external_id)
        .join(Invitation, Invitation.contact_id == Contact.id)
        .join(Message, Message.invitation_id == Invitation.id)
        .where(Message.state == "held")
    ).all()


def _by_state(session: Any, table: Any) -> dict[str, int]:
    rows = session.execute(select(table.state, func.count()).group_by(table.state))
    return {str(state): number for state, number in rows}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("databases", nargs="*", default=["sqlite", "postgres"])
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--every", type=float, default=4.0, help="seconds between two blows, on average")
    parser.add_argument("--seconds", type=float, default=1e9, help="leave the workers alone from then on")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    return parser.parse_args()


if __name__ == "__main__":
    main()
