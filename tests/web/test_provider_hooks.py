"""Opt-outs as Twilio posts them, signed: by SMS, RCS and WhatsApp, twice, late, and while our database is busy."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.library import Library
from feedback.services.contact import suppression
from feedback.services.responses import missed_replies
from feedback.store.database import Database
from feedback.store.models import Contact, InboundReply, Message
from feedback.web.app import create_app
from tests.conftest import Template
from tests.fakes.fake_twilio import ACCOUNT_SID, AUTH_TOKEN, OUR_NUMBER, FakeTwilio, signature
from tests.providers.made import twilio_sms
from tests.web.conftest import Furnished, runtime_over

PUBLIC = "https://feedback.example"
PHONE = "+905551112233"
AGENT = "rcs:acme_agent"


@pytest.fixture
def twilio() -> Iterator[FakeTwilio]:
    with FakeTwilio() as server:
        yield server


@pytest.fixture
def hooked(runtime: Runtime, twilio: FakeTwilio) -> Runtime:
    """The office, with an account at Twilio."""
    return with_twilio(runtime, twilio)


def with_twilio(runtime: Runtime, twilio: FakeTwilio) -> Runtime:
    provider = twilio_sms(
        account_sid=ACCOUNT_SID,
        auth_token=AUTH_TOKEN,
        public_url=PUBLIC,
        sender=OUR_NUMBER,
        base_url=twilio.url,
    )
    return replace(runtime, providers={**runtime.providers, "twilio_sms": provider})


def customer(runtime: Runtime, phone: str) -> None:
    with runtime.database.writing() as session:
        session.add(Contact(external_id=phone, phone=phone, created_at=clock.now(), updated_at=clock.now()))


def posted(
    site: Runtime | FlaskClient, words: str, sender: str, sid: str | None = None, to: str = OUR_NUMBER
) -> int:
    """What our web server answers to Twilio's callback."""
    form = {"MessageSid": sid or f"SM{uuid.uuid4().hex}", "AccountSid": ACCOUNT_SID, "NumMedia": "0"}
    form |= {"From": sender, "To": to, "Body": words}
    path = "/hooks/twilio_sms/reply"
    headers = {"X-Twilio-Signature": signature(AUTH_TOKEN, PUBLIC + path, form)}
    client = create_app(site).test_client() if isinstance(site, Runtime) else site
    return client.post(path, data=form, headers=headers).status_code


def is_stopped(runtime: Runtime, phone: str = PHONE) -> bool:
    with runtime.database.reading() as session:
        return suppression.is_suppressed(session, "sms", phone)


def catch_up(runtime: Runtime) -> int:
    return missed_replies.catch_up_with(runtime.database, "twilio_sms", runtime, clock.now())


@pytest.mark.parametrize(
    ("stored", "sender", "to"),
    [
        (PHONE, f"rcs:{PHONE}", AGENT),
        (PHONE, f"RCS:{PHONE}", AGENT),
        (PHONE, f"whatsapp:{PHONE}", f"whatsapp:{OUR_NUMBER}"),
        ("+5215512345678", "whatsapp:+525512345678", f"whatsapp:{OUR_NUMBER}"),
        ("+525512345678", "rcs:+5215512345678", AGENT),
        ("+551187654321", "whatsapp:+5511987654321", f"whatsapp:{OUR_NUMBER}"),
        ("+541123456789", "rcs:+5491123456789", AGENT),
    ],
)
def test_a_stop_with_a_providers_prefix_closes_the_number_in_each_spelling(
    hooked: Runtime, stored: str, sender: str, to: str
) -> None:
    customer(hooked, stored)
    assert posted(hooked, "STOP", sender, to=to) == 200
    assert is_stopped(hooked, stored)
    assert is_stopped(hooked, sender.partition(":")[2])
    with hooked.database.reading() as session:
        row = session.scalars(select(InboundReply).where(InboundReply.provider == "twilio_sms")).one()
        assert (row.meaning, row.needs_person, row.sender) == ("stop", False, sender.partition(":")[2])


def test_a_stop_that_is_posted_twice_is_confirmed_once(hooked: Runtime) -> None:
    customer(hooked, PHONE)
    sid = f"SM{uuid.uuid4().hex}"
    for _ in range(2):
        assert posted(hooked, "STOP", f"whatsapp:{PHONE}", sid) == 200
    with hooked.database.reading() as session:
        wanted = select(Message.recipient).where(Message.purpose == "opt_out_confirmation")
        assert session.scalars(wanted.order_by(Message.id)).all() == [PHONE]


def test_a_stop_whose_start_is_posted_late_holds_as_soon_as_the_list_is_read(
    hooked: Runtime, twilio: FakeTwilio
) -> None:
    customer(hooked, PHONE)
    start = twilio.receive(PHONE, OUR_NUMBER, "START")
    stop = twilio.receive(PHONE, OUR_NUMBER, "STOP")
    start.created, stop.created = start.created - 120, stop.created - 60
    for message in (stop, start):  # in the wrong order
        assert posted(hooked, message.body, f"rcs:{PHONE}", message.sid) == 200
    catch_up(hooked)
    assert is_stopped(hooked)


def test_a_start_that_was_written_last_opens_the_number(hooked: Runtime, twilio: FakeTwilio) -> None:
    customer(hooked, PHONE)
    stop = twilio.receive(PHONE, OUR_NUMBER, "STOP")
    start = twilio.receive(PHONE, OUR_NUMBER, "START")
    stop.created, start.created = stop.created - 120, start.created - 60
    for message in (stop, start):
        posted(hooked, message.body, PHONE, message.sid)
    catch_up(hooked)
    assert not is_stopped(hooked)


def test_a_stop_to_an_rcs_agent_while_the_database_was_busy_is_read_from_the_list(
    furnished: Furnished, sqlite_template: Template, shelf: Library, tmp_path: Path, twilio: FakeTwilio
) -> None:
    url, done = furnished.copy(sqlite_template, tmp_path)
    patient, database = Database(url), Database(url, patience=0.1)
    busy = with_twilio(runtime_over(database, shelf, tmp_path), twilio)
    customer(busy, PHONE)
    client = create_app(busy).test_client()
    assert posted(client, "hello", f"rcs:{PHONE}", to=AGENT) == 200
    stop = twilio.receive(f"rcs:{PHONE}", AGENT, "STOP")
    with patient.writing() as session:
        session.add(Contact(external_id="other", created_at=clock.now(), updated_at=clock.now()))
        session.flush()
        assert posted(client, "STOP", f"rcs:{PHONE}", stop.sid, AGENT) == 503
    assert not is_stopped(busy)
    assert catch_up(busy) == 1
    assert is_stopped(busy)
    database.close()
    patient.close()
    done()
