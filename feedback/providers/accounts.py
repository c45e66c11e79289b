"""How we reach a provider, and what we sign in with. Light, so that settings are read without a provider's library."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Security = Literal["starttls", "ssl", "plain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioAccount:
    """A Twilio account and its senders.

    `senders` maps countries (ISO 3166) to senders. `region` is where the account is; `edge` is where Twilio is entered,
    by default the edge of that region. `base_url` replaces Twilio's server; it must be on this machine
    unless `trust_base_url` is set. `timeout` is in seconds.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    public_url: str
    secondary_auth_token: str | None = field(default=None, repr=False)
    api_key: str | None = None
    api_secret: str | None = field(default=None, repr=False)
    sender: str | None = None
    messaging_service_sid: str | None = None
    senders: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 15.0
    base_url: str | None = None
    trust_base_url: bool = False
    region: str = "us1"
    edge: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """A mail server and the mailbox that we send from, such as `Acme <survey@acme.example>`.

    The timeouts are in seconds. `final_timeout` is only for the response to the final dot: a server can take long to
    store the mail, and hanging up earlier would leave the outcome unknown. `plain` (no encryption) is only allowed for
    this machine, unless `trust_plain` is set. `context` replaces the verifying TLS context.
    """

    host: str
    sender: str
    port: int = 587
    security: Security = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: float = 30.0
    final_timeout: float = 600.0
    trust_plain: bool = False
    feedback_id: str | None = None
    context: ssl.SSLContext | None = None
