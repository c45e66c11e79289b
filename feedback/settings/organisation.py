"""What the organisation decides: the settings that admins can also change in the browser.

`GROUPS` is the one list of them. What a setting means and which values it may have is defined in `table.py`, and
`revised` checks with the same code as the start of the program. A setting that is given in the file or the environment
keeps that value. What a machine decides (database, ports, keys), and what only a restart can change, is not in the
list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from feedback.core.text.translatable import TranslatableText
from feedback.settings.checks import check
from feedback.settings.problem import Problem
from feedback.settings.reading import SettingEntry, entries, value_of, with_values
from feedback.settings.table import Settings
from feedback.settings.values import plain


@dataclass(frozen=True, slots=True)
class SettingsGroup:
    """Settings that are changed on one page; `names` are full names, such as `contact.min_gap`."""

    key: str
    names: tuple[str, ...]

    @property
    def entries(self) -> tuple[SettingEntry, ...]:
        return tuple(entries()[name] for name in self.names)


def _group(key: str, **tables: str) -> SettingsGroup:
    """`_group("brand", organisation="name logo")`."""
    names = (f"{table}.{name}" for table, listed in tables.items() for name in listed.split())
    return SettingsGroup(key, tuple(names))


GROUPS = (
    _group(
        "brand",
        organisation="name colour logo support_email support_phone privacy_url security_contact",
    ),
    _group("region", organisation="default_language default_region currency exchange_rates"),
    _group("email", providers="enabled", smtp="host port security username password sender envelope_domain"),
    _group(
        "sms",
        providers="enabled",
        twilio="account_sid auth_token secondary_auth_token api_key_sid api_key_secret sender messaging_service_sid "
        "senders region edge messages_per_second cost_per_segment",
    ),
    _group(
        "contact",
        contact="min_gap important_gap account_max account_window quiet_from quiet_to weekdays weekdays_by_country "
        "blackout_dates consent_required",
    ),
    _group(
        "follow-ups",
        followup="fallback_owner opens closes weekdays time_zone holidays holiday_calendars weights half_of_revenue",
        health="weights usage usage_counts_for",
    ),
    _group("notifications", alerts="slack_webhook teams_webhook digest_after remind_before"),
    _group("links", link="edit_window expiry responses_per_network"),
    _group("retention", retention="answers messages contacts replies usage"),
    _group("sign-in", sign_in="second_factor"),
    _group(
        "single-sign-on",
        sso="issuer client_id client_secret provider_name scopes domains new_accounts groups_claim roles other_role "
        "second_factor_values passwords emergency_account sign_out_at_provider",
    ),
)
GROUP_OF: Mapping[str, str] = {name: group.key for group in reversed(GROUPS) for name in group.names}
"""Name of a setting of the organisation -> key of its group; of the first one, if several have it."""


@dataclass(frozen=True, slots=True)
class Revised:
    """The settings with what was stored, and why single values could not be used: name -> the rest of a sentence that
    begins with the setting's name."""

    settings: Settings
    mistakes: Mapping[str, str]


def as_given(settings: Settings) -> Settings:
    """The settings of the file and the environment, without those of the database."""
    return settings.as_given or settings.itself


def place_of(settings: Settings, name: str) -> str:
    """What decides about a setting instead of the browser: `feedback.toml`, a variable, or the demo, which must never
    write to anybody; empty if the browser decides."""
    given = as_given(settings)
    if given.demo and name == "providers.enabled":
        return given.given.get(name, "demo = true")
    return given.given.get(name, "")


def is_fixed(settings: Settings, name: str) -> bool:
    """Whether something else than the browser decides about a setting."""
    return bool(place_of(settings, name))


def with_stored(settings: Settings, stored: Mapping[str, Any], edition: int = 0) -> Revised:
    """The settings with those that were stored in the browser: name -> value in the form of `feedback.toml`.

    What the file or the environment decides, what is not the organisation's, and what cannot be used is left out.
    """
    given = as_given(settings)
    values, mistakes = {}, {}
    for name, written in stored.items():
        if name not in GROUP_OF or is_fixed(given, name):
            continue
        try:
            values[name] = value_of(entries()[name], written)
        except ValueError as error:
            mistakes[name] = error.args[0]
    return Revised(replace(with_values(given, values), as_given=given, edition=edition), mistakes)


def value(settings: Settings, name: str) -> Any:
    """The value of a setting, by its name."""
    table, _, key = name.rpartition(".")
    return getattr(getattr(settings, table) if table else settings, key)


def written(settings: Settings, name: str) -> Any:
    """The value of a setting that is no secret, in the form in which it is stored."""
    return plain(value(settings, name))


def refused(settings: Settings) -> dict[str, str]:
    """Name -> why its value cannot be used, for those whose valid keys only the domain knows."""
    from feedback.core.followup import Weights  # noqa: PLC0415  (few commands need it)
    from feedback.core.health import weights_with  # noqa: PLC0415

    found = {}
    for name, made in (("followup.weights", Weights.with_changes), ("health.weights", weights_with)):
        try:
            made(value(settings, name))
        except ValueError as error:
            found[name] = str(error)
    if not all(full > 0 for full in settings.health.usage.values()):
        found["health.usage"] = "Every full-use value must be greater than 0."
    return found


NO_PROVIDER = "F020"
"""The one error with which an installation may go on: all channels may be switched off."""


def new_errors(before: Settings, after: Settings) -> Iterator[Problem]:
    """The errors of `check` that a change would bring."""
    known = set(check(before))
    for each in check(after):
        if each.level == "error" and each.code != NO_PROVIDER and each not in known:
            yield each


_SECOND_OF_ITS_CODE = ("twilio.api_key_sid", "smtp.username")
"""Settings of an error whose code stands for another error, too."""


def mistake_of(problem: Problem) -> TranslatableText:
    """An error as the mistake of a field: in English, with its code as the key of translations. The second error of a
    code has the name of a setting instead."""
    second = (name for name in _SECOND_OF_ITS_CODE if name in problem.settings)
    return TranslatableText(f"{problem.message} {problem.hint}", next(second, problem.code))


def about_sending(settings: Settings) -> object:
    """What providers are made from: equal as long as they need not be made again."""
    return settings.providers, settings.twilio, settings.smtp, settings.organisation.name


def can_wait(problem: Problem, settings: Settings) -> bool:
    """Whether an admin can fix a problem in the browser, so that it need not keep the program from starting: nothing
    that it is about is decided by the file or the environment."""
    return bool(problem.settings) and all(
        name in GROUP_OF and not is_fixed(settings, name) for name in problem.settings
    )
