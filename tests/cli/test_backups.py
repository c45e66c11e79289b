"""Backup and restore as an operator does them: nothing queued at the time of the backup is sent unasked."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from feedback import clock
from feedback.providers.simulator import MemoryMailbox, Simulator
from feedback.services.context import Context
from feedback.services.messaging import dispatch, invariants, reconciliation
from feedback.settings import load
from feedback.store.database import Database
from feedback.store.models import Contact, Enrolment, Message
from tests.cli.calling import feedback
from tests.cli.test_wrong_database import make_older
from tests.conftest import BOTH
from tests.factories_surveys import NPS, shelf


class Site:
    """An installation whose database can be lost."""

    def __init__(self, directory: Path, database: Database) -> None:
        self.directory, self.database = directory, database
        self.mailbox = MemoryMailbox()
        self.now = clock.now()

    def queue(self, count: int, channel: str) -> None:
        rows = [self._row(f"{channel}{number:03d}", channel) for number in range(count)]
        with self.database.writing() as session:
            session.execute(insert(Message), rows)

    def _row(self, name: str, channel: str) -> dict[str, object]:
        return {
            "purpose": "invitation", "provider": f"simulator_{channel}", "channel": channel,
            "recipient": f"{name}@example.com" if channel == "email" else f"+1500556{name[-3:]}0",
            "body": f"https://s.example/{name}", "subject": "Hello", "language": "en", "headers": {},
            "match": name, "state": "queued", "due_at": self.now, "created_at": self.now,
        }  # fmt: skip

    @property
    def context(self) -> Context:
        providers = {
            f"simulator_{each}": Simulator(channel=each, mailbox=self.mailbox) for each in ("sms", "email")
        }
        return Context(load(self.directory, {"FEEDBACK_DEMO": "true"}), shelf(NPS), dict(providers))

    def send(self) -> int:
        return dispatch.send_queued(self.database, self.context, "worker", self.now)

    def work(self) -> None:
        """Some hours of a worker."""
        timer = reconciliation.UnconfirmedTimer(lambda: self.now.timestamp())  # noqa: PLW0108 - `now` moves
        for _ in range(4):
            self.send()
            reconciliation.reconcile(self.database, self.context, self.now, timer)
            self.now += timedelta(hours=1)
        self.send()

    def states(self) -> Counter[tuple[str, str]]:
        with self.database.reading() as session:
            return Counter((each.channel, each.state) for each in session.scalars(select(Message)))

    def arrived(self) -> Counter[str | None]:
        return Counter(each.outgoing.match for each in self.mailbox.delivered)


@pytest.fixture(params=BOTH)
def site(request: pytest.FixtureRequest, installed: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    if request.param == "sqlite":
        url = f"sqlite:///{installed / 'feedback.db'}"
    else:
        url = request.getfixturevalue("postgres_url")
        programs = request.getfixturevalue("postgres").server.bin_path
        monkeypatch.setenv("PATH", str(programs), prepend=":")
        monkeypatch.setenv("FEEDBACK_DATABASE_URL", url)
    database = Database(url)
    database.upgrade()
    site = Site(installed, database)
    yield site
    site.database.close()


def lose(site: Site, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine is gone; a new one has an empty place for the database."""
    site.database.close()
    if site.database.is_sqlite:
        for each in site.directory.glob("feedback.db*"):
            each.unlink()
        return
    postgres = request.getfixturevalue("postgres")
    name = f"{site.database.url.database}_again"
    monkeypatch.setenv("FEEDBACK_DATABASE_URL", postgres.create(name))
    request.addfinalizer(lambda: (site.database.close(), postgres.drop(name)))
    site.database = Database(postgres.url(name))


def test_what_was_sent_after_the_backup_is_not_sent_again(
    site: Site, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.queue(6, "sms")
    site.queue(6, "email")
    copy = tmp_path / "copy.backup"
    backed_up = feedback(site.directory, "backup", str(copy))
    assert backed_up.exit_code == 0, backed_up.output
    assert copy.stat().st_mode & 0o077 == 0
    site.work()  # after the backup everything goes out, and is lost
    lose(site, request, monkeypatch)
    restored = feedback(site.directory, "restore", str(copy))
    assert restored.exit_code == 0, restored.output
    assert "look up at their provider: 6." in restored.output
    assert "held for your decision: 6." in restored.output
    assert site.states() == {("sms", "unconfirmed"): 6, ("email", "held"): 6}
    with site.database.reading() as session:
        assert [each.code for each in invariants.check(session, site.now)] == ["F310"]
    site.work()
    assert set(site.arrived().values()) == {1}
    assert site.states() == {("sms", "sent"): 6, ("email", "held"): 6}


def test_what_was_not_sent_after_the_backup_is_sent_once_the_provider_says_so(
    site: Site, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.queue(3, "sms")
    copy = tmp_path / "copy.backup"
    feedback(site.directory, "backup", str(copy))
    lose(site, request, monkeypatch)
    feedback(site.directory, "restore", str(copy))
    assert site.send() == 0
    site.work()
    assert list(site.arrived().values()) == [1, 1, 1]


def test_a_database_restored_by_hand_is_declared(site: Site) -> None:
    site.queue(2, "sms")
    site.queue(1, "email")
    told = feedback(site.directory, "db", "restored")
    assert told.exit_code == 0, told.output
    assert site.states() == {("sms", "unconfirmed"): 2, ("email", "held"): 1}
    assert "decision: 0." in feedback(site.directory, "db", "restored").output


def test_a_backup_is_whole_while_somebody_writes(site: Site, tmp_path: Path) -> None:
    """Each transaction adds two messages, so a copy of half a transaction has an odd number."""
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            rows = [site._row(f"w{number}-{half}00", "email") for half in (1, 2)]
            with site.database.writing() as session:
                session.execute(insert(Message), rows)
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            assert feedback(site.directory, "backup", str(tmp_path / f"{number}.backup")).exit_code == 0
    finally:
        stop.set()
        writer.join()
    if site.database.is_sqlite:
        for number in range(3):
            with sqlite3.connect(tmp_path / f"{number}.backup") as connection:
                assert connection.execute("SELECT count(*) FROM message").fetchone()[0] % 2 == 0
            connection.close()


def test_a_backup_overwrites_nothing(site: Site, tmp_path: Path) -> None:
    copy = tmp_path / "copy.backup"
    copy.write_text("mine")
    refused = feedback(site.directory, "backup", str(copy))
    assert (refused.exit_code, copy.read_text()) == (2, "mine")
    assert "already exists" in refused.output


def test_a_restore_overwrites_nothing(site: Site, tmp_path: Path) -> None:
    copy = tmp_path / "copy.backup"
    feedback(site.directory, "backup", str(copy))
    site.queue(1, "sms")
    refused = feedback(site.directory, "restore", str(copy))
    assert refused.exit_code == 2
    assert "nothing was changed" in refused.output
    assert site.states() == {("sms", "queued"): 1}


@pytest.mark.parametrize("kind", ["text", "half", "newer", "not ours"])
def test_what_is_no_good_backup_is_refused_and_leaves_nothing_behind(
    installed: Path, tmp_path: Path, kind: str
) -> None:
    copy = tmp_path / "copy.backup"
    feedback(installed, "backup", str(copy))
    spoil(copy, kind)
    for each in installed.glob("feedback.db*"):
        each.unlink()
    refused = feedback(installed, "restore", str(copy))
    assert refused.exit_code == 2
    assert "Traceback" not in refused.output
    assert [each.name for each in installed.iterdir() if "feedback.db" in each.name] == []


def spoil(copy: Path, kind: str) -> None:
    content = copy.read_bytes()
    if kind == "text":
        copy.write_text("external_id,name\n")
    elif kind == "half":
        copy.write_bytes(content[: len(content) // 2])
    elif kind == "newer":
        with sqlite3.connect(copy) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.close()
    else:
        copy.unlink()
        with sqlite3.connect(copy) as connection:
            connection.execute("CREATE TABLE other (id integer)")
        connection.close()


def test_a_backup_of_the_release_before_is_upgraded_on_its_way(installed: Path, tmp_path: Path) -> None:
    make_older(installed / "feedback.db")
    shutil.copy(installed / "feedback.db", tmp_path / "old.db")
    (installed / "feedback.db").unlink()
    assert feedback(installed, "restore", str(tmp_path / "old.db")).exit_code == 0
    database = Database(f"sqlite:///{installed / 'feedback.db'}")
    assert database.is_current()
    database.close()


def test_without_the_server_s_programs_a_backup_says_what_to_install(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEEDBACK_DATABASE_URL", "postgresql://someone:s3cret@127.0.0.1:1/feedback")
    monkeypatch.setenv("PATH", str(tmp_path))
    refused = feedback(installed, "backup", str(tmp_path / "copy.backup"))
    assert refused.exit_code == 2
    assert "Install PostgreSQL's client programs" in refused.output
    assert list(tmp_path.glob("*copy*")) == []


def test_a_backup_changes_no_tables_of_an_older_release(installed: Path, tmp_path: Path) -> None:
    """So that it can be made after the new release was installed and before the tables are upgraded."""
    make_older(installed / "feedback.db")
    assert feedback(installed, "backup", str(tmp_path / "old.backup")).exit_code == 0
    for file in (installed / "feedback.db", tmp_path / "old.backup"):
        with sqlite3.connect(file) as connection:
            assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0005",)]
        connection.close()


def test_surveys_that_became_due_since_the_backup_are_named(site: Site) -> None:
    with site.database.writing() as session:
        person = Contact(external_id="c1", created_at=site.now, updated_at=site.now)
        session.add(person)
        session.flush()
        for hours in (-2, 2):
            facts = {"stage": "support", "questionnaire": "support-call-csat", "state": "scheduled"}
            facts |= {"contact_id": person.id, "occurrence": str(hours), "explanation": []}
            moments = dict.fromkeys(("created_at", "decided_at", "entered_at"), site.now)
            moments["expires_at"] = site.now + timedelta(days=9)
            session.add(Enrolment(due_at=site.now + timedelta(hours=hours), **facts, **moments))
    told = feedback(site.directory, "db", "restored").output
    assert "Surveys that became due since: 1. They may have been sent" in told


PASSPHRASE = "sixteen characters or more"


def left_behind(site: Site, request: pytest.FixtureRequest) -> list[str]:
    """Files and databases that a drill has made."""
    files = [each.name for each in site.directory.iterdir() if "scratch" in each.name or "drill" in each.name]
    if site.database.is_sqlite:
        return files
    with site.database.reading() as session:
        names = text("SELECT datname FROM pg_database WHERE datname LIKE 'feedback_drill%' ORDER BY datname")
        return [*files, *session.scalars(names)]


def test_a_drill_proves_a_backup_while_the_installation_goes_on(
    site: Site, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    site.queue(6, "sms")
    copy = tmp_path / "copy.backup"
    assert "not encrypted" in feedback(site.directory, "backup", str(copy)).output
    site.queue(3, "email")
    before = site.states()
    drill = feedback(site.directory, "restore", str(copy), "--drill")
    assert drill.exit_code == 0, drill.output
    (messages,) = [line.split() for line in drill.output.splitlines() if line.startswith("message ")]
    assert messages == ["message", "6", "9"]
    assert "as the manifest says" in drill.output
    assert site.states() == before
    assert left_behind(site, request) == []


def test_an_encrypted_backup_opens_only_with_its_passphrase(
    site: Site, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.queue(2, "email")
    copy, key, wrong = tmp_path / "copy.backup", tmp_path / "key", tmp_path / "wrong"
    key.write_text(f"{PASSPHRASE}\n")
    wrong.write_text("another passphrase")
    made = feedback(site.directory, "backup", str(copy), "--passphrase-file", str(key))
    assert made.exit_code == 0, made.output
    assert made.output.splitlines()[0].endswith("MB, encrypted.")
    assert b"email000@example.com" not in copy.read_bytes()
    manifest = json.loads((tmp_path / "copy.backup.json").read_text())
    assert manifest.keys() == {"format", "release", "size", "sha256", "evidence_encrypted"}
    refused = [
        feedback(site.directory, "restore", str(copy), "--drill"),
        feedback(site.directory, "restore", str(copy), "--drill", "--passphrase-file", str(wrong)),
    ]
    assert [each.exit_code for each in refused] == [2, 2]
    assert "is encrypted" in refused[0].output
    assert refused[1].output.startswith("Give the passphrase with which this backup was encrypted")
    monkeypatch.setenv("FEEDBACK_BACKUP_PASSPHRASE", PASSPHRASE)
    drill = feedback(site.directory, "restore", str(copy), "--drill")
    assert drill.exit_code == 0, drill.output
    assert "as the manifest says" in drill.output
    lose(site, request, monkeypatch)
    restored = feedback(site.directory, "restore", str(copy))
    assert restored.exit_code == 0, restored.output
    assert site.states() == {("email", "held"): 2}
    assert left_behind(site, request) == []


def test_a_backup_that_is_not_what_the_database_was_fails_its_drill(site: Site, tmp_path: Path) -> None:
    site.queue(3, "sms")
    copy = tmp_path / "copy.backup"
    feedback(site.directory, "backup", str(copy))
    manifest = tmp_path / "copy.backup.json"
    content = json.loads(manifest.read_text())
    content["evidence"]["tables"]["message"]["rows"] = 4
    content["evidence"]["tables"]["audit_entry"]["sha256"] = "0" * 64
    manifest.write_text(json.dumps(content))
    drill = feedback(site.directory, "restore", str(copy), "--drill")
    assert drill.exit_code == 1
    assert "The table message has 3 rows instead of 4." in drill.output
    assert "The table audit_entry has other content" in drill.output
    copy.write_bytes(copy.read_bytes() + b"\0")
    drill = feedback(site.directory, "restore", str(copy), "--drill")
    assert drill.exit_code == 2
    assert "was changed or damaged after it was made" in drill.output


def test_without_a_manifest_a_drill_says_what_it_could_not_compare(installed: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.backup"
    feedback(installed, "backup", str(copy))
    (tmp_path / "copy.backup.json").unlink()
    drill = feedback(installed, "restore", str(copy), "--drill")
    assert drill.exit_code == 0
    assert "not compared" in drill.output
    (tmp_path / "copy.backup.json").write_text("{}")
    assert "is not the manifest of a backup" in feedback(installed, "restore", str(copy), "--drill").output


def test_a_drill_brings_a_backup_of_the_release_before_to_this_one(installed: Path, tmp_path: Path) -> None:
    make_older(installed / "feedback.db")
    copy = tmp_path / "old.backup"
    feedback(installed, "backup", str(copy))
    drill = feedback(installed, "restore", str(copy), "--drill")
    assert drill.exit_code == 0, drill.output
    with sqlite3.connect(copy) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0005",)]
    connection.close()
