"""JMESPath (https://jmespath.org), with the few functions that bodies of other systems need: times and money."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from math import isfinite
from typing import Any

import jmespath
from jmespath import exceptions, functions
from jmespath.parser import ParsedResult

from feedback.core.door_check import MILLISECONDS
from feedback.core.text.translatable import message

LONGEST = 500
MOST_BRANCHES = 12
"""Lists and objects that one expression makes: each can double what is there."""
LONGEST_TEXT = 300_000
"""Characters of a text that an expression makes, a little more than a body has."""
FINEST = -40
"""The exponent of the smallest number that is an amount: with more zeros its digits alone would fill megabytes."""
DAYS_OF_A_MONTH = Decimal(365) / 12
_WITHOUT_PLACES = (
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
)  # fmt: skip
_PLACES: Mapping[str, int] = {
    **dict.fromkeys(_WITHOUT_PLACES, 0),
    **dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), 3),
}
"""Currency -> decimal places of its smallest unit, where they are not two."""
_WRONG_KIND = message("The values are not of the kind that this expression needs.")
_ANY: Mapping[str, list[str]] = {"types": []}


class ExpressionError(ValueError):
    """An expression that cannot be read, or does not fit what is there; says why."""


def check(text: str) -> str:
    """The expression. Raises ExpressionError if it cannot be read or could grow without bounds."""
    _compiled(text)
    return text


def search(text: str, data: Any) -> Any:
    """What the expression finds in JSON values; None if that is not there. Raises ExpressionError."""
    try:
        return _compiled(text).search(data, jmespath.Options(custom_functions=_OURS))
    except exceptions.JMESPathError as error:
        raise ExpressionError(_said(error)) from None
    except RecursionError:
        raise ExpressionError("The body is nested too deeply.") from None
    except ExpressionError:
        raise
    except (ArithmeticError, TypeError, ValueError):  # the library lets them through, as of "5" < 7
        raise ExpressionError(_WRONG_KIND) from None


@lru_cache(maxsize=2_000)
def _compiled(text: str) -> ParsedResult:
    if len(text) > LONGEST:
        raise ExpressionError(f"Shorten this expression to {LONGEST} characters.")
    try:
        parsed = jmespath.compile(text)
    except exceptions.JMESPathError as error:
        raise ExpressionError(f"This is not JMESPath: {_said(error)}") from None
    except RecursionError:
        raise ExpressionError("This expression is nested too deeply.") from None
    if _branches(parsed.parsed) > MOST_BRANCHES:
        raise ExpressionError("Make this expression simpler: it builds too many lists and objects.")
    if unknown := _unknown_function(parsed.parsed):
        raise ExpressionError(f"There is no function {unknown}().")
    return parsed


def _said(error: Exception) -> str:
    line = str(error).splitlines()[0] if str(error) else type(error).__name__
    return line.removeprefix("Bad jmespath expression: ").strip(" :.") + "."


def _branches(node: Any) -> int:
    """How many list and object constructors a tree has."""
    here = sum(1 for _ in node["children"]) if node["type"].startswith("multi_select") else 0
    return here + sum(_branches(each) for each in node["children"])


def _unknown_function(node: Any) -> str | None:
    if node["type"] == "function_expression" and node["value"] not in _Functions.FUNCTION_TABLE:
        return str(node["value"])
    return next(filter(None, map(_unknown_function, node["children"])), None)


class _Functions(functions.Functions):  # type: ignore[misc]  # it has no types
    """Beside the functions of JMESPath. What is null stays null, as everywhere in it."""

    @functions.signature({"types": ["string"]}, {"types": ["array-string"]})  # type: ignore[untyped-decorator]
    def _func_join(self, separator: str, texts: list[str]) -> str:
        _check_length(len(separator) * max(0, len(texts) - 1) + sum(map(len, texts)))
        return separator.join(texts)

    @functions.signature(_ANY)  # type: ignore[untyped-decorator]
    def _func_to_string(self, value: Any) -> str:
        text: str = super()._func_to_string(value)
        _check_length(len(text))
        return text

    @functions.signature(_ANY)  # type: ignore[untyped-decorator]
    def _func_to_number(self, value: Any) -> Any:
        number = super()._func_to_number(value)
        return None if isinstance(number, float) and not isfinite(number) else number

    @functions.signature(_ANY)  # type: ignore[untyped-decorator]
    def _func_time_of(self, value: Any) -> str | None:
        """ISO 8601 from a number of seconds or milliseconds since 1970; a text is returned as it is."""
        number = _number(value)
        if number is None:
            return value if isinstance(value, str) else None
        seconds = number / 1000 if number >= MILLISECONDS else number
        try:
            return datetime.fromtimestamp(float(seconds), UTC).isoformat()
        except (ValueError, OverflowError, OSError):
            return None

    @functions.signature(_ANY)  # type: ignore[untyped-decorator]
    def _func_day_of(self, value: Any) -> str | None:
        """The day (UTC) of such a time, as 2026-03-31."""
        moment = self._func_time_of(value)
        return moment[:10] if moment else None

    @functions.signature(_ANY, _ANY)  # type: ignore[untyped-decorator]
    def _func_money_of(self, amount: Any, currency: Any) -> str | None:
        """An amount in the smallest unit of a currency (cents) as a decimal number: 1999 USD is 19.99."""
        number = _number(amount)
        if number is None:
            return None
        places = _PLACES.get(currency.upper(), 2) if isinstance(currency, str) else 2
        return _plain(number.scaleb(-places))

    @functions.signature(_ANY, _ANY, _ANY)  # type: ignore[untyped-decorator]
    def _func_per_month(self, amount: Any, unit: Any, count: Any) -> str | None:
        """An amount that is paid every `count` units (day, week, month, year) as an amount per month."""
        number, every = _number(amount), _number(count) or Decimal(1)
        months = {
            "day": 1 / DAYS_OF_A_MONTH,
            "week": 7 / DAYS_OF_A_MONTH,
            "month": Decimal(1),
            "year": Decimal(12),
        }.get(unit if isinstance(unit, str) else "")
        if number is None or months is None or every <= 0:
            return None
        return _plain((number / (months * every)).quantize(Decimal("0.01")))

    @functions.signature(_ANY, _ANY)  # type: ignore[untyped-decorator]
    def _func_times(self, one: Any, other: Any) -> float | None:
        """The product of two numbers."""
        first, second = _number(one), _number(other)
        return None if first is None or second is None else float(first * second)

    @functions.signature(_ANY)  # type: ignore[untyped-decorator]
    def _func_lower(self, value: Any) -> str | None:
        return value.lower() if isinstance(value, str) else None

    @functions.signature(_ANY, _ANY)  # type: ignore[untyped-decorator]
    def _func_after(self, value: Any, mark: Any) -> str | None:
        """What follows the last `mark` in a text: after('zen:ticket:12', ':') is 12."""
        if not isinstance(value, str) or not isinstance(mark, str):
            return None
        return value.rpartition(mark)[2] if mark else value


_OURS = _Functions()


def _number(value: Any) -> Decimal | None:
    """A number of JSON, or one in a text; None for anything else, also for one that is no amount of anything."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    if not found.is_finite() or abs(found) >= Decimal(10) ** 18:
        return None
    exponent = found.as_tuple().exponent
    return found if isinstance(exponent, int) and exponent >= FINEST else None


def _check_length(characters: int) -> None:
    """Each function that puts texts together can multiply what is there."""
    if characters > LONGEST_TEXT:
        raise ExpressionError(message("This expression makes a text that is too long."))


def _plain(number: Decimal) -> str:
    return f"{number:f}"
