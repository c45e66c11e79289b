"""Generates docs/settings.md and a new installation's feedback.toml from the table of settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, get_type_hints

from feedback.errors import SettingsInvalid
from feedback.settings.reading import SettingEntry, entries
from feedback.settings.table import Settings
from feedback.settings.values import written

_HEAD = """\
# Settings

<!-- Made from feedback/settings/table.py by `python3 dev.py docs`; do not edit. -->

Settings come from three places, each overriding the one before: the defaults below, the file `feedback.toml`
in the instance directory (`FEEDBACK_INSTANCE`, by default `./instance`), and environment variables. To read a
secret from a file, add `_FILE` to the name of its variable and set it to the file's path, for example
`FEEDBACK_TWILIO_AUTH_TOKEN_FILE`.

Write durations as `30s`, `15m`, `4h`, `2d` or `2w`. In a variable, separate the items of a list with commas,
and write a table as `name=value` pairs separated by commas. An unknown name is an error. `feedback doctor`
reports what is missing or unwise.
"""


def reference() -> str:
    """The documentation of every setting, as Markdown."""
    return _HEAD + "".join(_section(table, list(rows)) for table, rows in _tables())


def _tables() -> Iterator[tuple[str, Iterator[SettingEntry]]]:
    return groupby(entries().values(), key=lambda entry: entry.table)


def _section(table: str, rows: list[SettingEntry]) -> str:
    title = f"[{table}]" if table else "At the top of the file"
    lines = [f"\n## {title}\n"]
    if table:
        lines.append(f"\n{_purpose(table)}\n")
    lines.append("\n| setting | default | variable | |\n| --- | --- | --- | --- |\n")
    lines += [_row(entry) for entry in rows]
    return "".join(lines)


def _purpose(table: str) -> str:
    return str(get_type_hints(Settings)[table].__doc__)


def _row(entry: SettingEntry) -> str:
    default = "secret" if entry.is_secret else f"`{written(default_of(entry))}`"
    return f"| `{entry.field.name}` | {default} | `{entry.variable}` | {entry.field.metadata['doc']} |\n"


def default_of(entry: SettingEntry) -> Any:
    """The value of a setting that nobody has set."""
    if callable(entry.field.default_factory):
        return entry.field.default_factory()
    return entry.field.default


def initial_toml(values: Mapping[str, str]) -> str:
    """A commented `feedback.toml` that sets `values`, such as `{"link.key": "..."}`; all other settings are comments.

    Raises SettingsInvalid for an unknown name.
    """
    for name in values:
        if name not in entries():
            raise SettingsInvalid(f"There is no setting {name}.")
    parts = ["# Settings of this installation. Remove the # from a line to change a default.\n"]
    for table, rows in _tables():
        parts.append(f"\n[{table}]\n# {_purpose(table)}\n" if table else "\n")
        parts += [_line(entry, values.get(entry.name)) for entry in rows]
    return "".join(parts)


def _line(entry: SettingEntry, value: str | None) -> str:
    doc = f"# {entry.field.metadata['doc']}\n"
    if value is not None:
        return f"{doc}{entry.field.name} = {written(value)}\n"
    return f"{doc}# {entry.field.name} = {written(default_of(entry))}\n"
