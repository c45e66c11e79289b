"""What the clients of Delighted send in unusual ways, and what nobody should send."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from feedback.bootstrap import Runtime
from feedback.services.staff.api_keys import Scope
from feedback.web.delighted import requests
from tests.web.api.conftest import key_over


@dataclass
class Caller:
    app: Flask
    key: str

    def call(self, method: str, path: str, **rest: Any) -> TestResponse:
        credentials = base64.b64encode(f"{self.key}:".encode()).decode()
        headers = {"Authorization": f"Basic {credentials}", **rest.pop("headers", {})}
        client = self.app.test_client(use_cookies=False)
        return client.open(f"/delighted/v1{path}", method=method, headers=headers, **rest)


@pytest.fixture(scope="module")
def caller(office: Runtime, office_app: Flask) -> Caller:
    return Caller(office_app, key_over(office, "admin"))


def test_the_key_may_come_without_its_colon(caller: Caller) -> None:
    bare = base64.b64encode(caller.key.encode()).decode()
    assert caller.call("GET", "/metrics", headers={"Authorization": f"Basic {bare}"}).status_code == 200


@pytest.mark.parametrize("header", [None, "Basic bm9uc2Vuc2U6", "Basic !", "Bearer {key}"])
def test_without_a_valid_key_there_is_nothing(caller: Caller, header: str | None) -> None:
    headers = {"Authorization": header.format(key=caller.key)} if header else {}
    response = caller.app.test_client().get("/delighted/v1/metrics", headers=headers)
    assert response.status_code == 401
    assert response.get_json()["status"] == 401


@pytest.mark.parametrize("path", ["/people", "/survey_responses", "/metrics", "/unsubscribes", "/bounces"])
def test_each_address_is_there_with_and_without_json(caller: Caller, path: str) -> None:
    plain, named = caller.call("GET", path), caller.call("GET", f"{path}.json")
    assert (plain.status_code, named.status_code) == (200, 200)
    assert plain.get_json() == named.get_json()


def test_a_body_with_get_and_unknown_parameters_are_not_read(caller: Caller) -> None:
    odd = {"data": b"{}", "query_string": {"auto_handle_rate_limits": "true"}}
    assert caller.call("GET", "/people", **odd).status_code == 200
    broken = {"data": b"{", "content_type": "application/json"}
    assert caller.call("GET", "/people", **broken).status_code == 200


def test_a_form_as_php_sends_it(caller: Caller) -> None:
    form = {"email": "php@example.com", "send": "false", "properties[plan]": "gold", "properties[seats]": "4"}
    made = caller.call("POST", "/people", data=form)
    assert made.status_code == 201
    assert made.get_json()["properties"] == {"plan": "gold", "seats": "4"}
    assert made.get_json()["survey_scheduled_at"] is None


def test_a_change_names_its_response_in_the_path_or_in_the_body(caller: Caller) -> None:
    person = caller.call("POST", "/people", json={"email": "put@example.com", "send": False}).get_json()
    made = caller.call("POST", "/survey_responses", json={"person": person["id"], "score": 4}).get_json()
    whole = {**made, "person": {"id": person["id"], "email": "put@example.com"}}
    assert caller.call("PUT", "/survey_responses", json={**whole, "score": 7}).get_json()["score"] == 7
    path = f"/survey_responses/{made['id']}"
    assert caller.call("PUT", path, json={**whole, "score": 10}).get_json()["score"] == 10
    assert caller.call("PUT", f"{path}.json", json={**whole, "score": 11}).status_code == 422
    assert caller.call("PUT", "/survey_responses", json={"score": 1}).status_code == 404
    assert caller.call("GET", path).get_json()["score"] == 10


def test_encoded_addresses_in_the_path_are_read(caller: Caller) -> None:
    body = {"email": "a+b@example.com", "phone_number": "+14155550123", "send": False}
    caller.call("POST", "/people", json=body)
    pending = caller.call("DELETE", "/people/a%2Bb%40example.com/survey_requests/pending")
    assert (pending.status_code, pending.get_json()) == (200, {"ok": True})
    gone = caller.call("DELETE", "/people/phone_number%3A%2B14155550123")
    assert (gone.status_code, gone.get_json()) == (202, {"ok": True})
    assert caller.call("DELETE", "/people/email%3Aa%2Bb%40example.com").status_code == 404
    again = caller.call("POST", "/people", json=body)
    assert again.status_code == 422 and "erased" in again.get_json()["message"]


def test_links_are_absolute_and_without_a_comma(caller: Caller) -> None:
    answer = caller.call("GET", "/people", query_string={"per_page": "2", "since": "1"})
    link = answer.headers["Link"]
    assert link.startswith("<http://localhost/delighted/v1/people?per_page=2&since=1&cursor=")
    assert "," not in link


def test_metrics_of_a_period_without_answers(caller: Caller) -> None:
    found = caller.call("GET", "/metrics", query_string={"until": "10"}).get_json()
    assert (found["nps"], found["response_count"], found["promoter_percent"]) == (None, 0, 0)


def test_a_key_needs_the_scopes(office: Runtime, office_app: Flask) -> None:
    reader = Caller(office_app, key_over(office, "admin", Scope.RESPONSES_READ))
    assert reader.call("GET", "/survey_responses").status_code == 200
    assert reader.call("GET", "/survey_responses?expand[]=person").status_code == 403
    assert reader.call("GET", "/metrics").status_code == 403
    writer = Caller(office_app, key_over(office, "admin", Scope.CUSTOMERS_WRITE))
    assert writer.call("POST", "/people", json={"email": "x@example.com"}).status_code == 403
    assert writer.call("POST", "/people", json={"email": "x@example.com", "send": False}).status_code == 201


def test_what_the_clients_call_and_is_not_here_is_a_404_with_json(caller: Caller) -> None:
    missing = caller.call("GET", "/autopilot/email")
    assert (missing.status_code, missing.get_json()["status"]) == (404, 404)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["person0@example.com", "+905321234500", "1", "-1", "9" * 30, "\ud800", "a\x00b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=4,
)  # fmt: skip
NAMES = st.sampled_from(
    ["email", "phone_number", "name", "delay", "properties", "send", "email_update", "phone_number_update",
     "person", "score", "comment", "person_properties", "created_at", "person_email", "id", "since", "until",
     "per_page", "page", "cursor", "order", "expand[]", "updated_since", "person_id"]
)  # fmt: skip
CALLS = st.sampled_from(
    [("POST", "/people"), ("GET", "/people"), ("GET", "/survey_responses"), ("POST", "/survey_responses"),
     ("PUT", "/survey_responses/1"), ("PUT", "/survey_responses"), ("GET", "/metrics"), ("POST", "/unsubscribes"),
     ("GET", "/unsubscribes"), ("GET", "/bounces"), ("DELETE", "/people/99999")]
)  # fmt: skip


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(call=CALLS, body=st.dictionaries(NAMES, VALUES, max_size=5), as_query=st.booleans())
def test_nothing_that_is_sent_is_a_fault_of_the_server(
    caller: Caller, call: tuple[str, str], body: dict[str, Any], as_query: bool
) -> None:
    if as_query or call[0] == "GET":
        flat = {name: str(value).encode("utf-8", "replace").decode() for name, value in body.items()}
        answer = caller.call(*call, query_string=flat)
    else:
        answer = caller.call(*call, json=body)
    assert answer.status_code in (200, 201, 202, 400, 404, 422, 429), answer.text
    assert answer.is_json


@pytest.mark.parametrize(
    ("value", "found"), [("5", 5), (5.0, 5), ("", None), (None, None), (0, 0), (2**53, 2**53)]
)
def test_whole_numbers_come_in_several_forms(value: object, found: int | None) -> None:
    assert requests.whole({"x": value}, "x") == found
