"""Converts what an operator wrote, in TOML or in a variable, to the value that the program uses.

Every function here raises ValueError with a message that continues a sentence beginning with the setting's name.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from enum import IntEnum
from typing import Any, Literal, Union, get_args, get_origin
from zoneinfo import ZoneInfo

from feedback.core.text.translatable import message
from feedback.core.time.duration import length, length_text

_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class Weekday(IntEnum):
    """Monday is 0, as in `date.weekday()`."""

    MON, TUE, WED, THU, FRI, SAT, SUN = range(7)


class Secret:
    """A value that is masked in logs, tracebacks and pages; only `reveal()` returns it."""

    __slots__ = ("_value",)

    def __init__(self, value: str = "") -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret(set)" if self._value else "Secret()"

    __str__ = __repr__


def parse(kind: Any, written: Any) -> Any:
    """Convert `written` to type `kind`. It is a TOML value, or a string if it comes from a variable."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        inner = next(each for each in arguments if each is not type(None))
        return None if written == "" else parse(inner, written)
    if origin is Literal:
        return _one_of(arguments, written)
    if origin is tuple:
        return tuple(parse(arguments[0], item) for item in _items(written))
    if origin is Mapping:
        return {key: parse(arguments[1], value) for key, value in _pairs(written).items()}
    return _PARSERS[kind](written)


def _one_of(allowed: tuple[str, ...], written: Any) -> str:
    if written not in allowed:
        raise ValueError(message("must be one of {choices}", choices=", ".join(allowed)))
    return str(written)


def _items(written: Any) -> list[Any]:
    if isinstance(written, str):
        return [item.strip() for item in written.split(",") if item.strip()]
    if not isinstance(written, list):
        raise ValueError("must be a list")
    return written


def _pairs(written: Any) -> Mapping[str, Any]:
    """A TOML table, or `DE=Acme, US=+15551234567` in a variable."""
    if isinstance(written, Mapping):
        return written
    if not isinstance(written, str) or any("=" not in item for item in _items(written)):
        raise ValueError("must be a table, or name=value pairs separated by commas")
    return {key.strip(): value.strip() for key, value in (item.split("=", 1) for item in _items(written))}


def _text(written: Any) -> str:
    if not isinstance(written, str):
        raise ValueError("must be text in quotation marks")
    return written


def _integer(written: Any) -> int:
    if isinstance(written, bool) or not isinstance(written, int | str):
        raise ValueError("must be a whole number")
    try:
        return int(written)
    except ValueError:
        raise ValueError("must be a whole number") from None


def _number(written: Any) -> float:
    if isinstance(written, bool) or not isinstance(written, int | float | str):
        raise ValueError("must be a number")
    try:
        return float(written)
    except ValueError:
        raise ValueError("must be a number") from None


def _switch(written: Any) -> bool:
    if isinstance(written, bool):
        return written
    if isinstance(written, str) and written.lower() in (*_TRUE, *_FALSE):
        return written.lower() in _TRUE
    raise ValueError("must be true or false")


def _length(written: Any) -> timedelta:
    """`30s`, `15m`, `4h`, `2d` or `2w`."""
    return length(
        written if isinstance(written, str) else "must be a duration such as 30s, 15m, 4h, 2d or 2w"
    )


def _clock(written: Any) -> time:
    if isinstance(written, time):
        return written
    try:
        return time.fromisoformat(_text(written))
    except ValueError:
        raise ValueError("must be a time of day such as 09:00") from None


def _day(written: Any) -> date:
    if isinstance(written, date):
        return written
    try:
        return date.fromisoformat(_text(written))
    except ValueError:
        raise ValueError("must be a date such as 2026-12-24") from None


def _zone(written: Any) -> ZoneInfo:
    try:
        return ZoneInfo(_text(written))
    except (OSError, ValueError, LookupError):
        raise ValueError("must be a time zone such as Europe/Istanbul") from None


def _weekday(written: Any) -> Weekday:
    try:
        return Weekday[_text(written)[:3].upper()]
    except KeyError:
        raise ValueError("must name weekdays such as mon, tue") from None


_PARSERS: dict[Any, Callable[[Any], Any]] = {
    str: _text,
    int: _integer,
    float: _number,
    bool: _switch,
    timedelta: _length,
    time: _clock,
    date: _day,
    ZoneInfo: _zone,
    Weekday: _weekday,
    Secret: lambda written: Secret(_text(written)),
}


def written(value: Any) -> str:  # noqa: PLR0911  (a table of types)
    """The TOML form of a value; the inverse of `parse` for every type that a default has."""
    match value:
        case None | Secret():
            return '""'
        case bool():
            return str(value).lower()
        case Weekday():
            return f'"{value.name.lower()}"'
        case timedelta():
            return f'"{length_text(value)}"'
        case time():
            return f'"{value:%H:%M}"'
        case date():
            return value.isoformat()
        case int() | float():
            return str(value)
        case tuple():
            return f"[{', '.join(written(item) for item in value)}]"
        case Mapping():
            return f"{{ {', '.join(f'{key} = {written(item)}' for key, item in value.items())} }}"
        case _:
            return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def plain(value: Any) -> Any:  # noqa: PLR0911  (a table of types)
    """The JSON form of a value that is no secret; `parse` reads it again."""
    match value:
        case None:
            return ""
        case bool() | str():
            return value
        case Weekday():
            return value.name.lower()
        case int() | float():
            return value
        case timedelta():
            return length_text(value)
        case time():
            return f"{value:%H:%M}"
        case date():
            return value.isoformat()
        case tuple():
            return [plain(item) for item in value]
        case Mapping():
            return {key: plain(item) for key, item in value.items()}
        case _:
            return str(value)
