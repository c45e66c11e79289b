"""The reference page, made from the API's own description."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from feedback.web.api.gate import IDEMPOTENCY_KEY


@dataclass(frozen=True, slots=True)
class FieldEntry:
    """A parameter or a field: its name, type and description in words."""

    name: str
    kind: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class OperationEntry:
    """What the page says about one operation."""

    anchor: str
    method: str
    path: str
    summary: str
    description: str
    scopes: tuple[str, ...]
    parameters: tuple[FieldEntry, ...]
    body: tuple[FieldEntry, ...]
    answer: tuple[FieldEntry, ...]
    example: str


def entries(document: Mapping[str, Any], address: str) -> list[tuple[str, list[OperationEntry]]]:
    """(resource, its operations), in the order of the document; `address` is that of the API."""
    found = list(_operations(document, address))
    return [(tag, [each for _, each in group]) for tag, group in groupby(found, key=lambda pair: pair[0])]


def shapes(document: Mapping[str, Any]) -> list[tuple[str, str, list[FieldEntry]]]:
    """(name, description, fields) of the objects in answers and bodies, by name."""
    reader = _Reader(document)
    known = sorted(document["components"]["schemas"].items())
    found = ((name, each.get("description", ""), list(reader.fields(each))) for name, each in known)
    return [each for each in found if each[2]]


def _operations(document: Mapping[str, Any], address: str) -> Iterator[tuple[str, OperationEntry]]:
    reader = _Reader(document)
    paths = sorted(document["paths"].items(), key=lambda item: _place(document, item[0]))
    for path, item in paths:
        for method, operation in item.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            answers = operation["responses"]
            shape = (answers.get("200") or answers.get("201") or {}).get("content", {})
            yield (
                operation["tags"][0],
                OperationEntry(
                    anchor=operation["operationId"],
                    method=method.upper(),
                    path=path,
                    summary=operation["summary"],
                    description=operation["description"].rpartition("Scope:")[0].strip(),
                    scopes=tuple(operation["x-scopes"]),
                    parameters=tuple(map(reader.parameter, operation.get("parameters", ()))),
                    body=tuple(reader.fields(body.get("schema", {}))),
                    answer=tuple(reader.fields(shape.get("application/json", {}).get("schema", {}))),
                    example=_curl(method.upper(), address + path, body, operation.get("parameters", ())),
                ),
            )


def _place(document: Mapping[str, Any], path: str) -> int:
    """The resources in the order of their first route, so that all of one stand together."""
    first = path.split("/")[1]
    return next(number for number, each in enumerate(document["paths"]) if each.split("/")[1] == first)


def _curl(method: str, address: str, body: Mapping[str, Any], parameters: Iterable[Mapping[str, Any]]) -> str:
    written = [f'curl -X {method} "{address}"', '-H "Authorization: Bearer $KEY"']
    if any(each.get("name") == IDEMPOTENCY_KEY and each.get("required") for each in parameters):
        written.append(f'-H "{IDEMPOTENCY_KEY}: $(uuidgen)"')
    example = body.get("examples", {}).get("example", {}).get("value")
    if example is not None:
        written.append('-H "Content-Type: application/json"')
        written.append(f"-d {shlex.quote(json.dumps(example, ensure_ascii=False))}")
    return " \\\n  ".join(written)


class _Reader:
    """Reads schemas, also those that stand elsewhere in the document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def found(self, part: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in part:
            target: Any = self._document
            for step in part["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            part = target
        return part

    def parameter(self, part: Mapping[str, Any]) -> FieldEntry:
        known = self.found(part)
        schema = known["schema"]
        told = known.get("description") or schema.get("description", "")
        name = known["name"] if known["in"] != "header" else f"{known['name']} (header)"
        return FieldEntry(name, self.kind(schema), known.get("required", False), told)

    def fields(self, schema: Mapping[str, Any]) -> Iterator[FieldEntry]:
        known = self.found(schema)
        required = known.get("required", ())
        for name, each in known.get("properties", {}).items():
            yield FieldEntry(name, self.kind(each), name in required, each.get("description", ""))

    def kind(self, schema: Mapping[str, Any]) -> str:
        """The type in words, such as "text or null"."""
        if "$ref" in schema:
            name: str = schema["$ref"].rpartition("/")[2]
            return name
        if "anyOf" in schema:
            return " or ".join(dict.fromkeys(self.kind(each) for each in schema["anyOf"]))
        if fixed := schema.get("enum") or ([schema["const"]] if "const" in schema else []):
            return " or ".join(map(str, fixed))
        if schema.get("type") == "array":
            return f"list of {self.kind(schema.get('items', {}))}"
        if schema.get("format") in ("date", "date-time"):
            return "day" if schema["format"] == "date" else "time"
        return _WORDS.get(schema.get("type", ""), "any")


_WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "object",
    "null": "null",
}
