"""The blueprint of the studio: one line per class of views."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint

from feedback.web.http.routes import blueprint_of
from feedback.web.studio import (
    history,
    journey,
    new,
    present,
    preview,
    publish,
    texts,
    translations,
    yaml_view,
)
from feedback.web.studio.form import page

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


def blueprint(runtime: Runtime) -> Blueprint:
    made = blueprint_of(
        "studio",
        *journey.routes(runtime),
        *new.routes(runtime),
        *texts.routes(runtime),
        *history.routes(runtime),
        *publish.routes(runtime),
        *present.routes(runtime),
        *translations.routes(runtime),
        *page.routes(runtime),
        *yaml_view.routes(runtime),
        *preview.routes(runtime),
    )
    present.install(made, runtime)
    return made
