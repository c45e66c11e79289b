"""Routes as a table: each room of the site is a class of views and a list of which view answers where.

A view is a method and says who may call it (`feedback.web.auth.permissions`); its name is the endpoint.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from flask import Blueprint
from flask.typing import ResponseReturnValue

View = Callable[..., ResponseReturnValue]


class Route(NamedTuple):
    methods: tuple[str, ...]
    rule: str
    view: View


def get(rule: str, view: View) -> Route:
    """A page."""
    return Route(("GET",), rule, view)


def post(rule: str, view: View) -> Route:
    """A form that is sent."""
    return Route(("POST",), rule, view)


def blueprint_of(name: str, *routes: Route) -> Blueprint:
    """A blueprint of these routes, in this order."""
    blueprint = Blueprint(name, __name__)
    for methods, rule, view in routes:
        blueprint.add_url_rule(rule, view.__name__, view, methods=list(methods))
    return blueprint
