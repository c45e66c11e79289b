"""Tables of routes: each part of the site is a class of views and a list of their routes.

A view is a method and says who may call it (`feedback.web.auth.permissions`); its name is the endpoint.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import NamedTuple

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from werkzeug.routing import BaseConverter

from feedback.core.token import ALPHABET, LENGTH

View = Callable[..., ResponseReturnValue]


class TokenConverter(BaseConverter):
    """The token of a link in a rule (`<token:token>`); nothing that cannot be a token is looked up."""

    regex = f"[{ALPHABET}]{{{LENGTH}}}"


class Route(NamedTuple):
    methods: tuple[str, ...]
    rule: str
    view: View


def get(rule: str, view: View) -> Route:
    """A route for GET."""
    return Route(("GET",), rule, view)


def post(rule: str, view: View) -> Route:
    """A route for POST."""
    return Route(("POST",), rule, view)


def form(rule: str, show: View, store: View) -> Route:
    """A page with a form: GET shows it, POST takes it. The endpoint has the name of `show`.

    It is one route, so an address with a number that no row can have is not found by either method.
    """
    if getattr(show, "access", None) != getattr(store, "access", None):
        raise TypeError(f"{rule}: both views of a form need the same permission.")

    @wraps(show)
    def view(**values: object) -> ResponseReturnValue:
        return (store if request.method == "POST" else show)(**values)

    return Route(("GET", "POST"), rule, view)


def blueprint_of(name: str, *routes: Route) -> Blueprint:
    """A blueprint with these routes, in this order."""
    blueprint = Blueprint(name, __name__)
    for methods, rule, view in routes:
        blueprint.add_url_rule(rule, view.__name__, view, methods=list(methods))
    return blueprint
