"""Builds a Runtime from Settings. Only the entry points (web, worker, cli) import this module.

What reads questionnaires or sends messages is imported when it is needed, because most commands do neither.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from feedback import clock
from feedback.core.contact.recipient import PhoneNumber
from feedback.core.followup import Weights
from feedback.core.health import weights_with
from feedback.errors import SettingsInvalid
from feedback.providers.accounts import Security, SmtpServer, TwilioAccount
from feedback.services import rollups
from feedback.services.context import Context
from feedback.services.staff import recovery_codes
from feedback.settings import Problem, Settings, check, load
from feedback.settings.reading import FILE
from feedback.store import private_files
from feedback.store.database import Database

if TYPE_CHECKING:
    from feedback.library import Library
    from feedback.providers.base import Provider

log = structlog.get_logger()

TWILIO = "https://api.twilio.com"
SECURITY: Mapping[str, Security] = {"starttls": "starttls", "tls": "ssl", "none": "plain"}
"""The words of the settings, and those of the provider."""
ABOUT_SENDING = ("F011", "F014", "F02")
"""No public address, no proxy; prefix of the codes of provider problems."""


@dataclass(frozen=True)
class Runtime(Context):
    """Everything that an entry point needs; one per process: what services know, and the database."""

    database: Database


class _WithoutSending(Runtime):
    """A Runtime without providers. It reads the questionnaires, and stores which are in force, when `library` is first
    used; that must not be inside `database.writing()`."""

    def __init__(self, settings: Settings, database: Database) -> None:
        for name, value in (("settings", settings), ("providers", {}), ("database", database)):
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Library:
        if name != "library":
            raise AttributeError(name)
        library = _library(self.settings, self.database)
        object.__setattr__(self, "library", library)
        return library


def instance_from(environ: Mapping[str, str] = os.environ) -> Path:
    """The instance directory: `FEEDBACK_INSTANCE`, else `./instance`."""
    return Path(environ.get("FEEDBACK_INSTANCE", "instance")).resolve()


def settings_from(environ: Mapping[str, str] = os.environ) -> Settings:
    """Raises SettingsInvalid with one line per mistake."""
    return load(instance_from(environ), environ)


def start(settings: Settings, *, sending: bool = True) -> Runtime:
    """Upgrade the database, but create none, and return a Runtime.

    With `sending=False` it opens no providers, needs neither them nor a public address, and reads the questionnaires
    only if its `library` is used.
    A questionnaire or journey that cannot be published stops nothing; it is logged, and in `library.refused`.
    Raises SettingsInvalid for settings that cannot work, StorageUnavailable.
    """
    problems = [problem for problem in check(settings) if problem.level == "error"]
    errors = [str(each) for each in problems if sending or not each.code.startswith(ABOUT_SENDING)]
    if errors:
        raise SettingsInvalid("\n".join(errors))
    _weigh(settings)
    database, before, after = upgrade(settings)
    if before != after:
        log.warning(
            "database.upgraded", before=before, after=after, hint="Keep the backup from before the upgrade."
        )
    with database.writing() as session:
        rollups.adopt(session)
        recovery_codes.hash_clear(session, settings.web.password_salt.reveal())
    if not sending:
        return _WithoutSending(settings, database)
    return Runtime(settings, _library(settings, database), open_providers(settings, database), database)


def _library(settings: Settings, database: Database) -> Library:
    """Load the questionnaires and the journey, and store what is in force."""
    from feedback.services.questionnaires import publishing  # noqa: PLC0415  (with the linter it costs half a second)

    now = clock.now()
    with database.reading() as session:
        shelf = publishing.load(session, settings, now)
    with database.writing() as session:
        publishing.note_acceptances(session, shelf, now)
        publishing.note_in_force(session, shelf, now)
    for each in shelf.refused:
        log.warning("library.refused", path=each.path, replaced=each.replaced, reasons=each.reasons)
    return shelf


def upgrade(settings: Settings, *, create: bool = False) -> tuple[Database, str | None, str]:
    """The database with the tables of this release, and their revisions before (None: there were none) and after.

    Closes it and the instance directory to other users of the machine; what cannot be closed is reported by `feedback
    doctor` and in the log. Without `create`, raises StorageUnavailable if there is no database.
    """
    instance = settings.instance
    if (instance / FILE).exists() and not private_files.close_to_others(instance):
        log.warning("instance.open_to_others")
    database = open_database(settings)
    return database, *database.upgrade(create=create)


def _weigh(settings: Settings) -> None:
    """Check the settings whose valid names only the core knows. Raises SettingsInvalid."""
    for name, made, given in (
        ("followup.weights", Weights.with_changes, settings.followup.weights),
        ("health.weights", weights_with, settings.health.weights),
    ):
        try:
            made(given)
        except ValueError as error:
            raise SettingsInvalid(f"{name}: {error}") from None
    if not all(full > 0 for full in settings.health.usage.values()):
        raise SettingsInvalid("health.usage: every full-use value must be greater than 0.")


def open_database(settings: Settings) -> Database:
    return Database(
        settings.database.url.reveal(),
        pool=settings.database.pool,
        patience=settings.database.patience,
        zone=settings.organisation.time_zone,
    )


def open_providers(settings: Settings, database: Database) -> dict[str, Provider]:
    """Open the enabled providers, by key, in the order of the settings. Raises SettingsInvalid for an unknown key."""
    from feedback.providers import PROVIDERS  # noqa: PLC0415

    made: dict[str, Provider] = {}
    for key in settings.providers.enabled:
        if key not in PROVIDERS:
            known = ", ".join(PROVIDERS)
            raise SettingsInvalid(f"providers.enabled: there is no provider {key!r}; use one of {known}.")
        made[key] = PROVIDERS[key](**_arguments(key, settings, database))
    return made


def provider_problems(settings: Settings, database: Database) -> list[Problem]:
    """Problem F027 for settings with which no provider can be opened, so that `doctor` refuses what `run` refuses."""
    try:
        open_providers(settings, database)
    except SettingsInvalid as refused:
        return [Problem("F027", str(refused), "`feedback run` would not start.")]
    return []


def _arguments(key: str, settings: Settings, database: Database) -> dict[str, object]:
    if key.startswith("simulator"):
        from feedback.services.messaging.simulated_mailbox import DatabaseMailbox  # noqa: PLC0415

        return {"mailbox": DatabaseMailbox(database), "sender": settings.organisation.name}
    if key == "twilio_sms":
        return _twilio(settings)
    return _smtp(settings)


def _twilio(settings: Settings) -> dict[str, object]:
    twilio = settings.twilio
    account = TwilioAccount(
        account_sid=twilio.account_sid,
        auth_token=twilio.auth_token.reveal(),
        secondary_auth_token=twilio.secondary_auth_token.reveal() or None,
        api_key=twilio.api_key_sid or None,
        api_secret=twilio.api_key_secret.reveal() or None,
        sender=twilio.sender or None,
        messaging_service_sid=twilio.messaging_service_sid or None,
        senders=dict(twilio.senders),
        timeout=twilio.timeout,
        base_url=None if twilio.base_url == TWILIO else twilio.base_url,
        region=twilio.region,
        edge=twilio.edge or None,
        public_url=settings.web.public_url,
    )
    return {"account": account, "country_of": _country_of}


def _country_of(number: str) -> str | None:
    return PhoneNumber(number).region


def _smtp(settings: Settings) -> dict[str, object]:
    smtp = settings.smtp
    server = SmtpServer(
        host=smtp.host,
        port=smtp.port,
        security=SECURITY[smtp.security],
        username=smtp.username or None,
        password=smtp.password.reveal() or None,
        sender=smtp.sender,
        timeout=smtp.timeout,
    )
    return {"server": server}
