"""The texts for types of events, and for states and results of webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from feedback.core.webhook_events import EVENT_TYPES, TEST
from feedback.i18n import Translator, _
from feedback.store.models import WebhookEndpoint

STATES: Mapping[str, str] = {
    "pending": _("waiting"),
    "delivered": _("delivered"),
    "failed": _("failed"),
    "dropped": _("not sent: the person was erased"),
}
TRAYS: Mapping[str, str] = {
    "all": _("All"),
    "pending": _("Waiting"),
    "failed": _("Failed"),
    "delivered": _("Delivered"),
}
"""The choices above the log."""
CODES: Mapping[str, str] = {
    "timeout": _("no answer in time"),
    "unreachable": _("could not be reached"),
    "tls": _("certificate not trusted, or no encryption"),
    "broken_answer": _("the answer was no valid HTTP"),
    "address_not_allowed": _("address inside the own network"),
    "bad_address": _("address does not work"),
    "https_required": _("address without https"),
    "gone": _("the receiver answered that it is gone for good (410)"),
}
_TEST = _("Test event")


def type_title(say: Translator, name: str) -> str:
    """A type of event in the reader's language; an unknown one is returned unchanged."""
    if name == TEST:
        return say.gettext(_TEST)
    return say.gettext(EVENT_TYPES[name].title) if name in EVENT_TYPES else name


def result(say: Translator, code: str) -> str:
    """What an attempt came to: `http_500` is written as HTTP 500."""
    if code.startswith("http_"):
        return f"HTTP {code.removeprefix('http_')}"
    return say.gettext(CODES[code]) if code in CODES else code


def state(say: Translator, endpoint: WebhookEndpoint, now: datetime) -> tuple[str, str]:
    """How an endpoint is, in words, and the class of the tag: bad, warn, praise or nothing."""
    if endpoint.disabled_at is not None:
        return say.gettext("disabled"), "bad"
    if endpoint.paused_at is not None:
        return say.gettext("paused"), ""
    if endpoint.failing_since is not None:
        return say.gettext("failing since {when}", when=say.relative(endpoint.failing_since - now)), "warn"
    if endpoint.last_success_at is None:
        return say.gettext("nothing sent yet"), ""
    return say.gettext("working"), "praise"
