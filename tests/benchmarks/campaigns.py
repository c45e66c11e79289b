"""Segments and campaigns over a large base: server time of a segment's count, of a campaign's preview with its sample
helper, and what enrolling costs.

    python3 dev.py bench campaigns [--contacts 100000] [--rounds 20] [--postgres | --database postgresql://...]
                                    [--json FILE]

Uses the base of `bench customers`. Each segment is counted and previewed as often as `--rounds`. Then a campaign to
everybody is enrolled as a worker does it, and the longest write transaction is measured.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from feedback import clock
from feedback.core.campaign import CampaignPlan
from feedback.services.access import Viewer
from feedback.services.campaigns import audience, control, definition, enrolling, preview, progress, sample
from feedback.services.campaigns.definition import CampaignWish
from feedback.services.customers import segments
from feedback.services.customers.filters import ContactFilter
from feedback.store.database import Database
from feedback.store.models import Campaign, Enrolment, User
from feedback.store.portions import SHORT_REST, Portions
from tests.benchmarks import customers, scale
from tests.benchmarks.crash import database_of

SEGMENTS = {
    "one country": ContactFilter(country="TR"),
    "VIP, renewal": ContactFilter(segment="vip", country="TR", renews_within=120, not_asked_for=60),
    "a rare property": ContactFilter(properties=(("contact.role", "king"),)),
    "a plan": ContactFilter(properties=(("account.plan", "Pro"),)),
    "allowed by e-mail": ContactFilter(permitted="email"),
    "not asked": ContactFilter(not_asked_for=90),
}


def main() -> None:
    options = customers._options()
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        url = options.database or f"sqlite:///{directory}/feedback.db"
        if options.postgres:
            url = stack.enter_context(database_of("postgres", Path(directory)))
        customers.build(url, options.contacts)
        figures = measure(url, options.rounds)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def measure(url: str, rounds: int) -> dict[str, Any]:
    database, runtime = Database(url), scale.the_runtime(url)
    figures: dict[str, Any] = {}
    ids = {name: _draft(database, runtime, name, wanted) for name, wanted in SEGMENTS.items()}
    for name, (segment_id, campaign_id) in ids.items():
        for what, look in (
            ("segment", lambda number=segment_id: _count(database, number)),
            ("preview", lambda number=campaign_id: _preview(database, runtime, number)),
        ):
            look()
            spent = [_timed(look) for _ in range(rounds)]
            p50, p95 = (customers._quantile([wall for wall, _ in spent], at) for at in (50, 95))
            cpu = customers._quantile([worked for _, worked in spent], 95)
            figures[f"{name}, {what}"] = {"p50": p50, "p95": p95, "cpu_p95": cpu}
            mark = "" if p95 <= customers.GOAL else "  <- slower than the goal"
            print(
                f"{name:<18}{what:<9} {1000 * p50:6.0f} ms  {1000 * p95:6.0f} ms at p95  "
                f"{1000 * cpu:6.0f} ms of this process{mark}",
                flush=True,
            )
    figures["enrolling"] = _enrol(database, runtime, ids["one country"][1])
    database.close()
    return figures


def _timed(look: Any) -> tuple[float, float]:
    """Seconds on the wall, and of processor time of this process, which is all of it on SQLite."""
    began, worked = time.perf_counter(), time.process_time()
    look()
    return time.perf_counter() - began, time.process_time() - worked


def _draft(database: Database, runtime: Any, name: str, wanted: ContactFilter) -> tuple[int, int]:
    """(segment, campaign), which are kept if the database has them from an earlier run."""
    plan = CampaignPlan.model_validate(
        {"questionnaire": scale.NPS.key, "channels": ["email", "sms"], "expires_after": "14d"}
    )
    now = clock.now()
    with database.writing() as session:
        found = {each.name: each for each in segments.every(session)}
        by = session.scalar(select(func.min(User.id))) or 0
        segment = found.get(name) or segments.add(session, name, wanted, by=by, now=now)
        campaign = session.scalars(select(Campaign).where(Campaign.name == name)).first()
        if campaign is None:
            wish = CampaignWish(name, plan, None, segment.id)
            campaign = definition.add(session, wish, runtime.library, by=by, now=now)
        return segment.id, campaign.id


def _count(database: Database, segment_id: int) -> None:
    with database.reading() as session:
        segments.count(
            session, Viewer(1, sees_all=True), segments.find(session, segment_id), clock.now(), database.zone
        )


def _preview(database: Database, runtime: Any, campaign_id: int) -> None:
    """What the page of a draft computes."""
    now = clock.now()
    with database.reading() as session:
        campaign = definition.find(session, campaign_id)
        found = preview.preview(session, campaign, runtime, now)
        which = audience.condition(session, campaign, runtime.settings, now)
        sample.advise(session, scale.NPS, which, max(1, found.asked), random.choice(sample.MARGINS), now)


def _enrol(database: Database, runtime: Any, campaign_id: int) -> dict[str, float]:
    longest = 0.0

    def rest(spent: float) -> None:
        nonlocal longest
        longest = max(longest, spent / SHORT_REST)

    now = clock.now()
    with database.writing() as session:
        if definition.find(session, campaign_id).state == "draft":
            control.start(session, campaign_id, runtime.library, edit=None, by=None, now=now)
    began = time.perf_counter()
    enrolling.enrol_all_waves(Portions(database, resting=SHORT_REST, rest=rest), runtime, now)
    spent = time.perf_counter() - began
    with database.reading() as session:
        campaign = definition.find(session, campaign_id)
        enrolled = session.scalar(select(func.count()).where(Enrolment.wave_id == campaign.waves[0].id)) or 0
        seen = _timed(lambda: progress.of_wave(session, campaign.waves[0]))[0]
    print(
        f"enrolling          {enrolled:,} contacts in {spent:.1f} s without rests, longest portion "
        f"{1000 * longest:.0f} ms; its page counts for {1000 * seen:.0f} ms"
    )
    return {"contacts": enrolled, "seconds": spent, "longest": longest, "progress": seen}


if __name__ == "__main__":
    main()
