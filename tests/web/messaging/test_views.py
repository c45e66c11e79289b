"""The room of the deliveries: what went out, what waits for a decision, and why a survey came when it came."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback import clock
from feedback.core import lifecycle
from feedback.core.contact.policy import SKIP_CODES
from feedback.core.journey import Journey
from feedback.errors import ProviderHeld
from feedback.i18n import LANGUAGES, translator
from feedback.providers.base import Verdict
from feedback.services.journey import waiting
from feedback.services.messaging import provider_holds
from feedback.services.messaging.history import StoryStep
from feedback.store.models import (
    Attempt,
    AuditEntry,
    Contact,
    Enrolment,
    Invitation,
    JourneyEvent,
    Message,
    ProviderHold,
    Receipt,
    User,
)
from feedback.web.wording import message_wording
from tests.web.conftest import SignIn

PHONE = "+905559876543"


def message(session: Session, invitation: Invitation, **columns: Any) -> Message:
    now = clock.now()
    facts: dict[str, Any] = {
        "purpose": "invitation",
        "provider": "twilio_sms",
        "channel": "sms",
        "recipient": PHONE,
        "body": "Hello",
        "language": "en",
        "state": "sent",
        "due_at": now,
        "created_at": now,
        "segments": 2,
    }
    row = Message(invitation=invitation, contact_id=invitation.contact_id, **{**facts, **columns})
    session.add(row)
    session.flush()
    return row


def invitation_of(session: Session, account: str) -> Invitation:
    found = session.scalars(select(Invitation).order_by(Invitation.id)).all()
    return next(each for each in found if each.account and each.account.name == account)


@pytest.fixture
def sent(app: Flask) -> dict[str, int]:
    """A day of sending: one of each fate."""
    with app.extensions["feedback"].database.writing() as session:
        mine, other = invitation_of(session, "Northwind Logistics"), invitation_of(session, "Contoso Health")
        return {
            "delivered": message(session, mine, state="delivered", delivered_at=clock.now()).id,
            "failed": message(session, mine, state="failed", state_reason="bad_address", occurrence=1).id,
            "held": message(session, mine, state="held", state_reason="unknown", occurrence=2).id,
            "unconfirmed": message(session, other, state="unconfirmed", state_reason="lease_expired").id,
        }


def stored(app: Flask, message_id: int) -> Message:
    with app.extensions["feedback"].database.reading() as session:
        return session.get_one(Message, message_id)


def test_a_day_is_told_by_provider_with_segments(sent: dict[str, int], sign_in: SignIn) -> None:
    page = sign_in("lead").get("/deliveries/").text
    assert "Daily volume by channel and sender" in page
    assert "address does not work" in page
    (row,) = [part for part in page.split("<tr>") if 'class="prose">SMS<' in part and "scope" in part][:1]
    numbers = [cell.split("</td>")[0] for cell in row.split('<td class="number">')[1:]]
    assert numbers[:5] == ["1", "1", "1", "1", "1"]  # sent, delivered, failed, unconfirmed, held
    assert numbers[7] == "2"  # only what left is billed


def test_a_mail_to_a_colleague_is_listed_while_somebody_has_to_decide_about_it(
    app: Flask, sign_in: SignIn
) -> None:
    with app.extensions["feedback"].database.writing() as session:
        user = session.scalars(select(User).order_by(User.id)).first()
        assert user
        now = clock.now()
        mail = {
            "purpose": "digest",
            "provider": "smtp_email",
            "channel": "email",
            "body": "",
            "language": "en",
        }
        held = Message(
            **mail, user_id=user.id, recipient=user.email, state="held", due_at=now, created_at=now
        )
        session.add(held)
        session.flush()
        number = held.id
    lead = sign_in("lead")
    assert f"/deliveries/messages/{number}" in lead.get("/deliveries/").text
    lead.post(f"/deliveries/messages/{number}", data={"verdict": "arrived"})
    assert stored(app, number).state == "sent"
    assert "digest" not in lead.get("/deliveries/messages").text


def test_a_day_is_told_by_sender(app: Flask, sign_in: SignIn) -> None:
    with app.extensions["feedback"].database.writing() as session:
        mine = invitation_of(session, "Northwind Logistics")
        message(session, mine, sender="+15550001111", segments=3)
        message(session, mine, sender="+905550002222", segments=1, occurrence=1)
        message(session, mine, sender="+905550002222", segments=1, occurrence=2)
        message(session, mine, state="queued", occurrence=3)
    page = sign_in("lead").get("/deliveries/").text
    rows = [part.split("</tr>")[0] for part in page.split("<tr>") if 'class="prose">SMS<' in part]
    found = {}
    for row in rows:
        (sender,) = re.findall(r"<bdi>([^<]*)</bdi>", row)
        found[sender] = re.findall(r'<td class="number">([^<]*)</td>', row)
    assert found.keys() == {"+15550001111", "+905550002222", "–"}
    assert [(found[each][0], found[each][7]) for each in ("+15550001111", "+905550002222")] == [
        ("1", "3"),
        ("2", "2"),
    ]
    assert found["–"][5] == "1"  # waits: it has no sender yet


def test_every_table_can_be_taken_away_by_those_who_may(
    app: Flask, sent: dict[str, int], sign_in: SignIn
) -> None:
    lead = sign_in("lead")
    links = re.findall(r'href="([^"]*export=[^"]*)"', lead.get("/deliveries/?days=14").text)
    files = {link: lead.get(link.replace("&amp;", "&")) for link in links}
    assert {link.rpartition("=")[2] for link in links} >= {"days.csv", "days.xlsx", "failed.csv"}
    assert {response.status_code for response in files.values()} == {200}
    days = list(csv.reader(lead.get("/deliveries/?export=days.csv").data.decode("utf-8-sig").splitlines()))
    (told,) = [line[3:] for line in days if line[1:3] == ["SMS", ""]]
    assert told[:5] == ["1", "1", "1", "1", "1"]
    with app.extensions["feedback"].database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "exported")).all()[-1]
        assert (entry.subject, entry.detail) == ("deliveries", {"table": "days", "file": "csv"})
    assert lead.get("/deliveries/?export=nonsense.csv").status_code == 404
    assert lead.get("/deliveries/?export=days.exe").status_code == 404
    assert "export=" not in sign_in("cem").get("/deliveries/").text
    assert sign_in("cem").get("/deliveries/?export=days.csv").status_code == 403


def not_asked(app: Flask, rest: timedelta) -> str:
    """Somebody's name whom we let rest, until so long from now."""
    now = clock.now()
    with app.extensions["feedback"].database.writing() as session:
        contact = session.scalars(select(Contact)).first()
        assert contact
        session.add(
            Enrolment(
                contact=contact, stage="renewal", occurrence="date:2026-01-01", questionnaire="renewal-nps",
                state="skipped", reason="contacted_recently", entered_at=now, due_at=now, expires_at=now,
                created_at=now, decided_at=now, next_allowed_at=now + rest,
            )
        )  # fmt: skip
        return str(contact.name)


def test_why_customers_were_not_asked_is_counted_and_told_with_the_next_date(
    app: Flask, sign_in: SignIn
) -> None:
    name = not_asked(app, timedelta(days=30))
    page = sign_in("lead").get("/deliveries/").text
    assert "90 days before renewal" in page
    assert "surveyed recently" in page
    day = translator("desk", "en").date((clock.now() + timedelta(days=30)).date())
    (told,) = [part for part in page.split("<li>") if f"eligible again {day}" in part]
    assert name in told and "90 days before renewal" in told


def test_who_has_no_channel_is_listed_with_what_each_channel_lacks(app: Flask, sign_in: SignIn) -> None:
    name = not_asked(app, timedelta(days=-1))
    lacking = {"sms": "no_address", "email": "consent_missing"}
    with app.extensions["feedback"].database.writing() as session:
        enrolment = session.scalars(select(Enrolment).where(Enrolment.state == "skipped")).one()
        enrolment.reason, enrolment.explanation = "no_channel", [{"code": "no_channel", "params": lacking}]
    page = sign_in("lead").get("/deliveries/").text.partition("Recently skipped")[2]
    for told in (
        name,
        "No channel available",
        "SMS not used: no address",
        "E-mail not used: no consent recorded",
    ):
        assert told in page


def waits(app: Flask, due: datetime, why: list[dict[str, Any]]) -> str:
    """Somebody's name who is asked later."""
    with app.extensions["feedback"].database.writing() as session:
        contact = session.scalars(select(Contact).order_by(Contact.id)).first()
        assert contact
        session.add(
            Enrolment(
                contact=contact, stage="renewal", occurrence="date:2026-02-02", questionnaire="renewal-nps",
                state="scheduled", entered_at=due, due_at=due, expires_at=due, created_at=due, decided_at=due,
                explanation=why,
            )
        )  # fmt: skip
        return str(contact.name)


def test_what_waits_is_shown_with_its_stage_its_time_and_its_reason(app: Flask, sign_in: SignIn) -> None:
    """Times are those of the installation, whatever the reader's zone."""
    runtime = app.extensions["feedback"]
    monday = datetime(2099, 3, 2, 6, 30, tzinfo=UTC)
    moved = {
        "moved_from": "2099-03-01T09:00:00+00:00", "moved_to": monday.isoformat(), "country": "TR",
        "zones": ["Europe/Istanbul"],
    }  # fmt: skip
    name = waits(app, monday, [{"code": "quiet_hours", "params": moved}])
    runtime.database.zone = ZoneInfo("Asia/Tehran")
    with runtime.database.writing() as session:
        session.scalars(
            select(User).where(User.email == "lead@example.com")
        ).one().time_zone = "America/New_York"
    card = sign_in("lead").get("/deliveries/").text.split('id="waiting"')[1].split("</section>")[0]
    for told in (
        "90 days before renewal", "Mar 2, 2099, 10:00", "quiet hours, or a day on which nobody is contacted",
        "Times use the Asia/Tehran time zone", name, "for quiet hours in Europe/Istanbul",
    ):  # fmt: skip
        assert told in card


def test_a_page_on_which_nothing_waits_says_what_will_be_there(sign_in: SignIn) -> None:
    card = sign_in("lead").get("/deliveries/").text.split('id="waiting"')[1].split("</section>")[0]
    assert "No invitations are waiting." in card


@pytest.mark.parametrize("language", LANGUAGES["desk"])
def test_every_reason_to_wait_has_words(language: str) -> None:
    say = translator("desk", language)
    for code in ("due", "scheduled", "on_hold", "unsettled", *waiting.POSTPONED, "retry", "next_window"):
        assert message_wording.waiting(say, code) != code


def test_a_day_that_is_past_is_no_day_from_which_somebody_may_be_asked(app: Flask, sign_in: SignIn) -> None:
    name = not_asked(app, timedelta(days=-1))
    page = sign_in("lead").get("/deliveries/").text
    assert name in page.partition("Recently skipped")[2]
    assert "eligible again" not in page


def test_why_something_was_not_sent_says_of_which_days(
    app: Flask, sent: dict[str, int], sign_in: SignIn
) -> None:
    client = sign_in("lead")
    page = client.get("/deliveries/?days=14").text
    assert "<h2>Why messages failed · last 14 days</h2>" in page
    assert "Why messages were cancelled" not in page, "a table without rows"
    not_asked(app, timedelta(days=30))
    with app.extensions["feedback"].database.writing() as session:
        session.get_one(Message, sent["held"]).state = lifecycle.MessageState.CANCELLED
    page = client.get("/deliveries/?days=14").text
    for heading in ("Why messages failed", "Why messages were cancelled", "Why surveys were skipped"):
        assert f"<h2>{heading} · last 14 days</h2>" in page


def test_a_held_provider_says_so_until_somebody_lets_it_send_again(app: Flask, sign_in: SignIn) -> None:
    error = ProviderHeld(
        "Twilio 20003: the credentials are not accepted.", code="hold_provider", country="TR"
    )
    with app.extensions["feedback"].database.writing() as session:
        provider_holds.hold(session, "twilio_sms", error, clock.now())
    form = {"provider": "twilio_sms", "country": "TR"}
    assert "Release channel" not in sign_in("cem").get("/deliveries/").text
    client = sign_in("lead")
    page = client.get("/deliveries/").text
    assert "the credentials are not accepted" in page
    assert "Türkiye" in page or "Turkey" in page
    assert (
        "Channel released. Sending resumes."
        in client.post("/deliveries/holds", data=form, follow_redirects=True).text
    )
    with app.extensions["feedback"].database.reading() as session:
        hold = session.scalars(select(ProviderHold)).one()
        assert hold.lifted_at is not None
        assert session.scalars(
            select(AuditEntry.action).where(AuditEntry.subject == "provider_hold")
        ).all() == ["lifted"]


@pytest.mark.parametrize(("verdict", "state"), [("arrived", "sent"), ("lost", "queued")])
def test_a_person_decides_what_nobody_can_look_up(
    app: Flask, sent: dict[str, int], sign_in: SignIn, verdict: str, state: str
) -> None:
    client = sign_in("lead")
    assert "Unconfirmed messages" in client.get("/deliveries/").text
    client.post(f"/deliveries/messages/{sent['held']}", data={"verdict": verdict})
    assert stored(app, sent["held"]).state == state
    again = client.post(
        f"/deliveries/messages/{sent['held']}", data={"verdict": verdict}, follow_redirects=True
    )
    assert "this message is no longer unconfirmed" in again.text


@pytest.mark.parametrize(("verdict", "state", "told"), [
    ("arrived", "sent", "3 messages marked as sent."), ("lost", "queued", "Sending 3 messages again."),
])  # fmt: skip
def test_a_person_decides_for_all_held_messages_of_a_provider(
    app: Flask, sent: dict[str, int], sign_in: SignIn, verdict: str, state: str, told: str
) -> None:
    more = held_besides(app, sent["held"], 2)
    other = held_besides(app, sent["held"], 1, provider="smtp_email", channel="email")
    client = sign_in("lead")
    provider = stored(app, sent["held"]).provider
    assert "Decide for all 3 messages on hold by" in client.get("/deliveries/").text
    answer = client.post(
        "/deliveries/held", data={"provider": provider, "verdict": verdict}, follow_redirects=True
    )
    assert told in answer.text
    assert {stored(app, number).state for number in (sent["held"], *more)} == {state}
    assert [stored(app, number).state for number in other] == ["held"]
    with app.extensions["feedback"].database.reading() as session:
        entries = session.scalars(select(AuditEntry.detail).where(AuditEntry.action == verdict)).all()
    assert [each["count"] for each in entries] == [3]


def held_besides(app: Flask, number: int, count: int, **columns: Any) -> list[int]:
    facts = {"state": "held", "purpose": "reminder", **columns}
    first = 50 + len(columns)
    with app.extensions["feedback"].database.writing() as session:
        invitation = session.get_one(Message, number).invitation
        assert invitation
        return [
            message(session, invitation, occurrence=first * (each + 1), **facts).id for each in range(count)
        ]


def test_who_may_not_decide_is_offered_no_decision_for_all(
    app: Flask, sent: dict[str, int], sign_in: SignIn
) -> None:
    held_besides(app, sent["held"], 2)
    csm = sign_in("cem")
    assert "Decide for all" not in csm.get("/deliveries/").text
    assert csm.post("/deliveries/held", data={"provider": "twilio_sms", "verdict": "lost"}).status_code == 403


def test_what_is_not_in_doubt_cannot_be_sent_again(app: Flask, sent: dict[str, int], sign_in: SignIn) -> None:
    sign_in("lead").post(f"/deliveries/messages/{sent['delivered']}", data={"verdict": "lost"})
    assert stored(app, sent["delivered"]).state == "delivered"


def test_a_csm_sees_their_messages_and_masked_addresses(sent: dict[str, int], sign_in: SignIn) -> None:
    page = sign_in("cem").get("/deliveries/messages").text
    assert "Northwind Logistics" in page
    assert "Contoso Health" not in page
    assert "+90 *** *** 65 43" in page
    assert PHONE not in page
    assert PHONE in sign_in("lead").get("/deliveries/messages").text


@pytest.mark.parametrize(
    ("tray", "shown"), [("lost", "bad address"), ("doubt", "unconfirmed"), ("x", "sent")]
)
def test_messages_are_sorted_into_trays(sent: dict[str, int], sign_in: SignIn, tray: str, shown: str) -> None:
    page = sign_in("lead").get(f"/deliveries/messages?tray={tray}").text
    expected = {"lost": 1, "doubt": 2, "x": 4}[tray]
    assert page.count("Timeline") == expected, shown


# --- The story ------------------------------------------------------------------------------------


@pytest.fixture
def moved(app: Flask) -> int:
    """An invitation that had to wait for the morning, and was tried twice."""
    night = datetime.fromisoformat("2026-03-02T19:10:00+00:00")
    morning = datetime.fromisoformat("2026-03-03T06:00:00+00:00")
    with app.extensions["feedback"].database.writing() as session:
        invitation = invitation_of(session, "Northwind Logistics")
        event = JourneyEvent(
            key="t1", name="ticket_closed", contact_id=invitation.contact_id, occurred_at=night,
            received_at=night, source="api",
        )  # fmt: skip
        moved = {"moved_from": night.isoformat(), "moved_to": morning.isoformat(), "country": "TR"}
        invitation.enrolment = Enrolment(
            contact_id=invitation.contact_id, event=event, stage="support-call", occurrence="event:1",
            questionnaire="support-call-csat", state="issued", entered_at=night, due_at=morning,
            expires_at=morning + timedelta(days=7), created_at=night, decided_at=morning,
            explanation=[{"code": "quiet_hours", "params": {**moved, "zones": ["Europe/Istanbul"]}}],
        )  # fmt: skip
        row = message(session, invitation, created_at=morning, sent_at=morning, state="undelivered",
                      state_reason="refused")  # fmt: skip
        session.add_all(
            [
                Attempt(message_id=row.id, number=1, worker="w", started_at=morning, outcome="DeliveryFailed",
                        code="rate_limited"),
                Attempt(message_id=row.id, number=2, worker="w", started_at=morning, outcome="sent"),
                Receipt(message_id=row.id, provider="twilio_sms", provider_id="SM1", status="undelivered",
                        code="30003", received_at=morning + timedelta(minutes=1)),
            ]
        )  # fmt: skip
        return invitation.id


def test_a_story_says_why_it_came_when_it_came(moved: int, sign_in: SignIn) -> None:
    page = sign_in("cem").get(f"/deliveries/invitation/{moved}").text
    for sentence in (
        "Event: Support request closed",
        "Scheduled for Support request closed: triggered by this event",
        "Moved from 3/2/26, 10:10\u202fPM to 3/3/26, 9:00\u202fAM for quiet hours in Europe/Istanbul",
        "Attempt 1 by SMS: sending limit reached",
        "Attempt 2 by SMS",
        "Provider reported code 30003",
        "Invitation not delivered: rejected by the provider",
    ):
        assert sentence in page


def test_a_story_is_told_in_the_reader_s_language(moved: int, app: Flask, sign_in: SignIn) -> None:
    with app.extensions["feedback"].database.writing() as session:
        account = session.get_one(Invitation, moved).account
        assert account
        account.owner_id = None
    page = sign_in("neda").get(f"/deliveries/invitation/{moved}").text
    assert "۹:۰۰" in page
    assert "Moved" not in page


def test_an_event_that_no_stage_knows_is_told_without_underscores(
    moved: int, app: Flask, sign_in: SignIn
) -> None:
    with app.extensions["feedback"].database.writing() as session:
        session.scalars(select(JourneyEvent).where(JourneyEvent.key == "t1")).one().name = "seat_added"
    assert "Event: seat added" in sign_in("cem").get(f"/deliveries/invitation/{moved}").text


def test_another_s_story_is_not_told(sent: dict[str, int], app: Flask, sign_in: SignIn) -> None:
    other = stored(app, sent["unconfirmed"]).invitation_id
    assert sign_in("cem").get(f"/deliveries/invitation/{other}").status_code == 404
    assert sign_in("lead").get(f"/deliveries/invitation/{other}").status_code == 200


# --- Words ----------------------------------------------------------------------------------------


def test_there_are_words_for_every_reason_and_state() -> None:
    assert set(Verdict) <= set(message_wording.REASONS)
    assert set(SKIP_CODES) <= set(message_wording.REASONS)
    assert set(lifecycle.MessageState) <= set(message_wording.STATES)


def test_what_messages_of_an_earlier_release_say_still_has_words() -> None:
    assert message_wording.REASONS["hold_channel"] == message_wording.REASONS[Verdict.HOLD_PROVIDER]


@pytest.mark.parametrize("language", LANGUAGES["desk"])
def test_every_step_has_a_sentence_even_where_nothing_is_known(language: str) -> None:
    say, journey = translator("desk", language), Journey(stages=())
    always = {"moved_from": "2026-03-02T19:10:00+00:00", "moved_to": "2026-03-03T06:00:00+00:00"}
    for code in message_wording.STEPS:
        params = {**always, "which": "2026-03-02", "attempt": 1, "zones": ["Asia/Tehran"]}
        sentence = message_wording.sentence(say, StoryStep(clock.now(), code, params), journey)
        assert sentence
        assert "{" not in sentence


def test_a_survey_that_was_put_off_keeps_why() -> None:
    from feedback.services.journey.enrolments import with_earlier

    before = [{"code": "quiet_hours", "params": {}}, {"code": "zone_assumed", "params": {"zones": ["UTC"]}}]
    now = [{"code": "zone_assumed", "params": {"zones": ["Europe/Paris"]}}]
    assert with_earlier(before, now) == [before[0], *now]


def test_a_survey_that_should_not_have_gone_out_is_withdrawn(app: Flask, sign_in: SignIn) -> None:
    with app.extensions["feedback"].database.writing() as session:
        invitation = invitation_of(session, "Northwind Logistics")
        invitation.state, invitation.answered_at, invitation.token = "delivered", None, "ABCDEFGHJKLM"
        reminder = message(session, invitation, state="queued", purpose="reminder", occurrence=9).id
        number = invitation.id
    lead = sign_in("lead")
    page = lead.get(f"/deliveries/invitation/{number}").text
    assert "Withdraw survey" in page
    shown = lead.post(f"/deliveries/invitation/{number}/withdraw", follow_redirects=True).text
    assert "Survey withdrawn." in shown and "Withdraw survey" not in shown
    assert (stored(app, reminder).state, stored(app, reminder).state_reason) == ("cancelled", "withdrawn")
    with app.extensions["feedback"].database.reading() as session:
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "withdrawn"))
        assert (entry.subject, entry.subject_id) == ("invitation", number)
    again = lead.post(f"/deliveries/invitation/{number}/withdraw", follow_redirects=True).text
    assert "Nothing to withdraw: this survey was answered or has ended." in again


def test_only_those_who_manage_deliveries_withdraw(app: Flask, sign_in: SignIn) -> None:
    with app.extensions["feedback"].database.reading() as session:
        number = invitation_of(session, "Northwind Logistics").id
    assert sign_in("cem").post(f"/deliveries/invitation/{number}/withdraw").status_code == 403
