"""When an answer was given, as survey tools write it in their exports."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, timezone

from feedback.core.text.folding import ascii_digits
from feedback.services.customers import fields

_WRITTEN = re.compile(
    r"(?P<day>[^\s,T]+?)(?:,?\s+|T)"
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d+)?)?"
    r"(?:\s*(?P<half>am|pm|a\.m\.|p\.m\.|öö|ös))?"
    r"(?:\s*(?P<zone>utc|gmt|z)?(?P<offset>[+-]\d{1,2}(?::?\d\d)?)?)?",
    re.IGNORECASE,
)
_AFTERNOON = frozenset({"pm", "p.m.", "ös"})
_SINCE_1970 = re.compile(r"(\d{9,10})(\d{3})?")
"""Seconds, or milliseconds, as APIs write them."""


def answered_at(written: str, style: fields.Style) -> datetime:
    """The moment of an answer. Without an offset of its own it is local time in the style's zone.

    Reads what `fields.moment` reads, and `2026/03/14 9:05:12 AM GMT+3`, `14.03.2026 21:05`, seconds since 1970. Raises
    ValueError with a sentence that says what to change.
    """
    plain = " ".join(ascii_digits(written).split())
    if found := _SINCE_1970.fullmatch(plain):
        return datetime.fromtimestamp(int(found[1]), UTC)
    found = _WRITTEN.fullmatch(plain)
    if found is None:
        return fields.moment(plain, style)
    moment = datetime.combine(fields.day(found["day"], style), _time(found))
    return moment.replace(tzinfo=_zone(found) or style.zone)


def _time(found: re.Match[str]) -> time:
    hour = int(found["hour"])
    if found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("There is no such time of day.")
        hour = hour % 12 + (12 if found["half"].lower() in _AFTERNOON else 0)
    try:
        return time(hour, int(found["minute"]), int(found["second"] or 0))
    except ValueError:
        raise ValueError("There is no such time of day.") from None


def _zone(found: re.Match[str]) -> timezone | None:
    """The offset that is written behind the time; None if there is none."""
    if found["offset"] is None:
        return UTC if found["zone"] else None
    digits = found["offset"][1:].replace(":", "")
    hours, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))
    offset = timedelta(hours=hours, minutes=minutes)
    if offset > timedelta(hours=14):
        raise ValueError("There is no such offset from UTC.")
    return timezone(-offset if found["offset"].startswith("-") else offset)


_FINISHED = frozenset({"1", "true", "yes", "completed", "complete", "finished"})
_UNFINISHED = frozenset({"0", "false", "no", "partial", "incomplete", "started", "disqualified"})


def finished(written: str, style: fields.Style) -> bool:
    """Whether a survey was answered to its end: True and False, completed and partial, or yes and no."""
    word = written.casefold()
    if word in _FINISHED | _UNFINISHED:
        return word in _FINISHED
    return fields.switch(written, style)
