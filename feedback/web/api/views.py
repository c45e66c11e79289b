"""The blueprint under /api/v1: its checks, its errors, its resources and its description."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, current_app, render_template, request
from flask.blueprints import BlueprintSetupState
from flask_openapi3.blueprint import APIBlueprint
from werkzeug.exceptions import HTTPException

from feedback.errors import FeedbackError
from feedback.web.api import document, problems
from feedback.web.api import reference as pages
from feedback.web.api.answers import answer
from feedback.web.api.gate import Gate
from feedback.web.api.problems import UnacceptableError
from feedback.web.api.resources import (
    accounts,
    contacts,
    events,
    follow_ups,
    invitations,
    questionnaires,
    responses,
    scores,
    suppressions,
    webhooks,
)
from feedback.web.api.scopes import open_to_all

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

RESOURCES = (
    accounts,
    contacts,
    suppressions,
    events,
    invitations,
    responses,
    scores,
    follow_ups,
    questionnaires,
    webhooks,
)
"""Modules that register the routes of a resource, in the order of the description."""


def blueprint(runtime: Runtime) -> Blueprint:
    """All that other programs can do; described at /api/v1/openapi.json."""
    api = APIBlueprint("api", __name__, abp_security=[{"key": []}], abp_responses=document.problems())
    gate = Gate(runtime)
    api.before_request(gate.check)
    api.after_request(gate.add_limits)
    api.register_error_handler(FeedbackError, problems.ours)
    api.register_error_handler(HTTPException, problems.http)
    api.register_error_handler(UnacceptableError, problems.unacceptable)
    api.record_once(_answer_mistakes)
    for resource in RESOURCES:
        resource.register(api, runtime, gate)

    @api.get("/openapi.json", doc_ui=False)
    @open_to_all("the description of the API; it contains no customer data")
    def openapi() -> Response:
        return answer(document.describe(current_app, api))

    @api.get("/", doc_ui=False)
    @open_to_all("the reference of the API; it contains no customer data")
    def reference() -> str:
        told = document.describe(current_app, api)
        address = f"{runtime.settings.web.public_url.rstrip('/') or request.host_url.rstrip('/')}/api/v1"
        return render_template(
            "api/reference.html",
            version=told["info"]["version"],
            about=told["info"]["description"],
            resources=pages.entries(told, address),
            shapes=pages.shapes(told),
        )

    return api


def _answer_mistakes(state: BlueprintSetupState) -> None:
    state.app.validation_error_callback = problems.invalid  # type: ignore[attr-defined]
