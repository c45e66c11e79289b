"""The table of channels: key -> the function that makes the channel from its settings.

To add a channel, add a module to this package and a line to `CHANNELS`. A module is imported when its channel
is made, because providers' libraries are slow to load and most installations use only one.
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
    """The kind of messages (sms, email) of a channel, from the end of its key, without making the channel."""
    return "sms" if key.endswith("_sms") else "email"
