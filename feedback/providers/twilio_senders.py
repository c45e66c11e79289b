"""Twilio senders, and whether customers can reply to them (twilio.com/guidelines)."""

from __future__ import annotations

import re

from feedback.providers.base import Terms
from feedback.settings import Settings

ONE_WAY = frozenset({"TR"})
"""Countries (ISO 3166) from which Twilio delivers no replies to any sender."""
_SERVICE = re.compile(r"MG[0-9a-f]{32}")


def is_service(sender: str) -> bool:
    """Whether `sender` is the SID of a messaging service, not a name that begins with the same letters."""
    return _SERVICE.fullmatch(sender) is not None


def is_answerable(sender: str, country: str | None) -> bool:
    """Whether customers in `country` can reply to this sender; never to an alphanumeric name."""
    named = any(character.isalpha() for character in sender) and not is_service(sender)
    return not named and country not in ONE_WAY


def terms(settings: Settings) -> Terms:
    """Twilio limits each sender, bills each segment, and carries replies to numbers only."""
    twilio = settings.twilio
    return Terms(
        sender=twilio.sender,
        senders=twilio.senders,
        answerable=is_answerable,
        segments_per_second=twilio.messages_per_second,
        cost_per_segment=twilio.cost_per_segment,
    )
