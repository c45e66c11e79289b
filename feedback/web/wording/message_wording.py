"""Every state and reason of a delivery in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from feedback.core.journey import Journey
from feedback.i18n import Translator, _
from feedback.services.messaging.history import StoryStep
from feedback.web.responses.reply_inbox import MEANINGS

PROVIDERS: Mapping[str, str] = {
    "twilio_sms": _("SMS"),
    "smtp_email": _("E-mail"),
    "simulator_sms": _("SMS (simulated)"),
    "simulator_email": _("E-mail (simulated)"),
}
CHANNELS: Mapping[str, str] = {"sms": _("SMS"), "email": _("E-mail")}
PURPOSES: Mapping[str, str] = {
    "invitation": _("invitation"),
    "reminder": _("reminder"),
    "comment_prompt": _("question for a comment"),
    "reprompt": _("second question"),
    "thanks": _("thanks"),
    "opt_out_confirmation": _("confirmation of the opt-out"),
    "alert": _("alert"),
    "digest": _("digest"),
    "escalation": _("escalation"),
    "hold": _("notice of a held channel"),
}
STATES: Mapping[str, str] = {
    "queued": _("waits to be sent"),
    "sending": _("is being sent"),
    "sent": _("sent"),
    "delivered": _("delivered"),
    "undelivered": _("did not arrive"),
    "failed": _("failed"),
    "unconfirmed": _("unconfirmed"),
    "held": _("held"),
    "cancelled": _("called off"),
}
REASONS: Mapping[str, str] = {
    # what a provider said, or we about it (providers/base.py)
    "refused": _("the provider refused it"),
    "retry": _("the provider could not take it at the time"),
    "rate_limited": _("we sent too fast"),
    "unreachable": _("the provider could not be reached"),
    "deadline": _("there was too little time to begin"),
    "opted_out": _("the customer told the provider to stop"),
    "bad_address": _("the address does not work"),
    "hold_provider": _("the provider does not let us send"),
    "hold_channel": _("the provider does not let us send"),  # what rows of earlier releases say
    "hold_country": _("the provider does not let us send to this country"),
    "unknown": _("nobody can say whether it was taken"),
    "broke": _("the connection broke in the middle"),
    "lease_expired": _("the sender vanished in the middle"),
    "undelivered": _("the network did not deliver it"),
    "failed": _("the provider could not send it"),
    # what became of it then
    "resent_unconfirmed": _("sent once more, as the settings say"),
    "resent_by_hand": _("sent once more, because somebody decided so"),
    "confirmed_by_hand": _("somebody knows that it arrived"),
    "found_at_provider": _("found at the provider"),
    "not_at_provider": _("the provider did not have it"),
    "not_confirmed": _("never confirmed, and not worth a second copy"),
    "next_window": _("waits for the next hours in which we may write"),
    # why it was called off, or never begun
    "suppressed": _("the customer may not be written to"),
    "erased": _("the person was erased"),
    "answered": _("the customer had answered already"),
    "expired": _("the survey had ended"),
    "withdrawn": _("the survey was withdrawn"),
    "skipped": _("the invitation was called off"),
    "too_late": _("the survey would have ended before we may write"),
    "no_channel": _("no way to reach the customer is open"),
    "no_common_window": _("there are no hours in which we may write"),
    "contacted_recently": _("the customer was asked a short time ago"),
    "account_contacted_often": _("enough people of this account were asked"),
    "stage_removed": _("the stage is not in the journey any more"),
    "other_channel": _("is tried another way"),
}
OBSTACLES: Mapping[str, str] = {
    "not_enabled": _("not set up"),
    "no_address": _("no address"),
    "suppressed": _("on the list of those who get nothing"),
    "refused": _("consent was refused"),
    "consent_missing": _("consent is missing"),
}
SOURCES: Mapping[str, str] = {"link": _("on the page"), "sms_reply": _("by SMS")}

STEPS: Mapping[str, str] = {
    "event": _("It happened: {name}"),
    "planned_event": _("Planned for the stage {stage}, because of this event"),
    "planned_date": _("Planned for the stage {stage}, because of the date {date}"),
    "planned_cycle": _("Planned for the stage {stage}, because it was this customer's turn"),
    "quiet_hours": _("Moved from {from_} to {to}, because of the quiet hours in {zone}"),
    "zone_assumed": _("The time zone is not known; it has to be day in {zones}"),
    "channel_passed_over": _("Not by {channel}: {why}"),
    "important_stage": _("Asked again so soon because the stage is important: {days} days are enough"),
    "written": _("{purpose} written, to go out by {channel}"),
    "due": _("{purpose} is to be sent by {channel}"),
    "tried": _("Handed to {channel}, attempt {attempt}"),
    "tried_in_vain": _("Handed to {channel}, attempt {attempt}: {reason}"),
    "sent": _("{purpose} sent by {channel}"),
    "delivered": _("{purpose} delivered"),
    "reported": _("The provider reported code {code}"),
    "bounced": _("{purpose} came back with code {code}"),
    "copied": _("The provider has a second copy of a message"),
    "undelivered": _("{purpose} did not arrive: {reason}"),
    "failed": _("{purpose} failed: {reason}"),
    "unconfirmed": _("{purpose} is unconfirmed: {reason}"),
    "held": _("{purpose} is held until somebody decides: {reason}"),
    "cancelled": _("{purpose} called off: {reason}"),
    "opened": _("The customer opened the link"),
    "answered": _("The customer answered {how}"),
    "answered_by_machine": _("Something answered {how} that looks like a machine"),
    "completed": _("The last question was answered"),
    "replied": _("The customer wrote: {meaning}"),
    "reminder_planned": _("A reminder is planned"),
    "not_reminded": _("No reminder: {reason}"),
    "expired": _("The survey ended without an answer"),
    "expires": _("The survey ends"),
}


def reason(say: Translator, code: str) -> str:
    """A reason in words; one that nobody has written words for stays as it is."""
    return say.gettext(REASONS[code]) if code in REASONS else code


def provider(say: Translator, key: str) -> str:
    return say.gettext(PROVIDERS[key]) if key in PROVIDERS else key


def sentence(say: Translator, step: StoryStep, journey: Journey) -> str:
    """What happened in one step."""
    if step.code not in STEPS:
        return step.code
    found = {
        name: shown for name, value in step.params.items() if (shown := _shown(say, name, value, journey))
    }
    found = {**dict.fromkeys(_NAMES, "–"), **found, **_special(say, step)}
    return _begun(say, say.gettext(STEPS[step.code], **found))


def _begun(say: Translator, text: str) -> str:
    """As a sentence begins; a Turkish i keeps its dot."""
    return ("İ" if say.language == "tr" and text[:1] == "i" else text[:1].upper()) + text[1:]


_NAMES = ("purpose", "channel", "reason", "stage", "name", "why", "zones", "date", "how", "meaning", "code")


def _shown(say: Translator, name: str, value: object, journey: Journey) -> object:
    show = _SHOW.get(name)
    if name == "stage":
        stage = journey.stage(str(value))
        return stage.title.to(say.language) if stage else value
    if name == "name":
        return _event(say, str(value), journey)
    return show(say, value) if show else value


def _event(say: Translator, name: str, journey: Journey) -> str:
    """An event has no title of its own, but the stage that it leads to has."""
    led_to = journey.for_event(name)
    return led_to[0].title.to(say.language) if led_to else name.replace("_", " ")


def _known(words: Mapping[str, str]) -> Callable[[Translator, object], str]:
    return lambda say, value: say.gettext(words[str(value)]) if str(value) in words else str(value)


_SHOW: Mapping[str, Callable[[Translator, object], str]] = {
    "purpose": _known(PURPOSES),
    "channel": _known({**CHANNELS, **PROVIDERS}),
    "reason": _known(REASONS),
    "why": _known(OBSTACLES),
    "meaning": _known(MEANINGS),
    "zones": lambda say, value: say.listed([str(each) for each in value]) if isinstance(value, list) else "",
}


def _special(say: Translator, step: StoryStep) -> dict[str, object]:
    """Params whose words depend on more than themselves."""
    params = step.params
    if step.code == "quiet_hours":
        zones = params.get("zones")
        zone = str(zones[0]) if isinstance(zones, list) and zones else "UTC"
        clocks = ZoneInfo(zone)
        return {
            "from_": _clock(say, params["moved_from"], clocks),
            "to": _clock(say, params["moved_to"], clocks),
            "zone": zone,
        }
    if step.code == "planned_date":
        return {"date": say.date(datetime.fromisoformat(str(params["which"])).date())}
    if step.code == "important_stage":
        return {"days": params.get("gap_days", "")}
    if step.code.startswith("answered"):
        return {"how": _known(SOURCES)(say, params.get("source", ""))}
    return {}


def _clock(say: Translator, written: object, zone: ZoneInfo) -> str:
    return say.moment(datetime.fromisoformat(str(written)), zone, "short")
