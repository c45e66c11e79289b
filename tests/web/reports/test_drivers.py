"""The page of drivers: the table and the picture, its reasons to say nothing, and who may see it."""

from __future__ import annotations

import csv
import html
import io

import pytest

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.library import Library
from feedback.services import reports
from tests.factories_ratings import RATED, rate
from tests.web.conftest import SignIn

PAGE = "/insights/drivers/rated/score"


@pytest.fixture
def shelf(shipped: Library) -> Library:
    return Library({**shipped.questionnaires, "rated": RATED}, shipped.journey)


def rated(runtime: Runtime, n: int) -> None:
    with runtime.database.writing() as session:
        rate(session, runtime.library, n, clock.now())
    reports.renew_drivers(runtime.database, runtime.library, clock.now())


def test_the_aspects_are_ranked_with_ranges_and_without_a_claim_of_cause(
    sign_in: SignIn, runtime: Runtime
) -> None:
    rated(runtime, 130)
    lead = sign_in("lead")
    page = html.unescape(lead.get(PAGE).text)
    for words in ("130 responses", "The order is uncertain", "not what causes what", "Look here first"):
        assert words in page, words
    assert page.index("People</th>") < page.index("Documents</th>")
    assert page.count('<circle class="mark"') == 8  # four aspects, drawn wide and narrow
    assert "130 responses" in lead.get("/insights/drivers").text

    file = lead.get(f"{PAGE}?export=drivers.csv").data.decode("utf-8-sig")
    first = next(csv.DictReader(io.StringIO(file)))
    assert (first["Aspect"], first["Rank"], first["Best rank"]) == ("People", "1", "1")
    assert float(first["Low"]) <= float(first["Importance"]) <= float(first["High"])


def test_with_too_few_answers_the_page_says_how_many_are_needed(sign_in: SignIn, runtime: Runtime) -> None:
    lead = sign_in("lead")
    assert "Not calculated yet" in lead.get(PAGE).text
    rated(runtime, 30)
    page = lead.get(PAGE).text
    assert "100 responses with a score and ratings are needed" in page and "there are 30" in page
    assert "<table" not in page


def test_only_those_who_see_all_accounts_see_the_page(sign_in: SignIn, runtime: Runtime) -> None:
    csm = sign_in("cem")
    assert csm.get(PAGE).status_code == 403
    assert "/insights/drivers" not in csm.get("/insights/results").text


def test_a_score_without_ratings_beside_it_is_not_found(sign_in: SignIn) -> None:
    assert sign_in("lead").get("/insights/drivers/rated/nothing").status_code == 404
