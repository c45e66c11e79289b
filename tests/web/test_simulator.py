"""The simulated inbox in a real browser: a mail is read there, and its link leads to the survey."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from feedback import clock
from feedback.core.token import draw
from feedback.library import Library
from feedback.services.messaging import content
from feedback.store.database import Database
from feedback.store.models import Contact, SimulatedMessage
from feedback.web.app import create_app
from tests import factories_desk
from tests.web.browsing import DESKTOP, PHONE, Open, fits, is_accessible, serving
from tests.web.conftest import runtime_over

pytestmark = pytest.mark.browser


@pytest.fixture
def inbox(migrated_sqlite: Path, shelf: Library, tmp_path: Path) -> Iterator[str]:
    """The address of the page of somebody who has just got a survey by e-mail."""
    file = tmp_path / "feedback.db"
    file.write_bytes(migrated_sqlite.read_bytes())
    database = Database(f"sqlite:///{file}")
    runtime = runtime_over(database, shelf, tmp_path)
    now = clock.now()
    with database.writing() as session:
        factories_desk.furnish(session, runtime)
        contact = session.scalars(select(Contact).where(Contact.email.is_not(None)).limit(1)).one()
        invitation = factories_desk.invite(session, runtime, contact, now)
        invitation.channel, invitation.token = "email", draw()
        questionnaire = runtime.library.questionnaire_of(invitation.version)
        mail = content.compose(questionnaire, invitation, "email", runtime.settings)
        session.add(
            SimulatedMessage(
                channel="email",
                direction="out",
                address=contact.email,
                subject=mail.subject,
                body=mail.body,
                html=mail.html,
                at=now,
            )
        )
        number = contact.id
    with serving(create_app(runtime)) as address:
        yield f"{address}/simulator/{number}"
    database.close()


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_mail_can_be_read_and_its_link_leads_to_the_survey(
    inbox: str, open_page: Open, viewport: dict[str, int]
) -> None:
    page = open_page(viewport=viewport)
    page.goto(inbox)
    fits(page)
    is_accessible(page)
    point = page.frame_locator("iframe").get_by_role("link", name="9", exact=True)
    expect(point).to_be_visible()
    page.goto(urljoin(inbox, point.get_attribute("href")))
    expect(page.get_by_role("radio", name="9", exact=True)).to_be_checked()
