"""The API's OpenAPI 3.1 document, generated from routes and shapes."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

from flask import Flask
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.utils import parse_parameters
from pydantic import BaseModel, Field

from feedback import __version__
from feedback.services.staff.api_keys import Scope
from feedback.web.api.examples import EXAMPLES
from feedback.web.api.shapes import ProblemDetails

Answers = dict[str | int | HTTPStatus, Any]
_PROBLEMS = {
    400: "The body is not JSON.",
    401: "The API key is missing or not valid.",
    403: "The key has no scope for this, or its owner no permission.",
    404: "Not found.",
    409: "The request contradicts what is stored, or the same call is still being processed.",
    410: "The person was erased on request.",
    412: "It has changed since you read it: `If-Match` names another version.",
    413: "The body is too large.",
    415: "The body is not sent as JSON.",
    422: "The request does not match this description, or its values are not acceptable; `errors` says where.",
    428: "Send `If-Match` or `Idempotency-Key`; `detail` says which.",
    429: "Too many calls; wait for the seconds in `Retry-After`.",
    503: "The database cannot be used at the moment.",
}
_SCHEMA = {"$ref": "#/components/schemas/Problem"}
_ABOUT = """Customers, what they answered, and the work that follows. Every call needs an API key with the scope that is
named beside it.

Lists have `items` and `next_cursor`; the header `Link` holds the address of the next page. A list by `id` shows each
item once, also while others write. Times are ISO 8601 with an offset, money is a decimal text. Errors are problem
details (RFC 9457)."""
_HEADERS = {
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "Your own random value for this call. Sent again within 24 hours, the call does nothing twice "
        "and gets the same answer.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    },
    "If-Match": {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": "The `ETag` that you read. If somebody else has changed it since, you get 412.",
        "schema": {"type": "string", "pattern": '^"[!#-~]{1,64}"$'},
    },
}


class Page(BaseModel):
    """A page of a list. `Link` holds the address of the next one."""

    next_cursor: str | None = Field(description="`cursor` of the next page; null at the end")


class DescribedApi(APIBlueprint):
    """A blueprint whose routes are described when somebody asks: that takes longer than all the rest of the start."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._untold: list[Callable[[], object]] = []
        self._telling = threading.Lock()

    def _collect_openapi_info(self, rule: str, func: Callable[..., Any], **told: Any) -> Any:
        """The shapes of a route's parameters, by which it reads its requests."""
        self._untold.append(partial(super()._collect_openapi_info, rule, func, **told))
        return parse_parameters(func, doc_ui=False)

    def describe_routes(self) -> None:
        """Fill `paths` and `components_schemas`, in the order of the routes."""
        with self._telling:
            while self._untold:
                self._untold.pop(0)()


def problems() -> Answers:
    """The error responses of every operation."""
    content = {"application/problem+json": {"schema": _SCHEMA}}
    return {status: {"description": text, "content": content} for status, text in _PROBLEMS.items()}


def stored(shape: type[BaseModel]) -> Answers:
    """200 for an existing object, 201 for a new one."""
    return {200: shape, 201: shape}


def describe(app: Flask, api: DescribedApi) -> dict[str, Any]:
    """The OpenAPI document."""
    api.describe_routes()
    views = dict(_views(app, api))
    paths = {path: _dumped(item) for path, item in api.paths.items()}
    for path, item in paths.items():
        for method, operation in item.items():
            _complete(operation, f"{method.upper()} {path}", views)
    schemas = {name: _dumped(schema) for name, schema in api.components_schemas.items()}
    schemas["Problem"] = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= schemas["Problem"].pop("$defs", {})
    return {
        "openapi": "3.1.0",
        "info": {"title": "Feedback", "version": __version__, "description": _ABOUT},
        "servers": [{"url": "/api/v1"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": _HEADERS,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _complete(operation: dict[str, Any], label: str, views: Mapping[str, Any]) -> None:
    """Add what the routes do not say: scopes, headers that many share, and the example."""
    method, _, path = label.partition(" ")
    view = views[label]
    scopes: tuple[Scope, ...] = getattr(view, "scopes", ())
    wanted = [each.value for each in scopes]
    operation["x-scopes"] = wanted
    operation["tags"] = [path.split("/")[1]]
    told = f"Scope: {' or '.join(f'`{each}`' for each in wanted)}."
    operation["description"] = "\n\n".join(filter(None, (operation.get("description"), told)))
    parameters = operation.setdefault("parameters", [])
    if getattr(view, "sent_once", False):
        parameters.append({**_HEADERS["Idempotency-Key"], "required": True})
    elif method == "POST":
        parameters.append({"$ref": "#/components/parameters/Idempotency-Key"})
    if method == "PUT" or (method, path.split("/")[1]) in (("POST", "follow-ups"), ("DELETE", "segments")):
        parameters.append({"$ref": "#/components/parameters/If-Match"})
    if label in EXAMPLES:
        operation["requestBody"]["content"]["application/json"]["examples"] = {
            "example": {"value": EXAMPLES[label]}
        }


def _views(app: Flask, api: APIBlueprint) -> Iterator[tuple[str, Any]]:
    """Method and path, as the document writes them, and the view."""
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith(f"{api.name}."):
            continue
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule).removeprefix("/api/v1")
        for method in rule.methods or ():
            yield f"{method} {path}", app.view_functions[rule.endpoint]


def _dumped(part: Any) -> dict[str, Any]:
    if isinstance(part, BaseModel):
        return part.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return dict(part)
