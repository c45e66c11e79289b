from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from feedback.errors import SettingsInvalid
from feedback.services.contact import eligibility
from feedback.settings import Secret, Settings, Weekday, check, initial_toml, load, reference
from feedback.settings.reading import entries
from feedback.settings.values import parse, written

ROOT = Path(__file__).parents[2]
LONG = "k" * 64


def loaded(tmp_path: Path, toml: str = "", **environ: str) -> Settings:
    (tmp_path / "feedback.toml").write_text(toml, encoding="utf-8")
    return load(tmp_path, environ)


def mistakes(tmp_path: Path, toml: str = "", **environ: str) -> str:
    with pytest.raises(SettingsInvalid) as caught:
        loaded(tmp_path, toml, **environ)
    return str(caught.value)


class TestSources:
    def test_defaults_need_no_file(self, tmp_path: Path) -> None:
        settings = load(tmp_path / "nowhere", {})
        assert settings.web.port == 8080
        assert settings.database.url.reveal() == f"sqlite:///{tmp_path}/nowhere/feedback.db"

    def test_the_file_wins_over_defaults_and_the_environment_over_the_file(self, tmp_path: Path) -> None:
        toml = "[web]\nport = 9000\nthreads = 4\n"
        settings = loaded(tmp_path, toml, FEEDBACK_WEB_PORT="9001")
        assert (settings.web.port, settings.web.threads) == (9001, 4)

    def test_a_secret_can_come_from_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "token").write_text("s3cret\n")
        settings = loaded(tmp_path, FEEDBACK_TWILIO_AUTH_TOKEN_FILE=str(tmp_path / "token"))
        assert settings.twilio.auth_token.reveal() == "s3cret"

    def test_other_variables_are_none_of_our_business(self, tmp_path: Path) -> None:
        assert loaded(tmp_path, HOME="/x", FEEDBACK_INSTANCE="/y").web.port == 8080

    def test_settings_do_not_change(self, tmp_path: Path) -> None:
        with pytest.raises(FrozenInstanceError):
            loaded(tmp_path).web.port = 1  # type: ignore[misc]


class TestMistakes:
    @pytest.mark.parametrize(
        ("toml", "sentence"),
        [
            ("[web]\nprot = 1", "there is no setting web.prot. Did you mean web.port?"),
            ("[twillio]\nsender = 'x'", "there is no setting twillio."),
            ("dmeo = true", "Did you mean demo?"),
            ("web = 3", "there is no setting web."),
            ("[web]\nport = '80'\nthreads = true", "web.threads must be a whole number, not True."),
            ("[web]\nport = 70000", "web.port must be at most 65535, not 70000."),
            ("[worker]\ntick = 0", "worker.tick must be at least 0.1, not 0."),
            ("[organisation]\ntime_zone = 'Mars/Base'", "must be a time zone such as Europe/Istanbul"),
            ("[organisation]\ntime_zone = ''", "must be a time zone such as Europe/Istanbul"),
            ("[organisation]\nname = 3", "must be text in quotation marks"),
            ("[contact]\nquiet_from = 'late'", "must be a time of day such as 09:00, not 'late'."),
            ("[contact]\nblackout_dates = ['soon']", "must be a date such as 2026-12-24"),
            ("[contact]\nweekdays = ['funday']", "must name weekdays"),
            ("[contact]\nmin_gap = 30", "must be a duration such as 30s, 15m"),
            ("[smtp]\nunknown = 'guess'", "smtp.unknown must be one of hold, resend, not 'guess'."),
            ("[web\n", "feedback.toml is not valid TOML"),
        ],
    )
    def test_a_mistake_in_the_file_is_a_clear_sentence(
        self, tmp_path: Path, toml: str, sentence: str
    ) -> None:
        assert sentence in mistakes(tmp_path, toml)

    def test_an_unknown_variable_is_refused_with_the_nearest_known_one(self, tmp_path: Path) -> None:
        assert "Did you mean FEEDBACK_SMTP_HOST?" in mistakes(tmp_path, FEEDBACK_SMPT_HOST="x")

    def test_every_mistake_is_named_at_once(self, tmp_path: Path) -> None:
        assert (
            len(mistakes(tmp_path, "[web]\nport = 'x'\nhots = 'y'", FEEDBACK_DEMO="maybe").split("\n")) == 3
        )

    def test_a_secret_is_never_repeated(self, tmp_path: Path) -> None:
        assert "31337" not in mistakes(tmp_path, "[link]\nkey = 31337")

    def test_two_sources_for_one_secret_are_refused(self, tmp_path: Path) -> None:
        sentence = mistakes(tmp_path, FEEDBACK_LINK_KEY="a", FEEDBACK_LINK_KEY_FILE="b")
        assert "both set; remove one of them" in sentence

    def test_a_missing_secret_file_is_refused(self, tmp_path: Path) -> None:
        assert "cannot be read" in mistakes(tmp_path, FEEDBACK_LINK_KEY_FILE=str(tmp_path / "no"))


class TestValues:
    @pytest.mark.parametrize(
        ("name", "text", "value"),
        [
            ("contact.weekdays", "mon, Friday", (Weekday.MON, Weekday.FRI)),
            ("contact.blackout_dates", "2026-12-24,2026-12-25", (date(2026, 12, 24), date(2026, 12, 25))),
            ("contact.quiet_from", "21:30", time(21, 30)),
            ("contact.consent_required", "off", False),
            ("link.expiry", "2w", timedelta(weeks=2)),
            ("twilio.senders", "TR=ACME, US=+15550100", {"TR": "ACME", "US": "+15550100"}),
            ("followup.weights", "revenue=1.5", {"revenue": 1.5}),
            ("followup.time_zone", "", ZoneInfo("UTC")),
            ("followup.time_zone", "Asia/Tehran", ZoneInfo("Asia/Tehran")),
            ("providers.enabled", "twilio_sms,smtp_email", ("twilio_sms", "smtp_email")),
        ],
    )
    def test_a_variable_can_say_everything(self, tmp_path: Path, name: str, text: str, value: Any) -> None:
        entry = entries()[name]
        settings = loaded(tmp_path, **{entry.variable: text})
        assert getattr(getattr(settings, entry.table), entry.field.name) == value

    def test_business_hours_are_the_organisation_s_where_they_have_no_zone_of_their_own(
        self, tmp_path: Path
    ) -> None:
        toml = "[organisation]\ntime_zone = 'Asia/Tehran'\n"
        assert loaded(tmp_path, toml).followup.time_zone == ZoneInfo("Asia/Tehran")
        own = toml + "[followup]\ntime_zone = 'Europe/Istanbul'\n"
        assert loaded(tmp_path, own).followup.time_zone == ZoneInfo("Europe/Istanbul")

    def test_toml_can_use_its_own_types(self, tmp_path: Path) -> None:
        toml = (
            "[contact]\nquiet_from = 21:30:00\nblackout_dates = [2026-12-24]\n"
            "[twilio]\nmessages_per_second = 3\n[twilio.senders]\nTR = 'ACME'\n"
        )
        settings = loaded(tmp_path, toml)
        assert settings.contact.quiet_from == time(21, 30)
        assert settings.contact.blackout_dates == (date(2026, 12, 24),)
        assert settings.twilio.senders == {"TR": "ACME"}
        assert settings.twilio.messages_per_second == 3.0

    @pytest.mark.parametrize("value", [timedelta(0), timedelta(seconds=90), timedelta(days=30)])
    def test_a_length_of_time_is_written_as_it_is_read(self, value: timedelta) -> None:
        assert parse(timedelta, written(value).strip('"')) == value


class TestSecrets:
    def test_nothing_prints_a_secret(self, tmp_path: Path) -> None:
        settings = loaded(
            tmp_path, FEEDBACK_LINK_KEY="s3cret", FEEDBACK_DATABASE_URL="postgresql://u:s3cret@h/d"
        )
        shown = f"{settings} {settings!r} {settings.link.key} {settings.link.key!r} {check(settings)}"
        assert "s3cret" not in shown

    def test_there_is_no_default_secret(self, tmp_path: Path) -> None:
        settings = loaded(tmp_path)
        assert not any((settings.web.secret_key, settings.web.password_salt, settings.link.key))

    def test_only_the_demo_has_stand_ins_and_they_pass_the_checks(self, tmp_path: Path) -> None:
        settings = loaded(tmp_path, "demo = true")
        assert settings.link.key
        assert settings.providers.enabled == ("simulator_sms", "simulator_email")
        assert check(settings) == []

    def test_the_demo_may_not_go_public(self, tmp_path: Path) -> None:
        settings = loaded(tmp_path, "demo = true\n[web]\npublic_url = 'https://s.example.com'")
        assert [problem.code for problem in check(settings)] == ["F010"]

    def test_the_demo_may_not_listen_to_the_network(self, tmp_path: Path) -> None:
        settings = loaded(tmp_path, "demo = true\n[web]\nhost = '0.0.0.0'")
        assert [(problem.code, problem.level) for problem in check(settings)] == [("F010", "error")]


GOOD = f"""
[web]
secret_key = "{LONG}"
password_salt = "{LONG}"
public_url = "https://s.example.com"
trusted_proxy = "127.0.0.1"
[link]
key = "{LONG}"
[organisation]
name = "Acme"
privacy_url = "https://example.com/privacy"
support_email = "help@example.com"
[followup]
fallback_owner = "lead@example.com"
[providers]
enabled = ["smtp_email"]
[smtp]
host = "mail.example.com"
sender = "Acme <hello@example.com>"
"""


class TestOldNames:
    def test_the_old_name_of_a_setting_still_works_and_the_doctor_names_the_new_one(
        self, tmp_path: Path
    ) -> None:
        settings = loaded(tmp_path, GOOD.replace("[providers]", "[channels]"))
        (tmp_path / "feedback.toml").chmod(0o600)
        assert settings.providers.enabled == ("smtp_email",)
        (problem,) = check(settings)
        assert (problem.code, problem.level) == ("F052", "warning")
        assert "channels.enabled is the old name of providers.enabled" in str(problem)
        assert "FEEDBACK_PROVIDERS_ENABLED" in str(problem)

    def test_the_old_name_of_a_variable_still_works_and_wins_over_the_old_name_in_the_file(
        self, tmp_path: Path
    ) -> None:
        toml = "[channels]\nenabled = ['smtp_email']"
        settings = loaded(tmp_path, toml, FEEDBACK_CHANNELS_ENABLED="twilio_sms")
        assert settings.providers.enabled == ("twilio_sms",)
        assert "F052" in [problem.code for problem in check(settings)]

    def test_both_names_may_say_the_same(self, tmp_path: Path) -> None:
        toml = "[channels]\nenabled = ['smtp_email']\n[providers]\nenabled = ['smtp_email']"
        assert loaded(tmp_path, toml).providers.enabled == ("smtp_email",)

    @pytest.mark.parametrize("variable", ["FEEDBACK_CHANNELS_ENABLED", "FEEDBACK_PROVIDERS_ENABLED"])
    def test_both_names_may_not_say_different_things(self, tmp_path: Path, variable: str) -> None:
        table = "providers" if "CHANNELS" in variable else "channels"
        with pytest.raises(SettingsInvalid, match=r"channels\.enabled is the old name of providers\.enabled"):
            loaded(tmp_path, f"[{table}]\nenabled = ['smtp_email']", **{variable: "twilio_sms"})

    def test_a_new_installation_is_written_with_the_new_names_only(self) -> None:
        assert "[providers]" in initial_toml({}) and "[channels]" not in initial_toml({})

    def test_a_mistyped_name_is_not_corrected_to_an_old_one(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsInvalid) as refused:
            loaded(tmp_path, FEEDBACK_CHANNEL_ENABLED="smtp_email")
        assert "FEEDBACK_CHANNELS_ENABLED" not in str(refused.value)


class TestChecks:
    def good(self, tmp_path: Path, **environ: str) -> Settings:
        settings = loaded(tmp_path, GOOD, **environ)
        (tmp_path / "feedback.toml").chmod(0o600)
        return settings

    def test_a_complete_installation_has_no_problem(self, tmp_path: Path) -> None:
        assert check(self.good(tmp_path)) == []

    def test_quiet_hours_that_end_at_midnight_are_none(self, tmp_path: Path) -> None:
        """What the check lets through is what decides about every message."""
        for begin in ("00:00", "20:00", "09:01", "23:59"):
            settings = self.good(tmp_path, FEEDBACK_CONTACT_QUIET_FROM=begin)
            assert "F030" not in [problem.code for problem in check(settings)]
            assert eligibility.policy(settings)

    @pytest.mark.parametrize(
        ("variables", "code"),
        [
            ({"FEEDBACK_LINK_KEY": ""}, "F001"),
            ({"FEEDBACK_LINK_KEY": "short"}, "F002"),
            ({"FEEDBACK_LINK_KEY_PREVIOUS": LONG}, "F003"),
            ({"FEEDBACK_WEB_PUBLIC_URL": ""}, "F011"),
            ({"FEEDBACK_WEB_PUBLIC_URL": "s.example.com"}, "F012"),
            ({"FEEDBACK_WEB_PUBLIC_URL": "https://[::1"}, "F012"),
            ({"FEEDBACK_WEB_PUBLIC_URL": "https://s.example.com:99999"}, "F012"),
            ({"FEEDBACK_WEB_PUBLIC_URL": "https://me:secret@s.example.com"}, "F012"),
            ({"FEEDBACK_WEB_PUBLIC_URL": 'https://s".example.com'}, "F012"),
            ({"FEEDBACK_WEB_PUBLIC_URL": "http://s.example.com"}, "F013"),
            ({"FEEDBACK_WEB_TRUSTED_PROXY": ""}, "F014"),
            ({"FEEDBACK_WEB_TRUSTED_PROXY": "", "FEEDBACK_WEB_HOST": "::1"}, "F014"),
            ({"FEEDBACK_WEB_TRUSTED_PROXY": "localhost"}, "F015"),
            ({"FEEDBACK_ORGANISATION_SECURITY_CONTACT": "http://example.com"}, "F049"),
            ({"FEEDBACK_ORGANISATION_SECURITY_CONTACT": "a@b.example\nExpires: never"}, "F049"),
            ({"FEEDBACK_WEB_TRUSTED_PROXY": "10.0.0.0/8"}, "F015"),
            ({"FEEDBACK_PROVIDERS_ENABLED": ""}, "F020"),
            ({"FEEDBACK_PROVIDERS_ENABLED": "simulator"}, "F021"),
            ({"FEEDBACK_PROVIDERS_ENABLED": "twilio_sms", "FEEDBACK_TWILIO_SENDER": "ACME"}, "F022"),
            ({"FEEDBACK_SMTP_TIMEOUT": "120"}, "F024"),
            ({"FEEDBACK_SMTP_HOST": ""}, "F025"),
            ({"FEEDBACK_SMTP_USERNAME": "me"}, "F025"),
            ({"FEEDBACK_SMTP_SECURITY": "none"}, "F026"),
            ({"FEEDBACK_CONTACT_QUIET_FROM": "09:00"}, "F030"),
            ({"FEEDBACK_CONTACT_QUIET_FROM": "08:59"}, "F030"),
            ({"FEEDBACK_CONTACT_QUIET_FROM": "23:58", "FEEDBACK_CONTACT_QUIET_TO": "23:59"}, "F030"),
            ({"FEEDBACK_CONTACT_WEEKDAYS": ""}, "F031"),
            ({"FEEDBACK_FOLLOWUP_CLOSES": "08:00"}, "F032"),
            ({"FEEDBACK_CONTACT_IMPORTANT_GAP": "90d"}, "F033"),
            ({"FEEDBACK_ORGANISATION_NAME": ""}, "F040"),
            ({"FEEDBACK_ORGANISATION_PRIVACY_URL": ""}, "F041"),
            ({"FEEDBACK_CONTACT_ANY_HOUR": "true"}, "F035"),
            ({"FEEDBACK_ORGANISATION_SUPPORT_EMAIL": ""}, "F042"),
            ({"FEEDBACK_FOLLOWUP_FALLBACK_OWNER": ""}, "F043"),
            ({"FEEDBACK_ORGANISATION_COLOUR": "blue"}, "F044"),
            ({"FEEDBACK_ORGANISATION_LOGO": "gone.svg"}, "F045"),
            ({"FEEDBACK_ORGANISATION_CURRENCY": "euro"}, "F047"),
            ({"FEEDBACK_ORGANISATION_EXCHANGE_RATES": "euro=1.1"}, "F048"),
            ({"FEEDBACK_ORGANISATION_EXCHANGE_RATES": "EUR=0"}, "F048"),
            ({"FEEDBACK_DATABASE_URL": "postgresql://h/d", "FEEDBACK_DATABASE_POOL": "2"}, "F050"),
            ({"FEEDBACK_ALERTS_SLACK_WEBHOOK": "http://hooks.example.com/x"}, "F060"),
            ({"FEEDBACK_ALERTS_TEAMS_WEBHOOK": "hooks.example.com/x"}, "F061"),
            ({"FEEDBACK_ALERTS_TEAMS_WEBHOOK": "https://[::1/x"}, "F061"),
        ],
    )
    def test_what_is_wrong_has_a_code_and_a_hint(
        self, tmp_path: Path, variables: dict[str, str], code: str
    ) -> None:
        (problem,) = check(self.good(tmp_path, **variables))
        assert problem.code == code
        assert problem.hint

    @pytest.mark.parametrize("table", ['KUW = ["sun"]', "KW = []"])
    def test_days_of_a_country_need_its_two_letters_and_a_day(self, tmp_path: Path, table: str) -> None:
        settings = loaded(tmp_path, f"{GOOD}\n[contact.weekdays_by_country]\n{table}\n")
        (tmp_path / "feedback.toml").chmod(0o600)
        (problem,) = check(settings)
        assert problem.code == "F034"

    def test_an_edge_location_is_one_word(self, tmp_path: Path) -> None:
        twilio = {
            "FEEDBACK_PROVIDERS_ENABLED": "twilio_sms",
            "FEEDBACK_TWILIO_ACCOUNT_SID": "AC1",
            "FEEDBACK_TWILIO_AUTH_TOKEN": LONG,
            "FEEDBACK_TWILIO_SENDER": "ACME",
        }
        assert check(self.good(tmp_path, **twilio, FEEDBACK_TWILIO_EDGE="dublin")) == []
        (problem,) = check(self.good(tmp_path, **twilio, FEEDBACK_TWILIO_EDGE="evil.example/"))
        assert problem.code == "F029"

    def test_a_logo_that_answer_pages_would_go_without_is_named(self, tmp_path: Path) -> None:
        settings = self.good(tmp_path, FEEDBACK_ORGANISATION_LOGO="logo.svg")
        (tmp_path / "logo.svg").write_text("<svg/>", encoding="utf-8")
        assert check(settings) == []
        (tmp_path / "logo.svg").write_text("<svg>" + " " * 2_000, encoding="utf-8")
        (problem,) = check(settings)
        assert (problem.code, problem.level) == ("F046", "warning")

    @pytest.mark.parametrize(
        "variables",
        [
            {"FEEDBACK_WEB_TRUSTED_PROXY": "*"},
            {"FEEDBACK_WEB_TRUSTED_PROXY": "2001:db8::1"},
            {"FEEDBACK_WEB_TRUSTED_PROXY": "", "FEEDBACK_WEB_HOST": "0.0.0.0"},
            {"FEEDBACK_WEB_TRUSTED_PROXY": "", "FEEDBACK_WEB_PUBLIC_URL": "http://127.0.0.1:8080"},
        ],
    )
    def test_a_named_proxy_or_none_is_fine(self, tmp_path: Path, variables: dict[str, str]) -> None:
        assert check(self.good(tmp_path, **variables)) == []

    def test_a_directory_that_everybody_may_enter_is_a_warning(self, tmp_path: Path) -> None:
        settings = self.good(tmp_path)
        tmp_path.chmod(0o755)
        assert [(problem.code, problem.level) for problem in check(settings)] == [("F053", "warning")]

    def test_a_file_that_everybody_may_read_is_a_warning(self, tmp_path: Path) -> None:
        settings = self.good(tmp_path)
        (tmp_path / "feedback.toml").chmod(0o644)
        assert [(problem.code, problem.level) for problem in check(settings)] == [("F051", "warning")]

    def test_errors_come_before_warnings(self, tmp_path: Path) -> None:
        levels = [problem.level for problem in check(loaded(tmp_path))]
        assert levels == sorted(levels)
        assert set(levels) == {"error", "warning"}


class TestPages:
    def test_the_documentation_is_not_stale(self) -> None:
        page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
        assert page == reference(), "run `python3 dev.py docs`"

    def test_a_new_file_holds_the_secrets_and_otherwise_the_defaults(self, tmp_path: Path) -> None:
        settings = loaded(tmp_path, initial_toml({"link.key": LONG}))
        expected = load(tmp_path / "nowhere", {})
        assert settings.link.key == Secret(LONG)
        assert replace(settings.link, key=Secret()) == expected.link
        assert settings.twilio == expected.twilio

    def test_every_commented_line_of_a_new_file_is_valid(self, tmp_path: Path) -> None:
        lines = initial_toml({}).splitlines()
        names = {entry.field.name for entry in entries().values()}
        uncommented = [
            line[2:] if line.startswith("# ") and line[2:].partition(" = ")[0] in names else line
            for line in lines
        ]
        defaults = load(tmp_path / "nowhere", {})
        settings = loaded(tmp_path, "\n".join(uncommented))
        assert replace(settings, instance=defaults.instance, database=defaults.database) == defaults

    def test_an_unknown_setting_is_refused(self) -> None:
        with pytest.raises(SettingsInvalid, match=r"no setting web\.prot"):
            initial_toml({"web.prot": "1"})
