"""Decides whether, when and on which channel a person may be surveyed; if not, why not and when next.

Pure functions: all data are parameters, so the decision can be repeated just before sending. The tests run in
order of importance: the person's wishes (suppression, consent), the country's rules (hours, days), the survey's
expiry, and the limits for the person and the account (fatigue).

A survey that a fatigue limit forbids is skipped, not postponed: asked weeks after an event, people answer from
memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from feedback.core.audience import Audience, Facts
from feedback.core.contact.hours import Calendar, ContactWindow, CountryRules, first_window, shipped_rules


class ConsentState(StrEnum):
    """The recorded consent for one channel."""

    GIVEN = "given"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Reach:
    """One channel of a person. `suppressed` is the reason why it must not be used (stop, bounce, complaint ...).

    `is_express`: the person gave the consent themselves; a contract or a legitimate interest is only assumed to be
    welcome.
    """

    has_address: bool
    consent: ConsentState = ConsentState.UNKNOWN
    suppressed: str | None = None
    is_express: bool = True


@dataclass(frozen=True)
class Recipient:
    """The person, as far as the policy needs to know.

    `suppressed` closes all channels: erased, opted out of everything, or a possible opt-out that nobody has
    reviewed yet. `country` and `time_zone` were stated; `number_country` and `number_zones` are derived from the
    phone number. `facts` is what is known of the person and the account; None if nobody has read it.
    """

    reach: Mapping[str, Reach]
    suppressed: str | None = None
    country: str | None = None
    time_zone: str | None = None
    number_country: str | None = None
    number_zones: tuple[str, ...] = ()
    facts: Facts | None = None


@dataclass(frozen=True)
class PastContact:
    """A survey that was sent or is scheduled, on any channel."""

    at: datetime
    priority: int


@dataclass(frozen=True)
class History:
    """Other surveys of this person, and of everybody in the person's account (including this person).

    Leave out the survey that is being decided, and for a reminder the survey that it belongs to.
    """

    contact: tuple[PastContact, ...] = ()
    account: tuple[PastContact, ...] = ()


@dataclass(frozen=True)
class Policy:
    """The installation's rules.

    gap              least time between two surveys of one person
    important_gap    a shorter gap, for a stage of higher priority than the earlier survey's
    account_limit    surveys per account within any `account_window`; None is no limit
    least_window     send nothing if less than this is left before the quiet hours
    blackout         local dates on which nobody is contacted
    default_zone     used if person, number and country leave the time zone unknown
    channels         the channels that the installation has; None is all of them
    """

    gap: timedelta = timedelta(days=30)
    important_gap: timedelta = timedelta(days=7)
    account_limit: int | None = 5
    account_window: timedelta = timedelta(days=7)
    least_window: timedelta = timedelta(minutes=15)
    blackout: frozenset[date] = frozenset()
    default_zone: str = "UTC"
    countries: Mapping[str, CountryRules] = field(default_factory=shipped_rules)
    channels: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if self.important_gap > self.gap:
            raise ValueError("contact.important_gap must not be longer than contact.min_gap.")
        if self.account_limit is not None and self.account_limit < 1:
            raise ValueError("The limit per account must be at least 1; use None for no limit.")


@dataclass(frozen=True)
class Intended:
    """The survey that is to be decided.

    A higher `priority` is more important; `channels` are in order of preference. It must not be sent before
    `earliest`, and not from `expires` on. `only_if` says whom the stage asks.
    """

    priority: int
    channels: tuple[str, ...]
    earliest: datetime
    expires: datetime
    only_if: Audience | None = None


@dataclass(frozen=True)
class Reason:
    """A step of the explanation: a code to translate and the JSON values for its placeholders."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Send:
    """May be sent on `channel`, from `at` until before `not_after`, both in UTC.

    `not_after` is when the quiet hours begin or the survey expires. It also limits how long the provider may
    queue the message (its validity period), so that it does not arrive at night.
    """

    channel: str
    at: datetime
    not_after: datetime
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Skip:
    """Must not be sent. `code` is one of SKIP_CODES; `next_allowed` is in UTC, None if waiting does not help."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)
    next_allowed: datetime | None = None


Decision = Send | Skip

SKIP_CODES = (
    "suppressed",  # why
    "not_in_audience",  # facts: the names of those that do not fit
    "no_channel",  # per channel: not_enabled, no_address, suppressed, refused, refused_elsewhere, consent_missing
    "no_common_window",  # zones: their contact hours never overlap
    "too_late",  # expires, first_window
    "contacted_recently",  # last, days_ago, gap_days
    "account_contacted_often",  # limit, window_days
)


def decide(
    intended: Intended, recipient: Recipient, history: History, policy: Policy, now: datetime
) -> Decision:
    """Decide on one survey. Raises ValueError for naive datetimes, and for `only_if` without facts."""
    _check_aware(now, intended.earliest, intended.expires)
    if recipient.suppressed:
        return Skip("suppressed", {"why": recipient.suppressed})
    if intended.only_if and (unmet := _unmet(intended.only_if, recipient)):
        return Skip("not_in_audience", {"facts": unmet})
    rules = rules_for(recipient, policy)
    found = obstacles(intended.channels, recipient, policy)
    channel = next((name for name, obstacle in found.items() if obstacle is None), None)
    if channel is None:
        return Skip("no_channel", found)
    wanted = max(now, intended.earliest).astimezone(UTC)
    zones = possible_zones(recipient, rules, policy)
    window = first_window(Calendar(rules, zones, policy.blackout), wanted, policy.least_window)
    skip = _too_late(window, zones, intended, policy) or _fatigue(window, intended, history, policy)
    if skip or window is None:
        return skip or Skip("no_common_window")
    reasons = (
        *_passed_over(found, channel),
        *_zone_assumed(recipient, zones),
        *_moved(wanted, window, zones, rules),
        *_important(window, intended, history, policy),
    )
    return Send(channel, window.start, min(window.end, intended.expires.astimezone(UTC)), reasons)


def obstacles(channels: Iterable[str], recipient: Recipient, policy: Policy) -> dict[str, str | None]:
    """Why each channel cannot be used, as in SKIP_CODES for `no_channel`; None if it can."""
    rules = rules_for(recipient, policy)
    return {channel: _obstacle(channel, recipient, rules, policy) for channel in channels}


def rules_for(recipient: Recipient, policy: Policy) -> CountryRules:
    """The rules of the stated country, else of the number's country, else the default rules."""
    country = recipient.country or recipient.number_country or "default"
    return policy.countries.get(country.upper()) or policy.countries["default"]


def possible_zones(recipient: Recipient, rules: CountryRules, policy: Policy) -> tuple[str, ...]:
    """Every time zone in which the person may be.

    The stated zone, else the number's zones, else the country's. The number's zones are reduced to those where most
    of the country's people live, if there are any among them (for a number from Alaska there are none). If the
    number is from another country than the stated one, the person may be in either country.
    """
    if recipient.time_zone and has_zone(recipient.time_zone):
        return (recipient.time_zone,)
    number, home = recipient.number_zones, rules.zones
    if recipient.country and recipient.number_country not in (None, recipient.country.upper()):
        return tuple(dict.fromkeys(home + number)) or (policy.default_zone,)
    if len(number) == 1:
        return number
    return tuple(zone for zone in number if zone in home) or number or home or (policy.default_zone,)


@lru_cache(maxsize=1024)
def has_zone(name: str | None) -> bool:
    """Whether this is the name of a time zone."""
    try:
        return bool(name) and bool(ZoneInfo(name or ""))
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError; odd paths are the others
        return False


RING = 90 << 24
"""Places on the ring on which everybody has a fixed one. A cadence of n days cuts it into n equal arcs, so the people
of a day are one range of an index, whatever the cadence. Ninety arcs, so that quarterly surveys keep the days that they
had before there was a ring."""


def place_on_ring(contact_key: str) -> int:
    """The place of a person, 0 to RING - 1; always the same, and evenly spread over all persons."""
    digest = hashlib.sha256(f"spread:{contact_key}".encode()).digest()
    above, arc = divmod(int.from_bytes(digest[:8], "big"), 90)
    return (arc << 24) + above % (1 << 24)


def places_of_day(day: int, cadence_days: int) -> tuple[int, int]:
    """(first, last) of the places of everybody whose recurring survey is on this day of the cycle (from 0)."""
    if cadence_days < 1:
        raise ValueError("A cadence must be at least one day.")
    return -(-day * RING // cadence_days), -(-(day + 1) * RING // cadence_days) - 1


def spread(contact_key: str, cadence_days: int) -> int:
    """The day of the cycle, 0 to `cadence_days` - 1, of a person's recurring survey.

    It is always the same for a person and spreads people evenly over the cycle, so that a quarterly survey does
    not go out in four waves a year.
    """
    if cadence_days < 1:
        raise ValueError("A cadence must be at least one day.")
    return place_on_ring(contact_key) * cadence_days // RING


# -- the tests, in order ----------------------------------------------------------------------------------


def _unmet(only_if: Audience, recipient: Recipient) -> list[str]:
    if recipient.facts is None:
        raise ValueError("Read the facts of the recipients: this stage asks only some of them.")
    return only_if.unmet(recipient.facts)


def _obstacle(channel: str, recipient: Recipient, rules: CountryRules, policy: Policy) -> str | None:
    if policy.channels is not None and channel not in policy.channels:
        return "not_enabled"
    reach = recipient.reach.get(channel)
    if reach is None or not reach.has_address:
        return "no_address"
    if reach.suppressed:
        return "suppressed"
    return _permission_missing(channel, reach, recipient, rules)


def _permission_missing(channel: str, reach: Reach, recipient: Recipient, rules: CountryRules) -> str | None:
    """Why the person's permissions forbid the channel; None if they allow it."""
    if reach.consent == ConsentState.REFUSED:
        return "refused"
    given = reach.consent == ConsentState.GIVEN
    if _refused_elsewhere(channel, recipient) and not (given and reach.is_express):
        return "refused_elsewhere"
    return "consent_missing" if channel in rules.consent_required and not given else None


def _refused_elsewhere(channel: str, recipient: Recipient) -> bool:
    """Whether the person refused another channel. Nobody who unsubscribes from e-mail expects a text instead."""
    others = (reach for name, reach in recipient.reach.items() if name != channel)
    return any(each.consent == ConsentState.REFUSED for each in others)


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
    """The limit per account; scheduled surveys count as well, so that the limit is not exceeded later."""
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


def _check_aware(*moments: datetime) -> None:
    if any(moment.tzinfo is None for moment in moments):
        raise ValueError("Pass aware datetimes: this one has no time zone.")


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
