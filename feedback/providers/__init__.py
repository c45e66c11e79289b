"""Every channel there is: its key, and what makes it from plain settings.

A new channel is a module of this package and one line in `CHANNELS`. Modules are imported when a channel
is made, because providers' libraries are slow to load and most installations use one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from feedback.providers.base import Channel, Kind

Factory = Callable[..., Channel]


def _made_by(module: str, name: str, **fixed: Any) -> Factory:
    def make(**settings: Any) -> Channel:
        channel: Channel = getattr(import_module(f"feedback.providers.{module}"), name)(**fixed, **settings)
        return channel

    return make


CHANNELS: Mapping[str, Factory] = {
    "twilio_sms": _made_by("twilio_sms", "TwilioSms"),
    "smtp_email": _made_by("smtp_email", "SmtpEmail"),
    "simulator_sms": _made_by("simulator", "Simulator", kind="sms"),
    "simulator_email": _made_by("simulator", "Simulator", kind="email"),
}


def kind_of(key: str) -> Kind:
    """What a channel carries, by its key, which ends with it: a policy must not have to make channels to know."""
    return "sms" if key.endswith("_sms") else "email"
