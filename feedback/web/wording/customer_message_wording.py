"""The texts for messages that staff write to customers: why a channel is closed, and what happened to a message."""

from __future__ import annotations

from collections.abc import Mapping

from feedback.i18n import Translator, _
from feedback.services.followups.customer_messages import CustomerChannel
from feedback.store.models import Message
from feedback.web.wording import followup_wording, message_wording

NO_ADDRESS: Mapping[str, str] = {
    "sms": _("No phone number on file."),
    "email": _("No e-mail address on file."),
}
SUPPRESSED: Mapping[str, str] = {
    "opt_out": _("The customer opted out of messages. Call them instead."),
    "complaint": _("The customer reported a message as spam. Call them instead."),
    "maybe_opt_out": _("A reply of the customer may be an opt-out. Decide in the inbox first."),
    "manual": _("A colleague opted this customer out. Call them instead."),
    "hard_bounce": _("This address does not exist: mail to it came back."),
    "soft_bounces": _("Mail to this address came back several times, so it is paused for 30 days."),
    "bad_number": _("This number does not work."),
}
CLOSED: Mapping[str, str] = {
    "not_enabled": _("This channel is not set up. Ask an admin."),
    "refused": _("The customer refused permission for this channel. Call them instead."),
    "refused_elsewhere": _("The customer refused another channel, and has not agreed to this one."),
    "consent_missing": _("No permission for this channel is recorded, and the contact policy needs one."),
    "suppressed": _("This address is on the list of addresses that get no messages."),
}
OTHERWISE = _("The contact policy has no hours for this customer within the next 7 days.")


def why_closed(say: Translator, channel: CustomerChannel) -> str:
    """Why a channel cannot be used, as a sentence with what to do instead; empty if it can."""
    if channel.obstacle is None:
        return ""
    if channel.obstacle == "no_address":
        return say.gettext(NO_ADDRESS[channel.channel])
    if channel.obstacle == "suppressed" and channel.why in SUPPRESSED:
        return say.gettext(SUPPRESSED[channel.why])
    return say.gettext(CLOSED.get(channel.obstacle, OTHERWISE))


def state(say: Translator, message: Message) -> str:
    """What happened to a message: "delivered", "cancelled: on the suppression list"."""
    told = followup_wording.in_words(say, message_wording.STATES, message.state)
    if message.state in ("delivered", "sent", "queued", "sending") or not message.state_reason:
        return told
    reason = followup_wording.in_words(say, message_wording.REASONS, message.state_reason)
    return say.gettext("{state}: {reason}", state=told, reason=reason)
