"""What providers tell us: receipts and replies. Signed, stored once, answered after the commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from feedback import clock
from feedback.channels.base import CallsBack, WebhookRequest
from feedback.errors import NotFound
from feedback.services import conversation, receipts
from feedback.web.permissions import public

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


def blueprint(runtime: Runtime) -> Blueprint:
    """POST /hooks/<channel>/receipt and /hooks/<channel>/reply."""
    hooks = Blueprint("hooks", __name__)

    @hooks.post("/<channel>/receipt")
    @public("the provider signs it")
    def receipt(channel: str) -> Response:
        parsed = _caller(runtime, channel).parse_receipt(_webhook())
        with runtime.database.writing() as session:
            receipts.record(session, channel, parsed, clock.now())
        return _empty()

    @hooks.post("/<channel>/reply")
    @public("the provider signs it")
    def reply(channel: str) -> Response:
        parsed = _caller(runtime, channel).parse_reply(_webhook())
        with runtime.database.writing() as session:
            conversation.receive(session, channel, parsed, runtime.library, runtime.settings, clock.now())
        return _empty()

    return hooks


def _caller(runtime: Runtime, key: str) -> CallsBack:
    channel = runtime.channels.get(key)
    if not isinstance(channel, CallsBack):
        raise NotFound("Hook not found.")
    return channel


def _webhook() -> WebhookRequest:
    """The request as the provider made it: the raw path and query, and every parameter, in its order."""
    return WebhookRequest(url=request.full_path.rstrip("?"), form=request.form, headers=dict(request.headers))


def _empty() -> Response:
    return Response("<Response/>", mimetype="text/xml")
