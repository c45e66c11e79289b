"""Preview and walk for a customer who is chosen: only what the questionnaire looks at can be chosen."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.services.studio import drafts
from tests.web.studio.conftest import Enter
from tests.web.studio.test_trials import step

KEY = "support-call-csat"
TEXT = """\
key: support-call-csat
title: Visit
languages: [en]
fields: [topic]
questions:
  - {key: score, type: csat, text: How satisfied are you?}
  - {key: seats, type: text, text: What do your teams need?, show_if: {account: segment, is: [smb, large]}}
  - {key: outage, type: text, text: What did it cost you?, show_if: {event: topic, is: outage}}
  - {key: mail, type: text, text: Was the mail clear?, show_if: {survey: channel, is: email}}
"""


@pytest.fixture(scope="module")
def lead(enter: Enter, office: Runtime) -> FlaskClient:
    """A lead, and a draft with such conditions."""
    with office.database.writing() as session:
        drafts.save(session, KEY, TEXT, base=0, by=1, now=clock.now())
    return enter("lead")


def way(page: str) -> list[str]:
    """The questions that the menu of pages offers, without their numbers."""
    (menu,) = re.findall(r'<select name="page">(.*?)</select>', page, re.S)
    return re.findall(r">\s*\d+\. (.*?)</option>", menu, re.S)


def test_the_phone_shows_the_way_of_the_customer_who_is_chosen(lead: FlaskClient) -> None:
    shown = lead.post(f"/studio/{KEY}/preview/choices", data={"text": TEXT}).text
    assert way(shown) == ["How satisfied are you?", "Thanks"]
    menu = shown.split('name="fact.account.segment"')[1].split("</select>")[0]
    assert re.findall(r'<option value="([^"]*)"', menu) == ["", "smb", "large"]
    chosen = {"text": TEXT, "fact.account.segment": "large", "fact.survey.channel": "email"}
    shown = lead.post(f"/studio/{KEY}/preview/choices", data=chosen).text
    assert way(shown) == [
        "How satisfied are you?",
        "What do your teams need?",
        "Was the mail clear?",
        "Thanks",
    ]
    page = lead.post(f"/studio/{KEY}/preview/page", data={**chosen, "page": "q:seats"}).text
    assert "What do your teams need?" in page
    unknown = {"text": TEXT, "fact.account.segment": "<b>", "fact.contact.country": "TR"}
    assert way(lead.post(f"/studio/{KEY}/preview/choices", data=unknown).text) == [
        "How satisfied are you?",
        "Thanks",
    ]


def test_a_walk_asks_the_customer_who_was_chosen_to_its_end(lead: FlaskClient, office_app: Flask) -> None:
    page = lead.get(f"/studio/{KEY}/preview").text
    (address,) = re.findall(r'formaction="(/trial/[^"]+)"', page)
    customer = office_app.test_client()
    page = customer.get(f"{address}?fact.event.topic=outage").text
    assert "How satisfied are you?" in page
    page = step(customer, page, score="4")
    assert "What did it cost you?" in page
    page = step(customer, page, outage="A day")
    assert "A day" in page
    assert "What did it cost you?" not in step(customer, customer.get(address).text, score="4")
