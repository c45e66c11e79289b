"""The blueprint of the studio: one line per class of views."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint

from feedback.web.http.routes import blueprint_of
from feedback.web.studio import preview, texts, yaml_view

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


def blueprint(runtime: Runtime) -> Blueprint:
    return blueprint_of(
        "studio",
        *texts.routes(runtime),
        *yaml_view.routes(runtime),
        *preview.routes(runtime),
    )
