"""The pages of single responses: who sees which, how they are paged, and the file with a row for each."""

from __future__ import annotations

import csv
import io

import pytest
from sqlalchemy import select

from feedback.bootstrap import Runtime
from feedback.library import Library
from feedback.store.models import AuditEntry, Response
from tests.web.conftest import SignIn
from tests.web.reports.test_results import OWN, answer

GIVEN = {
    "reason": "price",
    "tools": ["mail", "phone"],
    "ease": 4,
    "grid": {"docs": 3, "people": "not_applicable"},
    "seats": 12.5,
    "begin": "2026-05-31",
    "order": ["chat", "mail", "phone"],
}


@pytest.fixture
def shelf(shipped: Library) -> Library:
    return Library({**shipped.questionnaires, "own": OWN}, shipped.journey)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))


def test_every_answer_has_a_column_that_stays_whatever_is_answered(sign_in: SignIn, runtime: Runtime) -> None:
    answer(runtime, 1, **GIVEN)
    answer(runtime, 1, reason="dont_know")
    lead = sign_in("lead")
    last, first = rows(lead.get("/insights/responses.csv?survey=own").text)
    expected = {
        "reason": "price", "tools_mail": "1", "tools_chat": "0", "tools_phone": "1", "ease": "4", "grid_docs": "3",
        "grid_people": "not_applicable", "seats": "12.5", "begin": "2026-05-31", "order_chat": "1", "order_mail": "2",
    }  # fmt: skip
    assert {name: first[name] for name in expected} == expected
    assert (last["reason"], last["tools_mail"], last["ease"]) == ("dont_know", "", "")
    assert first["answered_at"] < last["answered_at"] or first["response"] < last["response"]
    book = rows(lead.get("/insights/responses.csv?survey=own&file=codebook").text)
    assert {each["column"] for each in book} == set(first)
    price = next(each for each in book if each["column"] == "reason" and each["value"] == "price")
    assert (price["code"], price["value_label_en"]) == ("1", "Price")


def test_an_export_is_recorded_and_needs_its_permission(sign_in: SignIn, runtime: Runtime) -> None:
    answer(runtime, 1, **GIVEN)
    assert sign_in("viewer").get("/insights/responses.csv?survey=own").status_code == 403
    assert sign_in("lead").get("/insights/responses.csv?survey=own").status_code == 200
    assert sign_in("lead").get("/insights/responses.csv?survey=never").status_code == 404
    with runtime.database.reading() as session:
        entries = session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "exported")).all()
    assert [each["table"] for each in entries] == ["own-responses"]


def test_a_csm_sees_the_responses_of_accounts_that_they_see(sign_in: SignIn, runtime: Runtime) -> None:
    answer(runtime, 1, owner="cem", reason="price")
    answer(runtime, 1, owner="selin", reason="speed")
    client = sign_in("cem")
    page = client.get("/insights/responses?survey=own").text
    assert "Price" in page
    assert "Speed" not in page
    with runtime.database.reading() as session:
        mine, hers = session.scalars(
            select(Response.id).where(Response.questionnaire == "own").order_by(Response.id)
        )
    assert client.get(f"/insights/responses/{mine}").status_code == 200
    assert client.get(f"/insights/responses/{hers}").status_code == 404


def test_one_response_shows_each_question_with_its_answer_in_words(sign_in: SignIn, runtime: Runtime) -> None:
    answer(runtime, 1, **GIVEN)
    with runtime.database.reading() as session:
        response_id = session.scalars(select(Response.id).where(Response.questionnaire == "own")).one()
    page = sign_in("lead").get(f"/insights/responses/{response_id}").text
    for words in (
        "Which tools do you use?",
        "Mail, Phone",
        "1. Chat, 2. Mail, 3. Phone",
        "12.5",
        "Documents: 3",
        "People: Does not apply",
    ):
        assert words in page, words


def test_older_responses_follow_on_the_next_page_each_once(sign_in: SignIn, runtime: Runtime) -> None:
    answer(runtime, 53, reason="price")
    lead = sign_in("lead")
    first = lead.get("/insights/responses?survey=own").text
    assert first.count('class="open"') == 50
    before = first.rsplit("before=", 1)[1].split('"')[0].split("&")[0]
    assert lead.get(f"/insights/responses?survey=own&before={before}").text.count('class="open"') == 3
