"""A stage of the journey as the fields of a form, and back as the values of its YAML.

A length of time is two fields, `delay.amount` and `delay.unit`. Conditions are rows `only_if.0.fact`, `.test` and
`.value`; what rows cannot say stays as it is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

LENGTHS = ("delay", "expires_after", "every", "distance")
TESTS = ("is", "is_not", "at_least", "at_most", "contains", "known", "unknown")
"""The tests of a condition; `known` and `unknown` have no value."""
DAY_TESTS = ("at_least", "at_most")
SPARE = 2
"""Empty rows for new conditions."""

Fields = Mapping[str, str]
Condition = tuple[str, str, str]
"""Fact (`account.segment`), test and value of one row."""


def fields_of(stage: Mapping[str, Any]) -> dict[str, str]:
    """Name -> value of each field, for a stage as the YAML has it."""
    enter, title = stage.get("enter") or {}, stage.get("title")
    titles = title if isinstance(title, dict) else {"": title or ""}
    way = next((each for each in ("event", "date", "every") if each in enter), "event")
    fields = {f"title.{language}": str(words) for language, words in titles.items()}
    fields |= {name: str(stage.get(name, "")) for name in ("questionnaire", "priority")}
    fields |= {"way": way, "event": enter.get("event", ""), "date": enter.get("date", "")}
    fields |= {"side": "after" if "after" in enter else "before"}
    fields |= {"channels": ",".join(stage.get("channels") or ())}
    fields |= {name: ",".join(stage.get(name) or ()) for name in ("languages",)}
    fields |= {"wait_out_rest": "1" if stage.get("wait_out_rest") else ""}
    fields |= {"reply_by_sms": "1" if stage.get("reply_by_sms", True) else ""}
    lengths = {name: str(stage.get(name, "")) for name in ("delay", "expires_after")}
    lengths["every"] = str(enter.get("every", ""))
    lengths["distance"] = str(enter.get("before") or enter.get("after") or "")
    for number, each in enumerate([*(stage.get("reminders") or ()), ""]):
        lengths[f"reminders.{number}"] = str(each)
    for name, length in lengths.items():
        fields |= {f"{name}.amount": length[:-1], f"{name}.unit": length[-1:] or "d"}
    return fields | _condition_fields(stage.get("only_if"))


def values_of(fields: Fields, stage: Mapping[str, Any]) -> dict[str, Any]:
    """The values for `editing.change`, for a stage as it is now. None removes a key."""
    titles = {name[6:]: words for name, words in fields.items() if name.startswith("title.") and words}
    values: dict[str, Any] = {
        "title": titles.get("", titles),
        "enter": _entry(fields),
        "questionnaire": fields.get("questionnaire", ""),
        "channels": _listed(fields.get("channels", "")),
        "delay": _length(fields, "delay") if fields.get("way") == "event" or "delay" in stage else None,
        "expires_after": _length(fields, "expires_after"),
        "reminders": [each for n in range(10) if (each := _length(fields, f"reminders.{n}"))] or None,
        "priority": _number(fields.get("priority", "")) if fields.get("priority") else None,
        "languages": _listed(fields.get("languages", "")) or None,
        "wait_out_rest": bool(fields.get("wait_out_rest")) or _unless_written(stage, "wait_out_rest", False),
        "reply_by_sms": None if fields.get("reply_by_sms") and "reply_by_sms" not in stage
        else bool(fields.get("reply_by_sms")),
    }  # fmt: skip
    if conditions_of(stage.get("only_if")) is not None:
        values["only_if"] = _audience(fields)
    return values


def conditions_of(only_if: Any) -> tuple[str, list[Condition]] | None:
    """(`all` or `any`, rows) of a condition; None for one that rows cannot say."""
    if only_if is None:
        return "all", []
    for group in ("all", "any"):
        if isinstance(only_if, dict) and list(only_if) == [group] and isinstance(only_if[group], list):
            rows = [_row(each) for each in only_if[group]]
            return (group, [each for each in rows if each]) if all(rows) else None
    row = _row(only_if)
    return ("all", [row]) if row else None


def _row(leaf: Any) -> Condition | None:
    if not isinstance(leaf, dict) or len(leaf) != 2:
        return None
    (about, name), (test, value) = leaf.items()
    if about not in ("account", "contact") or test not in TESTS:
        return None
    if test == "known":
        return f"{about}.{name}", "known" if value is True else "unknown", ""
    values = value if isinstance(value, list) else [value]
    written = [str(each).lower() if isinstance(each, bool) else str(each) for each in values]
    if any("," in each for each in written):
        return None
    return f"{about}.{name}", test, ", ".join(written)


def _condition_fields(only_if: Any) -> dict[str, str]:
    match, rows = conditions_of(only_if) or ("all", [])
    fields = {"match": match}
    for number, row in enumerate([*rows, *[("", "is", "")] * SPARE]):
        names = (f"only_if.{number}.{each}" for each in ("fact", "test", "value"))
        fields |= dict(zip(names, row, strict=True))
    return fields


def _audience(fields: Fields) -> dict[str, Any] | None:
    leaves = list(_leaves(fields))
    if len(leaves) > 1 or (leaves and fields.get("match") == "any"):
        return {"any" if fields.get("match") == "any" else "all": leaves}
    return leaves[0] if leaves else None


def _leaves(fields: Fields) -> Iterator[dict[str, Any]]:
    for number in range(30):
        about, _, name = fields.get(f"only_if.{number}.fact", "").partition(".")
        test, value = fields.get(f"only_if.{number}.test", ""), fields.get(f"only_if.{number}.value", "")
        if not name:
            continue
        if test in ("known", "unknown"):
            yield {about: name, "known": test == "known"}
        else:
            values = [_scalar(each) for each in _listed(value)]
            yield {about: name, test: values[0] if len(values) == 1 else values}


def _entry(fields: Fields) -> dict[str, Any]:
    way = fields.get("way")
    if way == "every":
        return {"every": _length(fields, "every")}
    if way == "date":
        side = "after" if fields.get("side") == "after" else "before"
        return {"date": fields.get("date", ""), side: _length(fields, "distance")}
    return {"event": fields.get("event", "")}


def _unless_written(stage: Mapping[str, Any], name: str, value: bool) -> bool | None:
    return value if name in stage else None


def _length(fields: Fields, name: str) -> str | None:
    amount = fields.get(f"{name}.amount", "").strip()
    return f"{amount}{fields.get(f'{name}.unit', 'd')}" if amount else None


def _listed(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _number(text: str) -> int | str:
    """A whole number, or the text if it is none, which the format then refuses."""
    return int(text) if text.isdecimal() and len(text) < 10 else text


def _scalar(text: str) -> Any:
    """A value as YAML would read it, without changing how it is written: `007` stays a text."""
    if text in ("true", "false"):
        return text == "true"
    if text.isdecimal() and str(int(text[:18])) == text:
        return int(text)
    return text
