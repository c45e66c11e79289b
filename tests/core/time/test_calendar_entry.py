"""A calendar file as other programs read it (RFC 5545)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from feedback.core.time.calendar_entry import CalendarEntry

NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)


def entry(summary: str) -> str:
    starts = datetime(2026, 3, 9, 16, 30, tzinfo=timezone(timedelta(hours=3)))
    return (
        CalendarEntry("7-2@desk.example", summary, starts, "https://desk.example/desk/7").file(NOW).decode()
    )


def test_a_calendar_gets_a_quarter_of_an_hour_with_an_alarm() -> None:
    assert entry("Call back: Acme").split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//feedback//follow-up//EN",
        "BEGIN:VEVENT",
        "UID:7-2@desk.example",
        "DTSTAMP:20260304T100000Z",
        "DTSTART:20260309T133000Z",
        "DTEND:20260309T134500Z",
        "SUMMARY:Call back: Acme",
        "URL:https://desk.example/desk/7",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "TRIGGER:PT0S",
        "DESCRIPTION:Call back: Acme",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_signs_with_a_meaning_are_escaped_and_line_ends_cannot_add_lines() -> None:
    assert "SUMMARY:A\\, B\\; C\\\\D BEGIN:VALARM\r\n" in entry("A, B; C\\D\r\nBEGIN:VALARM")


def test_long_lines_are_folded_between_letters_and_read_back_whole() -> None:
    words = "تماس با شرکت نیک‌افزار " * 20
    text = entry(words)
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    assert f"SUMMARY:{words.strip()}" in text.replace("\r\n ", "")
