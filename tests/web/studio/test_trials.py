"""Preview, walk and test message: the customer's real pages, and nothing of it is stored or counted."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from feedback.bootstrap import Runtime
from feedback.core.lifecycle import MessageState
from feedback.services.contact import suppression
from feedback.services.messaging import dispatch
from feedback.services.studio import trial_links
from feedback.store.models import (
    AnswerRow,
    AuditEntry,
    Enrolment,
    Invitation,
    InvitationCount,
    Message,
    Response,
    SimulatedMessage,
)
from feedback.web.studio.trials import LONGEST_WORDS
from tests.web.studio.conftest import Enter

KEY = "support-call-csat"
TEXT = """\
key: support-call-csat
title: {en: Visit, fa: بازدید}
languages: [en, fa]
questions:
  - key: score
    type: csat
    text: {en: "How satisfied are you with {company}?", fa: "چقدر راضی هستید؟"}
  - key: why
    type: text
    show_if: {question: score, at_most: 2}
    text: {en: "You gave {answer.score}. What went wrong?", fa: "چه شد؟"}
  - key: more
    type: multi
    options: [{key: a, text: {en: Speed, fa: سرعت}}, {key: b, text: {en: Price, fa: قیمت}}]
    text: {en: "What mattered?", fa: "چه مهم بود؟"}
thanks:
  - when: {question: score, at_most: 2}
    text: {en: "We are sorry.", fa: "متأسفیم."}
  - text: {en: "Glad to hear it.", fa: "خوشحالیم."}
"""
COUNTED = (Response, AnswerRow, Invitation, InvitationCount, Enrolment)


def rows(runtime: Runtime, *models: type) -> list[int | None]:
    with runtime.database.reading() as session:
        return [session.scalar(select(func.count()).select_from(model)) for model in models]


@pytest.fixture
def lead(enter: Enter, office: Runtime) -> FlaskClient:
    """The lead, with the draft stored."""
    client = enter("lead")
    save(client, TEXT)
    return client


def save(client: FlaskClient, text: str) -> None:
    base = re.search(r'name="base" value="(\d+)"', client.get(f"/studio/{KEY}/yaml").text)
    assert base
    saved = client.post(f"/studio/{KEY}/yaml", data={"text": text, "base": base[1], "do": "save"})
    assert saved.status_code == 303


def step(customer: FlaskClient, page: str, **answer: str | list[str]) -> str:
    """The page after a form was sent."""
    action, stamp = (
        re.search(r'<form[^>]* action="([^"]+)"', page),
        re.search(r'name="stamp" value="([^"]+)"', page),
    )
    assert action
    assert stamp
    sent = customer.post(unescape(action[1]), data={**answer, "stamp": stamp[1]})
    assert sent.status_code == 303, sent.text
    return customer.get(sent.headers["Location"]).text


def test_a_walk_goes_over_the_real_pages_and_stores_nothing(
    lead: FlaskClient, office: Runtime, office_app: Flask
) -> None:
    before, customer = rows(office, *COUNTED), office_app.test_client()
    page = lead.get(f"/studio/{KEY}/preview").text
    address = re.search(rf'href="(/trial/{KEY}\.en\.[^"]+)"', page)
    assert address
    page = customer.get(address[1]).text
    assert "How satisfied are you with Acme?" in page
    page = step(customer, page, score="2")
    assert "You gave Dissatisfied. What went wrong?" in page
    assert "Trial: nothing is stored." in page
    page = step(customer, page, why="x" * 5_000)
    assert "What mattered?" in page
    page = step(customer, page, more=["a", "b"])
    assert "We are sorry." in page
    assert "Speed, Price" in page
    assert "x" * (LONGEST_WORDS - 1) + "…" in page
    change = re.search(r'href="([^"]+q=score[^"]*)"', page)
    assert change
    page = step(customer, customer.get(unescape(change[1])).text, score="5")
    assert "Glad to hear it." in page
    assert "What went wrong?" not in page
    assert rows(office, *COUNTED) == before
    stopped = customer.post(f"{address[1]}/stop")
    assert "This was a test" in stopped.text
    policy = customer.get(address[1]).headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in policy
    assert "unsafe" not in policy


def test_a_walk_goes_on_after_an_answer_that_has_to_be_longer_than_an_address_keeps(
    lead: FlaskClient, office: Runtime, office_app: Flask
) -> None:
    save(lead, TEXT.replace("type: text\n", f"type: text\n    min_length: {LONGEST_WORDS + 100}\n"))
    customer = office_app.test_client()
    keys = trial_links.keys_of(office.settings)
    page = customer.get(f"/trial/{trial_links.make(keys, KEY, 'en', datetime.now(UTC))}").text
    page = step(customer, page, score="1")
    page = step(customer, page, why="x" * (LONGEST_WORDS + 100))
    assert "What mattered?" in page
    page = step(customer, page, more=["a"])
    assert "We are sorry." in page
    assert "x" * (LONGEST_WORDS - 1) + "…" in page


def test_a_mistake_a_language_and_a_changed_draft_are_no_trouble(
    lead: FlaskClient, office: Runtime, office_app: Flask
) -> None:
    customer = office_app.test_client()
    keys = trial_links.keys_of(office.settings)
    address = f"/trial/{trial_links.make(keys, KEY, 'fa', datetime.now(UTC))}"
    page = customer.get(address).text
    assert 'dir="rtl"' in page
    action = re.search(r'<form[^>]* action="([^"]+)"', page)
    assert action
    assert customer.post(unescape(action[1]), data={"score": "9"}).status_code == 422
    assert "How satisfied are you" in customer.get(f"{address}?l=en&v=forged").text
    after = step(customer, page, score="1")
    assert "چه شد؟" in after
    save(lead, TEXT.replace("key: why", "key: reason"))
    sent = re.search(r'<form[^>]* action="([^"]+)"', after)
    assert sent
    answer = customer.post(unescape(sent[1]), data={"why": "Words for a question that is gone."})
    assert "Words for a question that is gone." in answer.text
    assert "چه شد؟" in customer.get(unescape(sent[1])).text
    save(lead, "key: [")
    assert customer.get(address).status_code == 422


def test_an_address_that_is_not_ours_shows_nothing(office_app: Flask) -> None:
    customer = office_app.test_client()
    assert customer.get("/trial/x").status_code == 404
    assert customer.post("/trial/x", data={"score": "1"}).status_code == 404


def test_the_phone_shows_what_is_typed_for_a_score_and_a_language(lead: FlaskClient, office: Runtime) -> None:
    address, typed = f"/studio/{KEY}/preview/page", TEXT.replace("What mattered?", "What really mattered?")
    before = rows(office, *COUNTED)
    page = lead.post(address, data={"text": typed, "score": "1", "page": "q:why", "language": "en"})
    assert "You gave Very dissatisfied. What went wrong?" in page.text
    assert "frame-ancestors 'self'" in page.headers["Content-Security-Policy"]
    assert (
        "What really mattered?"
        in lead.post(address, data={"text": typed, "page": "q:more", "language": "en"}).text
    )
    assert (
        "متأسفیم."
        in lead.post(address, data={"text": typed, "score": "1", "page": "thanks", "language": "fa"}).text
    )
    # It is not on the way of a 5, so the first score is taken after which it is asked.
    assert "You gave Very dissatisfied" in lead.get(f"{address}?page=q:why&score=5&language=en").text
    choices = lead.post(
        f"/studio/{KEY}/preview/choices", data={"text": typed, "score": "1", "language": "en"}
    ).text
    assert choices.count('<option value="q:') == 3
    assert lead.post(address, data={"text": "key: ["}).status_code == 422
    assert lead.post(f"/studio/{KEY}/preview/choices", data={"text": "key: ["}).status_code == 204
    assert rows(office, *COUNTED) == before
    assert "frame-src 'self'" in lead.get(f"/studio/{KEY}/preview").headers["Content-Security-Policy"]
    assert lead.get("/studio/journey/preview").status_code == 200


def test_a_test_goes_through_the_real_provider_and_counts_nowhere(lead: FlaskClient, office: Runtime) -> None:
    before, address = rows(office, *COUNTED), f"/studio/{KEY}/test"
    assert lead.post(address, data={"channel": "email", "language": "fa"}).status_code == 303
    asked = lead.post(address, data={"channel": "sms", "language": "en", "phone": "+90 532 123 45 67"})
    assert "+905321234567" in asked.text
    assert "TEST: " in asked.text
    assert f'href="/studio/{KEY}/preview" aria-current="page"' in asked.text
    confirmed = {"channel": "sms", "language": "en", "phone": "+905321234567", "confirmed": "1"}
    assert lead.post(address, data=confirmed).status_code == 303
    now = datetime.now(UTC)
    with office.database.reading() as session:
        tests = session.scalars(select(Message).where(Message.purpose == "test")).all()
        assert {(each.channel, each.recipient, each.invitation_id, each.contact_id) for each in tests} == {
            ("email", "lead@example.com", None, None),
            ("sms", "+905321234567", None, None),
        }
        audited = session.scalars(select(AuditEntry).where(AuditEntry.action == "tested")).all()
        assert len(audited) == 2
        assert "5321234567" not in str([each.detail for each in audited])
    dispatch.send_queued(office.database, office, "w", now)
    with office.database.reading() as session:
        states = session.scalars(select(Message.state).where(Message.purpose == "test")).all()
        assert states in ([MessageState.SENT] * 2, [MessageState.DELIVERED] * 2)
        shown = session.scalars(select(SimulatedMessage).order_by(SimulatedMessage.id.desc()).limit(2)).all()
    for each in shown:
        assert f"/trial/{KEY}." in each.body
        assert "TEST" in (each.subject or each.body) or "آزمایش" in (each.subject or "")
    assert rows(office, *COUNTED) == before


@pytest.mark.parametrize("why", ["opted out", "no number", "too many", "errors", "not allowed"])
def test_a_test_that_may_not_go_is_refused_with_the_reason(
    lead: FlaskClient, enter: Enter, office: Runtime, why: str
) -> None:
    address, form = (
        f"/studio/{KEY}/test",
        {"channel": "sms", "language": "en", "phone": "+905321234568", "confirmed": "1"},
    )
    now, sender = datetime.now(UTC), lead
    if why == "opted out":
        with office.database.writing() as session:
            suppression.suppress(session, "sms", form["phone"], reason="opt_out", source="test", now=now)
    elif why == "no number":
        form["phone"] = "12"
    elif why == "too many":
        form["phone"] = "+905321234569"
        for _ in range(5):
            lead.post(address, data=form)
    elif why == "errors":
        save(lead, "key: [")
    else:
        sender = enter("cem")
    count = rows(office, Message)
    answer = sender.post(address, data=form)
    assert answer.status_code == (403 if why == "not allowed" else 422)
    assert rows(office, Message) == count
    said = {
        "opted out": "opted out",
        "no number": "country code",
        "too many": "limit",
        "errors": "errors",
        "not allowed": "",
    }
    assert said[why] in answer.text
    assert why != "no number" or 'value="12"' in answer.text
