"""The way out of an e-mail: looking at it changes nothing, pressing it ends everything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from feedback.bootstrap import Runtime
from feedback.services.contact import suppression
from feedback.store.models import Contact, Invitation, Suppression

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def invitation(runtime: Runtime) -> Invitation:
    with runtime.database.writing() as session:
        contact = session.scalars(select(Contact).order_by(Contact.id)).first()
        assert contact
        invited = Invitation(
            contact_id=contact.id,
            version=runtime.library.published(session, "relationship-nps", NOW),
            stage="relationship",
            channel="email",
            language="en",
            state="sent",
            token="3Xq8Zt7LmNp2",
            created_at=NOW,
            expires_at=NOW + timedelta(days=30),
        )
        session.add(invited)
        return invited


def listed(runtime: Runtime) -> int:
    with runtime.database.reading() as session:
        return len(session.scalars(select(Suppression)).all())


def test_looking_at_the_link_changes_nothing(app: Flask, runtime: Runtime, invitation: Invitation) -> None:
    before = listed(runtime)
    page = app.test_client().get(f"/{invitation.token}/stop")
    assert page.status_code == 200
    assert '<form method="post">' in page.text
    assert listed(runtime) == before
    assert "Set-Cookie" not in page.headers


@pytest.mark.parametrize("form", [{}, {"List-Unsubscribe": "One-Click"}])
def test_one_press_is_enough_without_cookie_or_token(
    app: Flask, runtime: Runtime, invitation: Invitation, form: dict[str, str]
) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    for _ in range(2):
        page = app.test_client().post(f"/{invitation.token}/stop", data=form)
        assert page.status_code == 200
        assert "<form" not in page.text
    with runtime.database.reading() as session:
        contact = session.get_one(Contact, invitation.contact_id)
        assert contact.addresses
        for kind, address in contact.addresses.items():
            assert suppression.is_suppressed(session, kind, address)


def test_the_page_speaks_the_customers_language(app: Flask, runtime: Runtime, invitation: Invitation) -> None:
    with runtime.database.writing() as session:
        session.execute(update(Invitation).where(Invitation.id == invitation.id).values(language="fa"))
    page = app.test_client().get(f"/{invitation.token}/stop")
    assert '<html lang="fa" dir="rtl">' in page.text
    assert "دریافت نظرسنجی لغو شود؟" in page.text


def test_an_expired_link_is_still_a_way_out(app: Flask, runtime: Runtime, invitation: Invitation) -> None:
    with runtime.database.writing() as session:
        session.execute(update(Invitation).values(state="expired"))
    assert app.test_client().post(f"/{invitation.token}/stop").status_code == 200
    assert listed(runtime) > 0


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_unknown_link_says_so_and_guessing_ends(app: Flask, method: str) -> None:
    client = app.test_client()
    ask = getattr(client, method)
    assert ask("/111111111111/stop").status_code == 404
    answers = [
        ask("/111111111111/stop", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code for _ in range(40)
    ]
    assert answers[-1] == 429
    page = ask("/111111111111/stop", environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert "Please wait a moment" in page.text and "Acme" in page.text


def test_a_known_link_is_a_way_out_however_much_a_neighbour_guesses(
    app: Flask, runtime: Runtime, invitation: Invitation
) -> None:
    client, street = app.test_client(), {"REMOTE_ADDR": "203.0.113.9"}
    for _ in range(320):
        client.get("/111111111111/stop", environ_base=street)
    assert client.get(f"/{invitation.token}/stop", environ_base=street).status_code == 200
    assert client.post(f"/{invitation.token}/stop", environ_base=street).status_code == 200
    assert listed(runtime) > 0
