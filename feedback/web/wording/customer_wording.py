"""The words of a customer's activity and permissions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from feedback.i18n import Translator, _
from feedback.services.customers.activity import ActivityEntry
from feedback.web.wording import message_wording
from feedback.web.wording.followup_wording import AUDITED, OUTCOMES, in_words

BASES: Mapping[str, str] = {
    "consent": _("Consent"),
    "contract": _("Contract"),
    "legitimate_interest": _("Legitimate interest"),
}
SUPPRESSED: Mapping[str, str] = {
    "opt_out": _("opted out"),
    "maybe_opt_out": _("may have opted out, waits for a decision"),
    "complaint": _("complained about a message"),
    "hard_bounce": _("the address does not exist"),
    "soft_bounces": _("several messages could not be delivered"),
    "bad_number": _("the number does not work"),
    "manual": _("blocked by a colleague"),
    "erased": _("erased"),
}
TITLES: Mapping[str, str] = {
    "follow_up_closed": _("Follow-up closed"),
    "follow_up": _("Follow-up opened"),
    "response": _("Survey answered"),
    "reply": _("Reply received"),
    "message": _("Message"),
    "event": _("Event"),
    "withdrawal": _("Permission withdrawn"),
    "consent": _("Permission recorded"),
    "lifted": _("Block removed"),
    "suppressed": _("Blocked"),
    "usage": _("Product usage"),
    "audit": _("Customer data"),
}
"""Kind of entry -> what it is called."""


def told(say: Translator, entry: ActivityEntry, language: str) -> str:
    """What an entry says beside its title; texts of questionnaires are in `language`."""
    row: Any = entry.row
    words: list[str] = []
    match entry.kind:
        case "follow_up":
            words = [row.title.get(language) or next(iter(row.title.values()), "")]
        case "follow_up_closed":
            words = [in_words(say, OUTCOMES, row.outcome) if row.outcome else ""]
        case "message":
            purpose = in_words(say, message_wording.PURPOSES, row.purpose)
            words = [channel(say, row.channel), purpose, in_words(say, message_wording.STATES, row.state)]
        case "event":
            words = [row.name]
        case "consent" | "withdrawal":
            basis = say.gettext(BASES[row.basis]) if row.basis in BASES else ""
            words = [channel(say, row.kind), basis, row.source]
        case "suppressed" | "lifted":
            words = [channel(say, row.kind), in_words(say, SUPPRESSED, row.reason)]
        case "usage":
            words = [f"{row.name}: {say.number(row.value)}"]
        case "audit":
            words = [in_words(say, AUDITED, row.action)]
    return say.comma.join(filter(None, words))


def channel(say: Translator, key: str) -> str:
    """SMS or E-mail in the reader's language."""
    return in_words(say, message_wording.CHANNELS, key)
