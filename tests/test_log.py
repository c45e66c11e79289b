from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from feedback import log
from feedback.settings.table import LogSettings


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    yield
    root.handlers[:], level = before[0], before[1]
    root.setLevel(level)
    structlog.reset_defaults()


def lines(level: str = "info", **event: Any) -> list[dict[str, Any]]:
    stream = io.StringIO()
    log.configure(LogSettings(level=level, format="json"), stream)  # type: ignore[arg-type]
    structlog.get_logger("feedback").info("message_sent", **event)
    logging.getLogger("library").warning("could not reach %s", "ada@example.com")
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_of_json_with_its_ids() -> None:
    event, _ = lines(message_id=7)
    assert (event["event"], event["message_id"], event["level"]) == ("message_sent", 7, "info")
    assert event["timestamp"].endswith("Z")


def test_a_librarys_record_takes_the_same_form_and_loses_its_address() -> None:
    _, record = lines()
    assert (record["event"], record["level"]) == ("could not reach [removed]", "warning")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("to", "+15550100123"),
        ("comment", "Terrible!"),
        ("detail", "sent to +49 (151) 2345678"),
        ("detail", "ada@example.com refused"),
        ("path", "GET /Ab3dE5gH7jK9?s=9"),
        ("path", "POST /Ab3dE5gH7jK9/stop"),
        ("detail", "https://s.example.com/in/Ab3dE5gH7jK9"),
    ],
)
def test_what_belongs_to_a_person_is_removed(key: str, value: str) -> None:
    event, _ = lines(**{key: value})
    assert "[removed]" in event[key]
    assert value != event[key]


@pytest.mark.parametrize(
    "value", ["2026-11-21T10:00:00Z", "SM0123456789abcdef0123456789abcdef", "12345", "/desk/12"]
)
def test_an_id_or_a_moment_stays(value: str) -> None:
    event, _ = lines(detail=value)
    assert event["detail"] == value


def test_a_quieter_level_drops_events() -> None:
    assert len(lines(level="warning")) == 1


def test_a_traceback_is_told_without_persons() -> None:
    stream = io.StringIO()
    log.configure(LogSettings(format="json"), stream)
    try:
        raise ValueError("bad address ada@example.com")
    except ValueError:
        structlog.get_logger().exception("tick_failed", message_id=7)
    assert "ada@example.com" not in stream.getvalue()
    assert "ValueError" in stream.getvalue()


def test_the_console_form_is_plain_text() -> None:
    stream = io.StringIO()
    log.configure(LogSettings(), stream)
    structlog.get_logger().info("started", port=8080)
    assert "started" in stream.getvalue()
    assert "port=8080" in stream.getvalue()
