"""Reads bounces (delivery reports, RFC 3464) and spam complaints (RFC 5965).

The message that a report is about is not taken from its text, which anybody can write, but from the address to
which the report was sent: our envelope sender, which contains a MAC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default

# RFC 3463; must not match a part of an IP address
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
_SMTP_REPLY = re.compile(r"\b([45])\d\d[ -]")
_ADDRESSED_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
NO_SUCH_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"})
"""Codes for a mailbox or domain that does not exist; other permanent failures concern only the one mail."""
NO_COMPLAINT = frozenset({"not-spam", "auth-failure"})
"""Feedback types that are no complaint: moved out of the spam folder; a forged or badly signed sender."""


@dataclass(frozen=True, slots=True)
class BounceReport:
    """One delivery report. `status` is the enhanced code, such as 5.1.1; `is_complaint` a spam report (RFC 5965)."""

    addressed_to: tuple[str, ...]
    message_ids: tuple[str, ...]
    status: str
    is_complaint: bool = False

    @property
    def is_permanent(self) -> bool:
        return self.status.startswith("5.")

    @property
    def is_bad_address(self) -> bool:
        return self.status in NO_SUCH_ADDRESS


def read(raw: bytes, envelope_recipient: str | None = None) -> BounceReport | None:
    """The report in a mail; None for anything else (out of office, "delayed", a person's reply).

    `envelope_recipient` is the address to which the report was delivered, if it is known.
    """
    mail = message_from_bytes(raw, policy=default)
    to = (envelope_recipient, *(str(value) for name in _ADDRESSED_TO for value in mail.get_all(name, [])))
    addressed = tuple(each for each in to if each)
    if (feedback := _part(mail, "message/feedback-report")) is not None:
        if _words(feedback, "Feedback-Type") & NO_COMPLAINT:
            return None
        return BounceReport(addressed, _message_ids(mail), "5.7.1", is_complaint=True)
    told = _part(mail, "message/delivery-status")
    if told is not None and (actions := _words(told, "Action")) and "failed" not in actions:
        return None  # a report of delay or success; do not look at its text
    status = _status_of_report(told) if told is not None else None
    if status is None and _comes_from_a_machine(mail):
        status = _status_in_words(mail)
    return BounceReport(addressed, _message_ids(mail), status) if status else None


def _status_of_report(part: Message) -> str | None:
    """The worst status among the failed recipients."""
    found = [_status_of(block) for block in _blocks(part) if _word(block, "Action") == "failed"]
    return max(filter(None, found), default=None)


def _words(part: Message, name: str) -> set[str]:
    """The values of the field `name` in all blocks of a report."""
    return {word for block in _blocks(part) if (word := _word(block, name))}


def _word(block: Message, name: str) -> str:
    """The first word of a field in lower case; a comment can follow it."""
    return next(iter(str(block.get(name, "")).lower().split()), "")


def _status_of(block: Message) -> str | None:
    """The status of a recipient; for an unspecific one (5.0.0), the code in the server's own text is used."""
    fields = (str(block.get(name, "")) for name in ("Status", "Diagnostic-Code"))
    found = [".".join(match.groups()) for field in fields if (match := _STATUS.search(field))]
    return next((each for each in found if not each.endswith(".0.0")), next(iter(found), None))


def _status_in_words(mail: EmailMessage) -> str | None:
    """The first status code in a text, for servers that send text instead of a report (qmail and others)."""
    body = mail.get_body(("plain",))
    text = body.get_content()[:20_000] if body else ""
    if match := _STATUS.search(text):
        return ".".join(match.groups()) if match[1] != "2" else None
    if match := _SMTP_REPLY.search(text):
        return f"{match[1]}.0.0"
    return None


def _comes_from_a_machine(mail: EmailMessage) -> bool:
    """Whether a mail system sent it (empty return path, or its name). Out-of-office replies have neither mark."""
    sender = str(mail.get("From", "")).lower()
    return (
        str(mail.get("Return-Path", "")).strip() == "<>"
        or "mailer-daemon" in sender
        or "postmaster" in sender
    )


def _message_ids(mail: EmailMessage) -> tuple[str, ...]:
    """Message-IDs of the returned mails in the report, which contains them whole or only their headers."""
    found = []
    for part in mail.walk():
        if part.get_content_type() == "text/rfc822-headers":
            found += re.findall(r"(?im)^message-id:\s*(<[^>\s]+>)", _text(part))
        elif part.get_content_type() == "message/rfc822":
            found += [str(inner["Message-ID"]) for inner in _blocks(part) if inner["Message-ID"]]
    found += re.findall(r"<feedback\.[^>\s]+>", _text(mail.get_body(("plain",))))
    return tuple(dict.fromkeys(found))


def _part(mail: EmailMessage, kind: str) -> Message | None:
    return next((part for part in mail.walk() if part.get_content_type() == kind), None)


def _blocks(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [each for each in payload if isinstance(each, Message)] if isinstance(payload, list) else []


def _text(part: Message | None) -> str:
    payload = part.get_payload(decode=True) if part is not None else None
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
