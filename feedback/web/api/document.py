"""The API's OpenAPI 3.1 document, generated from routes and shapes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask_openapi3.blueprint import APIBlueprint
from pydantic import BaseModel, Field

from feedback import __version__
from feedback.web.api.shapes import ProblemDetails

Answers = dict[str | int | HTTPStatus, Any]
_PROBLEMS = {
    400: "The body is not JSON.",
    401: "The API key is missing or not valid.",
    403: "The key has no scope for this, or its owner no permission.",
    404: "Not found.",
    409: "The request contradicts what is stored.",
    410: "The person was erased on request.",
    412: "It has changed since you read it: `If-Match` names another version.",
    413: "The body is too large.",
    415: "The body is not sent as JSON.",
    422: "The request does not match this description, or its values are not acceptable; `errors` says where.",
    429: "Too many calls; wait for the seconds in `Retry-After`.",
    503: "The database cannot be used at the moment.",
}
_SCHEMA = {"$ref": "#/components/schemas/Problem"}


class Page(BaseModel):
    """A page of a list. `Link` holds the address of the next one."""

    next_cursor: str | None = Field(description="`cursor` of the next page; null at the end")


def problems() -> Answers:
    """The error responses of every operation."""
    content = {"application/problem+json": {"schema": _SCHEMA}}
    return {status: {"description": text, "content": content} for status, text in _PROBLEMS.items()}


def stored(shape: type[BaseModel]) -> Answers:
    """200 for an existing object, 201 for a new one."""
    return {200: shape, 201: shape}


def describe(api: APIBlueprint) -> dict[str, Any]:
    """The OpenAPI document."""
    paths = {path: _dumped(item) for path, item in api.paths.items()}
    schemas = {name: _dumped(schema) for name, schema in api.components_schemas.items()}
    schemas["Problem"] = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= schemas["Problem"].pop("$defs", {})
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Feedback",
            "version": __version__,
            "description": "Accounts, contacts, journey events and usage. Every call needs an API key.",
        },
        "servers": [{"url": "/api/v1"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _dumped(part: Any) -> dict[str, Any]:
    if isinstance(part, BaseModel):
        return part.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return dict(part)
