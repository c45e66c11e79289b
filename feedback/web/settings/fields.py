"""The form of a group of settings, made from the table of settings: how each is shown and read again."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any, Literal, Union, get_args, get_origin
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from feedback.settings import Secret, Settings, Weekday, organisation
from feedback.settings.organisation import SettingsGroup
from feedback.settings.reading import SettingEntry
from feedback.settings.reference import default_of
from feedback.settings.values import plain

UNIT = ".unit"
REMOVE = ".remove"
"""Endings of the names of inputs that belong to one of a setting."""
LENGTHS = "smhdw"
"""Units of durations: seconds, minutes, hours, days, weeks."""

Widget = (
    Literal["text", "secret", "switch", "choice", "number", "time", "length"]
    | Literal["weekdays", "dates", "pairs", "provider", "logo", "colour"]
)
Choices = Mapping[str, Sequence[str]]
"""Name of a setting -> values to choose from, besides those that its type lists."""

_WIDGETS: Mapping[Any, Widget] = {
    str: "text",
    int: "number",
    float: "number",
    bool: "switch",
    time: "time",
    timedelta: "length",
    Secret: "secret",
    ZoneInfo: "text",
    tuple[Weekday, ...]: "weekdays",
    tuple[date, ...]: "dates",
}
_OWN: Mapping[str, Widget] = {
    "organisation.colour": "colour",
    "organisation.logo": "logo",
    "providers.enabled": "provider",
}
_PROVIDER_OF = {"email": "smtp_email", "sms": "twilio_sms"}
"""Group -> the provider that is switched on and off on its page."""


@dataclass(frozen=True, slots=True)
class SettingField:
    """One setting in a form. `value` is a text, or a list of texts where several can be chosen; `unit` that of a
    duration; `place` is what decides about the setting instead of the browser; `mistake` is the rest of a sentence."""

    entry: SettingEntry
    widget: Widget
    value: Any
    choices: Sequence[str] = ()
    unit: str = ""
    place: str = ""
    mistake: str = ""
    default: Any = ""

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def id(self) -> str:
        return self.entry.name.replace(".", "-").replace("_", "-")

    @property
    def least(self) -> Any:
        return self.entry.field.metadata["least"]

    @property
    def most(self) -> Any:
        return self.entry.field.metadata["most"]

    @property
    def is_whole(self) -> bool:
        return self.entry.kind is int


def fields_of(
    group: SettingsGroup,
    settings: Settings,
    choices: Choices,
    typed: MultiDict[str, str] | None = None,
    mistakes: Mapping[str, str] | None = None,
) -> list[SettingField]:
    """The fields of a group, with the values in force, or with what was typed."""
    return [_field(each, group, settings, choices, typed, mistakes or {}) for each in group.entries]


def _field(
    entry: SettingEntry,
    group: SettingsGroup,
    settings: Settings,
    choices: Choices,
    typed: MultiDict[str, str] | None,
    mistakes: Mapping[str, str],
) -> SettingField:
    widget, name = widget_of(entry, choices), entry.name
    place = organisation.place_of(settings, name)
    value, unit = _shown(entry, widget, group, settings)
    if typed is not None and name in typed and not place and widget not in ("secret", "logo"):
        value, unit = _typed(widget, name, typed), typed.get(name + UNIT, "")
    offered = choices.get(name) or get_args(_inner(entry.kind))
    return SettingField(
        entry,
        widget,
        value,
        tuple(offered) if widget == "choice" else (),
        unit,
        place,
        mistakes.get(name, ""),
        "" if entry.is_secret else _as_text(plain(default_of(entry)), widget),
    )


def widget_of(entry: SettingEntry, choices: Choices) -> Widget:
    """How a setting is shown."""
    if entry.name in choices or get_origin(_inner(entry.kind)) is Literal:
        return "choice"
    if get_origin(entry.kind) is Mapping:
        return "pairs"
    return _OWN.get(entry.name) or _WIDGETS[_inner(entry.kind)]


def _inner(kind: Any) -> Any:
    """The type of an optional value, without None."""
    if get_origin(kind) in (Union, types.UnionType):
        return next(each for each in get_args(kind) if each is not type(None))
    return kind


def _shown(entry: SettingEntry, widget: Widget, group: SettingsGroup, settings: Settings) -> tuple[Any, str]:
    """The value in force as its input has it, and the unit of a duration."""
    value = organisation.value(settings, entry.name)
    if widget == "secret":
        return bool(value), ""
    if widget == "provider":
        return _PROVIDER_OF[group.key] in value, ""
    if widget == "weekdays":
        return [str(int(day)) for day in value], ""
    text = _as_text(plain(value), widget)
    return (text[:-1], text[-1]) if widget == "length" else (text, "")


def _as_text(value: Any, widget: Widget) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.10f}".rstrip("0").rstrip(".")
        case list():
            return ("\n" if widget == "dates" else ", ").join(value)
        case Mapping():
            return "\n".join(f"{key} = {_as_text(item, 'text')}" for key, item in value.items())
    return str(value)


def _typed(widget: Widget, name: str, typed: MultiDict[str, str]) -> Any:
    if widget == "weekdays":
        return [each for each in typed.getlist(name) if each]
    if widget == "provider":
        return "on" in typed.getlist(name)
    return typed[name]


def read(
    group: SettingsGroup, settings: Settings, typed: MultiDict[str, str], choices: Choices
) -> dict[str, Any]:
    """What the form says: name -> value in the form of `feedback.toml`. Settings that it does not contain, that are
    decided elsewhere, and secrets that were left empty are missing. Logos are read by `Logo.of_upload`."""
    found: dict[str, Any] = {}
    for entry in group.entries:
        name, widget = entry.name, widget_of(entry, choices)
        if organisation.place_of(settings, name) or widget == "logo":
            continue
        if widget == "secret":
            if typed.get(name + REMOVE) or typed.get(name):
                found[name] = "" if typed.get(name + REMOVE) else typed[name].strip()
        elif name in typed:
            found[name] = _read(entry, widget, group, settings, typed)
    return found


def _read(
    entry: SettingEntry,
    widget: Widget,
    group: SettingsGroup,
    settings: Settings,
    typed: MultiDict[str, str],
) -> Any:
    name = entry.name
    text = typed[name].strip()
    match widget:
        case "provider":
            return _enabled(_PROVIDER_OF[group.key], settings, on="on" in typed.getlist(name))
        case "weekdays":
            return [_weekday(each) for each in typed.getlist(name) if each]
        case "length":
            return f"{text}{typed.get(name + UNIT, '')}"
        case "dates":
            return text.replace(",", " ").split()
        case "pairs":
            return _pairs(text, lists=get_origin(get_args(entry.kind)[1]) is tuple)
        case _:
            return text


def _enabled(provider: str, settings: Settings, *, on: bool) -> list[str]:
    others = [each for each in settings.providers.enabled if each != provider]
    if not on:
        return others
    return list(settings.providers.enabled) if provider in settings.providers.enabled else [*others, provider]


def _weekday(number: str) -> str:
    """`mon` for 0. What is no weekday is left to the settings to refuse."""
    return Weekday(int(number)).name.lower() if number in map(str, range(7)) else number


def _pairs(text: str, *, lists: bool) -> Any:
    """`key = value` in each line; a key may contain the sign, as names of groups in LDAP do.

    A text that is no such list is left to the settings to refuse."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if any("=" not in line for line in lines):
        return text
    split = [[part.strip() for part in line.rsplit("=", 1)] for line in lines]
    return {key: value.replace(",", " ").split() if lists else value for key, value in split}
