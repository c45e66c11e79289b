"""The applications: what runs for everybody, and what only for people who sign in."""

from __future__ import annotations

from flask import Flask

from feedback.web.http import request_limits
from tests.web.conftest import SignIn


def test_programs_pass_by_the_sign_in_but_not_by_what_holds_for_everybody(
    app: Flask, sign_in: SignIn
) -> None:
    lead = sign_in("lead")
    page, call = lead.get("/desk/"), lead.get("/api/v1/openapi.json")
    assert "Cookie" in page.headers["Vary"]
    assert "Set-Cookie" not in call.headers and "Cookie" not in call.headers.get("Vary", "")
    for name in ("X-Request-Id", "Content-Security-Policy", "Cache-Control"):
        assert call.headers[name], name
    too_long = lead.post("/api/v1/events", data=b"x" * 70_000, content_type="application/json")
    assert too_long.status_code == 413
    assert lead.get("/api/v1/accounts").status_code == 401  # a session is no key


def test_every_room_of_programs_brings_its_own_check(app: Flask) -> None:
    """Nothing of the sign-in protects them, so none of their routes may be for signed-in staff."""
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] in request_limits.READ_LATER and not rule.arguments:
            method = "GET" if "GET" in (rule.methods or ()) else "POST"
            answer = client.open(rule.rule, method=method)
            assert answer.status_code in (200, 401, 405, 415), rule
            if answer.status_code == 200:
                assert rule.endpoint in ("api.openapi", "api.reference")


def test_customers_pages_have_no_session(app: Flask) -> None:
    answer = app.test_client().get("/" + "A" * 12)
    assert answer.status_code == 404
    assert "Set-Cookie" not in answer.headers and "Cookie" not in answer.headers.get("Vary", "")
