"""Whether, when and how one person may be asked for feedback; and, if not, why not and when next.

Pure: everything it weighs is handed in, so the same question can be put again just before sending. The order
of the tests is the order of their weight: what the person said (suppressed, consent), what the country asks
for (hours, days), what the survey is worth (expiry), what the person and their company can bear (fatigue).

A survey that fatigue forbids is skipped, not postponed: asking about an event weeks later measures memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from feedback.core.contact_hours import Calendar, ContactWindow, CountryRules, first_window, shipped_rules


class ConsentState(StrEnum):
    """What is on record for one channel."""

    GIVEN = "given"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Reach:
    """One channel of a person. `suppressed` names why it may not be used (stop, bounce, complaint ...)."""

    has_address: bool
    consent: ConsentState = ConsentState.UNKNOWN
    suppressed: str | None = None


@dataclass(frozen=True)
class Recipient:
    """What is known about the person.

    `suppressed` closes all channels: erased, opted out of everything, or an opt-out that somebody has yet to
    judge. `country` and `time_zone` were stated; `number_country` and `number_zones` follow from the phone.
    """

    reach: Mapping[str, Reach]
    suppressed: str | None = None
    country: str | None = None
    time_zone: str | None = None
    number_country: str | None = None
    number_zones: tuple[str, ...] = ()


@dataclass(frozen=True)
class PastContact:
    """A survey that was sent, or is firmly planned, over whatever channel."""

    at: datetime
    priority: int


@dataclass(frozen=True)
class History:
    """Other contacts of this person, and of everybody in the person's account (this person included).

    The contact that is being decided is not among them: leave it out when asking again, and leave out a
    survey when asking about its own reminder.
    """

    contact: tuple[PastContact, ...] = ()
    account: tuple[PastContact, ...] = ()


@dataclass(frozen=True)
class Policy:
    """The installation's rules.

    gap              between two contacts of one person
    important_gap    the shorter one, for a stage of higher priority than the earlier contact's
    account_limit    contacts per account within any `account_window`; None is no limit
    least_window     do not start a message with less than this left before the quiet hours
    blackout         local dates on which nobody is contacted
    default_zone     when neither the person, the number nor the country tells
    kinds            of channels that the installation has; None is all of them
    """

    gap: timedelta = timedelta(days=30)
    important_gap: timedelta = timedelta(days=7)
    account_limit: int | None = 5
    account_window: timedelta = timedelta(days=7)
    least_window: timedelta = timedelta(minutes=15)
    blackout: frozenset[date] = frozenset()
    default_zone: str = "UTC"
    countries: Mapping[str, CountryRules] = field(default_factory=shipped_rules)
    kinds: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if self.important_gap > self.gap:
            raise ValueError("The gap for important stages must not be longer than the ordinary one.")
        if self.account_limit is not None and self.account_limit < 1:
            raise ValueError("The limit per account must be at least 1; leave it out for no limit.")


@dataclass(frozen=True)
class Intended:
    """The contact that somebody would like to make.

    A higher `priority` is more important (renewal 30, support 10); `channels` are in order of preference;
    it may not happen before `earliest` and is pointless from `expires` on.
    """

    priority: int
    channels: tuple[str, ...]
    earliest: datetime
    expires: datetime


@dataclass(frozen=True)
class Reason:
    """A step of the explanation: a code to translate and JSON values to put in."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Send:
    """Yes: on `channel`, from `at` on and before `not_after`, both in UTC.

    `not_after` is when the quiet hours begin or the survey expires; it bounds the provider's own queue too
    (its validity period), or a message sent at noon may ring at night.
    """

    channel: str
    at: datetime
    not_after: datetime
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Skip:
    """No. `code` is one of SKIP_CODES; `next_allowed` is in UTC, None where waiting does not help."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)
    next_allowed: datetime | None = None


Decision = Send | Skip

SKIP_CODES = (
    "suppressed",  # why
    "no_channel",  # per channel: not_enabled, no_address, suppressed, refused, consent_missing
    "no_common_window",  # zones: it is never day in all of them
    "too_late",  # expires, first_window
    "contacted_recently",  # last, days_ago, gap_days
    "account_contacted_often",  # limit, window_days
)


def decide(
    intended: Intended, recipient: Recipient, history: History, policy: Policy, now: datetime
) -> Decision:
    """The decision on one intended contact. All datetimes must be aware; ValueError otherwise."""
    _check_aware(now, intended.earliest, intended.expires)
    if recipient.suppressed:
        return Skip("suppressed", {"why": recipient.suppressed})
    rules = rules_for(recipient, policy)
    obstacles = {channel: _obstacle(channel, recipient, rules, policy) for channel in intended.channels}
    channel = next((name for name, obstacle in obstacles.items() if obstacle is None), None)
    if channel is None:
        return Skip("no_channel", obstacles)
    wanted = max(now, intended.earliest).astimezone(UTC)
    zones = possible_zones(recipient, rules, policy)
    window = first_window(Calendar(rules, zones, policy.blackout), wanted, policy.least_window)
    skip = _too_late(window, zones, intended, policy) or _fatigue(window, intended, history, policy)
    if skip or window is None:
        return skip or Skip("no_common_window")
    reasons = (
        *_passed_over(obstacles, channel),
        *_zone_assumed(recipient, zones),
        *_moved(wanted, window, zones, rules),
        *_important(window, intended, history, policy),
    )
    return Send(channel, window.start, min(window.end, intended.expires.astimezone(UTC)), reasons)


def rules_for(recipient: Recipient, policy: Policy) -> CountryRules:
    """The rules of the stated country, else of the number's, else the default ones."""
    country = recipient.country or recipient.number_country or "default"
    return policy.countries.get(country.upper()) or policy.countries["default"]


def possible_zones(recipient: Recipient, rules: CountryRules, policy: Policy) -> tuple[str, ...]:
    """Every zone the person may be in.

    The stated one; else the number's, narrowed to where most of the country's people live unless it is from none of
    these places (Alaska); else the country's. With a
    number from another country than the stated one, the person may be in either.
    """
    if recipient.time_zone and _exists(recipient.time_zone):
        return (recipient.time_zone,)
    number, home = recipient.number_zones, rules.zones
    if recipient.country and recipient.number_country not in (None, recipient.country.upper()):
        return tuple(dict.fromkeys(home + number)) or (policy.default_zone,)
    if len(number) == 1:
        return number
    return tuple(zone for zone in number if zone in home) or number or home or (policy.default_zone,)


def spread(contact_key: str, cadence_days: int) -> int:
    """The day, 0 to `cadence_days` - 1, on which a person's recurring survey falls.

    Always the same day for the same person, and evenly many people on every day, so that a quarterly survey
    is a steady trickle and not four waves a year.
    """
    if cadence_days < 1:
        raise ValueError("A cadence is at least one day.")
    digest = hashlib.sha256(f"spread:{contact_key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % cadence_days


# -- the tests, in order ----------------------------------------------------------------------------------


def _obstacle(channel: str, recipient: Recipient, rules: CountryRules, policy: Policy) -> str | None:
    if policy.kinds is not None and channel not in policy.kinds:
        return "not_enabled"
    reach = recipient.reach.get(channel)
    if reach is None or not reach.has_address:
        return "no_address"
    if reach.suppressed:
        return "suppressed"
    if reach.consent == ConsentState.REFUSED:
        return "refused"
    if channel in rules.consent_required and reach.consent != ConsentState.GIVEN:
        return "consent_missing"
    return None


def _too_late(
    window: ContactWindow | None, zones: tuple[str, ...], intended: Intended, policy: Policy
) -> Skip | None:
    if window is None:
        return Skip("no_common_window", {"zones": list(zones)})
    if window.start + policy.least_window > intended.expires:
        first = {"expires": _iso(intended.expires), "first_window": _iso(window.start)}
        return Skip("too_late", first)
    return None


def _fatigue(
    window: ContactWindow | None, intended: Intended, history: History, policy: Policy
) -> Skip | None:
    if window is None:
        return None
    rested = [(past.at + _gap(past, intended, policy), past) for past in history.contact]
    allowed, past = max(rested, key=lambda pair: pair[0], default=(window.start, None))
    if past and allowed > window.start:
        params = {
            "last": _iso(past.at),
            "days_ago": (window.start - past.at).days,
            "gap_days": _gap(past, intended, policy).days,
        }
        return Skip("contacted_recently", params, allowed.astimezone(UTC))
    return _account_fatigue(window, history, policy)


def _gap(past: PastContact, intended: Intended, policy: Policy) -> timedelta:
    return policy.important_gap if intended.priority > past.priority else policy.gap


def _account_fatigue(window: ContactWindow, history: History, policy: Policy) -> Skip | None:
    """Contacts planned for later count too: the budget may not be spent twice."""
    limit = policy.account_limit
    if limit is None or len(history.account) < limit:
        return None
    oldest_that_counts = sorted(past.at for past in history.account)[-limit]
    allowed = oldest_that_counts + policy.account_window
    if allowed <= window.start:
        return None
    params = {"limit": limit, "window_days": policy.account_window.days}
    return Skip("account_contacted_often", params, allowed.astimezone(UTC))


# -- the explanation --------------------------------------------------------------------------------------


def _passed_over(obstacles: Mapping[str, str | None], chosen: str) -> list[Reason]:
    before = list(obstacles)[: list(obstacles).index(chosen)]
    return [Reason("channel_passed_over", {"channel": one, "why": obstacles[one]}) for one in before]


def _zone_assumed(recipient: Recipient, zones: tuple[str, ...]) -> list[Reason]:
    return [] if zones == (recipient.time_zone,) else [Reason("zone_assumed", {"zones": list(zones)})]


def _moved(
    wanted: datetime, window: ContactWindow, zones: tuple[str, ...], rules: CountryRules
) -> list[Reason]:
    if window.start == wanted:
        return []
    params = {
        "moved_from": _iso(wanted),
        "moved_to": _iso(window.start),
        "country": rules.code,
        "zones": list(zones),
    }
    return [Reason("quiet_hours", params)]


def _important(window: ContactWindow, intended: Intended, history: History, policy: Policy) -> list[Reason]:
    if not any(past.at + policy.gap > window.start for past in history.contact):
        return []
    return [Reason("important_stage", {"priority": intended.priority, "gap_days": policy.important_gap.days})]


def _exists(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError; odd paths are the others
        return False
    return True


def _check_aware(*moments: datetime) -> None:
    if any(moment.tzinfo is None for moment in moments):
        raise ValueError("A moment without a time zone cannot be weighed; pass aware datetimes.")


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
