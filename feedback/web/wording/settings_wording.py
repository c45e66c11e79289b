"""The names of settings and of their groups, and how what cannot be written in one field is written.

What a setting means is told by `feedback.settings.table`.
"""

from __future__ import annotations

from collections.abc import Mapping

from feedback.core.text.translatable import TranslatableText
from feedback.i18n import Translator, _
from feedback.settings.reading import SettingEntry

GROUPS: Mapping[str, tuple[str, str]] = {
    "brand": (_("Name and branding"), _("What customers see on pages and in messages.")),
    "region": (_("Languages and currency"), _("What holds for customers of whom nothing else is known.")),
    "email": (_("E-mail"), _("The mail server that sends surveys and notifications.")),
    "sms": (_("SMS"), _("The Twilio account that sends text messages.")),
    "contact": (_("Contact policy"), _("How often, and on which days and hours, customers are asked.")),
    "follow-ups": (_("Follow-ups and health"), _("Business hours, holidays, and what decides the order of the queue.")),
    "notifications": (_("Notifications"), _("Where staff hear of low scores.")),
    "links": (_("Survey links"), _("How long customers can answer and change an answer.")),
    "retention": (_("Data retention"), _("When personal data are deleted.")),
    "sign-in": (_("Sign-in"), _("Who needs a second factor.")),
}  # fmt: skip
"""Key of a group -> its title, and what it is for."""

TABLES: Mapping[str, str] = {
    "followup": _("Follow-ups"),
    "health": _("Health score"),
}
"""Titles of the parts of a page whose settings come from several tables."""

LABELS: Mapping[str, str] = {
    "organisation.name": _("Name"),
    "organisation.colour": _("Colour"),
    "organisation.logo": _("Logo"),
    "organisation.support_email": _("Support e-mail"),
    "organisation.support_phone": _("Support phone"),
    "organisation.privacy_url": _("Privacy notice"),
    "organisation.security_contact": _("Security contact"),
    "organisation.default_language": _("Default language"),
    "organisation.default_region": _("Default country"),
    "organisation.currency": _("Currency"),
    "organisation.exchange_rates": _("Exchange rates"),
    "providers.enabled": _("Send through this channel"),
    "smtp.host": _("Mail server"),
    "smtp.port": _("Port"),
    "smtp.security": _("Encryption"),
    "smtp.username": _("User name"),
    "smtp.password": _("Password"),
    "smtp.sender": _("Sender"),
    "smtp.envelope_domain": _("Domain of bounces"),
    "twilio.account_sid": _("Account SID"),
    "twilio.auth_token": _("Auth token"),
    "twilio.secondary_auth_token": _("Secondary auth token"),
    "twilio.api_key_sid": _("API key SID"),
    "twilio.api_key_secret": _("API key secret"),
    "twilio.sender": _("Sender"),
    "twilio.messaging_service_sid": _("Messaging service SID"),
    "twilio.senders": _("Senders by country"),
    "twilio.region": _("Region"),
    "twilio.edge": _("Edge location"),
    "twilio.messages_per_second": _("SMS segments a second"),
    "twilio.cost_per_segment": _("Price of an SMS segment"),
    "contact.min_gap": _("Rest between two surveys"),
    "contact.important_gap": _("Rest before an important survey"),
    "contact.account_max": _("Surveys to one account"),
    "contact.account_window": _("Period of this limit"),
    "contact.quiet_from": _("Quiet hours begin"),
    "contact.quiet_to": _("Quiet hours end"),
    "contact.weekdays": _("Contact days"),
    "contact.weekdays_by_country": _("Contact days by country"),
    "contact.blackout_dates": _("Days without messages"),
    "contact.consent_required": _("Consent required"),
    "followup.fallback_owner": _("Fallback owner"),
    "followup.opens": _("Business hours begin"),
    "followup.closes": _("Business hours end"),
    "followup.weekdays": _("Business days"),
    "followup.time_zone": _("Time zone of business hours"),
    "followup.holidays": _("Holidays"),
    "followup.holiday_calendars": _("Other holiday calendars"),
    "followup.weights": _("Weights of the queue"),
    "followup.half_of_revenue": _("Revenue that gets half of the points"),
    "health.weights": _("Weights of the parts"),
    "health.usage": _("Usage metrics"),
    "health.usage_counts_for": _("Usage figures count for"),
    "alerts.slack_webhook": _("Slack webhook"),
    "alerts.teams_webhook": _("Teams webhook"),
    "alerts.digest_after": _("Merge notifications within"),
    "alerts.remind_before": _("Remind before a target time"),
    "link.edit_window": _("Answers can be changed for"),
    "link.expiry": _("Links work for"),
    "link.responses_per_network": _("Responses from one network"),
    "retention.answers": _("Comments and persons of answers"),
    "retention.messages": _("Messages"),
    "retention.contacts": _("Inactive contacts"),
    "retention.replies": _("Replies"),
    "retention.usage": _("Usage figures"),
    "sign_in.second_factor": _("Second factor"),
}

HINTS: Mapping[str, str] = {
    "organisation.logo": _("PNG or SVG, at most 2,000 bytes."),
    "organisation.exchange_rates": _("One currency a line, with the value of one unit: EUR = 1.1"),
    "providers.enabled": _("Nothing is sent through this channel while this is off."),
    "twilio.senders": _("One country a line: TR = ACME"),
    "contact.weekdays_by_country": _("One country a line: KW = sun, mon, tue, wed, thu"),
    "contact.blackout_dates": _("One date a line: 2026-12-24. No messages are sent on these dates."),
    "followup.holidays": _("One date a line: 2026-12-25. These are not business days."),
    "followup.holiday_calendars": _(
        "For colleagues elsewhere. One calendar a line: iran = 2026-03-21, 2026-03-22"
    ),
    "followup.weights": _("One weight a line that replaces a built-in one: revenue = 30"),
    "health.weights": _(
        "One weight a line that replaces a built-in one: usage = 10. The parts are relationship, experience, "
        "direction, voice, follow_ups and usage."
    ),
    "health.usage": _("One metric a line, with the value that means full use: logins = 100"),
}
"""What is written otherwise in a form than in `feedback.toml`."""

CHOICES: Mapping[str, str] = {
    "starttls": _("STARTTLS (usual, port 587)"),
    "tls": _("TLS (port 465)"),
    "none": _("None"),
    "us1": _("USA"),
    "ie1": _("Ireland"),
    "au1": _("Australia"),
    "optional": _("Optional"),
    "admins": _("Required for admins"),
    "everybody": _("Required for everybody"),
}

UNITS: Mapping[str, str] = {
    "s": _("seconds"),
    "m": _("minutes"),
    "h": _("hours"),
    "d": _("days"),
    "w": _("weeks"),
}


def title(say: Translator, name: str) -> str:
    """The name of a setting; a setting that no page has keeps its name in the file."""
    return say.gettext(LABELS[name]) if name in LABELS else name


def hint(say: Translator, entry: SettingEntry) -> str:
    """What a setting means, in one sentence."""
    return say.gettext(HINTS.get(entry.name) or entry.field.metadata["doc"])


def mistake(say: Translator, text: str) -> str:
    """Why a value cannot be used: the rest of a sentence that begins with "This", or a sentence of its own."""
    template = text.template if isinstance(text, TranslatableText) else text
    params = text.params if isinstance(text, TranslatableText) else {}
    shown = say.gettext(template, **params)
    return shown if shown[:1].isupper() else say.gettext("This {must}.", must=shown)


def shown(say: Translator, name: str, value: object) -> str:
    """A value of the history in words."""
    if value in ("", None, [], {}):
        return say.gettext("empty")
    if isinstance(value, bool):
        return say.gettext("on") if value else say.gettext("off")
    if isinstance(value, list):
        return say.comma.join(str(each) for each in value)
    if isinstance(value, Mapping):
        return say.comma.join(f"{key} = {shown(say, name, each)}" for key, each in value.items())
    if name == "organisation.logo":
        return say.gettext("an image")
    return say.gettext(CHOICES[str(value)]) if value in CHOICES else str(value)
