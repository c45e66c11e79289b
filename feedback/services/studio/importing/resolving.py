"""Gives questions and options their keys, and conditions the keys instead of the source's codes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from feedback.core.questions import QUESTION_TYPES, ScaleQuestion
from feedback.services.studio.importing import notes
from feedback.services.studio.importing.keys import slug, unused
from feedback.services.studio.importing.outline import (
    Condition,
    OutlineOption,
    OutlineQuestion,
    SurveyOutline,
    shortened,
)

DEEPEST = 6
"""Nested conditions; deeper ones cannot be read by people either."""
MOST_TESTS = 60

_CHOICES = ("single", "multi")
BOUNDS = ("at_least", "at_most", "above", "below")
"""The tests of a condition that compare with a number."""


class UnsayableError(Exception):
    """A condition that the format cannot express."""


def give_keys(outline: SurveyOutline) -> None:
    """Set the keys of questions, options and rows: from their codes, or from their words if a code says nothing."""
    taken: set[str] = set()
    for number, question in enumerate(outline.questions, 1):
        question.key = unused(slug(question.code) or f"q{number}", taken)
        taken.add(question.key)
        _key_options(question.options, "o")
        _key_options(question.rows, "r")


def _key_options(options: list[OutlineOption], letter: str) -> None:
    taken: set[str] = set()
    for number, option in enumerate(options, 1):
        if option.key and option.key not in taken:
            taken.add(option.key)
            continue
        said = slug(option.code) if not option.code.strip("-").isdecimal() else ""
        english = option.text.get("en") or next(iter(option.text.values()), "")
        option.key = unused((said or slug(english) or f"{letter}{number}")[:48].rstrip("-_"), taken)
        taken.add(option.key)


def conditions_of(outline: SurveyOutline) -> Iterator[dict[str, Any] | None]:
    """`show_if` of each question, in order. Conditions that cannot be expressed are left out, with a note."""
    before: dict[str, OutlineQuestion] = {}
    for question in outline.questions:
        said: list[dict[str, Any]] = []
        for condition in question.conditions:
            try:
                resolved = _resolved(condition, before, 0)
                if "contains" in flat(resolved):
                    outline.guessed(question.code, notes.WORD_BEGINS, condition=in_words(condition))
                if resolved not in said:
                    said.append(resolved)
            except UnsayableError:
                outline.lost(question.code, notes.CONDITION, condition=in_words(condition))
        whole = None if not said else said[0] if len(said) == 1 else {"all": said}
        if whole and _tests(whole) > MOST_TESTS:
            outline.lost(question.code, notes.CONDITION, condition="...")
            whole = None
        yield whole
        if question.is_note:
            continue
        before[question.code] = question
        before.update({alias: question for alias, code in outline.aliases.items() if code == question.code})


def flat(condition: Mapping[str, Any]) -> set[str]:
    """The names of all tests in a condition."""
    inner = condition.get("all") or condition.get("any") or [each for each in [condition.get("not")] if each]
    return set(condition) | {name for each in inner for name in flat(each)}


def in_words(condition: Condition) -> str:
    """A condition for the report: as the source wrote it if that is known, otherwise in the format's words."""
    if source := condition.get("source"):
        return shortened(str(source))
    return shortened(str({name: value for name, value in condition.items() if name != "source"}))


def _tests(condition: Mapping[str, Any]) -> int:
    """How many tests of single questions a condition has."""
    if "not" in condition:
        return _tests(condition["not"])
    parts = condition.get("all") or condition.get("any")
    return sum(map(_tests, parts)) if parts else 1


def _resolved(condition: Condition, before: Mapping[str, OutlineQuestion], depth: int) -> dict[str, Any]:
    if depth > DEEPEST or "unsayable" in condition:
        raise UnsayableError
    for name in ("all", "any"):
        if name in condition:
            parts = [_resolved(each, before, depth + 1) for each in condition[name]]
            return parts[0] if len(parts) == 1 else {name: parts}
    if "not" in condition:
        inner = _resolved(condition["not"], before, depth + 1)
        return inner["not"] if set(inner) == {"not"} else {"not": inner}
    question = before.get(str(condition["question"]))
    if question is None:
        raise UnsayableError
    if "exactly" in condition:
        return _exactly(condition["exactly"], question)
    if "having" in condition:
        return {"question": question.key, **_having(condition["having"], question)}
    return {"question": question.key, **_test(condition, question)}


def _test(condition: Condition, question: OutlineQuestion) -> dict[str, Any]:
    """The test of one question, without its key. Raises UnsayableError."""
    if "answered" in condition:
        return {"answered": condition["answered"]}
    if "is" in condition:
        return _equality(condition["is"], question)
    if question.type == "number":
        return exact_bounds(condition, int(question.extra.get("decimals", 0)))
    bounds = exact_bounds(condition, 0)
    if is_scale(question.type):
        return bounds
    low, high = bounds.get("at_least"), bounds.get("at_most")
    fitting = [
        option.key
        for option in question.options
        if option.code.strip().lstrip("-").isdecimal()
        and (low is None or int(option.code) >= low)
        and (high is None or int(option.code) <= high)
    ]
    if question.type not in _CHOICES or not fitting or not bounds:
        raise UnsayableError
    return {"is": fitting}


def exact_bounds(condition: Condition, places: int) -> dict[str, int | float]:
    """`at_least` and `at_most` for answers with so many decimal places; `above` 2.5 is at least 2.6 for one place."""
    step = Decimal(1).scaleb(-places)
    found: dict[str, int | float] = {}
    for name, rounding in (("at_least", ROUND_CEILING), ("at_most", ROUND_FLOOR)):
        if (value := condition.get(name)) is not None:
            found[name] = _as_number(Decimal(str(value)).quantize(step, rounding))
    for name, meant, sign, rounding in (
        ("above", "at_least", 1, ROUND_FLOOR),
        ("below", "at_most", -1, ROUND_CEILING),
    ):
        if (value := condition.get(name)) is not None:
            found[meant] = _as_number(Decimal(str(value)).quantize(step, rounding) + sign * step)
    return found


def _equality(codes: list[str], question: OutlineQuestion) -> dict[str, Any]:
    if question.type == "consent":
        return {"answered": _is_ticked(codes)}
    if question.type == "number" and (one := _one_number(codes)) is not None:
        return {"at_least": one, "at_most": one}
    return {"is": _values(codes, question)}


def _one_number(codes: list[str]) -> int | float | None:
    """The number if there is only one, with decimals; whole ones are compared as they are."""
    text = str(codes[0]).strip() if len(codes) == 1 else ""
    return float(text) if re.fullmatch(r"-?\d{1,9}\.\d{1,6}", text) else None


def _as_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _is_ticked(codes: list[str]) -> bool:
    """Whether a test of a single box means that it is ticked."""
    said = {str(each).strip().lower() for each in codes}
    return not said <= {"", "n", "no", "0", "false"}


def _having(part: str, question: OutlineQuestion) -> dict[str, Any]:
    """The answer has this option in it; of free words, a word that begins like this."""
    if question.type == "multi":
        return {"is": [_option(part, question.options)]}
    if question.type == "single":
        fitting = [each.key for each in question.options if part.casefold() in each.code.casefold()]
        if fitting:
            return {"is": fitting}
    if question.type == "text" and not question.extra.get("contact") and re.search(r"\w", part):
        return {"contains": [part]}
    raise UnsayableError


def _exactly(codes: list[str], question: OutlineQuestion) -> dict[str, Any]:
    """These options are chosen, and no others."""
    if question.type != "multi":
        raise UnsayableError
    wanted = [_option(str(code), question.options) for code in codes]
    others = [each.key for each in question.options if each.key not in wanted]
    parts: list[dict[str, Any]] = [{"question": question.key, "is": [each]} for each in dict.fromkeys(wanted)]
    if others:
        parts.append({"not": {"question": question.key, "is": others}})
    return parts[0] if len(parts) == 1 else {"all": parts}


def _values(codes: list[str], question: OutlineQuestion) -> list[str | int | float]:
    if question.type in _CHOICES:
        return [_option(str(code), question.options) for code in codes]
    if is_scale(question.type) and question.scale is None:
        return [_point(str(code), {}) for code in codes]
    if question.type == "number" and all(re.fullmatch(r"-?\d{1,9}", str(code).strip()) for code in codes):
        return [int(code) for code in codes]
    if question.type == "date" and all(re.fullmatch(r"\d{4}-\d\d-\d\d", str(code).strip()) for code in codes):
        return [str(code).strip() for code in codes]
    if question.scale and question.type != "matrix":
        points = [_point(str(code), question.scale.codes) for code in codes]
        if all(question.scale.low <= point <= question.scale.high for point in points):
            return list(points)
    raise UnsayableError


def _option(code: str, options: list[OutlineOption]) -> str:
    """The key of the option with this code, or with this wording in any language."""
    for option in options:
        if option.code == code:
            return option.key
    folded = code.strip().casefold()
    for option in options:
        if any(folded == wording.casefold() for wording in (option.code, *option.text.values())):
            return option.key
    raise UnsayableError


def _point(code: str, codes: Mapping[str, int]) -> int:
    if code in codes:
        return codes[code]
    if len(code) < 6 and code.strip().lstrip("-").isdecimal():
        return int(code)
    raise UnsayableError


def is_scale(question_type: str) -> bool:
    """Whether questions of this type are answered with one point of a scale."""
    return issubclass(QUESTION_TYPES[question_type], ScaleQuestion)
