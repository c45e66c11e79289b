"""The conditions of Formbricks: groups of comparisons, and the single comparison of older versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from feedback.services.studio.importing.outline import Condition, shortened
from feedback.services.studio.importing.settling import number_in

DEEPEST = 8

_NEGATED = {"doesNotEqual", "notEquals", "doesNotIncludeOneOf"}
_EQUAL = {"equals", "equalsOneOf", "includesOneOf", "isAnyOf", *_NEGATED}
_ALL = {"includesAllOf": True, "doesNotIncludeAllOf": False}
_HAVING = {"contains": True, "doesNotContain": False}
_ANSWERED = {
    "isSubmitted": True, "submitted": True, "isCompletelySubmitted": True, "isSet": True, "isNotEmpty": True,
    "isAccepted": True, "isSkipped": False, "skipped": False, "isNotSet": False, "isEmpty": False,
}  # fmt: skip
_BOUNDS = {
    "isGreaterThan": "above", "greaterThan": "above", "isGreaterThanOrEqual": "at_least", "greaterEqual": "at_least",
    "isLessThan": "below", "lessThan": "below", "isLessThanOrEqual": "at_most", "lessEqual": "at_most",
}  # fmt: skip
_OLD = {"includesOne": "includesOneOf", "includesAll": "includesAllOf", "accepted": "isAccepted"}


def condition_of_group(group: Mapping[str, Any], depth: int = 0) -> Condition:
    """A group: `{"connector": "and", "conditions": [...]}`. What cannot be said is marked `unsayable`."""
    parts = group.get("conditions")
    if depth > DEEPEST or not isinstance(parts, list) or not parts:
        return {"unsayable": True, "source": shortened(str(dict(group)))}
    found = [
        condition_of_group(each, depth + 1) if "conditions" in each else _comparison(each)
        for each in parts
        if isinstance(each, dict)
    ]
    words = f" {group.get('connector', 'and')} ".join(str(each.get("source", "")) for each in found)
    if len(found) == 1:
        return found[0]
    return {"any" if group.get("connector") == "or" else "all": found, "source": words}


def old_condition(rule: Mapping[str, Any], question: str) -> Condition:
    """A rule of older versions: `{"condition": "equals", "value": "x"}`, about the question that it belongs to."""
    name = str(rule.get("condition", ""))
    return _test(question, _OLD.get(name, name), rule.get("value"))


def _comparison(data: Mapping[str, Any]) -> Condition:
    left, right = data.get("leftOperand"), data.get("rightOperand")
    if not isinstance(left, dict) or left.get("type") not in ("question", "element"):
        return {"unsayable": True, "source": shortened(str(dict(data)))}
    if isinstance(right, dict) and right.get("type", "static") != "static":
        return {"unsayable": True, "source": shortened(str(dict(data)))}
    value = right.get("value") if isinstance(right, dict) else None
    return _test(str(left.get("value")), str(data.get("operator", "")), value)


def _test(question: str, operator: str, value: Any) -> Condition:
    source = shortened(f"{question} {operator} {value if value is not None else ''}".strip())
    values = [str(each) for each in (value if isinstance(value, list) else [value]) if each is not None]
    if operator in _ANSWERED:
        return {"question": question, "answered": _ANSWERED[operator], "source": source}
    if operator in _BOUNDS and len(values) == 1 and (bound := number_in(values[0])) is not None:
        return {"question": question, _BOUNDS[operator]: bound, "source": source}
    if operator in _HAVING and len(values) == 1 and values[0]:
        having = {"question": question, "having": values[0]}
        return {**having, "source": source} if _HAVING[operator] else {"not": having, "source": source}
    if operator in _ALL and values:
        whole = {"all": [{"question": question, "is": [each]} for each in values]}
        return {**whole, "source": source} if _ALL[operator] else {"not": whole, "source": source}
    if operator not in _EQUAL or not values:
        return {"unsayable": True, "source": source}
    equal: dict[str, Any] = {"question": question, "is": values, "source": source}
    return {"not": equal, "source": source} if operator in _NEGATED else equal
