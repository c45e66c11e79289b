"""JSON-RPC 2.0 as the protocol uses it: one request or notification in a body, one result or error as the answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
TOO_MANY_CALLS = -32000
"""Of the range that JSON-RPC leaves to servers."""
HEADER_MISMATCH = -32020
UNSUPPORTED_VERSION = -32022

RequestId = str | int | None


class RpcError(Exception):
    """A request that is refused: `code` for the program, `status` for HTTP, the message for people."""

    def __init__(self, code: int, message: str, status: int = 400, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.data = data
        self.request_id: RequestId = None


@dataclass(frozen=True, slots=True)
class RpcMessage:
    """A request, or a notification, which has no id and gets no answer."""

    method: str
    params: Mapping[str, Any]
    id: RequestId
    is_notification: bool


def read_message(body: bytes) -> RpcMessage:
    """The message in a body. Raises RpcError for what is none, and for a batch."""
    try:
        sent = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise RpcError(PARSE_ERROR, "The body is not JSON.") from None
    if isinstance(sent, list):
        raise RpcError(INVALID_REQUEST, "Send one message in a body: batches are not accepted.")
    if not isinstance(sent, dict) or sent.get("jsonrpc") != "2.0" or not isinstance(sent.get("method"), str):
        raise RpcError(INVALID_REQUEST, "Send a JSON-RPC 2.0 request or notification.")
    params = sent.get("params", {})
    if not isinstance(params, dict):
        raise RpcError(INVALID_REQUEST, "`params` must be an object.")
    if "id" not in sent:
        return RpcMessage(sent["method"], params, None, is_notification=True)
    given = sent["id"]
    if isinstance(given, bool) or not isinstance(given, str | int):
        raise RpcError(INVALID_REQUEST, "`id` must be a text or a whole number.")
    return RpcMessage(sent["method"], params, given, is_notification=False)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON.")


def result_answer(request_id: RequestId, result: Mapping[str, Any]) -> Response:
    """The answer to a request."""
    return _answer({"jsonrpc": "2.0", "id": request_id, "result": result}, 200)


def error_answer(error: RpcError) -> Response:
    """The answer to a request that is refused."""
    told: dict[str, Any] = {"code": error.code, "message": str(error)}
    if error.data is not None:
        told["data"] = error.data
    return _answer({"jsonrpc": "2.0", "id": error.request_id, "error": told}, error.status)


def _answer(body: Mapping[str, Any], status: int) -> Response:
    """In ASCII, because an id may hold half a surrogate pair."""
    return Response(json.dumps(body, separators=(",", ":")), status, mimetype="application/json")
