"""The operator's commands, called as an operator calls them."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from feedback import bootstrap, clock, library, resources
from feedback.errors import ProviderHeld, SettingsInvalid
from feedback.services.messaging import provider_holds
from feedback.services.organisation import stored_settings
from feedback.services.staff import accounts
from feedback.settings import load
from feedback.store.database import Database
from feedback.store.models import Account
from tests.cli.calling import feedback

PASSWORD = "a long enough password"
CUSTOMERS = """external_id,name,phone,email,language,time_zone,account.external_id,account.name
C-1,Deniz Demir,+905321234567,deniz@example.com,tr,Europe/Istanbul,A-1,Anadolu
C-2,Bad Phone,not a number,,tr,Europe/Istanbul,A-1,Anadolu
"""


def test_init_makes_settings_that_only_the_owner_can_read_and_says_what_comes_next(installed: Path) -> None:
    file = installed / "feedback.toml"
    assert file.stat().st_mode & 0o077 == 0
    assert (
        len(
            set(re.findall(r"^(?:secret_key|password_salt|key) = \"([0-9a-f]{64})\"", file.read_text(), re.M))
        )
        == 3
    )
    again = feedback(installed, "init", "--name", "Acme", "--public-url", "http://127.0.0.1:8080")
    assert again.exit_code == 2
    assert "nothing was changed" in again.output


def test_nobody_else_on_the_machine_can_read_an_installation(installed: Path, tmp_path: Path) -> None:
    assert installed.stat().st_mode & 0o777 == 0o700
    assert {
        each.name: oct(each.stat().st_mode & 0o777) for each in installed.iterdir() if each.is_file()
    } == {
        "feedback.toml": "0o600",
        "feedback.db": "0o600",
    }
    (tmp_path / "after.txt").touch()
    assert (tmp_path / "after.txt").stat().st_mode & 0o044, "the mask lasts no longer than the command"


def test_an_upgrade_closes_an_installation_that_others_can_read(installed: Path) -> None:
    installed.chmod(0o755)
    (installed / "feedback.db").chmod(0o644)
    told = feedback(installed, "doctor").output
    assert "F053 The instance directory is open to every user of this machine." in told
    assert "F108 Other users of this machine can read feedback.db" in told
    assert feedback(installed, "db", "upgrade").exit_code == 0
    assert (installed.stat().st_mode | (installed / "feedback.db").stat().st_mode) & 0o007 == 0
    told = feedback(installed, "doctor").output
    assert "F053" not in told
    assert "F108" not in told


def test_doctor_names_what_is_missing_with_a_code_and_a_hint(installed: Path) -> None:
    result = feedback(installed, "doctor")
    assert result.exit_code == 1
    assert "F020 No provider is enabled. Name at least one in providers.enabled." in result.output


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"TWILIO_BASE_URL": "https://api.ie1.twilio.com"}, "twilio.base_url"),
        ({"TWILIO_SENDER": "", "TWILIO_SENDERS": "TR=ACME"}, "twilio.sender"),
        ({"PROVIDERS_ENABLED": "pigeon_sms"}, "pigeon_sms"),
        ({"PROVIDERS_ENABLED": "smtp_email", "SMTP_SENDER": "Acme"}, "smtp.sender"),
        (
            {"PROVIDERS_ENABLED": "smtp_email", "SMTP_HOST": "mail.example", "SMTP_SECURITY": "none"},
            "smtp.security",
        ),
    ],
)
def test_doctor_refuses_what_run_would_refuse(
    installed: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], sentence: str
) -> None:
    usual = {
        "PROVIDERS_ENABLED": "twilio_sms",
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "t" * 32,
        "TWILIO_SENDER": "+15005550006",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_SENDER": "Acme <hello@acme.example>",
    }
    for name, value in (usual | variables).items():
        monkeypatch.setenv(f"FEEDBACK_{name}", value)
    result = feedback(installed, "doctor")
    assert result.exit_code == 1
    assert "Ready." not in result.output
    told = [line for line in result.output.splitlines() if sentence in line]
    assert any(line.startswith("F027") for line in told)


def test_doctor_says_what_a_second_worker_would_bring_on_sqlite(installed: Path) -> None:
    result = feedback(installed, "doctor")
    assert "Run one worker: on SQLite a second one is harmless but makes nothing faster." in result.output


def test_doctor_names_a_held_provider_and_its_cause(installed: Path) -> None:
    database = Database(f"sqlite:///{installed / 'feedback.db'}")
    closed = ProviderHeld(
        "Twilio 20003: the credentials are not accepted.", code="hold_provider", country="TR"
    )
    with database.writing() as session:
        provider_holds.hold(session, "twilio_sms", closed, datetime(2026, 3, 2, 12, tzinfo=UTC))
    database.close()
    result = feedback(installed, "doctor")
    assert result.exit_code == 1
    assert "F110 twilio_sms (TR) has been held since 2026-03-02 12:00 UTC: Twilio 20003" in result.output
    deep = feedback(installed, "doctor", "--deep")
    assert deep.output.count("Twilio 20003") == 1


def test_doctor_names_a_currency_that_cannot_be_compared(installed: Path) -> None:
    database = Database(f"sqlite:///{installed / 'feedback.db'}")
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    with database.writing() as session:
        paid = {"recurring_revenue": 100, "created_at": now, "updated_at": now}
        for number, currency in enumerate(("TRY", "TRY", "USD", "EUR", None)):
            session.add(Account(external_id=f"a{number}", name="A", currency=currency, **paid))
    database.close()
    with (installed / "feedback.toml").open("a") as file:
        file.write("\n[organisation.exchange_rates]\nEUR = 1.1\n")
    result = feedback(installed, "doctor")
    assert "F112 2 accounts pay in TRY, which has no rate" in result.output
    assert result.output.count("F112") == 1


def test_doctor_says_when_a_bridge_ends(installed: Path) -> None:
    shipped = resources.shipped("questionnaires") / "relationship-nps.yaml"
    until = clock.now().date() + timedelta(days=5)
    text = shipped.read_text(encoding="utf-8").replace("\ntrend:", f"\ntrend_bridge: {until}\ntrend:", 1)
    (installed / "questionnaires").mkdir(exist_ok=True)
    (installed / "questionnaires" / shipped.name).write_text(text, encoding="utf-8")
    result = feedback(installed, "doctor")
    assert f"F114 relationship-nps: the trend bridge expires on {until}." in result.output


def test_a_colleague_s_week_is_set_by_command(installed: Path) -> None:
    given = f"{PASSWORD}\n{PASSWORD}\n"
    feedback(installed, "user", "add", "neda@example.com", "--role", "csm", given=given)
    own = ("--days", "sat,sun,mon,tue,wed", "--from", "08:00", "--time-zone", "Asia/Tehran")
    result = feedback(installed, "user", "hours", "neda@example.com", *own)
    assert result.output.endswith("works mon, tue, wed, sat, sun, 08:00 to 17:00 (Asia/Tehran).\n")
    assert (
        "works mon, tue, wed, thu, fri"
        in feedback(installed, "user", "hours", "neda@example.com", "--usual").output
    )
    for wrong in (("--days", "someday"), ("--from", "25:00"), ("--to", "08:00"), ("--holidays", "mars")):
        refused = feedback(installed, "user", "hours", "neda@example.com", *wrong)
        assert refused.exit_code != 0
        assert "Traceback" not in refused.output
    assert feedback(installed, "user", "hours", "nobody@example.com").exit_code == 2


def test_an_unknown_setting_is_one_sentence_with_the_nearest_known_one(installed: Path) -> None:
    with (installed / "feedback.toml").open("a") as file:
        file.write("\n[smtp]\nhosst = 'mail.example.com'\n")
    result = feedback(installed, "doctor")
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_users_keys_and_customers_come_in_without_any_provider(installed: Path, tmp_path: Path) -> None:
    added = feedback(
        installed, "user", "add", "ada@example.com", "--role", "admin", given=f"{PASSWORD}\n{PASSWORD}\n"
    )
    assert "ada@example.com can sign in" in added.output
    key = feedback(installed, "key", "create", "CRM")
    assert key.exit_code == 0
    limited = feedback(
        installed,
        "key",
        "create",
        "BI",
        "--scope",
        "scores.read",
        "--owner",
        "ada@example.com",
        "--days",
        "30",
    )
    assert limited.exit_code == 0
    listed = feedback(installed, "key", "list").output
    assert "CRM" in listed and "customers.write events.write" in listed
    assert "ada@example.com  BI\n       scores.read" in listed and "until" in listed
    assert feedback(installed, "key", "create", "X", "--scope", "world.rule").exit_code != 0
    assert feedback(installed, "key", "create", "X", "--owner", "no@example.com").exit_code != 0
    file = tmp_path / "customers.csv"
    file.write_text(CUSTOMERS)
    imported = feedback(installed, "import", "contacts", str(file))
    assert imported.exit_code == 1  # one row was refused
    assert "line 3, phone:" in imported.output
    assert "2 rows read: 1 new, 0 changed, 0 unchanged, 1 refused." in imported.output


def test_a_repeated_reason_is_given_once_with_its_lines(installed: Path, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("external_id,phone,email\na,1,\nb,1,\nc,,c@example.com\nd,1,\ne,1,e@example.com\n")
    output = feedback(installed, "import", "contacts", str(file)).output
    assert "lines 2-3, 5, phone (3 rows): This" in output
    assert output.count("lines 2-3, 5") == 1
    assert "Rows were stored without these cells, or with one of their values:\nline 6, phone: This" in output
    assert "5 rows read: 2 new, 0 changed, 0 unchanged, 3 refused." in output


def test_contacts_without_a_permission_are_named_by_import_event_plan_and_doctor(
    installed: Path, tmp_path: Path
) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("external_id,email\na,a@example.com\nb,b@example.com\n")
    said = "2 of 2 contacts cannot be asked: 2 have no recorded permission (import a legal basis)."
    assert said in feedback(installed, "import", "contacts", str(file)).output
    assert said in feedback(installed, "plan").output
    assert said in feedback(installed, "doctor").output
    event = feedback(installed, "event", "ticket_closed", "a").output
    assert "This contact cannot be asked: no recorded permission (import a legal basis)." in event


def test_what_is_reported_before_a_provider_is_set_up_waits_for_it(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("external_id,email,country,consent.basis\na,a@example.com,GB,contract\n")
    feedback(installed, "import", "contacts", str(file))
    said = feedback(installed, "event", "ticket_closed", "a").output
    assert re.search(r"^Support request closed: due \w{3} \d{4}-\d\d-\d\d \d\d:\d\d \(UTC\)\.$", said, re.M)
    assert "No provider is enabled" in said
    assert "No provider is enabled" in feedback(installed, "plan").output
    monkeypatch.setenv("FEEDBACK_PROVIDERS_ENABLED", "simulator_email")
    planned = feedback(installed, "plan", "--days", "7").output
    assert "1 message in 7 days: 1 by e-mail." in planned
    assert "No provider" not in planned
    again = feedback(installed, "event", "ticket_closed", "a").output
    assert "No provider" not in again


def test_a_dry_run_stores_nothing(installed: Path, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text(CUSTOMERS)
    feedback(installed, "import", "contacts", str(file), "--dry-run")
    assert "1 new" in feedback(installed, "import", "contacts", str(file)).output


def test_an_event_for_nobody_is_refused_in_one_sentence(installed: Path) -> None:
    result = feedback(installed, "event", "ticket_closed", "nobody")
    assert result.exit_code == 2
    assert "There is no contact 'nobody'" in result.output


def test_what_is_known_of_a_person_can_be_handed_out_and_erased(installed: Path, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text(CUSTOMERS)
    feedback(installed, "import", "contacts", str(file))
    known = json.loads(feedback(installed, "export", "C-1").output)
    assert "deniz@example.com" in json.dumps(known)
    assert feedback(installed, "erase", "C-1", "--yes").exit_code == 0
    assert feedback(installed, "export", "C-1").exit_code == 2


@pytest.mark.parametrize(
    ("dates", "said"),
    [
        (["--from", "2999-01-01"], "2999-01-01 is in the future"),
        (["--from", "2999-01-01", "--to", "2999-02-01"], "2999-01-01 is in the future"),
        (["--from", "2026-03-09", "--to", "2026-03-01"], "2026-03-09 is after the last day, 2026-03-01"),
        (["--from", "0001-01-01", "--to", "2026-03-01"], "from 1970 to 2999"),
        (["--to", "9999-12-31"], "in the future"),
        (["--to", "0001-01-05", "--from", "0001-01-01"], "from 1970 to 2999"),
    ],
)
def test_a_report_of_impossible_days_says_so(installed: Path, dates: list[str], said: str) -> None:
    refused = feedback(installed, "report", *dates)
    assert refused.exit_code == 2
    assert said in refused.output


def test_a_plan_and_a_report_of_an_empty_installation_say_so(installed: Path) -> None:
    assert "0 messages in 30 days" in feedback(installed, "plan").output
    assert feedback(installed, "report").exit_code == 0


def test_how_many_to_invite_is_told_without_an_installation(instance: Path) -> None:
    expected = ("--good", "50", "--bad", "20", "--response-rate", "31")
    told = feedback(instance, "sample-size", "--metric", "nps", "--margin", "10", *expected)
    assert told.exit_code == 0
    assert told.output == (
        "Net Promoter Score to within 10 points, 95 % confidence:\n"
        "232 answers are needed.\n"
        "749 invitations, if 31 % answer.\n"
    )
    few = feedback(instance, "sample-size", "--margin", "5", "--population", "200", "--response-rate", "50")
    assert "178 answers are needed." in few.output
    assert "more than the 200 customers there are" in few.output
    assert not instance.exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--margin", "10", "--metric", "npz"), "choose one of nps, enps"),
        (("--margin", "10", "--metric", "ces2"), "Customer Effort Score 2.0 is a mean"),
        (("--margin", "10", "--good", "50"), "Give both --good and --bad"),
        (("--margin", "10", "--metric", "csat", "--good", "50", "--bad", "20"), "give --good alone"),
        (("--margin", "0"), "more than 0 and at most 100"),
        (("--margin", "10", "--response-rate", "0"), "The response rate must be more than 0"),
    ],
)
def test_a_sample_size_that_cannot_be_computed_is_one_sentence(
    instance: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    refused = feedback(instance, "sample-size", *arguments)
    assert refused.exit_code == 2
    assert sentence in refused.output


def test_without_a_channel_the_system_starts_for_its_admin_and_sends_nothing(installed: Path) -> None:
    runtime = bootstrap.start(load(installed, {}))
    assert runtime.providers == {}
    assert runtime.settings.organisation.name == "Acme", "stored where an admin can change it"
    runtime.database.close()
    assert "F020" in feedback(installed, "doctor").output


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"FEEDBACK_PROVIDERS_ENABLED": "smtp_email"}, "F025"),
        ({"FEEDBACK_PROVIDERS_ENABLED": "twilio_sms"}, "F022"),
        ({"FEEDBACK_ORGANISATION_NAME": ""}, "F040"),
        ({"FEEDBACK_CONTACT_WEEKDAYS": ""}, "F031"),
    ],
)
def test_what_the_file_or_the_environment_says_wrongly_stops_the_start(
    installed: Path, variables: dict[str, str], code: str
) -> None:
    with pytest.raises(SettingsInvalid, match=code):
        bootstrap.start(load(installed, variables))


def test_what_an_admin_has_stored_completes_what_the_file_leaves_open(installed: Path) -> None:
    settings = load(installed, {"FEEDBACK_PROVIDERS_ENABLED": "smtp_email"})
    database = bootstrap.open_database(settings)
    with database.writing() as session:
        wanted = {"smtp.host": "127.0.0.1", "smtp.security": "none", "smtp.sender": "hello@acme.example"}
        stored_settings.change(session, settings, wanted, seen=0, by=None, now=clock.now())
    database.close()
    runtime = bootstrap.start(settings)
    assert list(runtime.providers) == ["smtp_email"]
    runtime.database.close()


def broken(instance: Path, text: str = "key: support-call-csat\ntitel: {en: Support}\n") -> None:
    """Put a file that cannot be published in place of a shipped one."""
    (instance / "questionnaires").mkdir()
    (instance / "questionnaires" / "support-call-csat.yaml").write_text(text)


def test_doctor_tells_a_broken_questionnaire_by_file_line_and_column(installed: Path) -> None:
    broken(installed)
    result = feedback(installed, "doctor")
    assert result.exit_code == 1
    assert "F116 support-call-csat is not in force:" in result.output
    assert "support-call-csat.yaml:2:1" in result.output
    assert "title" in result.output


WARNED = (
    (resources.shipped("questionnaires") / "support-call-csat.yaml")
    .read_text(encoding="utf-8")
    .replace("Is your problem solved?", "Was it not solved?")
)


@pytest.mark.parametrize(
    "text", ["key: support-call-csat\n\ttab", WARNED], ids=["a file that cannot be read", "a warning"]
)
def test_a_file_that_cannot_be_published_stops_no_command(installed: Path, text: str, tmp_path: Path) -> None:
    broken(installed, text)
    people = tmp_path / "people.csv"
    people.write_text("external_id,name,email\nC-1,Ada,ada@example.com\n")
    password = ("--password", PASSWORD)
    for command in (
        ("user", "add", "ada@example.com", "--role", "admin", *password),
        ("key", "create", "crm"),
        ("import", "contacts", str(people)),
        ("event", "ticket_closed", "C-1"),
        ("export", "C-1"),
        ("report",),
        ("plan",),
        ("erase", "C-1", "--yes"),
    ):
        result = feedback(installed, *command)
        assert result.exit_code == 0, (command, result.output)
    assert feedback(installed, "bounce", given="Subject: x\n\n").exit_code == 0


def test_accounts_and_customers_do_not_wait_for_the_public_address(instance: Path, tmp_path: Path) -> None:
    assert feedback(instance, "init", "--name", "Acme", "--public-url", "").exit_code == 0
    people = tmp_path / "people.csv"
    people.write_text("external_id,name,email\nC-1,Ada,ada@example.com\n")
    added = feedback(instance, "user", "add", "ada@example.com", "--role", "admin", "--password", PASSWORD)
    assert added.exit_code == 0, added.output
    assert "can sign in when web.public_url is set" in added.output
    assert feedback(instance, "import", "contacts", str(people)).exit_code == 0
    link = ("link", "--kind", "poster", "--questionnaire", "support-call-csat", "--name", "Desk")
    refused = feedback(instance, *link)
    assert refused.exit_code == 2
    assert "F011" in refused.output
    assert feedback(instance, "run").exit_code == 2


def test_lint_holds_a_file_against_what_the_installation_has_published(
    installed: Path, tmp_path: Path
) -> None:
    database = Database(f"sqlite:///{installed / 'feedback.db'}")
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    with database.writing() as session:
        library.load(resources.directories("questionnaires")).published(session, "support-call-csat", now)
    database.close()
    file = tmp_path / "support-call-csat.yaml"
    shipped = resources.shipped("questionnaires") / file.name
    file.write_text(shipped.read_text().replace("our help on", "the price of"))
    told = feedback(installed, "lint", str(file))
    assert told.exit_code == 1
    assert "trend-scale-changed" in told.output
    assert feedback(tmp_path / "nowhere", "lint", str(file)).exit_code == 0
    assert not (tmp_path / "nowhere").exists()


def test_lint_knows_the_shipped_questionnaires_beside_the_installation_s_own(installed: Path) -> None:
    own = installed / "questionnaires"
    own.mkdir()
    shipped = resources.shipped("questionnaires") / "journey.yaml"
    (own / shipped.name).write_text(shipped.read_text(encoding="utf-8"), encoding="utf-8")
    told = feedback(installed, "lint", str(own))
    assert (told.exit_code, "missing-questionnaire" in told.output) == (0, False), told.output
    mistyped = shipped.read_text(encoding="utf-8").replace("support-call-csat", "suport-call-csat")
    (own / shipped.name).write_text(mistyped, encoding="utf-8")
    told = feedback(installed, "lint", str(own))
    assert told.exit_code == 1
    assert "questionnaire: support-call-csat" in told.output


def test_lint_says_when_it_cannot_ask_the_installation_and_goes_on(installed: Path, tmp_path: Path) -> None:
    (installed / "feedback.toml").write_text("[nonsense]\n")
    told = feedback(installed, "lint", str(resources.shipped("questionnaires")))
    assert told.exit_code == 0
    assert "Not compared with the published questionnaires: " in told.output


def test_a_lead_lets_a_warning_pass_by_name_and_nobody_else_does(installed: Path) -> None:
    own = installed / "questionnaires"
    own.mkdir()
    shipped = resources.shipped("questionnaires") / "support-call-csat.yaml"
    (own / shipped.name).write_text(
        shipped.read_text().replace("Is your problem solved?", "Was it not solved?")
    )
    for name, role in (("ada", "lead"), ("cem", "csm")):
        database = Database(f"sqlite:///{installed / 'feedback.db'}")
        with database.writing() as session:
            accounts.add_user(
                session, accounts.NewUser(f"{name}@example.com", name, [role]), datetime.now(UTC)
            )
        database.close()
    refused = feedback(installed, "doctor")
    assert "feedback acknowledge support-call-csat --by YOUR-ADDRESS" in refused.output
    command = ("acknowledge", "support-call-csat", "--by")
    assert "neither a lead nor an admin" in feedback(installed, *command, "cem@example.com").output
    assert "There is no user" in feedback(installed, *command, "zoe@example.com").output
    assert "Warnings accepted: 1." in feedback(installed, *command, "ada@example.com").output
    assert "There are no warnings to accept." in feedback(installed, *command, "ada@example.com").output
    assert "F116" not in feedback(installed, "doctor").output
    unknown = feedback(installed, "acknowledge", "parking", "--by", "ada@example.com")
    assert "No file has the questionnaire 'parking'" in unknown.output
    assert feedback(installed, "report").exit_code == 0


@pytest.fixture
def sending(installed: Path) -> Path:
    """An installation that sends to the simulator."""
    file = installed / "feedback.toml"
    file.write_text(
        file.read_text().replace("# enabled = ", 'enabled = ["simulator_sms", "simulator_email"] # ', 1)
    )
    return installed


def started(instance: Path, port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "feedback.cli", "--instance", str(instance), "run"]
    environ = {**os.environ, "FEEDBACK_WEB_PORT": str(port), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_serves_until_it_is_told_to_stop_and_then_stops_cleanly(
    sending: Path, number: signal.Signals
) -> None:
    port = free_port()
    process = started(sending, port)
    try:
        assert _answers(port)
        process.send_signal(number)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0, output
        assert "Traceback" not in output
    finally:
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def _answers(port: int) -> bool:
    session = requests.Session()
    session.trust_env = False
    for _ in range(400):
        try:
            return session.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200
        except requests.ConnectionError:
            time.sleep(0.2)
    return False


def test_a_taken_port_is_one_sentence(sending: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = started(sending, taken.getsockname()[1])
        output, _ = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "cannot be opened" in output
    assert "Traceback" not in output


def test_a_request_in_flight_is_answered_before_the_server_stops(sending: Path) -> None:
    port = free_port()
    process = started(sending, port)
    try:
        assert _answers(port)
        with socket.create_connection(("127.0.0.1", port)) as slow:
            slow.sendall(b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            process.send_signal(signal.SIGTERM)
            assert slow.recv(15).startswith(b"HTTP/1.1 200")
        assert process.wait(timeout=60) == 0
    finally:
        _end(process)


def test_returned_mail_is_asked_for_again_while_nothing_can_be_stored(
    installed: Path, tmp_path: Path
) -> None:
    os.environ["FEEDBACK_DATABASE_URL"] = f"sqlite:///{tmp_path}/gone/feedback.db"
    result = feedback(installed, "bounce", given="Subject: Undelivered\n\nIt came back.\n")
    assert result.exit_code == 75  # the mail server's "later"
    assert "does not exist" in result.output
