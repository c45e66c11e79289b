"""An installation that an earlier release made works on: nothing is lost, nothing is sent twice, figures stay.

`tests/data/upgrades/` holds one directory for each release, made by that release with `make.py` and never changed.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import sqlite3
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import time_machine

from feedback.settings import load
from feedback.settings.reading import entries
from tests.conftest import BOTH
from tests.fakes.fake_twilio import Message
from tests.installation import (
    Browser,
    Installation,
    Running,
    counts,
    link_in,
    observed,
    outside,
    returned,
    rows,
    value_of,
    written,
)
from tests.postgres import Postgres

RELEASES = sorted(each.parent for each in Path(__file__).parent.glob("data/upgrades/*/expected.json"))
LAST_MIGRATION = {"a4725c9": "0004", "0.1.0": "0005"}
"""The migration with which each release ended."""
RENAMED: dict[str, str] = {"channels.enabled": "providers.enabled"}
"""A setting of an earlier release -> its name today; the old name goes on being read."""
TABLES: dict[str, str] = {"channel_hold": "provider_hold", "pace": "rate_limit_bucket"}
"""A table of an earlier release -> its name today."""
DECIDED: dict[tuple[str, str], Callable[[Any], Any]] = {
    # F309 said of a held provider what F110 says as well, and is gone. F052 names a setting that has a new name, F115
    # counts the contacts that nobody may ask. F121 says that messages are due and no worker runs, F123 names the held
    # messages without `--deep`, too.
    ("a4725c9", "doctor"): lambda before: sorted({*before, "F052", "F115", "F121", "F123"} - {"F309"}),
    ("0.1.0", "doctor"): lambda before: sorted({*before, "F121", "F123"}),
    # The forecast counted messages to people who had refused the other channel, and who are not asked any more.
    ("a4725c9", "plan"): lambda before: before - 1,
    # The days of the forecast have a heading.
    ("0.1.0", "plan"): lambda before: before + 1,
}
"""Release and what it showed -> what is shown instead since a decision changed it."""
LATER = {"alembic_version"}
"""Tables in which an upgrade itself may write."""


class Upgraded:
    """The installation of an earlier release under the program of today, at the moment the release stopped."""

    def __init__(self, installation: Installation, expected: dict[str, Any], url: str) -> None:
        self.installation, self.expected, self.url = installation, expected, url
        self.outside = installation.outside
        self.phone: dict[str, str] = expected["last"]

    @contextmanager
    def at_its_end(self) -> Iterator[None]:
        """The clock stands where the release stopped."""
        with time_machine.travel(datetime.fromisoformat(self.expected["now"]), tick=False) as self.clock:
            yield

    def texts(self) -> Counter[str]:
        """How often the provider has taken a message to each number, the earlier release's included."""
        return Counter(each.to for each in self.outside.twilio.outbound())

    def sent_before(self, what: str) -> Message:
        return next(each for each in self.outside.twilio.outbound() if each.to == self.phone[what])

    def minutes_later(self, running: Running, *minutes: int) -> None:
        for each in minutes:
            self.clock.shift(timedelta(minutes=each))
            running.tick()


@pytest.fixture(scope="module", params=RELEASES, ids=lambda each: each.name)
def release(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


@contextmanager
def _restored(request: pytest.FixtureRequest, release: Path, instance: Path) -> Iterator[Upgraded]:
    instance.mkdir()
    shutil.copy(release / "feedback.toml", instance)
    (instance / "feedback.toml").chmod(0o600)
    restore: Callable[..., str] = _on_sqlite if request.param == "sqlite" else _on_postgres
    url = restore(request, release, instance)
    expected = json.loads((release / "expected.json").read_text(encoding="utf-8"))
    with outside() as found:
        found.twilio.messages.extend(Message(**each) for each in expected["provider"])
        yield Upgraded(Installation(instance, found, {"FEEDBACK_DATABASE_URL": url}), expected, url)
    if request.param != "sqlite":
        request.getfixturevalue("postgres").drop(url.partition("?")[0].rpartition("/")[2])


@pytest.fixture(params=BOTH)
def old(request: pytest.FixtureRequest, release: Path, tmp_path: Path) -> Iterator[Upgraded]:
    """What the release left behind, not yet upgraded; on SQLite, and again on PostgreSQL."""
    with _restored(request, release, tmp_path / "instance") as found, found.at_its_end():
        yield found


@pytest.fixture
def running(old: Upgraded) -> Iterator[Running]:
    """Web and worker of today over it; starting them upgrades the database."""
    with old.installation.running() as found:
        yield found


@pytest.fixture(scope="module", params=BOTH)
def started(
    request: pytest.FixtureRequest, release: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Upgraded, Running]]:
    """One for all the tests that look at different rows of it: to start takes a second."""
    with (
        _restored(request, release, tmp_path_factory.mktemp("shared") / "instance") as old,
        ExitStack() as stack,
    ):
        with old.at_its_end():
            running = stack.enter_context(old.installation.running())
        yield old, running


@pytest.fixture
def shared(started: tuple[Upgraded, Running]) -> Iterator[tuple[Upgraded, Running]]:
    with started[0].at_its_end():
        yield started


def _dump(release: Path, name: str) -> str:
    return gzip.decompress((release / name).read_bytes()).decode()


def _on_sqlite(_: pytest.FixtureRequest, release: Path, instance: Path) -> str:
    connection = sqlite3.connect(instance / "feedback.db")
    connection.executescript(_dump(release, "sqlite.sql.gz"))
    connection.close()
    return f"sqlite:///{instance / 'feedback.db'}"


def _on_postgres(request: pytest.FixtureRequest, release: Path, instance: Path) -> str:
    """Copied from a database that is loaded once."""
    postgres: Postgres = request.getfixturevalue("postgres")
    templates: dict[str, str] = request.getfixturevalue("templates")
    if release.name not in templates:
        templates[release.name] = f"release_{uuid.uuid4().hex}"
        url = postgres.create(templates[release.name])
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(_dump(release, "postgresql.sql.gz"))  # type: ignore[call-overload]
    return postgres.create(f"upgrade_{uuid.uuid4().hex}", templates[release.name])


@pytest.fixture(scope="session")
def templates() -> dict[str, str]:
    """A release -> the PostgreSQL database with its dump."""
    return {}


def test_the_upgrade_keeps_every_row(old: Upgraded, release: Path) -> None:
    assert rows(old.url, "SELECT version_num FROM alembic_version") == [(LAST_MIGRATION[release.name],)]
    assert counts(old.url) == old.expected["rows"]
    old.installation.done("db", "upgrade")
    today = counts(old.url)
    assert {
        TABLES.get(name, name): number for name, number in old.expected["rows"].items()
    }.items() <= today.items()
    assert "up to date" in old.installation.done("db", "upgrade")
    assert counts(old.url) == today


def test_people_programs_and_operators_see_what_they_saw_before(
    release: Path, old: Upgraded, running: Running
) -> None:
    shown = observed(old.installation, running, old.expected["api key"])
    for name, before in old.expected["shown"].items():
        change = DECIDED.get((release.name, name))
        assert shown[name] == (change(before) if change else before), name


def test_follow_ups_keep_account_score_words_and_history(shared: tuple[Upgraded, Running]) -> None:
    old, running = shared
    lead = running.sign_in("lead")
    for task, before in old.expected["follow-ups"].items():
        page = lead.page(f"/desk/{task}")
        for words in before["words"]:
            assert words in page, f"follow-up {task} does not show {words!r}"
        now = running.rows("SELECT state, score, revision FROM follow_up WHERE id = :id", id=int(task))
        assert [list(each) for each in now] == [[before["state"], before["score"], before["revision"]]]


def test_a_colleagues_score_and_a_contact_that_reached_nobody_are_corrected(
    release: Path, shared: tuple[Upgraded, Running]
) -> None:
    """Alice Archer's 5 was a colleague's, and the e-mail to Deniz Yıldız had been logged as not reached."""
    _, running = shared
    kept = dict(
        running.rows("SELECT id, first_contact_at IS NOT NULL FROM follow_up WHERE kind = 'recovery'")
    )
    assert {task: bool(made) for task, made in kept.items()} == {
        1: release.name != "a4725c9",
        2: True,
        3: False,
        4: False,
        5: False,
    }
    assert running.rows("SELECT id FROM follow_up WHERE previous_score IS NOT NULL") == []
    lead = running.sign_in("lead")
    assert "Previous score" not in lead.page("/desk/4")


def test_a_link_from_before_opens_and_is_answered(shared: tuple[Upgraded, Running]) -> None:
    old, running = shared
    link = link_in(old.sent_before("sent").body)
    running.answer(link, satisfaction="1", solved="unsolved", comment="Still the same after your upgrade.")
    found = running.rows(
        "SELECT s.value, f.state, a.external_id FROM score s JOIN response r ON r.id = s.response_id "
        "JOIN follow_up f ON f.response_id = r.id JOIN account a ON a.id = r.account_id "
        "ORDER BY s.id DESC LIMIT 1"
    )
    assert found == [(1, "open", "A-5")]
    assert "Still the same after your upgrade." in running.sign_in("lead").page("/insights/comments")


def test_a_link_that_was_answered_before_is_not_open_again(shared: tuple[Upgraded, Running]) -> None:
    old, running = shared
    token, before = old.expected["answered"], running.rows("SELECT count(*) FROM response")
    page = running.browser().page(f"/{token}")
    assert 'type="radio"' not in page
    assert running.rows("SELECT count(*) FROM response") == before


def test_a_text_message_in_reply_to_one_from_before_is_its_answer(shared: tuple[Upgraded, Running]) -> None:
    old, running = shared
    phone = old.phone["sent too"]
    assert running.reply(phone, "2").status_code == 200
    last = "SELECT meaning, invitation_id IS NOT NULL FROM inbound_reply ORDER BY id DESC LIMIT 1"
    assert [(meaning, bool(known)) for meaning, known in running.rows(last)] == [("score", True)]
    assert running.rows("SELECT value FROM score ORDER BY id DESC LIMIT 1") == [(2,)]


def test_a_receipt_for_a_message_from_before_is_matched(shared: tuple[Upgraded, Running]) -> None:
    old, running = shared
    message = old.sent_before("sent")
    state = "SELECT state FROM message WHERE provider_id = :sid"
    assert running.rows(state, sid=message.sid) == [("sent",)]
    for _ in range(2):
        assert running.receipt(message, "delivered").status_code == 200
    assert running.rows(state, sid=message.sid) == [("delivered",)]
    assert running.rows("SELECT status FROM receipt WHERE provider_id = :sid", sid=message.sid) == [
        ("delivered",)
    ]


def test_a_mail_from_before_that_comes_back_is_matched(old: Upgraded) -> None:
    to = old.expected["mail"]
    old.installation.done(
        "bounce", "--recipient", to["return path"], given=returned(to["return path"], to["address"])
    )
    found = rows(old.url, "SELECT reason FROM suppression WHERE address = :address", address=to["address"])
    assert found == [("hard_bounce",)]


def test_what_was_on_its_way_is_sent_once_and_what_was_held_waits(old: Upgraded, running: Running) -> None:
    before = old.texts()
    assert before[old.phone["unconfirmed"]] == 1
    old.minutes_later(running, 1, 6, 6, 6, 6)
    sent = old.texts() - before
    for what in ("queued", "refused for a while", "sending"):
        assert sent[old.phone[what]] == 1, what
    for what in (
        "sent",
        "sent too",
        "unconfirmed",
        "withdrawn",
        "closed country",
        "queued for a closed country",
    ):
        assert sent[old.phone[what]] == 0, what
    assert running.rows(
        "SELECT state FROM message WHERE recipient = :to ORDER BY id DESC LIMIT 1",
        to=old.phone["unconfirmed"],
    ) == [("sent",)]
    doctor = old.installation.cli("doctor", "--deep").output
    assert "F110" in doctor and "US" in doctor and "F301" not in doctor
    assert "F303" not in doctor  # nothing reached the provider twice

    _release_the_hold(running.sign_in("lead"))
    old.minutes_later(running, 1, 6)
    assert old.texts()[old.phone["queued for a closed country"]] == 1


def _release_the_hold(lead: Browser) -> None:
    page = lead.page("/deliveries/")
    form = page[page.index('action="/deliveries/holds"') :]
    lead.send("/deliveries/holds", **dict(_hidden(form[: form.index("</form>")])))


def _hidden(form: str) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))


def test_who_had_opted_out_is_left_alone(old: Upgraded, running: Running) -> None:
    """The stops of before hold against new events, and against what was queued."""
    stopped = old.expected["stopped"]
    assert len(stopped) >= 3
    before = old.texts()
    for number, contact in enumerate(stopped):
        body = {"key": f"after:{number}", "name": "customer_left", "contact": contact}
        body["occurred_at"] = "2026-02-28T08:00:00Z"
        assert running.api("POST", "/events", old.expected["api key"], body).status_code == 201
    old.minutes_later(running, 1, 6, 6)
    known = dict(running.rows("SELECT external_id, phone FROM contact"))
    mails = {
        running.rows("SELECT email FROM contact WHERE external_id = :id", id=each)[0][0] for each in stopped
    }
    assert not [each for each in stopped if (old.texts() - before)[known[each]]]
    assert not [each for mail in old.outside.smtp.mails for each in mail.recipients if each in mails]


def test_the_audit_still_takes_no_change(shared: tuple[Upgraded, Running]) -> None:
    _, running = shared
    for statement in ("UPDATE audit_entry SET action = 'x'", "DELETE FROM audit_entry"):
        with pytest.raises(Exception, match="append-only"):
            running.rows(statement)


# Settings


@pytest.mark.parametrize("spelling", ["list", "text", "variable"])
def test_the_settings_mean_what_they_meant(release: Path, tmp_path: Path, spelling: str) -> None:
    expected = json.loads((release / "expected.json").read_text(encoding="utf-8"))["settings"]
    text = (release / "feedback.toml").read_text(encoding="utf-8")
    written_as = 'enabled = ["twilio_sms", "smtp_email"]'
    assert written_as in text
    environ = {}
    if spelling == "text":
        text = text.replace(written_as, 'enabled = "twilio_sms, smtp_email"')
    if spelling == "variable":
        text, environ = text.replace(written_as, ""), {"FEEDBACK_CHANNELS_ENABLED": "twilio_sms,smtp_email"}
    (tmp_path / "feedback.toml").write_text(text, encoding="utf-8")
    settings = load(tmp_path, environ)
    for name, meant in expected.items():
        today = RENAMED.get(name, name)
        assert today in entries(), f"{name} is not known any more"
        assert written(value_of(settings, today)) == meant, name
