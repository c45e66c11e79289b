"""A Twilio that remembers: the Messages part of its REST API over a real socket, with faults on demand.

In a test:   with FakeTwilio() as twilio: TwilioSms(base_url=twilio.url, ...)
On its own:  python -m tests.fakes.fake_twilio --port 0 --log FILE [--latency 0.15] ...

The log (JSON lines, only ever appended to, written before any answer) is the oracle: what it holds as
"accepted" is what customers would have received, whatever the sender believes. Answers and errors have the
shapes of Twilio's own (twilio.com/docs/messaging/api/message-resource); the signature is computed here
independently of Twilio's library.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import hmac
import io
import json
import random
import re
import select
import socket
import sys
import threading
import time
import uuid
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

import requests

ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
AUTH_TOKEN = "fedcba9876543210" * 2
OUR_NUMBER = "+15005550006"

FAULTS = (
    "429",
    "429_retry_after",
    "500_before",
    "500_after",
    "502_before",
    "502_after",
    "drop_before",
    "drop_after",
    "late_accept",
    "slow_body",
    "html_200",
    "wrong_json",
    "empty_json",
    "problem_400",
)
AFTER_ACCEPT = {"500_after", "502_after", "drop_after", "late_accept", "slow_body"}
"""Faults that the customer does not notice: the message is sent."""

MAGIC_FAULTS = {f"+150055510{index:02d}": fault for index, fault in enumerate(FAULTS)}
"""A number for each fault, of the kind that Twilio itself has for errors."""

MAGIC_TO = {  # Twilio's own (docs: test credentials)
    "+15005550001": (21211, "The 'To' number is not a valid phone number."),
    "+15005550002": (21612, "The 'To' phone number is not currently reachable via SMS."),
    "+15005550003": (21408, "Permission to send an SMS has not been enabled for the region."),
    "+15005550004": (21610, "Attempt to send to unsubscribed recipient"),
    "+15005550009": (21614, "'To' number is not a valid mobile number"),
}
MAGIC_FROM = {
    "+15005550001": (21212, "The 'From' number is not a valid phone number."),
    "+15005550007": (21606, "The 'From' phone number is not a valid, SMS-capable number for your account."),
    "+15005550008": (21611, "This 'From' number has exceeded the maximum number of queued messages"),
}
GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_DOUBLE = frozenset("^{}\\[~]|€\f")

Callbacks = Literal["never", "once", "twice", "shuffled", "early"]


@dataclass(slots=True)
class Message:
    """One message as Twilio keeps it."""

    sid: str
    to: str
    from_: str | None
    body: str
    direction: str
    status: str
    created: float
    service: str | None = None
    callback: str | None = None
    error_code: int | None = None
    parameters: dict[str, str] = field(default_factory=dict)

    def as_json(self, account_sid: str) -> dict[str, Any]:
        uri = f"/2010-04-01/Accounts/{account_sid}/Messages/{self.sid}"
        when = format_datetime(datetime.fromtimestamp(self.created, UTC))
        unsent = self.status in ("queued", "accepted")
        return {
            "account_sid": account_sid,
            "api_version": "2010-04-01",
            "body": self.body,
            "date_created": when,
            "date_sent": None if unsent else when,
            "date_updated": when,
            "direction": self.direction,
            "error_code": self.error_code,
            "error_message": None,
            "from": self.from_,
            "messaging_service_sid": self.service,
            "num_media": "0",
            "num_segments": "0" if self.status == "accepted" else str(segments(self.body)),
            "price": None,
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": self.to,
            "uri": f"{uri}.json",
        }


class TwilioError(Exception):
    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def as_json(self) -> dict[str, Any]:
        more = f"https://www.twilio.com/docs/errors/{self.code}"
        return {"code": self.code, "message": self.message, "more_info": more, "status": self.status}


class FakeTwilio:
    """The account, its messages, and the server in front of them."""

    def __init__(
        self,
        *,
        port: int = 0,
        log: Path | None = None,
        latency: float = 0.0,
        send_latency: float = 0.0,
        rate: float = 0.0,
        seed: int = 0,
        random_faults: Iterable[str] = FAULTS,
        late_by: float = 1.0,
        list_lag: float = 0.0,
        callbacks: Callbacks = "never",
        final_status: str = "delivered",
        inbound_url: str | None = None,
        deliver_to: str | None = None,
    ) -> None:
        """`rate` of sends get one of `random_faults`; `late_by`, `latency` of all calls, `send_latency` before a
        message is taken, and `list_lag` are in seconds.

        Callbacks are signed for the URL that the sender gave; where `deliver_to` (scheme and host) is set,
        they are posted there instead, as a reverse proxy would.
        """
        self.account_sid, self.auth_token = ACCOUNT_SID, AUTH_TOKEN
        self.logins = {(ACCOUNT_SID, AUTH_TOKEN)}
        self.messages: list[Message] = []
        self._index: dict[str, list[Message]] = defaultdict(list)
        self._indexed = 0
        self._newest: Message | None = None
        self.opted_out: set[str] = set()
        self.next_faults: deque[str] = deque()
        self.refuse_all_with: int | None = None  # an error code
        self.incomplete = 0
        self.list_down = False
        self.latency, self.late_by, self.list_lag = latency, late_by, list_lag
        self.send_latency = send_latency
        self.callbacks, self.final_status = callbacks, final_status
        self.inbound_url, self.deliver_to = inbound_url, deliver_to
        self.callback_answers: list[int] = []
        self.untrue: dict[str, Any] = {}  # fields of a message that every answer gets wrong on purpose
        self._rate, self._random, self._random_faults = rate, random.Random(seed), tuple(random_faults)
        self._log = log.open("a", encoding="utf-8") if log else None
        self._lock = threading.RLock()
        self._background: list[threading.Thread] = []
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.twilio = self

    # Running

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> FakeTwilio:
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self.settle()
        self._server.server_close()
        if self._log:
            self._log.close()

    def serve(self) -> None:
        self._server.serve_forever(poll_interval=0.02)

    def settle(self) -> None:
        """Wait for everything that goes on in the background: late acceptances, callbacks."""
        while self._background:
            self._background.pop().join()

    def in_background(self, work: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        thread.start()
        self._background.append(thread)

    def note(self, event: str, **details: Any) -> None:
        if self._log:
            with self._lock:
                self._log.write(json.dumps({"event": event, "at": time.time(), **details}) + "\n")
                self._log.flush()

    # Messages

    def outbound(self) -> list[Message]:
        return [message for message in self.messages if message.direction != "inbound"]

    def shown(self, message: Message) -> dict[str, Any]:
        """The message as the API gives it."""
        return message.as_json(self.account_sid) | self.untrue

    def fault_for(self, to: str) -> str | None:
        with self._lock:
            if self.next_faults:
                return self.next_faults.popleft()
            if to in MAGIC_FAULTS:
                return MAGIC_FAULTS[to]
            return self._random.choice(self._random_faults) if self._random.random() < self._rate else None

    def accept(self, form: Mapping[str, str]) -> Message:
        service = form.get("MessagingServiceSid")
        message = Message(
            sid=f"SM{uuid.uuid4().hex}",
            to=form["To"],
            from_=None if service else form["From"],
            body=form["Body"],
            direction="outbound-api",
            status="accepted" if service else "queued",
            created=time.time(),
            service=service,
            callback=form.get("StatusCallback"),
            parameters=dict(form),
        )
        with self._lock:
            self.note("accepted", sid=message.sid, to=message.to, body=message.body)
            self.messages.append(message)
        if message.callback and self.callbacks == "early":
            self._report(message, ("sent", self.final_status))
        return message

    def receive(self, from_: str, to: str, body: str, **extra: str) -> Message:
        """A customer writes: the message is kept, and posted to `inbound_url` where there is one."""
        message = Message(f"SM{uuid.uuid4().hex}", to, from_, body, "inbound", "received", time.time())
        with self._lock:
            self.note("received", sid=message.sid, to=to, body=body)
            self.messages.append(message)
        form = {
            "ToCountry": "US",
            "SmsMessageSid": message.sid,
            "NumMedia": "0",
            "SmsSid": message.sid,
            "SmsStatus": "received",
            "Body": body,
            "To": to,
            "NumSegments": str(segments(body)),
            "MessageSid": message.sid,
            "AccountSid": self.account_sid,
            "From": from_,
            "ApiVersion": "2010-04-01",
            **extra,
        }
        if self.inbound_url:
            self.in_background(self.post, self.inbound_url, form)
        return message

    def forget(self, message: Message) -> None:
        with self._lock:
            self.messages.remove(message)
            self._indexed = sys.maxsize  # so that the next look indexes them again
        self.note("deleted", sid=message.sid)

    def page(self, query: Mapping[str, str]) -> dict[str, Any]:
        size = min(int(query.get("PageSize", "50")), 1000)
        visible = time.time() - self.list_lag
        wanted = [
            message
            for message in reversed(self._sent_to(query.get("To")))
            if message.created <= visible and query.get("From") in (None, message.from_)
        ]
        sids = [message.sid for message in wanted]
        after = query.get("PageToken", "").removeprefix("PA")
        start = sids.index(after) + 1 if after in sids else 0
        page = wanted[start : start + size]
        base = f"/2010-04-01/Accounts/{self.account_sid}/Messages.json"
        filters = {name: query[name] for name in ("To", "From") if name in query} | {"PageSize": str(size)}
        more = start + size < len(wanted)
        number = int(query.get("Page", "0"))
        following = {**filters, "Page": str(number + 1), "PageToken": f"PA{page[-1].sid}"} if more else {}
        return {
            "messages": [self.shown(message) for message in page],
            "first_page_uri": f"{base}?{urlencode(filters | {'Page': '0'})}",
            "next_page_uri": f"{base}?{urlencode(following)}" if more else None,
            "previous_page_uri": None,
            "page": number,
            "page_size": size,
            "start": start,
            "end": start + len(page) - 1,
            "uri": f"{base}?{urlencode(query)}",
        }

    def _index_is_old(self) -> bool:
        """Whether somebody has taken messages away since the last look, and put others there."""
        known = self._indexed
        return known > len(self.messages) or (known > 0 and self.messages[known - 1] is not self._newest)

    def _sent_to(self, number: str | None) -> list[Message]:
        """All messages, or those to a number: by an index of what came since the last look, because reading a hundred
        thousand for each of them would take longer than what is tried with them."""
        with self._lock:
            if number is None:
                return list(self.messages)
            if self._index_is_old():
                self._index, self._indexed = defaultdict(list), 0
            for message in self.messages[self._indexed :]:
                self._index[message.to].append(message)
            self._indexed = len(self.messages)
            self._newest = self.messages[-1] if self.messages else None
            return list(self._index[number])

    # Calling back

    def call_back(self, message: Message, answered: threading.Event) -> None:
        """Report on the message once its sender has the answer."""
        statuses = {
            "once": ("sent", self.final_status),
            "twice": ("sent", "sent", self.final_status, self.final_status),
            "shuffled": (self.final_status, "sent"),
        }.get(self.callbacks, ())
        if message.callback and statuses:
            self.in_background(self._report, message, statuses, answered)

    def _report(
        self, message: Message, statuses: Iterable[str], answered: threading.Event | None = None
    ) -> None:
        if answered:
            answered.wait(10)
        for status in statuses:
            message.status = status
            self.post(message.callback or "", self.receipt_form(message, status))

    def receipt_form(self, message: Message, status: str) -> dict[str, str]:
        form = {
            "SmsSid": message.sid,
            "SmsStatus": status,
            "MessageStatus": status,
            "To": message.to,
            "MessageSid": message.sid,
            "AccountSid": self.account_sid,
            "From": message.from_ or OUR_NUMBER,
            "ApiVersion": "2010-04-01",
        }
        return form | ({"ErrorCode": str(message.error_code)} if message.error_code else {})

    def post(self, url: str, form: Mapping[str, str]) -> None:
        """Post a signed form, as Twilio does; the answer's status is kept, 0 for none."""
        signed = urlunsplit(urlsplit(url)._replace(fragment=""))
        headers = {
            "X-Twilio-Signature": signature(self.auth_token, signed, form),
            "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
            "User-Agent": "TwilioProxy/1.1",
        }
        status = 0
        with contextlib.suppress(requests.RequestException):
            answer = requests.post(self._delivered_at(signed), data=dict(form), headers=headers, timeout=15)
            status = answer.status_code
        self.callback_answers.append(status)
        self.note("posted", status=status, message=form.get("MessageSid"), word=form.get("MessageStatus"))

    def _delivered_at(self, url: str) -> str:
        if not self.deliver_to:
            return url
        there = urlsplit(self.deliver_to)
        return urlunsplit(urlsplit(url)._replace(scheme=there.scheme, netloc=there.netloc))


def signature(token: str, url: str, form: Mapping[str, str]) -> str:
    """X-Twilio-Signature: HMAC-SHA1 of the URL and the sorted parameters, in base64."""
    text = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def segments(body: str) -> int:
    """SMS parts: 160 or 153 GSM-7 septets, 70 or 67 UTF-16 units."""
    if set(body) <= GSM7 | GSM7_DOUBLE:
        size, single, part = len(body) + sum(char in GSM7_DOUBLE for char in body), 160, 153
    else:
        size, single, part = len(body.encode("utf-16-le")) // 2, 70, 67
    return 1 if size <= single else -(-size // part)


def times_accepted(log: Path, token_pattern: str) -> Counter[str]:
    """How often each token (the pattern's first group, or the match) was accepted, by the log."""
    counts: Counter[str] = Counter()
    for line in log.read_text("utf-8").splitlines():
        entry = json.loads(line)
        match = re.search(token_pattern, entry.get("body", "")) if entry["event"] == "accepted" else None
        if match:
            counts[match.group(match.lastindex or 0)] += 1
    return counts


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    twilio: FakeTwilio

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._arriving = threading.Lock()
        self._rests: dict[socket.socket, bool] = {}

    def get_request(self) -> tuple[Any, Any]:
        with self._arriving:
            arrived = super().get_request()
            self._rests[arrived[0]] = False
        return arrived

    def shutdown_request(self, request: Any) -> None:
        self._rests.pop(request, None)
        super().shutdown_request(request)

    @contextlib.contextmanager
    def resting(self, connection: Any) -> Iterator[None]:
        """In here, the thread of a connection has nothing to do: it waits for a request, or on purpose."""
        self._rests[connection] = True
        try:
            yield
        finally:
            self._rests[connection] = False

    def catch_up(self, connection: Any) -> None:
        """Wait until everything is read and done that was sent before now. On a busy machine a thread may wait for
        seconds for its turn, and a list that lacks what has arrived would be a lag that nobody asked for."""
        with self.resting(connection):
            while self._is_behind():
                time.sleep(0.002)

    def _is_behind(self) -> bool:
        with self._arriving:
            others = list(self._rests.items())
            return _has_input(self.socket) or any(not rests or _has_input(each) for each, rests in others)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


def _has_input(waiting: socket.socket) -> bool:
    return waiting.fileno() >= 0 and bool(select.select([waiting], [], [], 0)[0])


class _Requests(io.RawIOBase):
    """What comes over a connection. Its thread rests until there is something, and takes it only afterwards."""

    def __init__(self, server: _Server, connection: socket.socket) -> None:
        self._server, self._connection = server, connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with self._server.resting(self._connection):
            select.select([self._connection], [], [])
        return self._connection.recv_into(buffer)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet; written apart they cost 40 ms each (delayed acknowledgement)
    disable_nagle_algorithm = True

    @property
    def twilio(self) -> FakeTwilio:
        return cast(_Server, self.server).twilio

    def setup(self) -> None:
        super().setup()
        self.rfile = io.BufferedReader(_Requests(cast(_Server, self.server), self.connection))

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _sleep(self, seconds: float) -> None:
        if seconds:
            with cast(_Server, self.server).resting(self.connection):
                time.sleep(seconds)

    def do_GET(self) -> None:
        self._serve(self._get)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # the sender stopped in the middle of its request
            self.twilio.incomplete += 1
            self.close_connection = True
            return
        self._serve(self._post, body.decode("utf-8"))

    def do_DELETE(self) -> None:
        self._serve(self._delete)

    def _serve(self, work: Callable[..., None], *args: Any) -> None:
        if self.path.startswith("/_fake/"):
            self._control(*args)
            return
        self._sleep(self.twilio.latency)
        try:
            self._authenticate()
            work(*args)
        except TwilioError as error:
            self._answer(error.status, error.as_json())

    def _authenticate(self) -> None:
        scheme, _, secret = (self.headers.get("Authorization") or "").partition(" ")
        try:
            user, _, password = base64.b64decode(secret).decode().partition(":")
        except ValueError:
            user = password = ""
        if scheme.lower() != "basic" or (user, password) not in self.twilio.logins:
            raise TwilioError(401, 20003, "Authenticate")

    def _resource(self) -> str | None:
        """The SID of the message that the path names, or None for all of them."""
        path = (
            rf"/2010-04-01/Accounts/{self.twilio.account_sid}/Messages(?:/((?:SM|MM)[0-9a-f]{{32}}))?\.json"
        )
        match = re.fullmatch(path, urlsplit(self.path).path)
        if not match:
            raise TwilioError(404, 20404, f"The requested resource {urlsplit(self.path).path} was not found")
        return match.group(1)

    def _message(self, sid: str) -> Message:
        for message in self.twilio.messages:
            if message.sid == sid:
                return message
        raise TwilioError(404, 20404, f"The requested resource /Messages/{sid}.json was not found")

    def _get(self) -> None:
        sid = self._resource()
        if sid:
            self._answer(200, self.twilio.shown(self._message(sid)))
        elif self.twilio.list_down:
            raise TwilioError(503, 20503, "Service unavailable")
        else:
            cast(_Server, self.server).catch_up(self.connection)
            query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            self._answer(200, self.twilio.page(query))

    def _delete(self) -> None:
        message = self._message(self._resource() or "")
        self.twilio.forget(message)
        self._answer(204, None)

    def _post(self, body: str) -> None:
        sid = self._resource()
        form = dict(parse_qsl(body, keep_blank_values=True))
        if sid:
            message = self._message(sid)
            message.body = form.get("Body", message.body)
            self.twilio.note("redacted", sid=sid)
            self._answer(200, self.twilio.shown(message))
        else:
            self._create(form)

    def _create(self, form: dict[str, str]) -> None:
        self._sleep(self.twilio.send_latency)
        fault = self.twilio.fault_for(form.get("To", ""))
        if fault:
            self.twilio.note("fault", fault=fault)
            self._fail(fault, form)
            return
        self._refuse_nonsense(form)
        message = self.twilio.accept(form)
        answered = threading.Event()
        self.twilio.call_back(message, answered)
        try:
            self._answer(201, self.twilio.shown(message))
        finally:
            answered.set()

    def _refuse_nonsense(self, form: Mapping[str, str]) -> None:
        to, from_ = form.get("To", ""), form.get("From", "")
        for wrong, code, text in (
            (
                "x-www-form-urlencoded" not in self.headers.get("Content-Type", ""),
                20001,
                "Unsupported content",
            ),
            (not to, 21604, "A 'To' phone number is required."),
            (not form.get("Body"), 21602, "Message body is required."),
            (not from_ and not form.get("MessagingServiceSid"), 21603, "A 'From' phone number is required."),
            (
                not re.fullmatch(r"\+[1-9]\d{6,14}", to),
                21211,
                f"The 'To' number {to} is not a valid phone number.",
            ),
            (
                len(form.get("Body", "")) > 1600,
                21617,
                "The concatenated message body exceeds 1600 characters.",
            ),
            (to in self.twilio.opted_out, 21610, "Attempt to send to unsubscribed recipient"),
            (to == from_, 21266, "'To' and 'From' number cannot be the same"),
            (not _is_url(form.get("StatusCallback", "http://x.y/")), 21609, "Invalid StatusCallback"),
            (not 1 <= int(form.get("ValidityPeriod", "1")) <= 36_000, 20422, "Invalid ValidityPeriod"),
        ):
            if wrong:
                raise TwilioError(400, code, text)
        if self.twilio.refuse_all_with:
            raise TwilioError(400, self.twilio.refuse_all_with, "Refused")
        for code, text in filter(None, (MAGIC_TO.get(to), MAGIC_FROM.get(from_))):
            raise TwilioError(400, code, text)

    def _fail(self, fault: str, form: Mapping[str, str]) -> None:
        if fault == "late_accept":
            self.twilio.in_background(self._accept_late, form)
            self._hang_up(after=self.twilio.late_by * 1.5)
            return
        message = self.twilio.accept(form) if fault in AFTER_ACCEPT else None
        error = TwilioError(429, 20429, "Too Many Requests")
        match fault.partition("_")[0]:
            case "429":
                wait = {"Retry-After": "7"} if fault == "429_retry_after" else {}
                self._answer(429, error.as_json(), **wait)
            case "500":
                self._answer(500, TwilioError(500, 20500, "An internal server error has occurred").as_json())
            case "502":
                self._answer_text(502, "<html><body><h1>502 Bad Gateway</h1></body></html>", "text/html")
            case "drop":
                self._hang_up()
            case "slow":
                self._trickle(cast(Message, message))
            case "html":
                self._answer_text(200, "<html>Welcome to Hotel Wi-Fi</html>", "text/html")
            case "wrong":
                self._answer(201, ["not", "a", "message"])
            case "empty":
                self._answer(201, {})
            case "problem":
                problem = {
                    "type": "https://x.example/21610",
                    "title": "Opted out",
                    "status": 400,
                    "code": 21610,
                }
                self._answer(400, problem)

    def _accept_late(self, form: Mapping[str, str]) -> None:
        time.sleep(self.twilio.late_by)
        self.twilio.accept(form)

    def _trickle(self, message: Message) -> None:
        text = json.dumps(message.as_json(self.twilio.account_sid)).encode()
        self.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n")
        self.wfile.write(b"Content-Length: %d\r\n\r\n" % len(text))
        self.close_connection = True
        for byte in text:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            self._sleep(self.twilio.late_by / 20)

    def _hang_up(self, after: float = 0.0) -> None:
        self._sleep(after)
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _answer(self, status: int, payload: object, **headers: str) -> None:
        text = "" if payload is None else json.dumps(payload)
        self._answer_text(status, text, "application/json", **headers)

    def _answer_text(self, status: int, text: str, kind: str, **headers: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Twilio-Concurrent-Requests", "1")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _control(self, body: str = "{}") -> None:
        """For tests that run the fake on its own: POST /_fake/set, /_fake/receive; GET /_fake/messages."""
        twilio, wish = self.twilio, json.loads(body)
        if self.path == "/_fake/set":
            for name, value in wish.items():
                setattr(twilio, name, deque(value) if name == "next_faults" else value)
        elif self.path == "/_fake/receive":
            wish = twilio.receive(**wish).as_json(twilio.account_sid)
        else:
            wish = [message.as_json(twilio.account_sid) for message in twilio.messages]
        self._answer(200, wish)


def _is_url(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--send-latency", type=float, default=0.0)
    parser.add_argument("--rate", type=float, default=0.0, help="share of sends that go wrong")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--faults", default=",".join(FAULTS))
    parser.add_argument("--late-by", type=float, default=1.0)
    parser.add_argument("--list-lag", type=float, default=0.0)
    parser.add_argument(
        "--callbacks", choices=["never", "once", "twice", "shuffled", "early"], default="never"
    )
    parser.add_argument("--inbound-url")
    parser.add_argument("--deliver-to")
    options = vars(parser.parse_args())
    twilio = FakeTwilio(random_faults=options.pop("faults").split(","), **options)
    sys.stdout.write(json.dumps({"url": twilio.url}) + "\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        twilio.serve()


if __name__ == "__main__":
    main()
