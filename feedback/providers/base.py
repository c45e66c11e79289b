"""What every channel takes and gives; services know channels through this page alone.

A call to `send` ends in one of these ways; the difference keeps messages from being lost or doubled:

returns Sent              the provider has it and told us its id
raises DeliveryFailed     the provider does not have it; `permanent` says whether to try again
raises ChannelHeld        the provider does not have it, and the fault is not the message's
raises DeliveryUnknown    it may have it; look it up (`LooksUp`) or ask a person, but do not send again

The `code` of these errors is a `Verdict` (or another single word): it means the same on every channel.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol, runtime_checkable

from feedback.errors import ChannelHeld, DeliveryFailed, DeliveryUnknown

Kind = Literal["sms", "email"]
ReceiptStatus = Literal["sent", "delivered", "undelivered", "failed", "queued"]


class Verdict(StrEnum):
    """What a refusal means for the next message, whatever the provider calls it."""

    REFUSED = "refused"  # this message never; no conclusion about the address
    RETRY = "retry"  # not taken now; try later
    RATE_LIMITED = "rate_limited"  # not taken now, because of us: slow down
    UNREACHABLE = "unreachable"  # we did not get as far as handing it over
    DEADLINE = "deadline"  # too little time was left to begin
    TOO_LATE = "too_late"  # the hours in which the recipient may be disturbed are over
    OPTED_OUT = "opted_out"  # the recipient has told the provider to stop: record it, never send again
    BAD_ADDRESS = "bad_address"  # the address is no good: mark it, offer another channel
    HOLD_CHANNEL = "hold_channel"  # credentials, registration, sender: a person must act
    HOLD_COUNTRY = "hold_country"  # the provider does not serve this country for us
    UNKNOWN = "unknown"  # may have been taken


def refusal(
    verdict: Verdict, message: str, *, retry_after: float | None = None, country: str | None = None
) -> DeliveryFailed:
    """The error that a verdict calls for; `country` (ISO 3166) counts for HOLD_COUNTRY only."""
    match verdict:
        case Verdict.UNKNOWN:
            return DeliveryUnknown(message, code=verdict)
        case Verdict.HOLD_CHANNEL:
            return ChannelHeld(message, code=verdict)
        case Verdict.HOLD_COUNTRY if country:
            return ChannelHeld(message, code=verdict, country=country)
    # A number of no country (a satellite phone) must not hold all of them: it is the only one that is refused.
    permanent = verdict in (Verdict.REFUSED, Verdict.HOLD_COUNTRY, Verdict.OPTED_OUT, Verdict.BAD_ADDRESS)
    return DeliveryFailed(message, permanent=permanent, code=verdict, retry_after=retry_after)


def uptime() -> float:
    """Seconds on a clock that no one can set and that goes on counting while the machine sleeps."""
    # BOOTTIME is not everywhere; without it a sleeping machine stops the clock.
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment after which a send may no longer begin, on a clock that no one can set.

    A process can be frozen (suspend, SIGSTOP, a long pause of the host) between claiming a message and
    writing to the socket; by then another worker may own the message. Checking again at each write to the
    socket narrows that window to the write itself.
    """

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """A deadline `seconds` from this moment."""
        return cls(uptime() + seconds)

    def remaining(self) -> float:
        """Seconds left; negative once it has passed."""
        return self.at - uptime()

    def check(self) -> None:
        """Raise DeliveryFailed (to be tried again) once the deadline has passed."""
        if self.remaining() <= 0:
            raise DeliveryFailed("The time for this attempt ran out.", permanent=False, code=Verdict.DEADLINE)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One attempt at one message, with everything a channel needs to send it."""

    message_id: int
    attempt: int  # 1, 2, ...; together with message_id names this attempt in callbacks
    to: str  # E.164 number or e-mail address
    sender: str | None  # overrides the channel's own sender
    body: str
    subject: str | None
    html: str | None
    language: str  # BCP 47
    match: str | None  # the unique link token in the body, by which a lost attempt is found again
    not_after: datetime | None  # aware; delivering later would disturb the recipient
    deadline: Deadline  # the attempt may not begin later; waiting for the answer may last longer
    callback_url: str | None  # public URL for receipts; the channel adds message_id and attempt
    headers: Mapping[str, str]  # e-mail only
    message_id_header: str | None  # e-mail only; the same for every attempt
    reply_to: str | None
    envelope_from: str | None  # e-mail only; where bounces go


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider has the message."""

    provider_id: str
    sender: str | None  # the number or address it goes out from, where already known
    segments: int | None  # SMS parts that are billed, where already known
    status: str  # the provider's own word


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What the provider reports about a message later; may come twice, late, and out of order."""

    provider_id: str
    status: ReceiptStatus
    error_code: str | None  # the provider's own code
    occurred_at: datetime | None
    message_id: int | None  # ours, if the provider gave it back
    attempt: int | None
    sender: str | None
    verdict: Verdict | None = None  # what `error_code` means; None where nothing went wrong


@dataclass(frozen=True, slots=True)
class Reply:
    """A message from a customer."""

    provider_id: str
    from_: str
    to: str  # our number or address
    body: str
    received_at: datetime | None  # None: now, the provider did not say
    opt_out_type: str | None  # "STOP", "START", "HELP" where the provider has already acted on it


@dataclass(frozen=True, slots=True)
class Found:
    """A message that the provider turns out to have."""

    provider_id: str
    status: str
    body: str
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A callback as it came in, free of any web framework.

    `url` is the path with its raw query, or a full URL; `form` a mapping or a multi-dict with `getlist`.
    """

    url: str
    form: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)

    def header(self, name: str) -> str:
        """The header's value whatever its capitals, or an empty string."""
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), "")


@runtime_checkable
class Channel(Protocol):
    """A way to reach customers.

    `longest_call` is how many seconds a call that has begun may take at most, until it has returned or raised.
    """

    key: str
    kind: Kind
    longest_call: float

    def send(self, outgoing: Outgoing) -> Sent:
        """Hand one message over; raises DeliveryFailed, DeliveryUnknown or ChannelHeld."""
        ...

    def check(self) -> list[str]:
        """Problems a person should know of, as sentences; makes one harmless call to the provider."""
        ...


@runtime_checkable
class CallsBack(Protocol):
    """A channel whose provider calls us. Both raise SignatureInvalid, or Rejected for what makes no sense."""

    def parse_receipt(self, request: WebhookRequest) -> StatusReport: ...

    def parse_reply(self, request: WebhookRequest) -> Reply: ...


@runtime_checkable
class LooksUp(Protocol):
    """A channel whose provider can be asked what it has. Both raise DeliveryFailed if it cannot be now."""

    def find(self, to: str, match: str, since: datetime) -> list[Found]:
        """All messages to `to` that contain `match`, created at or after `since`.

        May reach back some minutes more, because the provider's clock is not ours.
        """
        ...

    def inbound(self, to: str, since: datetime) -> Iterable[Reply]:
        """Replies to our number `to` at or after `since`, newest first; for catching up after downtime."""
        ...
