"""An appointment as a calendar file that every calendar program opens (iCalendar, RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MINUTES = 15
_OCTETS = 75
"""The longest line, without its end (RFC 5545, section 3.1)."""


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """An appointment of a quarter of an hour; `uid` identifies it, so that a file opened twice adds it once."""

    uid: str
    summary: str
    starts_at: datetime
    url: str

    def file(self, now: datetime) -> bytes:
        """The file, in UTF-8, with an alarm at the start; `now` is when it was made."""
        lines = (
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//feedback//follow-up//EN",
            "BEGIN:VEVENT",
            f"UID:{_text(self.uid)}",
            f"DTSTAMP:{_moment(now)}",
            f"DTSTART:{_moment(self.starts_at)}",
            f"DTEND:{_moment(self.starts_at + timedelta(minutes=MINUTES))}",
            f"SUMMARY:{_text(self.summary)}",
            f"URL:{self.url}",
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            "TRIGGER:PT0S",
            f"DESCRIPTION:{_text(self.summary)}",
            "END:VALARM",
            "END:VEVENT",
            "END:VCALENDAR",
        )
        return b"".join(part + b"\r\n" for line in lines for part in _folded(line))


def _moment(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(words: str) -> str:
    """Escaped as section 3.3.11 says."""
    plain = " ".join(words.split())
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _folded(line: str) -> Iterator[bytes]:
    """The line in parts of at most 75 octets, the later ones behind a space, and no letter cut in two."""
    part = b""
    for sign in line:
        octets = sign.encode()
        if len(part) + len(octets) > _OCTETS:
            yield part
            part = b" "
        part += octets
    yield part
