"""Numbers, days and texts that nobody means: every page answers them, and none with an error of ours."""

from __future__ import annotations

import inspect
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule

from feedback.bootstrap import Runtime
from feedback.providers.base import Reply, WebhookRequest
from feedback.store.models import InboundReply
from feedback.web.app import create_app
from feedback.web.http.numbers import LARGEST, whole
from tests import factories_desk
from tests.web.conftest import SignIn

HUGE = "9" * 20
VALUES = {
    "huge": HUGE,
    "nobody": "999999",
    "first day": "0001-01-01",
    "last day": "9999-12-31",
    "nul": "\x00",
    "half a host": "https://[::1",
}
"""Each is put into every query parameter and form field."""
SOURCES = Path(inspect.getfile(create_app)).parent


@pytest.fixture(scope="module")
def site(office_app: Flask) -> Flask:
    return office_app


@pytest.fixture(scope="module")
def admin(site: Flask) -> FlaskClient:
    client = site.test_client()
    form = {"email": "admin@example.com", "password": factories_desk.PASSWORD}
    assert client.post("/login", data=form).status_code == 302
    return client


def rules(site: Flask, method: str) -> list[Rule]:
    """The staff's own routes, without what signs the admin out."""
    found = [rule for rule in site.url_map.iter_rules() if method in (rule.methods or ())]
    strange = ("security.", "api.", "hooks.", "static", "account.sign_out_everywhere")
    return [rule for rule in found if not rule.endpoint.startswith(strange)]


def names(site: Flask, rule: Rule, source: str) -> set[str]:
    """The names that the modules of a route's room read from `request.args` or `request.form`."""
    file = Path(inspect.getfile(inspect.unwrap(site.view_functions[rule.endpoint])))
    files = {file, *(file.parent.glob("*.py") if file.parent != SOURCES else ())}
    text = "".join(each.read_text(encoding="utf-8") for each in files)
    reader = r"(?:request\.args|asked|_day)" if source == "args" else r"(?:request\.form|form)"
    return set(re.findall(rf'{reader}(?:\.get(?:list)?)?[\[(]"([a-z_-]+)"', text)) - {"export"}


def path(rule: Rule, number: str = "5") -> str:
    """An address of the rule with one such number; all others are a 5, so that an address is not too long."""
    first = r"<int:\w+>" if "<int:" in rule.rule else r"<\w+:\w+>"
    return re.sub(r"<(?:\w+:)?\w+>", "5", re.sub(first, number, rule.rule, count=1))


def test_numbers_are_read_up_to_what_every_database_can_compare() -> None:
    assert whole("0") == 0 and whole(str(LARGEST)) == LARGEST
    for wrong in (str(LARGEST + 1), HUGE, "9" * 5_000, "-1", "+1", " 1", "1_0", "٣", "²", "", "1.0"):
        with pytest.raises(ValueError):
            whole(wrong)


def test_no_page_reads_a_number_in_another_way() -> None:
    found = [
        str(file)
        for file in SOURCES.rglob("*.py")
        if re.search(r"type=int\b|\bint\(request", file.read_text())
    ]
    assert found == []


@pytest.mark.parametrize("number", [HUGE, str(2**63), str(2**53), "9" * 3_000])
def test_a_number_too_large_for_an_id_is_a_page_that_does_not_exist(
    site: Flask, admin: FlaskClient, number: str
) -> None:
    methods = ("GET", "POST", "PUT", "PATCH", "DELETE")
    numbered = [(method, rule) for method in methods for rule in rules(site, method) if "<int:" in rule.rule]
    assert {method for method, _ in numbered} >= {"GET", "POST", "PUT"}
    assert len(numbered) > 15
    for method, rule in numbered:
        assert admin.open(path(rule, number), method=method).status_code == 404, (method, rule)
    assert admin.delete(f"/api/v1/doors/{number}/arrivals/1").status_code == 404
    assert admin.patch("/api/v1/doors/1/arrivals/1").status_code == 405


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_no_value_in_a_query_is_an_error_of_ours(site: Flask, admin: FlaskClient, value: str) -> None:
    asked = 0
    for rule in rules(site, "GET"):
        for name in names(site, rule, "args"):
            asked += 1
            assert admin.get(path(rule), query_string={name: value}).status_code < 500, (rule, name)
    assert asked > 50


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_no_value_in_a_form_is_an_error_of_ours(site: Flask, admin: FlaskClient, value: str) -> None:
    sent = 0
    for rule in rules(site, "POST"):
        for name in names(site, rule, "form"):
            sent += 1
            assert admin.post(path(rule), data={name: value}).status_code < 500, (rule, name)
    assert sent > 50


def test_an_absence_names_a_delegate_who_exists(site: Flask, admin: FlaskClient) -> None:
    for delegate in ("999999", "6", "1"):  # nobody, a viewer, and the admin themselves
        admin.post("/account/", data={"delegate": delegate})
        assert "Choose a colleague from the list." in admin.get("/account/").text
    admin.post("/account/", data={"delegate": "4"})
    assert "Saved." in admin.get("/account/").text


@pytest.mark.parametrize("by", ["week", "month", "quarter"])
@pytest.mark.parametrize(
    ("first", "last"),
    [("1970-01-01", "8999-12-31"), ("8998-01-01", "8999-12-31"), ("1970-01-01", "2999-12-31")],
)
def test_a_period_of_millennia_is_shown_in_steps_that_can_be_drawn(
    site: Flask, admin: FlaskClient, by: str, first: str, last: str
) -> None:
    query = {"from": first, "to": last, "by": by}
    for address in ("/insights/", "/insights/scores/relationship-nps/recommend", "/insights/loop"):
        before = time.thread_time()
        assert admin.get(address, query_string=query).status_code in (200, 404), address
        assert time.thread_time() - before < 5
    assert admin.get("/insights/quarter?of=8999-12-31").status_code in (200, 404)


@pytest.mark.parametrize(
    ("back", "location"),
    [
        ("/desk/?state=closed&search=a%20b", "/desk/?state=closed&search=a%20b"),
        ("/\t/evil.example/", "/"),
        ("/\n/evil.example/", "/"),
        ("/\r\nX: y", "/"),
        ("//evil.example/", "/"),
        ("///evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("/a\\..\\..\\evil.example/", "/"),
        ("\\/evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/" + "a" * 900, "/" + "a" * 900),
        ("/ /evil.example", "/"),
        ("/\u2028/evil.example", "/\u2028/evil.example"),
        ("", "/"),
    ],
)
def test_the_language_is_chosen_on_a_page_of_this_site(site: Flask, back: str, location: str) -> None:
    answer = site.test_client().post("/account/language", data={"language": "tr", "back": back})
    assert answer.status_code == 303
    assert unquote(answer.location) == unquote(location)


def test_a_nul_is_refused_before_a_database_that_cannot_store_it(app: Flask, sign_in: SignIn) -> None:
    """On SQLite and on PostgreSQL."""
    client = sign_in("lead")
    assert client.post("/account/language", data={"language": "tr", "back": "/\x00"}).status_code == 400
    for address in (
        "/insights/?group=%00:x",
        "/desk/?search=%00",
        "/insights/comments?words=a%00",
        "/insights/accounts?search=%00b",
    ):
        assert client.get(address).status_code == 400, address
    for address, form in (
        ("/desk/views", {"name": "a\x00", "query": ""}),
        ("/causes/", {"en": "a\x00", "tr": "b", "fa": "c"}),
        ("/account/", {"name": "a\x00"}),
        ("/login", {"email": "a\x00@example.com", "password": "x"}),
    ):
        assert client.post(address, data=form).status_code == 400, address
    half = '{"email": "a@example.com", "password": "\\ud800"}'
    assert app.test_client().post("/login", data=half, content_type="application/json").status_code == 400


class Telephone:
    """A provider whose every call is a reply with a NUL in it."""

    def parse_receipt(self, request: WebhookRequest) -> NoReturn:
        raise NotImplementedError

    def parse_reply(self, request: WebhookRequest) -> Reply:
        return Reply("r1", "+905321234500", "simulator", "Great\x00 service", None, None)


def test_a_reply_with_a_nul_is_stored_with_a_sign_in_its_place(runtime: Runtime) -> None:
    providers: dict[str, Any] = {**runtime.providers, "telephone": Telephone()}
    app = create_app(replace(runtime, providers=providers))
    assert app.test_client().post("/hooks/telephone/reply").status_code == 200
    with runtime.database.reading() as session:
        assert session.scalars(select(InboundReply.body)).all() == ["Great\ufffd service"]
