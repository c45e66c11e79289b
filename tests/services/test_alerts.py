"""Staff hears of what matters: at once, but not ten times; the leads when a promise was not kept."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from feedback.errors import ChannelHeld
from feedback.services import alerts, followups, holds
from feedback.store.models import FollowUpEntry, Message
from tests.services.desk import MONDAY, Desk


def tell(desk: Desk, now: datetime = MONDAY) -> int:
    with desk.runtime.database.writing() as session:
        return alerts.tell_owners(session, desk.runtime.channels, desk.runtime.settings, now)


def escalate(desk: Desk, now: datetime) -> int:
    with desk.runtime.database.writing() as session:
        return alerts.escalate(session, desk.runtime.channels, desk.runtime.settings, now)


def mails(desk: Desk) -> list[tuple[str, str | None]]:
    with desk.runtime.database.reading() as session:
        return [
            (mail.recipient, mail.subject) for mail in session.scalars(select(Message).order_by(Message.id))
        ]


def test_the_owner_is_told_once_and_it_is_in_the_history(desk: Desk) -> None:
    task = desk.low()
    assert [tell(desk), tell(desk)] == [1, 0]
    assert mails(desk) == [("cem@example.com", "New follow-up: Account 0")]
    with desk.runtime.database.reading() as session:
        of_task = select(FollowUpEntry.kind).where(FollowUpEntry.follow_up_id == task.id)
        assert list(session.scalars(of_task.order_by(FollowUpEntry.id))) == ["opened", "told"]


def test_when_it_rains_one_message_holds_what_came_meanwhile(desk: Desk) -> None:
    desk.low()
    tell(desk)
    for _ in range(3):
        desk.low()
    assert tell(desk, MONDAY + timedelta(minutes=5)) == 0
    assert tell(desk, MONDAY + timedelta(minutes=16)) == 1
    assert [subject for _, subject in mails(desk)] == ["New follow-up: Account 0", "3 new follow-ups"]


def test_everybody_is_told_in_their_language_and_of_their_own(desk: Desk) -> None:
    desk.low()
    desk.low(owner="selin")
    assert tell(desk) == 2
    assert dict(mails(desk))["selin@example.com"] == "Yeni takip: Account 1"


def test_no_words_of_a_customer_leave_by_mail(desk: Desk) -> None:
    desk.low()
    tell(desk)
    with desk.runtime.database.reading() as session:
        body = session.scalars(select(Message.body)).one()
    assert "Nothing works" not in body
    assert "/desk/" in body


def test_old_news_are_not_told(desk: Desk) -> None:
    desk.low()
    assert tell(desk, MONDAY + timedelta(days=3)) == 0


def test_leads_hear_of_a_broken_promise_once(desk: Desk) -> None:
    desk.low()
    late = MONDAY + timedelta(hours=5)
    assert [escalate(desk, MONDAY), escalate(desk, late), escalate(desk, late)] == [0, 1, 0]
    assert mails(desk) == [("lead@example.com", "1 customer is waiting too long")]


def hold(desk: Desk, channel: str, country: str | None = None) -> None:
    error = ChannelHeld(
        "Twilio 20003: the credentials are not accepted.", code="hold_channel", country=country
    )
    with desk.runtime.database.writing() as session:
        holds.hold(session, channel, error, MONDAY)


def tell_of_holds(desk: Desk) -> int:
    with desk.runtime.database.writing() as session:
        return alerts.tell_of_holds(session, desk.runtime.channels, desk.runtime.settings, MONDAY)


def test_admins_hear_once_of_each_hold_and_why(desk: Desk) -> None:
    hold(desk, "twilio_sms")
    assert [tell_of_holds(desk), tell_of_holds(desk)] == [1, 0]
    hold(desk, "twilio_sms", "TR")
    assert tell_of_holds(desk) == 1
    assert mails(desk) == [
        ("admin@example.com", "twilio_sms sends nothing any more"),
        ("admin@example.com", "twilio_sms (TR) sends nothing any more"),
    ]
    with desk.runtime.database.reading() as session:
        body = session.scalars(select(Message.body)).first() or ""
    assert "the credentials are not accepted" in body
    assert "/deliveries/" in body


def test_nobody_is_told_by_the_channel_that_is_held(desk: Desk) -> None:
    hold(desk, "simulator_email")
    assert (tell_of_holds(desk), mails(desk)) == (0, [])


def test_a_hold_that_was_lifted_is_no_news(desk: Desk) -> None:
    hold(desk, "twilio_sms")
    with desk.runtime.database.writing() as session:
        holds.lift(session, "twilio_sms", None, MONDAY)
    assert tell_of_holds(desk) == 0


def test_a_kept_promise_troubles_nobody(desk: Desk) -> None:
    task, cem = desk.low(), desk.viewer("cem")
    with desk.runtime.database.writing() as session:
        followups.contacted(session, task.id, cem, "call", reached=True, text="", now=MONDAY)
    assert escalate(desk, MONDAY + timedelta(hours=5)) == 0


def test_without_an_e_mail_channel_nothing_is_pretended(desk: Desk) -> None:
    desk.low()
    with desk.runtime.database.writing() as session:
        assert alerts.tell_owners(session, {}, desk.runtime.settings, MONDAY) == 0
    assert tell(desk) == 1
