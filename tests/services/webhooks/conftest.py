"""Customers who answer, receivers that listen, and a clock set by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from feedback import clock
from feedback.core.answer import Answer
from feedback.core.webhook_events import EVENT_TYPES, WebhookFilter
from feedback.providers.webhook_http import WebhookHttp
from feedback.services.context import Context
from feedback.services.responses import lookup, recording
from feedback.services.responses.submission import Submission
from feedback.services.webhooks import delivering, endpoints, spreading
from feedback.services.webhooks.endpoints import EndpointDraft
from feedback.services.webhooks.lanes import WebhookLanes
from feedback.settings import Settings
from feedback.settings.table import LinkSettings, WebhookSettings
from feedback.store.database import Database
from feedback.store.models import WebhookDelivery, WebhookEndpoint, WebhookEvent
from tests.factories_surveys import NOW, NPS, invite, shelf
from tests.fakes.fake_receiver import FakeReceiver, Script

EVERYTHING = tuple(EVENT_TYPES)
LOCAL = WebhookSettings(allowed_networks=("127.0.0.0/8",), allow_http=True)
HTTP = WebhookHttp(allowed=[ip_network("127.0.0.0/8")], allow_http=True, timeout=5.0)
SETTINGS = Settings(instance=Path(), webhooks=LOCAL, link=LinkSettings(edit_window=timedelta(days=30)))


@dataclass
class Office:
    """One installation; `now` only moves when a test moves it."""

    database: Database
    stack: ExitStack
    now: datetime = NOW
    http: WebhookHttp = HTTP
    settings: Settings = SETTINGS

    def __post_init__(self) -> None:
        self.library = shelf(NPS)
        self.context = Context(self.settings, self.library, {})
        self._tokens = 0

    def receiver(self, script: Script | None = None) -> FakeReceiver:
        return self.stack.enter_context(FakeReceiver(script))

    def endpoint(
        self, url: str, types: Sequence[str] = EVERYTHING, filters: WebhookFilter | None = None
    ) -> tuple[int, str]:
        """The id of a new endpoint, and its secret."""
        draft = EndpointDraft("CRM", url, types, filters or WebhookFilter())
        with self.database.writing() as session:
            row, secret = endpoints.create(session, draft, LOCAL, by=None, now=self.now)
            return row.id, secret

    @property
    def start(self) -> datetime:
        return NOW

    def use_real_time(self) -> None:
        """The specification's library refuses timestamps that are not of now."""
        self.now = clock.now()

    def lanes(self) -> WebhookLanes:
        return WebhookLanes(self.database, self.http, lambda: self.now)

    def pause(self, endpoint_id: int) -> None:
        with self.database.writing() as session:
            endpoints.pause(session, endpoint_id, by=None, now=self.now)

    def resume(self, endpoint_id: int) -> None:
        with self.database.writing() as session:
            endpoints.resume(session, endpoint_id, by=None, now=self.now)

    def invited(self) -> str:
        """The token of a new customer's survey."""
        self._tokens += 1
        token = f"{'A' * 8}{self._tokens:04d}".translate(str.maketrans("01", "XY"))
        with self.database.writing() as session:
            invite(session, self.library, token=token, expires_at=self.now + timedelta(days=30))
        return token

    def answer(self, token: str | None = None, score: int = 9, words: str | None = None) -> str:
        """A customer's answer, now; their comment, if there is one, comes with it."""
        token = token or self.invited()
        given: dict[str, Answer | None] = {"recommend": Answer(score)}
        if words is not None:
            given["liked" if score >= 7 else "better"] = Answer(None, words)
        with self.database.connection() as connection:
            locked = lookup.lock(connection, token, self.now)
            submission = Submission(given, self.now, "link")
            recording.record_locked(connection, locked, NPS, submission, self.settings)
        return token

    def spread(self) -> int:
        with self.database.writing() as session:
            return spreading.spread(session, self.context, self.now)

    def deliver(self) -> int:
        """Send what is due to every endpoint. Returns the number of calls."""
        with self.database.reading() as session:
            due = delivering.endpoints_with_due(session, self.now)
        return sum(delivering.deliver(self.database, self.http, each, lambda: self.now) for each in due)

    def work(self) -> int:
        self.spread()
        return self.deliver()

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)

    def until(self, end: datetime, step: timedelta = timedelta(minutes=4)) -> None:
        """Let the worker tick until then."""
        while self.now < end:
            self.now = min(self.now + step, end)
            self.work()

    def rows(self, model: type[Any]) -> Sequence[Any]:
        with self.database.reading() as session:
            return session.scalars(select(model).order_by(model.id)).all()

    def row(self, endpoint_id: int) -> WebhookEndpoint:
        with self.database.reading() as session:
            return endpoints.find(session, endpoint_id)

    def states(self) -> list[str]:
        return [str(each.state) for each in self.rows(WebhookDelivery)]

    def told(self) -> list[str]:
        """The types of the stored events, in their order."""
        return told(self.database)


def listen(database: Database, *types: str) -> None:
    """Register an endpoint, so that events of these types are stored (default: of all)."""
    draft = EndpointDraft("CRM", "https://crm.example.com/hooks", types or EVERYTHING)
    with database.writing() as session:
        endpoints.create(session, draft, LOCAL, by=None, now=NOW)


def told(database: Database) -> list[str]:
    """The types of the stored events, in their order."""
    with database.reading() as session:
        return list(session.scalars(select(WebhookEvent.type).order_by(WebhookEvent.id)))


@pytest.fixture
def office(migrated: Database) -> Iterator[Office]:
    """On SQLite, and again on PostgreSQL."""
    with ExitStack() as stack:
        yield Office(migrated, stack)
