"""Makes the enabled providers from the settings.

What sends messages is imported when it is needed, because most commands do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from feedback.core.contact.recipient import PhoneNumber
from feedback.errors import SettingsInvalid
from feedback.providers.accounts import Security, SmtpServer, TwilioAccount
from feedback.settings import Problem, Settings
from feedback.store.database import Database

if TYPE_CHECKING:
    from feedback.providers.base import Provider

log = structlog.get_logger()

TWILIO = "https://api.twilio.com"
SECURITY: Mapping[str, Security] = {"starttls": "starttls", "tls": "ssl", "none": "plain"}
"""The words of the settings, and those of the provider."""


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


def open_where_possible(settings: Settings, database: Database) -> dict[str, Provider]:
    """As `open_providers`, without those that cannot be opened as long as their settings are incomplete."""
    made: dict[str, Provider] = {}
    for key in settings.providers.enabled:
        alone = replace(settings, providers=replace(settings.providers, enabled=(key,)))
        try:
            made |= open_providers(alone, database)
        except SettingsInvalid as refused:
            log.warning("provider.not_opened", provider=key, reason=str(refused))
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
