"""Sets the demo up: its directory, its staff, its customers, and their past."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback import bootstrap, clock, log
from feedback.bootstrap import Runtime
from feedback.demo.history import play
from feedback.demo.people import COMPANIES, FOLKS, STAFF, Folk
from feedback.services.contact import suppression
from feedback.services.followups import root_causes
from feedback.services.staff import accounts
from feedback.settings import load
from feedback.store.models import Account, Contact, User

ADMIN = "admin@demo.example"
PASSWORD = "demo-demo-demo"  # noqa: S105 - everybody may know it: the demo listens on this machine only
SEED = 2026
PAST = timedelta(days=120)
PER_ACCOUNT = 5
NEWCOMERS = 60
"""Contacts without a past, for whom something can happen while somebody watches."""
PREFIX = "demo-c"

PRECIOUS = 4
SEGMENTS = ("vip", "core", "core", "potential", "non_core")


def prepare(directory: Path, *, port: int, fresh: bool, say: Callable[[str], object]) -> Runtime:
    """A Runtime over the demo's own directory, filled at the first call and left alone after."""
    runtime = _start(directory, {**_environment(port), **NORTHWIND}, fresh=fresh)
    if _is_untouched(runtime):
        say("Inventing customers and playing a year of surveys ...")
        fill(runtime, clock.now())
    return runtime


def prepare_empty(directory: Path, *, port: int, fresh: bool) -> Runtime:
    """A Runtime over a new installation in a directory of its own: simulated channels, one admin, and nothing else."""
    runtime = _start(directory, {**_environment(port), **AT_ANY_HOUR}, fresh=fresh)
    if _is_untouched(runtime):
        with runtime.database.writing() as session:
            root_causes.ensure(session)
            accounts.add_user(
                session,
                accounts.NewUser(ADMIN, "Admin", ["admin"], PASSWORD, is_demo=True),
                clock.now(),
                salt=runtime.settings.web.password_salt.reveal(),
            )
    return runtime


def _start(directory: Path, environment: dict[str, str], *, fresh: bool) -> Runtime:
    if fresh and directory.exists():
        shutil.rmtree(directory)
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings = load(directory, environment)
    log.configure(settings.log)
    bootstrap.open_database(settings).upgrade()
    return bootstrap.start(settings)


def _is_untouched(runtime: Runtime) -> bool:
    with runtime.database.reading() as session:
        return session.scalar(select(User.id).limit(1)) is None


def fill(runtime: Runtime, now: datetime) -> None:
    """Staff, customers and a past up to `now`; always the same for the same day."""
    dice = random.Random(SEED)  # noqa: S311 - a demo, not a secret
    begin = (now - PAST).replace(hour=6, minute=30, second=0, microsecond=0)
    with runtime.database.writing() as session:
        root_causes.ensure(session)
        owners = _staff(session, runtime, begin)
        _customers(session, owners, dice, begin, now)
    play(runtime, dice, begin, now)


def guide(runtime: Runtime) -> str:
    """What a newcomer needs to know, in a few lines."""
    base = runtime.settings.web.public_url
    rows = "\n".join(f"    {role:<6} {email}" for email, _, role, _ in STAFF)
    return (
        f"\n  Customers' phones and inboxes   {base}/simulator/\n"
        f"  The follow-up queue             {base}/desk/\n"
        f"  The numbers                     {base}/insights/\n\n"
        f"  Sign in with the password {PASSWORD} as\n{rows}\n\n"
        "  A survey arrives on a simulated phone within a minute. Answer it with a low score\n"
        "  and look at the queue. Ctrl-C ends the demo; --fresh starts it again.\n"
    )


def guide_of_empty(runtime: Runtime) -> str:
    """The same, for a new installation."""
    base = runtime.settings.web.public_url
    return (
        f"\n  Your new installation           {base}/\n"
        f"  Sign in as {ADMIN} with the password {PASSWORD}.\n"
        "  The first steps lead you to your first survey. You need nothing but the browser.\n\n"
        f"  Customers' phones and inboxes   {base}/simulator/\n"
        "  Everything that is sent arrives there, at any hour, and nothing leaves this machine.\n\n"
        "  Ctrl-C ends it, and your work is kept; --fresh starts over.\n"
    )


def _environment(port: int) -> dict[str, str]:
    return {
        "FEEDBACK_DEMO": "true",
        "FEEDBACK_WEB_PORT": str(port),
        "FEEDBACK_WEB_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "FEEDBACK_WORKER_TICK": "1",
        "FEEDBACK_LOG_LEVEL": "warning",
    }


NORTHWIND = {
    "FEEDBACK_ORGANISATION_NAME": "Northwind",
    "FEEDBACK_ORGANISATION_SUPPORT_EMAIL": "help@northwind.example",
    "FEEDBACK_ORGANISATION_SUPPORT_PHONE": "+12025550100",
    "FEEDBACK_FOLLOWUP_FALLBACK_OWNER": "lead@demo.example",
}
"""The company of the demo."""
AT_ANY_HOUR = {"FEEDBACK_CONTACT_ANY_HOUR": "true"}
"""Nobody who tries the product at night should have to wait until it is day for customers who do not exist."""


def _staff(session: Session, runtime: Runtime, now: datetime) -> list[User]:
    salt = runtime.settings.web.password_salt.reveal()
    made = [
        accounts.add_user(
            session, accounts.NewUser(email, name, [role], PASSWORD, language, is_demo=True), now, salt=salt
        )
        for email, name, role, language in STAFF
    ]
    for user in made:
        if user.language == "fa":  # a colleague in Iran, whose week is another one
            user.time_zone, user.work_days = "Asia/Tehran", [5, 6, 0, 1, 2]
    return [user for user, (_, _, role, _) in zip(made, STAFF, strict=True) if role == "csm"]


def _customers(
    session: Session, owners: list[User], dice: random.Random, begin: datetime, now: datetime
) -> None:
    for number, company in enumerate(COMPANIES):
        account = _account(number, company, owners[number % len(owners)], dice, begin, now)
        session.add(account)
        session.flush()
        for place in range(PER_ACCOUNT):
            folk = FOLKS[(number + place) % len(FOLKS)]
            _contact(session, folk, number * PER_ACCOUNT + place, account, dice, begin)
    for number in range(NEWCOMERS):
        newcomer(session, 1_000 + number, dice, begin)


def last_number(session: Session) -> int:
    """The number of the latest contact."""
    latest = select(Contact.external_id).where(Contact.is_demo).order_by(Contact.id.desc()).limit(1)
    return int(session.scalars(latest).one().removeprefix(PREFIX))


def newcomer(session: Session, number: int, dice: random.Random, now: datetime) -> Contact:
    """A contact without a past, in one of the companies where most is at stake: what they answer matters."""
    precious = (
        select(Account).where(Account.is_demo).order_by(Account.recurring_revenue.desc()).limit(PRECIOUS)
    )
    account = dice.choice(session.scalars(precious).all())
    return _contact(session, FOLKS[number % len(FOLKS)], number, account, dice, now)


def _account(
    number: int, company: str, owner: User, dice: random.Random, begin: datetime, now: datetime
) -> Account:
    segment = SEGMENTS[number % len(SEGMENTS)]
    size = {"vip": 9_000, "core": 3_500, "potential": 1_800, "non_core": 600}[segment]
    is_precious = segment == SEGMENTS[0] and number < PRECIOUS * len(SEGMENTS)
    return Account(
        external_id=f"demo-{number:03d}",
        name=company,
        owner_id=owner.id,
        segment=segment,
        recurring_revenue=Decimal((3 if is_precious else 1) * size + dice.randrange(size)),
        currency="USD",
        contract_started_on=(begin - timedelta(days=dice.randrange(60, 900))).date(),
        renewal_on=(now + timedelta(days=14 + number if is_precious else dice.randrange(-40, 320))).date(),
        is_demo=True,
        created_at=begin,
        updated_at=begin,
    )


def _contact(
    session: Session, folk: Folk, number: int, account: Account, dice: random.Random, now: datetime
) -> Contact:
    turn = number // len(FOLKS)
    name = f"{folk.first[turn % len(folk.first)]} {folk.last[turn // len(folk.first) % len(folk.last)]}"
    contact = Contact(
        external_id=f"{PREFIX}{number:04d}",
        account_id=account.id,
        name=name,
        phone=f"{folk.prefix}{number:0{folk.digits}d}",
        email=f"c{number:04d}@demo.example",
        language=folk.language,
        time_zone=dice.choice(folk.zones),
        is_demo=True,
        created_at=now.astimezone(UTC),
        updated_at=now.astimezone(UTC),
    )
    session.add(contact)
    session.flush()
    for kind, address in contact.addresses.items():
        suppression.grant(session, contact, kind, address, basis="consent", source="demo", now=now)
    return contact
