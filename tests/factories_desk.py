"""An office on a Monday morning: people who sign in, customers, and what they answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, partial
from unittest.mock import patch

from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.core.answer import Answer
from feedback.services.access import Viewer
from feedback.services.followups import workflow
from feedback.services.followups.workflow import Closing
from feedback.services.responses import recording
from feedback.services.responses.submission import Submission
from feedback.services.staff import accounts
from feedback.store.models import Account, Contact, FollowUp, Invitation, User

PASSWORD = "correct horse battery"
PEOPLE = {
    "admin": ("Ada Admin", "admin", "en"),
    "lead": ("Lena Lead", "lead", "en"),
    "selin": ("Selin Aksoy", "csm", "tr"),
    "cem": ("Cem Kaya", "csm", "en"),
    "neda": ("ندا رستمی", "csm", "fa"),
    "viewer": ("Vera Viewer", "viewer", "en"),
}


@dataclass(frozen=True)
class Customer:
    """One account with one contact and the NPS that they gave, now and before."""

    account: str
    owner: str | None
    segment: str
    revenue: int
    renews_in: int
    person: str
    language: str
    score: int
    words: str
    before: int | None = None
    hours_ago: float = 2.0


CUSTOMERS = (
    Customer(
        "Northwind Logistics", "cem", "vip", 12_000, 34, "Grace Moore", "en", 3,
        "Every release breaks our label printing. Support answers, but nobody fixes it.", 9, 75.0,
    ),
    Customer(
        "Anadolu Tekstil", "cem", "core", 4_200, 120, "Deniz Yıldız", "tr", 5,
        "Raporlar çok yavaş açılıyor, her ay sonu aynı sorun.", 7, 3.0,
    ),
    Customer(
        "پارس نیرو", "neda", "core", 6_800, 61, "مریم کاظمی", "fa", 2,
        "سه هفته است منتظر پاسخ پشتیبانی هستیم و هیچ خبری نشده.", None, 20.0,
    ),
    Customer(
        "Initech", None, "potential", 900, 200, "Sam Doe", "en", 6, "Too many clicks for a simple invoice.", 8
    ),
    Customer("Blue Bakery", "cem", "non-core", 150, 300, "Ivy Lane", "en", 1, ""),
    Customer("Contoso Health", "selin", "core", 3_100, 15, "Omar Haddad", "en", 9, "Your onboarding!", 7),
)  # fmt: skip


def furnish(session: Session, runtime: Runtime, now: datetime | None = None) -> dict[str, User]:
    """Everybody and everything; the follow-ups are opened by the answers, as in life."""
    now = now or clock.now()
    people = hire(session, runtime, now)
    for number, customer in enumerate(CUSTOMERS):
        _surveyed(session, runtime, customer, people, number, now)
    return people


def hire(session: Session, runtime: Runtime, now: datetime | None = None) -> dict[str, User]:
    people = {
        key: accounts.add_user(
            session,
            accounts.NewUser(f"{key}@example.com", name, [role], language=language),
            now or clock.now(),
        )
        for key, (name, role, language) in PEOPLE.items()
    }
    for user in people.values():
        user.password = hashed(runtime.settings.web.password_salt.reveal())
    return people


CHEAP = {"time_cost": 1, "memory_cost": 32}
"""Argon2 is slow on purpose, and a test run signs in a thousand times."""


@cache
def hashed(salt: str) -> str:
    with patch.object(accounts, "PasswordHasher", partial(PasswordHasher, **CHEAP)):
        return accounts.hash_password(PASSWORD, salt)


def _surveyed(
    session: Session,
    runtime: Runtime,
    customer: Customer,
    people: dict[str, User],
    number: int,
    now: datetime,
) -> None:
    account = Account(
        external_id=f"a{number}",
        name=customer.account,
        owner_id=people[customer.owner].id if customer.owner else None,
        segment=customer.segment,
        recurring_revenue=Decimal(customer.revenue),
        currency="EUR",
        renewal_on=now.date() + timedelta(days=customer.renews_in),
        contract_started_on=date(2023, 5, 1),
        created_at=now,
        updated_at=now,
    )
    contact = Contact(
        external_id=f"c{number}",
        account=account,
        name=customer.person,
        phone=f"+90532123450{number}",
        email=f"person{number}@example.com",
        language=customer.language,
        created_at=now,
        updated_at=now,
    )
    colleague = Contact(
        external_id=f"d{number}", account=account, name="A colleague", created_at=now, updated_at=now
    )
    session.add_all([account, contact, colleague])
    session.flush()
    if customer.before is not None:
        before = now - timedelta(days=90)
        for task in answer(session, runtime, contact, customer.before, "", before):
            thank(session, task, people["lead"], before + timedelta(days=2))
    invite(session, runtime, colleague, now - timedelta(days=3))
    answer(
        session, runtime, contact, customer.score, customer.words, now - timedelta(hours=customer.hours_ago)
    )


def thank(session: Session, task: FollowUp, by: User, now: datetime) -> None:
    closing = Closing("thanked", "Said thank you.")
    viewer = Viewer(by.id, sees_all=True)
    workflow.close(session, task.id, viewer, closing, revision=task.revision, now=now)


def invite(session: Session, runtime: Runtime, contact: Contact, now: datetime) -> Invitation:
    invitation = Invitation(
        contact_id=contact.id,
        account_id=contact.account_id,
        version=runtime.library.published(session, "relationship-nps", now),
        stage="relationship",
        channel="sms",
        language=contact.language or "en",
        state="delivered",
        created_at=now,
        sent_at=now,
        expires_at=now + timedelta(days=30),
    )
    session.add(invitation)
    session.flush()
    return invitation


def answer(
    session: Session, runtime: Runtime, contact: Contact, score: int, words: str, now: datetime
) -> list[FollowUp]:
    """Answer the relationship survey; what that opens."""
    invitation = invite(session, runtime, contact, now - timedelta(hours=1))
    given = {"score": Answer(score)}
    if words:
        given["improve" if score <= 8 else "keep"] = Answer(None, words)
    questionnaire, submission = (
        runtime.library.questionnaire_of(invitation.version),
        Submission(given, now, "link"),
    )
    response_id = recording.record(session, invitation, questionnaire, submission, runtime.settings)
    session.flush()
    return list(session.query(FollowUp).filter_by(response_id=response_id))
