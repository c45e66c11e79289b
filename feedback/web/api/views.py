"""The blueprint under /api/v1: its checks, its errors, its resources and its description."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, current_app, render_template, request
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import HTTPException

from feedback.errors import FeedbackError
from feedback.web.api import document, problems
from feedback.web.api import reference as pages
from feedback.web.api.answers import answer
from feedback.web.api.gate import Gate
from feedback.web.api.problems import UnacceptableError
from feedback.web.api.resources import (
    accounts,
    campaigns,
    contacts,
    doors,
    events,
    exports,
    follow_ups,
    invitations,
    questionnaires,
    responses,
    scores,
    segments,
    suppressions,
    webhooks,
)
from feedback.web.api.scopes import open_to_all

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

RESOURCES = (
    accounts,
    contacts,
    segments,
    suppressions,
    events,
    invitations,
    responses,
    scores,
    exports,
    follow_ups,
    questionnaires,
    campaigns,
    webhooks,
    doors,
)
"""Modules that register the routes of a resource, in the order of the description."""


def blueprint(runtime: Runtime) -> Blueprint:
    """All that other programs can do; described at /api/v1/openapi.json."""
    api = document.DescribedApi(
        "api", __name__, abp_security=[{"key": []}], abp_responses=document.problems()
    )
    gate = Gate(runtime)
    api.before_request(gate.check)
    api.after_request(gate.add_limits)
    api.register_error_handler(FeedbackError, problems.ours)
    api.register_error_handler(HTTPException, problems.http)
    api.register_error_handler(UnacceptableError, problems.unacceptable)
    api.record_once(_answer_mistakes)
    for resource in RESOURCES:
        resource.register(api, runtime, gate)

    # Made once: it takes as long as many answers, does not change, and anybody may ask for it.
    @cache
    def description() -> dict[str, Any]:
        return document.describe(current_app, api)

    @cache
    def openapi_text() -> bytes:
        return answer(description()).get_data()

    @lru_cache(maxsize=4)
    def reference_page(address: str) -> str:
        told = description()
        return render_template(
            "api/reference.html",
            version=told["info"]["version"],
            about=told["info"]["description"],
            resources=pages.entries(told, address),
            shapes=pages.shapes(told),
        )

    @api.get("/openapi.json", doc_ui=False)
    @open_to_all("the description of the API; it contains no customer data")
    def openapi() -> Response:
        return Response(openapi_text(), mimetype="application/json")

    @api.get("/", doc_ui=False)
    @open_to_all("the reference of the API; it contains no customer data")
    def reference() -> str:
        base = runtime.settings.web.public_url.rstrip("/") or request.host_url.rstrip("/")
        return reference_page(f"{base}/api/v1")

    return api


def _answer_mistakes(state: BlueprintSetupState) -> None:
    state.app.validation_error_callback = problems.invalid  # type: ignore[attr-defined]
