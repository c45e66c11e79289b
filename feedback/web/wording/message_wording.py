"""The texts for states and reasons of deliveries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from feedback.core.journey import Journey
from feedback.i18n import Translator, _
from feedback.services.messaging.history import StoryStep
from feedback.web.wording.reply_wording import MEANINGS

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
    "comment_prompt": _("comment request"),
    "question": _("further question"),
    "reprompt": _("repeated question"),
    "thanks": _("thank-you message"),
    "opt_out_confirmation": _("opt-out confirmation"),
    "alert": _("team alert"),
    "digest": _("digest"),
    "escalation": _("escalation"),
    "hold": _("channel alert"),
    "sign_in": _("sign-in e-mail"),
    "attention": _("operations alert"),
    "test": _("test message"),
    "webhook": _("webhook alert"),
    "note": _("note to a colleague"),
    "follow_up": _("message of a colleague"),
    "reply": _("notice of a customer's reply"),
    "morning": _("morning digest"),
}
STATES: Mapping[str, str] = {
    "queued": _("waiting to be sent"),
    "sending": _("sending"),
    "sent": _("sent"),
    "delivered": _("delivered"),
    "undelivered": _("not delivered"),
    "failed": _("failed"),
    "unconfirmed": _("unconfirmed"),
    "held": _("on hold"),
    "cancelled": _("cancelled"),
}
REASONS: Mapping[str, str] = {
    # what a provider said, or we about it (providers/base.py)
    "refused": _("rejected by the provider"),
    "retry": _("provider was busy"),
    "rate_limited": _("sending limit reached"),
    "unreachable": _("provider could not be reached"),
    "deadline": _("not enough time to send"),
    "opted_out": _("customer opted out with the provider"),
    "bad_address": _("address does not work"),
    "unexplained": _("refused, and perhaps not because of this message"),
    "hold_provider": _("provider does not allow us to send"),
    "hold_channel": _("provider does not allow us to send"),  # what rows of earlier releases say
    "hold_country": _("provider does not allow us to send to this country"),
    "unknown": _("no confirmation from the provider"),
    "broke": _("connection lost during sending"),
    "lease_expired": _("sending was interrupted"),
    "not_begun": _("could not be recorded before sending"),
    "catch_up": _("replies of customers cannot be read"),
    "undelivered": _("not delivered by the network"),
    "failed": _("provider could not send it"),
    # what happened afterwards
    "restored": _("restored from a backup, may have been sent before"),
    "resent_unconfirmed": _("sent again, as configured"),
    "resent_by_hand": _("sent again by a colleague"),
    "confirmed_by_hand": _("delivery confirmed by a colleague"),
    "found_at_provider": _("found at the provider"),
    "not_at_provider": _("not found at the provider"),
    "not_confirmed": _("never confirmed, not sent again"),
    "next_window": _("waiting for allowed sending hours"),
    # why it was cancelled or not sent
    "suppressed": _("on the suppression list"),
    "not_in_audience": _("the stage asks only some customers"),
    "nothing_to_ask": _("no question of the survey is for this customer"),
    "erased": _("contact erased"),
    "merged": _("merged with another contact"),
    "answered": _("already answered"),
    "expired": _("survey expired"),
    "withdrawn": _("survey withdrawn"),
    "skipped": _("invitation cancelled"),
    "too_late": _("survey would expire before sending is allowed"),
    "no_channel": _("no channel available"),
    "no_common_window": _("no allowed sending hours"),
    "contacted_recently": _("surveyed recently"),
    "account_contacted_often": _("account limit reached"),
    "stage_removed": _("stage removed from the journey"),
    "other_channel": _("trying another channel"),
    "in_other_campaign": _("another campaign is about to ask them"),
    "campaign_cancelled": _("campaign cancelled"),
    "paused": _("campaign paused"),
}
OBSTACLES: Mapping[str, str] = {
    "not_enabled": _("not set up"),
    "no_address": _("no address"),
    "suppressed": _("on the suppression list"),
    "refused": _("consent refused"),
    "refused_elsewhere": _("another channel refused"),
    "consent_missing": _("no consent recorded"),
}
WAITING: Mapping[str, str] = {
    "due": _("due now"),
    "scheduled": _("not due yet"),
    "quiet_hours": _("quiet hours, or a day on which nobody is contacted"),
    "contacted_recently": _("surveyed recently, waits until the gap is over"),
    "account_contacted_often": _("account limit reached, waits until it allows another survey"),
    "on_hold": _("channel on hold"),
    "paused": _("campaign paused"),
    "unsettled": _("survey cannot be published: fix or accept its issues"),
}
"""Why an invitation is not sent yet; a message that waits has one of REASONS."""
SOURCES: Mapping[str, str] = {"link": _("on the survey page"), "sms_reply": _("by SMS")}

STEPS: Mapping[str, str] = {
    "event": _("Event: {name}"),
    "planned_event": _("Scheduled for {stage}: triggered by this event"),
    "planned_date": _("Scheduled for {stage}: date {date}"),
    "planned_asked": _("Scheduled for {stage}: asked by a program"),
    "planned_wave": _("Scheduled for {stage}: wave {which} of a campaign"),
    "planned_cycle": _("Scheduled for {stage}: recurring survey due"),
    "quiet_hours": _("Moved from {from_} to {to} for quiet hours in {zone}"),
    "zone_assumed": _("Time zone unknown: must be daytime in {zones}"),
    "channel_passed_over": _("{channel} not used: {why}"),
    "important_stage": _("Shorter gap allowed for an important stage: {days} days"),
    "written": _("{purpose} created for {channel}"),
    "due": _("{purpose} will be sent by {channel}"),
    "tried": _("Attempt {attempt} by {channel}"),
    "tried_in_vain": _("Attempt {attempt} by {channel}: {reason}"),
    "sent": _("{purpose} sent by {channel}"),
    "delivered": _("{purpose} delivered"),
    "reported": _("Provider reported code {code}"),
    "bounced": _("{purpose} bounced with code {code}"),
    "copied": _("The provider has a duplicate of this message"),
    "undelivered": _("{purpose} not delivered: {reason}"),
    "failed": _("{purpose} failed: {reason}"),
    "unconfirmed": _("{purpose} unconfirmed: {reason}"),
    "held": _("{purpose} on hold, decision needed: {reason}"),
    "cancelled": _("{purpose} cancelled: {reason}"),
    "opened": _("Customer opened the link"),
    "answered": _("Customer answered {how}"),
    "answered_by_machine": _("Automated answer {how}, not counted"),
    "completed": _("Survey completed"),
    "replied": _("Customer replied: {meaning}"),
    "reminder_planned": _("Reminder scheduled"),
    "not_reminded": _("No reminder: {reason}"),
    "expired": _("Survey expired without an answer"),
    "expires": _("Survey expires"),
    # of the forecast
    "invitation_written": _("Invitation created, waiting to be sent"),
    "reminder_written": _("Reminder created, waiting to be sent"),
    "reminder_unless_answered": _("Reminder, if nobody answers by then"),
    "contacted_recently": _("Surveyed {days_ago} days before, the gap is {gap_days} days"),
    "account_contacted_often": _("Account limit reached: {limit} surveys in {window_days} days"),
}


def reason(say: Translator, code: str) -> str:
    """A reason in words; an unknown code is returned unchanged."""
    return say.gettext(REASONS[code]) if code in REASONS else code


def provider(say: Translator, key: str) -> str:
    return say.gettext(PROVIDERS[key]) if key in PROVIDERS else key


def waiting(say: Translator, code: str) -> str:
    """Why an invitation waits, in words."""
    return say.gettext(WAITING[code]) if code in WAITING else reason(say, code)


def why(say: Translator, explanation: Iterable[Mapping[str, Any]], journey: Journey) -> list[str]:
    """The sentences of an `Enrolment.explanation` or of a forecast."""
    found: list[str] = []
    for each in explanation:
        code, params = each["code"], each["params"]
        if code in STEPS:
            found.append(sentence(say, StoryStep(_ANY, code, params), journey))
            continue
        asked_of = say.comma.join(params.get("facts", ()))
        found.append(_begun(say, reason(say, code)) + (f" ({asked_of})" if asked_of else ""))
        if code == "no_channel":
            blocked = ({"channel": one, "why": obstacle} for one, obstacle in params.items())
            found += [sentence(say, StoryStep(_ANY, "channel_passed_over", one), journey) for one in blocked]
    return found


_ANY = datetime.min.replace(tzinfo=UTC)
"""These sentences name no time of their own."""


def sentence(say: Translator, step: StoryStep, journey: Journey) -> str:
    """The text of one step of the timeline."""
    if step.code not in STEPS:
        return step.code
    found = {
        name: shown for name, value in step.params.items() if (shown := _shown(say, name, value, journey))
    }
    found = {**dict.fromkeys(_NAMES, "–"), **found, **_special(say, step)}
    return _begun(say, say.gettext(STEPS[step.code], **found))


def _begun(say: Translator, text: str) -> str:
    """Capitalise the first letter; a Turkish i keeps its dot."""
    return ("İ" if say.language == "tr" and text[:1] == "i" else text[:1].upper()) + text[1:]


_NAMES = (
    *("purpose", "channel", "reason", "stage", "name", "why", "zones", "date", "how", "meaning", "code"),
    *("days_ago", "gap_days", "limit", "window_days"),
)


def _shown(say: Translator, name: str, value: object, journey: Journey) -> object:
    show = _SHOW.get(name)
    if name == "stage":
        stage = journey.stage(str(value))
        return stage.title.to(say.language) if stage else value
    if name == "name":
        return _event(say, str(value), journey)
    return show(say, value) if show else value


def _event(say: Translator, name: str, journey: Journey) -> str:
    """An event has no title, so use the title of the stage that it enters."""
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
    """The parameters whose text depends on other data."""
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
