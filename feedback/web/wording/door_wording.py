"""The texts for states of doors and of what came by them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from feedback.i18n import Translator, _
from feedback.services.doors.arrivals import DoorBacklog
from feedback.store.models import Door
from feedback.web.wording import message_wording

STATES: Mapping[str, str] = {
    "waiting": _("waiting"),
    "done": _("taken in"),
    "ignored": _("ignored"),
    "unknown": _("no rule fits"),
    "refused": _("could not be stored"),
    "seen": _("known already"),
}
TONES: Mapping[str, str] = {"done": "praise", "unknown": "warn", "refused": "bad"}
"""State -> the class of its tag."""
TRAYS: Mapping[str, str] = {
    "all": _("All"),
    "unknown": _("No rule fits"),
    "refused": _("Could not be stored"),
    "done": _("Taken in"),
    "ignored": _("Ignored"),
    "waiting": _("Waiting"),
}
"""The choices above the log."""
REFUSED: Mapping[str, str] = {
    "no_signature": _("the signature or the token is missing"),
    "wrong_signature": _("the signature does not match the secret"),
    "no_timestamp": _("the time of the signature is missing"),
    "old_timestamp": _("the signature is too old, or a clock is wrong"),
    "wrong_password": _("the token or the password is wrong"),
}
THINGS: Mapping[str, str] = {
    "account": _("Account"),
    "contact": _("Contact"),
    "event": _("Event"),
    "usage": _("Usage"),
    "survey": _("Survey"),
}
RESULTS: Mapping[str, str] = {
    "created": _("created"),
    "updated": _("updated"),
    "unchanged": _("unchanged"),
    "scheduled": _("planned"),
}
_FIELD = re.compile(r"([a-z_]+(?:\.[\w-]+)*): (.+)", re.DOTALL)


def state(say: Translator, door: Door, backlog: DoorBacklog, now: datetime) -> tuple[str, str]:
    """How a door is, in words, and the class of the tag: bad, warn, praise or nothing."""
    if door.paused_at is not None:
        return say.gettext("paused"), ""
    if door.refused_calls and door.refused_at is not None:
        return say.gettext("refuses calls since {when}", when=say.relative(door.refused_at - now)), "bad"
    if backlog.for_somebody:
        return say.gettext("something to look at"), "warn"
    if door.last_arrival_at is None:
        return say.gettext("nothing came yet"), ""
    return say.gettext("working"), "praise"


def why(say: Translator, sentence: str) -> str:
    """A reason in the reader's language; the field at its beginning stays as it is."""
    found = _FIELD.fullmatch(sentence)
    if found is None:
        return say.gettext(sentence)
    return f"{found[1]}: {say.gettext(found[2])}"


def result(say: Translator, key: str) -> str:
    """What was done, or why a survey is not sent."""
    return say.gettext(RESULTS[key]) if key in RESULTS else message_wording.reason(say, key)


def word(say: Translator, words: Mapping[str, str], key: str) -> str:
    """One of the words above; an unknown key is returned unchanged."""
    return say.gettext(words[key]) if key in words else key
