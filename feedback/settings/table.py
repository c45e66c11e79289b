"""Every setting there is. The types decide how a value is read, the documentation is made from this page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal
from zoneinfo import ZoneInfo

from feedback.settings.values import Secret, Weekday

_WORKDAYS = (Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU, Weekday.FRI)
_NOTHING: Mapping[str, Any] = MappingProxyType({})


def setting(default: Any, doc: str, *, least: float | None = None, most: float | None = None) -> Any:
    """A setting: its default, what it is for, and the bounds of a number."""
    metadata = {"doc": doc, "least": least, "most": most}
    if isinstance(default, Mapping):
        return field(default_factory=lambda: MappingProxyType(dict(default)), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class WebSettings:
    """The web server."""

    host: str = setting("127.0.0.1", "Address to listen on; 0.0.0.0 for all.")
    port: int = setting(8080, "Port to listen on; 0 takes a free one.", least=0, most=65535)
    public_url: str = setting(
        "", "Where customers and providers reach this installation, e.g. https://s.example.com."
    )
    trusted_proxy: str = setting("", "Address of the reverse proxy whose X-Forwarded-* headers count.")
    threads: int = setting(16, "Requests answered at the same time.", least=1, most=512)
    secret_key: Secret = setting(Secret(), "Signs staff sessions; at least 32 characters.")
    secret_key_previous: Secret = setting(Secret(), "The key before, still accepted while sessions run out.")
    metrics_token: Secret = setting(Secret(), "Bearer token with which a collector reads /metrics.")
    password_salt: Secret = setting(Secret(), "Mixed into staff passwords; changing it voids them all.")


@dataclass(frozen=True)
class DatabaseSettings:
    """Where everything is stored."""

    url: Secret = setting(
        Secret(),
        "sqlite:///file or postgresql://user:password@host/name; empty is feedback.db in the instance.",
    )
    pool: int = setting(
        20, "PostgreSQL connections of one process; more than web.threads.", least=1, most=500
    )
    patience: float = setting(10.0, "Seconds to wait for a lock or a connection.", least=0.1, most=120)


LARGEST_LOGO = 2_000
"""Bytes; a larger one would not fit in an answer page of 8 kB."""


@dataclass(frozen=True)
class OrganisationSettings:
    """Who asks: shown to customers and used where a contact has no value of its own."""

    name: str = setting("", "Name that customers know.")
    logo: str = setting("", "File in the instance directory; PNG or SVG, at most 2,000 bytes.")
    colour: str = setting("#1f5fbf", "Colour of buttons, as #rrggbb.")
    support_email: str = setting("", "Where a customer gets help.")
    support_phone: str = setting("", "Where a customer gets help.")
    privacy_url: str = setting("", "The privacy notice, linked from every answer page.")
    default_language: str = setting("en", "Language where the contact's is not known.")
    default_region: str = setting("US", "Country of phone numbers written without one (ISO 3166).")
    time_zone: ZoneInfo = setting(
        ZoneInfo("UTC"),
        "Zone of the days of reports, and of contacts whose own is not known. After a change: "
        "`feedback db rebuild-rollups`.",
    )
    currency: str = setting(
        "USD", "Currency (ISO 4217) in which accounts are compared, and of those that name none."
    )
    exchange_rates: Mapping[str, float] = setting(
        _NOTHING, "What one of another currency is worth in `currency`, e.g. { EUR = 1.1, TRY = 0.03 }."
    )


@dataclass(frozen=True)
class LinkSettings:
    """Survey links."""

    key: Secret = setting(Secret(), "Derives the tokens in links; at least 32 characters.")
    key_previous: Secret = setting(
        Secret(), "The key before: mail that left under it is known when it comes back."
    )
    edit_window: timedelta = setting(
        timedelta(hours=1), "How long an answer can be changed after it was given."
    )
    expiry: timedelta = setting(timedelta(days=30), "How long a link works where its survey does not say.")


@dataclass(frozen=True)
class QuestionnaireSettings:
    """What may be asked."""

    design_leads: tuple[str, ...] = setting(
        (), "Who may accept errors of the linter besides leads and admins, as `by:` names them."
    )


@dataclass(frozen=True)
class ChannelSettings:
    """How messages leave."""

    enabled: tuple[str, ...] = setting(
        (), "Channels in use; the demo uses its simulator where none is named."
    )


@dataclass(frozen=True)
class TwilioSettings:
    """SMS through Twilio."""

    account_sid: str = setting("", "AC...")
    auth_token: Secret = setting(Secret(), "Signs callbacks, and signs in where no API key is given.")
    secondary_auth_token: Secret = setting(Secret(), "Also accepted on callbacks while the token is rotated.")
    api_key_sid: str = setting("", "SK...; preferred over the token for sending.")
    api_key_secret: Secret = setting(Secret(), "Belongs to api_key_sid.")
    sender: str = setting("", "Number in E.164, or an alphanumeric sender (which cannot be answered).")
    messaging_service_sid: str = setting("", "MG...; instead of sender.")
    senders: Mapping[str, str] = setting(
        _NOTHING, 'Sender by country of the recipient, e.g. { TR = "ACME" }.'
    )
    base_url: str = setting(
        "https://api.twilio.com", "Another address of the API, on this machine: for tests and proxies."
    )
    messages_per_second: float = setting(1.0, "Segments a second that the sender may send.", least=0.01)
    timeout: float = setting(15.0, "Seconds to wait for an answer.", least=1, most=120)
    cost_per_segment: float = setting(0.0, "Price of a segment, for the estimate before a send.", least=0)


@dataclass(frozen=True)
class SmtpSettings:
    """E-mail."""

    host: str = setting("", "Mail server.")
    port: int = setting(587, "587 for STARTTLS, 465 for TLS.", least=1, most=65535)
    security: Literal["starttls", "tls", "none"] = setting("starttls", "starttls, tls or none.")
    username: str = setting("", "Empty for no sign-in.")
    password: Secret = setting(Secret(), "Belongs to username.")
    sender: str = setting("", "From, e.g. Acme <hello@example.com>.")
    envelope_domain: str = setting("", "Domain for bounces; empty is the sender's.")
    timeout: float = setting(30.0, "Seconds to wait for an answer.", least=1, most=300)
    unknown: Literal["hold", "resend"] = setting(
        "hold",
        "When nobody knows whether the server took a message: hold it, or resend it once and risk that it has both.",
    )


@dataclass(frozen=True)
class ContactSettings:
    """How often and when customers may be asked."""

    min_gap: timedelta = setting(timedelta(days=30), "Rest for a contact between two surveys.")
    important_gap: timedelta = setting(
        timedelta(days=7), "Rest before a survey whose priority in the journey is higher than the last one's."
    )
    account_max: int = setting(5, "Surveys for one account within account_window.", least=1)
    account_window: timedelta = setting(timedelta(days=30), "The window of account_max.")
    quiet_from: time = setting(
        time(20),
        "No message from this hour of the contact's day ... (some countries have fewer hours: docs/journey.md)",
    )
    quiet_to: time = setting(time(9), "... until this one.")
    weekdays: tuple[Weekday, ...] = setting(
        _WORKDAYS,
        "Days on which messages may go out, in countries without days of their own (docs/journey.md).",
    )
    blackout_dates: tuple[date, ...] = setting((), "Days without messages.")
    consent_required: bool = setting(
        True, "Ask only contacts whose consent for the channel is on record; in DE and TR in any case."
    )


@dataclass(frozen=True)
class FollowUpSettings:
    """Closing the loop after a low score."""

    fallback_owner: str = setting("", "E-mail address of who takes tasks of accounts without an owner.")
    opens: time = setting(time(9), "Business hours begin.")
    closes: time = setting(time(17), "Business hours end.")
    weekdays: tuple[Weekday, ...] = setting(_WORKDAYS, "Business days.")
    holidays: tuple[date, ...] = setting((), "Days that do not count.")
    holiday_calendars: Mapping[str, tuple[date, ...]] = setting(
        _NOTHING,
        "Other holidays under a name, for colleagues elsewhere: { iran = [2026-03-21, 2026-03-22] }.",
    )
    time_zone: ZoneInfo | None = setting(None, "Zone of business hours; empty is the organisation's.")
    weights: Mapping[str, float] = setting(
        _NOTHING, "What makes a task urgent, in place of the built-in weights."
    )
    half_of_revenue: float = setting(
        5_000.0,
        "Recurring revenue a month, in organisation.currency, that gets half of the points for revenue.",
        least=0.01,
    )


@dataclass(frozen=True)
class HealthSettings:
    """How an account is doing, as one number."""

    weights: Mapping[str, float] = setting(
        _NOTHING,
        "How much each part counts (relationship, experience, direction, voice, follow_ups, usage), in place "
        "of the built-in weights; see docs/insights.md.",
    )
    usage: Mapping[str, float] = setting(
        {"usage": 100.0}, "Usage metrics that count, each with the value that is full use."
    )
    usage_counts_for: timedelta = setting(timedelta(days=45), "An older usage figure says nothing.")


@dataclass(frozen=True)
class AlertSettings:
    """Messages to staff."""

    slack_webhook: Secret = setting(Secret(), "Incoming webhook of a Slack channel.")
    teams_webhook: Secret = setting(Secret(), "Workflow webhook of a Teams channel.")
    digest_after: timedelta = setting(timedelta(minutes=15), "Alerts within this time become one message.")
    remind_before: timedelta = setting(
        timedelta(hours=2), "Opening hours before a promise runs out that its owner is reminded; 0h: never."
    )


@dataclass(frozen=True)
class WorkerSettings:
    """The background worker."""

    tick: float = setting(5.0, "Seconds between two looks for due work.", least=0.1, most=3600)
    batch: int = setting(50, "Messages claimed at once.", least=1, most=1000)
    concurrency: int = setting(4, "Messages sent at the same time.", least=1, most=64)
    lease: timedelta = setting(
        timedelta(minutes=2), "After this, another worker asks what became of a claimed message."
    )
    settle: timedelta = setting(
        timedelta(minutes=2), "Wait before asking the provider about an unconfirmed message."
    )


@dataclass(frozen=True)
class RetentionSettings:
    """How long personal data are kept; 0d keeps them."""

    answers: timedelta = setting(timedelta(days=0), "Comments and the person behind an answer; scores stay.")
    messages: timedelta = setting(timedelta(days=180), "Text and address of messages.")
    contacts: timedelta = setting(timedelta(days=0), "Contacts without any event for so long.")
    replies: timedelta = setting(timedelta(days=180), "SMS replies as they came.")
    usage: timedelta = setting(timedelta(days=365), "Figures of use that the API was told.")


@dataclass(frozen=True)
class LogSettings:
    """What the program says about itself."""

    level: Literal["debug", "info", "warning", "error"] = setting("info", "debug, info, warning or error.")
    format: Literal["console", "json"] = setting("console", "console for people, json for collectors.")


@dataclass(frozen=True)
class Settings:
    """All settings of one installation. `instance` is its directory."""

    instance: Path
    demo: bool = setting(
        False, "Try the product: simulated channels and well-known secrets. Never in public."
    )
    web: WebSettings = field(default_factory=WebSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    organisation: OrganisationSettings = field(default_factory=OrganisationSettings)
    link: LinkSettings = field(default_factory=LinkSettings)
    questionnaires: QuestionnaireSettings = field(default_factory=QuestionnaireSettings)
    channels: ChannelSettings = field(default_factory=ChannelSettings)
    twilio: TwilioSettings = field(default_factory=TwilioSettings)
    smtp: SmtpSettings = field(default_factory=SmtpSettings)
    contact: ContactSettings = field(default_factory=ContactSettings)
    followup: FollowUpSettings = field(default_factory=FollowUpSettings)
    health: HealthSettings = field(default_factory=HealthSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    worker: WorkerSettings = field(default_factory=WorkerSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    log: LogSettings = field(default_factory=LogSettings)
