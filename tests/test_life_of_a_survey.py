"""The story of docs/architecture.md, told once from end to end, on SQLite and on PostgreSQL.

A customer of Anadolu closes a support request. An hour later the phone rings with a survey; the answer is a 1 with
words; the account's owner finds it on top of the queue, calls, and closes the loop; the report knows of it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select

from feedback import bootstrap, clock, library, resources
from feedback.bootstrap import Runtime
from feedback.services.contact import suppression
from feedback.services.journey import enrolments
from feedback.services.staff import accounts
from feedback.settings import load
from feedback.store.database import Database
from feedback.store.models import Account, Contact, FollowUp, Invitation, Response, Score, SimulatedMessage
from feedback.web.app import create_app
from feedback.worker import Worker

TUESDAY_TEN_IN_ISTANBUL = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)
PHONE = "+905321234567"
PASSWORD = "a long enough password"


@pytest.fixture
def runtime(migrated: Database, tmp_path: Path) -> Runtime:
    environ = {
        "FEEDBACK_DEMO": "true",
        "FEEDBACK_ORGANISATION_NAME": "Acme",
        "FEEDBACK_WEB_PUBLIC_URL": "http://localhost",
    }
    settings = load(tmp_path, environ)
    shelf = library.load(resources.directories("questionnaires", tmp_path))
    return Runtime(settings, shelf, bootstrap.open_providers(settings, migrated), migrated)


@pytest.fixture
def customer(runtime: Runtime) -> str:
    """Deniz of Anadolu, whose account belongs to Selin; returns the contact's external id."""
    now = TUESDAY_TEN_IN_ISTANBUL
    with runtime.database.writing() as session:
        selin = accounts.add_user(
            session,
            accounts.NewUser("selin@example.com", "Selin", ["csm"], PASSWORD),
            now,
            salt=runtime.settings.web.password_salt.reveal(),
        )
        account = Account(
            external_id="A-1", name="Anadolu", owner_id=selin.id, segment="vip",
            recurring_revenue=Decimal(12_000), created_at=now, updated_at=now,
        )  # fmt: skip
        deniz = Contact(
            external_id="C-1", account=account, name="Deniz Demir", phone=PHONE, language="tr",
            time_zone="Europe/Istanbul", created_at=now, updated_at=now,
        )  # fmt: skip
        session.add_all([account, deniz])
        session.flush()
        suppression.grant(session, deniz, "sms", PHONE, basis="contract", source="test", now=now)
    return "C-1"


def texts(runtime: Runtime) -> list[str]:
    with runtime.database.reading() as session:
        return list(session.scalars(select(SimulatedMessage.body).order_by(SimulatedMessage.id)))


def stamp(page: str) -> str:
    found = re.search(r'name="stamp" value="([^"]+)"', page)
    assert found
    return found[1]


def answer(client: FlaskClient, link: str, **fields: str) -> str:
    """Open a step, fill it in after a while, send it; the address of the next one."""
    page = client.get(link)
    assert page.status_code == 200
    with time_machine.travel(clock.now().timestamp() + 20, tick=False):
        sent = client.post(link, data={"stamp": stamp(page.text), "seen": "1", **fields})
    assert sent.status_code == 303, sent.text
    return sent.headers["Location"]


def test_the_life_of_a_survey(runtime: Runtime, customer: str) -> None:  # noqa: PLR0915 - one story, told in order
    worker = Worker(runtime, clock.now)  # the clock that this test moves
    app = create_app(runtime)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    phone = app.test_client(use_cookies=False)

    with time_machine.travel(TUESDAY_TEN_IN_ISTANBUL, tick=False) as travel:
        # It is told, twice by mistake, that a support request was closed.
        for _ in range(2):
            with runtime.database.writing() as session:
                event = enrolments.Event(
                    "T-77", "ticket_closed", customer, clock.now(), {"topic": "Mart faturası"}
                )
                enrolments.record_event(session, event, runtime, clock.now())
        worker.tick()
        assert texts(runtime) == []

        # An hour later, one message is on the phone.
        travel.shift(3_660)
        worker.tick()
        worker.tick()
        (text,) = texts(runtime)
        assert "Acme" in text
        link = re.search(r"http://localhost(/\w{12})", text)
        assert link

        # Opening the link, as previews do, records nothing.
        page = phone.get(link[1])
        assert "Mart faturası" in page.text
        with runtime.database.reading() as session:
            assert session.scalars(select(Response)).all() == []

        # A 1 counts as soon as it is given ...
        travel.shift(300)
        following = answer(phone, link[1], satisfaction="1")
        with runtime.database.reading() as session:
            assert session.scalars(select(Score.value)).one() == 1
            assert session.scalars(select(FollowUp.rule)).one() == "unhappy-after-support"

        # ... and the rest completes it.
        following = answer(phone, following, solved="unsolved")
        following = answer(phone, following, comment="Üç kez aradım, kimse bilmiyor.")
        assert "Teşekkür ederiz" in phone.get(following).text
        with runtime.database.reading() as session:
            assert session.scalars(select(Response.state)).one() == "complete"
            assert session.scalars(select(Invitation.state)).one() == "completed"

        # Selin finds it on top of her queue, with the customer's words.
        desk = app.test_client()
        signed = desk.post("/login", data={"email": "selin@example.com", "password": PASSWORD})
        assert signed.status_code == 302
        queue = desk.get("/desk/").text
        assert "Anadolu" in queue
        with runtime.database.reading() as session:
            task = session.scalars(select(FollowUp)).one()
            assert task.contact_due_at.hour == 13  # four business hours; they began at 9:00
        assert "Üç kez aradım" in desk.get(f"/desk/{task.id}").text

        # She takes it, calls, and closes the loop.
        travel.shift(1_800)
        assert desk.post(f"/desk/{task.id}/take", data={"revision": task.revision}).status_code == 303
        called = {"how": "call", "reached": "yes", "contact_note": "Invoice corrected on the phone."}
        assert desk.post(f"/desk/{task.id}/contact", data=called).status_code == 303
        with runtime.database.reading() as session:
            revision = session.scalars(select(FollowUp.revision)).one()
        closing = {
            "revision": revision, "outcome": "recovered", "root_cause": "billing", "closing_note": "Credit note sent.",
        }  # fmt: skip
        assert desk.post(f"/desk/{task.id}/close", data=closing).status_code == 303
        with runtime.database.reading() as session:
            closed = session.scalars(select(FollowUp)).one()
            assert (closed.state, closed.outcome) == ("closed", "recovered")
            assert closed.closed_at == clock.now()

        # Nobody is reminded of what has been answered.
        travel.shift(5 * 86_400)
        worker.tick()
        assert len(texts(runtime)) == 1
