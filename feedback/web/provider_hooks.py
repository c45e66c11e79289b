"""Providers' callbacks: receipts and replies. They are signed, stored once, and answered after the commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from feedback import clock
from feedback.errors import NotFound
from feedback.providers.base import CallsBack, WebhookRequest
from feedback.services.messaging import receipts
from feedback.services.responses import sms_conversation
from feedback.web.auth.permissions import public

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


def blueprint(runtime: Runtime) -> Blueprint:
    """POST /hooks/<provider>/receipt and /hooks/<provider>/reply."""
    hooks = Blueprint("hooks", __name__)

    @hooks.post("/<provider>/receipt")
    @public("the provider signs it")
    def receipt(provider: str) -> Response:
        parsed = _caller(runtime, provider).parse_receipt(_webhook())
        with runtime.database.writing() as session:
            receipts.record(session, provider, parsed, clock.now())
        return _empty()

    @hooks.post("/<provider>/reply")
    @public("the provider signs it")
    def reply(provider: str) -> Response:
        parsed = _caller(runtime, provider).parse_reply(_webhook())
        with runtime.database.writing() as session:
            sms_conversation.receive(session, provider, parsed, runtime, clock.now())
        return _empty()

    return hooks


def _caller(runtime: Runtime, key: str) -> CallsBack:
    provider = runtime.providers.get(key)
    if not isinstance(provider, CallsBack):
        raise NotFound("Hook not found.")
    return provider


def _webhook() -> WebhookRequest:
    """The request as the provider sent it: raw path and query, and all parameters in their order."""
    return WebhookRequest(url=request.full_path.rstrip("?"), form=request.form, headers=dict(request.headers))


def _empty() -> Response:
    return Response("<Response/>", mimetype="text/xml")
