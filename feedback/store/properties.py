"""Conditions on the JSON column `properties`, which PostgreSQL answers from an index."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Boolean, ColumnElement, String, bindparam, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


def has_property(column: Any, name: str, written: str) -> ColumnElement[bool]:
    """Whether a JSON object has this property with this value, which is a text, or a number or truth value that is
    written like it: `5` finds "5" and 5."""
    # SQLite's paths cannot name a property with a quotation mark; nothing is found by it there.
    path = None if '"' in name else f'$."{name}"'
    return or_(
        *(
            _HasProperty(
                column,
                bindparam(None, json.dumps({name: value}, ensure_ascii=False), String()),
                bindparam(None, path, String()),
                bindparam(None, value),
            )
            for value in _values(written)
        )
    )


def _values(written: str) -> list[Any]:
    """The JSON values that look like this."""
    try:
        value = json.loads(written)
    except ValueError:
        return [written]
    is_plain = isinstance(value, bool | int | float) and abs(value) < 2**53
    return [written, value] if is_plain else [written]


class _HasProperty(FunctionElement[bool]):
    name = "has_property"
    type = Boolean()
    inherit_cache = True


@compiles(_HasProperty, "postgresql")
def _on_postgresql(element: _HasProperty, compiler: Any, **options: Any) -> str:
    column, wanted, _path, _value = element.clauses
    left, right = compiler.process(column, **options), compiler.process(wanted, **options)
    return f"(CAST({left} AS JSONB) @> CAST({right} AS JSONB))"


@compiles(_HasProperty)
def _elsewhere(element: _HasProperty, compiler: Any, **options: Any) -> str:
    column, _wanted, path, value = element.clauses
    left, at, right = (compiler.process(each, **options) for each in (column, path, value))
    return f"(json_extract({left}, {at}) = {right})"
