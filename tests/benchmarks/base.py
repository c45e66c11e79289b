"""A real customer base, from the CSV export to the queue: imported, planned, surveyed, answered over real pages.

    python3 dev.py bench base CUSTOMERS.csv ANSWERS.csv --map MAPPING.toml [--most N] [--json FILE]

Every customer's support request is closed on the same day. The worker ticks through as many
simulated hours as the customers' time zones need, messages go to the simulator, and everybody in ANSWERS.csv answers
with their own score through the answer page of a running web server. ANSWERS.csv has the columns `Customer ID`,
`Satisfaction Score` and `Churn Reason` (kept as the comment). Nothing is kept: the installation lives in a
temporary directory.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
import time_machine
from sqlalchemy import func, select
from waitress.server import create_server

from feedback import bootstrap, clock, log
from feedback.bootstrap import Runtime
from feedback.services import imports
from feedback.services.journey import enrolments, invitations
from feedback.services.messaging import dispatch
from feedback.settings import load
from feedback.store.models import Contact, Enrolment, FollowUp, Invitation, Message, Response, Score
from feedback.web.app import create_app

START = datetime(2026, 3, 3, 14, 0, tzinfo=UTC)
LONGEST = timedelta(days=4)
CLIENTS = 8


@dataclass(frozen=True, slots=True)
class Said:
    """What one customer said."""

    satisfaction: int
    words: str


def main() -> None:
    options = _options()
    answers = read_answers(options.answers)
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as directory, time_machine.travel(START, tick=False) as travel:
        runtime = install(Path(directory), options.map)
        figures["imported"] = bring_in(runtime, options.customers)
        figures["decided"] = post_events(runtime, options.most)
        figures["sent"] = send(runtime, travel)
        figures["answered"] = answer_all(runtime, answers)
        figures["ends"] = tell(runtime)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def install(directory: Path, mapping: Path) -> Runtime:
    """A fresh installation with simulated providers."""
    (directory / "mappings").mkdir()
    shutil.copy(mapping, directory / "mappings" / "base.toml")
    environ = {
        "FEEDBACK_DEMO": "true",
        "FEEDBACK_ORGANISATION_NAME": "Telco",
        "FEEDBACK_WEB_PUBLIC_URL": "http://127.0.0.1:8080",
        "FEEDBACK_LOG_LEVEL": "error",
        "FEEDBACK_WORKER_BATCH": "500",
    }
    settings = load(directory, environ)
    log.configure(settings.log)
    bootstrap.open_database(settings).upgrade()
    return bootstrap.start(settings)


def read_answers(path: Path) -> Mapping[str, Said]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return {
            row["Customer ID"]: Said(
                int(row["Satisfaction Score"]),
                row["Churn Reason"],
            )
            for row in csv.DictReader(file)
        }


def bring_in(runtime: Runtime, customers: Path) -> dict[str, float]:
    began = time.perf_counter()
    mapping = imports.load(runtime.settings.instance, "base")
    options = imports.Options(create_owners=True)
    report = imports.run(runtime.database, "contacts", customers, mapping, runtime, clock.now(), options)
    spent = time.perf_counter() - began
    print(f"imported     {report.created} of {report.read} rows, {report.refused_rows} refused")
    print(f"imported     {report.read / spent:,.0f} rows/s")
    return {"rows": report.read, "refused": report.refused_rows, "per_second": report.read / spent}


def post_events(runtime: Runtime, most: int | None) -> dict[str, Any]:
    with runtime.database.writing() as session:
        customers = session.scalars(select(Contact.external_id).order_by(Contact.id).limit(most)).all()
    began = time.perf_counter()
    for first in range(0, len(customers), 500):
        with runtime.database.writing() as session:
            for customer in customers[first : first + 500]:
                event = enrolments.Event(
                    f"base:{customer}", "ticket_closed", customer, clock.now() - timedelta(hours=1)
                )
                enrolments.record_event(session, event, runtime, clock.now(), source="import")
    rate = len(customers) / (time.perf_counter() - began)
    print(f"events       {len(customers)}, {rate:,.0f} decided/s")
    with runtime.database.reading() as session:
        first_hours = session.execute(
            select(Enrolment.due_at, func.count())
            .where(Enrolment.state == "scheduled")
            .group_by(Enrolment.due_at)
        ).all()
        skipped = session.execute(
            select(Enrolment.reason, func.count())
            .where(Enrolment.state == "skipped")
            .group_by(Enrolment.reason)
        ).all()
    for due, count in sorted((row[0], row[1]) for row in first_hours):
        print(f"planned      {due:%a %H:%M} UTC  {count}")
    print(f"not planned  {dict(map(tuple, skipped)) or 'nobody'}")
    return {"events": len(customers), "per_second": rate, "skipped": dict(map(tuple, skipped))}


def send(runtime: Runtime, travel: time_machine.Coordinates) -> dict[str, Any]:
    began, per_hour = time.perf_counter(), Counter[str]()
    while clock.now() < START + LONGEST and _anybody_left(runtime):
        with runtime.database.writing() as session:
            while invitations.issue_due(session, runtime, clock.now(), limit=1_000):
                pass
        while sent := dispatch.send_queued(runtime.database, runtime, "bench", clock.now()):
            per_hour[f"{clock.now():%a %H:00}"] += sent
        travel.shift(3_600)
    spent = time.perf_counter() - began
    for hour, count in per_hour.items():
        print(f"sent         {hour} UTC  {count}")
    print(f"sent         {per_hour.total()} in all, {per_hour.total() / spent:,.0f} issued and sent/s")
    return {
        "messages": per_hour.total(),
        "per_second": per_hour.total() / spent,
        "per_hour_utc": dict(per_hour),
    }


def _anybody_left(runtime: Runtime) -> bool:
    with runtime.database.reading() as session:
        waiting = select(Enrolment.id).where(Enrolment.state == "scheduled").limit(1)
        return session.scalar(waiting) is not None


def answer_all(runtime: Runtime, answers: Mapping[str, Said]) -> dict[str, Any]:
    with runtime.database.reading() as session:
        links = session.execute(
            select(Contact.external_id, Invitation.token)
            .join(Contact, Contact.id == Invitation.contact_id)
            .where(Invitation.state == "sent", Invitation.token.is_not(None))
        ).all()
    work = [(token, answers[customer]) for customer, token in links if customer in answers]
    server = create_server(create_app(runtime), host="127.0.0.1", port=0, threads=CLIENTS)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{server.effective_port}"
    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        steps = Counter(pool.map(lambda each: _answer(base, *each), work))
    spent = time.perf_counter() - began
    server.task_dispatcher.shutdown(timeout=5)  # first: its last task still wakes the server up
    server.close()
    print(
        f"answered     {len(work)} customers over the pages, {len(work) / spent:,.0f}/s; steps each: {dict(steps)}"
    )
    return {"customers": len(work), "per_second": len(work) / spent, "steps": dict(steps)}


_LOCAL = threading.local()


def _answer(base: str, token: str, said: Said) -> int:
    """Walk through the pages as a phone does; the number of steps."""
    if not hasattr(_LOCAL, "session"):
        _LOCAL.session = requests.Session()
        _LOCAL.session.trust_env = False
    page = _LOCAL.session.get(f"{base}/{token}")
    for step in range(1, 8):
        fields = _fields(page.text, said)
        if fields is None:
            return step - 1
        action = re.search(r'<form[^>]*action="([^"]*)"', page.text)
        address = f"{base}{action[1]}" if action and action[1].startswith("/") else page.url
        page = _LOCAL.session.post(address, data=fields)
        page.raise_for_status()
    raise RuntimeError(f"no end after {step} steps at {page.url}")


def _fields(page: str, said: Said) -> dict[str, str] | None:
    stamp = re.search(r'name="stamp" value="([^"]+)"', page)
    if stamp is None:
        return None
    fields = {"stamp": stamp[1], "seen": "1"}
    if 'name="satisfaction"' in page:
        fields["satisfaction"] = str(said.satisfaction)
    elif 'name="solved"' in page:
        fields["solved"] = "solved" if said.satisfaction >= 3 else "unsolved"
    elif 'name="comment"' in page:
        fields["comment"] = said.words
    else:
        return None
    return fields


def tell(runtime: Runtime) -> dict[str, Any]:
    ends: dict[str, Any] = {}
    with runtime.database.reading() as session:
        for title, model, column in (
            ("invitations", Invitation, Invitation.state),
            ("messages", Message, Message.state),
            ("responses", Response, Response.state),
            ("queue", FollowUp, FollowUp.rule),
        ):
            rows = session.execute(select(column, func.count()).select_from(model).group_by(column)).all()
            ends[title] = dict(map(tuple, rows))
            print(f"{title:<13}{ends[title]}")
        provisional = session.scalar(select(func.count()).where(Response.provisional))
        print(f"provisional  {provisional}")
        scores = session.execute(
            select(Score.trend, Score.value, func.count())
            .group_by(Score.trend, Score.value)
            .order_by(Score.trend, Score.value)
        ).all()
        for trend in sorted({row[0] for row in scores}):
            ends[f"scores {trend}"] = {row[1]: row[2] for row in scores if row[0] == trend}
            print(f"scores       {trend}:", ends[f"scores {trend}"])
    return ends


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("customers", type=Path)
    parser.add_argument("answers", type=Path)
    parser.add_argument("--map", type=Path, required=True)
    parser.add_argument("--most", type=int, help="only the first N customers")
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    return parser.parse_args()


if __name__ == "__main__":
    main()
