"""The customer's page through the test client."""

from __future__ import annotations

import gzip
import html
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from werkzeug.datastructures import MultiDict

from feedback.core.answer import Answer
from feedback.core.questions import TextQuestion
from feedback.i18n import LOCALES, read
from feedback.resources import shipped
from feedback.settings.table import OrganisationSettings
from feedback.store.models import AnswerRow, Invitation, Response, Score
from tests.factories_all_types import EVERYTHING, LANGUAGES, QUOTED
from tests.factories_surveys import NOW, TOKEN, questionnaire
from tests.web.survey.conftest import Opener, Site

LIMIT = 8_000
"""Bytes of a whole response over the wire."""


def responses_of(site: Site) -> list[Response]:
    with site.runtime.database.reading() as session:
        found = list(session.scalars(select(Response)))
        for response in found:
            _ = response.answers, response.scores, response.invitation
        return found


def answers_of(site: Site) -> dict[str, Any]:
    return {row.question: row.text or row.value for each in responses_of(site) for row in each.answers}


# -- the way through --------------------------------------------------------------------------------


def test_the_first_page_asks_the_first_question(site: Site) -> None:
    page = site.get()
    assert page.status_code == 200
    assert "How likely are you to recommend us?" in page.text
    assert page.text.count('type="radio"') == 11


def test_a_score_is_stored_and_leads_to_the_question_of_its_band(site: Site) -> None:
    sent = site.post("?q=recommend", recommend="3")
    assert (sent.status_code, sent.location) == (303, f"/{TOKEN}?q=better")
    assert [score.value for score in responses_of(site)[0].scores] == [3]
    assert "What could we do better?" in site.get("?q=better").text


def test_the_comment_ends_the_survey_with_thanks(site: Site) -> None:
    site.post("?q=recommend", recommend="9")
    sent = site.post("?q=liked", liked="The people")
    assert sent.location == f"/{TOKEN}"
    assert "Thank you for your feedback." in site.get().text
    assert responses_of(site)[0].state == "complete"


def test_an_optional_question_may_be_passed(site: Site) -> None:
    site.post("?q=recommend", recommend="9")
    assert site.post("?q=liked", liked="").location == f"/{TOKEN}"
    assert responses_of(site)[0].state == "complete"


def test_a_second_device_sees_where_the_first_one_stopped(site: Site) -> None:
    site.post("?q=recommend", recommend="9")
    assert "What did you like most?" in site.get().text


def test_back_shows_the_answer_that_was_given(site: Site) -> None:
    site.post("?q=recommend", recommend="9")
    assert f'href="/{TOKEN}?q=recommend"' in site.get("?q=liked").text
    assert 'value="9" checked' in site.get("?q=recommend").text


def test_changing_the_score_asks_what_now_applies(site: Site) -> None:
    site.post("?q=recommend", recommend="9")
    site.post("?q=liked", liked="Price")
    assert site.post("?q=recommend", recommend="2").location == f"/{TOKEN}?q=better"
    assert answers_of(site) == {"recommend": 2}


def test_within_the_window_the_last_page_offers_to_change_answers(
    site: Site, now: time_machine.Coordinates
) -> None:
    site.post("?q=recommend", recommend="9")
    site.post("?q=liked", liked="Price & <b>people</b>")
    page = site.get().text
    assert "Price &amp; &lt;b&gt;people&lt;/b&gt;" in page
    now.shift(timedelta(hours=2))
    late = site.get()
    assert late.status_code == 200 and "Price" not in late.text
    assert "Your answer is saved" in late.text and "help@acme.example" in late.text
    assert site.post("?q=recommend", recommend="9").location == f"/{TOKEN}"  # nothing new: nothing refused
    refused = site.post("?q=recommend", recommend="1")
    assert refused.status_code == 410 and "You can no longer change your answers" in refused.text
    assert answers_of(site)["recommend"] == 9


def test_words_that_come_too_late_are_given_back(site: Site, now: time_machine.Coordinates) -> None:
    site.post("?q=recommend", recommend="9")
    site.post("?q=liked", liked="Price")
    now.shift(timedelta(hours=2))
    late = site.post("?q=liked", liked="Price & <people>")
    assert late.status_code == 410 and "You can no longer change your answers" in late.text
    assert "Price &amp; &lt;people&gt;</blockquote>" in late.text and "help@acme.example" in late.text
    assert answers_of(site)["liked"] == "Price"


def test_words_sent_to_a_link_that_has_ended_are_given_back(
    site: Site, now: time_machine.Coordinates
) -> None:
    site.post("?q=recommend", recommend="9")
    now.shift(timedelta(days=40))
    late = site.post("?q=liked", liked="Valuable words")
    assert late.status_code == 410 and "<blockquote>Valuable words</blockquote>" in late.text


def test_words_for_a_question_that_another_tab_has_closed_are_offered_for_the_one_in_its_place(
    site: Site,
) -> None:
    site.post("?q=recommend", recommend="3")
    site.post("?q=recommend", recommend="9")  # in another tab
    page = site.post("?q=better", better="Valuable words")
    assert page.status_code == 422 and "What did you like most?" in page.text
    assert "Please check your text and send it." in page.text and "Valuable words</textarea>" in page.text
    site.post("?q=liked", liked="The people")
    again = site.post("?q=better", better="Valuable words")
    assert "The people\nValuable words</textarea>" in again.text
    assert answers_of(site)["liked"] == "The people"
    assert site.post("?q=better", better="").status_code == 303


def test_words_without_a_place_are_given_back_with_the_way_on(open_site: Opener, now: object) -> None:
    site = open_site(
        questionnaire(
            {"key": "r", "type": "nps", "text": "Recommend?"},
            {"key": "why", "type": "text", "text": "Why?", "show_if": {"question": "r", "at_most": 6}},
            {
                "key": "cause",
                "type": "single",
                "text": "Cause?",
                "options": [{"key": "slow", "text": "Slow"}],
                "show_if": {"question": "r", "at_most": 6},
            },
            {"key": "solved", "type": "thumbs", "text": "Solved?"},
        )
    )
    site.post("?q=r", r="3")
    site.post("?q=r", r="9")
    assert site.post("?q=cause", cause="slow").status_code == 303  # a choice is no word
    page = site.post("?q=why", why="Valuable words")
    assert page.status_code == 422 and "<blockquote>Valuable words</blockquote>" in page.text
    assert f'href="/{TOKEN}"' in page.text


def test_an_answer_is_open_again_when_a_change_leads_to_a_required_question(
    open_site: Opener, now: object
) -> None:
    why = {"key": "why", "type": "text", "text": "Why?", "required": True}
    site = open_site(
        questionnaire(
            {"key": "r", "type": "nps", "text": "Recommend?"},
            why | {"show_if": {"question": "r", "at_most": 6}},
        )
    )
    site.post("?q=r", r="9")
    assert responses_of(site)[0].state == "complete"
    site.post("?q=r", r="2")
    response = responses_of(site)[0]
    assert (response.state, response.completed_at, len(response.scores)) == ("partial", None, 1)
    assert "Why?" in site.get().text and "<textarea" in site.get().text
    site.post("?q=why", why="Slow")
    assert responses_of(site)[0].state == "complete"


def test_a_step_sent_twice_counts_once(site: Site) -> None:
    made = re.findall(r'name="stamp" value="([^"]+)"', site.get().text)[0]
    for _ in range(3):
        assert site.post("?q=recommend", made, recommend="9").status_code == 303
    assert len(responses_of(site)) == 1 and len(responses_of(site)[0].scores) == 1


def test_nothing_is_stored_when_nothing_was_said(open_site: Opener, now: object) -> None:
    site = open_site(questionnaire({"key": "a", "type": "text", "text": "Anything?"}))
    assert site.post("?q=a", a="").status_code == 303
    assert responses_of(site) == []


# -- opening stores nothing -------------------------------------------------------------------------


def test_opening_and_preselecting_store_no_answer(site: Site) -> None:
    page = site.get("?s=9")
    assert 'value="9" checked' in page.text
    assert responses_of(site) == []
    with site.runtime.database.reading() as session:
        assert session.scalars(select(Invitation.opened_at)).one() is None


@pytest.mark.parametrize("score", ["11", "-1", "x", "9" * 40, "٩", ""])
def test_a_strange_preselection_selects_nothing(site: Site, score: str) -> None:
    page = site.get(f"?s={score}")
    assert page.status_code == 200 and " checked" not in page.text


def test_a_scanner_that_opens_every_link_makes_the_answer_provisional(site: Site) -> None:
    site.client.head(f"/{TOKEN}")
    for score in (0, 5, 10):
        site.get(f"?s={score}")
    site.post("?q=recommend", recommend="0", seen="")
    response = responses_of(site)[0]
    assert response.provisional and response.scores == []
    assert response.evidence["preselected"] == 3 and response.evidence["headed"]
    site.post("?q=better", better="Please call me", seen="")
    response = responses_of(site)[0]
    assert not response.provisional and [score.value for score in response.scores] == [0]


def test_whoever_fills_in_the_hidden_field_is_not_counted(site: Site) -> None:
    site.post("?q=recommend", recommend="9", website="https://spam.example")
    assert responses_of(site)[0].provisional


def test_the_hidden_link_is_remembered(site: Site) -> None:
    trap = html.unescape(re.findall(r'href="([^"]+)" rel="nofollow" tabindex="-1"', site.get().text)[0])
    site.client.get(trap)
    site.post("?q=recommend", recommend="9", seen="")
    assert responses_of(site)[0].provisional


def test_a_person_who_touches_the_page_counts_at_once(site: Site) -> None:
    site.client.head(f"/{TOKEN}")
    site.post("?q=recommend", recommend="9")
    assert not responses_of(site)[0].provisional


# -- mistakes ---------------------------------------------------------------------------------------


def test_a_missing_answer_is_explained_at_its_field(site: Site) -> None:
    page = site.post("?q=recommend")
    assert page.status_code == 422
    assert 'id="e" role="alert">Please choose an answer.' in page.text
    assert 'aria-invalid="true"' in page.text and 'aria-describedby="e' in page.text
    assert responses_of(site) == []


@pytest.mark.parametrize("stamp", ["", "x", "1.2.3", "zz.aa." + "0" * 20, "é" * 30])
def test_a_form_that_we_did_not_make_stores_nothing_and_keeps_what_was_written(
    site: Site, stamp: str
) -> None:
    page = site.post("?q=recommend", stamp, recommend="9")
    assert page.status_code == 422
    assert (
        "Please send your answer again. It has not been saved yet." in page.text
        and 'value="9" checked' in page.text
    )
    assert responses_of(site) == []


def test_a_form_made_for_another_link_is_not_accepted(open_site: Opener, now: object) -> None:
    other = open_site(token="A" * 12)
    page = other.client.get("/" + "A" * 12).text
    stamp = page.partition('name="stamp" value="')[2].partition('"')[0]
    assert open_site().post("?q=recommend", stamp, recommend="9").status_code == 422


@pytest.mark.parametrize(
    ("question", "fields", "words"),
    [
        ("nps", {"nps": "11"}, "from 0 to 10"),
        ("csat", {}, "Please choose an answer."),
        ("single", {"single": "nonsense"}, "one of the answers below"),
        ("multi", {"multi": ["slow", "none"]}, "be combined with another"),
        ("nps", {"nps": ["9", "not_applicable"]}, "be combined with another"),
        ("multi", {"multi": "slow", "multi.text": "The weather"}, "beside an answer that is not chosen"),
        ("single", {"single.text": "The weather"}, "beside an answer that is not chosen"),
        ("matrix", {"matrix.product": "4"}, "Please answer every row (1 missing)."),
        ("matrix", {"matrix.product": "4", "matrix.support": "dont_know"}, "from 1 to 5"),
        ("text", {"text": "x" * 5001}, "Please shorten this text to 5,000 characters. It has 5,001."),
        ("dropdown", {"dropdown": "nonsense"}, "one of the answers below"),
        ("hours", {"hours": "two"}, "Please enter a number, for example 12."),
        ("hours", {"hours": "2,55"}, "at most 1 decimal places"),
        ("hours", {"hours": "101"}, "from 0 to 100"),
        ("day", {"day": "31.2.2026"}, "Please enter a date, for example May 31, 2026."),
        ("day", {"day": "1405-02-11"}, "from January 1, 2020 to December 31, 2100"),
        ("day", {"day": "3/4/2026"}, "This can be April 3, 2026 or March 4, 2026."),
        ("ranking", {"ranking.slow": "1", "ranking.unclear": "1"}, "Place 1 is given twice."),
        ("ranking", {"ranking.slow": "1", "ranking.unclear": "3"}, "every place from 1 to 4 (2 missing)"),
        ("consent", {"consent": "xx"}, "one of the answers below"),
        ("contact", {"contact": ""}, "Please write an answer."),
        ("contact", {"contact": "not an email at all"}, "such as name@example.com"),
    ],
)
def test_every_mistake_has_its_sentence(
    open_site: Opener, now: object, question: str, fields: dict[str, Any], words: str
) -> None:
    site = open_site(EVERYTHING)
    page = site.post(f"?q={question}", **fields)
    assert page.status_code == 422 and words in page.text
    assert responses_of(site) == []


def test_words_beside_an_answer_that_is_not_chosen_are_shown_again(open_site: Opener, now: object) -> None:
    page = open_site(EVERYTHING).post("?q=multi", **{"multi": "slow", "multi.text": "The weather"}).text
    assert 'class="box shown"' in page
    assert 'name="multi.text" value="The weather"' in page
    assert 'value="slow" checked' in page


def test_two_boxes_keep_two_texts(open_site: Opener, now: object) -> None:
    options = [
        {"key": "app", "text": "The app"},
        {"key": "person", "text": "Somebody", "role": "other", "other_text": "Who?"},
        {"key": "thing", "text": "Something", "role": "other", "other_text": "What?"},
    ]
    asked = {"key": "used", "type": "multi", "text": "What did you use?", "options": options}
    site = open_site(questionnaire(asked))
    sent = {"used": ["person", "thing"], "used.text.person": "Ann", "used.text.thing": "A drone"}
    assert site.post("?q=used", **sent).status_code == 303
    assert answers_of(site) == {"used": "Ann\nA drone"}
    page = site.get("?q=used").text
    assert 'name="used.text.person" value="Ann"' in page
    assert 'name="used.text.thing" value="A drone"' in page


def test_a_page_offers_only_what_was_chosen_before(open_site: Opener, now: object) -> None:
    options = [{"key": key, "text": key.title()} for key in ("mail", "chat", "calls")]
    many = {"key": "many", "type": "multi", "text": "What do you use?", "options": options}
    best = {
        "key": "best",
        "type": "single",
        "text": "Which is best?",
        "options": options,
        "options_from": "many",
    }
    site = open_site(questionnaire(many, best))
    assert "q=best" in site.post("?q=many", many=["chat", "mail"]).location
    page = site.get("?q=best").text
    assert 'value="chat"' in page and 'value="calls"' not in page
    assert "one of the answers below" in site.post("?q=best", best="calls").text
    site.post("?q=best", best="mail")
    assert answers_of(site) == {"many": ["chat", "mail"], "best": "mail"}
    site.post("?q=many", many=["chat"])
    assert answers_of(site) == {"many": ["chat"]}
    assert 'value="mail"' not in site.get("?q=best").text  # the page of the choice before is not shown again
    site.post("?q=many", many=["calls"])
    assert 'value="calls"' in site.get("?q=best").text


# -- links that do not work -------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/" + "A" * 12, "/" + "0" * 12, "/" + "%00" * 12, "/" + "é" * 12])
def test_every_unknown_link_gets_the_same_page(site: Site, path: str) -> None:
    page, posted = site.client.get(path), site.client.post(path, data={"recommend": "9"})
    assert page.status_code == posted.status_code == 404
    assert page.text == posted.text
    assert "help@acme.example" in page.text and "Open the link in the message again" in page.text


@pytest.mark.parametrize(
    "path",
    [
        "/7Kb3xWq9ZtP",
        "/7Kb3xWq9ZtPaa",
        "/x",
        "/in/7Kb3xWq9ZtP",
        "/in",
        "/7Kb3xWq9ZtP/stop",
        "/7Kb3-xWq9.ZtP!",
    ],
)
def test_a_mistyped_link_of_any_length_gets_the_customers_page(site: Site, path: str) -> None:
    page = site.client.get(path, headers={"Accept-Language": "fa"})
    assert page.status_code == 404
    assert "این پیوند معتبر نیست" in page.text and "Acme" in page.text and "help@acme.example" in page.text
    assert "/login" not in page.text


@pytest.mark.parametrize("stuck", [".", ",", ">", "%20", "%3E", ").", "…", "%E2%80%8F", "،", "/.", "؟"])
@pytest.mark.parametrize("path", [f"/{TOKEN}", f"/{TOKEN}/stop", f"/in/{TOKEN}"])
def test_what_a_mail_program_took_along_does_no_harm(site: Site, path: str, stuck: str) -> None:
    moved = site.client.get(f"{path}{stuck}?s=9&l=en")
    assert (moved.status_code, moved.location) == (302, f"{path}?s=9&l=en")


def test_a_form_is_not_sent_elsewhere(site: Site) -> None:
    assert site.client.post(f"/{TOKEN}.", data={"recommend": "9"}).status_code == 404


def test_mistyped_addresses_of_any_other_form_are_no_guesses(site: Site) -> None:
    street = {"REMOTE_ADDR": "203.0.113.7"}
    for _ in range(40):
        assert site.client.get("/favicon.ico", environ_overrides=street).status_code == 404
    assert site.client.get("/" + "A" * 12, environ_overrides=street).status_code == 404


def test_every_closed_link_has_a_way_on_where_no_support_is_named(
    open_site: Opener, now: time_machine.Coordinates
) -> None:
    acme = replace(OrganisationSettings(), name="Acme")
    site = open_site(organisation=acme)
    way = "please contact Acme as usual"
    assert way in site.client.get("/" + "A" * 12).text
    site.post("?q=recommend", recommend="9")
    site.post("?q=liked", liked="")
    assert way not in site.get().text
    now.shift(timedelta(days=40))
    assert way in site.get().text
    assert way in open_site(organisation=acme, expires_at=NOW).get().text
    assert way in open_site(organisation=acme, state="withdrawn").get().text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": "withdrawn"}, "لغو شد"),
        ({"expires_at": NOW - timedelta(days=1)}, "به پایان رسیده است"),
    ],
)
def test_a_closed_link_says_so_kindly_in_its_language(
    open_site: Opener, now: object, change: dict[str, Any], words: str
) -> None:
    site = open_site(language="fa", **change)
    page = site.get()
    assert page.status_code == 410
    assert words in page.text and 'dir="rtl"' in page.text and "help@acme.example" in page.text
    assert site.post("?q=recommend", "x", recommend="9").status_code == 410


def test_guessing_links_is_stopped_for_a_while(site: Site) -> None:
    strangers = [
        site.client.get("/" + "A" * 12, environ_overrides={"REMOTE_ADDR": "203.0.113.7"}).status_code
        for _ in range(32)
    ]
    assert strangers == [404] * 30 + [429] * 2
    assert site.get(environ_overrides={"REMOTE_ADDR": "203.0.113.8"}).status_code == 200


def test_a_known_link_works_also_where_a_neighbour_guesses_until_it_is_too_much(site: Site) -> None:
    street = {"REMOTE_ADDR": "203.0.113.7"}
    for _ in range(40):
        site.client.get("/" + "A" * 12, environ_overrides=street)
    assert site.get(environ_overrides=street).status_code == 200
    for _ in range(260):
        site.client.get("/" + "A" * 12, environ_overrides=street)
    assert site.get(environ_overrides=street).status_code == 429


# -- what every response promises -------------------------------------------------------------------


def test_no_page_is_kept_indexed_framed_or_followed_by_a_cookie(site: Site) -> None:
    for page in (site.get(), site.client.get("/" + "A" * 12), site.post("?q=recommend")):
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in page.headers["X-Robots-Tag"]
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        assert "unsafe" not in page.headers["Content-Security-Policy"]
        assert "Set-Cookie" not in page.headers


def test_nothing_about_the_person_is_on_the_page(site: Site) -> None:
    page = site.get().text
    assert "Sam" not in page and "Initech" not in page
    assert re.findall(r"<title>(.*?)</title>", page) == ["Acme: Your feedback (1/2)"]


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [("gzip, br", True), ("gzip;q=0", False), ("br, gzip;q=0.0", False), ("gzip;q=0.5", True), ("", False)],
)
def test_a_page_is_packed_for_those_who_can_read_it(site: Site, accepted: str, packed: bool) -> None:
    assert ("Content-Encoding" in site.get(headers={"Accept-Encoding": accepted}).headers) == packed


def test_a_page_comes_alone(open_site: Opener, now: object) -> None:
    page = open_site(EVERYTHING).get().text
    assert re.findall(r'(?:src|@import|url\(|rel="stylesheet")', page) == []


def wire_size(page: Any) -> int:
    """Bytes of a response: status line, headers and body, with what a server adds."""
    head = sum(len(name) + len(value) + 4 for name, value in page.headers)
    return (
        len("HTTP/1.1 200 OK\r\n\r\nServer: waitress\r\nDate: Mon, 02 Mar 2026 12:00:00 GMT\r\n")
        + head
        + len(page.data)
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_weighs_less_than_eight_kilobytes(open_site: Opener, now: object, language: str) -> None:
    site = open_site(EVERYTHING)
    sizes = {}
    for question in EVERYTHING.questions:
        page = site.get(f"?q={question.key}&l={language}", headers={"Accept-Encoding": "gzip"})
        assert "<html" in gzip.decompress(page.data).decode()
        sizes[question.key] = wire_size(page)
    assert max(sizes.values()) <= LIMIT, sizes


# -- words ------------------------------------------------------------------------------------------


def test_a_right_to_left_page_is_mirrored_and_keeps_its_values(open_site: Opener, now: object) -> None:
    page = open_site(EVERYTHING).get("?q=nps&l=fa").text
    assert 'lang="fa" dir="rtl"' in page
    assert 'value="10"><span>۱۰' in page


def test_the_page_s_own_words_name_their_language_where_it_has_no_catalogue(
    open_site: Opener, now: object
) -> None:
    options = [
        {"key": "gwael", "text": "Gwael"},
        {"key": "arall", "text": "Rhywbeth arall", "role": "other", "other_text": True},
    ]
    asked = {"key": "beth", "type": "single", "text": "Beth?", "options": options, "not_applicable": True}
    more = {"key": "pam", "type": "text", "text": "Pam?"}
    site = open_site(questionnaire(asked, more, languages=("cy",)), language="cy")
    page = site.get().text
    english = ' lang="en" dir="ltr"'
    assert '<html lang="cy"' in page
    assert f"<title{english}>" in page
    assert f'<span class="steps"{english}>Question 1 of 2' in page
    assert f"<span{english}>In your own words</span>" in page
    assert f"<span{english}>This does not apply to me</span>" in page
    assert f'<div class="go"{english}><button>Next' in page
    assert '<h1 id="q">Beth?' in page and "<span>Gwael</span>" in page
    mistaken = site.post("?q=beth", beth="nothing").text
    assert f'id="e"{english} role="alert">Please choose one of the answers below.' in mistaken
    assert english not in open_site(EVERYTHING).get("?q=multi&l=tr").text


def test_the_language_switch_keeps_the_step(open_site: Opener, now: object) -> None:
    site = open_site(EVERYTHING)
    assert f'formaction="/{TOKEN}?q=csat&amp;l=tr" value="Türkçe"' in site.get("?q=csat").text
    sent = site.post("?q=nps&l=tr", nps="9")
    assert sent.location == f"/{TOKEN}?q=enps&l=tr"
    assert responses_of(site)[0].language == "tr"


NOTHING_TO_SELECT = EVERYTHING.model_copy(update={"questions": (EVERYTHING.by_key["text"],)})


def test_the_language_switch_keeps_the_preselected_score(open_site: Opener, now: object) -> None:
    site = open_site(EVERYTHING)
    assert "s=9" not in open_site(NOTHING_TO_SELECT).get("?s=9").text  # a page that is drawn once for all
    page = site.get("?s=9").text
    switch = html.unescape(re.findall(r'lang="tr" formaction="([^"]+)"', page)[0])
    assert 'value="9" checked' in page
    assert 'value="9" checked' in site.client.get(switch).text
    assert 'value="9" checked' in site.client.post(switch, data={"switch": "Türkçe", "nps": "9"}).text


def test_the_language_switch_keeps_what_is_not_sent_yet_and_stores_nothing(
    open_site: Opener, now: object
) -> None:
    site = open_site(EVERYTHING)
    ticked = {"multi": ["slow", "other"], "multi.text": "The weather", "switch": "Türkçe"}
    page = site.post("?q=multi&l=tr", **ticked)
    assert page.status_code == 200
    assert 'lang="tr"' in page.text and "Başka bir şey" in page.text
    assert 'value="slow" checked' in page.text and 'value="other" checked' in page.text
    assert 'name="multi.text" value="The weather"' in page.text
    page = site.post("?q=text&l=fa", text="Half a thou", switch="فارسی")
    assert page.status_code == 200
    assert "Half a thou</textarea>" in page.text
    assert f'action="/{TOKEN}?q=text&amp;l=fa"' in page.text
    assert responses_of(site) == []


def test_enter_in_a_text_box_sends_the_answer_and_does_not_switch_the_language(
    open_site: Opener, now: object
) -> None:
    buttons = re.findall(r'<(?:button|input type="submit")[^>]*>', open_site(EVERYTHING).get("?q=multi").text)
    assert (
        "formaction" not in buttons[0] and "switch" not in buttons[0]
    )  # the first one is what Enter presses
    assert 'form="f"' in buttons[0]


def test_options_are_shuffled_per_link_and_stay_put_on_reload(open_site: Opener, now: object) -> None:
    def order(site: Site, token: str) -> list[str]:
        return re.findall(r'name="multi" value="(\w+)"', site.client.get(f"/{token}?q=multi").text)

    orders = set()
    for letter in "ABCDEFGH":
        site = open_site(EVERYTHING, token=letter * 12)
        first = order(site, letter * 12)
        assert first == order(site, letter * 12)
        assert first[-2:] == ["other", "none"]
        orders.add(tuple(first))
    assert len(orders) > 1


def test_texts_repeat_what_is_known_and_fall_back_where_nothing_is(open_site: Opener, now: object) -> None:
    survey = questionnaire(
        {
            "key": "cause",
            "type": "single",
            "text": "Why, {first_name|friend}? {agent} of {company} asks. \\{x\\}",
            "options": [{"key": "slow", "text": "Too <slow>"}],
        },
        {"key": "more", "type": "text", "text": "Tell us about {answer.cause|it}."},
    )
    site = open_site(survey, piping={"agent": "<i>Eve</i>", "first_name": ""})
    assert "Why, friend? &lt;i&gt;Eve&lt;/i&gt; of Acme asks. {x}" in site.get().text
    assert "Tell us about it." in site.get("?q=more").text
    site.post("?q=cause", cause="slow")
    assert "Tell us about Too &lt;slow&gt;." in site.get("?q=more").text


@pytest.mark.parametrize(
    ("language", "score", "choice", "listed"),
    [
        ("en", "7", "Good", "It took too long, Something else, Rain"),
        ("fa", "۷", "خوب", "خیلی طول کشید، چیز دیگری، Rain"),
        ("ar", "7", "جيد", "استغرق وقتًا طويلًا، شيء آخر، Rain"),
    ],
)
def test_answers_are_repeated_in_the_reader_s_digits_words_and_commas(
    open_site: Opener, now: object, language: str, score: str, choice: str, listed: str
) -> None:
    survey = EVERYTHING.model_copy(
        update={
            "questions": (
                *(EVERYTHING.by_key[key] for key in ("nps", "faces", "multi")),
                TextQuestion.model_validate(
                    {
                        "key": "more",
                        "type": "text",
                        "text": "[{answer.nps}] [{answer.faces}] [{answer.multi}]",
                    }
                ),
            )
        }
    )
    site = open_site(survey, language=language)
    site.post("?q=nps", nps="7")
    site.post("?q=faces", faces="3")
    site.post("?q=multi", **{"multi": ["slow", "other"], "multi.text": "Rain"})
    assert f"[{score}] [{choice}] [{listed}]" in site.get("?q=more").text
    site.post("?q=more", more="")
    assert f"<span>{listed}</span>" in site.get().text


def test_a_link_of_an_e_mail_selects_an_option_by_its_place(open_site: Opener, now: object) -> None:
    site = open_site(EVERYTHING.model_copy(update={"questions": (EVERYTHING.by_key["single"],)}))
    assert re.findall(r'value="(\w+)" checked', site.get("?s=2").text) == ["unclear"]
    for nothing in ("0", "6", "99"):
        assert " checked" not in site.get(f"?s={nothing}").text


def test_a_broken_placeholder_breaks_no_page(open_site: Opener, now: object) -> None:
    site = open_site(questionnaire({"key": "a", "type": "text", "text": "{unknown} and {"}))
    assert site.get().status_code == 200


def test_the_last_page_speaks_by_band_and_links_on(open_site: Opener, now: object) -> None:
    survey = questionnaire(
        {"key": "r", "type": "nps", "text": "Recommend?"},
        thanks=[
            {
                "when": {"question": "r", "band": "promoter"},
                "text": "Great!",
                "link": {"url": "https://x.example", "text": "Review us"},
            },
            {"text": "We will call."},
        ],
    )
    site = open_site(survey)
    site.post("?q=r", r="10")
    assert "Great!" in site.get().text and 'href="https://x.example"' in site.get().text
    site.post("?q=r", r="1")
    assert "We will call." in site.get().text


def _table(path: Path, name: str) -> str:
    """The lines of a table of words in a module."""
    return path.read_text("utf-8").partition(f"\n{name}")[2].partition("\n}")[0]


def test_every_word_of_the_pages_is_in_the_catalogues() -> None:
    package = Path(LOCALES).parent / "web" / "survey"
    sources = [*shipped("templates").joinpath("survey").glob("*.html"), *package.glob("*.py")]
    used = {
        word
        for path in sources
        for word in re.findall(r'gettext\(\s*[\'"](.+?)[\'"]', path.read_text("utf-8"))
    }
    used |= set(re.findall(r'": "(.+?)",', _table(package / "steps.py", "_PROBLEMS")))
    used |= set(re.findall(r'"([A-Z].+?)"', _table(package / "screens.py", "_CLOSED")))
    used |= set(re.findall(r'"(.+?)"', _table(package.parent / "customer_app.py", "_REFUSED")))
    used |= set(re.findall(r'(?<!")"([A-Z][a-z]* [^"]+)"(?!")', (package / "pages.py").read_text("utf-8")))
    known = {message.id for message in read(LOCALES / "survey" / "en.po")}
    assert len(used) > 50 and used - known == set()


# -- every type, and nonsense -----------------------------------------------------------------------

EVERY_ANSWER: dict[str, tuple[dict[str, Any], Any]] = {
    "nps": ({"nps": "0"}, 0),
    "enps": ({"enps": "10"}, 10),
    "ces": ({"ces": "7"}, 7),
    "csat": ({"csat": "prefer_not_to_say"}, "prefer_not_to_say"),
    "stars": ({"stars": "5"}, 5),
    "smileys": ({"smileys": "1"}, 1),
    "faces": ({"faces": "3"}, 3),
    "thumbs": ({"thumbs": "0"}, 0),
    "pmf": ({"pmf": "2"}, 2),
    "rating": ({"rating": "not_applicable"}, "not_applicable"),
    "single": ({"single": "other", "single.text": "The weather"}, "The weather"),
    "multi": ({"multi": ["slow", "support"]}, ["slow", "support"]),
    "matrix": (
        {"matrix.product": "4", "matrix.support": "not_applicable"},
        {"product": 4, "support": "not_applicable"},
    ),
    "dropdown": ({"dropdown": "slow", "dropdown.text": ""}, "slow"),
    "hours": ({"hours": "۲٫۵ ساعت"}, 2.5),
    "day": ({"day": "2026-02-28"}, "2026-02-28"),
    "ranking": (
        {"ranking.slow": "4", "ranking.unclear": "1", "ranking.product": "3", "ranking.support": "2"},
        ["unclear", "support", "product", "slow"],
    ),
    "consent": ({"consent": "fa"}, QUOTED["fa"]),
    "note": ({}, None),
    "text": ({"text": "Bir şey: «خوب» 👍"}, "Bir şey: «خوب» 👍"),
    "contact": ({"contact": "sam@example.com"}, "sam@example.com"),
}


TYPED = ("sam@example.com", "Bir şey", 'value="2.5"', 'value="2026-02-28"')


def test_every_type_is_asked_answered_and_shown_again(open_site: Opener, now: object) -> None:
    site = open_site(EVERYTHING)
    for question in EVERYTHING.questions:
        fields, _ = EVERY_ANSWER[question.key]
        assert site.post(f"?q={question.key}", **fields).status_code == 303, question.key
    asked = [question for question in EVERYTHING.questions if question.answerable]
    assert answers_of(site) == {question.key: EVERY_ANSWER[question.key][1] for question in asked}
    response = responses_of(site)[0]
    assert response.state == "complete"
    assert len(response.scores) == 8  # not for the opt-outs, the free rating and the words
    for question in asked:
        stored = next(row for row in response.answers if row.question == question.key)
        assert question.accepts(Answer.from_stored(stored.value, stored.text))
        page = site.get(f"?q={question.key}").text
        assert " checked" in page or " selected" in page or any(each in page for each in TYPED)


names = st.sampled_from(
    [question.key for question in EVERYTHING.questions]
    + ["dropdown.text", "ranking.slow", "ranking.support"]
    + ["single.text", "multi.text", "matrix.product", "matrix.support", "website", "seen", "q", "é", ""]
)
values = st.one_of(
    st.text(max_size=40),
    st.integers(-3, 120).map(str),
    st.sampled_from(
        ["slow", "other", "none", "not_applicable", "prefer_not_to_say", "x" * 6000, "\x00", "\ud800", "９"]
    ),
)
queries = st.one_of(names, st.text(max_size=12))


POSTS = 4  # for each of the 2,500 examples: ten thousand


@pytest.mark.uncounted
@settings(max_examples=2_500, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    steps=st.lists(
        st.tuples(queries, st.lists(st.tuples(names, values), max_size=5), st.booleans()),
        min_size=POSTS,
        max_size=POSTS,
    )
)
def test_mangled_posts_store_nothing_wrong_and_break_nothing(
    everything: Site, steps: list[tuple[str, list[tuple[str, str]], bool]]
) -> None:
    for query, fields, stamped in steps:
        form = MultiDict(
            (name.encode("utf-8", "replace").decode(), value.encode("utf-8", "replace").decode())
            for name, value in fields
        )
        if stamped:
            form["stamp"] = everything.stamp()
        sent = everything.client.post(
            f"/{TOKEN}", query_string={"q": query.encode("utf-8", "replace")}, data=form
        )
        assert sent.status_code in (303, 400, 413, 422)
    with everything.runtime.database.reading() as session:
        assert (session.scalar(select(func.count()).select_from(Response)) or 0) <= 1
        stored = {
            row.question: Answer.from_stored(row.value, row.text)
            for row in session.scalars(select(AnswerRow))
        }
        path = {question.key for question in EVERYTHING.path(stored)}
        assert stored.keys() <= path
        for key, answer in stored.items():
            question = EVERYTHING.by_key[key]
            assert question.accepts(answer), (key, answer)
        for score in session.scalars(select(Score)):
            assert stored[score.question].value == score.value


@pytest.fixture
def everything(open_site: Opener, now: object) -> Site:
    site = open_site(EVERYTHING)
    with site.runtime.database.writing() as session:
        session.execute(update(Invitation).values(expires_at=NOW + timedelta(days=999)))
    return site
