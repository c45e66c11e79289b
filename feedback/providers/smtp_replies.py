"""What the reply of a mail server means: its status code, and its words where the code says too little."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

# RFC 3463. A status begins the text of a reply (RFC 2034); some servers write it behind # or in brackets. Anywhere
# else three numbers are an address or a version.
_LEADING = re.compile(r"\s*#?([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_MARKED = re.compile(r"[#(\[]([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)(?!\.)[)\]\s;:>]")
_QUOTED = re.compile(r"<[^>]*>|\S*@\S*")


@cache
def words() -> Mapping[str, Mapping[str, Any]]:
    """The tables of `data/mail_words.toml`."""
    return tomllib.loads((files("feedback.providers") / "data" / "mail_words.toml").read_text("utf-8"))


def status_of(text: str) -> str:
    """The enhanced status of a reply's text (without its three-digit code), such as 5.1.1; "" if there is none."""
    for line in text.splitlines():
        if match := _LEADING.match(line) or _MARKED.search(line + " "):
            return match.group(1)
    return ""


def without_addresses(text: str, recipient: str = "") -> str:
    """The text in lower case, without anything in <> or with an @, and without the recipient's domain: no word may
    be found in somebody's address."""
    bare = _QUOTED.sub(" ", text).lower()
    domain = recipient.lower().rpartition("@")[2]
    return re.sub(rf"\S*{re.escape(domain)}\S*", " ", bare) if domain else bare


def is_missing_mailbox(status: str, text: str, recipient: str = "") -> bool:
    """Whether a permanent refusal says that the mailbox or its domain does not exist.

    A full mailbox, a limit, or a block by policy is none, even with a status that says otherwise: Gmail uses 5.2.1
    for a mailbox that gets mail too fast.
    """
    mailbox = words()["mailbox"]
    said = without_addresses(text, recipient)
    if status in mailbox["statuses"]:
        return status != "5.2.1" or not contains(said, mailbox["passing"])
    if status and status not in mailbox["unspecific"]:
        return False
    return contains(said, mailbox["missing"]) and not contains(said, mailbox["passing"])


def is_about_us(code: int, status: str, text: str, recipient: str) -> bool:
    """Whether a refusal at RCPT or DATA is about our host, sender or login rather than about the recipient."""
    ours = words()["ours"]
    about = code in ours["codes"] or status in ours["statuses"]
    return about or contains(without_addresses(text, recipient), ours["phrases"])


def contains(text: str, phrases: Sequence[str]) -> bool:
    """Whether one of the phrases stands in the text, at the beginning of a word."""
    return _any_of(tuple(phrases)).search(text) is not None


@cache
def _any_of(phrases: tuple[str, ...]) -> re.Pattern[str]:
    """Words begin where the phrase does: `rate` is not in "separate"."""
    each = (
        rf"(?<!\w){re.escape(phrase)}" if phrase[0].isalpha() else re.escape(phrase) for phrase in phrases
    )
    return re.compile("|".join(each))
