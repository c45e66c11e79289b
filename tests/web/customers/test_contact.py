"""The page of one contact shows everything that happened, to those who may see it."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import select

from feedback.bootstrap import Runtime
from feedback.services.contact import suppression
from feedback.store.models import Account, Contact, JourneyEvent, Message, UsagePoint
from tests.web.conftest import SignIn


def who(runtime: Runtime, name: str) -> int:
    with runtime.database.reading() as session:
        return session.scalars(select(Contact.id).where(Contact.name == name)).one()


def test_a_contact_is_one_line_of_everything_that_happened(runtime: Runtime, sign_in: SignIn) -> None:
    grace, now = who(runtime, "Grace Moore"), runtime.database.now()
    with runtime.database.writing() as session:
        contact = session.get(Contact, grace)
        assert contact and contact.email and contact.phone
        suppression.grant(
            session, contact, "email", contact.email, basis="contract", source="crm export", now=now
        )
        suppression.opt_out(session, "sms", contact.phone, source="stop", now=now + timedelta(minutes=1))
        session.add(
            JourneyEvent(
                key="t-1",
                name="ticket_closed",
                contact_id=grace,
                occurred_at=now,
                received_at=now,
                source="api",
            )
        )
        session.add(
            Message(
                contact_id=grace, purpose="invitation", provider="simulator_email", channel="email",
                recipient=contact.email, body="", language="en", state="delivered", due_at=now, created_at=now,
            )
        )  # fmt: skip
    page = sign_in("lead").get(f"/customers/contacts/{grace}").text
    for told in (
        "Every release breaks our label printing.", "crm export", "ticket_closed", "Follow-up opened",
        "E-mail, invitation, delivered", "opted out", "person0@example.com", "Northwind Logistics",
    ):  # fmt: skip
        assert told in page, told


def test_a_long_line_is_turned_page_by_page_and_shows_each_entry_once(
    runtime: Runtime, sign_in: SignIn
) -> None:
    grace, now = who(runtime, "Grace Moore"), runtime.database.now()
    with runtime.database.writing() as session:
        session.add_all(
            JourneyEvent(
                key=f"k{n}", name=f"happened_{n}", contact_id=grace, source="api", received_at=now,
                occurred_at=now - timedelta(minutes=n // 10),
            )
            for n in range(75)
        )  # fmt: skip
    lead, seen, address = sign_in("lead"), [], f"/customers/contacts/{grace}"
    while address:
        page = lead.get(address).text
        seen += re.findall(r"happened_\d+", page)
        link = re.search(r'href="([^"]+)">Show older', page)
        address = link[1].replace("&amp;", "&") if link else ""
    assert sorted(seen) == sorted(f"happened_{n}" for n in range(75))
    assert lead.get(f"/customers/contacts/{grace}?after=nonsense").status_code == 200


def test_the_contact_of_a_colleague_is_not_found_and_a_viewer_sees_no_address(
    runtime: Runtime, sign_in: SignIn
) -> None:
    grace = who(runtime, "Grace Moore")
    assert sign_in("neda").get(f"/customers/contacts/{grace}").status_code == 404
    assert sign_in("cem").get(f"/customers/contacts/{grace}").status_code == 200
    page = sign_in("viewer").get(f"/customers/contacts/{grace}").text
    assert "person0@example.com" not in page
    assert "+905321234500" not in page
    assert sign_in("lead").get("/customers/contacts/99999").status_code == 404


def test_an_account_shows_its_people_its_usage_and_what_happened(runtime: Runtime, sign_in: SignIn) -> None:
    now = runtime.database.now()
    with runtime.database.writing() as session:
        account = session.scalars(select(Account).where(Account.name == "Northwind Logistics")).one()
        session.add(
            UsagePoint(account_id=account.id, key="u", name="logins", value=12, at=now, received_at=now)
        )
        address = f"/insights/accounts/{account.id}"
    page = sign_in("cem").get(address).text
    for told in ("logins: 12", "Survey answered", "Grace Moore", f"account={account.id}"[:7]):
        assert told in page, told
    people = sign_in("cem").get(f"/customers/?account={account.id}").text
    assert "2 contacts" in people
