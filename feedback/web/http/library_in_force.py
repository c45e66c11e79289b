"""The library of a request: the one in force when the request began, until its end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from flask import Flask, current_app, g, has_app_context, request
from werkzeug.local import LocalProxy

from feedback.library import Library
from feedback.services.studio.following import Following

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


def following(runtime: Runtime) -> tuple[Runtime, Following]:
    """The runtime for views, whose library is that of the request, and what exchanges it."""
    follower = Following(runtime.database, runtime.settings, runtime.library)

    def current() -> Library:
        return cast(Library, g.get("library", follower.library) if has_app_context() else follower.library)

    return replace(runtime, library=cast(Library, LocalProxy(current))), follower


def install(app: Flask, follower: Following) -> None:
    """Look for a publication before each request, outside its transactions."""
    app.extensions["following"] = follower
    app.before_request(_pin)


def follow_at_once() -> None:
    """Use what this request has just published for the rest of it. Call it outside transactions."""
    g.library = current_app.extensions["following"].look(at_once=True)


def _pin() -> None:
    if request.endpoint != "static":
        g.library = current_app.extensions["following"].look()
