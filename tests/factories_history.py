"""A year of answers at an office: enough for every chart to have something to say. From a fixed seed."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from feedback.bootstrap import Runtime
from feedback.core.metrics import METRICS, Metric
from feedback.services import rollups
from feedback.services.followups import root_causes
from feedback.store.models import Account, Response, RootCause, User
from tests import factories_reports

SEGMENTS = (("vip", 0.1), ("core", 0.5), ("potential", 0.3), ("non-core", 0.1))
FIRST, SECOND = ("Blue", "North", "Old", "Grand", "Little"), ("Harbour", "Mill", "Foods", "Motors")
ENGLISH = ("Too slow at the end of the month.", "Your people are great.", '=HYPERLINK("http://evil")', "")
PERSIAN = ("پاسخ پشتیبانی خیلی دیر رسید.", "از تیم شما سپاسگزارم.", "", "")
TURKISH = ("Raporlar çok yavaş açılıyor.", "Ekibiniz harika.", "", "")
WORDS = {"en": ENGLISH, "fa": PERSIAN, "tr": TURKISH}
WEIGHTS = {"relationship-nps": 5, "support-call-csat": 3, "onboarding-ces": 1}


class Survey(NamedTuple):
    """What is asked at a stage."""

    questionnaire: str
    stage: str
    trend: str
    question: str
    metric: Metric


def furnish(
    session: Session, runtime: Runtime, people: dict[str, User], now: datetime, answers: int = 700
) -> None:
    """Accounts, invitations and answers over the twelve months before `now`, better in the second half."""
    chance = random.Random(2026)
    root_causes.ensure(session)
    causes = session.query(RootCause).limit(5).all()
    owners = [people[each] for each in ("cem", "selin", "neda")]
    accounts = [_account(session, chance, number, owners, now) for number in range(30)]
    contacts = [
        factories_reports.contact(session, account, f"Person {n}") for account in accounts for n in range(2)
    ]
    surveys = _surveys(runtime)
    for _number in range(answers):
        survey = chance.choices(surveys, weights=list(WEIGHTS.values()))[0]
        at = now - timedelta(days=360 * chance.random() ** 1.2, hours=1)
        person = chance.choice(contacts)
        common: dict[str, Any] = {
            "person": person,
            "channel": chance.choice(("sms", "email")),
            "language": chance.choices(("en", "tr", "fa"), weights=(6, 3, 1))[0],
            "library": runtime.library,
            "questionnaire": survey.questionnaire,
            "stage": survey.stage,
        }
        for _silent in range(chance.randint(0, 3)):
            factories_reports.invitation(session, at - timedelta(days=1), **common)
        _answer(session, chance, survey, common, at, now, causes)
    rollups.rebuild(session)


def _surveys(runtime: Runtime) -> list[Survey]:
    """The stages of the shipped journey that ask the questionnaires above."""
    stages = {stage.questionnaire: stage.key for stage in runtime.library.journey.stages}
    found = []
    for key in WEIGHTS:
        questionnaire = runtime.library.questionnaires[key]
        scored = questionnaire.scored
        assert scored is not None and scored.metric
        found.append(Survey(key, stages[key], questionnaire.trend or key, scored.key, METRICS[scored.metric]))
    return found


def _account(
    session: Session, chance: random.Random, number: int, owners: list[User], now: datetime
) -> Account:
    segments, weights = zip(*SEGMENTS, strict=True)
    return factories_reports.account(
        session,
        f"{chance.choice(FIRST)} {chance.choice(SECOND)} {number}",
        owner_id=chance.choice(owners).id,
        segment=chance.choices(segments, weights=weights)[0],
        recurring_revenue=Decimal(chance.randint(2, 120) * 100),
        currency="EUR",
        renewal_on=now.date() + timedelta(days=chance.randint(5, 360)),
        properties={"usage": chance.randint(10, 100)} if chance.random() < 0.7 else {},
    )


def _answer(
    session: Session,
    chance: random.Random,
    survey: Survey,
    common: dict[str, Any],
    at: datetime,
    now: datetime,
    causes: list[RootCause],
) -> None:
    least, most = survey.metric.minimum, survey.metric.maximum
    late = (now - at).days < 180
    mean = least + (most - least) * (0.82 if late else 0.7)
    value = min(most, max(least, round(chance.gauss(mean, (most - least) * 0.2))))
    account = common["person"].account
    response = factories_reports.answered(
        session,
        value,
        at,
        segment=account.segment,
        owner=account.owner,
        words=chance.choice(WORDS[str(common["language"])]) or None,
        provisional=chance.random() < 0.03,
        question=survey.question,
        trend=survey.trend,
        metric=survey.metric.key,
        **common,
    )
    if survey.metric.key == "nps" and value < 7 and not response.provisional:
        _follow_up(session, chance, response, account, at, now, causes)


def _follow_up(
    session: Session,
    chance: random.Random,
    response: Response,
    account: Account,
    at: datetime,
    now: datetime,
    causes: list[RootCause],
) -> None:
    columns: dict[str, Any] = {"owner_id": account.owner_id, "urgency": chance.choice(("urgent", "high"))}
    contact_at = at + timedelta(hours=chance.expovariate(1 / 9))
    closed_at = contact_at + timedelta(hours=chance.expovariate(1 / 60))
    if contact_at < now and chance.random() < 0.9:
        columns |= {"first_contact_at": contact_at, "state": "taken"}
        if closed_at < now and chance.random() < 0.85:
            outcome = chance.choice(("recovered", "recovered", "saved_by_offer", "no_answer", "churned"))
            columns |= {"state": "closed", "closed_at": closed_at, "outcome": outcome}
            columns["root_cause_id"] = chance.choice(causes).id
            if outcome in ("recovered", "saved_by_offer"):
                columns["recovered_revenue"] = account.recurring_revenue
    factories_reports.follow_up(session, response, at, **columns)
