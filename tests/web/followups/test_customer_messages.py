"""Writing to the customer in the browser: a text to begin with, a preview, and what happens when it may not leave."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from feedback import clock
from feedback.providers.base import Reply
from feedback.services.contact import suppression
from feedback.services.messaging import dispatch
from feedback.services.responses import sms_conversation
from feedback.store.models import Contact, FollowUp, InboundReply, Message
from tests.web.conftest import SignIn

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def task(app: Flask) -> FollowUp:
    """The follow-up of Grace Moore, who agreed to messages."""
    with app.extensions["feedback"].database.writing() as session:
        grace = session.scalars(select(Contact).where(Contact.name == "Grace Moore")).one()
        grace.time_zone = "Europe/London"
        for kind, address in grace.addresses.items():
            suppression.grant(session, grace, kind, address, basis="contract", source="test", now=clock.now())
        found = select(FollowUp).where(FollowUp.contact_id == grace.id, FollowUp.state == "open")
        return session.scalars(found).one()


def sent(app: Flask) -> list[str]:
    with app.extensions["feedback"].database.reading() as session:
        found = select(Message.body).where(Message.purpose == "follow_up").order_by(Message.id)
        return list(session.scalars(found))


def letter(task: FollowUp, **changed: str) -> dict[str, str]:
    base = {
        "channel": "sms",
        "body": "When may I call you?",
        "action": "send",
        "revision": str(task.revision),
    }
    return {**base, **changed}


def test_the_page_begins_with_a_text_in_the_customer_s_language(task: FollowUp, sign_in: SignIn) -> None:
    page = sign_in("cem").get(f"/desk/{task.id}/write?channel=sms").text
    assert "Hello Grace, this is Cem Kaya from Acme." in page
    assert "SMS segment" in page
    assert "+905321234500" in page


def test_a_message_is_queued_and_the_follow_up_shows_its_state(
    app: Flask, task: FollowUp, sign_in: SignIn
) -> None:
    cem = sign_in("cem")
    assert cem.post(f"/desk/{task.id}/write", data=letter(task)).status_code == 303
    page = cem.get(f"/desk/{task.id}").text
    assert "wrote an SMS to the customer" in page
    assert "waiting to be sent" in page
    assert sent(app) == ["When may I call you?"]


def test_the_preview_counts_what_is_typed_and_sends_nothing(
    app: Flask, task: FollowUp, sign_in: SignIn
) -> None:
    form = letter(task, body="ş" * 71, action="")
    part = sign_in("cem").post(
        f"/desk/{task.id}/write", data=form, headers={"HX-Request": "true", "HX-Request-Type": "partial"}
    )
    assert "2 SMS segments" in part.text
    assert "<html" not in part.text
    assert sent(app) == []


def test_another_text_is_put_below_what_was_typed(task: FollowUp, sign_in: SignIn) -> None:
    form = letter(task, body="My own words", action="", template="solved")
    page = sign_in("cem").post(f"/desk/{task.id}/write", data=form).text
    assert "My own words\n\nHello Grace" in page


def test_what_is_refused_keeps_what_was_typed(app: Flask, task: FollowUp, sign_in: SignIn) -> None:
    answer = sign_in("cem").post(
        f"/desk/{task.id}/write", data=letter(task, channel="email", subject="", body="Kept words")
    )
    assert answer.status_code == 422
    assert "Give the e-mail a subject." in answer.text
    assert "Kept words" in answer.text
    assert sent(app) == []


def test_who_opted_out_gets_nothing_and_the_page_says_why(
    app: Flask, task: FollowUp, sign_in: SignIn
) -> None:
    with app.extensions["feedback"].database.writing() as session:
        suppression.opt_out(session, "sms", "+905321234500", source="test", now=clock.now())
    cem = sign_in("cem")
    assert "The customer opted out of messages." in cem.get(f"/desk/{task.id}/write?channel=sms").text
    assert cem.post(f"/desk/{task.id}/write", data=letter(task)).status_code == 422
    assert sent(app) == []


def test_at_night_the_page_says_when_it_will_leave(app: Flask, task: FollowUp, sign_in: SignIn) -> None:
    with time_machine.travel(datetime(2026, 3, 4, 23, tzinfo=UTC), tick=False):
        cem = sign_in("cem")
        page = cem.get(f"/desk/{task.id}/write?channel=sms").text
        assert "Send at the next allowed time" in page
        assert "Mar 5, 2026" in page
        refused = cem.post(f"/desk/{task.id}/write", data=letter(task))
        assert refused.status_code == 422
        assert cem.post(f"/desk/{task.id}/write", data=letter(task, waits="1")).status_code == 303
        assert "Will be sent on Mar 5, 2026" in cem.get(f"/desk/{task.id}").text


def test_a_reply_is_shown_first_and_leaves_the_inbox_when_it_was_read(
    app: Flask, task: FollowUp, sign_in: SignIn
) -> None:
    runtime, cem = app.extensions["feedback"], sign_in("cem")
    cem.post(f"/desk/{task.id}/write", data=letter(task))
    dispatch.send_queued(runtime.database, runtime, "worker", clock.now())
    with runtime.database.writing() as session:
        reply = Reply("r1", "+905321234500", "+15550000000", "Tomorrow at <10>", clock.now(), None)
        sms_conversation.receive(session, "simulator_sms", reply, runtime, clock.now())
    page = cem.get(f"/desk/{task.id}").text
    assert "The customer has replied" in page
    assert "Tomorrow at &lt;10&gt;" in page
    assert f'href="/desk/{task.id}"' in cem.get("/inbox/").text
    assert cem.post(f"/desk/{task.id}/read").status_code == 303
    assert "The customer has replied" not in cem.get(f"/desk/{task.id}").text
    with runtime.database.reading() as session:
        assert session.scalars(select(InboundReply.handled_as)).one() == "handled"


def test_a_viewer_may_not_write(task: FollowUp, sign_in: SignIn) -> None:
    viewer = sign_in("viewer")
    assert viewer.get(f"/desk/{task.id}/write").status_code == 403
    assert viewer.post(f"/desk/{task.id}/write", data=letter(task)).status_code == 403


def test_a_colleague_s_customer_is_not_found(app: Flask, task: FollowUp, sign_in: SignIn) -> None:
    assert sign_in("neda").get(f"/desk/{task.id}/write").status_code == 404
    assert sign_in("neda").post(f"/desk/{task.id}/write", data=letter(task)).status_code == 404
    assert sign_in("neda").post(f"/desk/{task.id}/read").status_code == 404
