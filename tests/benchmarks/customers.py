"""The list of customers over a large base: server time of the page for searches, filters and segments, and of
the search in the top bar.

    python3 dev.py bench customers [--contacts 100000] [--rounds 20] [--postgres | --database postgresql://...]
                                    [--json FILE]

Builds a base from a fixed seed by bulk inserts (four contacts in an account, a third asked in the last year, one
permission each) unless the database has one, then asks for each page as often as `--rounds`, each time with another
word, country or page. A page is what the server does for it: counting, reading, rendering, without the network.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, select, text

from feedback import clock
from feedback.services.access import Viewer
from feedback.services.contact import eligibility
from feedback.services.customers import filters, listing
from feedback.services.customers.filters import ContactFilter
from feedback.services.search import records
from feedback.services.search.records import SearchPlace, SearchRights
from feedback.store.database import Database
from feedback.store.models import Account, Consent, Contact, Invitation, User
from feedback.store.models.customers import found_by
from tests.benchmarks import scale
from tests.benchmarks.crash import database_of

GOAL = 0.300
"""Seconds of the 95th percentile."""
PORTION = 10_000
FIRST = (
    "Ayşe",
    "Mehmet",
    "Grace",
    "Omar",
    "Jürgen",
    "مریم",
    "Neda",
    "Lena",
    "Sam",
    "İrem",
    "Noah",
    "Ece",
    "Zoë",
)
LAST = (
    "Yılmaz",
    "Kaya",
    "Moore",
    "Haddad",
    "Weiß",
    "کاظمی",
    "Rostami",
    "Lead",
    "Doe",
    "Öztürk",
    "Brown",
    "Demir",
)
COUNTRIES = ("TR", "TR", "TR", "DE", "US", "GB", "IR", "FR", "NL", "AE")
SEGMENTS = ("vip", "core", "core", "core", "potential", "potential", "non_core")
OWNERS = 100


def main() -> None:
    options = _options()
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        url = options.database or f"sqlite:///{directory}/feedback.db"
        if options.postgres:
            url = stack.enter_context(database_of("postgres", Path(directory)))
        build(url, options.contacts)
        figures = measure(url, options.rounds)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


# The base.


def build(url: str, contacts: int) -> None:
    database = Database(url)
    database.upgrade()
    with database.reading() as session:
        there = session.scalar(select(func.count()).select_from(Contact)) or 0
    if there:
        print(f"base          {there:,} contacts, as they are")
        return
    draw, now, began = random.Random(7), clock.now(), time.perf_counter()
    with database.writing() as session:
        version = scale.the_library().published(session, scale.NPS.key, now).id
        session.add_all(
            User(email=f"owner{n}@example.com", name=f"Owner {n}", fs_uniquifier=f"o{n}", created_at=now)
            for n in range(1, OWNERS + 1)
        )
    for first in range(0, contacts, PORTION):
        with database.connection() as connection:
            _fill(connection, range(first, min(first + PORTION, contacts)), draw, version, now)
    if not database.is_sqlite:
        with database.connection() as connection:
            connection.execute(text("ANALYZE"))  # which the server would do by itself in the next minutes
    database.close()
    print(f"base          {contacts:,} contacts in {time.perf_counter() - began:.0f} s")


def _fill(connection: Connection, numbers: range, draw: random.Random, version: int, now: datetime) -> None:
    stamps = {"created_at": now, "updated_at": now}
    accounts = [
        {
            "id": n // 4 + 1, **_company(n // 4, draw),
            "segment": draw.choice(SEGMENTS), "owner_id": draw.randrange(1, OWNERS + 1) if n % 20 else None,
            "renewal_on": now.date() + timedelta(days=draw.randrange(-30, 700)),
            "properties": {"plan": draw.choice(("Free", "Team", "Pro", "Enterprise"))}, **stamps,
        }
        for n in numbers if n % 4 == 0
    ]  # fmt: skip
    connection.execute(insert(Account), accounts)
    people = [_person(n, draw) | stamps for n in numbers]
    connection.execute(insert(Contact), people)
    consents = [
        {"contact_id": n + 1, "kind": "email", "address": scale.mail(n), "basis": "contract", "source": "bench",
         "granted_at": now}
        for n in numbers if n % 10
    ]  # fmt: skip
    connection.execute(insert(Consent), consents)
    asked = [
        scale._invitation(n, version, now - timedelta(days=draw.randrange(365)), state="completed")
        for n in numbers[::3]
    ]
    connection.execute(insert(Invitation), asked)


def _company(n: int, draw: random.Random) -> dict[str, str]:
    named = {"name": f"{draw.choice(LAST)} {n} Ltd", "external_id": f"acc-{n}"}
    return named | found_by(named)


def _person(n: int, draw: random.Random) -> dict[str, Any]:
    name, phone = f"{draw.choice(FIRST)} {draw.choice(LAST)} {n % 977}", scale.phone(n)
    return {
        "id": n + 1, "external_id": f"crm-{n}", "name": name, "account_id": n // 4 + 1, "phone": phone,
        "email": scale.mail(n), "language": draw.choice(("tr", "tr", "en", "de", "fa")),
        "country": draw.choice(COUNTRIES), "properties": {"role": draw.choice(("buyer", "user", "admin"))},
        **found_by({"name": name, "email": scale.mail(n), "external_id": f"crm-{n}", "phone": phone}),
    }  # fmt: skip


# The questions.

Ask = Callable[[random.Random, int], ContactFilter]


def questions() -> Iterator[tuple[str, Ask]]:
    """(what, the filter of a round)."""
    yield "everybody", lambda _draw, _n: ContactFilter()
    yield "first name", lambda draw, _n: ContactFilter(words=draw.choice(FIRST))
    yield (
        "two letters",
        lambda draw, _n: ContactFilter(words=draw.choice(("ay", "me", "gr", "om", "pe", "ex"))),
    )
    yield (
        "whole name",
        lambda draw, _n: ContactFilter(
            words=f"{draw.choice(FIRST)} {draw.choice(LAST)} {draw.randrange(977)}"
        ),
    )
    yield "mail address", lambda draw, n: ContactFilter(words=scale.mail(draw.randrange(n)))
    yield "phone number", lambda draw, n: ContactFilter(words=f"0{scale.phone(draw.randrange(n))[3:]}")
    yield "external id", lambda draw, n: ContactFilter(words=f"crm-{draw.randrange(n)}")
    yield "nobody", lambda _draw, _n: ContactFilter(words="xyzzy")
    yield "country", lambda draw, _n: ContactFilter(country=draw.choice(COUNTRIES))
    yield "language", lambda draw, _n: ContactFilter(language=draw.choice(("tr", "en", "de", "fa")))
    yield "segment", lambda draw, _n: ContactFilter(segment=draw.choice(SEGMENTS))
    yield "owner", lambda draw, _n: ContactFilter(owner=draw.randrange(1, OWNERS + 1))
    yield "renewal", lambda draw, _n: ContactFilter(renews_within=draw.randrange(1, 200))
    yield "not asked", lambda draw, _n: ContactFilter(not_asked_for=draw.randrange(30, 365))
    yield "stage", lambda _draw, _n: ContactFilter(stage="relationship")
    yield "permission", lambda draw, _n: ContactFilter(permitted=draw.choice(("email", "sms", "none")))
    yield "opted out", lambda _draw, _n: ContactFilter(permitted="opted_out")
    yield (
        "property",
        lambda draw, _n: ContactFilter(properties=(("contact.role", draw.choice(("buyer", "admin"))),)),
    )
    yield "rare property", lambda _draw, _n: ContactFilter(properties=(("contact.role", "king"),))
    yield "of account", lambda _draw, _n: ContactFilter(properties=(("account.plan", "Pro"),))
    yield (
        "the segment",
        lambda draw, _n: ContactFilter(
            segment="vip", country="TR", renews_within=draw.randrange(60, 180), not_asked_for=60
        ),
    )
    yield (
        "segment, word",
        lambda draw, _n: ContactFilter(
            words=draw.choice(FIRST), segment="vip", country="TR", renews_within=120, not_asked_for=60
        ),
    )


BY_WORDS = (
    "first name", "two letters", "whole name", "mail address", "phone number", "external id", "nobody",
)  # fmt: skip
"""The questions that the search in the top bar can ask, too."""


def measure(url: str, rounds: int) -> dict[str, Any]:
    database = Database(url)
    figures: dict[str, Any] = {}
    with database.reading() as session:
        contacts = session.scalar(select(func.max(Contact.id))) or 0
    runtime = scale.the_runtime(url)
    asked = [(name, ask, _answer) for name, ask in questions()]
    asked += [(f"find {name}", ask, _search) for name, ask in questions() if name in BY_WORDS]
    for name, ask, way in asked:
        for who, viewer in (("lead", Viewer(1, sees_all=True)), ("csm", Viewer(1))):
            draw = random.Random(1)
            way(database, runtime, viewer, ask(draw, contacts))
            spent = [way(database, runtime, viewer, ask(draw, contacts)) for _ in range(rounds)]
            p50, p95 = (_quantile([wall for wall, _ in spent], at) for at in (50, 95))
            cpu = _quantile([worked for _, worked in spent], 95)
            figures[f"{name}, {who}"] = {"p50": p50, "p95": p95, "cpu_p95": cpu}
            mark = "" if p95 <= GOAL else "  <- slower than the goal"
            print(
                f"{name:<18}{who:<5} {1000 * p50:6.0f} ms  {1000 * p95:6.0f} ms at p95  "
                f"{1000 * cpu:6.0f} ms of processor time{mark}",
                flush=True,
            )
    database.close()
    return figures


def _quantile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


Times = tuple[float, float]
"""Seconds on the wall, and of processor time of this process and of PostgreSQL's for it."""


def _answer(database: Database, runtime: Any, viewer: Viewer, wanted: ContactFilter) -> Times:
    with database.reading() as session:
        backend = None if database.is_sqlite else session.scalar(select(func.pg_backend_pid()))
        now, began, worked = clock.now(), time.perf_counter(), _worked(backend)
        which = filters.condition(wanted, now, database.zone, "TR", by_address=True)
        page = listing.contacts(session, viewer, which, searched=bool(wanted.words))
        listing.standings(session, page.rows, eligibility.policy(runtime.settings), now)
        return time.perf_counter() - began, _worked(backend) - worked


def _search(database: Database, runtime: Any, viewer: Viewer, wanted: ContactFilter) -> Times:
    """What the top bar does for these words."""
    rights = SearchRights(viewer, customers=True, follow_ups=True, questionnaires=True, campaigns=True)
    with database.reading() as session:
        backend = None if database.is_sqlite else session.scalar(select(func.pg_backend_pid()))
        began, worked = time.perf_counter(), _worked(backend)
        place = SearchPlace(clock.now(), database.zone, "TR")
        records.find(session, wanted.words, rights, runtime.library, place)
        return time.perf_counter() - began, _worked(backend) - worked


def _worked(backend: int | None) -> float:
    own = time.process_time()
    if backend is None:
        return own
    fields = Path(f"/proc/{backend}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return own + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=20)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--postgres", action="store_true", help="on a server of its own")
    where.add_argument("--database")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
