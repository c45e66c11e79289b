"""Nothing that a stranger sends takes long before a limit looks: hostile text to every route, in every place.

The routes come from the applications' own maps and the fields from their forms and templates, so that a new route or
field is tried as well.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import re
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.routing import Rule
from werkzeug.test import EnvironBuilder, run_wsgi_app
from wtforms.fields.core import UnboundField

from feedback import clock, resources
from feedback.bootstrap import Runtime
from feedback.core.contact.recipient import EmailAddress
from feedback.core.questions.base import MAX_TEXT
from feedback.core.text.folding import fold, fold_any
from feedback.errors import Rejected
from feedback.services.responses import open_links
from feedback.services.responses.open_links import NewLink
from feedback.services.staff import accounts, api_keys
from feedback.store.base import Base
from feedback.store.models import FollowUp, Invitation, Link
from feedback.web.api import shapes
from feedback.web.auth.permissions import access_of
from feedback.web.http import rate_limits
from feedback.web.http.request_limits import ROOMS, STRANGERS
from tests import factories_desk
from tests.measuring import too_long

pytestmark = pytest.mark.uncounted  # to be counted costs time and memory, and both are measured here

MEGABYTE = 1024 * 1024
MOST_SECONDS = 0.1
"""Of processor time in the thread that answers, so that a busy machine does not matter much."""
MOST_MEMORY = 10 * MEGABYTE
VISITORS = count(1)
"""Each request comes from a network of its own: no limit on guessing answers before the limits that are meant."""
ELSEWHERE = {"REMOTE_ADDR": "198.51.100.20"}

MARKS = "a" + "\u0301" * 20_000 + "\u0316" * 20_000
NASTY = {
    "marks": MARKS,
    "numbers": "9 " * 40_000,
    "brackets": "((((" * 20_000,
    "pairs": "a=b&" * 20_000,
    "digits": "9" * 80_000,
    "spaces": " " * 40_000 + "\u200f" * 20_000 + "x",
    "mail": "a@" + "\u00e9\u0301." * 20_000 + "com",
}


@dataclass
class Request:
    """One call; `expected` are the answers of a limit."""

    method: str
    path: str
    query: str = ""
    body: bytes = b""
    content_type: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    expected: frozenset[int] = frozenset()

    def environ(self, base: str = "http://localhost") -> dict[str, Any]:
        builder = EnvironBuilder(
            method=self.method,
            path="/x",
            base_url=base,
            input_stream=io.BytesIO(self.body) if self.body else None,
            content_length=len(self.body),
        )
        environ = builder.get_environ()
        environ["PATH_INFO"] = self.path.encode().decode("latin-1")
        environ["QUERY_STRING"] = self.query
        environ["REMOTE_ADDR"] = f"2001:db8:{next(VISITORS):x}::1"
        if self.content_type:
            environ["CONTENT_TYPE"] = self.content_type
        for name, value in self.headers.items():
            key = name.upper().replace("-", "_")
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value.encode().decode("latin-1")
        return environ


@dataclass
class Door:
    """A public route: its rule, a method, and a path that leads to it."""

    endpoint: str
    method: str
    path: str
    headers: dict[str, str]

    def __str__(self) -> str:
        return f"{self.method} {self.endpoint}"


@pytest.fixture(scope="module")
def site(office_app: Flask) -> Flask:
    return office_app


@pytest.fixture(scope="module")
def doors(site: Flask, office: Runtime) -> list[Door]:
    return list(_doors(site, office))


def _doors(app: Flask, runtime: Runtime) -> Iterator[Door]:
    """Every public route of both applications with each of its methods, and a live link in it."""
    with runtime.database.writing() as session:
        invitation = session.scalars(select(Invitation).order_by(Invitation.id.desc())).first()
        assert invitation is not None
        poster = NewLink("poster", "Poster", next(iter(runtime.library.questionnaires)))
        link = open_links.create(session, runtime.library, poster, clock.now())
        known = {True: link.token, False: invitation.token}
        _row, key = api_keys.create(session, "a program", by=None, now=clock.now())
    customers: Flask = app.extensions["customers"]
    yield from _doors_of(app, lambda rule: "1", {"Authorization": f"Bearer {key}"})
    yield from _doors_of(customers, lambda rule: known["/in/" in rule.rule], {})
    for method in ("GET", "POST"):
        yield Door("no page of the staff's", method, "/login/x/y", {})
        yield Door("no page of the customers'", method, "/7Kb3xWq9ZtP", {})


def _doors_of(app: Flask, value: Callable[[Rule], str], key: dict[str, str]) -> Iterator[Door]:
    staff = "customers" in app.extensions
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        access = access_of(app, rule.endpoint) if staff else view.access  # type: ignore[attr-defined]
        if access is None or not access.anybody:
            continue
        path = str(rule.build(dict.fromkeys(rule.arguments, value(rule)))[1])
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            headers = key if rule.endpoint.startswith("api.") else {}
            yield Door(rule.endpoint, method, path, headers)


FOLDERS = {"survey": "survey", "unsubscribe": "survey", "simulator": "simulator", "account": "layout"}
"""Room -> the folder of its templates."""


def fields_of(app: Flask, door: Door) -> set[str]:
    """The names of the fields that a route reads: of the extension's forms, the API's shapes or the templates."""
    room = door.endpoint.partition(".")[0]
    if room == "security":
        forms = [each.cls for each in app.extensions["security"].forms.values() if each.cls is not None]
        return {name for form in forms for name in dir(form) if isinstance(getattr(form, name), UnboundField)}
    if room == "api":
        models = [
            each for each in vars(shapes).values() if isinstance(each, type) and each.__name__.endswith("In")
        ]
        return {name for model in models for name in model.model_fields}
    if room == "hooks":
        return {"Body", "From", "MessageSid"}
    found = [
        re.findall(r'name="([a-z_-]+)"', file.read_text(encoding="utf-8"))
        for directory in resources.directories("templates", Path("no-instance"))
        for file in (Path(directory) / FOLDERS.get(room, "layout")).rglob("*.html")
    ]
    return {name for names in found for name in names} | {"recommend", "recommend.text"}


def hashed(password: str) -> str:
    return accounts.hash_password(password, "salt")


def cost(app: Flask, request: Request) -> tuple[float, int]:
    """Seconds of processor time (the best of three tries, if the first is too slow), and the status."""
    seconds = []
    for _ in range(3):
        environ = request.environ()
        before = time.thread_time()
        _body, status, _headers = run_wsgi_app(app.wsgi_app, environ, buffered=True)
        seconds.append(time.thread_time() - before)
        if not too_long(seconds[-1], MOST_SECONDS):
            break
    return min(seconds), int(status.split()[0])


def memory(app: Flask, request: Request) -> int:
    """The most bytes that answering takes beyond the request itself."""
    environ = request.environ()
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    run_wsgi_app(app.wsgi_app, environ, buffered=True)
    return tracemalloc.get_traced_memory()[1] - before


def failures(app: Flask, requests: list[tuple[str, Request]]) -> list[str]:
    """What is wrong with the answers to these requests."""
    assert requests
    wrong = []
    for name, request in requests:
        seconds, status = cost(app, request)
        if too_long(seconds, MOST_SECONDS):
            wrong.append(f"{name}: {seconds:.2f} s of processor time")
        if status >= 500 or (request.expected and status not in request.expected):
            wrong.append(f"{name}: {status}")
    tracemalloc.start()
    try:
        for name, request in requests:
            if (most := memory(app, request)) >= MOST_MEMORY:
                wrong.append(f"{name}: {most / MEGABYTE:.1f} MB")
    finally:
        tracemalloc.stop()
    return wrong


FORM = "application/x-www-form-urlencoded"
REFUSED = frozenset({400, 413})


def repeated(text: str) -> str:
    return (text * (MEGABYTE // len(text.encode()) + 1))[:MEGABYTE]


def bodies() -> dict[str, tuple[bytes, str]]:
    """1 MB in every form that a body can have."""
    made = {
        kind: (f"email={text}&password={text}".encode()[:MEGABYTE], FORM)
        for kind, text in ((kind, repeated(text)) for kind, text in NASTY.items())
    }
    made["many fields"] = (b"a=b&" * (MEGABYTE // 4), FORM)
    made["escapes"] = (b"email=" + b"%CC%81" * (MEGABYTE // 6), FORM)
    made["deep JSON"] = (b"[" * MEGABYTE, "application/json")
    made["deep objects"] = (b'{"a":' * (MEGABYTE // 5), "application/json")
    text = json.dumps({"email": repeated(MARKS), "password": "x"}, ensure_ascii=False).encode()
    made["long JSON"] = (text, "application/json")
    made["deep XML"] = (b"<a>" * (MEGABYTE // 3), "text/xml")
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'
    made["many parts"] = (part * (MEGABYTE // len(part)) + b"--x--\r\n", "multipart/form-data; boundary=x")
    made["line ends"] = (b"--x\r\n" + b"\r\n" * (MEGABYTE // 2), "multipart/form-data; boundary=x")
    nested = b"--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    made["deep MIME"] = (nested * (MEGABYTE // len(nested)), "multipart/form-data; boundary=x")
    return made


HEADERS = (
    *(
        "Accept",
        "Accept-Charset",
        "Accept-Encoding",
        "Accept-Language",
        "Authorization",
        "Cache-Control",
        "Cookie",
    ),
    *(
        "Content-Type",
        "Host",
        "If-Modified-Since",
        "If-None-Match",
        "Range",
        "Referer",
        "Origin",
        "User-Agent",
    ),
    *(
        "X-CSRFToken",
        "X-Forwarded-For",
        "X-Requested-With",
        "X-Twilio-Signature",
        "HX-Request",
        "Authentication-Token",
    ),
)


def test_every_room_has_its_limits_or_is_the_staff_s(site: Flask) -> None:
    known = {*site.blueprints, *site.extensions["customers"].blueprints}
    assert set(ROOMS) <= known


def sizes(runtime: Runtime) -> dict[str, int]:
    with runtime.database.reading() as session:
        tables = Base.metadata.sorted_tables
        return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


@pytest.mark.parametrize("kind", sorted(bodies()))
def test_a_megabyte_is_refused_by_every_public_route_before_anything_is_made_of_it(
    site: Flask, office: Runtime, doors: list[Door], kind: str
) -> None:
    body, content_type = bodies()[kind]
    before = sizes(office)
    tries = [
        (f"{door} {kind}", Request(door.method, door.path, "", body, content_type, door.headers, REFUSED))
        for door in doors
    ]
    assert len(tries) > 30
    assert failures(site, tries) == []
    assert sizes(office) == before


@pytest.mark.parametrize("name", HEADERS)
def test_no_header_of_a_megabyte_is_parsed_by_any_public_route(
    site: Flask, doors: list[Door], name: str
) -> None:
    texts = ["en;q=0.1," * (MEGABYTE // 9), repeated("(((("), repeated("a=b; "), "é" * (MEGABYTE // 2)]
    refused = frozenset() if name == "Content-Type" else frozenset({400, 413, 431})  # that one is cut
    tries = [
        (f"{door} {name} {text[:8]}", Request(door.method, door.path, headers={name: text}, expected=refused))
        for door in doors
        for text in (texts if name in ("Accept-Language", "Cookie", "Content-Type") else texts[:1])
    ]
    assert failures(site, tries) == []


@pytest.mark.parametrize("name", HEADERS)
def test_the_longest_header_that_is_let_in_costs_nothing(site: Flask, doors: list[Door], name: str) -> None:
    texts = ["en-a;q=0.1," * 1_300, "(((( " * 2_900, "a=b;" * 3_600, "é" * 7_500, 'bytes=0-,"x",' * 1_100]
    tries = [
        (f"{door} {name} {text[:8]}", Request(door.method, door.path, headers={name: text}))
        for door in doors
        if door.method == "GET" and door.endpoint != "observe.metrics"
        for text in texts
    ]
    assert failures(site, tries) == []


@pytest.mark.parametrize("kind", ["marks", "numbers", "pairs", "many"])
def test_a_megabyte_of_query_or_path_is_refused(site: Flask, doors: list[Door], kind: str) -> None:
    text = "a=b&" * (MEGABYTE // 4) if kind == "many" else f"next={quote(NASTY[kind])}"
    long = repeated(NASTY["pairs" if kind == "many" else kind])
    paths = (f"/{long}", f"/reset/{long}", f"/in/{long}", "/" * MEGABYTE, f"/api/v1/contacts/{long}")
    refused = frozenset({414})
    tries = [(f"{door} {kind}", Request(door.method, door.path, text, expected=refused)) for door in doors]
    tries += [(f"path {path[:10]} {kind}", Request("GET", path, expected=refused)) for path in paths]
    assert failures(site, tries) == []


@pytest.mark.parametrize("kind", sorted(NASTY))
def test_the_most_that_is_let_into_a_field_costs_little(site: Flask, doors: list[Door], kind: str) -> None:
    """Each field of every form alone, filled up to the largest body of the room."""
    tries = []
    for door in doors:
        if door.method not in ("POST", "PUT"):
            continue
        room = ROOMS.get(door.endpoint.partition(".")[0], STRANGERS)
        text = NASTY[kind].replace("&", "%26").encode()[: room.body - 200].decode(errors="ignore")
        tries += [(f"{door} {name} {kind}", _filled(door, name, text)) for name in fields_of(site, door)]
        pairs = (b"a=b&" * room.body)[: room.body]
        if not door.headers:
            tries.append((f"{door} many", Request(door.method, door.path, "", pairs, FORM, {}, REFUSED)))
    asked = {name for door in doors for name in fields_of(site, door)}
    assert asked >= {"email", "password", "code", "credential", "stamp", "language", "body", "properties"}
    assert failures(site, tries) == []


def _filled(door: Door, name: str, text: str) -> Request:
    if door.headers:
        body, kind = json.dumps({name: text}, ensure_ascii=False).encode(), "application/json"
    else:
        body, kind = f"{name}={text}".encode(), FORM
    return Request(door.method, door.path, "", body, kind, door.headers)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Shorten what you entered, then send it again. Nothing was saved."),
        ("tr", "Yazdıklarınızı kısaltıp yeniden gönderin. Hiçbir şey kaydedilmedi."),
        ("fa", "نوشته‌تان را کوتاه کنید و دوباره بفرستید. چیزی ذخیره نشد."),
    ],
)
@pytest.mark.parametrize(
    "form",
    [
        {"email": "a" * 321, "password": "x"},
        {"email": "cem@example.com", "password": "x" * 1_001},
        {"email": "cem@example.com", "password": "x", "next": "/" * 2_001},
        {"email": "cem@example.com", "password": "x", "n" * 301: "y"},
        {str(number): "x" for number in range(51)},
        {"email": "cem@example.com", "password": "x" * 17_000},
    ],
    ids=["address", "password", "next", "name", "fields", "body"],
)
def test_who_signs_in_with_too_much_is_told_so_in_their_language(
    site: Flask, language: str, sentence: str, form: dict[str, str]
) -> None:
    page = site.test_client().post("/login", data=form, headers={"Accept-Language": language})
    assert page.status_code == 413 and sentence in page.text


def test_a_password_may_be_as_long_as_the_limit_says(site: Flask) -> None:
    form = {"email": "cem@example.com", "password": "x" * 1_000}
    answer = site.test_client().post("/login", data=form, environ_overrides=ELSEWHERE)
    assert answer.status_code == 200  # wrong, but read


@pytest.mark.parametrize("body", ['["email"]', '"email"', '{"email": {"a": "b"}}', '{"email": 5}', "["])
def test_json_that_is_no_form_is_no_error_of_ours(site: Flask, body: str) -> None:
    page = site.test_client().post("/login", data=body, content_type="application/json")
    assert page.status_code == 400


def test_a_customer_s_words_that_are_too_long_are_refused_in_their_language(
    site: Flask, doors: list[Door]
) -> None:
    survey = next(door for door in doors if door.endpoint == "survey.submit")
    sent = {"recommend.text": "ب" * 40_000}
    page = site.test_client().post(survey.path, data=sent, headers={"Accept-Language": "fa"})
    assert page.status_code == 413 and "لطفاً کوتاهش کنید و دوباره بفرستید. چیزی ذخیره نشد." in page.text


def test_a_long_note_in_an_expired_session_leads_to_the_sign_in(site: Flask) -> None:
    page = site.test_client().post("/desk/1/note", data={"note": "word " * 1_900})
    assert page.status_code == 302 and page.location.startswith("/login")


def test_whoever_has_signed_in_may_send_more_than_a_stranger(site: Flask, office: Runtime) -> None:
    with office.database.reading() as session:
        task = session.scalars(select(FollowUp.id).where(FollowUp.state == "open")).first()
    client = site.test_client()
    form = {"email": "lead@example.com", "password": factories_desk.PASSWORD}
    client.post("/login", data=form, environ_overrides=ELSEWHERE)
    assert client.post(f"/desk/{task}/note", data={"note": "word " * 1_900}).status_code == 303
    assert client.post(f"/desk/{task}/note", data={"note": "x" * 60_002}).status_code == 413
    assert client.post(f"/desk/{task}/note", data={"note": "x" * 3 * MEGABYTE}).status_code == 413


@pytest.mark.parametrize("read", [EmailAddress.parse, hashed, fold_any, lambda text: fold(text, "fa")])
def test_what_reads_text_elsewhere_is_quick_as_well(read: Callable[[str], object]) -> None:
    """The command line, an import and a reply come in through no page."""
    before = time.thread_time()
    with contextlib.suppress(ValueError, Rejected):
        read(MARKS * 3)
    assert not too_long(time.thread_time() - before, 3 * MOST_SECONDS)


@pytest.mark.parametrize("name", ["Accept", "Accept-Encoding", "Accept-Language", "User-Agent", "Cookie"])
def test_headers_that_differ_from_request_to_request_fill_no_memory(
    site: Flask, office: Runtime, doors: list[Door], name: str
) -> None:
    with office.database.reading() as session:
        link = session.scalars(select(Link.token).order_by(Link.id.desc())).first()

    def visit(number: int, header: str) -> None:
        for method in ("GET", "POST"):
            environ = Request(method, f"/in/{link}", "", b"recommend=9", FORM, {name: header}).environ()
            environ["REMOTE_ADDR"] = f"198.51.{number // 250}.{number % 250}"
            run_wsgi_app(site.wsgi_app, environ, buffered=True)

    def kept(numbers: range, header: Callable[[int], str]) -> int:
        """Bytes that are in memory after the visits and were not before."""
        tracemalloc.start()
        try:
            for number in numbers:
                visit(number, header(number))
            gc.collect()
            return tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()

    rest = ";q=0.5," + "a;q=0.1," * 1_800
    visit(0, rest)
    the_same = kept(range(1, 81), lambda _: "0" + rest)  # other tests' threads and logs keep memory, too
    differing = kept(range(81, 161), lambda number: f"{number}{rest}")
    assert differing - the_same < MEGABYTE / 2  # 80 headers have 1.2 MB, and were kept for a day or for good


def test_an_address_that_a_proxy_passes_on_is_cut_before_it_is_remembered() -> None:
    assert rate_limits.network_of("9" * MEGABYTE) == "unknown"
    assert rate_limits.network_of("2001:db8:1:2::1%" + "x" * MEGABYTE) == "2001:db8:1:2::/64"


def test_the_counters_of_visitors_are_bounded_and_the_longest_limit_is_kept() -> None:
    limits = rate_limits.Limits()
    once_a_day = rate_limits.RateLimit(1, 86_400)
    assert limits.hit(once_a_day, "1/a browser", "198.51.100.7")
    for number in range(rate_limits.MOST_COUNTERS + 100):
        limits.hit(rate_limits.POSTS, "post", f"2001:db8:{number:x}::1")
    assert len(limits.counters) <= rate_limits.MOST_COUNTERS
    assert not limits.hit(once_a_day, "1/a browser", "198.51.100.7")


def test_the_longest_answer_to_an_open_question_fits_into_a_form() -> None:
    """Written with signs that take four bytes each, which a browser sends as twelve."""
    form = {"why": "\U0001f600" * MAX_TEXT, "stamp": "x" * 60, "seen": "1", "website": ""}
    assert len(urlencode(form)) < ROOMS["survey"].body
