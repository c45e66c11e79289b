"""Reads the expressions by which other tools show a question: `{a} = 'x' and {b} > 3` and its dialects.

One grammar serves SurveyJS (`visibleIf`), XLSForm (`relevant`, a part of XPath) and LimeSurvey (the relevance
equation). What differs is how a question is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from feedback.services.studio.importing.outline import Condition

LONGEST = 2_000
DEEPEST = 20

_REST = (
    r"""|(?P<string>'[^']{0,500}'|"[^"]{0,500}")"""
    r"|(?P<number>-?\d{1,9}(?:\.\d{1,6})?(?![\w.]))"
    r"|(?P<operator>==|!=|<>|<=|>=|\*=|&&|\|\||[=<>!(),\[\]])"
    r"|(?P<word>[A-Za-z_][\w.-]*)"
)
_COMPARE = {
    "=": "is", "==": "is", "equal": "is", "eq": "is", "!=": "is-not", "<>": "is-not", "notequal": "is-not",
    "ne": "is-not", "<": "lt", "less": "lt", "lt": "lt", "<=": "le", "lessorequal": "le", "le": "le", ">": "gt",
    "greater": "gt", "gt": "gt", ">=": "ge", "greaterorequal": "ge", "ge": "ge", "contains": "has", "contain": "has",
    "*=": "has", "notcontains": "has-not", "notcontain": "has-not", "anyof": "is", "noneof": "is-not",
    "allof": "all-of",
}  # fmt: skip

_OF_LISTS = ("anyof", "noneof")
"""These test single values of a list; an equality with a list tests the whole answer."""


@dataclass(frozen=True)
class Dialect:
    """How a tool names questions. `reference` is a pattern with the group `name`; `refer` turns a name into the codes
    of the question and, if the name is that of one option, of the option. It returns None for anything else."""

    reference: str
    refer: Callable[[str], tuple[str, str | None] | None]

    def tokens(self) -> re.Pattern[str]:
        return re.compile(rf"\s*(?:(?P<reference>{self.reference}){_REST})")


@dataclass(frozen=True)
class _Named:
    """A question, or one of its options, in an expression."""

    question: str
    option: str | None


class _UnreadableError(Exception):
    """The expression is not of the part of the grammar that is read."""


def condition_of(text: str, dialect: Dialect) -> Condition:
    """The condition that an expression states, with the codes of the source. If it cannot be read, the condition has
    the mark `unsayable`. `source` is the expression itself."""
    try:
        if len(text) > LONGEST:
            raise _UnreadableError
        parser = _Parser(_split(text, dialect), dialect)
        found = parser.either(0)
        if parser.tokens or not isinstance(found, dict):
            raise _UnreadableError
    except _UnreadableError:
        return {"unsayable": True, "source": text}
    return {**found, "source": text}


def _split(text: str, dialect: Dialect) -> list[tuple[str, str]]:
    """(kind, text) of the tokens, the last one first."""
    pattern = dialect.tokens()
    text, at = text.strip(), 0
    found: list[tuple[str, str]] = []
    while at < len(text):
        match = pattern.match(text, at)
        if match is None or not match.lastgroup or match.end() == at:
            raise _UnreadableError
        if match["reference"] is not None:
            found.append(("reference", match["name"]))
        else:
            found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found[::-1]


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]], dialect: Dialect) -> None:
        self.tokens, self.dialect = tokens, dialect

    def either(self, depth: int) -> Any:
        if depth > DEEPEST:
            raise _UnreadableError
        return self._joined("any", ("or", "||"), lambda: self._both(depth))

    def _both(self, depth: int) -> Any:
        return self._joined("all", ("and", "&&"), lambda: self._negated(depth))

    def _joined(self, name: str, words: tuple[str, str], read: Callable[[], Any]) -> Any:
        parts = [read()]
        while self._next_is(*words):
            self.tokens.pop()
            parts.append(read())
        if len(parts) == 1:
            return parts[0]
        return {name: [_condition(each) for each in parts]}

    def _negated(self, depth: int) -> Any:
        if depth > DEEPEST:
            raise _UnreadableError
        if self._next_is("!", "not"):
            self.tokens.pop()
            return _negation(_condition(self._negated(depth + 1)))
        return self._compared(depth)

    def _compared(self, depth: int) -> Any:
        left = self._operand(depth)
        if self._next_is("empty", "notempty"):
            return _answered(left, self._pop()[1].lower() == "notempty")
        if (
            self.tokens
            and (operator := _COMPARE.get(self.tokens[-1][1].lower()))
            and self.tokens[-1][0] != "string"
        ):
            sign = self.tokens.pop()[1].lower()
            right = self._operand(depth)
            if isinstance(right, list) and sign not in _OF_LISTS and operator in ("is", "is-not"):
                return _exactly(left, operator == "is", right)
            return _comparison(left, operator, right)
        return left

    def _operand(self, depth: int) -> Any:
        kind, text = self._pop()
        if kind in ("reference", "string", "number"):
            return self._value(kind, text)
        if text == "(":
            inner = self.either(depth + 1)
            self._expect(")")
            return inner
        if text == "[":
            return self._listed("]", depth)
        if kind == "word" and self._next_is("("):
            self.tokens.pop()
            return self._called(text.lower(), self._listed(")", depth))
        if kind == "word" and text.lower() in ("true", "false"):
            return text.lower()
        raise _UnreadableError

    def _value(self, kind: str, text: str) -> Any:
        if kind == "string":
            return text[1:-1]
        if kind == "number":
            return float(text) if "." in text else int(text)
        found = self.dialect.refer(text)
        if found is None:
            raise _UnreadableError
        return _Named(*found)

    def _listed(self, end: str, depth: int) -> list[Any]:
        values: list[Any] = []
        while not self._next_is(end):
            values.append(self.either(depth + 1))
            if self._next_is(","):
                self.tokens.pop()
        self._expect(end)
        return values

    def _called(self, name: str, values: list[Any]) -> Any:
        if name == "selected" and len(values) == 2:
            return _comparison(values[0], "is", values[1])
        if name == "contains" and len(values) == 2:
            return _comparison(values[0], "has", values[1])
        if name in ("not", "is_empty", "empty") and len(values) == 1:
            if name == "not":
                return _negation(_condition(values[0]))
            return _answered(values[0], False)
        if name in ("true", "false") and not values:
            return name
        raise _UnreadableError

    def _next_is(self, *words: str) -> bool:
        return bool(self.tokens) and self.tokens[-1][0] != "string" and self.tokens[-1][1].lower() in words

    def _expect(self, text: str) -> None:
        if self._pop()[1] != text:
            raise _UnreadableError

    def _pop(self) -> tuple[str, str]:
        if not self.tokens:
            raise _UnreadableError
        return self.tokens.pop()


def _condition(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    if isinstance(value, _Named):  # a question alone is true if it is answered with yes
        return _comparison(value, "is", "Y" if value.option else "true")
    raise _UnreadableError


def _negation(condition: dict[str, Any]) -> dict[str, Any]:
    if set(condition) == {"question", "answered"}:
        return {**condition, "answered": not condition["answered"]}
    return {"not": condition}


def _answered(left: Any, answered: bool) -> dict[str, Any]:
    if not isinstance(left, _Named):
        raise _UnreadableError
    if left.option:
        chosen = {"question": left.question, "is": [left.option]}
        return chosen if answered else {"not": chosen}
    return {"question": left.question, "answered": answered}


def _comparison(left: Any, operator: str, right: Any) -> dict[str, Any]:
    if isinstance(right, _Named) and not isinstance(left, _Named):
        turned = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
        left, right, operator = right, left, turned.get(operator, operator)
    if not isinstance(left, _Named) or isinstance(right, dict | _Named):
        raise _UnreadableError
    if left.option:
        return _of_option(left, operator, right)
    if operator in ("has", "has-not"):
        return _having(left.question, operator == "has", right)
    if operator in ("is", "is-not", "all-of"):
        return _equality(left.question, operator, right)
    bound = {"ge": "at_least", "gt": "above", "le": "at_most", "lt": "below"}[operator]
    return {"question": left.question, bound: _number(right)}


def _exactly(left: Any, positive: bool, right: list[Any]) -> dict[str, Any]:
    if not isinstance(left, _Named) or left.option:
        raise _UnreadableError
    values = [str(each) for each in right]
    if not values:
        return {"question": left.question, "answered": not positive}
    whole = {"question": left.question, "exactly": values}
    return whole if positive else {"not": whole}


def _number(value: Any) -> int | float:
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,9}(?:\.\d{1,6})?", value):
        return float(value) if "." in value else int(value)
    if isinstance(value, int | float):
        return value
    raise _UnreadableError


def _having(question: str, positive: bool, right: Any) -> dict[str, Any]:
    """`contains`: of an answer that is a list, all these options are chosen; of words, they are in it."""
    values = [str(each) for each in (right if isinstance(right, list) else [right])]
    if not all(values):
        raise _UnreadableError
    parts = [{"question": question, "having": each} for each in values]
    whole = parts[0] if len(parts) == 1 else {"all": parts}
    return whole if positive else {"not": whole}


def _equality(question: str, operator: str, right: Any) -> dict[str, Any]:
    values = [str(each) for each in (right if isinstance(right, list) else [right])]
    if values in ([""], []):
        return {"question": question, "answered": operator == "is-not"}
    if operator == "all-of":
        return {"all": [{"question": question, "is": [each]} for each in values]}
    equal = {"question": question, "is": values}
    return equal if operator == "is" else {"not": equal}


def _of_option(left: _Named, operator: str, right: Any) -> dict[str, Any]:
    """A test of one box of a list: it is ticked (`Y`, `1`, `true`) or not."""
    ticked = str(right).lower() in ("y", "1", "true")
    if operator not in ("is", "is-not") or not (ticked or str(right).lower() in ("", "n", "0", "false")):
        raise _UnreadableError
    chosen = {"question": left.question, "is": [left.option]}
    return chosen if ticked == (operator == "is") else {"not": chosen}
