"""Every setting. Its type decides how its value is read; docs/settings.md is generated from this table."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal
from zoneinfo import ZoneInfo

from feedback.settings.values import Secret, Weekday

_WORKDAYS = (Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU, Weekday.FRI)
_NOTHING: Mapping[str, Any] = MappingProxyType({})


def setting(default: Any, doc: str, *, least: float | None = None, most: float | None = None) -> Any:
    """A setting: its default, its description, and the least and greatest value of a number."""
    metadata = {"doc": doc, "least": least, "most": most}
    if isinstance(default, Mapping):
        return field(default_factory=lambda: MappingProxyType(dict(default)), metadata=metadata)
    return field(default=default, metadata=metadata)


def _networks(listed: tuple[str, ...]) -> list[IPv4Network | IPv6Network]:
    """Those that can be read; `checks` reports the others."""
    found = []
    for written in listed:
        with suppress(ValueError):
            found.append(ip_network(written))
    return found


@dataclass(frozen=True)
class WebSettings:
    """The web server."""

    host: str = setting("127.0.0.1", "Address to listen on; 0.0.0.0 for all interfaces.")
    port: int = setting(8080, "Port to listen on; 0 uses any free port.", least=0, most=65535)
    public_url: str = setting(
        "", "Address at which customers and providers reach this installation, e.g. https://s.example.com."
    )
    trusted_proxy: str = setting(
        "",
        "IP address of the reverse proxy whose X-Forwarded-* headers are trusted; * for a port that only it can reach.",
    )
    threads: int = setting(16, "Number of requests handled at the same time.", least=1, most=512)
    secret_key: Secret = setting(Secret(), "Signs staff sessions; at least 32 characters.")
    secret_key_previous: Secret = setting(
        Secret(), "Previous key; existing sessions signed with it stay valid."
    )
    metrics_token: Secret = setting(Secret(), "Bearer token that a metrics collector sends to read /metrics.")
    password_salt: Secret = setting(
        Secret(), "Key of staff passwords and recovery codes; changing it invalidates all of them."
    )


@dataclass(frozen=True)
class DatabaseSettings:
    """The database."""

    url: Secret = setting(
        Secret(),
        "sqlite:///file or postgresql://user:password@host/name; empty: feedback.db in the instance directory.",
    )
    pool: int = setting(
        20, "PostgreSQL connections of one process; use more than web.threads.", least=1, most=500
    )
    patience: float = setting(10.0, "Seconds to wait for a lock or a connection.", least=0.1, most=120)


RENAMED: Mapping[str, str] = MappingProxyType({"channels.enabled": "providers.enabled"})
"""Names of earlier releases, with today's: existing installations keep working, and the doctor names the new one."""
LARGEST_LOGO = 2_000
"""Bytes. An answer page must stay below 8 kB with the logo in it."""


@dataclass(frozen=True)
class OrganisationSettings:
    """Your organisation: shown to customers, and the defaults for contacts and accounts."""

    name: str = setting("", "The organisation's name, shown to customers.")
    logo: str = setting("", "Logo file in the instance directory: PNG or SVG, at most 2,000 bytes.")
    colour: str = setting("#1f5fbf", "Colour of buttons, as #rrggbb.")
    support_email: str = setting("", "E-mail address at which customers get help.")
    support_phone: str = setting("", "Phone number at which customers get help.")
    security_contact: str = setting(
        "",
        "E-mail or https address for reports of vulnerabilities, shown in /.well-known/security.txt; empty: "
        "`support_email`.",
    )
    privacy_url: str = setting("", "Address of the privacy notice, linked from every answer page.")
    default_language: str = setting("en", "Language of contacts whose language is not known.")
    default_region: str = setting("US", "Country (ISO 3166) of phone numbers without a country code.")
    time_zone: ZoneInfo = setting(
        ZoneInfo("UTC"),
        "Time zone of the days in reports, and of contacts whose time zone is not known. If you change "
        "it after the first answer, run `feedback db rebuild-rollups`.",
    )
    currency: str = setting(
        "USD",
        "Currency (ISO 4217) in which accounts are compared; also the currency of accounts that name none.",
    )
    exchange_rates: Mapping[str, float] = setting(
        _NOTHING, "Value of one unit of another currency in `currency`, e.g. { EUR = 1.1, TRY = 0.03 }."
    )


@dataclass(frozen=True)
class DelightedSettings:
    """The drop-in for programs that were written for the API of Delighted (docs/delighted.md)."""

    stage: str = setting(
        "",
        "Key of the stage of the journey at which such programs ask, and whose answers they read. Empty: the first "
        "stage that asks for an NPS regularly.",
    )


@dataclass(frozen=True)
class LinkSettings:
    """Survey links."""

    key: Secret = setting(
        Secret(),
        "Signs the return path and the Message-ID of mails, so that bounces are matched; at least 32 characters.",
    )
    key_previous: Secret = setting(
        Secret(), "Previous key: bounces of mail that was sent with it are still recognised."
    )
    edit_window: timedelta = setting(
        timedelta(hours=1), "How long customers can change an answer after giving it."
    )
    expiry: timedelta = setting(timedelta(days=30), "How long a link works if its survey does not say.")
    responses_per_network: int = setting(
        10,
        "How many responses a day count from one network through one poster or embedded form; further ones are "
        "provisional. Raise it where many people share one network.",
        least=1,
    )


@dataclass(frozen=True)
class QuestionnaireSettings:
    """Who may accept errors in questionnaires."""

    design_leads: tuple[str, ...] = setting(
        (), "Who may accept linter errors besides leads and admins; the names as `by:` gives them."
    )


@dataclass(frozen=True)
class Providers:
    """The channels that send messages."""

    enabled: tuple[str, ...] = setting((), "Providers in use; if none is named, the demo uses its simulator.")


@dataclass(frozen=True)
class TwilioSettings:
    """SMS through Twilio."""

    account_sid: str = setting("", "AC...")
    auth_token: Secret = setting(
        Secret(), "Checks the signature of callbacks, and authenticates if no API key is set."
    )
    secondary_auth_token: Secret = setting(
        Secret(), "Also accepted for callbacks while you rotate the token."
    )
    api_key_sid: str = setting("", "SK...; used instead of auth_token for calls to Twilio.")
    api_key_secret: Secret = setting(Secret(), "Secret of api_key_sid.")
    sender: str = setting("", "Number in E.164, or an alphanumeric sender (to which customers cannot reply).")
    messaging_service_sid: str = setting("", "MG...; use it instead of sender.")
    senders: Mapping[str, str] = setting(
        _NOTHING, 'Sender for recipients in a country, e.g. { TR = "ACME" }.'
    )
    base_url: str = setting(
        "https://api.twilio.com",
        "Base address of the API; it can only be changed to one on this machine, for tests and proxies.",
    )
    region: Literal["us1", "ie1", "au1"] = setting(
        "us1",
        "Region of the account: us1, ie1 (Ireland) or au1 (Australia); each has a token and API keys of its own.",
    )
    edge: str = setting(
        "", "Edge location, e.g. frankfurt; empty: the region's own (dublin for ie1, sydney for au1)."
    )
    messages_per_second: float = setting(1.0, "SMS segments a second that each sender may send.", least=0.01)
    timeout: float = setting(15.0, "Seconds to wait for a response.", least=1, most=120)
    cost_per_segment: float = setting(0.0, "Price of one SMS segment, for the costs on the pages.", least=0)


@dataclass(frozen=True)
class SmtpSettings:
    """E-mail."""

    host: str = setting("", "Host name of the mail server.")
    port: int = setting(587, "Port: usually 587 for STARTTLS, 465 for TLS.", least=1, most=65535)
    security: Literal["starttls", "tls", "none"] = setting("starttls", "Encryption: starttls, tls or none.")
    username: str = setting("", "User name; empty: no authentication.")
    password: Secret = setting(Secret(), "Password of username.")
    sender: str = setting("", "The From address, e.g. Acme <hello@example.com>.")
    envelope_domain: str = setting("", "Domain to which bounces are sent; empty: the sender's domain.")
    timeout: float = setting(30.0, "Seconds to wait for a response.", least=1, most=300)
    unknown: Literal["hold", "resend"] = setting(
        "hold",
        "If it is unknown whether the server accepted a message: hold it, or resend it once and risk a duplicate.",
    )
    read_replies: bool = setting(
        False,
        "Answers to e-mails of a follow-up come to the address of bounces, which your mail server pipes into `feedback "
        "bounce`; otherwise they go to the colleague who wrote.",
    )


@dataclass(frozen=True)
class ContactSettings:
    """How often and when customers may be contacted."""

    min_gap: timedelta = setting(timedelta(days=30), "Least time between two surveys to one contact.")
    important_gap: timedelta = setting(
        timedelta(days=7), "The same for a survey with a higher priority in the journey than the last one."
    )
    account_max: int = setting(5, "Most surveys to one account within account_window.", least=1)
    account_window: timedelta = setting(timedelta(days=30), "Period for account_max.")
    quiet_from: time = setting(
        time(20),
        "No messages from this local time of the contact ... (some countries allow fewer hours: docs/journey.md)",
    )
    quiet_to: time = setting(time(9), "... until this local time.")
    any_hour: bool = setting(
        False,
        "Send at any hour of any day, whatever the country; only in the demo, where nobody is woken up.",
    )
    weekdays: tuple[Weekday, ...] = setting(
        _WORKDAYS,
        "Days on which messages may be sent, in countries without their own rule (docs/journey.md).",
    )
    weekdays_by_country: Mapping[str, tuple[Weekday, ...]] = setting(
        _NOTHING,
        'The days for single countries (ISO 3166), e.g. { KW = ["sun", "mon", "tue", "wed", "thu"] }.',
    )
    blackout_dates: tuple[date, ...] = setting((), "Dates on which no messages are sent.")
    consent_required: bool = setting(
        True, "Survey only contacts whose consent for the channel is recorded; always so in DE and TR."
    )


@dataclass(frozen=True)
class CampaignSettings:
    """When a campaign stops by itself."""

    max_failures: float = setting(
        0.05, "Largest share of failed invitations, from 0 to 1; counted from 20 on.", least=0, most=1
    )
    max_complaints: float = setting(
        0.003, "Largest share of spam complaints, from 0 to 1; counted from 2 on.", least=0, most=1
    )


@dataclass(frozen=True)
class FollowUpSettings:
    """Closing the loop after a low score."""

    fallback_owner: str = setting(
        "", "E-mail address of the user who gets the follow-ups of accounts without an owner."
    )
    opens: time = setting(time(9), "Start of business hours.")
    closes: time = setting(time(17), "End of business hours.")
    weekdays: tuple[Weekday, ...] = setting(_WORKDAYS, "Business days.")
    holidays: tuple[date, ...] = setting((), "Dates that are not business days.")
    holiday_calendars: Mapping[str, tuple[date, ...]] = setting(
        _NOTHING,
        "Named lists of other holidays, for colleagues elsewhere: { iran = [2026-03-21, 2026-03-22] }.",
    )
    time_zone: ZoneInfo | None = setting(None, "Time zone of business hours; empty: the organisation's.")
    weights: Mapping[str, float] = setting(
        _NOTHING, "Weights for the order of the queue that replace built-in ones; see docs/follow-ups.md."
    )
    half_of_revenue: float = setting(
        5_000.0,
        "Monthly recurring revenue, in organisation.currency, that gets half of the points for revenue.",
        least=0.01,
    )


@dataclass(frozen=True)
class HealthSettings:
    """The health score of accounts."""

    weights: Mapping[str, float] = setting(
        _NOTHING,
        "Weights of the parts (relationship, experience, direction, voice, follow_ups, usage) that replace "
        "built-in ones; see docs/insights.md.",
    )
    usage: Mapping[str, float] = setting(
        {"usage": 100.0}, "Usage metrics that count towards health, each with the value that means full use."
    )
    usage_counts_for: timedelta = setting(timedelta(days=45), "Older usage figures are ignored.")


@dataclass(frozen=True)
class SignInSettings:
    """How staff sign in."""

    second_factor: Literal["optional", "admins", "everybody"] = setting(
        "optional",
        "Who must set up a second factor (an authenticator app or a passkey): optional (nobody), admins or everybody.",
    )


@dataclass(frozen=True)
class SingleSignOnSettings:
    """Single sign-on by OpenID Connect (docs/single-sign-on.md)."""

    issuer: str = setting(
        "",
        "Address of the provider, under which its discovery document stands, e.g. https://acme.okta.com. Empty: there "
        "is no single sign-on.",
    )
    client_id: str = setting("", "Client ID that the provider has given this installation.")
    client_secret: Secret = setting(Secret(), "Client secret; empty: the provider asks for none.")
    provider_name: str = setting("", 'Name on the button "Sign in with ...".')
    scopes: str = setting("openid email profile", "Scopes that are asked for, separated by spaces.")
    domains: str = setting(
        "",
        "Domains of e-mail addresses by which somebody may get an account, separated by spaces; empty: all.",
    )
    new_accounts: Literal["made", "invited"] = setting(
        "invited",
        "Who may sign in for the first time: made (everybody whom the provider lets in gets an account) or invited "
        "(only who has an account here, or gets one by SCIM).",
    )
    groups_claim: str = setting("groups", "Name of the claim with the groups of a person.")
    roles: Mapping[str, str] = setting(
        _NOTHING,
        'Roles for groups of the provider, e.g. { "CS leads" = "lead", "IT" = "admin viewer" }. If there are any, they '
        "decide the roles of everybody who comes from the provider.",
    )
    other_role: Literal["none", "viewer", "csm", "lead"] = setting(
        "none", "Role of people in none of these groups; none: they may not sign in."
    )
    second_factor_values: str = setting(
        "mfa",
        "Values of the claims amr or acr by which the provider says that it has asked for a second factor, separated "
        "by spaces; then we ask for none. Empty: we always ask for our own.",
    )
    passwords: Literal["allowed", "emergency"] = setting(
        "allowed",
        "Who may sign in with a password or a passkey: allowed (everybody) or emergency (the emergency account "
        "only).",
    )
    emergency_account: str = setting(
        "",
        "E-mail address of the admin who can sign in with a password when the provider does not work. Neither groups "
        "nor SCIM change this account.",
    )
    sign_out_at_provider: bool = setting(True, "Signing out here also signs out at the provider.")
    allowed_networks: tuple[str, ...] = setting(
        (), 'Networks inside your own in which the provider may be, e.g. ["10.20.0.0/16"].'
    )
    allow_http: bool = setting(False, "Allow a provider without encryption; only for tests.")

    @property
    def is_on(self) -> bool:
        """Whether there is a provider to sign in with."""
        return bool(self.issuer and self.client_id)

    @property
    def refuses_passwords(self) -> bool:
        """Whether only the emergency account may sign in without the provider. Without a provider or such an account,
        nobody could sign in, so that everybody may."""
        return self.is_on and self.passwords == "emergency" and bool(self.emergency_account)

    def is_emergency_account(self, email: str) -> bool:
        """Whether this is the address of the emergency account."""
        return bool(email) and email.strip().lower() == self.emergency_account.strip().lower()

    def networks(self) -> list[IPv4Network | IPv6Network]:
        """The allowed networks that can be read."""
        return _networks(self.allowed_networks)


@dataclass(frozen=True)
class AlertSettings:
    """Notifications to staff."""

    slack_webhook: Secret = setting(Secret(), "Incoming webhook of a Slack channel.")
    teams_webhook: Secret = setting(Secret(), "Workflow webhook of a Teams channel.")
    digest_after: timedelta = setting(
        timedelta(minutes=15), "Notifications within this time are merged into one message."
    )
    remind_before: timedelta = setting(
        timedelta(hours=2), "Remind the owner so many business hours before a target time; 0h: never."
    )


@dataclass(frozen=True)
class WebhookSettings:
    """Webhooks to other systems (docs/webhooks.md)."""

    allowed_networks: tuple[str, ...] = setting(
        (),
        'Networks inside your own that webhooks may reach although they are not public, e.g. ["10.20.0.0/16"]. '
        "Everything that answers there can then be called by anybody who may edit webhooks.",
    )
    allow_http: bool = setting(
        False, "Allow addresses without encryption; only for receivers inside your own network."
    )

    def networks(self) -> list[IPv4Network | IPv6Network]:
        """The allowed networks that can be read."""
        return _networks(self.allowed_networks)


@dataclass(frozen=True)
class WorkerSettings:
    """The background worker."""

    tick: float = setting(5.0, "Seconds between two checks for due work.", least=0.1, most=3600)
    batch: int = setting(50, "Number of messages claimed at once.", least=1, most=1000)
    concurrency: int = setting(
        4, "Number of messages sent at the same time on each channel.", least=1, most=64
    )
    lease: timedelta = setting(
        timedelta(minutes=2),
        "After this time, another worker asks the provider about a message whose worker has disappeared.",
    )
    settle: timedelta = setting(
        timedelta(minutes=2), "Wait before asking the provider about an unconfirmed message."
    )
    stop_within: timedelta = setting(
        timedelta(seconds=8),
        "After SIGTERM, requests and calls to providers that are in progress have this time to finish. "
        "Docker kills a container after 10 seconds.",
    )
    heartbeat_url: Secret = setting(
        Secret(),
        "Address that the worker calls each minute while everything works, so that a service elsewhere notices when it "
        "no longer does.",
    )


@dataclass(frozen=True)
class BackupSettings:
    """Backups that the worker makes each night (docs/operations.md)."""

    directory: str = setting(
        "", "Directory for a backup each night; best on another disk or machine. Empty: none is made."
    )
    at: time = setting(time(3), "Local time of the organisation from which on it is made.")
    keep: int = setting(14, "Number of backups that are kept; older ones are deleted.", least=1, most=3660)
    drill: bool = setting(
        True, "Restore each backup into a place of its own and check it; PostgreSQL: the role needs CREATEDB."
    )
    passphrase: Secret = setting(
        Secret(),
        "Encrypts every backup; at least 16 characters. Keep a copy elsewhere: nobody can recover it.",
    )


@dataclass(frozen=True)
class RetentionSettings:
    """How long personal data are kept; 0d: forever."""

    answers: timedelta = setting(
        timedelta(days=0), "Comments, and the link from an answer to its person; scores stay."
    )
    messages: timedelta = setting(timedelta(days=180), "Text and address of messages.")
    contacts: timedelta = setting(
        timedelta(days=0), "Contacts without any activity for this time are erased."
    )
    replies: timedelta = setting(timedelta(days=180), "Text and sender of replies from customers.")
    usage: timedelta = setting(timedelta(days=365), "Usage figures received by the API.")


@dataclass(frozen=True)
class LogSettings:
    """The program's log."""

    level: Literal["debug", "info", "warning", "error"] = setting(
        "info", "Least severe level to log: debug, info, warning or error."
    )
    format: Literal["console", "json"] = setting(
        "console", "console (for people) or json (for log collectors)."
    )


@dataclass(frozen=True)
class Settings:
    """All settings of one installation.

    `instance` is its directory; `old_names` are the names in `RENAMED` by which some of the settings were given.
    `given` maps each setting of the file and the environment to where it was found. If settings of the organisation
    were read from the database as well, `as_given` are those without them, and `edition` counts their changes.
    """

    instance: Path
    old_names: tuple[str, ...] = ()
    given: Mapping[str, str] = field(default_factory=lambda: _NOTHING, compare=False)
    as_given: Settings | None = field(default=None, compare=False, repr=False)
    edition: int = field(default=0, compare=False)
    demo: bool = setting(
        False, "Demo mode: simulated providers and well-known secrets. Never use it in public."
    )
    web: WebSettings = field(default_factory=WebSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    organisation: OrganisationSettings = field(default_factory=OrganisationSettings)
    delighted: DelightedSettings = field(default_factory=DelightedSettings)
    link: LinkSettings = field(default_factory=LinkSettings)
    questionnaires: QuestionnaireSettings = field(default_factory=QuestionnaireSettings)
    providers: Providers = field(default_factory=Providers)
    twilio: TwilioSettings = field(default_factory=TwilioSettings)
    smtp: SmtpSettings = field(default_factory=SmtpSettings)
    contact: ContactSettings = field(default_factory=ContactSettings)
    campaigns: CampaignSettings = field(default_factory=CampaignSettings)
    followup: FollowUpSettings = field(default_factory=FollowUpSettings)
    health: HealthSettings = field(default_factory=HealthSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    webhooks: WebhookSettings = field(default_factory=WebhookSettings)
    worker: WorkerSettings = field(default_factory=WorkerSettings)
    backup: BackupSettings = field(default_factory=BackupSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    sign_in: SignInSettings = field(default_factory=SignInSettings)
    sso: SingleSignOnSettings = field(default_factory=SingleSignOnSettings)
    log: LogSettings = field(default_factory=LogSettings)

    @property
    def itself(self) -> Settings:
        """These settings, also if they are looked at through a proxy."""
        return self
