"""The address /mcp: one POST in, one JSON answer out, nothing remembered between them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, request
from pydantic import ValidationError
from structlog import get_logger
from werkzeug.exceptions import Forbidden, HTTPException, NotAcceptable, UnsupportedMediaType

from feedback import clock
from feedback.errors import FeedbackError, StorageUnavailable
from feedback.web.api.gate import Gate, caller, demand
from feedback.web.api.problems import UnacceptableError
from feedback.web.auth.permissions import public
from feedback.web.mcp import revisions
from feedback.web.mcp.messages import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    TOO_MANY_CALLS,
    RpcError,
    RpcMessage,
    error_answer,
    read_message,
    result_answer,
)
from feedback.web.mcp.revisions import HANDSHAKE, STATELESS, in_revision
from feedback.web.mcp.tool import Result, Tool, ToolContext, mistakes_in_words
from feedback.web.mcp.tools import TOOLS

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

log = get_logger()

JSON = "application/json"


def blueprint(runtime: Runtime) -> Blueprint:
    """The endpoint; docs/mcp.md says how clients connect."""
    gate = Gate(runtime)
    views = McpViews(runtime, gate)
    endpoint = Blueprint("mcp", __name__)
    endpoint.after_request(gate.add_limits)
    endpoint.register_error_handler(RpcError, error_answer)
    endpoint.register_error_handler(HTTPException, _http)
    endpoint.register_error_handler(FeedbackError, _ours)
    endpoint.add_url_rule("", "call", views.call, methods=["POST"])
    endpoint.add_url_rule("", "no_stream", no_stream, methods=["GET", "DELETE"])
    return endpoint


@public("says that there is no stream to listen to, and no session to end")
def no_stream() -> Response:
    """Clients of older revisions ask for a stream with GET, and end a session with DELETE."""
    return Response(status=405, headers={"Allow": "POST"})


class McpViews:
    def __init__(self, runtime: Runtime, gate: Gate) -> None:
        self.runtime = runtime
        self.gate = gate

    @public("the caller brings an API key, and every tool needs a scope of it")
    def call(self) -> Response:
        self._check()
        message = read_message(request.get_data())
        try:
            revision = revisions.revision_of(message, request.headers.get)
            if message.is_notification:
                return Response(status=202)
            return result_answer(message.id, self._result(message, revision))
        except RpcError as refused:
            refused.request_id = message.id
            raise

    def _check(self) -> None:
        """Who calls, from where, and in which format. Raises HTTP errors."""
        _check_origin(self.runtime.settings.web.public_url)
        given = request.authorization
        self.gate.known_caller(given.token if given is not None and given.type == "bearer" else None)
        if request.mimetype != JSON:
            raise UnsupportedMediaType(f"Send JSON, with `Content-Type: {JSON}`.")
        if request.accept_mimetypes and not request.accept_mimetypes.best_match([JSON]):
            raise NotAcceptable(f"The answer is {JSON}.")

    def _result(self, message: RpcMessage, revision: str) -> dict[str, Any]:
        method, is_stateless = message.method, revision == STATELESS
        if method == "tools/list":
            if message.params.get("cursor") is not None:
                raise RpcError(INVALID_PARAMS, "There is one page of tools.", 400 if is_stateless else 200)
            return in_revision({"tools": _listed()}, revision, cacheable=True)
        if method == "tools/call":
            return in_revision(self._called(message, is_stateless=is_stateless), revision)
        if method == "server/discover" and is_stateless:
            return in_revision(revisions.discovered(), revision)
        if method == "initialize" and revision in HANDSHAKE:
            return revisions.initialized(message.params)
        if method == "ping" and not is_stateless:
            return {}
        raise RpcError(METHOD_NOT_FOUND, f"There is no method {method!r}.", 404 if is_stateless else 200)

    def _called(self, message: RpcMessage, *, is_stateless: bool) -> dict[str, Any]:
        """The result of a tool; what a model can correct is a result as well, so that it gets to read it."""
        name, arguments = message.params.get("name"), message.params.get("arguments") or {}
        tool = TOOLS.get(name) if isinstance(name, str) else None
        if tool is None:
            raise RpcError(INVALID_PARAMS, f"There is no tool {name!r}.", 400 if is_stateless else 200)
        try:
            result = self._run(tool, arguments)
        except ValidationError as error:
            return _mistaken(mistakes_in_words(tool, error))
        except UnacceptableError as error:
            told = (f"{each.pointer.lstrip('/')}: {each.detail}" for each in error.mistakes)
            return _mistaken(" ".join(told))
        except StorageUnavailable:
            raise
        except FeedbackError as error:
            return _mistaken(str(error))
        except Forbidden as error:
            return _mistaken(error.description or "This key may not do this.")
        text = json.dumps(result, ensure_ascii=False, separators=(",", ":"), default=str)
        return {
            "content": [{"type": "text", "text": text}],
            "structuredContent": json.loads(text),
            "isError": False,
        }

    def _run(self, tool: Tool, arguments: object) -> Result:
        demand(*tool.scopes)
        asked = tool.arguments.model_validate(arguments)
        if tool.subject is not None:
            self.gate.note_seen(tool.subject)
        with self.runtime.database.reading() as session:
            return tool.run(ToolContext(session, self.runtime, caller(), clock.now()), asked)


def _listed() -> list[dict[str, Any]]:
    """The tools that the key may use, as it is now."""
    return [tool.listed() for tool in TOOLS.values() if caller().allowed.intersection(tool.scopes)]


def _mistaken(sentence: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": sentence}], "isError": True}


def _check_origin(public_url: str) -> None:
    """Raise Forbidden for a page of another site. A browser names the site; it could not send the key by itself, but
    a site whose name was pointed at this machine could try."""
    origin = request.headers.get("Origin")
    if origin is not None and origin not in {_origin(public_url), _origin(request.host_url)}:
        raise Forbidden("Pages of other sites may not call this.")


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _http(error: HTTPException) -> Response:
    """An HTTP error (key, size, format) as an error of the protocol."""
    if error.response is not None:
        return error.get_response()  # type: ignore[return-value]
    status = error.code or 500
    code = TOO_MANY_CALLS if status == 429 else INVALID_REQUEST if status < 500 else INTERNAL_ERROR
    answer = error_answer(RpcError(code, error.description or error.name, status))
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after", "www-authenticate"):
            answer.headers[name] = value
    return answer


def _ours(error: FeedbackError) -> Response:
    """What is left here is the database that cannot be used; the reason is for the operator."""
    log.error("storage_unavailable", reason=str(error))
    answer = error_answer(RpcError(INTERNAL_ERROR, "Please try again in a moment.", 503))
    answer.headers["Retry-After"] = "5"
    return answer
