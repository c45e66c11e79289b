"""A small world: one database, the shipped questionnaires, a simulated phone and inbox, and a clock set by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from feedback import library, resources
from feedback.library import Library
from feedback.lint.document.document import Document
from feedback.lint.engine import checking
from feedback.lint.engine.rule import Finding, RuleModule
from feedback.lint.engine.runner import Result
from feedback.providers.base import Provider, Reply
from feedback.providers.simulator import MemoryMailbox, Simulator
from feedback.services.contact import suppression
from feedback.services.context import Context
from feedback.services.journey import enrolments, invitations
from feedback.services.messaging import dispatch, reconciliation
from feedback.services.responses import sms_conversation
from feedback.settings import Settings, load
from feedback.store.database import Database
from feedback.store.models import Account, Contact, InboundReply, JourneyEvent, User
from tests.services import conversing
from tests.services.conversing import Conversation
from tests.services.followups.desk import Desk

MONDAY_NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@dataclass
class World:
    """What the services' tests stand on; `now` only moves when a test moves it."""

    database: Database
    library: Library
    settings: Settings
    mailbox: MemoryMailbox
    providers: dict[str, Provider]
    now: datetime = MONDAY_NOON

    def __post_init__(self) -> None:
        self.timer = reconciliation.UnconfirmedTimer(lambda: self.now.timestamp())  # noqa: PLW0108 - `now` moves

    @property
    def context(self) -> Context:
        return Context(self.settings, self.library, self.providers)

    def wait(self, **span: float) -> datetime:
        self.now += timedelta(**span)
        return self.now

    def owner(self, session: Session, email: str = "owner@example.com") -> User:
        user = User(email=email, name="Owner", fs_uniquifier=email, created_at=self.now)
        session.add(user)
        session.flush()
        return user

    def contact(
        self,
        session: Session,
        key: str = "c1",
        *,
        account: Account | None = None,
        consent: bool = True,
        **columns: object,
    ) -> Contact:
        facts = {
            "name": "Deniz Demir",
            "phone": "+905321234567",
            "email": f"{key}@example.com",
            "language": "en",
            "time_zone": "Europe/Istanbul",
            **columns,
        }
        contact = Contact(external_id=key, account=account, created_at=self.now, updated_at=self.now, **facts)
        session.add(contact)
        session.flush()
        if consent:
            for kind, address in contact.addresses.items():
                suppression.grant(
                    session, contact, kind, address, basis="contract", source="test", now=self.now
                )
        return contact

    def account(self, session: Session, key: str = "a1", **columns: object) -> Account:
        account = Account(external_id=key, name="Acme", created_at=self.now, updated_at=self.now, **columns)
        session.add(account)
        session.flush()
        return account

    def event(self, session: Session, name: str, contact: str = "c1", key: str | None = None) -> JourneyEvent:
        event = enrolments.Event(key or f"{name}:{contact}:{self.now.isoformat()}", name, contact, self.now)
        return enrolments.record_event(session, event, self.context, self.now)

    def tick(self) -> None:
        """One round of the worker at `now`, in its order."""
        for job in (
            lambda s: invitations.issue_due(s, self.context, self.now),
            lambda s: invitations.use_other_channels(s, self.context, self.now),
            lambda s: invitations.remind_due(s, self.context, self.now),
            lambda s: invitations.expire_due(s, self.now),
            lambda s: reconciliation.reap(s, self.settings, self.now),
        ):
            with self.database.writing() as session:
                job(session)
        dispatch.send_queued(self.database, self.context, "worker", self.now)
        self.reconcile()

    def reconcile(self) -> int:
        return reconciliation.reconcile(self.database, self.context, self.now, self.timer)

    def reply(self, body: str, phone: str = "+905321234567") -> InboundReply | None:
        reply = self.mailbox.write(phone, "+15550000000", body)
        with self.database.writing() as session:
            return sms_conversation.receive(
                session, "simulator_sms", replace_time(reply, self.now), self.context, self.now
            )

    @property
    def texts(self) -> list[str]:
        """What has arrived on the phone, oldest first."""
        return [each.outgoing.body for each in self.mailbox.delivered if each.channel == "sms"]

    @property
    def mails(self) -> list[str]:
        return [each.outgoing.subject or "" for each in self.mailbox.delivered if each.channel == "email"]


def times_delivered(mailbox: MemoryMailbox) -> Counter[int]:
    """How often each message id arrived; anything but 1 is a fault of the sender."""
    return Counter(each.outgoing.message_id for each in mailbox.delivered)


def replace_time(reply: Reply, now: datetime) -> Reply:
    return replace(reply, received_at=now)


@pytest.fixture(scope="session", autouse=True)
def quick_linting() -> Iterator[None]:
    """Each start reads all questionnaires, and most tests change one of them at most: the linter looks at each text
    once for the same settings and rules."""
    run = checking.run
    known: dict[Any, Result] = {}

    def run_once(document: Document, rules: Sequence[RuleModule], more: Sequence[Finding] = ()) -> Result:
        if more:
            return run(document, rules, more)
        checks = tuple(each.check for each in rules)
        published = tuple(each.model_dump_json() for each in document.settings.published)
        settings = replace(document.settings, published=())
        key = document.source, document.path, settings, published, checks
        if key not in known:
            known[key] = run(document, rules)
        found = known[key]
        return replace(found, problems=list(found.problems), accepted=list(found.accepted))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checking, "run", run_once)
        yield


@pytest.fixture(scope="session")
def shipped() -> Library:
    """The questionnaires that ship, read once."""
    return library.load(resources.directories("questionnaires"))


@pytest.fixture
def shelf(shipped: Library) -> Library:
    """A library for one database: it remembers versions by their ids, which begin anew in the next."""
    return Library(shipped.questionnaires, shipped.journey)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a demo installation called Acme."""
    environ = {
        "FEEDBACK_DEMO": "true",
        "FEEDBACK_ORGANISATION_NAME": "Acme",
        "FEEDBACK_WEB_PUBLIC_URL": "http://127.0.0.1:8080",
    }
    return load(tmp_path, environ)


@pytest.fixture
def make_world(shelf: Library, settings: Settings) -> Callable[[Database], World]:
    def make(database: Database) -> World:
        mailbox = MemoryMailbox()
        providers: dict[str, Provider] = {
            f"simulator_{channel}": Simulator(channel=channel, mailbox=mailbox)
            for channel in ("sms", "email")
        }
        world = World(database, shelf, settings, mailbox, providers)
        mailbox.now = lambda: world.now
        return world

    return make


@pytest.fixture
def world(migrated: Database, make_world: Callable[[Database], World]) -> World:
    """A world on SQLite, and again on PostgreSQL."""
    return make_world(migrated)


@pytest.fixture
def desk(migrated: Database, shelf: Library, tmp_path: Path) -> Desk:
    """On SQLite, and again on PostgreSQL."""
    return Desk(migrated, shelf, tmp_path)


@pytest.fixture
def begin(world: World) -> Callable[..., Conversation]:
    """Open a follow-up for a customer who gave a score."""
    return partial(conversing.begin, world)


@pytest.fixture
def conversation(begin: Callable[..., Conversation]) -> Conversation:
    return begin()
