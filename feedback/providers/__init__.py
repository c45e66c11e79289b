"""The table of providers: key -> the function that makes the provider from its settings, and on what terms it sends.

To add a provider, add a module to this package, a line to `PROVIDERS`, and one to `TERMS` if it has senders, a pace
or a price. A module is imported when its provider is made, because providers' libraries are slow to load and most
installations use only one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from feedback.providers import simulator, twilio_senders
from feedback.providers.base import Channel, Provider, Terms
from feedback.settings import Settings

Factory = Callable[..., Provider]


def _made_by(module: str, name: str, **fixed: Any) -> Factory:
    def make(**settings: Any) -> Provider:
        provider: Provider = getattr(import_module(f"feedback.providers.{module}"), name)(**fixed, **settings)
        return provider

    return make


PROVIDERS: Mapping[str, Factory] = {
    "twilio_sms": _made_by("twilio_sms", "TwilioSms"),
    "smtp_email": _made_by("smtp_email", "SmtpEmail"),
    "simulator_sms": _made_by("simulator", "Simulator", channel="sms"),
    "simulator_email": _made_by("simulator", "Simulator", channel="email"),
}

TERMS: Mapping[str, Callable[[Settings], Terms]] = {
    "twilio_sms": twilio_senders.terms,
    "simulator_sms": simulator.sms_terms,
}


def terms_of(key: str, settings: Settings) -> Terms:
    """On what terms the provider sends; one that has no line in `TERMS` has no limit and no price."""
    return TERMS[key](settings) if key in TERMS else Terms()


def sms_terms(settings: Settings) -> Terms:
    """The terms of text messages here: of the first enabled provider of SMS, or of the simulated one."""
    keys = (key for key in settings.providers.enabled if channel_of(key) == "sms")
    return terms_of(next(keys, "simulator_sms"), settings)


def channel_of(key: str) -> Channel:
    """The channel that a provider sends by, from the end of its key, without making the provider."""
    return "sms" if key.endswith("_sms") else "email"
