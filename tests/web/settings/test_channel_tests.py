"""A test message by the real providers, over a socket, and what is wrong if it fails."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape

from flask import Flask
from flask.testing import FlaskClient

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.services.contact import suppression
from feedback.services.setup.channel_test import PER_HOUR
from feedback.store.models import Message
from feedback.worker import Worker
from tests.fakes.fake_smtp import FakeSmtp
from tests.fakes.fake_twilio import ACCOUNT_SID, AUTH_TOKEN, FakeTwilio
from tests.web.conftest import SignIn
from tests.web.settings.conftest import MAIL

NUMBER = "+905321234567"
SMS = {
    "seen": "0",
    "providers.enabled": ["", "on"],
    "twilio.account_sid": ACCOUNT_SID,
    "twilio.auth_token": AUTH_TOKEN,
    "twilio.sender": "+15005550006",
}


def saved(admin: FlaskClient, group: str, wanted: Mapping[str, object]) -> None:
    """Save this on the page as it is now."""
    seen = re.search(r'name="seen" value="(\d+)"', admin.get(f"/settings/{group}").text)
    assert seen
    answer = admin.post(f"/settings/{group}", data={**wanted, "seen": seen[1]})
    assert answer.status_code == 303, answer.text


def enabled_mail(admin: FlaskClient, smtp: FakeSmtp) -> None:
    saved(admin, "email", MAIL | {"smtp.port": str(smtp.port)})


def reasons(page: str) -> list[str]:
    found = re.search(r'<ul lang="en" dir="ltr">(.*?)</ul>', page)
    return [unescape(each) for each in re.findall(r"<li>(.*?)</li>", found[1])] if found else []


def test_mail_that_was_set_up_in_the_browser_goes_out(admin: FlaskClient, smtp: FakeSmtp) -> None:
    assert "Enable the channel and save first." in admin.get("/settings/email").text
    enabled_mail(admin, smtp)
    tested = admin.post("/settings/email/test")
    assert tested.status_code == 200
    assert "Accepted" in tested.text
    (mail,) = smtp.mails
    assert mail.recipients == ("ada@example.com",)
    assert mail.message["From"] == "Acme <hello@acme.example>"
    assert mail.message["Subject"] == "Test message from Feedback"


def test_what_the_mail_server_has_against_it_is_told(admin: FlaskClient, smtp: FakeSmtp) -> None:
    enabled_mail(admin, smtp)
    smtp.fault = "refuse_sender"
    tested = admin.post("/settings/email/test")
    assert tested.status_code == 422
    assert "The account or the sender is refused." in tested.text
    assert reasons(tested.text) == ["The mail server answered 550 5.7.1."]
    assert smtp.mails == []


def test_a_server_that_is_not_there_and_a_wrong_password_are_told(admin: FlaskClient) -> None:
    with FakeSmtp(login=("acme", "swordfish")) as smtp:
        login = {"smtp.port": str(smtp.port), "smtp.username": "acme", "smtp.password": "guess"}
        assert admin.post("/settings/email", data=MAIL | login).status_code == 303
        refused = admin.post("/settings/email/test")
        assert refused.status_code == 422
        (wrong,) = reasons(refused.text)
        assert "535" in wrong
        assert "guess" not in refused.text
    gone = admin.post("/settings/email/test")
    assert gone.status_code == 422
    assert reasons(gone.text) != [wrong]


def test_a_text_message_goes_to_the_number_that_was_typed(admin: FlaskClient, twilio: FakeTwilio) -> None:
    saved(admin, "sms", SMS)
    tested = admin.post("/settings/sms/test", data={"phone": "+90 532 123 45 67"})
    assert twilio.messages[-1].to == NUMBER
    assert "This is a test of Feedback." in twilio.messages[-1].body
    assert tested.status_code == 200
    assert "Use https in web.public_url" in tested.text, (
        "what does not keep this message back is told as well"
    )


def test_a_wrong_token_is_told_in_words(admin: FlaskClient, twilio: FakeTwilio) -> None:
    saved(admin, "sms", SMS | {"twilio.auth_token": "wrong"})
    tested = admin.post("/settings/sms/test", data={"phone": NUMBER})
    assert tested.status_code == 422
    assert any("20003" in each for each in reasons(tested.text))
    assert twilio.messages == []


def test_a_number_that_is_none_and_an_address_that_opted_out_get_nothing(
    admin: FlaskClient, fresh: Runtime, smtp: FakeSmtp, twilio: FakeTwilio
) -> None:
    enabled_mail(admin, smtp)
    with fresh.database.writing() as session:
        suppression.suppress(
            session, "email", "ada@example.com", reason="opt_out", source="test", now=clock.now()
        )
    admin.post("/settings/email/test")
    assert "has opted out or is blocked" in admin.get("/settings/email").text
    assert smtp.mails == []
    saved(admin, "sms", SMS)
    admin.post("/settings/sms/test", data={"phone": "12"})
    assert "Enter the number with its country code" in admin.get("/settings/sms").text
    assert twilio.messages == []


def test_nobody_can_flood_an_address_with_tests(admin: FlaskClient, smtp: FakeSmtp) -> None:
    enabled_mail(admin, smtp)
    for _ in range(PER_HOUR + 2):
        admin.post("/settings/email/test")
    assert len(smtp.mails) == PER_HOUR


def test_the_demo_sends_a_test_to_its_simulator_only(app: Flask, sign_in: SignIn, smtp: FakeSmtp) -> None:
    client = sign_in("admin")
    client.post("/settings/email", data=MAIL | {"smtp.port": str(smtp.port)})
    client.post("/settings/email/test")
    assert smtp.mails == []


def test_a_running_worker_sends_by_a_channel_that_was_enabled_meanwhile(
    admin: FlaskClient, fresh: Runtime, smtp: FakeSmtp
) -> None:
    worker = Worker(fresh, clock.now)
    worker.tick()
    enabled_mail(admin, smtp)
    without = admin.post("/studio/relationship-nps/test", data={"channel": "email", "language": "en"})
    assert without.status_code == 422
    assert "Your organisation has no name yet" in without.text
    saved(admin, "brand", {"organisation.name": "Acme"})
    asked = admin.post("/studio/relationship-nps/test", data={"channel": "email", "language": "en"})
    assert asked.status_code == 303, re.findall(r'role="alert">(.*?)<', asked.text)
    worker._following.look(at_once=True)
    worker.tick()
    (mail,) = smtp.mails
    assert mail.message["Subject"].startswith("TEST")
    with fresh.database.reading() as session:
        assert [each.state for each in session.query(Message)] == ["sent"]
