"""The outbox, Twilio's own library and a Twilio that misbehaves: each message is accepted once by its log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from feedback import clock
from feedback.providers.base import StatusReport
from feedback.providers.twilio_sms import TwilioSms
from feedback.services.contact import suppression
from feedback.services.context import Context
from feedback.services.messaging import dispatch, receipts, reconciliation
from feedback.store.database import Database
from feedback.store.models import Attempt, Message, ProviderHold
from tests import outbox_processes
from tests.factories_surveys import NPS, shelf
from tests.fakes.fake_twilio import ACCOUNT_SID, AUTH_TOKEN, FAULTS, OUR_NUMBER, FakeTwilio
from tests.outbox_sender import settings_for
from tests.providers.made import twilio_sms

PHONE = "+15005560000"


class Post:
    """One message in the outbox, a Twilio, and time that passes when it is told to."""

    def __init__(self, database: Database, twilio: FakeTwilio, log: Path) -> None:
        self.database, self.twilio, self.log = database, twilio, log
        self.settings = settings_for(lease=5, settle=2)
        self.provider = self.signed_in(AUTH_TOKEN)
        self.now = clock.now()
        self.timer = reconciliation.UnconfirmedTimer(lambda: self.now.timestamp())  # noqa: PLW0108 - `now` changes
        outbox_processes.fill(database, 1)

    def signed_in(self, token: str) -> TwilioSms:
        return twilio_sms(
            account_sid=ACCOUNT_SID,
            auth_token=token,
            public_url="https://feedback.example",
            sender=OUR_NUMBER,
            timeout=0.4,
            base_url=self.twilio.url,
        )

    @property
    def context(self) -> Context:
        return Context(self.settings, shelf(NPS), {"twilio_sms": self.provider})

    def send(self) -> int:
        return dispatch.send_queued(self.database, self.context, "worker", self.now)

    def pass_time(self) -> None:
        """A minute later; what waits after a refusal is due."""
        self.now += timedelta(minutes=2)
        with self.database.writing() as session:
            session.execute(update(Message).where(Message.state == "queued").values(due_at=self.now))
            reconciliation.reap(session, self.settings, self.now)
        reconciliation.reconcile(self.database, self.context, self.now, self.timer)

    @property
    def message(self) -> Message:
        with self.database.reading() as session:
            return session.scalars(select(Message)).one()


@pytest.fixture
def post(migrated: Database, tmp_path: Path) -> Iterator[Post]:
    log = tmp_path / "twilio.jsonl"
    with FakeTwilio(log=log, late_by=0.5) as twilio:
        yield Post(migrated, twilio, log)


@pytest.mark.parametrize("fault", [each for each in FAULTS if each != "problem_400"])
def test_every_fault_ends_with_one_message(post: Post, fault: str) -> None:
    post.twilio.next_faults.extend([fault, fault])
    for _ in range(8):
        post.send()
        post.twilio.settle()
        post.pass_time()
    assert post.message.state == "sent"
    tally = outbox_processes.tally(post.database, post.log)
    assert (tally.once, tally.twice, tally.never, tally.incidents) == (1, 0, 0, 0)


def test_a_refusal_in_the_newer_form_is_an_opt_out(post: Post) -> None:
    post.twilio.next_faults.append("problem_400")
    post.send()
    assert (post.message.state, post.message.state_reason) == ("failed", "opted_out")
    with post.database.reading() as session:
        assert suppression.is_suppressed(session, "sms", PHONE)


def test_wrong_credentials_hold_the_provider_and_keep_the_message(post: Post) -> None:
    post.provider = post.signed_in("f" * 32)
    post.send()
    assert post.message.state == "queued"
    with post.database.reading() as session:
        assert session.scalars(select(ProviderHold.code)).all() == ["hold_provider"]


def test_a_sender_at_fault_keeps_the_message_and_says_what_to_do(post: Post) -> None:
    post.twilio.refuse_all_with = 21660
    post.send()
    assert post.message.state == "queued"
    with post.database.reading() as session:
        (reason,) = session.scalars(select(ProviderHold.reason)).all()
    assert "belongs to another account" in reason
    assert "release the channel" in reason


def test_an_unknown_code_burns_two_messages_and_not_the_queue(post: Post) -> None:
    for occurrence in range(1, 6):
        outbox_rig_refill(post, occurrence)
    post.twilio.refuse_all_with = 29999
    for _ in range(8):
        post.send()
        post.pass_time()
    with post.database.reading() as session:
        states = session.scalars(select(Message.state)).all()
        assert session.scalars(select(ProviderHold.code)).all() == ["unexplained"]
    assert sorted(states) == ["failed"] * 2 + ["queued"] * 4


def test_a_number_that_said_stop_to_twilio_is_never_tried_again(post: Post) -> None:
    post.twilio.opted_out.add(PHONE)
    post.send()
    assert post.message.state == "failed"
    outbox_rig_refill(post)
    assert post.send() == 0


def outbox_rig_refill(post: Post, occurrence: int = 1) -> None:
    with post.database.writing() as session:
        first = session.scalars(select(Message).order_by(Message.id)).first()
        names = [each for each in Message.__mapper__.columns.keys() if each != "id"]  # noqa: SIM118
        facts = {name: getattr(first, name) for name in names} | {"state": "queued", "occurrence": occurrence}
        session.add(Message(**facts))


def test_twilio_keeps_no_message_beyond_the_hours_of_contact(post: Post) -> None:
    with post.database.writing() as session:
        session.execute(update(Message).values(not_after=post.now + timedelta(hours=2)))
    post.send()
    (sent,) = post.twilio.outbound()
    assert 7000 < int(sent.parameters["ValidityPeriod"]) <= 7200


def test_signed_receipts_before_the_answer_and_doubled_settle_the_message(post: Post) -> None:
    post.provider = post.signed_in(AUTH_TOKEN)
    post.send()
    (sent,) = post.twilio.outbound()
    assert sent.callback is None or "m=" in sent.callback
    said: list[bool] = []
    for status in ("delivered", "sent", "delivered"):
        receipt = receipt_of(post, sent.sid, status)
        with post.database.writing() as session:
            said.append(receipts.record(session, "twilio_sms", receipt, post.now))
    assert said == [True, True, False]
    assert post.message.state == "delivered"


def receipt_of(post: Post, sid: str, status: str) -> StatusReport:
    message = post.message
    return StatusReport(sid, status, None, None, message.id, 1, OUR_NUMBER, nonce=message.nonce)  # type: ignore[arg-type]


def test_every_call_has_its_row(post: Post) -> None:
    post.twilio.next_faults.extend(["429", "500_after"])
    for _ in range(4):
        post.send()
        post.pass_time()
    with post.database.reading() as session:
        rows = session.scalars(select(Attempt).order_by(Attempt.number)).all()
    assert [(each.outcome, each.code) for each in rows] == [
        ("DeliveryFailed", "rate_limited"),
        ("DeliveryUnknown", "unknown"),
    ]
    assert isinstance(rows[-1].ended_at, datetime)
    assert post.message.state == "sent"
