"""What comes back to the address that mails are sent from: bounces, vacation notices, our own mail in a loop.

A mail's envelope sender names the message it belongs to (VERP), proved by a MAC, so that a bounce in any
language and shape finds its message; the delivery status (RFC 3464) then says how bad it is.
"""

from __future__ import annotations

import email
import hashlib
import hmac
import re
from base64 import b32encode
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from typing import Literal

BounceKind = Literal["hard", "soft", "unknown"]
Nature = Literal["auto_reply", "loop", "person"]

# RFC 3463 and the IANA registry: no such mailbox, domain, syntax; moved; null MX; disabled; no such host.
_BAD_ADDRESS = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"}
_FULL_MAILBOX = {"5.2.2"}  # permanent by number, passing by nature
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_SMTP_CODE = re.compile(r"(?<![\d.])([45])\d\d(?=[ -])")
_OUR_ID = re.compile(r"(?:^|[+<])(\d{1,18})\.([a-z2-7]{10})@", re.IGNORECASE)
_QMAIL_RECIPIENT = re.compile(r"^<([^<>\s]+@[^<>\s]+)>:\s*$", re.MULTILINE)
_MAILER = re.compile(r"(mailer-daemon|postmaster|mail delivery (sub)?system)\b", re.IGNORECASE)
_RECIPIENT_HEADERS = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
_AUTO_REPLY_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Auto-Response-From")


@dataclass(frozen=True, slots=True)
class Bounce:
    """A mail that did not arrive, or not yet."""

    kind: BounceKind  # hard: never will; soft: may later; unknown: returned, for no reason that we can read
    status: str | None  # RFC 3463, such as 5.1.1
    recipient: str | None  # as the mail server names it, which may not be whom we wrote to
    message_id: int | None  # our message, only where its MAC is right
    message_id_header: str | None  # as returned, not proved
    diagnostic: str | None  # what the mail server said; may contain the address

    @property
    def bad_address(self) -> bool:
        """True if the address itself is no good, rather than this mail or our reputation."""
        return self.kind == "hard" and self.status in _BAD_ADDRESS


@dataclass(frozen=True, slots=True)
class Verp:
    """Envelope senders and Message-IDs that name a message and cannot be made up.

    `address` is where bounces go, such as `bounce@acme.example`; its server must accept `bounce+anything`.
    """

    address: str
    key: bytes

    def make(self, message_id: int) -> str:
        """The envelope sender for a message."""
        local, _, domain = self.address.partition("@")
        return f"{local}+{message_id}.{self._mac(message_id)}@{domain}"

    def make_header(self, message_id: int) -> str:
        """A Message-ID header, the same for every attempt."""
        return f"<{message_id}.{self._mac(message_id)}@{self.address.partition('@')[2]}>"

    def parse(self, text: str) -> int | None:
        """The message that an address or Message-ID of ours names, or None; whatever its capitals."""
        match = _OUR_ID.search(text)
        if match is None:
            return None
        message_id = int(match.group(1))
        return message_id if hmac.compare_digest(match.group(2).lower(), self._mac(message_id)) else None

    def _mac(self, message_id: int) -> str:
        # Base 32: servers may change the capitals of an address. Ten characters are 50 bits.
        digest = hmac.new(self.key, b"bounce:%d" % message_id, hashlib.sha256).digest()
        return b32encode(digest).decode("ascii").lower()[:10]


def read_mail(raw: bytes, verp: Verp, envelope_to: str | None = None) -> Bounce | Nature:
    """What a mail to the bounce address is; never raises, whatever the bytes.

    `envelope_to` is the address it was delivered to, where the mail system tells (it does in a pipe or LMTP).
    """
    message = email.message_from_bytes(raw)
    if verp.parse(_header(message, "Message-ID")) is not None:
        return "loop"
    bounce = _standard_bounce(message, verp, envelope_to) or _old_bounce(message, verp, envelope_to)
    if bounce:
        return bounce
    return "auto_reply" if _is_automatic(message) else "person"


def _standard_bounce(message: Message, verp: Verp, envelope_to: str | None) -> Bounce | None:
    """A delivery status notification by RFC 3464, if it reports a failure or a delay."""
    for fields in _per_recipient(message):
        action = _header(fields, "Action").lower()
        if action in ("failed", "delayed"):
            diagnostic = _typed(_header(fields, "Diagnostic-Code"))
            status = _first(_STATUS, _header(fields, "Status")) or _first(_STATUS, diagnostic)
            recipient = _header(fields, "Original-Recipient") or _header(fields, "Final-Recipient")
            kind: BounceKind = "soft" if action == "delayed" else _kind(status, diagnostic)
            return _bounce(message, verp, envelope_to, (kind, status, _typed(recipient), diagnostic))
    return None


def _per_recipient(message: Message) -> Iterator[Message]:
    for part in message.walk():
        blocks = part.get_payload() if part.get_content_type() == "message/delivery-status" else None
        if isinstance(blocks, list):
            yield from (block for block in blocks if isinstance(block, Message) and block["Action"])


def _old_bounce(message: Message, verp: Verp, envelope_to: str | None) -> Bounce | None:
    """A bounce in a form of its own (qmail, older Exim): from a mailer, and about a message of ours."""
    if any(True for _ in _per_recipient(message)):
        return None  # a notice of success
    if not _MAILER.search(_header(message, "From")):  # an empty Return-Path vacation notices have too
        return None
    text = _text(message)
    status = _first(_STATUS, text)
    recipient = _header(message, "X-Failed-Recipients") or _first(_QMAIL_RECIPIENT, text)
    bounce = _bounce(message, verp, envelope_to, (_kind(status, text), status, recipient, None))
    return bounce if bounce.message_id is not None else None


def _bounce(
    message: Message,
    verp: Verp,
    envelope_to: str | None,
    said: tuple[BounceKind, str | None, str | None, str | None],
) -> Bounce:
    kind, status, recipient, diagnostic = said
    returned = _returned_message_id(message)
    candidates = [envelope_to or "", *(_header(message, name) for name in _RECIPIENT_HEADERS), returned or ""]
    ours = next((found for found in map(verp.parse, candidates) if found is not None), None)
    return Bounce(kind, status, recipient or None, ours, returned, diagnostic or None)


def _kind(status: str | None, diagnostic: str) -> BounceKind:
    if status in _FULL_MAILBOX:
        return "soft"
    first = status[0] if status else _first(_SMTP_CODE, diagnostic)
    return {"5": "hard", "4": "soft"}.get(first or "", "unknown")  # type: ignore[return-value]


def _returned_message_id(message: Message) -> str | None:
    """The Message-ID of the mail that came back, whole or its headers only."""
    parts = [part for part in message.walk() if part is not message]
    for part in parts:
        if part.get_content_type() in ("text/rfc822-headers", "message/rfc822-headers"):
            found = _header(email.message_from_string(_decoded(part)), "Message-ID")
        else:
            found = _header(part, "Message-ID")
        if found:
            return found
    return _first(re.compile(r"^Message-ID:\s*(<[^<>\s]+>)", re.IGNORECASE | re.MULTILINE), _text(message))


def _is_automatic(message: Message) -> bool:
    """RFC 3834, and what was used before it."""
    submitted = _header(message, "Auto-Submitted").lower()
    return (
        (bool(submitted) and not submitted.startswith("no"))
        or _header(message, "Precedence").lower() in ("bulk", "junk", "list", "auto_reply")
        or any(name in message for name in _AUTO_REPLY_HEADERS)
        or _header(message, "Return-Path") == "<>"
        or message.get_content_type() == "multipart/report"
    )


def _text(message: Message) -> str:
    """The first readable part."""
    return next((_decoded(part) for part in message.walk() if part.get_content_maintype() == "text"), "")


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _header(message: Message, name: str) -> str:
    return " ".join(str(message.get(name, "")).split())


def _typed(value: str) -> str:
    """The value without its type: `rfc822; leyla@x.example`, `smtp; 550 5.1.1 ...`."""
    return value.partition(";")[2].strip() if ";" in value else value


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return match.group(1) if match else None
