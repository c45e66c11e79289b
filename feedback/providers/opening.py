"""Makes a provider from the settings.

What sends messages is imported when it is needed, because most commands do not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from feedback.core.contact.recipient import PhoneNumber
from feedback.errors import SettingsInvalid
from feedback.providers import PROVIDERS
from feedback.providers.accounts import Security, SmtpServer, TwilioAccount
from feedback.providers.base import Provider
from feedback.providers.simulator import Mailbox
from feedback.settings import Settings

TWILIO = "https://api.twilio.com"
SECURITY: Mapping[str, Security] = {"starttls": "starttls", "tls": "ssl", "none": "plain"}
"""The words of the settings, and those of the provider."""


def open_provider(key: str, settings: Settings, mailbox: Callable[[], Mailbox]) -> Provider:
    """The provider with this key; `mailbox` makes that of a simulated one.

    Raises SettingsInvalid for an unknown key, and for settings with which the provider cannot work.
    """
    if key not in PROVIDERS:
        known = ", ".join(PROVIDERS)
        raise SettingsInvalid(f"providers.enabled: there is no provider {key!r}; use one of {known}.")
    return PROVIDERS[key](**_arguments(key, settings, mailbox))


def _arguments(key: str, settings: Settings, mailbox: Callable[[], Mailbox]) -> dict[str, object]:
    if key.startswith("simulator"):
        return {"mailbox": mailbox(), "sender": settings.organisation.name}
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
