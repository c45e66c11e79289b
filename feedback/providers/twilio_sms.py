"""SMS through Twilio: its REST API by Twilio's own library, and its signed callbacks.

Twilio knows no idempotency key, so everything here is about telling "certainly not sent" from "perhaps sent",
and about finding a lost message again: our ids travel in the callback URL, our link token in the text.
"""

from __future__ import annotations

import base64
import binascii
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from feedback import clock
from feedback.errors import DeliveryFailed, Rejected, SettingsInvalid, SignatureInvalid
from feedback.providers.base import (
    Deadline,
    Found,
    Kind,
    Outgoing,
    Receipt,
    ReceiptStatus,
    Reply,
    Sent,
    Verdict,
    WebhookRequest,
    refusal,
)
from feedback.providers.deadline_http import Call, FencedSession, fenced, seconds_to_wait
from feedback.providers.twilio_codes import meaning
from feedback.providers.twilio_senders import is_service

T = TypeVar("T")

MESSAGE_SID = re.compile(r"(SM|MM)[0-9a-f]{32}")
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
SHORTEST_VALIDITY, LONGEST_VALIDITY = 10, 36_000  # seconds; Twilio's own queue holds a message for 10 hours
CLOCK_SKEW = timedelta(minutes=5)  # by which Twilio's clock and ours may differ in look-ups
RETRY_CALLBACKS = "rc=3&rp=all"  # Twilio retries a callback only if its URL's fragment says so

STATUSES: Mapping[str, ReceiptStatus] = {
    "accepted": "queued",
    "scheduled": "queued",
    "queued": "queued",
    "sending": "queued",
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "partially_delivered": "delivered",
    "undelivered": "undelivered",
    "failed": "failed",
    "canceled": "failed",
}


class _Transport(HttpClient):  # type: ignore[misc]  # the library is untyped
    """Carries the library's requests.

    Its own client waits for ever by default, logs phone numbers, and hands its answers over in an attribute
    shared by all threads; this one does none of that.
    """

    def __init__(self, *, timeout: float, base_url: str | None) -> None:
        super().__init__(logging.getLogger(__name__), False, timeout)
        self._base = urlsplit(base_url) if base_url else None
        self._session = FencedSession(use_environment=self._base is None)

    def request(self, method: str, uri: str, **options: Any) -> Response:
        timeout = options.pop("timeout", None) or self.timeout
        options.pop("allow_redirects", None)
        return Response(*self._session.request(method, self._aimed(uri), timeout=timeout, **options))

    def _aimed(self, uri: str) -> str:
        if self._base is None:
            return uri
        return urlunsplit(urlsplit(uri)._replace(scheme=self._base.scheme, netloc=self._base.netloc))


def _country_unknown(_number: str) -> str | None:
    return None


class TwilioSms:
    """SMS by one Twilio account."""

    key = "twilio_sms"
    kind: Kind = "sms"

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        public_url: str,
        secondary_auth_token: str | None = None,
        api_key: str | None = None,
        api_secret: str | None = None,
        sender: str | None = None,
        messaging_service_sid: str | None = None,
        senders: Mapping[str, str] | None = None,
        timeout: float = 15.0,
        base_url: str | None = None,
        trust_base_url: bool = False,
        country_of: Callable[[str], str | None] = _country_unknown,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        """`senders` maps countries (ISO 3166, as `country_of` gives them for a number) to their own senders.

        `base_url` aims at another server than Twilio's; it is refused unless that is this machine, or
        `trust_base_url`. `timeout` is in seconds and bounds a whole call. Raises SettingsInvalid.
        """
        if not (sender or messaging_service_sid):
            raise SettingsInvalid("Twilio needs a sender: a phone number or a messaging service.")
        if base_url and not trust_base_url and urlsplit(base_url).hostname not in LOOPBACK:
            raise SettingsInvalid("Twilio's address may only be replaced by one on this machine.")
        self.account_sid = account_sid
        self.sender = messaging_service_sid or sender or ""
        self.senders = dict(senders or {})
        self.timeout = timeout
        self._public_url = public_url.rstrip("/")
        self._country_of = country_of
        self._now = now
        self._validators = [RequestValidator(key) for key in (auth_token, secondary_auth_token) if key]
        self._client = Client(
            username=api_key or account_sid,
            password=(api_secret or "") if api_key else auth_token,
            account_sid=account_sid,
            http_client=_Transport(timeout=timeout, base_url=base_url),
            environment={"TWILIO_REGION": ""},  # or the library reads the process's own environment
        )

    @property
    def longest_call(self) -> float:
        """Writing, waiting for the first byte, and reading the rest each end by `timeout`."""
        return 3 * self.timeout

    # Sending

    def send(self, outgoing: Outgoing) -> Sent:
        parameters = self._parameters(outgoing)
        with fenced(outgoing.deadline) as call:
            try:
                message = self._client.messages.create(**parameters)
            except DeliveryFailed:  # the fence
                raise
            except (TwilioRestException, TwilioServiceException) as error:
                # "from None", here and below: the library's messages contain phone numbers
                raise self._refusal(call, error.code, outgoing.to) from None
            except Exception as error:  # whatever else breaks in a library or a socket: was anything written?
                raise _broken(call, error) from None
        return _believed(message)

    def _parameters(self, outgoing: Outgoing) -> dict[str, Any]:
        sender = outgoing.sender or self.senders.get(self._country_of(outgoing.to) or "") or self.sender
        parameters: dict[str, Any] = {"to": outgoing.to, "body": outgoing.body}
        parameters["messaging_service_sid" if is_service(sender) else "from_"] = sender
        if outgoing.callback_url:
            parameters["status_callback"] = callback_url(
                outgoing.callback_url, outgoing.message_id, outgoing.attempt
            )
        if outgoing.not_after:
            parameters["validity_period"] = _validity(outgoing.not_after, self._now())
        return parameters

    def _refusal(self, call: Call, code: object, to: str) -> DeliveryFailed:
        """What an answer with an error status means; the code in its body counts only with a 4xx."""
        status = call.status or 0
        if status == 429:
            wait = seconds_to_wait(call.retry_after, self._now())
            return refusal(Verdict.RATE_LIMITED, "Twilio asks to slow down.", retry_after=wait)
        if not 400 <= status < 500 or status == 408:
            return refusal(Verdict.UNKNOWN, f"Twilio answered {status}; it may have taken the message.")
        if code == status:  # the library found no code: a proxy's page, not Twilio's answer
            return refusal(Verdict.UNREACHABLE, f"Something before Twilio answered {status}.")
        verdict, text = meaning(code)
        return refusal(verdict, f"Twilio {code}: {text}.", country=self._country_of(to))

    # Asking

    def check(self) -> list[str]:
        problems = []
        if not self._public_url.startswith("https://"):
            problems.append("The public URL is not https: receipts and replies travel in the clear.")
        try:
            self._ask(lambda: self._client.messages.page(page_size=1))
        except DeliveryFailed as error:
            problems.append(str(error))
        return problems

    def find(self, to: str, match: str, since: datetime) -> list[Found]:
        return [
            Found(message.sid, message.status or "", message.body, message.date_created)
            for message in self._messages(to, since - CLOCK_SKEW)
            if message.direction != "inbound" and match in (message.body or "")
        ]

    def inbound(self, to: str, since: datetime) -> Iterable[Reply]:
        for message in self._messages(to, since - CLOCK_SKEW):
            if message.direction == "inbound":
                body = whole_text(message.body or "")
                yield Reply(message.sid, message.from_ or "", to, body, message.date_created, None)

    def _messages(self, to: str, since: datetime) -> Iterator[Any]:
        """Messages to `to`, newest first, each once, until a whole page is older than `since`.

        Never a fixed number of them: the one looked for may lie behind many others. Twilio sorts by the date
        of sending, which queued messages lack, so one old message does not end the search; a whole page does.
        """
        seen: set[str] = set()
        fetch: Callable[[], Any] = partial(self._client.messages.page, to=to, page_size=200)
        while True:
            page, messages = self._ask(partial(_listed, fetch))
            fresh = [message for message in messages if message.sid not in seen and _is_since(message, since)]
            seen.update(message.sid for message in messages)
            yield from fresh
            if not fresh or not page.next_page_url:
                return
            fetch = page.next_page

    def _ask(self, question: Callable[[], T]) -> T:
        """Call Twilio for something that may be repeated at will; every failure is a DeliveryFailed."""
        with fenced(Deadline.after(self.timeout)) as call:
            try:
                return question()
            except DeliveryFailed:
                raise
            except Exception as error:
                raise _unanswered(call, error) from None

    # Being called

    def parse_receipt(self, request: WebhookRequest) -> Receipt:
        form = self._signed(request)
        status = STATUSES.get(form.get("MessageStatus") or form.get("SmsStatus") or "")
        if status is None:
            raise Rejected("The receipt has no status that we know.")
        ids = parse_qs(request.url.partition("?")[2])
        code = form.get("ErrorCode") or None
        return Receipt(
            provider_id=_sid(form),
            status=status,
            error_code=code,
            # RawDlrDoneDate is the carrier's, to the minute, in an unnamed time zone: worse than none.
            occurred_at=None,
            message_id=_number(ids, "m"),
            attempt=_number(ids, "a"),
            sender=form.get("From") or None,
            verdict=meaning(code).verdict if code else None,
        )

    def parse_reply(self, request: WebhookRequest) -> Reply:
        form = self._signed(request)
        from_, to = form.get("From", ""), form.get("To", "")
        if not from_ or not to:
            raise Rejected("The reply does not say from whom to whom.")
        body, opt_out_type = whole_text(form.get("Body", "")), form.get("OptOutType") or None
        return Reply(_sid(form), from_, to, body, None, opt_out_type)

    def _signed(self, request: WebhookRequest) -> Mapping[str, str]:
        """The form, once it is certain that Twilio sent it, for our account."""
        url, signature = self._as_called(request.url), request.header("X-Twilio-Signature")
        try:
            valid = any(each.validate(url, request.form, signature) for each in self._validators)
        except (ValueError, TypeError):  # the library stumbles over malformed addresses and text
            valid = False
        if not valid or request.form.get("AccountSid") != self.account_sid:
            raise SignatureInvalid("The callback is not signed by our Twilio account.")
        return request.form

    def _as_called(self, url: str) -> str:
        """The URL that was signed; behind a proxy the request itself shows another scheme and host."""
        target = url if url.startswith("/") else "/" + re.sub(r"^[a-z]+://[^/?]*/?", "", url)
        prefix = "/" + self._public_url.partition("://")[2].partition("/")[2]
        if prefix != "/" and target.startswith(prefix + "/"):
            target = target.removeprefix(prefix)
        return self._public_url + target


def callback_url(url: str, message_id: int, attempt: int) -> str:
    """Where Twilio reports on this attempt: a way to its SID even if we die before reading the answer."""
    parts = urlsplit(url)
    ids = urlencode({"m": message_id, "a": attempt})
    query = f"{parts.query}&{ids}" if parts.query else ids
    return urlunsplit(parts._replace(query=query, fragment=RETRY_CALLBACKS))


def whole_text(body: str) -> str:
    """The text of a reply; long ones that came in parts may arrive as base64.

    Taken for base64 only if it is long, in one piece, and decodes to readable text: no sentence does so.
    """
    if len(body) < 60 or len(body) % 4 or not body.isascii():
        return body
    try:
        text = base64.b64decode(body, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return body
    return text if all(char.isprintable() or char.isspace() for char in text) else body


def _validity(not_after: datetime, now: datetime) -> int:
    """Seconds that Twilio may keep the message; unbounded, its queue would deliver in the night."""
    left = int((not_after.astimezone(UTC) - now).total_seconds())
    if left < SHORTEST_VALIDITY:
        raise refusal(Verdict.TOO_LATE, "The hours for reaching this recipient are over.")
    return min(left, LONGEST_VALIDITY)


def _believed(message: Any) -> Sent:
    """The library makes a message of any JSON; only a real SID is a proof of acceptance."""
    if not isinstance(message.sid, str) or not MESSAGE_SID.fullmatch(message.sid):
        raise refusal(
            Verdict.UNKNOWN, "The answer does not look like Twilio's; it may have taken the message."
        )
    segments = str(message.num_segments or "")
    return Sent(
        provider_id=message.sid,
        sender=message.from_ or None,
        segments=int(segments) if segments.isdecimal() and segments != "0" else None,
        status=str(message.status or ""),
    )


def _broken(call: Call, error: Exception) -> DeliveryFailed:
    """A call without an answer: once anything was written, nobody can say whether Twilio took the message."""
    name = type(error).__name__
    if call.written:
        return refusal(
            Verdict.UNKNOWN, f"The call to Twilio broke off ({name}); it may have taken the message."
        )
    return refusal(Verdict.UNREACHABLE, f"Twilio could not be reached ({name}).")


def _unanswered(call: Call, error: Exception) -> DeliveryFailed:
    if call.status in (401, 403):
        return refusal(Verdict.HOLD_CHANNEL, "Twilio does not accept the account SID with this token or key.")
    if call.status == 404:
        return refusal(Verdict.REFUSED, "Twilio does not know this account or message.")
    if call.status and call.status >= 300:
        return refusal(Verdict.RETRY, f"Twilio answered {call.status}.")
    return refusal(Verdict.UNREACHABLE, f"Twilio gave no usable answer ({type(error).__name__}).")


def _listed(fetch: Callable[[], Any]) -> tuple[Any, list[Any]]:
    page = fetch()
    return page, list(page)


def _is_since(message: Any, since: datetime) -> bool:
    return message.date_created is None or message.date_created >= since


def _sid(form: Mapping[str, str]) -> str:
    sid = form.get("MessageSid") or form.get("SmsSid") or ""
    if not MESSAGE_SID.fullmatch(sid):
        raise Rejected("The callback names no message.")
    return sid


def _number(query: Mapping[str, list[str]], name: str) -> int | None:
    text = query.get(name, [""])[0]
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
