"""Reads the answer of a person to one of our e-mails.

Which message it answers is not taken from its text, which anybody can write, but from the address to which it was sent:
our reply address, which contains a MAC. The copy of our own mail below the answer is left out.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.utils import parseaddr
from html import unescape
from typing import cast

import structlog

from feedback.providers.bounces import ADDRESSED_TO, LONGEST_MAIL, POLICY, is_automatic

log = structlog.get_logger()

LONGEST_TEXT = 20_000
"""Characters of an answer that are kept."""
_RULE = re.compile(r"\s*(?:-{2,}[^-]{3,60}-{2,}|_{10,})\s*")
"""A line above the copy of a mail, in any language: "-----Original Message-----", or Outlook's rule."""
_TAG = re.compile(r"<[^<>]*>")
_UNSEEN = re.compile(r"(?i)<(style|script|head|blockquote)\b|</(style|script|head)>")
_BREAK = re.compile(r"(?i)<br\s*/?>|</(?:p|div|li|tr)>")


@dataclass(frozen=True, slots=True)
class MailReply:
    """`addressed_to` are the addresses to which it was delivered, `message_id` its own, with angle brackets.

    `attachments` are the names of files, which are not kept.
    """

    addressed_to: tuple[str, ...]
    message_id: str
    sender: str
    text: str
    attachments: tuple[str, ...] = ()
    is_automatic: bool = False


def read(raw: bytes, envelope_recipient: str | None = None) -> MailReply | None:
    """The answer in a mail; None for one that has no sender or that Python's parser cannot take apart."""
    try:
        return _read(raw[:LONGEST_MAIL], envelope_recipient)
    except Exception as error:  # as in `bounces.read`: made-up mail makes the parser raise nearly everything
        log.warning("reply.unreadable", error=type(error).__name__)
        return None


def _read(raw: bytes, envelope_recipient: str | None) -> MailReply | None:
    mail = cast(EmailMessage, message_from_bytes(raw, policy=POLICY))
    sender = parseaddr(str(mail.get("From", "")))[1]
    if "@" not in sender:
        return None
    to = (envelope_recipient, *(str(value) for name in ADDRESSED_TO for value in mail.get_all(name, [])))
    named = str(mail.get("Message-ID", "")).strip()
    known = named if re.fullmatch(r"<[^<>\s]{1,250}>", named) else f"sha256:{hashlib.sha256(raw).hexdigest()}"
    return MailReply(
        tuple(each for each in to if each),
        known,
        sender.lower(),
        _text(mail)[:LONGEST_TEXT],
        tuple(part.get_filename() or part.get_content_type() for part in mail.iter_attachments()),
        is_automatic(mail),
    )


def without_copy(text: str, ours: str) -> str:
    """The answer without the copy of our mail (`ours`) below it.

    It begins at a quoted line after which nothing is unquoted, at a rule, or at the first line of our text. With it
    goes a line like "On Monday, Owner wrote:".
    """
    lines = text.splitlines()
    first = next((line.strip() for line in ours.splitlines() if line.strip()), "")
    end = next(
        (
            place
            for place, line in enumerate(lines)
            if _RULE.fullmatch(line)
            or (first and line.strip() == first)
            or (line.lstrip().startswith(">") and all(_is_quoted(each) for each in lines[place:]))
        ),
        len(lines),
    )
    kept = lines[:end]
    while kept and not kept[-1].strip():
        kept.pop()
    if end < len(lines):
        while kept and kept[-1].rstrip().endswith((":", "：")):
            kept.pop()
    return "\n".join(kept).strip()


def _is_quoted(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith(">")


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    if body is not None:
        return str(body.get_content())
    html = mail.get_body(("html",))
    return _words(str(html.get_content())) if html is not None else ""


def _words(html: str) -> str:
    """The words of an HTML mail; the copy of ours is a blockquote in every common program."""
    shown = _TAG.sub("", _BREAK.sub("\n", "".join(_seen(html))))
    return "\n".join(line.strip() for line in unescape(shown).splitlines()).strip()


def _seen(html: str) -> Iterator[str]:
    """What a reader sees, up to the copy of our mail. In one pass, because anybody can write a mail that makes a search
    for each end begin again and again. An element without an end hides nothing."""
    ends = {tag[2].lower(): tag.start() for tag in _UNSEEN.finditer(html) if tag[2]}
    place, last, hidden = 0, len(html), ""
    for tag in _UNSEEN.finditer(html):
        begun, ended = (tag[1] or "").lower(), (tag[2] or "").lower()
        if hidden:
            if ended == hidden:
                place, hidden = tag.end(), ""
        elif begun == "blockquote":
            last = tag.start()
            break
        elif ends.get(begun, 0) > tag.start():
            yield html[place : tag.start()]
            hidden = begun
    yield html[place:last]
