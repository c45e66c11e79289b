"""load(): read defaults, file and environment, and report every mistake at once."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from feedback.core.text.translatable import message
from feedback.errors import SettingsInvalid
from feedback.settings.table import RENAMED, Settings
from feedback.settings.values import Secret, parse

FILE = "feedback.toml"
PREFIX = "FEEDBACK_"
_NOT_SETTINGS = {"FEEDBACK_INSTANCE"}  # names the directory of the settings and is not a setting


@dataclass(frozen=True)
class SettingEntry:
    """One setting; `table` is empty for a setting at the top of the file.

    `former` is the name of an earlier release by which the row is known too.
    """

    table: str
    field: Field[Any]
    kind: Any
    former: str = ""

    @property
    def name(self) -> str:
        if self.former:
            return self.former
        return f"{self.table}.{self.field.name}" if self.table else self.field.name

    @property
    def variable(self) -> str:
        return PREFIX + self.name.replace(".", "_").upper()

    @property
    def is_secret(self) -> bool:
        return self.kind is Secret


@cache
def entries() -> Mapping[str, SettingEntry]:
    """Every setting by its name, such as `web.port`."""
    return {entry.name: entry for entry in _entries(Settings, "")}


def _entries(table: type, name: str) -> Iterator[SettingEntry]:
    kinds = get_type_hints(table)
    for each in fields(table):
        if is_dataclass(kinds[each.name]):
            yield from _entries(kinds[each.name], each.name)
        elif each.metadata:
            yield SettingEntry(name, each, kinds[each.name])


@cache
def _accepted() -> Mapping[str, SettingEntry]:
    """Every name that may be written: today's, and those of earlier releases."""
    return {**entries(), **{old: replace(entries()[new], former=old) for old, new in RENAMED.items()}}


def load(instance: Path, environ: Mapping[str, str]) -> Settings:
    """Load the settings of the installation in `instance`; the file is optional.

    Raises SettingsInvalid with one line for each mistake.
    """
    instance = instance.absolute()
    mistakes: list[str] = []
    in_file = dict(_from_file(instance / FILE, mistakes))
    in_environment = dict(_from_environment(environ, mistakes))
    given = in_file | in_environment
    values = _by_todays_names(given, mistakes)
    if mistakes:
        raise SettingsInvalid("\n".join(mistakes))
    old_names = tuple(name for name in RENAMED if name in given)
    places = dict.fromkeys(in_file, FILE) | {name: _accepted()[name].variable for name in in_environment}
    settings = replace(
        with_values(Settings(instance=instance), values),
        old_names=old_names,
        given={RENAMED.get(name, name): place for name, place in places.items()},
    )
    return _with_derived(settings)


def _by_todays_names(given: Mapping[str, Any], mistakes: list[str]) -> Mapping[str, Any]:
    """The same values; an old name and its new one may both be given where they agree, in whatever place."""
    values = {name: value for name, value in given.items() if name not in RENAMED}
    for old, new in RENAMED.items():
        if old in given and values.setdefault(new, given[old]) != given[old]:
            mistakes.append(f"{old} is the old name of {new}, and they differ; keep {new}.")
    return values


def _from_file(path: Path, mistakes: list[str]) -> Iterator[tuple[str, Any]]:
    for name, written in _flatten(_document(path)):
        if (entry := _accepted().get(name)) is None:
            mistakes.append(f"{path.name}: there is no setting {name}.{_nearest(name, entries())}")
        else:
            yield from _value(entry, written, f"{path.name}: {name}", mistakes)


def _document(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsInvalid(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{path} is not valid TOML: {error}.") from None


def _flatten(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    tables = {name.rpartition(".")[0] for name in _accepted()}
    for name, value in document.items():
        if isinstance(value, dict) and name in tables:
            yield from ((f"{name}.{key}", inner) for key, inner in value.items())
        else:
            yield name, value


def _from_environment(environ: Mapping[str, str], mistakes: list[str]) -> Iterator[tuple[str, Any]]:
    known = {entry.variable: entry for entry in _accepted().values()}
    files = {f"{variable}_FILE": entry for variable, entry in known.items() if entry.is_secret}
    suggested = [*(entry.variable for entry in entries().values()), *files]
    for variable in sorted(name for name in environ if name.startswith(PREFIX)):
        if variable in known:
            yield from _value(known[variable], environ[variable], variable, mistakes)
        elif variable in files:
            yield from _secret_from_file(files[variable], variable, environ, mistakes)
        elif variable not in _NOT_SETTINGS:
            mistakes.append(f"There is no setting {variable}.{_nearest(variable, suggested)}")


def _secret_from_file(
    entry: SettingEntry, variable: str, environ: Mapping[str, str], mistakes: list[str]
) -> Iterator[tuple[str, Any]]:
    if entry.variable in environ:
        mistakes.append(f"{entry.variable} and {variable} are both set; remove one of them.")
        return
    try:
        yield entry.name, Secret(Path(environ[variable]).read_text(encoding="utf-8").rstrip("\r\n"))
    except (OSError, UnicodeDecodeError):
        mistakes.append(f"{variable} names a file that cannot be read.")


def _value(entry: SettingEntry, written: Any, where: str, mistakes: list[str]) -> Iterator[tuple[str, Any]]:
    try:
        value = value_of(entry, written)
    except ValueError as error:
        shown = "" if entry.is_secret else f", not {written!r}"
        mistakes.append(f"{where} {error}{shown}.")
    else:
        yield entry.name, value


def value_of(entry: SettingEntry, written: Any) -> Any:
    """The value that is written for a setting, as in `feedback.toml` or in a variable.

    Raises ValueError with a message that continues a sentence beginning with the setting's name.
    """
    value = parse(entry.kind, written)
    _in_bounds(entry, value)
    return value


def _in_bounds(entry: SettingEntry, value: Any) -> None:
    least, most = entry.field.metadata["least"], entry.field.metadata["most"]
    if least is not None and value < least:
        raise ValueError(message("must be at least {least}", least=str(least)))
    if most is not None and value > most:
        raise ValueError(message("must be at most {most}", most=str(most)))


def _nearest(name: str, known: Any) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" Did you mean {near[0]}?" if near else ""


def with_values(settings: Settings, values: Mapping[str, Any]) -> Settings:
    """The settings with other values, by name."""
    settings = settings.itself
    grouped: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        table, _, key = name.rpartition(".")
        grouped.setdefault(table, {})[key] = value
    top = grouped.pop("", {})
    tables = {table: replace(getattr(settings, table), **given) for table, given in grouped.items()}
    return replace(settings, **top, **tables)


def _with_derived(settings: Settings) -> Settings:
    """Fill in the defaults that depend on other settings: database URL, time zones, and the demo's secrets."""
    if not settings.database.url:
        url = Secret(f"sqlite:///{settings.instance / 'feedback.db'}")
        settings = replace(settings, database=replace(settings.database, url=url))
    if settings.followup.time_zone is None:
        zone = settings.organisation.time_zone
        settings = replace(settings, followup=replace(settings.followup, time_zone=zone))
    return _with_stand_ins(settings) if settings.demo else settings


def _with_stand_ins(settings: Settings) -> Settings:
    public = Secret("demo: everybody knows this secret, so never use it in public")
    web, link, providers = settings.web, settings.link, settings.providers
    return replace(
        settings,
        web=replace(web, secret_key=web.secret_key or public, password_salt=web.password_salt or public),
        link=replace(link, key=link.key or public),
        providers=replace(providers, enabled=providers.enabled or ("simulator_sms", "simulator_email")),
    )
