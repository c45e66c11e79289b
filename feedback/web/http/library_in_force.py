"""What is in force for a request: the settings, the library and the providers as they were when it began."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from flask import Flask, current_app, g, has_app_context, request
from werkzeug.local import LocalProxy

from feedback.library import Library
from feedback.providers.base import Provider
from feedback.services.context import Context
from feedback.services.studio.following import Following
from feedback.settings import Settings

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


def following(runtime: Runtime) -> tuple[Runtime, Following]:
    """The runtime for views, in which settings, library and providers are those of the request, and what exchanges
    them. A view may keep the three, but not a value in them."""
    follower = Following(runtime.database, runtime)

    def current() -> Context:
        return cast(Context, g.get("in_force", follower.in_force) if has_app_context() else follower.in_force)

    followed = replace(
        runtime,
        settings=cast(Settings, LocalProxy(lambda: current().settings)),
        library=cast(Library, LocalProxy(lambda: current().library)),
        providers=cast(Mapping[str, Provider], LocalProxy(lambda: current().providers)),
    )
    return followed, follower


def install(app: Flask, follower: Following) -> None:
    """Look for a change before each request, outside its transactions."""
    app.extensions["following"] = follower
    app.before_request(_pin)


def follow_at_once() -> None:
    """Use what this request has just published or set for the rest of it. Call it outside transactions."""
    g.in_force = current_app.extensions["following"].look(at_once=True)


def _pin() -> None:
    if request.endpoint != "static":
        g.in_force = current_app.extensions["following"].look()
