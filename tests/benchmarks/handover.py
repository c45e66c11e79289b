"""Handing a message over: our call to the provider beside the bare call of its SDK, to the same fake over real sockets.

Processor time of this thread for each message. Both keep one connection, and take turns, because the machine's other
programs change the time of both. The SDK of e-mail is the standard library's `smtplib`.
"""

from __future__ import annotations

import smtplib
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from feedback.providers.base import Deadline, Outgoing
from tests import outbox_processes
from tests.fakes.fake_smtp import FakeSmtp
from tests.fakes.fake_twilio import ACCOUNT_SID, AUTH_TOKEN
from tests.providers.examples import email, sms
from tests.providers.made import smtp_email, twilio_sms

ROUNDS = 15
TIMES = 20
"""Messages in each round."""
BAR = 1.5

Call = Callable[[int], object]


def measure() -> dict[str, Any]:
    """Milliseconds for each message and the ratio, by provider."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="feedback-handover-") as directory:
        with _sms(Path(directory)) as calls:
            found["twilio_sms"] = _compare(*calls)
        with _mail() as calls:
            found["smtp_email"] = _compare(*calls)
    return found


def table(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"{'handed over to':16}{'ours ms':>9}{'SDK ms':>9}{'ratio':>7}  (bar: {BAR})"
    for provider, each in found.items():
        yield f"{provider:16}{each['ours']:9.2f}{each['sdk']:9.2f}{each['ratio']:7.2f}"


def _compare(ours: Call, sdk: Call) -> dict[str, float]:
    for number in range(5):
        ours(number)
        sdk(number)
    pairs = [(_each(ours), _each(sdk)) for _ in range(ROUNDS)]
    return {
        "ours": statistics.median(a for a, _ in pairs),
        "sdk": statistics.median(b for _, b in pairs),
        "ratio": statistics.median(a / b for a, b in pairs),
    }


def _each(call: Call) -> float:
    before = time.thread_time()
    for number in range(TIMES):
        call(number)
    return (time.thread_time() - before) * 1_000 / TIMES


def _until(outgoing: Outgoing, number: int) -> Outgoing:
    return replace(outgoing, message_id=number + 1, deadline=Deadline.after(30))


@contextmanager
def _sms(directory: Path) -> Iterator[tuple[Call, Call]]:
    with outbox_processes.fake_twilio(directory / "twilio.jsonl") as url:
        account = {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN, "sender": "+15005550006"}
        provider = twilio_sms(base_url=url, public_url="https://s.example.com", **account)
        outgoing = sms()
        client = Client(ACCOUNT_SID, AUTH_TOKEN, http_client=_Aimed(url))
        options = provider._parameters(outgoing)
        yield (
            lambda number: provider.send(_until(outgoing, number)),
            lambda _: client.messages.create(**options),
        )


class _Aimed(TwilioHttpClient):  # type: ignore[misc]  # the library is untyped
    """The SDK's own client, at another address."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._base = urlsplit(url)

    def request(self, method: str, url: str, *args: Any, **options: Any) -> Any:
        aimed = urlunsplit(urlsplit(url)._replace(scheme=self._base.scheme, netloc=self._base.netloc))
        return super().request(method, aimed, *args, **options)


@contextmanager
def _mail() -> Iterator[tuple[Call, Call]]:
    with FakeSmtp() as server:
        provider = smtp_email(host="127.0.0.1", port=server.port, security="plain", sender="a@acme.example")
        outgoing = email()
        headers = {name: str(value) for name, value in provider.compose(outgoing).items()}
        bare = smtplib.SMTP("127.0.0.1", server.port)
        yield (
            lambda number: provider.send(_until(outgoing, number)),
            lambda _: bare.send_message(_message(outgoing, headers)),
        )
        bare.quit()


def _message(outgoing: Outgoing, headers: Mapping[str, str]) -> EmailMessage:
    """The same mail as ours."""
    message = EmailMessage()
    message.set_content(outgoing.body)
    if outgoing.html:
        message.add_alternative(outgoing.html, subtype="html")
    for name in headers.keys() - {"MIME-Version", "Content-Type", "Content-Transfer-Encoding"}:
        message[name] = headers[name]
    return message
