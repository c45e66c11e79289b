"""check(): what is missing or unwise in the settings, each with a stable code for documentation and support."""

from __future__ import annotations

import ipaddress
import math
import os
import re
import stat
from collections.abc import Callable, Iterator
from datetime import time, timedelta
from pathlib import Path

from feedback.core.contact.hours import Hours
from feedback.core.web_address import WebAddress
from feedback.settings.logo import logo_of
from feedback.settings.problem import Problem
from feedback.settings.reading import FILE, entries
from feedback.settings.table import LARGEST_LOGO, RENAMED, Settings
from feedback.settings.values import Secret

_ENABLED = "providers.enabled"
_QUIET = ("contact.quiet_from", "contact.quiet_to")
SHORTEST_PASSPHRASE = 16  # characters
SHORTEST_SECRET = 32  # characters; 64 hexadecimal digits from `feedback init` hold 256 bits


def check(settings: Settings) -> list[Problem]:
    """All problems of the settings, errors first; makes no calls to providers or the database."""
    problems = [problem for each in _CHECKS for problem in each(settings)]
    return sorted(problems, key=lambda problem: (problem.level != "error", problem.code))


def _secrets(settings: Settings) -> Iterator[Problem]:
    needed = {
        "web.secret_key": settings.web.secret_key,
        "web.password_salt": settings.web.password_salt,
        "link.key": settings.link.key,
    }
    for name, secret in needed.items():
        if not secret:
            yield Problem("F001", f"{name} is not set.", "Run `feedback init` to generate one.")
        elif len(secret.reveal()) < SHORTEST_SECRET:
            yield Problem("F002", f"{name} is too short to be safe.", "Use at least 32 random characters.")
    if _same(settings.web.secret_key, settings.web.secret_key_previous):
        yield Problem(
            "F003", "web.secret_key equals web.secret_key_previous.", "Generate a new key, or remove the old."
        )
    if _same(settings.link.key, settings.link.key_previous):
        yield Problem("F003", "link.key equals link.key_previous.", "Generate a new key, or remove the old.")


def _same(new: Secret, old: Secret) -> bool:
    return bool(old) and new == old


def _public_url(settings: Settings) -> Iterator[Problem]:
    url = _parsed(settings.web.public_url)
    if settings.demo:
        if settings.web.public_url and not (url and _is_local(url.host)):
            yield Problem("F010", "The demo has a public address.", "Set demo = false before going public.")
        if not _is_local(settings.web.host):
            yield Problem("F010", "The demo can be reached from the network.", "Set web.host = 127.0.0.1.")
    elif not settings.web.public_url:
        yield Problem("F011", "web.public_url is not set.", "Links in messages need it: https://...")
    elif url is None or url.query or url.fragment:
        yield Problem("F012", "web.public_url is not a web address.", "Write it as https://s.example.com.")
    elif url.scheme == "http" and not _is_local(url.host):
        yield Problem(
            "F013", "web.public_url is not https.", "Put a reverse proxy with a certificate in front."
        )


def _proxy(settings: Settings) -> Iterator[Problem]:
    """Limits count by the visitor's address, and without the proxy's headers every visitor has the proxy's."""
    web = settings.web
    if settings.demo:
        return
    if web.trusted_proxy and not _names_a_peer(web.trusted_proxy):
        yield Problem(
            "F015",
            "web.trusted_proxy is not an address.",
            'Write the IP address from which the reverse proxy connects, such as "127.0.0.1".',
        )
    elif not web.trusted_proxy and _is_local(web.host) and web.public_url.startswith("https://"):
        yield Problem(
            "F014",
            "Set web.trusted_proxy to the address of your reverse proxy.",
            'It is "127.0.0.1" if the proxy runs on this machine. Without it, all visitors share one address: one '
            "stranger can lock all staff out of the sign-in.",
        )


def _names_a_peer(text: str) -> bool:
    """Whether this is an IP address, or * for a port that only the proxy can reach."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return text == "*"
    return True


def _parsed(written: str) -> WebAddress | None:
    try:
        return WebAddress.parse(written)
    except ValueError:
        return None


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _providers(settings: Settings) -> Iterator[Problem]:
    enabled = settings.providers.enabled
    if not enabled:
        yield Problem(
            "F020",
            "No provider is enabled.",
            "Name at least one in providers.enabled.",
            settings=(_ENABLED,),
        )
    if any(key.startswith("simulator") for key in enabled) and not settings.demo:
        yield Problem(
            "F021", "The simulator does not reach real customers.", "Enable a real provider.", "warning"
        )
    if any(key.startswith("twilio") for key in enabled):
        yield from _twilio(settings)
    if any(key.startswith("smtp") for key in enabled):
        yield from _smtp(settings)


def _renamed(settings: Settings) -> Iterator[Problem]:
    for name in settings.old_names:
        new = entries()[RENAMED[name]]
        hint = f"Write {new.name} (or {new.variable}) instead."
        yield Problem("F052", f"{name} is the old name of {new.name}.", hint, "warning")


def _twilio(settings: Settings) -> Iterator[Problem]:
    twilio = settings.twilio
    if not twilio.account_sid or not twilio.auth_token:
        yield Problem(
            "F022",
            "Twilio's account_sid or auth_token is missing.",
            "Copy both from the Twilio console.",
            settings=(_ENABLED, "twilio.account_sid", "twilio.auth_token"),
        )
    if bool(twilio.api_key_sid) != bool(twilio.api_key_secret):
        yield Problem(
            "F022",
            "Half of Twilio's API key is missing.",
            "Set api_key_sid and api_key_secret.",
            settings=(_ENABLED, "twilio.api_key_sid", "twilio.api_key_secret"),
        )
    if not (twilio.sender or twilio.messaging_service_sid or twilio.senders):
        yield Problem(
            "F023",
            "Twilio has no sender.",
            "Set twilio.sender or twilio.messaging_service_sid.",
            settings=(_ENABLED, "twilio.sender", "twilio.messaging_service_sid"),
        )
    if twilio.edge and not re.fullmatch(r"[a-z][a-z0-9-]*", twilio.edge):
        yield Problem(
            "F029",
            "twilio.edge is not the name of an edge location.",
            "Write it as dublin or frankfurt.",
            settings=("twilio.edge",),
        )
    if settings.worker.lease <= timedelta(seconds=twilio.timeout):
        yield Problem(
            "F024", "worker.lease is not longer than twilio.timeout.", "Make it at least twice as long."
        )


def _smtp(settings: Settings) -> Iterator[Problem]:
    smtp = settings.smtp
    if not smtp.host or not smtp.sender:
        yield Problem(
            "F025",
            "smtp.host or smtp.sender is not set.",
            "Set both.",
            settings=(_ENABLED, "smtp.host", "smtp.sender"),
        )
    if bool(smtp.username) != bool(smtp.password):
        yield Problem(
            "F025",
            "Only one of smtp.username and smtp.password is set.",
            "Set both or neither.",
            settings=(_ENABLED, "smtp.username", "smtp.password"),
        )
    if smtp.security == "none" and smtp.host and not _is_local(smtp.host):
        yield Problem(
            "F026",
            "E-mail is sent without encryption.",
            "Set smtp.security to tls.",
            "warning",
            ("smtp.security",),
        )
    if settings.worker.lease <= timedelta(seconds=smtp.timeout):
        yield Problem(
            "F024", "worker.lease is not longer than smtp.timeout.", "Make it at least twice as long."
        )


def _hours(settings: Settings) -> Iterator[Problem]:
    contact, followup = settings.contact, settings.followup
    if contact.quiet_from == contact.quiet_to:
        yield Problem(
            "F030",
            "Quiet hours start and end at the same time.",
            "Change contact.quiet_from or quiet_to.",
            settings=_QUIET,
        )
    elif not _leave_hours(contact.quiet_to, contact.quiet_from):
        yield Problem(
            "F030",
            "Quiet hours do not last over midnight.",
            "Make contact.quiet_from later than quiet_to, such as 20:00 and 09:00.",
            settings=_QUIET,
        )
    if not contact.weekdays:
        yield Problem(
            "F031",
            "contact.weekdays is empty, so nothing would be sent.",
            "List the days.",
            settings=("contact.weekdays",),
        )
    if wrong := [
        code
        for code, days in contact.weekdays_by_country.items()
        if not re.fullmatch(r"[A-Za-z]{2}", code) or not days
    ]:
        yield Problem(
            "F034",
            f"contact.weekdays_by_country is wrong for {', '.join(wrong)}.",
            "Write the two letters of a country (ISO 3166) and at least one day.",
            settings=("contact.weekdays_by_country",),
        )
    if followup.opens >= followup.closes or not followup.weekdays:
        yield Problem(
            "F032",
            "There are no business hours.",
            "Change followup.opens, closes or weekdays.",
            settings=("followup.opens", "followup.closes", "followup.weekdays"),
        )
    if contact.any_hour and not settings.demo:
        yield Problem(
            "F035", "contact.any_hour is only for the demo.", "Remove it: customers are asked in the daytime."
        )
    if contact.important_gap > contact.min_gap:
        yield Problem(
            "F033",
            "contact.important_gap is longer than min_gap.",
            "Make it shorter than min_gap.",
            "warning",
            ("contact.important_gap", "contact.min_gap"),
        )


def _leave_hours(opens: time, closes: time) -> bool:
    """Whether these are contact hours that `Hours`, which decides about every message, takes."""
    try:
        Hours(opens, closes)
    except ValueError:
        return False
    return True


def _customers(settings: Settings) -> Iterator[Problem]:
    if settings.demo:
        return
    organisation = settings.organisation
    if not organisation.name:
        yield Problem(
            "F040",
            "organisation.name is not set.",
            "Set it: every message has to name the sender.",
            settings=("organisation.name",),
        )
    contact = organisation.security_contact
    if contact and not re.fullmatch(r"https://[^\s]+|(mailto:)?[^\s@:/]+@[^\s@:/]+", contact):
        yield Problem(
            "F049",
            "organisation.security_contact is neither an e-mail address nor an https address.",
            "Write it as security@example.com or https://example.com/security.",
            settings=("organisation.security_contact",),
        )
    if not organisation.privacy_url:
        yield Problem(
            "F041",
            "organisation.privacy_url is not set.",
            "Set it: answer pages link to it.",
            "warning",
            ("organisation.privacy_url",),
        )
    if not (organisation.support_email or organisation.support_phone):
        yield Problem(
            "F042",
            "No support contact is set.",
            "Set organisation.support_email or support_phone.",
            "warning",
            ("organisation.support_email", "organisation.support_phone"),
        )
    if not settings.followup.fallback_owner:
        yield Problem(
            "F043",
            "followup.fallback_owner is not set.",
            "Set it, or follow-ups of accounts without an owner are assigned to nobody.",
            "warning",
            ("followup.fallback_owner",),
        )


def _branding(settings: Settings) -> Iterator[Problem]:
    organisation = settings.organisation
    if not re.fullmatch(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})", organisation.colour):
        yield Problem(
            "F044",
            "organisation.colour is not a colour.",
            "Write it as #1f5fbf.",
            settings=("organisation.colour",),
        )
    if organisation.logo:
        yield from _logo(settings)


def _logo(settings: Settings) -> Iterator[Problem]:
    logo, name = logo_of(settings), ("organisation.logo",)
    if logo is None:
        yield Problem(
            "F045",
            "organisation.logo is not the name of a PNG or SVG file.",
            "Put the file into the instance directory.",
            "warning",
            name,
        )
    elif len(logo.content) > LARGEST_LOGO:
        yield Problem(
            "F046",
            f"organisation.logo has more than {LARGEST_LOGO:,} bytes, so pages do not show it.",
            "Make it smaller, preferably as SVG: answer pages must open on a slow connection.",
            "warning",
            name,
        )


def _money(settings: Settings) -> Iterator[Problem]:
    organisation = settings.organisation
    if not _is_currency(organisation.currency):
        yield Problem(
            "F047",
            "organisation.currency is not a currency code.",
            "Write it as EUR (ISO 4217).",
            settings=("organisation.currency",),
        )
    for code, rate in organisation.exchange_rates.items():
        if not _is_currency(code):
            yield Problem(
                "F048",
                f"organisation.exchange_rates: {code!r} is not a currency code.",
                "Write it as EUR.",
                settings=("organisation.exchange_rates",),
            )
        elif not 0 < rate < math.inf:
            yield Problem(
                "F048",
                f"organisation.exchange_rates: {rate} is not a rate.",
                f"Give the value of one {code} in {organisation.currency}.",
                settings=("organisation.exchange_rates",),
            )


def _is_currency(code: str) -> bool:
    return re.fullmatch(r"[A-Z]{3}", code) is not None


def _webhooks(settings: Settings) -> Iterator[Problem]:
    for name in ("slack_webhook", "teams_webhook"):
        written = getattr(settings.alerts, name).reveal()
        url = _parsed(written)
        if url and url.scheme == "http" and not _is_local(url.host):
            yield Problem(
                "F060",
                f"alerts.{name} is not https.",
                "Use https: the address is a secret.",
                "warning",
                (f"alerts.{name}",),
            )
        elif written and url is None:
            yield Problem(
                "F061",
                f"alerts.{name} is not a web address.",
                "Copy all of it, including https://.",
                settings=(f"alerts.{name}",),
            )


def _other_systems(settings: Settings) -> Iterator[Problem]:
    yield from _network_problems("webhooks.allowed_networks", settings.webhooks.allowed_networks)


def _network_problems(name: str, networks: tuple[str, ...]) -> Iterator[Problem]:
    for written in networks:
        try:
            network = ipaddress.ip_network(written)
        except ValueError:
            yield Problem(
                "F062",
                f"{name}: {written!r} is not a network.",
                "Write it as 10.20.0.0/16, or one address as 10.20.0.7/32.",
            )
        else:
            if network.prefixlen == 0:
                yield Problem(
                    "F063",
                    f"{name}: {written} is every address there is.",
                    "Name the networks of your receivers, or webhooks can reach everything inside your network.",
                    "warning",
                )


_ROLES = frozenset({"admin", "lead", "csm", "viewer"})


def _single_sign_on(settings: Settings) -> Iterator[Problem]:
    sso = settings.sso
    if not sso.issuer:
        return
    address = _parsed(sso.issuer)
    if address is None or address.query or address.fragment:
        yield Problem(
            "F080",
            "sso.issuer is not a web address.",
            "Copy the issuer from the provider, such as https://acme.okta.com.",
            settings=("sso.issuer",),
        )
    elif address.scheme != "https" and not sso.allow_http:
        yield Problem(
            "F081",
            "sso.issuer is not https.",
            "Use the https address of the provider: anybody in between could sign in as somebody else.",
            settings=("sso.issuer",),
        )
    if not sso.client_id:
        yield Problem(
            "F082",
            "sso.client_id is not set.",
            "Copy the client ID from the provider.",
            settings=("sso.client_id",),
        )
    if "openid" not in sso.scopes.split():
        yield Problem("F083", "sso.scopes does not contain openid.", "Add it.", settings=("sso.scopes",))
    if wrong := [
        group for group, roles in sso.roles.items() if not roles.split() or set(roles.split()) - _ROLES
    ]:
        yield Problem(
            "F084",
            f"sso.roles is wrong for {', '.join(wrong)}.",
            "Write admin, lead, csm or viewer after each group.",
            settings=("sso.roles",),
        )
    if sso.passwords == "emergency" and not sso.emergency_account:
        yield Problem(
            "F085",
            "sso.emergency_account is not set, although passwords are switched off.",
            "Name an admin who can sign in when the provider does not work.",
            settings=("sso.emergency_account", "sso.passwords"),
        )
    yield from _network_problems("sso.allowed_networks", sso.allowed_networks)


def _backups(settings: Settings) -> Iterator[Problem]:
    passphrase, url = settings.backup.passphrase.reveal(), settings.worker.heartbeat_url.reveal()
    if passphrase and len(passphrase) < SHORTEST_PASSPHRASE:
        yield Problem(
            "F070",
            "backup.passphrase is too short to be safe.",
            f"Use at least {SHORTEST_PASSPHRASE} characters, such as the output of `openssl rand -base64 24`.",
        )
    if settings.backup.directory and not Path(settings.backup.directory).is_absolute():
        yield Problem(
            "F071", "backup.directory is not an absolute path.", "Write it as /var/backups/feedback."
        )
    if url and _parsed(url) is None:
        yield Problem(
            "F072", "worker.heartbeat_url is not a web address.", "Copy all of it, including https://."
        )


def _resources(settings: Settings) -> Iterator[Problem]:
    if (
        settings.database.url.reveal().startswith("postgres")
        and settings.database.pool < settings.web.threads
    ):
        yield Problem(
            "F050",
            "database.pool is smaller than web.threads.",
            "Raise it, or requests have to wait.",
            "warning",
        )
    path = settings.instance / FILE
    if not settings.demo and path.exists() and path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        yield Problem("F051", f"{FILE} can be read by every user.", f"Run `chmod 640 {FILE}`.", "warning")
    if os.name == "posix" and settings.instance.exists() and settings.instance.stat().st_mode & stat.S_IRWXO:
        yield Problem(
            "F053",
            "The instance directory is open to every user of this machine.",
            f"Run `chmod 700 {settings.instance}`; `feedback db upgrade` and `feedback run` do it as well.",
            "warning",
        )


_CHECKS: tuple[Callable[[Settings], Iterator[Problem]], ...] = (
    _secrets,
    _public_url,
    _proxy,
    _providers,
    _renamed,
    _hours,
    _customers,
    _branding,
    _money,
    _webhooks,
    _other_systems,
    _single_sign_on,
    _backups,
    _resources,
)
