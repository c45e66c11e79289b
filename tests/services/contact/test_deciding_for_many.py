"""Deciding on many contacts at once is deciding on each of them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, select, text
from sqlalchemy.orm import Session

from feedback.core.contact.policy import Decision, Intended, Skip
from feedback.services.contact import eligibility
from feedback.store.models import Account, Consent, Contact, Invitation, QuestionnaireVersion, Suppression
from tests.services.conftest import World
from tests.services.contact import row_by_row

PHONES = [None, "+905321234501", "+905321234502", "+12125550101", "+5491123456789", "+61412345678"]
MAILS = [None, "a@example.com", "b@example.com", "c@example.com"]
ZONES = [None, "Europe/Istanbul", "America/Los_Angeles", "Nowhere/Land"]
REASONS = ["opt_out", "maybe_opt_out", "soft_bounces", "hard_bounce", "complaint", "manual"]


def fill(world: World, session: Session, draw: random.Random) -> list[Contact]:
    """Contacts who share numbers, addresses and accounts, with every state of permission, list and past survey."""
    accounts = [world.account(session, f"a{number}") for number in range(4)]
    people = [
        world.contact(
            session,
            f"c{number}",
            account=draw.choice([None, *accounts]),
            consent=False,
            phone=draw.choice([*PHONES, f"+9053212350{number:02}"]),
            email=draw.choice([*MAILS, f"own{number}@example.com"]),
            time_zone=draw.choice(ZONES),
            country=draw.choice([None, "TR", "US", "DE"]),
            erased_at=draw.choice([None] * 9 + [world.now]),
        )
        for number in range(14)
    ]
    session.add_all(permissions(world, people, draw))
    session.add_all(listed(world, people, draw))
    version = session.scalars(select(QuestionnaireVersion.id)).one()
    session.add_all(
        Invitation(**survey(world, people, accounts, draw), version_id=version)
        for _ in range(draw.randrange(25))
    )
    session.flush()
    return people


def permissions(world: World, people: list[Contact], draw: random.Random) -> Iterator[Consent]:
    for person in people:
        for kind, address in person.addresses.items():
            for _ in range(draw.choice([0, 1, 1, 1, 2])):
                yield Consent(
                    contact_id=person.id,
                    kind=kind,
                    address=draw.choice([address, address, "old@example.com"]),
                    basis=draw.choice(["consent", "contract"]),
                    source="test",
                    granted_at=world.now,
                    withdrawn_at=draw.choice([None, None, None, world.now]),
                )


def listed(world: World, people: list[Contact], draw: random.Random) -> Iterator[Suppression]:
    ways = {("sms", each) for each in PHONES if each} | {("email", each) for each in MAILS if each}
    for kind, address in draw.sample(sorted(ways), draw.randrange(5)):
        yield Suppression(
            kind=kind,
            address=draw.choice([address, address, f"elsewhere-{kind}-{address}"]),
            reason=draw.choice(REASONS),
            source="test",
            contact_id=draw.choice([None, draw.choice(people).id]),
            created_at=world.now,
            lifted_at=draw.choice([None, None, world.now]),
        )


def survey(
    world: World, people: list[Contact], accounts: list[Account], draw: random.Random
) -> dict[str, Any]:
    person = draw.choice(people)
    created = world.now - timedelta(hours=draw.randrange(40 * 24))
    return {
        "contact_id": person.id,
        "account_id": draw.choice([person.account_id, draw.choice(accounts).id]),
        "stage": "relationship",
        "priority": draw.choice([20, 40, 90]),
        "channel": "email",
        "language": "en",
        "state": draw.choice(["queued", "sent", "completed", "expired", "failed", "withdrawn", "skipped"]),
        "created_at": created,
        "sent_at": draw.choice([None, created + timedelta(hours=draw.randrange(9))]),
        "expires_at": world.now + timedelta(days=9),
    }


def outcomes(world: World, seed: int) -> list[Decision]:
    draw = random.Random(seed)
    contact = replace(
        world.settings.contact,
        account_max=draw.choice([None, 1, 2, 5]),
        account_window=timedelta(days=draw.choice([3, 7, 40])),
        min_gap=timedelta(days=draw.choice([7, 30])),
        consent_required=draw.choice([True, False]),
    )
    rules = eligibility.policy(replace(world.settings, contact=contact))
    at = world.now + timedelta(hours=draw.randrange(24))
    intended = Intended(draw.choice([20, 40, 90]), ("email", "sms"), at, at + timedelta(days=21))
    with world.database.writing() as session, session.begin_nested() as base:
        people = fill(world, session, draw)
        alone = [row_by_row.decide_for(session, each, intended, rules, at) for each in people]
        rows = eligibility.lock_people(session, [each.id for each in people])
        known = eligibility.know(session, rows, rules, at)
        together = [known.decide(each, intended, at) for each in rows]
        base.rollback()
    assert together == alone
    return together


def test_many_at_once_are_decided_like_one_after_the_other(world: World) -> None:
    seen: Counter[str] = Counter()
    with world.database.writing() as session:
        world.library.published(session, "relationship-nps", world.now)
    for seed in range(60):
        seen.update(
            each.code if isinstance(each, Skip) else f"send by {each.channel}"
            for each in outcomes(world, seed)
        )
    assert set(seen) >= {
        "send by sms", "send by email", "suppressed", "no_channel", "contacted_recently",
        "account_contacted_often",
    }  # fmt: skip


@pytest.mark.parametrize("people", [1, 200])
def test_the_number_of_statements_does_not_depend_on_the_number_of_contacts(
    world: World, people: int
) -> None:
    with world.database.writing() as session:
        account = world.account(session)
        for number in range(people):
            world.contact(session, f"c{number}", account=account, phone=f"+90532123{number:04}")
    statements: list[str] = []
    with world.database.writing() as session:
        ids = session.scalars(select(Contact.id)).all()
        event.listen(session.connection(), "before_cursor_execute", lambda *told: statements.append(told[2]))
        rows = eligibility.lock_people(session, ids)
        eligibility.know(session, rows, eligibility.policy(world.settings), world.now)
    assert len(statements) <= 10


@pytest.mark.postgres
@pytest.mark.parametrize("migrated", ["postgres"], indirect=True)
def test_what_refers_to_a_customer_is_stored_while_somebody_decides_about_them(world: World) -> None:
    """An answer refers to the contact and the account. If it had to wait for a decision that also waits for it, the
    database would end one of them."""
    with world.database.writing() as session:
        contact = world.contact(session, account=world.account(session))
        ids, account_id = [contact.id], contact.account_id
    with world.database.writing() as deciding:
        eligibility.lock_people(deciding, ids)
        with world.database.writing() as answering:
            answering.execute(text("SET LOCAL lock_timeout = '5s'"))
            answering.execute(
                insert(Contact).values(
                    external_id="c-new", account_id=account_id, created_at=world.now, updated_at=world.now
                )
            )
            answering.execute(
                insert(Consent).values(
                    contact_id=ids[0], kind="sms", address="+905321234567", basis="contract", source="test",
                    granted_at=world.now,
                )
            )  # fmt: skip
