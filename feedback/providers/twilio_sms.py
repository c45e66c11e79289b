"""SMS through Twilio: the REST API through Twilio's library, and its signed callbacks.

Twilio has no idempotency key. So this module distinguishes "certainly not sent" from "possibly sent", and makes
a lost message findable: the callback URL contains our ids, the text contains our link token.
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
from feedback.providers.accounts import TwilioAccount
from feedback.providers.base import (
    Channel,
    Deadline,
    Found,
    Outgoing,
    ReceiptStatus,
    Reply,
    Sent,
    StatusReport,
    Verdict,
    WebhookRequest,
    refusal,
)
from feedback.providers.deadline_http import Call, DeadlineSession, seconds_to_wait, writing_until
from feedback.providers.twilio_codes import in_words, meaning
from feedback.providers.twilio_senders import is_service

T = TypeVar("T")

MESSAGE_SID = re.compile(r"(SM|MM)[0-9a-f]{32}")
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
SHORTEST_VALIDITY, LONGEST_VALIDITY = 10, 36_000  # seconds; Twilio's own queue holds a message for 10 hours
EDGES = {"ie1": "dublin", "au1": "sydney"}
"""The edge location of a region: Twilio wants both in the host name (twilio.com/docs/global-infrastructure)."""
CLOCK_SKEW = timedelta(minutes=5)  # the difference between Twilio's clock and ours that look-ups allow for
MOST_MEDIA = 10  # attachments of one message
RETRY_CALLBACKS = "rc=3&rp=all"  # URL fragment; without it Twilio does not retry a callback

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
    """The HTTP client of the library.

    The library's own client has no timeout by default, logs phone numbers, and keeps responses in an attribute
    that all threads share.
    """

    def __init__(self, *, timeout: float, base_url: str | None) -> None:
        super().__init__(logging.getLogger(__name__), False, timeout)
        self._base = urlsplit(base_url) if base_url else None
        self._session = DeadlineSession(use_environment=self._base is None)

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
    """SMS through one Twilio account."""

    key = "twilio_sms"
    channel: Channel = "sms"

    def __init__(
        self,
        account: TwilioAccount,
        *,
        country_of: Callable[[str], str | None] = _country_unknown,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        """`country_of` returns the country (ISO 3166) of a number. Raises SettingsInvalid."""
        if not (account.sender or account.messaging_service_sid):
            raise SettingsInvalid("Set twilio.sender or twilio.messaging_service_sid: Twilio needs a sender.")
        replaced = urlsplit(account.base_url).hostname if account.base_url else "localhost"
        if replaced not in LOOPBACK and not account.trust_base_url:
            raise SettingsInvalid("Set twilio.base_url to an address on this machine, or remove it.")
        self.account_sid = account.account_sid
        self.sender = account.messaging_service_sid or account.sender or ""
        self.senders = dict(account.senders)
        self.timeout = account.timeout
        self._public_url = account.public_url.rstrip("/")
        self._country_of = country_of
        self._now = now
        keys = (account.auth_token, account.secondary_auth_token)
        self._validators = [RequestValidator(key) for key in keys if key]
        self._client = Client(
            username=account.api_key or account.account_sid,
            password=(account.api_secret or "") if account.api_key else account.auth_token,
            account_sid=account.account_sid,
            http_client=_Transport(timeout=account.timeout, base_url=account.base_url),
            region=account.region if account.region != "us1" or account.edge else None,
            edge=account.edge or EDGES.get(account.region),
            environment={"TWILIO_REGION": ""},  # otherwise the library reads the process's environment
        )

    @property
    def longest_call(self) -> float:
        """Seconds: writing, waiting for the first byte and reading the rest take at most `timeout` each."""
        return 3 * self.timeout

    # Sending

    def send(self, outgoing: Outgoing) -> Sent:
        parameters = self._parameters(outgoing)
        with writing_until(outgoing.deadline) as call:
            try:
                message = self._client.messages.create(**parameters)
            except DeliveryFailed:  # the deadline
                raise
            except (TwilioRestException, TwilioServiceException) as error:
                # "from None" here and below: the library's messages contain phone numbers
                raise self._refusal(call, error.code, outgoing.to) from None
            except Exception as error:  # any other failure: it depends on whether bytes were written
                raise _broken(call, error) from None
        return _believed(message)

    def _parameters(self, outgoing: Outgoing) -> dict[str, Any]:
        sender = outgoing.sender or self.senders.get(self._country_of(outgoing.to) or "") or self.sender
        parameters: dict[str, Any] = {"to": outgoing.to, "body": outgoing.body}
        parameters["messaging_service_sid" if is_service(sender) else "from_"] = sender
        if outgoing.callback_url:
            parameters["status_callback"] = callback_url(
                outgoing.callback_url, outgoing.message_id, outgoing.attempt, outgoing.nonce
            )
        if outgoing.not_after:
            parameters["validity_period"] = _validity(outgoing.not_after, self._now())
        return parameters

    def _refusal(self, call: Call, code: object, to: str) -> DeliveryFailed:
        """The error for a response with an error status; the code in its body is only used with a 4xx."""
        status = call.status or 0
        if status == 429:
            wait = seconds_to_wait(call.retry_after, self._now())
            return refusal(Verdict.RATE_LIMITED, "Twilio asks us to send more slowly.", retry_after=wait)
        if not 400 <= status < 500 or status == 408:
            return refusal(Verdict.UNKNOWN, f"Twilio answered {status}; it may have accepted the message.")
        if code == status:  # the library found no code, so a proxy answered instead of Twilio
            return refusal(Verdict.UNREACHABLE, f"A proxy between us and Twilio answered {status}.")
        known = meaning(code)
        return refusal(known.verdict, in_words(code), retry_after=known.wait, country=self._country_of(to))

    # Asking

    def check(self) -> list[str]:
        problems = []
        if not self._public_url.startswith("https://"):
            problems.append("Use https in web.public_url: Twilio's receipts and replies are not encrypted.")
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
                body, media = whole_text(message.body or ""), _listed_media(message)
                yield Reply(message.sid, message.from_ or "", to, body, message.date_created, None, media)

    def _messages(self, to: str, since: datetime) -> Iterator[Any]:
        """Messages to `to`, newest first, each once, until a whole page is older than `since`.

        There is no fixed limit, because many others can come before the one that is searched. Twilio sorts by
        date of sending, which queued messages lack, so one old message does not end the search, but a whole page does.
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
        """Make a call to Twilio that can safely be repeated; raises DeliveryFailed for every failure."""
        with writing_until(Deadline.after(self.timeout)) as call:
            try:
                return question()
            except DeliveryFailed:
                raise
            except Exception as error:
                raise _unanswered(call, error) from None

    # Being called

    def parse_receipt(self, request: WebhookRequest) -> StatusReport:
        form = self._signed(request)
        status = STATUSES.get(form.get("MessageStatus") or form.get("SmsStatus") or "")
        if status is None:
            raise Rejected("The receipt has no known status.")
        ids = parse_qs(request.url.partition("?")[2])
        code = form.get("ErrorCode") or None
        return StatusReport(
            provider_id=_sid(form),
            status=status,
            error_code=code,
            # RawDlrDoneDate is in an unknown time zone and only exact to the minute, so it is not used.
            occurred_at=None,
            message_id=_number(ids, "m"),
            attempt=_number(ids, "a"),
            sender=form.get("From") or None,
            verdict=meaning(code).verdict if code else None,
            said=in_words(code) if code else "",
            retry_after=meaning(code).wait if code else None,
            nonce=ids.get("n", [None])[0],
            to=form.get("To") or None,
        )

    def parse_reply(self, request: WebhookRequest) -> Reply:
        form = self._signed(request)
        from_, to = form.get("From", ""), form.get("To", "")
        if not from_ or not to:
            raise Rejected("The reply has no sender or no recipient.")
        body, opt_out_type = whole_text(form.get("Body", "")), form.get("OptOutType") or None
        return Reply(_sid(form), from_, to, body, None, opt_out_type, _media(form))

    def _signed(self, request: WebhookRequest) -> Mapping[str, str]:
        """The form of a callback. Raises SignatureInvalid unless Twilio signed it for our account."""
        url, signature = self._as_called(request.url), request.header("X-Twilio-Signature")
        try:
            valid = any(each.validate(url, request.form, signature) for each in self._validators)
        except (ValueError, TypeError):  # the library raises these for malformed URLs and text
            valid = False
        if not valid or request.form.get("AccountSid") != self.account_sid:
            raise SignatureInvalid("The callback has no valid signature of our Twilio account.")
        return request.form

    def _as_called(self, url: str) -> str:
        """The URL that Twilio signed; behind a proxy the request itself has another scheme and host."""
        target = url if url.startswith("/") else "/" + re.sub(r"^[a-z]+://[^/?]*/?", "", url)
        prefix = "/" + self._public_url.partition("://")[2].partition("/")[2]
        if prefix != "/" and target.startswith(prefix + "/"):
            target = target.removeprefix(prefix)
        return self._public_url + target


def callback_url(url: str, message_id: int, attempt: int, nonce: str | None = None) -> str:
    """The callback URL of an attempt. A callback tells us the message's SID even if we crash before the response."""
    parts = urlsplit(url)
    ids = urlencode({"m": message_id, "a": attempt} | ({"n": nonce} if nonce else {}))
    query = f"{parts.query}&{ids}" if parts.query else ids
    return urlunsplit(parts._replace(query=query, fragment=RETRY_CALLBACKS))


def whole_text(body: str) -> str:
    """The text of a reply; long replies in several parts can arrive as base64.

    It is decoded only if it is long, has no spaces, and decodes to readable text, which no sentence does.
    """
    if len(body) < 60 or len(body) % 4 or not body.isascii():
        return body
    try:
        text = base64.b64decode(body, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return body
    return text if all(char.isprintable() or char.isspace() for char in text) else body


def _validity(not_after: datetime, now: datetime) -> int:
    """Seconds for which Twilio may queue the message, so that it is not delivered at night."""
    left = int((not_after.astimezone(UTC) - now).total_seconds())
    if left < SHORTEST_VALIDITY:
        raise refusal(Verdict.TOO_LATE, "The contact hours of this recipient are over.")
    return min(left, LONGEST_VALIDITY)


def _believed(message: Any) -> Sent:
    """Check that the response has a real SID: the library accepts any JSON. Raises DeliveryUnknown otherwise."""
    if not isinstance(message.sid, str) or not MESSAGE_SID.fullmatch(message.sid):
        raise refusal(
            Verdict.UNKNOWN, "The response does not look like Twilio's; Twilio may have accepted the message."
        )
    segments = str(message.num_segments or "")
    return Sent(
        provider_id=message.sid,
        sender=message.from_ or None,
        segments=int(segments) if segments.isdecimal() and segments != "0" else None,
        status=str(message.status or ""),
    )


def _broken(call: Call, error: Exception) -> DeliveryFailed:
    """The error for a call without a response: unknown if anything was written, otherwise unreachable."""
    name = type(error).__name__
    if call.written:
        return refusal(
            Verdict.UNKNOWN, f"The call to Twilio was interrupted ({name}); it may have accepted the message."
        )
    return refusal(Verdict.UNREACHABLE, f"Twilio could not be reached ({name}).")


def _unanswered(call: Call, error: Exception) -> DeliveryFailed:
    if call.status in (401, 403):
        return refusal(
            Verdict.HOLD_PROVIDER,
            "Correct Twilio's account SID, token or API key: Twilio does not accept them.",
        )
    if call.status == 404:
        return refusal(Verdict.REFUSED, "Twilio does not know this account or message.")
    if call.status and call.status >= 300:
        return refusal(Verdict.RETRY, f"Twilio answered {call.status}.")
    return refusal(Verdict.UNREACHABLE, f"Twilio gave no usable response ({type(error).__name__}).")


def _listed(fetch: Callable[[], Any]) -> tuple[Any, list[Any]]:
    page = fetch()
    return page, list(page)


def _is_since(message: Any, since: datetime) -> bool:
    return message.date_created is None or message.date_created >= since


def _media(form: Mapping[str, str]) -> tuple[str, ...]:
    """The attachments of a callback, each with its content type and address."""
    parts = (
        (form.get(f"MediaContentType{at}", ""), form.get(f"MediaUrl{at}", "")) for at in range(MOST_MEDIA)
    )
    return tuple(" ".join(filter(None, part)) for part in parts if any(part))


def _listed_media(message: Any) -> tuple[str, ...]:
    """The address of the list of attachments; it says nothing about their types."""
    if str(message.num_media or "0") == "0":
        return ()
    listed = (message.subresource_uris or {}).get("media", "")
    return (f"https://api.twilio.com{listed}",)


def _sid(form: Mapping[str, str]) -> str:
    sid = form.get("MessageSid") or form.get("SmsSid") or ""
    if not MESSAGE_SID.fullmatch(sid):
        raise Rejected("The callback has no message id.")
    return sid


def _number(query: Mapping[str, list[str]], name: str) -> int | None:
    text = query.get(name, [""])[0]
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
