"""Whatever happens, in whatever order: nothing goes to an address that is on the list."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from feedback.errors import DeliveryFailed
from feedback.providers.base import Outgoing, StatusReport, Verdict, refusal
from feedback.providers.simulator import Simulator
from feedback.services.contact import suppression
from feedback.services.journey import invitations
from feedback.services.messaging import dispatch, outbox, provider_holds, receipts
from feedback.store.database import Database
from feedback.store.models import Contact, Invitation, Message
from tests.services.conftest import World

PEOPLE = {"c1": "+905321234567", "c2": "+905321234567", "c3": "+4915112345678"}  # two share a phone
WORDS = ["STOP", "stop please", "9", "great", "START", "İPTAL", "9 but never write again", "HELP", "لغو"]
EVENTS = ["ticket_closed", "onboarding_completed", "contract_ended"]

person = st.sampled_from(sorted(PEOPLE))
steps = st.one_of(
    st.tuples(st.just("event"), person, st.sampled_from(EVENTS)),
    st.tuples(st.just("reply"), person, st.sampled_from(WORDS)),
    st.tuples(st.just("wait"), st.sampled_from([1, 2, 5, 24, 100, 240, 720]), st.none()),
    st.tuples(st.just("tick"), st.none(), st.none()),
    st.tuples(st.just("stop_link"), st.integers(0, 5), st.none()),
    st.tuples(
        st.just("receipt"), st.integers(0, 5), st.sampled_from([Verdict.OPTED_OUT, Verdict.BAD_ADDRESS])
    ),
    st.tuples(st.just("complain"), person, st.none()),
    st.tuples(st.just("trouble"), st.sampled_from([*Verdict]), st.none()),
    st.tuples(st.just("resend"), st.integers(0, 5), st.none()),
    st.tuples(st.just("lift"), st.none(), st.none()),
)


class Life:
    """The steps, on one world whose providers refuse to carry what must not be sent."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.trouble: Verdict | None = None
        self.sent, self.wrong = 0, list[str]()
        for channel in ("sms", "email"):
            world.providers[f"simulator_{channel}"] = Simulator(
                channel=channel, mailbox=world.mailbox, faults=self.watch
            )
        with world.database.writing() as session:
            for key, phone in PEOPLE.items():
                world.contact(session, key, phone=phone, email=f"{key.upper()}@Example.com")

    def watch(self, outgoing: Outgoing) -> DeliveryFailed | None:
        with self.world.database.reading() as session:
            message = session.get_one(Message, outgoing.message_id)
            listed = suppression.is_suppressed(session, message.channel, message.recipient)
        if listed and message.purpose != "opt_out_confirmation":
            self.wrong.append(message.purpose)  # raising here would only look like a broken provider
        self.sent += 1
        if self.trouble is None:
            return None
        verdict, self.trouble = self.trouble, None
        return refusal(verdict, "Trouble.", country="TR")

    def step(self, name: str, what: object, detail: object) -> None:
        getattr(self, name)(what, detail)

    def event(self, who: str, name: str) -> None:
        with self.world.database.writing() as session:
            self.world.event(session, name, who)

    def reply(self, who: str, words: str) -> None:
        self.world.reply(words, PEOPLE[who])

    def wait(self, hours: int, _: object) -> None:
        self.world.wait(hours=hours)
        self.world.tick()

    def tick(self, *_: object) -> None:
        self.world.tick()

    def stop_link(self, number: int, _: object) -> None:
        with self.world.database.writing() as session:
            found = session.scalars(select(Invitation).order_by(Invitation.id)).all()
            if number < len(found):
                suppression.opt_out_by_link(session, found[number], self.world.now)

    def receipt(self, number: int, verdict: Verdict) -> None:
        with self.world.database.writing() as session:
            found = session.scalars(select(Message).where(Message.provider_id.is_not(None))).all()
            if number < len(found):
                each = found[number]
                report = StatusReport(
                    each.provider_id or "", "undelivered", "1", None, each.id, 1, None, verdict
                )
                receipts.record(session, each.provider, report, self.world.now)

    def complain(self, who: str, _: object) -> None:
        with self.world.database.writing() as session:
            email = session.scalars(select(Contact.email).where(Contact.external_id == who)).one()
            suppression.opt_out(
                session, "email", email or "", source="test", now=self.world.now, reason="complaint"
            )

    def trouble_ahead(self, verdict: Verdict, _: object) -> None:
        self.trouble = verdict

    def resend(self, number: int, _: object) -> None:
        with self.world.database.writing() as session:
            found = session.scalars(
                select(Message.id).where(Message.state.in_(("held", "unconfirmed")))
            ).all()
            if number < len(found):
                outbox.resend(session, found[number], self.world.now)

    def lift(self, *_: object) -> None:
        with self.world.database.writing() as session:
            for key in self.world.providers:
                provider_holds.lift(session, key, None, self.world.now)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, min_size=5, max_size=30))
def test_nothing_is_sent_to_whoever_said_no(
    migrated_sqlite: Path, make_world: Callable[[Database], World], history: list[tuple[str, object, object]]
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        file = Path(shutil.copy(migrated_sqlite, Path(directory) / "feedback.db"))
        database = Database(f"sqlite:///{file}")
        try:
            life = Life(make_world(database))
            for name, what, detail in history:
                life.step("trouble_ahead" if name == "trouble" else name, what, detail)
            life.wait(240, None)
            assert life.wrong == []
        finally:
            database.close()


def test_the_watch_sees_a_message_that_slips_through(world: World) -> None:
    life = Life(world)
    life.event("c3", "ticket_closed")
    world.wait(hours=2)
    with world.database.writing() as session:
        invitations.issue_due(session, world.context, world.now)
    with world.database.writing() as session:
        (claimed,) = dispatch.claim(session, world.context, "worker", world.now)
    with world.database.writing() as session:
        suppression.opt_out(session, "sms", PEOPLE["c3"], source="test", now=world.now)
    dispatch.hand_over(world.providers[claimed.provider], claimed)
    assert (life.sent, life.wrong) == (1, ["invitation"])
