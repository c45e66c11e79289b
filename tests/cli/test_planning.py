"""`feedback plan`: what will be sent when, in words and columns for people, and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine

from tests.cli.calling import feedback

SUNDAY = datetime(2026, 3, 8, 9, 0, tzinfo=UTC)
PEOPLE = """external_id,name,email,language,country,time_zone,consent.email,consent.basis
C-1,Ada Berger,ada@example.com,en,DE,Europe/Berlin,yes,contract
C-2,Ben Roth,ben@example.com,en,DE,Europe/Berlin,yes,contract
C-3,Cem Kaya,cem@example.com,tr,TR,Europe/Istanbul,,
"""


@pytest.fixture
def sunday(installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Three contacts whose tickets were closed on a Sunday; one has given no permission."""
    monkeypatch.setenv("FEEDBACK_ORGANISATION_TIME_ZONE", "Asia/Tehran")
    monkeypatch.setenv("FEEDBACK_PROVIDERS_ENABLED", "simulator_email")
    people = tmp_path / "people.csv"
    people.write_text(PEOPLE)
    with time_machine.travel(SUNDAY, tick=False):
        assert feedback(installed, "import", "contacts", str(people)).exit_code == 0
        for each in ("C-1", "C-2", "C-3"):
            assert feedback(installed, "event", "ticket_closed", each).exit_code == 0
        yield installed


def test_every_message_stands_in_columns_with_its_local_time_and_its_reason_in_words(sunday: Path) -> None:
    lines = feedback(sunday, "plan", "--all", "--days", "3").output.splitlines()
    header, *rows = lines[: lines.index("")]
    columns = [header.index(each) for each in ("When", "Channel", "Stage", "Contact", "Why")]
    assert header.startswith("When (Asia/Tehran)")
    first = next(row for row in rows if "C-1" in row)
    when, channel, stage, contact, why = (
        first[start:end].strip() for start, end in zip(columns, [*columns[1:], None], strict=True)
    )
    assert when == "Mon 2026-03-09 11:30"  # 9:00 in Berlin
    assert (channel, stage, contact) == ("e-mail", "Support request closed", "C-1")
    assert "for quiet hours in Europe/Berlin" in why
    assert "_" not in why and "{" not in why


def test_the_days_are_those_of_the_installation(sunday: Path) -> None:
    lines = feedback(sunday, "plan", "--days", "3").output.splitlines()
    assert [line.split() for line in lines[:2]] == [
        ["Day", "(Asia/Tehran)", "e-mail"],
        ["Mon", "2026-03-09", "2"],
    ]
    assert lines[2] == "2 messages in 3 days: 2 by e-mail."


def test_who_is_not_asked_is_named_in_words(sunday: Path) -> None:
    output = feedback(sunday, "plan", "--days", "3").output
    assert "1 of 3 contacts cannot be asked: 1 have no recorded permission" in output


def test_programs_get_everything_as_json_with_offsets_and_codes(sunday: Path) -> None:
    told = json.loads(feedback(sunday, "plan", "--days", "3", "--json").output)
    assert (told["time_zone"], told["days"], told["per_day"]) == ("Asia/Tehran", 3, {"2026-03-09": 2})
    assert (told["contacts"], told["contacts_that_cannot_be_asked"]) == (3, {"consent_missing": 1})
    first = next(each for each in told["messages"] if each["contact"] == "C-1")
    assert first["at"] == "2026-03-09T11:30:00+03:30"
    assert (first["kind"], first["stage"], first["channel"]) == ("survey", "support-call", "email")
    assert first["reasons"][0]["code"] == "quiet_hours"
    assert first["why"][0].startswith("Moved from ")


@pytest.mark.parametrize("days", ["0", "-3", "many"])
def test_a_plan_of_no_days_is_refused(installed: Path, days: str) -> None:
    refused = feedback(installed, "plan", "--days", days)
    assert refused.exit_code == 2
    assert "--days" in refused.output
