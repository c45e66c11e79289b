"""The names of settings and of their groups, and how what cannot be written in one field is written.

What a setting means is told by `feedback.settings.table`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from feedback.core.text.translatable import TranslatableText
from feedback.i18n import Translator, _
from feedback.providers.base import Verdict
from feedback.settings import Weekday
from feedback.settings.reading import SettingEntry, entries

GROUPS: Mapping[str, tuple[str, str]] = {
    "brand": (_("Name and branding"), _("What customers see on pages and in messages.")),
    "region": (_("Languages and currency"), _("What holds for customers of whom nothing else is known.")),
    "email": (_("E-mail"), _("The mail server that sends surveys and notifications.")),
    "sms": (_("SMS"), _("The Twilio account that sends text messages.")),
    "contact": (_("Contact policy"), _("How often, and on which days and hours, customers are asked.")),
    "follow-ups": (_("Follow-ups and health"), _("Business hours, holidays, and what decides the order of the queue.")),
    "notifications": (_("Notifications"), _("Where staff are notified of low scores.")),
    "links": (_("Survey links"), _("How long customers can answer and change an answer.")),
    "retention": (_("Data retention"), _("When personal data are deleted.")),
    "sign-in": (_("Sign-in"), _("Who needs a second factor.")),
    "single-sign-on": (_("Single sign-on"), _("Staff sign in with the account of their company.")),
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
    "sso.issuer": _("Address of the provider"),
    "sso.client_id": _("Client ID"),
    "sso.client_secret": _("Client secret"),
    "sso.provider_name": _("Name on the button"),
    "sso.scopes": _("Scopes"),
    "sso.domains": _("E-mail domains"),
    "sso.new_accounts": _("First sign-in"),
    "sso.groups_claim": _("Groups claim"),
    "sso.roles": _("Roles by group"),
    "sso.other_role": _("Role for everybody else"),
    "sso.second_factor_values": _("Provider's second factor"),
    "sso.passwords": _("Passwords and passkeys"),
    "sso.emergency_account": _("Emergency account"),
    "sso.sign_out_at_provider": _("Sign out at the provider, too"),
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
    "organisation.colour": _(
        "Colour of buttons. It is darkened or lightened where texts would be hard to read."
    ),
    "organisation.security_contact": _(
        "E-mail or https address for reports of vulnerabilities. Without it, the support e-mail is used."
    ),
    "organisation.currency": _(
        "Three letters, such as EUR. Accounts are compared in it, and it holds for accounts that name none."
    ),
    "contact.important_gap": _(
        "Applies if the next survey has a higher priority in the journey than the last one."
    ),
    "contact.account_max": _(
        "Most surveys to all contacts of one account together, within the period below."
    ),
    "contact.account_window": _("Surveys to an account are counted over this time."),
    "contact.quiet_from": _(
        "No messages from this time on, on the clock of the contact. Some countries allow less."
    ),
    "contact.quiet_to": _("Messages are sent again from this time on."),
    "contact.weekdays": _("Days on which messages are sent, in countries without a rule of their own."),
    "followup.time_zone": _("Such as Europe/Istanbul."),
    "followup.half_of_revenue": _(
        "Monthly recurring revenue, in the organisation's currency, that gets half of the points for revenue."
    ),
    "twilio.account_sid": _("Begins with AC. You find it in the Twilio console."),
    "twilio.auth_token": _(
        "You find it in the Twilio console, too. It also proves that replies come from Twilio."
    ),
    "twilio.api_key_sid": _("Begins with SK. If it is set, it is used instead of the auth token to send."),
    "twilio.api_key_secret": _("Secret of the API key."),
    "twilio.messaging_service_sid": _("Begins with MG. It replaces the sender."),
    "smtp.security": _("How the connection to the mail server is encrypted."),
    "smtp.password": _("Password of the user name."),
    "retention.answers": _("After this time, comments are deleted and answers lose their person. 0: never."),
    "retention.messages": _("After this time, text and address of messages are deleted. 0: never."),
    "retention.contacts": _("Contacts without any activity for this time are erased. 0: never."),
    "retention.replies": _("After this time, text and sender of replies are deleted. 0: never."),
    "retention.usage": _("After this time, usage figures are deleted. 0: never."),
    "alerts.remind_before": _(
        "Business hours before a target time at which the owner is reminded. 0: never."
    ),
    "sign_in.second_factor": _("Who has to set up an authenticator app or a passkey before they can go on."),
    "sso.issuer": _(
        "The provider calls it issuer, such as https://acme.okta.com. While it is empty, there is no single sign-on."
    ),
    "sso.client_id": _("The provider shows it when you register this installation there."),
    "sso.client_secret": _("It is stored encrypted and never shown again."),
    "sso.provider_name": _("Sign in with ... For example: Okta."),
    "sso.scopes": _("Separated by spaces. Some providers give groups only with the scope groups."),
    "sso.domains": _(
        "Only people with addresses at these domains find or get an account at their first sign-in: example.com "
        "example.org. Empty: all domains."
    ),
    "sso.new_accounts": _("Who may sign in through the provider for the first time."),
    "sso.groups_claim": _("The part of the provider's answer that lists a person's groups."),
    "sso.roles": _(
        "One group per line: CS leads = lead. The roles are admin, lead, csm and viewer; separate several with spaces. "
        "If this is empty, roles are set on the Team page."
    ),
    "sso.other_role": _("For people in none of these groups. None: they may not sign in."),
    "sso.second_factor_values": _(
        "If the provider's answer (amr or acr) has one of these values, we ask for no second factor of our own. Empty: "
        "we always do."
    ),
    "sso.passwords": _("Try the single sign-on before you switch them off."),
    "sso.emergency_account": _(
        "Address of the admin who can sign in with a password when the provider does not work. All admins are notified "
        "of it."
    ),
    "sso.sign_out_at_provider": _("If not, signing out here leaves the session at the provider open."),
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
    "made": _("Everybody at the provider"),
    "invited": _("Only people with an account here"),
    "allowed": _("Allowed for everybody"),
    "emergency": _("For the emergency account only"),
    "viewer": _("Viewer"),
    "csm": _("CSM"),
    "lead": _("CS lead"),
}

UNITS: Mapping[str, str] = {
    "s": _("seconds"),
    "m": _("minutes"),
    "h": _("hours"),
    "d": _("days"),
    "w": _("weeks"),
}


PROBLEMS: Mapping[str, str] = {
    "F022": _("Set the account SID and the auth token."),
    "F023": _("Set a sender or a messaging service."),
    "F025": _("Set the mail server and the sender."),
    "F029": _("Write the edge location as dublin or frankfurt."),
    "F030": _("Quiet hours last over midnight: let them begin later than they end, such as 20:00 and 09:00."),
    "F031": _("Choose at least one day, or nothing would be sent."),
    "F032": _("Business hours need a day, and an end after their beginning."),
    "F034": _("Write the two letters of a country, and at least one day."),
    "F040": _("Set the name: every message has to name the sender."),
    "F044": _("Write the colour as #1f5fbf."),
    "F047": _("Write the currency as EUR."),
    "F048": _("Write three letters and a positive value, such as EUR = 1.1."),
    "F049": _("Write it as security@example.com or https://example.com/security."),
    "F061": _("Copy all of the address, including https://."),
    "F080": _("Copy the issuer from the provider, such as https://acme.okta.com."),
    "F081": _("Use the https address of the provider: anybody in between could sign in as somebody else."),
    "F082": _("Copy the client ID from the provider."),
    "F083": _("Add openid to the scopes."),
    "F084": _("Write admin, lead, csm or viewer after each group."),
    "F085": _("Name an admin who can sign in when the provider does not work."),
    "twilio.api_key_sid": _("Set both parts of the API key, or none."),
    "smtp.username": _("Set user name and password, or neither."),
}
"""Code of an error in the settings -> what to do about it in a form. Two codes stand for two errors each; the second
one has the name of a setting."""


ADVICE: Mapping[str, str] = {
    Verdict.UNREACHABLE: _("Nobody answers there. Check the server, the port and the encryption."),
    Verdict.HOLD_PROVIDER: _(
        "The account or the sender is refused. Check user name, password or token, and whether you may use this sender."
    ),
    Verdict.HOLD_COUNTRY: _("The account may not send to this country. Enable the country at the provider."),
    Verdict.BAD_ADDRESS: _("This address does not exist, or takes no messages."),
    Verdict.OPTED_OUT: _("The owner of this number has opted out at the provider."),
    Verdict.RETRY: _("The provider takes no messages at the moment. Try again in a few minutes."),
    Verdict.RATE_LIMITED: _("The provider takes no messages at the moment. Try again in a few minutes."),
    Verdict.DEADLINE: _("The provider took too long to answer. Try again."),
    Verdict.UNKNOWN: _(
        "The connection broke off, so the message may have been sent. See whether it arrives."
    ),
    Verdict.REFUSED: _("The provider refuses this message. Its answer says why:"),
    Verdict.UNEXPLAINED: _("The provider refuses this message. Its answer says why:"),
}
"""Verdict of a provider on a test message -> what to do about it."""


def title(say: Translator, name: str) -> str:
    """The name of a setting; a setting that no page has keeps its name in the file."""
    return say.gettext(LABELS[name]) if name in LABELS else name


def hint(say: Translator, entry: SettingEntry) -> str:
    """What a setting means, in one sentence."""
    text: str = HINTS.get(entry.name, entry.field.metadata["doc"])
    return say.gettext(text)


def mistake(say: Translator, text: str) -> str:
    """Why a value cannot be used: the rest of a sentence that begins with "This", or a sentence of its own."""
    if isinstance(text, TranslatableText) and text.template in PROBLEMS:
        return say.gettext(PROBLEMS[text.template])
    template = text.template if isinstance(text, TranslatableText) else text
    params = text.params if isinstance(text, TranslatableText) else {}
    shown = say.gettext(template, **params)
    return shown if shown[:1].isupper() else say.gettext("This {must}.", must=shown)


def shown(say: Translator, name: str, value: object) -> str:  # noqa: PLR0911  (a table of types)
    """A value of the history in words."""
    if value in ("", None, [], {}):
        return say.gettext("empty")
    if isinstance(value, bool):
        return say.gettext("on") if value else say.gettext("off")
    kind = entries()[name].kind if name in entries() else None
    if kind is timedelta and isinstance(value, str):
        return f"{say.number(int(value[:-1]))} {say.gettext(UNITS[value[-1]])}"
    if kind == tuple[Weekday, ...] and isinstance(value, list):
        names = dict(say.weekdays())
        return say.comma.join(names[Weekday[each.upper()]] for each in value)
    if isinstance(value, list):
        return say.comma.join(str(each) for each in value)
    if isinstance(value, Mapping):
        return say.comma.join(f"{key} = {shown(say, name, each)}" for key, each in value.items())
    if name == "organisation.logo":
        return say.gettext("an image")
    return say.gettext(CHOICES[str(value)]) if value in CHOICES else str(value)
