"""The web application: the staff's blueprints, their common settings, and the customers' application before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from flask import Blueprint, Flask
from flask_wtf.csrf import CSRFProtect
from jinja2 import ChoiceLoader, FileSystemLoader

from feedback import resources
from feedback.services.followups import root_causes
from feedback.services.staff import sessions
from feedback.services.studio import trial_links
from feedback.settings import Settings
from feedback.web import (
    api,
    campaigns,
    customer_app,
    customers,
    delighted,
    imports,
    mcp,
    monitoring,
    provider_hooks,
    security_txt,
    simulator,
)
from feedback.web.auth import datastore, permissions, second_factor_policy
from feedback.web.doors import receiver as doors_receiver
from feedback.web.doors import views as doors_views
from feedback.web.export import views as export_views
from feedback.web.followups import queue
from feedback.web.followups import root_causes as followups_root_causes
from feedback.web.http import headers, library_in_force, numbers, request_limits
from feedback.web.http.application import PlainFlask
from feedback.web.http.cookies import cookie_name
from feedback.web.http.trusted_proxy import TrustedProxy
from feedback.web.layout import error_pages, navigation
from feedback.web.messaging import views as messaging_views
from feedback.web.questionnaires import views as questionnaires_views
from feedback.web.reports import views as reports_views
from feedback.web.responses import reply_inbox
from feedback.web.scim import views as scim_views
from feedback.web.search import views as search_views
from feedback.web.settings import checklist
from feedback.web.settings import views as settings_views
from feedback.web.sharing import shared
from feedback.web.sharing import views as sharing_views
from feedback.web.single_sign_on import views as sso_views
from feedback.web.staff import account, api_keys, audit
from feedback.web.studio import studio, trials
from feedback.web.themes import views as themes_views
from feedback.web.webhooks import views as webhooks_views

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


class Room(NamedTuple):
    """Register a blueprint; `csrf=False` is for posts that are authenticated in another way."""

    blueprint: Callable[[Runtime], Blueprint]
    prefix: str
    csrf: bool = True


ROOMS = (
    Room(queue.blueprint, "/desk"),
    Room(reply_inbox.blueprint, "/inbox"),
    Room(imports.blueprint, request_limits.UPLOADS),
    Room(customers.blueprint, "/customers"),
    Room(campaigns.blueprint, "/campaigns"),
    Room(themes_views.blueprint, "/insights/themes"),
    Room(reports_views.blueprint, "/insights"),
    Room(export_views.blueprint, "/exports"),
    Room(sharing_views.blueprint, "/sharing"),
    Room(shared.blueprint, "/shared"),
    Room(messaging_views.blueprint, "/deliveries"),
    Room(questionnaires_views.blueprint, "/questionnaires"),
    Room(studio.blueprint, "/studio"),
    Room(
        trials.blueprint, f"/{trial_links.PATH}", csrf=False
    ),  # for anybody with the link, and stores nothing
    Room(account.blueprint, "/account"),
    Room(followups_root_causes.blueprint, "/causes"),
    Room(audit.blueprint, "/audit"),
    Room(search_views.blueprint, "/search"),
    Room(api_keys.blueprint, "/keys"),
    Room(sso_views.blueprint, "/sso", csrf=False),  # its one post is a call of the provider
    Room(settings_views.blueprint, "/settings"),
    Room(checklist.blueprint, "/first-steps"),
    Room(webhooks_views.blueprint, "/webhooks"),
    Room(doors_views.blueprint, "/doors"),
    Room(doors_receiver.blueprint, "/hooks/in", csrf=False),
    Room(api.blueprint, "/api/v1", csrf=False),
    Room(scim_views.blueprint, "/scim/v2", csrf=False),
    Room(delighted.blueprint, "/delighted/v1", csrf=False),
    Room(mcp.blueprint, "/mcp", csrf=False),
    Room(provider_hooks.blueprint, "/hooks", csrf=False),
    Room(simulator.blueprint, "/simulator"),
    Room(monitoring.blueprint, "", csrf=False),
    Room(security_txt.blueprint, ""),
)


def create_app(runtime: Runtime) -> Flask:
    """The WSGI application of a started Runtime: the customers' application before the staff's."""
    app = PlainFlask("feedback.web")
    app.config.update(_configuration(runtime.settings))
    runtime, follower = library_in_force.following(runtime)
    app.extensions["feedback"] = runtime
    directories = resources.directories("templates", runtime.settings.instance)
    app.jinja_loader = ChoiceLoader([FileSystemLoader(directory) for directory in directories])

    monitoring.install(app)  # first, so that it measures everything after it
    headers.install(app)
    request_limits.install(app, permissions.guard)
    library_in_force.install(app, follower)
    app.programs, app.of_everybody = request_limits.READ_LATER, app.hooks()
    second_factor_policy.install(app)
    numbers.install(app)
    csrf = CSRFProtect(app)
    for room in ROOMS:
        blueprint = room.blueprint(runtime)
        app.register_blueprint(blueprint, url_prefix=room.prefix or None)
        if not room.csrf:
            csrf.exempt(blueprint)
    datastore.install(app, runtime)
    navigation.install(app)
    error_pages.install(app)
    with runtime.database.writing() as session:
        root_causes.ensure(session)
    app.extensions["customers"] = customer_app.create_app(runtime, follower)
    dispatcher = customer_app.PathDispatcher(app.extensions["customers"], app)
    app.wsgi_app = request_limits.ShortHead(dispatcher)  # type: ignore[method-assign]
    return app


def behind_proxy(app: Flask, trusted: str) -> Flask:
    """Apply X-Forwarded-* headers of the peer with the address `trusted` (*: of every peer), and drop those of others.

    For servers that pass the headers on. Not for Waitress, which does the same by itself.
    """
    app.wsgi_app = TrustedProxy(app.wsgi_app, trusted)  # type: ignore[method-assign]
    return app


def _configuration(settings: Settings) -> dict[str, object]:
    secure = request_limits.is_secure(settings)
    previous = settings.web.secret_key_previous.reveal()
    return request_limits.configuration(settings) | {
        "SECRET_KEY": settings.web.secret_key.reveal(),
        "SECRET_KEY_FALLBACKS": [previous] if previous else [],
        "SESSION_COOKIE_NAME": cookie_name("feedback_staff", settings),
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_PATH": "/",
        "SESSION_PROTECTION": None,  # phones change their network; the session's row decides
        "PERMANENT_SESSION_LIFETIME": sessions.LONGEST,  # of the cookie; the row may end earlier
        "REMEMBER_COOKIE_NAME": cookie_name("feedback_remember", settings),
        "REMEMBER_COOKIE_DURATION": sessions.REMEMBERED,
        "REMEMBER_COOKIE_HTTPONLY": True,
        "REMEMBER_COOKIE_SAMESITE": "Lax",
        "REMEMBER_COOKIE_SECURE": secure,
        "WTF_CSRF_TIME_LIMIT": None,  # valid as long as the session, so that a form can stay open
        "SEND_FILE_MAX_AGE_DEFAULT": 365 * 86_400,  # addresses of static files contain a hash of the content
    }
