"""The interface of all providers; services know providers only through this module.

A channel is the medium (SMS or e-mail), a provider the way in which we send by it (Twilio, a mail server).

A call to `send` ends in one of these ways. The distinction prevents lost and duplicate messages:

returns Sent              the provider accepted the message and returned its id
raises DeliveryFailed     the provider does not have it; `permanent` says whether to try again
raises ProviderHeld       the provider does not have it, and the cause is the channel, not this message
raises DeliveryUnknown    the provider may have it; look it up (`LooksUp`) or ask a person, but do not resend

The `code` of these errors is a `Verdict` (or another single word) with the same meaning on every provider.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol, runtime_checkable

from feedback.errors import DeliveryFailed, DeliveryUnknown, ProviderHeld

Channel = Literal["sms", "email"]
ReceiptStatus = Literal["sent", "delivered", "undelivered", "failed", "queued"]


class Verdict(StrEnum):
    """What a refusal means, independent of the provider's own codes."""

    REFUSED = "refused"  # never send this message; says nothing about the address
    UNEXPLAINED = "unexplained"  # refused, perhaps because of us: three messages in a row hold the provider
    RETRY = "retry"  # not accepted now; try later
    RATE_LIMITED = "rate_limited"  # not accepted now, because we send too fast
    UNREACHABLE = "unreachable"  # the provider could not be reached, so it does not have the message
    DEADLINE = "deadline"  # too little time was left to start
    TOO_LATE = "too_late"  # the recipient's contact hours are over
    OPTED_OUT = "opted_out"  # the recipient opted out at the provider: record it, never send again
    BAD_ADDRESS = "bad_address"  # the address does not work: mark it, use another channel
    HOLD_PROVIDER = "hold_provider"  # credentials, registration or sender: a person must fix it
    HOLD_COUNTRY = "hold_country"  # the provider does not let us send to this country
    UNKNOWN = "unknown"  # the provider may have the message


def refusal(
    verdict: Verdict, message: str, *, retry_after: float | None = None, country: str | None = None
) -> DeliveryFailed:
    """The error for a verdict; `country` (ISO 3166) is only used for HOLD_COUNTRY."""
    match verdict:
        case Verdict.UNKNOWN:
            return DeliveryUnknown(message, code=verdict)
        case Verdict.HOLD_PROVIDER:
            return ProviderHeld(message, code=verdict)
        case Verdict.HOLD_COUNTRY if country:
            return ProviderHeld(message, code=verdict, country=country)
    # A number without a country (a satellite phone) must not hold every country, so only its message is refused.
    permanent = verdict in (
        Verdict.REFUSED, Verdict.UNEXPLAINED, Verdict.HOLD_COUNTRY, Verdict.OPTED_OUT, Verdict.BAD_ADDRESS
    )  # fmt: skip
    return DeliveryFailed(message, permanent=permanent, code=verdict, retry_after=retry_after)


def uptime() -> float:
    """Seconds on a monotonic clock that also counts while the machine is suspended."""
    # Without BOOTTIME, which some systems lack, the clock stops while the machine is suspended.
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment after which a send must not start, on the monotonic clock of `uptime`.

    A process can be frozen (suspend, SIGSTOP, a paused host) between claiming a message and writing to the
    socket, and by then another worker may own the message. Checking again at each write to the socket reduces
    that window to the write itself.
    """

    at: float
    revoked: Callable[[], bool] = _never
    """Whether it counts as passed already, because the process was told to stop."""

    @classmethod
    def after(cls, seconds: float, revoked: Callable[[], bool] = _never) -> Deadline:
        """A deadline `seconds` from this moment."""
        return cls(uptime() + seconds, revoked)

    def remaining(self) -> float:
        """Seconds left; negative once it has passed."""
        return -1.0 if self.revoked() else self.at - uptime()

    def check(self) -> None:
        """Raise a temporary DeliveryFailed if the deadline has passed."""
        if self.remaining() <= 0:
            raise DeliveryFailed("The time for this attempt ran out.", permanent=False, code=Verdict.DEADLINE)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One attempt to send one message, with everything that a provider needs."""

    message_id: int
    attempt: int  # 1, 2, ...; message_id and attempt identify the call in callbacks
    to: str  # E.164 number or e-mail address
    sender: str | None  # overrides the provider's own sender
    body: str
    subject: str | None
    html: str | None
    language: str  # BCP 47
    match: str | None  # the unique link token in the body, for look-ups at the provider
    not_after: datetime | None  # aware; the end of the recipient's contact hours
    deadline: Deadline  # the attempt must not start later; the response may come later
    callback_url: str | None  # public URL for receipts; the provider adds message_id, attempt and nonce
    headers: Mapping[str, str]  # e-mail only
    message_id_header: str | None  # e-mail only; the same for every attempt
    reply_to: str | None
    envelope_from: str | None  # e-mail only; where bounces go
    nonce: str | None = None  # of the message; receipts return it, because ids are used again after a restore


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider accepted the message."""

    provider_id: str
    sender: str | None  # the number or address that it is sent from, if known already
    segments: int | None  # billed SMS segments, if known already
    status: str  # in the provider's own words


@dataclass(frozen=True, slots=True)
class StatusReport:
    """A provider's later report about a message; reports can be repeated, late and out of order."""

    provider_id: str
    status: ReceiptStatus
    error_code: str | None  # the provider's own code
    occurred_at: datetime | None
    message_id: int | None  # our id, if the provider returned it
    attempt: int | None
    sender: str | None
    verdict: Verdict | None = None  # the meaning of `error_code`; None without an error
    said: str = ""  # the error in words, with what to do
    retry_after: float | None = None  # seconds until the message may be sent again, with RATE_LIMITED
    nonce: str | None = None  # the message's, if the provider returned it
    to: str | None = None  # the recipient in the provider's spelling, if it said so


@dataclass(frozen=True, slots=True)
class Reply:
    """A message from a customer."""

    provider_id: str
    from_: str
    to: str  # our number or address
    body: str
    received_at: datetime | None  # None if the provider gave no time: now
    opt_out_type: str | None  # "STOP", "START" or "HELP" if the provider has already acted on it
    media: tuple[str, ...] = ()  # pictures and other attachments: content type and URL, where they are known


@dataclass(frozen=True, slots=True)
class Found:
    """A message that was found at the provider."""

    provider_id: str
    status: str
    body: str
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A provider's callback, independent of the web framework.

    `url` is the path with its raw query, or a full URL; `form` a mapping or a multi-dict with `getlist`.
    """

    url: str
    form: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)

    def header(self, name: str) -> str:
        """The value of a header (case-insensitive name), or an empty string."""
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), "")


def _reaches_us(_sender: str, _country: str | None) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every message that a provider sends for us, known from the settings without opening it.

    sender               the usual sender; empty where the provider has its own
    senders              other senders, by the recipient's country (ISO 3166)
    answerable           whether a reply from a country reaches a sender
    segments_per_second  that one sender may send; None is no limit
    cost_per_segment     in organisation.currency
    """

    sender: str = ""
    senders: Mapping[str, str] = field(default_factory=dict)
    answerable: Callable[[str, str | None], bool] = _reaches_us
    segments_per_second: float | None = None
    cost_per_segment: float = 0.0

    def own_sender(self, country: str | None) -> str | None:
        """The sender that recipients in `country` have of their own; None: it is the usual one."""
        return self.senders.get(country or "")

    def can_reply(self, country: str | None) -> bool:
        """Whether a recipient in `country` can answer the sender that they see."""
        return self.answerable(self.own_sender(country) or self.sender, country)


@runtime_checkable
class Provider(Protocol):
    """A way to send messages to customers by one channel.

    `longest_call` is the longest time in seconds that a started call can take.
    """

    key: str
    channel: Channel
    longest_call: float

    def send(self, outgoing: Outgoing) -> Sent:
        """Send one message. Raises DeliveryFailed, DeliveryUnknown or ProviderHeld."""
        ...

    def check(self) -> list[str]:
        """Problems of the channel, as sentences; makes one call to the provider that sends nothing."""
        ...


@runtime_checkable
class CallsBack(Protocol):
    """A provider that calls us. Both methods raise SignatureInvalid, or Rejected for malformed calls."""

    def parse_receipt(self, request: WebhookRequest) -> StatusReport: ...

    def parse_reply(self, request: WebhookRequest) -> Reply: ...


@runtime_checkable
class LooksUp(Protocol):
    """A provider that can be queried. Both methods raise DeliveryFailed if the query fails."""

    def find(self, to: str, match: str, since: datetime) -> list[Found]:
        """All messages to `to` that contain `match`, created at or after `since`.

        May also return messages from some minutes before `since`, because clocks differ.
        """
        ...

    def inbound(self, to: str, since: datetime) -> Iterable[Reply]:
        """Replies to our number `to` at or after `since`, newest first; for catching up after downtime."""
        ...
