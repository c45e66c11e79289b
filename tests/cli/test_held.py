"""What waits for a decision is decided from the shell, too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from feedback import clock
from feedback.errors import ProviderHeld
from feedback.services.messaging import provider_holds
from feedback.store.database import Database
from feedback.store.models import AuditEntry, Message
from tests.cli.calling import feedback


@pytest.fixture
def database(installed: Path) -> Iterator[Database]:
    """Five held mails and one held text message."""
    database, now = Database(f"sqlite:///{installed / 'feedback.db'}"), clock.now()
    with database.writing() as session:
        for number in range(6):
            channel, provider = ("sms", "twilio_sms") if number == 5 else ("email", "smtp_email")
            row = {
                "purpose": "invitation", "provider": provider, "channel": channel, "recipient": f"c{number}",
                "body": "Hello", "language": "en", "headers": {}, "state": "held", "due_at": now, "created_at": now,
            }  # fmt: skip
            session.execute(insert(Message).values(row))
    yield database
    database.close()


def states(database: Database) -> Counter[tuple[str, str]]:
    with database.reading() as session:
        return Counter((each.channel, each.state) for each in session.scalars(select(Message)))


@pytest.mark.parametrize(
    ("command", "state", "told"),
    [("send", "queued", "Messages to send again: 5."), ("keep", "sent", "Messages counted as sent: 5.")],
)
def test_all_held_messages_of_one_provider_are_decided_at_once(
    installed: Path, database: Database, command: str, state: str, told: str
) -> None:
    assert "smtp_email: 5 held messages" in feedback(installed, "held", "list").output
    assert told in feedback(installed, "held", command, "smtp_email").output
    assert states(database) == {("email", state): 5, ("sms", "held"): 1}
    assert ": 0." in feedback(installed, "held", command, "smtp_email").output
    with database.reading() as session:
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.subject == "message"))
    assert (entry.user_id, entry.detail) == (None, {"provider": "smtp_email", "count": 5})


def test_a_held_provider_is_listed_and_released(installed: Path, database: Database) -> None:
    with database.writing() as session:
        for country in (None, "TR"):
            refused = ProviderHeld("The account is suspended.", code="hold_provider", country=country)
            provider_holds.hold(session, "twilio_sms", refused, clock.now())
    told = feedback(installed, "held", "list").output
    assert "twilio_sms: held since" in told
    assert "The account is suspended." in told
    assert (
        feedback(installed, "held", "release", "twilio_sms", "--country", "TR").output
        == "Released twilio_sms.\n"
    )
    with database.reading() as session:
        assert [each.country for each in provider_holds.in_force(session)] == [""]
    feedback(installed, "held", "release", "twilio_sms")
    assert feedback(installed, "held", "release", "twilio_sms").output == "twilio_sms is not held.\n"


def test_nothing_held_is_said(installed: Path) -> None:
    assert feedback(installed, "held", "list").output == "Nothing is held.\n"
