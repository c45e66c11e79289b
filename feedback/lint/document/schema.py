"""Mistakes against the format, told for the person who writes the file."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from feedback.core.condition import UnknownQuestionError
from feedback.core.questions import QUESTION_TYPES
from feedback.core.text.localized import LANGUAGE
from feedback.core.text.translatable import TranslatableText, message

Path = tuple[str | int, ...]
Node = Mapping[str, Any]
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class SchemaMistake:
    """`path` leads to the value, or with `about_key` to the key, that is wrong."""

    path: Path
    message: str
    about_key: bool = False


def validate(data: Any, model: type[Model]) -> tuple[Model | None, list[SchemaMistake]]:
    """The model that `data` describes, or every mistake in it at once."""
    try:
        return model.model_validate(data), []
    except ValidationError as invalid:
        details = invalid.errors(include_url=False)
    schema = model.model_json_schema()
    mistakes: dict[tuple[Path, bool], SchemaMistake] = {}
    for detail in details:
        if detail["type"] == "too_short" and _has_wrong_entries(detail, details):
            continue  # each entry is told by itself; pydantic counts none that is wrong
        mistake = _mistake(detail, data, schema)
        mistakes.setdefault((mistake.path, mistake.about_key), mistake)
    return None, list(mistakes.values())


def _has_wrong_entries(whole: ErrorDetails, details: list[ErrorDetails]) -> bool:
    depth = len(whole["loc"])
    return any(each["loc"][:depth] == whole["loc"] and len(each["loc"]) > depth for each in details)


def _mistake(detail: ErrorDetails, data: Any, schema: Node) -> SchemaMistake:
    kind, context = detail["type"], detail.get("ctx", {})
    path = _real_path(detail["loc"], data, keep_last=kind == "missing")
    last = path[-1] if path else ""
    if kind == "extra_forbidden":
        return SchemaMistake(
            path, _unknown_key(str(last), _known_keys(path[:-1], data, schema)), about_key=True
        )
    if kind == "missing":
        return SchemaMistake(path[:-1], message("`{key}` is missing here.", key=f"{last}:"))
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        return _about_type(path, context.get("tag"))
    if kind == "literal_error":
        expected = [each.strip("'\" ") for each in str(context["expected"]).replace(" or ", ", ").split(",")]
        return SchemaMistake(path, _unknown_value(str(detail["input"]), expected))
    error = context.get("error")
    if isinstance(error, UnknownQuestionError):
        return SchemaMistake(error.path, _unknown_question(error))
    return SchemaMistake(path, _SENTENCES.get(kind, _as_told)(detail))


def _unknown_question(error: UnknownQuestionError) -> str:
    told = error.args[0]
    near = difflib.get_close_matches(error.key, error.known, 1, 0.6)
    if near:
        return message("{told} Did you mean `{near}`?", told=told, near=near[0])
    return (
        message("{told} Possible are {known}.", told=told, known=_listed(error.known))
        if error.known
        else told
    )


def _real_path(loc: tuple[int | str, ...], data: Any, *, keep_last: bool) -> Path:
    """`loc` without what pydantic adds to it: names of union members, of validators, of key checks."""
    path: list[str | int] = []
    for number, part in enumerate(loc):
        if len(path) == 2 and path[0] == "questions" and part in QUESTION_TYPES and number == 2:
            continue
        found = _child(data, part)
        if found is not None:
            path.append(found[0])
            data = found[1]
        elif keep_last and number == len(loc) - 1:
            path.append(part)
    return tuple(path)


def _child(data: Any, part: int | str) -> tuple[int | str, Any] | None:
    if isinstance(data, dict):
        for key in data:
            if key == part or str(key) == str(part):
                return key, data[key]
    elif isinstance(data, list) and isinstance(part, int) and part < len(data):
        return part, data[part]
    return None


def _known_keys(path: Path, data: Any, schema: Node) -> list[str]:
    """The keys that the format knows at a place, read from the JSON Schema."""
    nodes = [_resolved(schema, schema)]
    for part in path:
        data = data[part]
        nodes = [each for node in nodes for each in _step(node, part, data, schema)]
    return sorted({key for node in nodes for key in node.get("properties", {})})


def _step(node: Node, part: str | int, data: Any, schema: Node) -> Iterator[Node]:
    inner = node.get("items") if isinstance(part, int) else node.get("properties", {}).get(part)
    if inner is None and isinstance(node.get("additionalProperties"), dict):
        inner = node["additionalProperties"]
    if inner is None:
        return
    mapping = inner.get("discriminator", {}).get("mapping")
    if mapping:
        chosen = mapping.get(data.get("type")) if isinstance(data, dict) else None
        yield from [_resolved({"$ref": chosen}, schema)] if chosen else []
        return
    for each in inner.get("anyOf", inner.get("oneOf", [inner])):
        yield _resolved(each, schema)


def _resolved(node: Node, schema: Node) -> Node:
    while "$ref" in node:
        node = schema["$defs"][str(node["$ref"]).rsplit("/", 1)[-1]]
    return node


def _unknown_key(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, 1, 0.6)
    if near:
        return message("`{key}` is not known here; did you mean `{near}`?", key=key, near=near[0])
    if known:
        return message("`{key}` is not known here; possible are {known}.", key=key, known=_listed(known))
    return message("`{key}` is not known here.", key=key)


_TYPES_ELSEWHERE = {
    "radio": "single", "radiobutton": "single", "dropdown": "single", "select": "single", "choice": "single",
    "integer": "number", "int": "number", "decimal": "number", "float": "number", "numeric": "number",
    "calendar": "date", "day": "date", "rank": "ranking", "order": "ranking", "acknowledge": "consent",
    "info": "note", "statement": "note", "html": "note", "label": "note",
    "multiple_choice": "single", "multiplechoice": "single", "yes_no": "single", "boolean": "single",
    "checkbox": "multi", "checkboxes": "multi", "multiselect": "multi",
    "likert": "rating", "scale": "rating", "slider": "rating", "opinion_scale": "rating",
    "open": "text", "comment": "text", "textarea": "text", "free_text": "text", "string": "text",
    "email": "text", "phone": "text", "emoji": "smileys", "faces": "smileys", "grid": "matrix", "star": "stars",
}  # fmt: skip
"""What other survey tools call a type -> its name here."""


def _about_type(path: Path, tag: object) -> SchemaMistake:
    if tag is None:
        missing = message("`type:` is missing here; it is one of {known}.", known=_listed(QUESTION_TYPES))
        return SchemaMistake(path, missing)
    return SchemaMistake((*path, "type"), _unknown_type(str(tag)))


def _unknown_type(value: str) -> str:
    known = _TYPES_ELSEWHERE.get(value.lower().replace("-", "_").replace(" ", "_"))
    if known:
        return message("`{value}` is not possible here; did you mean `{near}`?", value=value, near=known)
    return _unknown_value(value, list(QUESTION_TYPES))


def _unknown_value(value: str, known: list[str]) -> str:
    near = difflib.get_close_matches(value, known, 1, 0.6)
    if near:
        return message("`{value}` is not possible here; did you mean `{near}`?", value=value, near=near[0])
    return message("`{value}` is not possible here; possible are {known}.", value=value, known=_listed(known))


def _listed(words: Any) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _as_told(detail: ErrorDetails) -> str:
    """What a validator of ours says, or else pydantic, which speaks English only."""
    said = getattr(detail.get("ctx", {}).get("error"), "args", ("",))[:1]
    if said and isinstance(said[0], TranslatableText):
        return said[0]
    return detail["msg"].removeprefix("Value error, ").strip().rstrip(".") + "."


def _wants(what: str) -> Any:
    def told(detail: ErrorDetails) -> str:
        value = detail["input"]
        if value is None:
            return message("Nothing stands where {what} is needed.", what=what)
        return message("`{value}` stands where {what} is needed.", value=_shown(value), what=what)

    return told


def _mapping(detail: ErrorDetails) -> str:
    """A value that is no mapping; an option may be a text as well, which YAML reads `1` and `true` not as."""
    if detail["loc"][-2:-1] != ("options",):
        return str(_wants(message("a mapping (`key: value` lines)"))(detail))
    value = detail["input"]
    if not isinstance(value, bool | int | float):
        return message("An option is a text (put quotes around it), or a mapping with `key:` and `text:`.")
    if isinstance(value, bool):
        told = '`{written}` is read as true or false, and an option is a text. Put quotes around it: "{written}".'
        return message(told, written=str(value).lower())
    told = '`{written}` is read as a number, and an option is a text. Put quotes around it: "{written}".'
    return message(told, written=str(value))


def _pattern(detail: ErrorDetails) -> str:
    value, pattern = detail["input"], str(detail.get("ctx", {}).get("pattern", ""))
    if pattern == LANGUAGE:
        return message(
            "`{value}` is not a language; write two small letters such as `en`, `tr`, `fa`, or a code such as `ckb`, "
            "`pt-BR`, `zh-Hant`.",
            value=_shown(value),
        )
    if pattern.startswith("^[a-z][a-z0-9_-]"):
        return message(
            "`{value}` cannot be a key; use small letters a to z, digits, - and _, a letter first.",
            value=_shown(value),
        )
    if "http" in pattern:
        return message("`{value}` is not a web address; it starts with https://.", value=_shown(value))
    return message("`{value}` has the wrong form; write a date as 2027-06-30.", value=_shown(value))


def _range(detail: ErrorDetails) -> str:
    limits = detail.get("ctx", {})
    name = next(name for name in _LIMITS if name in limits)
    return message(_LIMITS[name], value=_shown(detail["input"]), limit=limits[name])


_LIMITS = {
    "ge": "`{value}` is out of range; it must be at least {limit}.",
    "gt": "`{value}` is out of range; it must be more than {limit}.",
    "le": "`{value}` is out of range; it must be at most {limit}.",
    "lt": "`{value}` is out of range; it must be less than {limit}.",
}


_WORDS = message("words (put quotes around it)")
_SENTENCES: dict[str, Any] = {
    "string_type": _wants(_WORDS),
    "dict_type": _wants(message("one text per language (`en: Price` and `tr: Fiyat` on lines of their own)")),
    "bool_type": _wants(message("`true` or `false`")),
    "int_type": _wants(message("a whole number")),
    "int_parsing": _wants(message("a whole number")),
    "int_from_float": _wants(message("a whole number")),
    "float_type": _wants(message("a number")),
    "float_parsing": _wants(message("a number")),
    "tuple_type": _wants(message("a list (`- ...` lines or [a, b])")),
    "model_type": _mapping,
    "model_attributes_type": _mapping,
    "string_pattern_mismatch": _pattern,
    "too_short": lambda _: message("This list is empty; it needs at least one entry."),
    "greater_than_equal": _range,
    "less_than_equal": _range,
    "greater_than": _range,
    "less_than": _range,
}
