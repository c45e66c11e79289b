"""The page of results: bars of every question type, who sees what, what is hidden, and the file."""

from __future__ import annotations

import csv
import html
import io
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.i18n import LANGUAGES
from feedback.library import Library
from feedback.services import rollups
from feedback.store.models import AnswerRow, CountedBy, User
from tests import factories_reports
from tests.factories_all_types import EVERYTHING
from tests.factories_surveys import questionnaire
from tests.services.reports.test_results import BEGIN, EASE, GRID, ORDER, REASON, SEATS, TOOLS
from tests.web.conftest import SignIn

OWN = questionnaire(REASON, TOOLS, EASE, GRID, SEATS, BEGIN, ORDER, key="own", title="Our survey")
PAGE = "/insights/results/own"


@pytest.fixture
def shelf(shipped: Library) -> Library:
    return Library({**shipped.questionnaires, "own": OWN, "all-types": EVERYTHING}, shipped.journey)


def answer(
    runtime: Runtime, times: int, owner: str | None = None, segment: str = "core", **values: object
) -> None:
    with runtime.database.writing() as session:
        user = session.scalar(select(User).where(User.email == f"{owner}@example.com")) if owner else None
        for _ in range(times):
            account = factories_reports.account(session, owner_id=user.id if user else None)
            person = factories_reports.contact(session, account)
            response = factories_reports.answered(
                session, 5, clock.now() - timedelta(days=1), library=runtime.library, questionnaire="own",
                trend="own", question="unused", metric="csat", segment=segment, owner=user, person=person,
            )  # fmt: skip
            response.scores, response.answers = (
                [],
                [AnswerRow(question=key, value=each) for key, each in values.items()],
            )
        session.flush()
        rollups.rebuild(session)


def test_shares_have_their_range_and_their_base(sign_in: SignIn, runtime: Runtime) -> None:
    """24 of 40: 60 %, Wilson's interval 45 to 74 %."""
    answer(runtime, 24, reason="price")
    answer(runtime, 16, reason="speed")
    answer(runtime, 3, reason="dont_know")
    page = html.unescape(sign_in("lead").get(PAGE).text)
    for words in (
        "What was it about?",
        "60%",
        "45% to 74%",
        "40 responses",
        "Not in the base:",
        "Don't know</bdi> 3",
    ):
        assert words in page, words


def test_under_ten_answers_are_counted_without_a_share(sign_in: SignIn, runtime: Runtime) -> None:
    answer(runtime, 4, reason="price")
    page = sign_in("lead").get(PAGE).text
    assert "4 responses" in page
    assert "100%" not in page.split('id="reason"')[1].split("</section>")[0].replace('100%"', "")


def test_a_csm_sees_the_answers_of_own_accounts_only(sign_in: SignIn, runtime: Runtime) -> None:
    answer(runtime, 12, owner="cem", reason="price")
    answer(runtime, 30, owner="selin", reason="speed")
    page = sign_in("cem").get(PAGE).text
    assert "12 responses" in page
    assert "42 responses" not in page
    assert "Compare by" not in page


def test_a_group_in_the_address_hides_what_its_menu_does_not_offer(sign_in: SignIn, runtime: Runtime) -> None:
    answer(runtime, 3, segment="vip", reason="price")
    answer(runtime, 30, reason="speed")
    page = sign_in("lead").get(f"{PAGE}?group=segment:vip").text
    assert "too few responses to show" in page
    assert '<option value="segment:vip"' not in page


def test_two_groups_stand_side_by_side(sign_in: SignIn, runtime: Runtime) -> None:
    answer(runtime, 20, segment="vip", reason="price")
    answer(runtime, 30, segment="core", reason="speed")
    page = sign_in("lead").get(f"{PAGE}?question=reason&across=segment").text
    assert "(n = 20)" in page
    assert "(n = 30)" in page


def test_every_question_type_has_its_results_in_every_language(sign_in: SignIn, runtime: Runtime) -> None:
    answer(
        runtime, 12, reason="price", tools=["mail", "chat"], ease=4, grid={"docs": 3, "people": "not_applicable"},
        seats=12.5, begin="2026-05-31", order=["chat", "mail", "phone"],
    )  # fmt: skip
    answer(runtime, 3, seats=140, ease=1)
    lead = sign_in("lead")
    for language in LANGUAGES["desk"]:
        with runtime.database.writing() as session:
            session.execute(update(User).where(User.email == "lead@example.com").values(language=language))
        page = lead.get(PAGE).text
        assert page.count('<section class="card result"') == 7
        assert page.count('class="shares"') == 7  # one row of the matrix has no answer
        assert f'lang="{language}"' in page
    assert lead.get("/insights/results").status_code == 200
    assert lead.get(f"/insights/results/{EVERYTHING.series}").status_code == 200


def test_the_file_has_a_row_for_each_answer(sign_in: SignIn, runtime: Runtime) -> None:
    answer(runtime, 30, reason="price", tools=["mail", "chat"])
    answer(runtime, 10, reason="none")
    rows = list(
        csv.DictReader(io.StringIO(sign_in("lead").get(f"{PAGE}?export=results.csv").text.lstrip("\ufeff")))
    )
    found = {(row["Question"], row["Answer"]): (row["Responses"], row["Base"], row["Share"]) for row in rows}
    assert found["What was it about?", "Price"] == ("30", "30", "100.0")
    assert found["What was it about?", "It does not concern me"] == ("10", "", "")
    assert found["Which tools do you use?", "Chat"] == ("30", "30", "100.0")


def test_nothing_is_shown_before_older_answers_are_counted(sign_in: SignIn, runtime: Runtime) -> None:
    answer(runtime, 12, reason="price")
    with runtime.database.writing() as session:
        session.execute(update(CountedBy).values(complete=False))
    page = sign_in("lead").get(PAGE).text
    assert "feedback db rebuild-rollups" in page
    assert "12 responses" not in page


def test_a_survey_that_does_not_exist_is_not_found(sign_in: SignIn) -> None:
    assert sign_in("lead").get("/insights/results/never").status_code == 404
