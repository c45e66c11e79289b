"""The field in the top bar: by permission, in the reader's language, and without scripts."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from feedback.store.models import AuditEntry
from tests.web.conftest import SignIn

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


def test_every_page_has_the_field_and_the_page_of_results_needs_no_script(sign_in: SignIn) -> None:
    cem = sign_in("cem")
    assert 'action="/search/"' in cem.get("/desk/").text
    page = cem.get("/search/?q=grace").text
    assert "Grace Moore" in page
    assert "Northwind Logistics" in page
    assert "<html" in page


def test_the_list_below_the_field_is_a_part_of_a_page(sign_in: SignIn) -> None:
    part = sign_in("cem").get("/search/?q=grace", headers=PART).text
    assert "Grace Moore" in part
    assert "<html" not in part


def test_an_address_that_is_shown_masked_is_not_found_either(sign_in: SignIn) -> None:
    assert "Grace Moore" in sign_in("lead").get("/search/?q=person0@example.com").text
    viewer = sign_in("viewer")
    assert "Grace Moore" in viewer.get("/search/?q=grace").text
    assert "Grace Moore" not in viewer.get("/search/?q=person0@example.com").text


def test_a_colleague_s_customer_is_not_found(sign_in: SignIn) -> None:
    assert "Omar Haddad" not in sign_in("cem").get("/search/?q=omar").text
    assert "Omar Haddad" in sign_in("lead").get("/search/?q=omar").text


@pytest.mark.parametrize(
    ("who", "words", "shown"),
    [
        ("admin", "holidays", "/settings/follow-ups"),
        ("admin", "settings", "/settings/"),
        ("selin", "kuyruk", "/desk/"),
        ("selin", "queue", "/desk/"),
        ("neda", "حساب", "/customers/accounts"),
        ("cem", "password", "/change"),
    ],
)
def test_pages_are_found_in_the_reader_s_language_and_in_english(
    sign_in: SignIn, who: str, words: str, shown: str
) -> None:
    assert f'<a href="{shown}"' in sign_in(who).get("/search/", query_string={"q": words}, headers=PART).text


def test_a_page_without_permission_is_not_found(sign_in: SignIn) -> None:
    assert "/settings/" not in sign_in("cem").get("/search/?q=holidays", headers=PART).text
    assert "/audit/" not in sign_in("cem").get("/search/?q=audit", headers=PART).text


def test_what_is_searched_is_shown_as_text(sign_in: SignIn) -> None:
    page = sign_in("cem").get("/search/", query_string={"q": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in page


def test_finding_a_person_is_recorded_and_finding_a_page_is_not(app: Flask, sign_in: SignIn) -> None:
    cem = sign_in("cem")
    cem.get("/search/?q=queue")
    cem.get("/search/?q=grace")
    cem.get("/search/?q=northwind")
    with app.extensions["feedback"].database.reading() as session:
        seen = select(AuditEntry.subject).where(AuditEntry.subject == "search")
        assert list(session.scalars(seen)) == ["search"]


def test_a_stranger_is_asked_to_sign_in(app: Flask) -> None:
    answer = app.test_client().get("/search/?q=grace")
    assert (answer.status_code, "/login" in answer.headers["Location"]) == (302, True)
