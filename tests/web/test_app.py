"""What holds for every page: headers, errors, sessions."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

import pytest
from flask import Flask

from feedback.errors import Conflict, Gone, NotFound, Rejected, StorageUnavailable
from feedback.web.auth.permissions import public
from feedback.web.layout import navigation
from tests.web.conftest import SignIn

VENDOR = navigation.STATIC / "vendor"


@pytest.mark.parametrize(
    ("error", "status"),
    [(NotFound, 404), (Conflict, 409), (Gone, 410), (Rejected, 422), (StorageUnavailable, 503)],
)
def test_an_error_is_a_page_for_people_and_a_problem_for_programs(
    app: Flask, error: type[Exception], status: int
) -> None:
    def fail() -> str:
        raise error("Nothing to be done.")

    app.add_url_rule("/fail", "fail", public("a test")(fail))
    page = app.test_client().get("/fail", headers={"Accept": "text/html"})
    assert (page.status_code, page.mimetype) == (status, "text/html")
    problem = app.test_client().get("/fail", headers={"Accept": "application/json"})
    assert (problem.status_code, problem.mimetype) == (status, "application/problem+json")
    assert problem.get_json()["status"] == status


def test_why_the_storage_fails_is_the_operator_s_business(app: Flask) -> None:
    def fail() -> str:
        raise StorageUnavailable("The file feedback.db is full.")

    app.add_url_rule("/fail", "fail", public("a test")(fail))
    assert "feedback.db" not in app.test_client().get("/fail").text


def test_an_unexpected_error_shows_no_inside(app: Flask) -> None:
    def fail() -> str:
        raise RuntimeError("secret detail")

    app.add_url_rule("/fail", "fail", public("a test")(fail))
    response = app.test_client().get("/fail")
    assert response.status_code == 500
    assert "secret detail" not in response.text


def test_staff_pages_allow_no_code_but_our_own_files(sign_in: SignIn) -> None:
    page = sign_in("cem").get("/desk/")
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Cache-Control"] == "no-store"
    assert " style=" not in page.text
    assert "<script>" not in page.text


def test_a_made_up_host_is_refused(app: Flask) -> None:
    assert app.test_client().get("/login", headers={"Host": "evil.example"}).status_code == 400


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(app: Flask) -> None:
    form = {"email": "cem@example.com", "password": "correct horse battery"}
    cookie = app.test_client().post("/login", data=form).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_post_without_a_token_is_refused(app: Flask, sign_in: SignIn) -> None:
    client = sign_in("cem")
    app.config["WTF_CSRF_ENABLED"] = True
    assert client.post("/desk/1/note", data={"note": "hello"}).status_code == 400


def test_vendored_files_are_those_that_were_published() -> None:
    listed = dict(reversed(line.split("  ")) for line in (VENDOR / "checksums").read_text().splitlines())
    found = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name not in ("checksums", "README.md")
    }
    assert found == listed


def test_the_editor_is_small_and_names_no_place_of_the_machine_that_built_it() -> None:
    editor = (VENDOR / "codemirror" / "codemirror.min.js").read_bytes()
    ours = [each.read_bytes() for each in navigation.STATIC.glob("studio*.js")]
    assert sum(len(gzip.compress(each)) for each in (editor, *ours)) <= 200_000
    assert not re.search(rb"node_modules|sourceMappingURL|registry|/(home|root|tmp|usr|work)/", editor)


def test_every_vendored_library_brings_its_licence() -> None:
    folders = [path for path in VENDOR.iterdir() if path.is_dir()]
    assert [path.name for path in folders if not licences(path)] == []


def licences(folder: Path) -> list[Path]:
    return [*folder.glob("LICENSE*"), *folder.glob("OFL*")]
