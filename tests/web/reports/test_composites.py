"""Scores over several questions on the pages: beside the results of their questions, and with their items."""

from __future__ import annotations

import html
import random
from datetime import timedelta

import pytest

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.library import Library
from tests.factories_composites import ONBOARDED, agreeing, answer
from tests.web.conftest import SignIn


@pytest.fixture
def shelf(shipped: Library) -> Library:
    return Library({**shipped.questionnaires, "onboarded": ONBOARDED}, shipped.journey)


def test_the_pages_show_the_score_and_how_its_items_go_together(sign_in: SignIn, runtime: Runtime) -> None:
    """`doubt` is reversed although these people answered it like the others, so it is marked."""
    source = random.Random(1)
    with runtime.database.writing() as session:
        for _ in range(35):
            given = agreeing(source, ["ease", "help", "doubt"])
            answer(
                session,
                runtime.library,
                "onboarded",
                given,
                clock.now() - timedelta(days=2),
                runtime.settings,
            )
    lead = sign_in("lead")
    results = html.unescape(lead.get("/insights/results/onboarded").text)
    card = results.split('id="onboarding"')[1].split("</section>")[0]
    for words in ("Onboarding", "Score over 3 questions", "35 responses", "95% range"):
        assert words in card, words

    page = html.unescape(lead.get("/insights/scores/onboarded/onboarding").text)
    items = page.split('id="items"')[1].split("</section>")[0]
    assert "Cronbach" in items and "35 responses" in items
    assert items.count("runs against the others") >= 1
    assert "It was easy to start." in items


def test_reliability_waits_for_thirty_people(sign_in: SignIn, runtime: Runtime) -> None:
    with runtime.database.writing() as session:
        answer(
            session, runtime.library, "onboarded", {"ease": 4, "help": 4, "doubt": 1}, clock.now(),
            runtime.settings,
        )  # fmt: skip
    page = sign_in("lead").get("/insights/scores/onboarded/onboarding").text
    assert "from 30 complete responses on" in page


def test_the_score_is_on_the_page_of_a_response(sign_in: SignIn, runtime: Runtime) -> None:
    with runtime.database.writing() as session:
        given = {"ease": 5, "help": 4, "doubt": 1}
        response = answer(session, runtime.library, "onboarded", given, clock.now(), runtime.settings).id
    page = sign_in("lead").get(f"/insights/responses/{response}").text
    assert "<dt>Onboarding</dt>" in page and "4.667" in page
