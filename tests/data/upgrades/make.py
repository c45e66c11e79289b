"""Make the fixture of a release: an installation with a past, as that release leaves it behind.

    git checkout RELEASE
    python3 dev.py run python -m tests.data.upgrades.make tests/data/upgrades/RELEASE

It plays seven weeks with `feedback init`, commands, pages, hooks and the worker, with a fake Twilio, mail server and
chat outside and a clock that is set by hand, and writes into a new directory

    feedback.toml          as `feedback init` wrote it, and what an operator filled in
    sqlite.sql.gz          the database as SQL
    postgresql.sql.gz      the same rows in a PostgreSQL whose tables this release made, by pg_dump
    expected.json          what this release shows of it, row counts, and what is still open with the providers

`tests/test_upgrade.py` opens every such directory with the program of today. What is in one is never changed: it is
what that release did. Ids, tokens and times are the same each time; passwords' hashes, keys and providers' ids are not.
"""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy
import time_machine

from feedback import worker
from feedback.settings.reading import entries
from feedback.store.base import Base
from feedback.store.database import Database
from tests.conftest import Postgres
from tests.fakes.fake_twilio import ACCOUNT_SID, AUTH_TOKEN, OUR_NUMBER, Message
from tests.installation import (
    LINK,
    PASSWORD,
    PUBLIC_URL,
    Installation,
    Outside,
    Running,
    counts,
    observed,
    outside,
)

BEGIN = datetime(2026, 1, 12, 10, 0, tzinfo=UTC)
"""A Monday."""
NOW = datetime(2026, 3, 3, 10, 30, tzinfo=UTC)
"""When the release is stopped, and the next one started."""

STAFF = (
    ("admin", "Ada Admin", "admin", "en"),
    ("lead", "Lena Lead", "lead", "en"),
    ("selin", "Selin Aksoy", "csm", "tr"),
    ("cem", "Cem Kaya", "csm", "en"),
    ("viewer", "Vera Viewer", "viewer", "en"),
)
ACCOUNTS = """\
external_id,name,owner,segment,recurring_revenue,currency,contract_started_on,renewal_on
A-1,Northwind Logistics,cem@example.com,vip,12000,EUR,2023-05-01,2026-05-10
A-2,Anadolu Tekstil,selin@example.com,core,140000,TRY,2024-02-01,2027-02-01
A-3,Initech,cem@example.com,core,3100,EUR,2022-09-01,2026-12-01
A-4,Blue Bakery,,non_core,150,EUR,2025-01-01,2027-01-01
A-5,Contoso Health,selin@example.com,vip,9800,USD,2021-06-01,2026-11-15
A-6,پارس نیرو,,potential,900,EUR,2025-08-01,2026-12-20
"""
NAMES = (
    "Grace Moore", "Deniz Yıldız", "Sam Doe", "Ivy Lane", "Omar Haddad", "مریم کاظمی",
    "Alice Archer", "Burcu Bulut", "Ben Brooks", "Chloe Carter", "Daniel Dawson", "شیرین رستمی",
    "Emma Ellis", "Emre Demir", "Frank Foster", "Henry Hayes", "Isla Gibson", "پویا احمدی",
    "Jack Archer", "Leyla Koç", "Kate Brooks", "Liam Carter", "Nora Dawson", "نیما تهرانی",
)  # fmt: skip
WHERE = {
    "en": ("Europe/London", "GB", "+4477009000{:02d}"),  # numbers for drama, by Ofcom
    "tr": ("Europe/Istanbul", "TR", "+9053255500{:02d}"),
    "fa": ("Asia/Tehran", "IR", "+9891255500{:02d}"),
}
IN_AMERICA = {21: "+15005550003", 22: "+12025550122", 23: "+15005550009"}
"""Contacts in the United States: Twilio's number of a closed country, an ordinary one, and a landline."""
BY_MAIL = range(15, 19)
"""Contacts who have allowed e-mail only."""

SETTINGS: dict[str, Any] = {
    "channels.enabled": ["twilio_sms", "smtp_email"],
    "organisation.support_email": "help@example.com",
    "organisation.support_phone": "+442079460100",
    "organisation.privacy_url": "https://example.com/privacy",
    "organisation.default_region": "GB",
    "organisation.time_zone": "Europe/Istanbul",
    "organisation.currency": "EUR",
    "organisation.exchange_rates": {"TRY": 0.02, "USD": 0.9},
    "web.port": 8090,
    "web.trusted_proxy": "127.0.0.1",
    "web.metrics_token": "m" * 40,
    "link.edit_window": "2h",
    "link.expiry": "21d",
    "questionnaires.design_leads": ["lead@example.com"],
    "twilio.account_sid": ACCOUNT_SID,
    "twilio.auth_token": AUTH_TOKEN,
    "twilio.sender": OUR_NUMBER,
    "twilio.senders": {"DE": "Example"},
    "twilio.messages_per_second": 50.0,
    "twilio.cost_per_segment": 0.04,
    "smtp.host": "mail.example.com",
    "smtp.port": 465,
    "smtp.security": "tls",
    "smtp.username": "feedback",
    "smtp.password": "a password of the mail server",
    "smtp.sender": "Example <hello@example.com>",
    "smtp.unknown": "hold",
    "contact.min_gap": "21d",
    "contact.important_gap": "7d",
    "contact.quiet_from": "19:30",
    "contact.quiet_to": "09:30",
    "contact.weekdays": ["mon", "tue", "wed", "thu", "fri", "sat"],
    "contact.blackout_dates": ["2026-12-25", "2027-01-01"],
    "followup.fallback_owner": "lead@example.com",
    "followup.opens": "08:30",
    "followup.closes": "17:30",
    "followup.holidays": ["2026-04-23"],
    "followup.weights": {"revenue": 30.0},
    "health.usage": {"logins": 200.0},
    "alerts.slack_webhook": "https://hooks.example.com/slack",
    "alerts.teams_webhook": "https://hooks.example.com/teams",
    "alerts.digest_after": "20m",
    "worker.lease": "3m",
    "retention.messages": "365d",
    "log.level": "error",
}


class Story:
    """What happens, in its order."""

    def __init__(self, installation: Installation, clock: Any) -> None:
        self.installation, self.clock = installation, clock
        self.outside = installation.outside
        self.key = ""

    def at(self, day: str, hour: str = "10:00") -> None:
        self.clock.move_to(datetime.fromisoformat(f"2026-{day}T{hour}+00:00"))

    def load(self, kind: str, text: str) -> None:
        file = self.installation.instance / f"{kind}.csv"
        file.write_text(text, encoding="utf-8")
        self.installation.done("import", kind, str(file))
        file.unlink()

    # January: set up, and tried on simulated phones

    def set_up(self) -> None:
        self.at("01-12")
        self.installation.done("init", "--name", "Example", "--public-url", PUBLIC_URL)
        fill_in(self.installation.instance / "feedback.toml", SETTINGS)
        given = f"{PASSWORD}\n{PASSWORD}\n"
        for who, name, role, language in STAFF:
            options = ("--name", name, "--role", role, "--language", language)
            self.installation.done("user", "add", f"{who}@example.com", *options, given=given)
        own = ("--days", "sun,mon,tue,wed,thu", "--from", "08:00", "--time-zone", "Asia/Tehran")
        self.installation.done("user", "hours", "selin@example.com", *own)
        self.installation.done("key", "create", "An old program")
        self.installation.done("key", "revoke", "1")
        self.key = self.installation.done("key", "create", "CRM").splitlines()[0]
        self.load("accounts", ACCOUNTS)

    def trial(self) -> None:
        """Two contacts, on the simulator."""
        self.load("contacts", contacts(range(2)))
        self.installation.environ = {"FEEDBACK_CHANNELS_ENABLED": "simulator_sms,simulator_email"}
        self.load("events", events("ticket_closed", range(2), "2026-01-12T10:00:00Z", "trial"))
        with self.installation.running() as running:
            self.at("01-12", "11:15")
            running.tick(2)
            bodies = [row[0] for row in running.rows("SELECT body FROM simulated_message ORDER BY id")]
            links = [found[1] for body in bodies if (found := LINK.search(body))]
            running.answer(links[0], satisfaction="5", solved="solved", comment="Quick and friendly.")
            running.answer(links[1], satisfaction="2", solved="unsolved", comment="Raporlar çok yavaş.")
        self.installation.environ = {}

    # February: for real

    def support(self) -> None:
        """Support requests, answered in every way."""
        self.at("02-02")
        self.load("contacts", contacts(range(len(NAMES))))
        self.load("events", events("ticket_closed", [*range(2, 15), 22, 23], "2026-02-02T10:00:00Z", "t"))
        self.at("02-02", "11:15")
        self.installation.environ = {"FEEDBACK_TWILIO_AUTH_TOKEN": "f" * 32}
        with self.installation.running() as running:  # the token had a typing mistake
            running.tick()
            form = {"channel": "twilio_sms", "country": ""}
            running.sign_in("lead").send("/deliveries/holds", **form)
        self.installation.environ = {}
        self.at("02-02", "11:45")
        with self.installation.running() as running:
            running.tick(3)
            self._support_answers(running)
            running.tick(2)

    def _support_answers(self, running: Running) -> None:
        texts = {each.to: each for each in self.outside.twilio.outbound()}
        for number in range(2, 15):
            sent = texts[phone(number)]
            assert running.receipt(sent, "sent").status_code == 200
            if number < 13:
                assert running.receipt(sent, "delivered").status_code == 200
        assert running.receipt(texts[phone(13)], "undelivered", 30003).status_code == 200
        self.at("02-02", "12:00")
        comments = {2: "Nobody calls back.", 3: "", 4: "Good, but slow.", 5: "سه هفته است منتظر پاسخ هستیم."}
        for number, score, solved in ((2, "1", "unsolved"), (3, "5", "solved"), (4, "4", "partly"), (5, "2", "unsolved")):
            given = {"satisfaction": score, "solved": solved, "comment": comments[number]}
            running.answer(link_of(texts[phone(number)]), **given)
        running.answer(link_of(texts[phone(6)]), satisfaction="1")  # stops after the first question
        running.answer(link_of(texts[phone(7)]), satisfaction="4", solved="solved")
        running.answer(link_of(texts[phone(8)]), touched=False, satisfaction="1")  # a machine
        running.browser().page(link_of(texts[phone(14)]))  # looks, and does not answer
        for number, words in (
            (9, "5"), (10, "2"), (10, "It still prints the wrong address"), (11, "3"), (12, "STOP"),
            (13, "who is this??"),
        ):  # fmt: skip
            assert running.reply(phone(number), words).status_code == 200
        assert running.reply("+447700900999", "Hello?").status_code == 200

    def staff_at_work(self) -> None:
        self.at("02-03", "09:30")
        with self.installation.running() as running:
            running.tick(2)
            tasks = {
                external: task
                for task, external in running.rows(
                    "SELECT f.id, c.external_id FROM follow_up f JOIN contact c ON c.id = f.contact_id"
                )
            }
            lead, cem, selin = (running.sign_in(who) for who in ("lead", "cem", "selin"))
            work(running, cem, tasks["C-03"], "take")
            work(running, cem, tasks["C-03"], "note", note="Third ticket about the same thing.")
            work(running, cem, tasks["C-03"], "contact", how="call", reached="yes", contact_note="Agreed on Friday.")
            work(running, selin, tasks["C-02"], "take")
            work(running, selin, tasks["C-02"], "contact", how="email", reached="no", contact_note="Wrote.")
            closing = {"outcome": "recovered", "root_cause": "billing", "closing_note": "Credit note.", "recovered": "900"}
            work(running, selin, tasks["C-02"], "close", **closing)
            work(running, lead, tasks["C-06"], "take")
            work(running, lead, tasks["C-06"], "hand-over", to=user(running, "selin"), hand_over_reason="Speaks Persian.")
            work(running, cem, tasks["C-07"], "take")
            work(running, cem, tasks["C-07"], "snooze", until="2026-03-09", snooze_reason="On holiday.")
            lead.send("/desk/views", name="Late ones", query="late=1")
            waiting = re.findall(r'action="/inbox/(\d+)"', lead.page("/inbox/"))
            lead.send(f"/inbox/{waiting[0]}", decision="handled", note="Called back.")
            admin = running.sign_in("admin")
            admin.page("/audit/")
            admin.page("/insights/comments")
            self.at("02-03", "10:30")
            running.tick(2)

    def programs(self) -> None:
        """What the API is told."""
        self.at("02-04", "09:00")
        with self.installation.running() as running:
            for month, value in ((1, 120), (2, 80)):
                for account in ("A-1", "A-3"):
                    body = {"key": f"{account}:{month}", "name": "logins", "value": value, "at": f"2026-0{month}-03T00:00:00Z"}
                    assert running.api("POST", f"/accounts/{account}/usage", self.key, body).status_code < 300
            for number, name in ((15, "go_live"), (16, "go_live"), (17, "onboarding_completed"), (18, "customer_left"), (2, "ticket_closed")):
                body = {"key": f"api:{number}", "name": name, "contact": external(number), "occurred_at": "2026-02-04T08:00:00Z"}
                assert running.api("POST", "/events", self.key, body).status_code < 300
        address = self.installation.done(
            "link", "--kind", "poster", "--questionnaire", "relationship-nps", "--name", "Reception", "--language", "en"
        )  # fmt: skip
        with self.installation.running() as running:
            running.answer(address.split()[0].removeprefix(PUBLIC_URL), score="9", keep="The coffee.")

    def mails(self) -> None:
        """By e-mail: answered, returned, greylisted, unsubscribed, in doubt."""
        smtp = self.outside.smtp
        with self.installation.running() as running:
            self.at("02-05", "11:00")
            running.tick(2)
            self.at("02-07", "11:00")
            smtp.fault = "greylist"
            running.tick()
            smtp.fault = None
            self.at("02-07", "11:40")
            running.tick(2)
            self.at("02-11", "12:00")
            running.tick(2)
            for mail in list(smtp.mails):
                to, link = mail.recipients[0], mail_link(mail)
                if to == "person17@example.com" and link:
                    running.answer(link, ease="6")
                if to == "person18@example.com" and link:
                    running.browser().post(f"{link}/stop")
                if to == "person15@example.com" and link:
                    running.browser().page(link)
            bounced = next(mail for mail in smtp.mails if mail.recipients[0] == "person16@example.com")
        report = returned(bounced.envelope_from, "person16@example.com")
        self.installation.done("bounce", "--recipient", bounced.envelope_from, given=report)

    def weeks_pass(self) -> None:
        with self.installation.running() as running:
            for day in ("02-13", "02-18", "02-23", "02-26", "03-02"):
                self.at(day, "11:30")
                running.tick(2)
            lead = running.sign_in("lead")
            open_ones = running.rows("SELECT id FROM invitation WHERE state IN ('sent', 'delivered') ORDER BY id")
            lead.send(f"/deliveries/invitation/{open_ones[0][0]}/withdraw")
        self.installation.done("erase", external(14), "--yes")

    # Tuesday, 3 March: the last morning

    def last_morning(self) -> None:
        """Everything that can be on its way when the release is stopped."""
        self.at("03-03", "09:00")
        who = {4: "sent", 7: "sent too", 9: "sending", 10: "unconfirmed", 11: "queued again", 21: "a closed country"}
        self.load("events", events("ticket_closed", who, "2026-03-03T08:00:00Z", "last"))
        twilio, smtp = self.outside.twilio, self.outside.smtp
        with self.installation.running() as running:
            worker.issue(running.runtime, self._now())
            self.at("03-03", "10:00")
            running.tick()
        self.load("events", events("ticket_closed", [22], "2026-03-03T08:30:00Z", "later"))
        with self.installation.running() as running:
            worker.issue(running.runtime, self._now())

    def _now(self) -> datetime:
        return datetime.now(UTC)


def phone(number: int) -> str:
    return IN_AMERICA.get(number) or WHERE[language(number)][2].format(number)


def language(number: int) -> str:
    return {1: "tr", 5: "fa"}.get(number % 6, "en")


def external(number: int) -> str:
    return f"C-{number + 1:02d}"


def contacts(numbers: Any) -> str:
    head = "external_id,name,phone,email,language,time_zone,country,account.external_id,consent.basis,consent.source,consent.sms,consent.email\n"
    lines = []
    for number in numbers:
        zone, country, _ = WHERE[language(number)]
        if number in IN_AMERICA:
            zone, country = "America/New_York", "US"
        sms, email = number not in BY_MAIL, number in BY_MAIL or number % 5 == 0
        lines.append(
            f"{external(number)},{NAMES[number]},{phone(number)},person{number:02d}@example.com,{language(number)},{zone},{country},"
            f"A-{number % 6 + 1},contract,terms of 2025,{'yes' if sms else 'no'},{'yes' if email else 'no'}\n"
        )
    return head + "".join(lines)


def events(name: str, numbers: Any, at: str, key: str) -> str:
    lines = [f"{key}-{number},{name},{external(number)},{at},the March invoice\n" for number in numbers]
    return "key,name,contact,occurred_at,topic\n" + "".join(lines)


def link_of(message: Message) -> str:
    found = LINK.search(message.body)
    assert found, message.body
    return found[1]


def mail_link(mail: Any) -> str | None:
    part = mail.message.get_body(("plain",))
    found = LINK.search(part.get_content()) if part else None
    return found[1] if found else None


def work(running: Running, who: Any, task: int, action: str, **form: Any) -> None:
    revision = running.rows("SELECT revision FROM follow_up WHERE id = :id", id=task)[0][0]
    who.send(f"/desk/{task}/{action}", revision=revision, **form)


def user(running: Running, who: str) -> int:
    return int(running.rows('SELECT id FROM "user" WHERE email = :email', email=f"{who}@example.com")[0][0])


def returned(to: str, address: str) -> bytes:
    """A delivery report as a mail server writes it."""
    return (
        f"From: MAILER-DAEMON@mx.example.com\r\nTo: {to}\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\r\n\r\n'
        "--B\r\nContent-Type: text/plain\r\n\r\nIt came back.\r\n"
        "--B\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n\r\n"
        f"Final-Recipient: rfc822; {address}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--B--\r\n"
    ).encode()


def fill_in(file: Path, settings: dict[str, Any]) -> None:
    """Set these in the file of `feedback init`, as an operator does: where the commented line stands."""
    text = file.read_text(encoding="utf-8")
    for name, value in settings.items():
        table, key = name.split(".")
        line = re.compile(rf"(?ms)^(\[{table}\]\n.*?^)(?:# )?{key} = [^\n]*$")
        text, done = line.subn(lambda found, key=key, value=value: f"{found[1]}{key} = {toml(value)}", text, count=1)
        assert done, f"{name} is not in {file.name}"
    file.write_text(text, encoding="utf-8")


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(each)}" for key, each in value.items()) + " }"
    return json.dumps(value)
