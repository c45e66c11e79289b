"""The customer base of the demo: some hundred companies, with owners, segments, renewals, and a few people each."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from feedback.demo.people import FOLKS, Folk, domain
from feedback.demo.story import PRICE_CHANGE
from feedback.store.models import Account, Consent, Contact, User

COMPANIES = 220
SEGMENTS = (("vip", 1), ("core", 4), ("potential", 3), ("non_core", 2))
REVENUE = {"vip": 9_000, "core": 3_200, "potential": 1_500, "non_core": 500}
PREFIX = "demo-c"
FIRST_NEWCOMER = 5_000
LEAVING = 14
"""Companies that left after the price change."""
SINCE_THIS_YEAR = 0.25
NUMBERS = 10_000


class CustomerBase:
    """Invents companies and people, from `begin` to `now`. `left` is when which account left."""

    def __init__(
        self, session: Session, owners: Sequence[User], dice: random.Random, begin: datetime, now: datetime
    ) -> None:
        self.session, self.owners, self.dice, self.begin, self.now = session, owners, dice, begin, now
        self.left: dict[int, date] = {}
        self.accounts: list[tuple[Account, Folk]] = []
        self.people = {folk.language: 0 for folk in FOLKS}

    def found(self) -> None:
        """All companies, and one to four people in each."""
        names = {folk.language: folk.companies() for folk in FOLKS}
        for number in range(COMPANIES):
            folk = self.dice.choices(FOLKS, [each.share for each in FOLKS])[0]
            self.accounts.append((self._account(number, next(names[folk.language]), folk), folk))
        self.session.add_all(account for account, _ in self.accounts)
        self.session.flush()
        number = 0
        people = []
        for account, folk in self.accounts:
            since = datetime.combine(account.contract_started_on or self.begin.date(), self.begin.timetz())
            for _ in range(self.dice.choice((1, 2, 2, 3, 3, 3, 4))):
                people.append(self._contact(number, account, folk, folk.zones, max(since, self.begin)))
                number += 1
        self.add(people)
        self._some_leave()

    def welcome(self, many: int) -> None:
        """People who are new: nothing has happened with them, and some live where it is day when others sleep."""
        folks = [FOLKS[number % len(FOLKS)] for number in range(many)]
        self.add([self.newcomer(FIRST_NEWCOMER + n, folk, self.begin) for n, folk in enumerate(folks)])

    def let_go(self) -> None:
        """Who has left is not asked any more: their permissions ended with the contract."""
        for account_id, day in self.left.items():
            people = select(Contact.id).where(Contact.account_id == account_id)
            ended = datetime.combine(day, self.begin.timetz())
            self.session.execute(
                update(Consent).where(Consent.contact_id.in_(people)).values(withdrawn_at=ended)
            )

    def newcomer(self, number: int, folk: Folk, now: datetime) -> Contact:
        """Somebody who has just begun at one of the companies."""
        companies = [
            account for account, spoken in self.accounts if spoken is folk and account.id not in self.left
        ]
        return self._contact(number, self.dice.choice(companies), folk, folk.far, now)

    def add(self, people: Sequence[Contact]) -> None:
        """Store people, with their permissions."""
        self.session.add_all(people)
        self.session.flush()
        self.session.execute(insert(Consent), [row for contact in people for row in _permissions(contact)])

    def _account(self, number: int, name: str, folk: Folk) -> Account:
        segment = self.dice.choices([key for key, _ in SEGMENTS], [share for _, share in SEGMENTS])[0]
        revenue = REVENUE[segment] * self.dice.uniform(0.6, 2.2)
        today = self.now.date()
        days = (
            self.dice.randrange(20, 340)
            if self.dice.random() < SINCE_THIS_YEAR
            else self.dice.randrange(380, 2_400)
        )
        started = today - timedelta(days=days)
        own = [each for each in self.owners if each.language == folk.language]
        return Account(
            external_id=f"demo-{number:03d}",
            name=name,
            owner_id=self.dice.choice(own).id,
            segment=segment,
            recurring_revenue=Decimal(round(revenue / 10) * 10),
            currency="USD",
            contract_started_on=started,
            renewal_on=today + timedelta(days=365 - days % 365),
            is_demo=True,
            created_at=self.begin,
            updated_at=self.begin,
        )

    def _contact(
        self, number: int, account: Account, folk: Folk, zones: Sequence[str], since: datetime
    ) -> Contact:
        name, address = folk.person(self.people[folk.language])
        self.people[folk.language] += 1
        turn = (self.people[folk.language] - 1) // (len(folk.first) * len(folk.last))
        return Contact(
            external_id=f"{PREFIX}{number:04d}",
            account_id=account.id,
            name=name,
            phone=f"{folk.prefix}{number % NUMBERS:04d}",
            email=f"{address}{turn or ''}@{domain(account.name)}",
            language=folk.language,
            country=folk.country,
            time_zone=self.dice.choice(zones),
            is_demo=True,
            created_at=since.astimezone(UTC),
            updated_at=since.astimezone(UTC),
        )

    def _some_leave(self) -> None:
        started_before = (self.now - PRICE_CHANGE - timedelta(days=60)).date()
        loyal = [
            a for a, _ in self.accounts if a.contract_started_on and a.contract_started_on < started_before
        ]
        for account in self.dice.sample(loyal, LEAVING):
            day = (self.now - PRICE_CHANGE + timedelta(days=self.dice.randrange(20, 110))).date()
            self.left[account.id] = day
            account.renewal_on, account.recurring_revenue = day, Decimal(0)


def base_of(session: Session, dice: random.Random, now: datetime) -> CustomerBase:
    """The base that is stored, to which people can be added."""
    base = CustomerBase(session, (), dice, now, now)
    pairs = session.execute(select(Contact.account_id, Contact.language).where(Contact.is_demo).distinct())
    language = {account: spoken or "en" for account, spoken in pairs}
    stored = session.scalars(
        select(Account).where(Account.is_demo, Account.recurring_revenue > 0).order_by(Account.id)
    )
    folks = {folk.language: folk for folk in FOLKS}
    base.accounts = [(account, folks[language[account.id]]) for account in stored if account.id in language]
    for (spoken,) in session.execute(select(Contact.language).where(Contact.is_demo)):
        base.people[spoken or "en"] += 1
    return base


def last_number(session: Session) -> int:
    """The number of the latest contact."""
    latest = select(Contact.external_id).where(Contact.is_demo).order_by(Contact.id.desc()).limit(1)
    return int(session.scalars(latest).one().removeprefix(PREFIX))


def _permissions(contact: Contact) -> list[dict[str, object]]:
    return [
        {"contact_id": contact.id, "kind": kind, "address": address, "basis": "consent", "source": "demo",
         "granted_at": contact.created_at}
        for kind, address in contact.addresses.items()
    ]  # fmt: skip
