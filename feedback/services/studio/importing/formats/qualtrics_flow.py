"""The survey flow of Qualtrics: which blocks are asked in which order, under which conditions; and its logic."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from feedback.services.studio.importing import notes
from feedback.services.studio.importing.outline import Condition, SurveyOutline, shortened
from feedback.services.studio.importing.settling import number_in

DEEPEST = 20

_CHOICE = re.compile(r"q://(QID\d+)/(?:SelectableChoice|SelectedChoicesCount|ChoiceValue)/?(\w+)?")
_ANY = re.compile(r"q://(QID\d+)/")
_ANSWERED = {
    "Empty": False, "NotEmpty": True, "Displayed": True, "NotDisplayed": False, "Answered": True, "NotAnswered": False,
}  # fmt: skip
_BOUNDS = {
    "GreaterThan": "above",
    "GreaterThanOrEqual": "at_least",
    "LessThan": "below",
    "LessThanOrEqual": "at_most",
}


@dataclass(slots=True)
class FlowBlock:
    """A block at its place in the flow. `ends_survey` is True for the end of the survey inside a branch."""

    id: str
    parts: list[dict[str, Any]] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    ends_survey: bool = False


def blocks_in(elements: list[dict[str, Any]], outline: SurveyOutline) -> list[FlowBlock]:
    """The blocks in the order of the flow; in the order of the file if there is no flow. The bin is left out."""
    blocks: dict[str, dict[str, Any]] = {}
    for element in elements:
        payload = element.get("Payload")
        if element.get("Element") == "BL":
            every = (
                payload.values()
                if isinstance(payload, dict)
                else payload
                if isinstance(payload, list)
                else []
            )
            blocks |= {str(each.get("ID")): each for each in every if isinstance(each, dict)}
    flow = next((each.get("Payload") for each in elements if each.get("Element") == "FL"), None)
    found = list(_flow(flow, blocks, outline, [], 0)) if isinstance(flow, dict) else []
    if not any(each.parts for each in found):
        found = [
            FlowBlock(number, _parts(each)) for number, each in blocks.items() if each.get("Type") != "Trash"
        ]
    return found


def _parts(block: Mapping[str, Any]) -> list[dict[str, Any]]:
    parts = block.get("BlockElements")
    return [each for each in parts if isinstance(each, dict)] if isinstance(parts, list) else []


def _flow(
    node: Mapping[str, Any],
    blocks: Mapping[str, Any],
    outline: SurveyOutline,
    above: list[Condition],
    depth: int,
) -> Iterator[FlowBlock]:
    inner = node.get("Flow")
    for each in inner if isinstance(inner, list) else ():
        if not isinstance(each, dict) or depth > DEEPEST:
            continue
        kind, number = str(each.get("Type", "")), str(each.get("ID", ""))
        conditions = list(above)
        if number in blocks:
            yield FlowBlock(number, _parts(blocks[number]), conditions)
        elif kind == "EndSurvey":
            yield FlowBlock(str(each.get("FlowID")), [], conditions, ends_survey=True)
        elif kind == "Branch":
            conditions.append(condition_of_logic(_dict(each.get("BranchLogic"))))
        elif kind not in ("Group", "Root", "Block", "Standard"):
            outline.lost("Flow", notes.TYPE_LEFT_OUT, type=kind)
        yield from _flow(each, blocks, outline, conditions, depth + 1)


def end_message(elements: list[dict[str, Any]]) -> object:
    """The closing text, if the survey has one of its own."""
    options = next((_dict(each.get("Payload")) for each in elements if each.get("Element") == "SO"), {})
    message = options.get("EOSMessage")
    return message if isinstance(message, str) and not re.fullmatch(r"MS_\w+", message) else None


def condition_of_logic(logic: Mapping[str, Any]) -> Condition:
    """A boolean expression: numbered groups of numbered comparisons, joined by the conjunction of each later one."""
    groups = [_joined(_numbered(group)) for group in _numbered(logic) if isinstance(group, dict)]
    found = [each for each in groups if each]
    if not found:
        return {"unsayable": True, "source": shortened(str(dict(logic)))}
    words = " / ".join(str(each.get("source", "")) for each in found)
    if len(found) == 1:
        return found[0]
    either = any(_dict(logic.get(str(n))).get("Type") in ("OrIf", "ElseIf") for n in range(1, len(groups)))
    return {"any" if either else "all": found, "source": words}


def _joined(parts: list[Any]) -> Condition | None:
    """Comparisons from left to right; "and" binds more closely than "or"."""
    alternatives: list[list[Condition]] = []
    for number, part in enumerate(each for each in parts if isinstance(each, dict)):
        joined = str(part.get("Conjuction") or part.get("Conjunction") or "And")
        if number == 0 or joined.lower() == "or":
            alternatives.append([])
        alternatives[-1].append(_comparison(part))
    if not alternatives:
        return None
    words = " / ".join(str(each.get("source", "")) for group in alternatives for each in group)
    groups = [group[0] if len(group) == 1 else {"all": group, "source": words} for group in alternatives]
    return groups[0] if len(groups) == 1 else {"any": groups, "source": words}


def _comparison(data: Mapping[str, Any]) -> Condition:
    left, operator, right = (
        str(data.get("LeftOperand", "")),
        str(data.get("Operator", "")),
        data.get("RightOperand"),
    )
    source = shortened(" ".join(str(each) for each in (left, operator, right) if each is not None))
    choice, other = _CHOICE.match(left), _ANY.match(left)
    if data.get("LogicType") != "Question" or other is None:
        return {"unsayable": True, "source": source}
    question = other[1]
    positive: dict[str, Any] = {"question": question, "source": source}
    if operator in ("Selected", "NotSelected") and choice and choice[2]:
        positive["is"] = [choice[2]]
    elif operator in _ANSWERED:
        return {**positive, "answered": _ANSWERED[operator]}
    elif operator in ("EqualTo", "NotEqualTo") and right is not None:
        positive["is"] = [str(right)]
    elif operator in ("Contains", "DoesNotContain") and isinstance(right, str) and right.strip():
        positive["having"] = right
    elif operator in _BOUNDS and (bound := number_in(right)) is not None:
        return {**positive, _BOUNDS[operator]: bound}
    else:
        return {"unsayable": True, "source": source}
    return _maybe_not(operator in ("NotSelected", "NotEqualTo", "DoesNotContain"), positive)


def _maybe_not(negated: bool, condition: dict[str, Any]) -> Condition:
    return {"not": condition, "source": condition["source"]} if negated else condition


def _numbered(value: Mapping[str, Any]) -> list[Any]:
    return [value[name] for name in sorted(value, key=lambda name: (len(name), name)) if name.isdecimal()]


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
