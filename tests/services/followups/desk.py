"""The desk's services over an office: what is done there, each in a transaction of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from feedback.bootstrap import Runtime, open_providers
from feedback.library import Library
from feedback.services.access import Viewer
from feedback.services.followups import queue, root_causes
from feedback.services.followups.queue import Filter
from feedback.settings import Settings, load
from feedback.store.database import Database
from feedback.store.models import Account, Contact, FollowUp
from tests import factories_desk

# A Monday at eleven: business hours are nine to five.
MONDAY = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
EVERYTHING = Filter()


class Desk:
    """An office, and what is done in it, each in a transaction of its own."""

    def __init__(self, database: Database, shelf: Library, instance: Path) -> None:
        environ = {
            "FEEDBACK_DEMO": "true",
            "FEEDBACK_FOLLOWUP_FALLBACK_OWNER": "lead@example.com",
            "FEEDBACK_PROVIDERS_ENABLED": "simulator_email",
        }
        settings = load(instance, environ)
        self.runtime = Runtime(settings, shelf, open_providers(settings, database), database)
        with database.writing() as session:
            self.people = {
                name: user.id for name, user in factories_desk.hire(session, self.runtime, MONDAY).items()
            }
            root_causes.ensure(session)

    def customer(self, owner: str | None = "cem", **columns: object) -> int:
        with self.runtime.database.writing() as session:
            number = session.query(Account).count()
            account = Account(
                external_id=f"a{number}",
                name=f"Account {number}",
                owner_id=self.people[owner] if owner else None,
                created_at=MONDAY,
                updated_at=MONDAY,
                **columns,
            )
            contact = Contact(
                external_id=f"c{number}", account=account, name="Sam", created_at=MONDAY, updated_at=MONDAY
            )
            session.add_all([account, contact])
            session.flush()
            return contact.id

    def answer(self, contact: int, score: int, words: str = "", now: datetime = MONDAY) -> list[FollowUp]:
        with self.runtime.database.writing() as session:
            person = session.get_one(Contact, contact)
            return factories_desk.answer(session, self.runtime, person, score, words, now)

    def low(self, **customer: object) -> FollowUp:
        """One open follow-up after a very low score."""
        (task,) = self.answer(self.customer(**customer), 2, "Nothing works.")  # type: ignore[arg-type]
        return task

    def viewer(self, name: str, sees_all: bool = False) -> Viewer:
        return Viewer(self.people[name], sees_all)

    def queue(
        self,
        name: str,
        wanted: Filter = EVERYTHING,
        now: datetime = MONDAY,
        settings: Settings | None = None,
    ) -> list[queue.QueueRow]:
        scales = queue.Scales.from_settings(settings or self.runtime.settings)
        with self.runtime.database.reading() as session:
            return queue.ranked(session, self.viewer(name), wanted, scales=scales, now=now, zone=UTC)
