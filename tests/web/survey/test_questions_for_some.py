"""The customer's page asks whom a question is for; of somebody at an open link nothing is known."""

from __future__ import annotations

from datetime import timedelta

import time_machine

from feedback.core.questionnaire import Questionnaire
from feedback.services.responses import open_links
from feedback.web.survey import stamp
from tests.factories_surveys import NOW, RECOMMEND, invite, questionnaire
from tests.web.survey.conftest import Opener

SMALL = {"account": "segment", "is": "SMB"}
SEATS = {"key": "seats", "type": "text", "text": "What do your teams need?", "show_if": {"not": SMALL}}
PRICE = {"key": "price", "type": "text", "text": "What about our prices?", "show_if": SMALL}
BY_SMS = {
    "key": "sms",
    "type": "text",
    "text": "Was the SMS clear?",
    "show_if": {"survey": "channel", "is": "sms"},
}
ASKED = questionnaire(RECOMMEND, SEATS, PRICE, BY_SMS)


def test_the_pages_are_those_for_this_customer(open_site: Opener, now: time_machine.Coordinates) -> None:
    site = open_site(ASKED)
    first = site.get()
    assert "Question 1 of 3" in first.text
    second = site.post(recommend="9")
    assert second.location.endswith("q=price")
    assert "What about our prices?" in site.client.get(second.location).text
    assert "What do your teams need?" not in site.get("?q=seats").text
    third = site.post("?q=price", price="Fair")
    assert third.location.endswith("q=sms")


def test_the_first_question_can_be_for_some(open_site: Opener, now: time_machine.Coordinates) -> None:
    site = open_site(questionnaire({**RECOMMEND, "show_if": {"not": SMALL}}, PRICE))
    assert "What about our prices?" in site.get().text


def test_who_has_no_question_is_thanked_and_nothing_is_stored(
    open_site: Opener, now: time_machine.Coordinates
) -> None:
    site = open_site(questionnaire({**RECOMMEND, "show_if": {"not": SMALL}}))
    assert site.get().status_code == 200
    assert site.post(recommend="3").status_code < 500


def _open_link(open_site: Opener, asked: Questionnaire, kind: open_links.LinkKind = "poster") -> str:
    site = open_site(asked)
    with site.runtime.database.writing() as session:
        new = open_links.NewLink(kind, "Shop", asked.key)
        token = open_links.create(session, site.runtime.library, new, NOW).token
    return site.client.get(f"/in/{token}").text


def test_at_an_open_link_nothing_is_known_of_the_customer(
    open_site: Opener, now: time_machine.Coordinates
) -> None:
    assert "What do your teams need?" in _open_link(open_site, questionnaire(PRICE, SEATS))
    unknown = {
        "key": "who",
        "type": "text",
        "text": "Who are you?",
        "show_if": {"account": "segment", "known": False},
    }
    assert "Who are you?" in _open_link(open_site, questionnaire(PRICE, unknown, SEATS))


def test_an_open_link_has_a_language_and_a_channel(open_site: Opener, now: time_machine.Coordinates) -> None:
    asked = questionnaire(
        {**BY_SMS, "show_if": {"survey": "channel", "is": ["sms", "email"]}},
        {
            "key": "poster",
            "type": "text",
            "text": "Where did you see the poster?",
            "show_if": {"survey": "channel", "is": "poster"},
        },
    )
    assert "Where did you see the poster?" in _open_link(open_site, asked)


def test_options_from_an_earlier_answer_are_those_of_this_customer(
    open_site: Opener, now: time_machine.Coordinates
) -> None:
    """The page of another customer, drawn a moment ago, is not shown again."""
    options = [{"key": key, "text": text} for key, text in (("app", "The app"), ("web", "The web site"))]
    used = {"key": "used", "type": "multi", "text": "What do you use?", "options": options}
    best = {**used, "key": "best", "type": "single", "text": "What works best?", "options_from": "used"}
    site = open_site(questionnaire(used, best))
    other = "8WdNkR4tVxQm"
    with site.runtime.database.writing() as session:
        invite(session, site.runtime.library, token=other)
    site.post(used="app")
    assert "The web site" not in site.get("?q=best").text
    key = site.runtime.settings.web.secret_key.reveal().encode()
    made = stamp.make(key, other, NOW - timedelta(minutes=1))
    site.client.post(f"/{other}", data={"stamp": made, "seen": "1", "used": "web"})
    page = site.client.get(f"/{other}?q=best").text
    assert "The web site" in page
    assert "The app" not in page
