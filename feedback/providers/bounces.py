"""Mail that came back: reports as RFC 3464 has them, reduced to what follows from them.

Whom a report is about is not taken from its text, which anybody may write: the address that it was sent to (our
envelope sender, with a MAC) says which message it was.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default

# RFC 3463; a piece of an IP address is none
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
_SMTP_REPLY = re.compile(r"\b([45])\d\d[ -]")
_ADDRESSED_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
NO_SUCH_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"})
"""Mailbox or domain that does not exist (any more); other permanent failures are about the one mail."""
NO_COMPLAINT = frozenset({"not-spam", "auth-failure"})
"""Feedback that blames nobody for writing: taken out of the spam folder again; a forged or badly signed sender."""


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
    """The report in a mail; None for anything else (out of office, "delayed", a person's answer).

    `envelope_recipient` is the address that the mail server accepted the report for, where it is known.
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
        return None  # of delay or success, whatever its prose says
    status = _status_of_report(told) if told is not None else None
    if status is None and _comes_from_a_machine(mail):
        status = _status_in_words(mail)
    return BounceReport(addressed, _message_ids(mail), status) if status else None


def _status_of_report(part: Message) -> str | None:
    """The worst status of the recipients that failed."""
    found = [_status_of(block) for block in _blocks(part) if _word(block, "Action") == "failed"]
    return max(filter(None, found), default=None)


def _words(part: Message, name: str) -> set[str]:
    """What the blocks of a report say in the field `name`."""
    return {word for block in _blocks(part) if (word := _word(block, name))}


def _word(block: Message, name: str) -> str:
    """The first word of a field, in small letters; a comment may follow it."""
    return next(iter(str(block.get(name, "")).lower().split()), "")


def _status_of(block: Message) -> str | None:
    """The status of a recipient; one that says nothing but "failed" (5.0.0) gives way to the server's own words."""
    fields = (str(block.get(name, "")) for name in ("Status", "Diagnostic-Code"))
    found = [".".join(match.groups()) for field in fields if (match := _STATUS.search(field))]
    return next((each for each in found if not each.endswith(".0.0")), next(iter(found), None))


def _status_in_words(mail: EmailMessage) -> str | None:
    """Servers that write prose instead of a report (qmail and others): the first code in it."""
    body = mail.get_body(("plain",))
    text = body.get_content()[:20_000] if body else ""
    if match := _STATUS.search(text):
        return ".".join(match.groups()) if match[1] != "2" else None
    if match := _SMTP_REPLY.search(text):
        return f"{match[1]}.0.0"
    return None


def _comes_from_a_machine(mail: EmailMessage) -> bool:
    """An empty return path, or the name that mail systems use: people and their holiday notices have neither."""
    sender = str(mail.get("From", "")).lower()
    return (
        str(mail.get("Return-Path", "")).strip() == "<>"
        or "mailer-daemon" in sender
        or "postmaster" in sender
    )


def _message_ids(mail: EmailMessage) -> tuple[str, ...]:
    """Message-IDs of the mails that came back with the report, whole or only their head."""
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
