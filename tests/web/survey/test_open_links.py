"""Answering through a poster, a screen in a shop, and a form in another page."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select
from werkzeug.test import TestResponse

from feedback.core.followup import State
from feedback.errors import NotFound, Rejected
from feedback.services.responses import link_visitors, open_links
from feedback.store.models import FollowUp, Link, LinkVisitor, Response
from feedback.web.app import create_app
from tests.factories_surveys import NOW, RECOMMEND, questionnaire, shelf
from tests.web.survey.conftest import Opener, Site

STREET = {"REMOTE_ADDR": "203.0.113.7"}


@pytest.fixture
def site(open_site: Opener, now: object) -> Site:
    return open_site()


def make(site: Site, kind: open_links.LinkKind = "poster", **rest: Any) -> Link:
    with site.runtime.database.writing() as session:
        return open_links.create(
            session, site.runtime.library, open_links.NewLink(kind, "Shop", "survey", **rest), NOW
        )


def action(page: TestResponse) -> str:
    return re.findall(r'action="([^"]+)"', page.text)[0].replace("&amp;", "&")


def answer(site: Site, address: str, environ: dict[str, str] | None = None, **fields: str) -> TestResponse:
    """Looks at a page and sends its form."""
    page = site.client.get(address, environ_overrides=environ or {})
    made = re.findall(r'name="stamp" value="([^"]+)"', page.text)[0]
    sent = {"stamp": made, "seen": "1"} | fields
    return site.client.post(action(page), data=sent, environ_overrides=environ or {})


def stored(site: Site) -> list[Response]:
    with site.runtime.database.reading() as session:
        found = list(session.scalars(select(Response).order_by(Response.id)))
        for response in found:
            _ = response.scores, response.answers
        return found


def test_a_passer_by_answers_step_by_step_into_one_response(site: Site) -> None:
    link = make(site)
    following = answer(site, f"/in/{link.token}", recommend="3").location
    assert "What could we do better?" in site.client.get(following).text
    end = answer(site, following, better="Longer hours").location
    assert "Thank you for your feedback." in site.client.get(end).text
    response = stored(site)[0]
    assert (len(stored(site)), response.source, response.state, response.link_id) == (
        1,
        "poster",
        "complete",
        link.id,
    )
    assert (response.invitation_id, response.contact_id, response.scores[0].value) == (None, None, 3)


def test_another_question_in_a_published_series_takes_no_answers(site: Site) -> None:
    changed = questionnaire({**RECOMMEND, "text": "How likely are you to leave us before the summer?"})
    runtime = replace(site.runtime, library=shelf(changed))
    site = Site(runtime, create_app(runtime))
    refused = answer(site, f"/in/{make(site).token}", recommend="3")
    assert refused.status_code == 503
    assert "We can&#39;t save your answer right now" in refused.text
    assert stored(site) == []


def test_looking_stores_nothing(site: Site) -> None:
    link = make(site)
    site.client.get(f"/in/{link.token}")
    assert stored(site) == []


def test_a_double_tap_is_one_response(site: Site) -> None:
    page = site.client.get(f"/in/{make(site).token}")
    made = re.findall(r'name="stamp" value="([^"]+)"', page.text)[0]
    for _ in range(3):
        assert site.client.post(action(page), data={"stamp": made, "recommend": "9"}).status_code == 303
    assert len(stored(site)) == 1


def test_a_second_vote_of_one_device_is_kept_and_not_counted(site: Site) -> None:
    address = f"/in/{make(site).token}"
    for score in ("0", "1"):
        answer(site, address, STREET, recommend=score)
    answer(site, address, {"REMOTE_ADDR": "203.0.113.8"}, recommend="9")
    assert [(each.provisional, len(each.scores)) for each in stored(site)] == [
        (False, 1),
        (True, 0),
        (False, 1),
    ]


def test_one_network_counts_a_few_times_a_day_whatever_its_browsers_say(site: Site) -> None:
    address = f"/in/{make(site).token}"
    for number in range(12):
        browser = {**STREET, "HTTP_USER_AGENT": f"Browser {number}"}
        following = answer(site, address, browser, recommend="9").location
        answer(site, following, browser, liked="Everything, again and again.")
    answer(site, address, {"REMOTE_ADDR": "203.0.113.8"}, recommend="9")
    assert [each.provisional for each in stored(site)] == [False] * 10 + [True] * 2 + [False]


def test_addresses_of_one_ipv6_network_are_one_visitor(open_site: Opener, now: object) -> None:
    site = open_site()
    few = replace(site.runtime.settings.link, responses_per_network=2)
    runtime = replace(site.runtime, settings=replace(site.runtime.settings, link=few))
    site = Site(runtime, create_app(runtime))
    address = f"/in/{make(site).token}"
    for number in range(4):
        browser = {"REMOTE_ADDR": f"2001:db8:1:2::{number}", "HTTP_USER_AGENT": f"Browser {number}"}
        answer(site, address, browser, recommend="9")
    assert [each.provisional for each in stored(site)] == [False, False, True, True]


def test_what_was_counted_survives_a_restart_and_ends_with_the_day(site: Site) -> None:
    address = f"/in/{make(site).token}"
    answer(site, address, STREET, recommend="9")
    again = Site(site.runtime, create_app(site.runtime))
    answer(again, address, STREET, recommend="8")
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        answer(again, address, STREET, recommend="7")
    assert [each.provisional for each in stored(site)] == [False, True, False]


def test_no_address_of_a_visitor_is_stored_and_counts_are_deleted(site: Site) -> None:
    answer(site, f"/in/{make(site).token}", {**STREET, "HTTP_USER_AGENT": "Rare Browser"}, recommend="9")
    with site.runtime.database.writing() as session:
        rows = session.scalars(select(LinkVisitor)).all()
        assert len(rows) == 2
        assert not any("203.0.113" in row.visitor or "Rare" in row.visitor for row in rows)
        assert link_visitors.forget(session, NOW.date() + timedelta(days=1)) == 0
        assert link_visitors.forget(session, NOW.date() + timedelta(days=2)) == 2


MAIL = {"key": "mail", "type": "text", "text": "Where can we write to you?", "contact": "email"}
CALL = {
    "key": "unhappy", "title": "Unhappy", "when": {"question": "recommend", "at_most": 6}, "contact_within": "4h",
    "close_within": "3d",
}  # fmt: skip


@pytest.fixture
def heard(open_site: Opener, now: object) -> Site:
    """A site on which low scores open follow-ups, and which asks for an address."""
    return open_site(questionnaire(RECOMMEND, MAIL, follow_ups=[CALL]))


def follow_ups(site: Site) -> list[tuple[int | None, list[int]]]:
    """(score, scores of the responses that it has gathered) of each follow-up."""
    with site.runtime.database.reading() as session:
        tasks = session.scalars(select(FollowUp).order_by(FollowUp.id)).all()
        return [
            (task.score, [each.detail["score"] for each in task.entries if each.kind == "gathered"])
            for task in tasks
        ]


def passer_by(number: int) -> dict[str, str]:
    return {"REMOTE_ADDR": f"203.0.113.{number}"}


def test_low_scores_of_one_link_are_one_follow_up_an_hour(heard: Site) -> None:
    address = f"/in/{make(heard).token}"
    for number in range(4):
        answer(heard, address, passer_by(number + 10), recommend=str(number))
    assert follow_ups(heard) == [(0, [1, 2, 3])]
    answer(heard, f"/in/{make(heard).token}", passer_by(30), recommend="4")
    with time_machine.travel(NOW + timedelta(hours=2), tick=False):
        answer(heard, address, passer_by(31), recommend="5")
    assert follow_ups(heard) == [(0, [1, 2, 3]), (4, []), (5, [])]


def test_a_follow_up_that_somebody_has_taken_gathers_no_more(heard: Site) -> None:
    address = f"/in/{make(heard).token}"
    answer(heard, address, passer_by(1), recommend="0")
    with heard.runtime.database.writing() as session:
        session.scalars(select(FollowUp)).one().state = State.TAKEN
    answer(heard, address, passer_by(2), recommend="1")
    assert follow_ups(heard) == [(0, []), (1, [])]


def test_a_passer_by_who_leaves_an_address_gets_a_follow_up_of_their_own(heard: Site) -> None:
    address = f"/in/{make(heard).token}"
    answer(heard, address, passer_by(1), recommend="0")
    following = answer(heard, address, passer_by(2), recommend="1").location
    assert follow_ups(heard) == [(0, [1])]
    answer(heard, following, passer_by(2), mail="ada@example.com")
    assert follow_ups(heard) == [(0, [1]), (1, [])]


def test_a_corrected_score_does_not_close_a_follow_up_that_gathers_others(heard: Site) -> None:
    address = f"/in/{make(heard).token}"
    first = answer(heard, address, passer_by(1), recommend="0").location
    following = answer(heard, address, passer_by(2), recommend="1").location
    answer(heard, following.replace("q=mail", "q=recommend"), passer_by(2), recommend="2")
    answer(heard, first.replace("q=mail", "q=recommend"), passer_by(1), recommend="9")
    with heard.runtime.database.reading() as session:
        task = session.scalars(select(FollowUp)).one()
        assert (task.state, task.score) == ("open", 9)
    assert follow_ups(heard) == [(9, [1])]


CHOSEN = "AttackerVst2"


def test_nobody_chooses_the_secret_of_anothers_visit(site: Site) -> None:
    address = f"/in/{make(site).token}"
    page = site.client.get(f"{address}?v={CHOSEN}")
    assert CHOSEN not in page.text
    end = answer(site, f"{address}?v={CHOSEN}", recommend="3").location
    assert CHOSEN not in end
    assert "3" not in re.findall(r'value="(\d+)" checked', site.client.get(f"{address}?v={CHOSEN}").text)
    assert [each.visit == CHOSEN for each in stored(site)] == [False]


def test_a_form_of_another_visit_is_asked_again_under_a_secret_of_ours(site: Site) -> None:
    address = f"/in/{make(site).token}"
    made = re.findall(r'name="stamp" value="([^"]+)"', site.client.get(address).text)[0]
    sent = site.client.post(f"{address}?v={CHOSEN}", data={"stamp": made, "recommend": "3"})
    assert (sent.status_code, CHOSEN in sent.text, stored(site)) == (422, False, [])


def test_a_form_that_another_site_sends_begins_no_visit_that_it_knows(site: Site) -> None:
    address = f"/in/{make(site).token}"
    page = site.client.get(address)  # the stranger's own
    made = re.findall(r'name="stamp" value="([^"]+)"', page.text)[0]
    known = re.findall(r"v=(\w{12})", action(page))[0]
    headers = {"Sec-Fetch-Site": "cross-site"}
    for score in ("3", ""):
        sent = site.client.post(action(page), data={"stamp": made, "recommend": score}, headers=headers)
        assert (sent.status_code, known in sent.text, stored(site)) == (422, False, [])


def test_a_shared_screen_takes_everybody_and_starts_again(site: Site) -> None:
    link = make(site, "kiosk")
    address = f"/in/{link.token}"
    page = site.client.get(address)
    assert f'content="90;url={address}"' in page.text and " data-keep" not in page.text
    for score in ("9", "10"):
        following = answer(site, address, STREET, recommend=score).location
        end = answer(site, following, STREET, liked="").location
    thanks = site.client.get(end)
    assert f'content="10;url={address}"' in thanks.text and "Next person" in thanks.text
    assert "You can still change them" not in thanks.text
    assert [each.provisional for each in stored(site)] == [False, False]


def start_of(page: TestResponse) -> tuple[int, list[str]]:
    """The status of a page, and when and where it starts again by itself, with and without scripts."""
    found = re.findall(r'content="(\d+);url=([^"]+)".*data-again="\2" data-seconds="\1"', page.text)
    return page.status_code, [" ".join(each) for each in found]


def test_a_shared_screen_starts_again_also_after_an_error(site: Site) -> None:
    link = make(site, "kiosk")
    address = f"/in/{link.token}"
    made = re.findall(r'name="stamp" value="([^"]+)"', site.client.get(address).text)[0]
    again = [f"60 {address}"]
    for _ in range(300):
        site.client.post("/in/" + "A" * 12, environ_overrides=STREET)
    sent = {"stamp": made, "recommend": "3"}
    assert start_of(site.client.post(address, data=sent, environ_overrides=STREET)) == (429, again)
    assert start_of(site.client.put(address)) == (405, again)
    with site.runtime.database.writing() as session:
        open_links.close(session.get_one(Link, link.id), NOW)
    assert start_of(site.client.get(address)) == (410, again)


def test_on_one_s_own_phone_an_error_stays_until_it_is_read(site: Site) -> None:
    link = make(site)
    address = f"/in/{link.token}"
    site.client.get(address)
    with site.runtime.database.writing() as session:
        open_links.close(session.get_one(Link, link.id), NOW)
    assert start_of(site.client.get(address)) == (410, [])
    assert start_of(site.client.get("/in/" + "A" * 12)) == (404, [])


SECRETS = questionnaire(
    {"key": "score", "type": "nps", "text": "Recommend?", "required": True},
    {
        "key": "why",
        "type": "single",
        "text": "Why?",
        "options": ["Slow", {"key": "other", "text": "Other", "role": "other", "other_text": True}],
    },
    {"key": "more", "type": "text", "text": "More?"},
    {"key": "mail", "type": "text", "contact": "email", "text": "Your address?"},
    thanks="You gave {answer.score}.",
)


@pytest.fixture
def shop(open_site: Opener, now: time_machine.Coordinates) -> Site:
    return open_site(SECRETS)


def visit_of_a_shared_screen(site: Site, steps: int = 4) -> list[str]:
    """The addresses that one person leaves in the history of a shared screen."""
    addresses = [f"/in/{make(site, 'kiosk').token}"]
    for fields in (
        {"score": "3"},
        {"why": "other", "why.text": "SECRET REASON"},
        {"more": "SECRET WORDS"},
        {"mail": "secret@example.com"},
    )[:steps]:
        addresses.append(answer(site, addresses[-1], **fields).location)
    return addresses


def test_going_back_on_a_shared_screen_shows_nobody_what_the_last_one_wrote(shop: Site) -> None:
    start, *steps, end = visit_of_a_shared_screen(shop)
    assert "Next person" in shop.client.get(end).text
    for each in steps:
        assert (shop.client.get(each).status_code, shop.client.get(each).location) == (303, start)


def test_a_finished_visit_of_a_shared_screen_cannot_be_changed(shop: Site) -> None:
    _, _, more, mail = visit_of_a_shared_screen(shop, 3)
    made = re.findall(r'name="stamp" value="([^"]+)"', shop.client.get(more).text)[0]
    answer(shop, mail, mail="secret@example.com")
    for fields in ({"more": "Changed"}, {"more": ""}):
        sent = shop.client.post(more, data={"stamp": made, "seen": "1"} | fields)
        assert sent.status_code == 303
    words = {row.question: row.text for row in stored(shop)[0].answers}
    assert (words["more"], words["mail"]) == ("SECRET WORDS", "secret@example.com")


def test_the_thanks_of_a_shared_screen_are_gone_with_the_person_and_repeat_no_answer(
    shop: Site, now: time_machine.Coordinates
) -> None:
    start, *_, end = visit_of_a_shared_screen(shop)
    assert "You gave" not in shop.client.get(end).text
    now.shift(timedelta(seconds=11))
    assert shop.client.get(end).location == start


def test_a_shared_screen_that_was_left_is_nobody_s(shop: Site, now: time_machine.Coordinates) -> None:
    start, *steps, due = visit_of_a_shared_screen(shop, 2)
    now.shift(timedelta(seconds=100))
    assert "More?" in shop.client.get(due).text  # slow, but within the minute and a half of the page before
    now.shift(timedelta(seconds=50))
    for each in (*steps, due, due.partition("&q=")[0]):
        assert shop.client.get(each).location == start


def test_passing_a_question_on_a_shared_screen_keeps_the_visit_alive(
    shop: Site, now: time_machine.Coordinates
) -> None:
    _, *_, due = visit_of_a_shared_screen(shop, 2)
    for words in ("", ""):
        now.shift(timedelta(seconds=80))
        due = answer(shop, due, more=words, mail=words).location
    assert "Next person" in shop.client.get(due).text


def test_who_types_slowly_on_a_shared_screen_is_heard(shop: Site, now: time_machine.Coordinates) -> None:
    _, *_, due = visit_of_a_shared_screen(shop, 2)
    page = shop.client.get(due)
    made = re.findall(r'name="stamp" value="([^"]+)"', page.text)[0]
    now.shift(timedelta(minutes=4))
    sent = shop.client.post(action(page), data={"stamp": made, "more": "A long story"})
    assert "Your address?" in shop.client.get(sent.location).text
    assert "A long story" in [row.text for row in stored(shop)[0].answers]


def test_a_question_is_asked_anew_on_a_shared_screen_and_an_empty_page_takes_nothing_back(
    shop: Site,
) -> None:
    _, why, more, mail = visit_of_a_shared_screen(shop, 3)
    for each in (why, more):
        back = shop.client.get(each).text
        assert "SECRET" not in back and " checked" not in back and 'autocomplete="off"' in back
    assert answer(shop, more, more="").location == mail
    assert answer(shop, why.replace("q=why", "q=score")).location == why  # required, and given before
    assert "SECRET WORDS" in [row.text for row in stored(shop)[0].answers]
    assert 'type="email" autocomplete="off"' in shop.client.get(mail).text


def test_only_the_sites_named_may_frame_an_embedded_form(site: Site) -> None:
    policy = "Content-Security-Policy"
    named = make(site, "embed", origins=["https://www.example.com/page"])
    everywhere, poster = make(site, "embed"), make(site)
    assert (
        site.client.get(f"/in/{named.token}")
        .headers[policy]
        .endswith("frame-ancestors https://www.example.com")
    )
    assert site.client.get(f"/in/{everywhere.token}").headers[policy].endswith("frame-ancestors *")
    assert site.client.get(f"/in/{poster.token}").headers[policy].endswith("frame-ancestors 'none'")


def test_an_embedded_form_can_show_its_errors_where_it_stands(site: Site) -> None:
    address = f"/in/{make(site, 'embed').token}"
    site.client.get(address)
    refused = site.client.put(address)
    assert refused.status_code == 405
    assert refused.headers["Content-Security-Policy"].endswith("frame-ancestors *")


def test_a_closed_link_and_an_unknown_one_say_so(site: Site) -> None:
    link = make(site)
    with site.runtime.database.writing() as session:
        open_links.close(open_links.find(session, link.token), NOW)
    assert site.client.get(f"/in/{link.token}").status_code == 410
    assert site.client.get("/in/" + "A" * 12).status_code == 404
    assert site.client.post(f"/in/{link.token}", data={"recommend": "9"}).status_code == 410


def test_a_visit_of_another_link_is_not_shown(site: Site) -> None:
    one, other = make(site), make(site)
    following = answer(site, f"/in/{one.token}", recommend="3").location
    page = site.client.get(following.replace(one.token, other.token))
    assert "How likely are you to recommend us?" in page.text and " checked" not in page.text
    moved = answer(site, following.replace(one.token, other.token), recommend="9")
    assert moved.status_code == 303
    assert [(each.link_id, each.scores[0].value) for each in stored(site)] == [(one.id, 3), (other.id, 9)]


def test_a_form_of_a_visit_through_another_link_is_not_taken(site: Site) -> None:
    one, other = make(site), make(site)
    page = site.client.get(f"/in/{one.token}")
    made = re.findall(r'name="stamp" value="([^"]+)"', page.text)[0]
    for link, status in ((one, 303), (other, 404)):
        target = action(page).replace(one.token, link.token)
        assert site.client.post(target, data={"stamp": made, "recommend": "3"}).status_code == status
    assert len(stored(site)) == 1


def test_the_qr_code_holds_the_address(site: Site) -> None:
    import segno

    address = open_links.address(make(site), "https://s.example.com/")
    drawn = open_links.qr_code(address)
    assert drawn.startswith("<svg") and "</svg>" in drawn
    assert (
        segno.make(address, error="m", micro=False).version <= 4
    )  # coarse enough for a poster across the room


def test_the_snippet_listens_to_our_frame_only(site: Site) -> None:
    link = make(site, "embed")
    snippet = open_links.snippet(link, "https://s.example.com")
    assert f'src="https://s.example.com/in/{link.token}"' in snippet
    assert "e.origin=='https://s.example.com'" in snippet


@pytest.mark.parametrize(
    "origin", ["example.com", "https://a.example; script-src *", "javascript:alert(1)", ""]
)
def test_an_origin_must_be_a_site(site: Site, origin: str) -> None:
    with pytest.raises(Rejected):
        make(site, "embed", origins=[origin])


def test_a_link_needs_a_questionnaire(site: Site) -> None:
    with site.runtime.database.writing() as session, pytest.raises(NotFound):
        open_links.create(session, site.runtime.library, open_links.NewLink("poster", "x", "none"), NOW)


def order_of(page: TestResponse) -> list[str]:
    return re.findall(r'name="why" value="(\w+)"', page.text)


SHUFFLED = questionnaire(
    {
        "key": "why",
        "type": "single",
        "text": "What was the main reason?",
        "options": [{"key": f"o{n}", "text": f"Reason {n}"} for n in range(8)],
        "randomize": True,
    }
)


@pytest.mark.parametrize("kind", ["poster", "embed"])
def test_the_options_keep_their_order_while_a_device_has_not_answered_yet(
    open_site: Opener, now: object, kind: open_links.LinkKind
) -> None:
    site = open_site(SHUFFLED)
    address = f"/in/{make(site, kind).token}"
    first = site.client.get(address)
    assert order_of(first) == order_of(site.client.get(address))
    assert order_of(first) == order_of(site.client.get(action(first)))
    elsewhere = {
        tuple(order_of(site.client.get(address, headers={"User-Agent": f"Phone {n}"}))) for n in range(8)
    }
    assert len(elsewhere) > 1


def test_on_a_shared_screen_every_visit_has_its_own_order(open_site: Opener, now: object) -> None:
    site = open_site(SHUFFLED)
    address = f"/in/{make(site, 'kiosk').token}"
    assert len({tuple(order_of(site.client.get(address))) for _ in range(8)}) > 1
