"""Sets the demo up: its directory, its staff, its customers, and their past."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback import bootstrap, clock, log
from feedback.bootstrap import Runtime
from feedback.demo.customers import CustomerBase
from feedback.demo.history import LastWeek
from feedback.demo.past import Past
from feedback.demo.people import STAFF
from feedback.demo.story import CompanyStory
from feedback.services.followups import root_causes
from feedback.services.staff import accounts
from feedback.settings import load
from feedback.store.models import User

ADMIN = "admin@demo.example"
PASSWORD = "demo-demo-demo"  # noqa: S105 - everybody may know it: the demo listens on this machine only
SEED = 2026
PAST, PLAYED = timedelta(days=365), timedelta(days=7)
"""How long ago the story begins, and from when on the worker's own jobs play it."""
NEWCOMERS = 60
"""Contacts without a past, for whom something can happen while somebody watches."""


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
    lately = (now - PLAYED).replace(hour=6, minute=0, second=0, microsecond=0)
    story = CompanyStory(dice, now)
    with runtime.database.writing() as session:
        root_causes.ensure(session)
        base = CustomerBase(session, _staff(session, runtime, begin), dice, begin, now)
        base.found()
        Past(session, runtime, dice, story, base.left).fill(begin, lately)
        base.let_go()
        base.welcome(NEWCOMERS)
    LastWeek(runtime, dice, story).play(lately, now)


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
        f"  Sign in with the password {PASSWORD} as\n    admin  {ADMIN}\n\n"
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
    "FEEDBACK_RETENTION_MESSAGES": "60d",
}
"""The company of the demo."""
AT_ANY_HOUR = {"FEEDBACK_CONTACT_ANY_HOUR": "true"}
"""Nobody who tries the product at night should have to wait until it is day for customers who do not exist."""


def _staff(session: Session, runtime: Runtime, now: datetime) -> list[User]:
    salt = runtime.settings.web.password_salt.reveal()
    made: list[User] = []
    for email, name, role, language in STAFF:  # a password is slow to hash, and all have the same
        new = accounts.NewUser(email, name, [role], None if made else PASSWORD, language, is_demo=True)
        made.append(accounts.add_user(session, new, now, salt=salt))
    for user in made:
        user.password = made[0].password
        if user.language == "fa":  # a colleague in Iran, whose week is another one
            user.time_zone, user.work_days = "Asia/Tehran", [5, 6, 0, 1, 2]
    return [user for user, (_, _, role, _) in zip(made, STAFF, strict=True) if role == "csm"]
