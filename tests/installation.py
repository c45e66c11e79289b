"""An installation as its operator and the outside world know it: settings, commands, pages, a worker, providers.

`tests/data/upgrades/make.py` makes an installation with it, `tests/test_upgrade.py` opens one that an earlier release
made. So that both go on working while the inside of the program moves, nothing here reaches past the commands, the
addresses of pages and hooks, and the start of web and worker; the imports below are all there are.
"""

from __future__ import annotations

import csv
import gc
import html
import io
import json
import re
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy
import time_machine
from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from feedback import bootstrap, clock
from feedback.cli import main
from feedback.services.messaging import reconciliation
from feedback.settings import load
from feedback.web.app import create_app
from feedback.worker import Worker
from tests.fakes.fake_smtp import FakeSmtp
from tests.fakes.fake_twilio import AUTH_TOKEN, OUR_NUMBER, FakeTwilio, Message, signature

PUBLIC_URL = "https://s.example.com"
PASSWORD = "correct horse battery"
LINK = re.compile(re.escape(PUBLIC_URL) + r"(/\w{12})\b")
HOOKS = f"{PUBLIC_URL}/hooks/twilio_sms"
"""Where a provider was told to post; what stands in its console is not changed by an upgrade of ours."""


class Chat:
    """The incoming webhooks of a Slack and a Teams channel: /slack takes everything, /teams is gone."""

    def __init__(self) -> None:
        self.notices: list[tuple[str, Any]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(handler) -> None:  # noqa: N805 - the library's name; `self` is the chat
                content = handler.rfile.read(int(handler.headers["Content-Length"]))
                self.notices.append((handler.path, json.loads(content)))
                handler.send_response(200 if handler.path == "/slack" else 410)
                handler.send_header("Content-Length", "0")
                handler.end_headers()

            def log_message(handler, *_: object) -> None:  # noqa: N805
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Chat:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Outside:
    """Everybody whom the installation talks to, all of them on this machine."""

    twilio: FakeTwilio
    smtp: FakeSmtp
    chat: Chat

    @property
    def environ(self) -> dict[str, str]:
        """What the settings have to say differently for this."""
        return {
            "FEEDBACK_TWILIO_BASE_URL": self.twilio.url,
            "FEEDBACK_SMTP_HOST": "127.0.0.1",
            "FEEDBACK_SMTP_PORT": str(self.smtp.port),
            "FEEDBACK_SMTP_SECURITY": "none",
            "FEEDBACK_SMTP_USERNAME": "",
            "FEEDBACK_SMTP_PASSWORD": "",
            "FEEDBACK_ALERTS_SLACK_WEBHOOK": f"{self.chat.url}/slack",
            "FEEDBACK_ALERTS_TEAMS_WEBHOOK": f"{self.chat.url}/teams",
        }


@contextmanager
def outside() -> Iterator[Outside]:
    with ExitStack() as stack:
        enter = stack.enter_context
        yield Outside(enter(FakeTwilio()), enter(FakeSmtp()), enter(Chat()))


@dataclass
class Browser:
    """Somebody at the public address."""

    client: FlaskClient

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, base_url=PUBLIC_URL)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.client.post(path, base_url=PUBLIC_URL, **options)

    def send(self, path: str, **fields: Any) -> TestResponse:
        """Post a form that must be accepted."""
        answer = self.post(path, data=fields)
        assert answer.status_code == 303, f"{path}: {answer.status_code}\n{answer.text}"
        return answer

    def page(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    def figures(self, path: str, names: frozenset[str] = frozenset()) -> list[list[str]]:
        """The numbers, days and `names` in a table that was taken away as CSV; its words may be put better."""
        rows = list(csv.reader(io.StringIO(self.page(path).lstrip("\ufeff"))))[1:]
        return [[cell for cell in row if cell in names or re.fullmatch(r"[-+\d.:% ]+", cell)] for row in rows]


@dataclass
class Installation:
    """The installation in `instance`; `environ` are the variables that its processes see."""

    instance: Path
    outside: Outside
    environ: dict[str, str] = field(default_factory=dict)

    def variables(self) -> dict[str, str]:
        return {**self.outside.environ, **self.environ, "FEEDBACK_INSTANCE": str(self.instance)}

    def cli(self, *arguments: str, given: str | bytes | None = None) -> Result:
        """A command of `feedback`; an unexpected exception is the test's failure, not an exit code."""
        with warnings.catch_warnings():
            # A command's process ends with its connections; here they are left to the collector.
            warnings.simplefilter("ignore", ResourceWarning)
            result = CliRunner(env=self.variables()).invoke(main, arguments, input=given)
            if isinstance(result.exception, SystemExit):
                result.exception.__traceback__ = result.exc_info = None
            gc.collect()
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def done(self, *arguments: str, given: str | bytes | None = None) -> str:
        """The output of a command that must succeed."""
        result = self.cli(*arguments, given=given)
        assert result.exit_code == 0, result.output
        return result.output

    @contextmanager
    def running(self) -> Iterator[Running]:
        """Web and worker, as `feedback run` starts them, but that the worker ticks when it is told to."""
        runtime = bootstrap.start(load(self.instance, self.variables()))
        app = create_app(runtime)
        app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
        try:
            worker = Worker(runtime, clock.now)
            # How long a provider has known nothing is told by the machine's uptime, which a test cannot move.
            worker._timer = reconciliation.UnconfirmedTimer(lambda: clock.now().timestamp())
            yield Running(runtime, app, worker, self.outside)
        finally:
            runtime.database.close()


@dataclass
class Running:
    runtime: Any
    app: Any
    worker: Any
    outside: Outside

    def browser(self) -> Browser:
        """A customer's, without cookies."""
        return Browser(self.app.test_client(use_cookies=False))

    def sign_in(self, who: str) -> Browser:
        browser = Browser(self.app.test_client())
        signed = browser.post("/login", data={"email": f"{who}@example.com", "password": PASSWORD})
        assert signed.status_code == 302, signed.text
        return browser

    def tick(self, times: int = 1) -> None:
        for _ in range(times):
            self.worker.tick()

    def api(self, method: str, path: str, key: str, body: Mapping[str, Any] | None = None) -> TestResponse:
        client = self.app.test_client(use_cookies=False)
        headers = {"Authorization": f"Bearer {key}"}
        return client.open(f"/api/v1{path}", method=method, json=body, headers=headers, base_url=PUBLIC_URL)

    # Customers

    def answer(self, link: str, *, touched: bool = True, **given: str) -> None:
        """Answer these questions in this order, each twenty seconds after it was opened."""
        browser = self.browser()
        for question, value in given.items():
            page = browser.page(link)
            found = re.search(r'name="stamp" value="([^"]+)"', page)
            assert found and f'name="{question}"' in page, f"{link} does not ask {question}"
            fields = {"stamp": found[1], question: value} | ({"seen": "1"} if touched else {"website": "x"})
            with time_machine.travel(clock.now() + timedelta(seconds=20), tick=False):
                action = re.search(r'<form[^>]* action="([^"]+)"', page)
                link = browser.send(html.unescape(action[1]) if action else link, **fields).headers[
                    "Location"
                ]

    def reply(self, phone: str, words: str) -> TestResponse:
        """A text message that comes in."""
        message = self.outside.twilio.receive(phone, OUR_NUMBER, words)
        form = {"MessageSid": message.sid, "SmsSid": message.sid, "Body": words, "NumMedia": "0"}
        form |= {"AccountSid": self.outside.twilio.account_sid, "From": phone, "To": OUR_NUMBER}
        return self.posted_by_twilio(f"{HOOKS}/reply", {**form, "SmsStatus": "received"})

    def receipt(self, message: Message, status: str, code: int | None = None) -> TestResponse:
        message.error_code = code
        form = self.outside.twilio.receipt_form(message, status)
        return self.posted_by_twilio(message.callback or "", form)

    def posted_by_twilio(self, url: str, form: Mapping[str, str]) -> TestResponse:
        url = url.partition("#")[0]
        parts = urlsplit(url)
        headers = {"X-Twilio-Signature": signature(AUTH_TOKEN, url, form)}
        return self.browser().post(f"{parts.path}?{parts.query}".rstrip("?"), data=form, headers=headers)

    # What is stored

    def rows(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """Plain SQL, for names that do not change."""
        return rows(self.runtime.settings.database.url.reveal(), statement, **values)


def rows(url: str, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    engine = sqlalchemy.create_engine(_driver(url), poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sqlalchemy.text(statement), values)]


def counts(url: str) -> dict[str, int]:
    """How many rows each table has."""
    engine = sqlalchemy.create_engine(_driver(url), poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        tables = sorted(sqlalchemy.inspect(connection).get_table_names())
        found = {
            table: connection.scalar(sqlalchemy.text(f'SELECT count(*) FROM "{table}"')) for table in tables
        }
    return {table: int(number or 0) for table, number in found.items()}


def _driver(url: str) -> str:
    return re.sub(r"^postgres(ql)?:", "postgresql+psycopg:", url)


def link_in(text: str) -> str:
    """The survey link of a message, without the address in front of it."""
    found = LINK.search(text)
    assert found, text
    return found[1]


def returned(to: str, address: str) -> bytes:
    """A delivery report as a mail server writes it."""
    return (
        f"From: MAILER-DAEMON@mx.example.com\r\nTo: {to}\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\r\n\r\n'
        "--B\r\nContent-Type: text/plain\r\n\r\nIt came back.\r\n"
        "--B\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\n"
        f"Final-Recipient: rfc822; {address}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--B--\r\n"
    ).encode()


def value_of(settings: Any, name: str) -> Any:
    for part in name.split("."):
        settings = getattr(settings, part)
    return settings


def written(value: Any) -> Any:
    """A setting as text that does not depend on how the program holds it."""
    if hasattr(value, "reveal"):
        return value.reveal()
    if isinstance(value, tuple | list):
        return [written(each) for each in value]
    if hasattr(value, "items"):
        return {key: written(each) for key, each in value.items()}
    return str(value)


# What an installation shows ------------------------------------------------------------------------------------

QUEUE = re.compile(r'class="name" href="/desk/(\d+)"')
CODE = re.compile(r"\bF\d{3}\b")
TABLES = {
    "deliveries by day": "/deliveries/?days=30&export=days.csv",
    "failed": "/deliveries/?days=30&export=failed.csv",
    "called off": "/deliveries/?days=30&export=called-off.csv",
    "not asked": "/deliveries/?days=30&export=not-asked.csv",
    "scores": "/insights/?export=scores.csv",
    "support": "/insights/scores/support-csat/satisfaction?export=score.csv",
    "support, distribution": "/insights/scores/support-csat/satisfaction?export=distribution.csv",
    "support, by segment": "/insights/scores/support-csat/satisfaction?export=by-segment.csv",
    "support, response rates": "/insights/scores/support-csat/satisfaction?export=rates.csv",
    "accounts": "/insights/accounts?order=renewal&export=accounts.csv",
    "outcomes": "/insights/loop?export=outcomes.csv",
    "causes": "/insights/loop?export=causes.csv",
    "recovered": "/insights/loop?export=recovered.csv",
}


def observed(installation: Installation, running: Running, key: str) -> dict[str, Any]:
    """What leads, colleagues, programs and operators see of it at this moment; as JSON has it."""
    lead, admin = running.sign_in("lead"), running.sign_in("admin")
    names = frozenset(name for (name,) in running.rows("SELECT name FROM account"))
    contacts = [row[0] for row in running.rows("SELECT external_id FROM contact WHERE erased_at IS NULL")]
    return {
        "queue": QUEUE.findall(lead.page("/desk/")),
        "closed": sorted(QUEUE.findall(lead.page("/desk/?state=closed")), key=int),
        "queue of a colleague": QUEUE.findall(running.sign_in("cem").page("/desk/")),
        "tables": {name: admin.figures(path, names) for name, path in TABLES.items()},
        "contacts": {
            each: running.api("GET", f"/contacts/{each}", key).get_json() for each in sorted(contacts)
        },
        "doctor": sorted(set(CODE.findall(installation.cli("doctor", "--deep").output))),
        "plan": installation.done("plan", "--days", "14").count("\n"),
    }
