"""Importing customers in the browser: upload, look at the columns, check, import, undo.

Each step is a page of its own that works without JavaScript: while a worker is busy, the page reloads itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint

from feedback.web.http.routes import blueprint_of, get, post
from feedback.web.imports.views import Imports

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


def blueprint(runtime: Runtime) -> Blueprint:
    views = Imports(runtime)
    return blueprint_of(
        "imports",
        get("/", views.index),
        post("/", views.upload),
        get("/<int:import_id>", views.show),
        post("/<int:import_id>/layout", views.layout),
        post("/<int:import_id>/check", views.check),
        post("/<int:import_id>/begin", views.begin),
        post("/<int:import_id>/undo", views.undo),
        post("/<int:import_id>/delete", views.forget),
        get("/<int:import_id>/refused.csv", views.refused),
    )
