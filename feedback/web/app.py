"""The web application: the staff's blueprints, their common settings, and the customers' application before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from flask import Blueprint, Flask
from flask_wtf.csrf import CSRFProtect
from jinja2 import ChoiceLoader, FileSystemLoader
from werkzeug.middleware.proxy_fix import ProxyFix

from feedback import resources
from feedback.services import root_causes
from feedback.settings import Settings
from feedback.web import (
    account,
    api,
    audit,
    auth,
    bounds,
    causes,
    customers,
    deliveries,
    desk,
    frame,
    headers,
    hooks,
    inbox,
    insights,
    observe,
    permissions,
    problems,
    questionnaires,
    simulator,
)

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


class Room(NamedTuple):
    """Register a blueprint; `csrf=False` is for posts that are authenticated in another way."""

    blueprint: Callable[[Runtime], Blueprint]
    prefix: str
    csrf: bool = True


ROOMS = (
    Room(desk.blueprint, "/desk"),
    Room(inbox.blueprint, "/inbox"),
    Room(insights.blueprint, "/insights"),
    Room(deliveries.blueprint, "/deliveries"),
    Room(questionnaires.blueprint, "/questionnaires"),
    Room(account.blueprint, "/account"),
    Room(causes.blueprint, "/causes"),
    Room(audit.blueprint, "/audit"),
    Room(api.blueprint, "/api/v1", csrf=False),
    Room(hooks.blueprint, "/hooks", csrf=False),
    Room(simulator.blueprint, "/simulator", csrf=False),
    Room(observe.blueprint, "", csrf=False),
)


def create_app(runtime: Runtime) -> Flask:
    """The WSGI application of a started Runtime: the customers' application before the staff's."""
    app = Flask("feedback.web")
    app.config.update(_configuration(runtime.settings))
    app.extensions["feedback"] = runtime
    directories = resources.directories("templates", runtime.settings.instance)
    app.jinja_loader = ChoiceLoader([FileSystemLoader(directory) for directory in directories])

    observe.install(app)  # first, so that it measures everything after it
    csrf = CSRFProtect(app)
    for room in ROOMS:
        blueprint = room.blueprint(runtime)
        app.register_blueprint(blueprint, url_prefix=room.prefix or None)
        if not room.csrf:
            csrf.exempt(blueprint)
    auth.install(app, runtime)
    permissions.guard(app)
    frame.install(app)
    problems.install(app)
    headers.install(app)
    with runtime.database.writing() as session:
        root_causes.ensure(session)
    app.extensions["customers"] = customers.create_app(runtime)
    app.wsgi_app = customers.Door(app.extensions["customers"], app)  # type: ignore[method-assign]
    return app


def behind_proxy(app: Flask) -> Flask:
    """Apply X-Forwarded-* headers, for servers that pass them on. Not for Waitress, which applies them itself."""
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    return app


def _configuration(settings: Settings) -> dict[str, object]:
    secure = bounds.is_secure(settings)
    previous = settings.web.secret_key_previous.reveal()
    return bounds.configuration(settings) | {
        "SECRET_KEY": settings.web.secret_key.reveal(),
        "SECRET_KEY_FALLBACKS": [previous] if previous else [],
        "SESSION_COOKIE_NAME": "feedback_staff",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": secure,
        "REMEMBER_COOKIE_NAME": "feedback_remember",
        "REMEMBER_COOKIE_HTTPONLY": True,
        "REMEMBER_COOKIE_SAMESITE": "Lax",
        "REMEMBER_COOKIE_SECURE": secure,
        "WTF_CSRF_TIME_LIMIT": None,  # valid as long as the session, so that a form can stay open
        "SEND_FILE_MAX_AGE_DEFAULT": 365 * 86_400,  # addresses of static files contain a hash of the content
    }
