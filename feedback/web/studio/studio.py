"""The blueprint of the studio: one line per class of views."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint

from feedback.web.http.routes import blueprint_of
from feedback.web.studio import history, present, publish, texts

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


def blueprint(runtime: Runtime) -> Blueprint:
    made = blueprint_of(
        "studio",
        *texts.routes(runtime),
        *history.routes(runtime),
        *publish.routes(runtime),
        *present.routes(runtime),
    )
    present.install(made, runtime)
    return made
