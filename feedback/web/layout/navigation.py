"""The layout of staff pages: navigation, language, numbers and dates, addresses of static files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

from flask import Flask, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from feedback import clock
from feedback.i18n import LANGUAGES, _, language_name
from feedback.services.responses import reply_inbox
from feedback.services.setup import first_steps
from feedback.web.auth.permissions import Permission, access_of, allows, public, viewer
from feedback.web.http.locale import DESK, say, zone
from feedback.web.wording import followup_wording

STATIC = Path(__file__).parents[1] / "static"


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation; shown to users with the permission, if the page exists.

    One that is rarely needed is `aside`, in the menu behind the user's name.
    """

    title: str
    endpoint: str
    permission: Permission
    aside: bool = False


INBOX, SIMULATOR = "inbox.index", "simulator.overview"

PLACES = (
    Place(_("Queue"), "desk.queue", Permission.SEE_FOLLOW_UPS),
    Place(_("Inbox"), INBOX, Permission.SEE_FOLLOW_UPS),
    Place(_("Customers"), "customers.contacts", Permission.SEE_CUSTOMERS),
    Place(_("Campaigns"), "campaigns.index", Permission.MANAGE_CAMPAIGNS),
    Place(_("Surveys"), "questionnaires.index", Permission.SEE_QUESTIONNAIRES),
    Place(_("Studio"), "studio.index", Permission.EDIT_QUESTIONNAIRES),
    Place(_("Insights"), "insights.index", Permission.SEE_REPORTS),
    Place(_("Deliveries"), "deliveries.index", Permission.SEE_DELIVERIES, aside=True),
    Place(_("Simulator"), SIMULATOR, Permission.MANAGE_DELIVERIES, aside=True),
    Place(_("Root causes"), "causes.index", Permission.MANAGE_CAUSES, aside=True),
    Place(_("Audit log"), "audit.index", Permission.SEE_AUDIT, aside=True),
    Place(_("Team"), "account.staff", Permission.MANAGE_STAFF, aside=True),
    Place(_("Settings"), "settings.overview", Permission.MANAGE_SETTINGS, aside=True),
)


def install(app: Flask) -> None:
    """Install the template globals and the start page."""
    app.jinja_env.globals.update(
        _=lambda message, **params: say().gettext(message, **params),
        ngettext=lambda *forms, **params: say().ngettext(*forms, **params),
        say=say,
        zone=zone,
        now=clock.now,
        allows=allows,
        Permission=Permission,
        asset=asset,
        places=places,
        simulates=simulates,
        waiting=waiting,
        steps_left=lambda: g.get("steps_left", ()),
        day=_day,
        language_name=language_name,
        segment_name=segment,
        public_url=app.extensions["feedback"].settings.web.public_url.rstrip("/"),
        desk_languages=LANGUAGES[DESK],
        settings_in_force=lambda: app.extensions["feedback"].settings,
        comes_from_provider=_comes_from_provider,
    )
    app.before_request(_count_inbox)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.add_url_rule("/", "home", _home)


def _comes_from_provider() -> bool:
    """Whether this session began at the provider of the single sign-on."""
    row = g.get("staff_session")
    return row is not None and row.provider_session_id is not None


@public("redirects to the sign-in")
def _home() -> ResponseReturnValue:
    """Redirect to the first page that the user may open; admins of a new installation to its checklist."""
    if not current_user.is_authenticated:
        return redirect(url_for("security.login"))
    if allows(Permission.MANAGE_SETTINGS) and _is_new():
        return redirect(url_for("first_steps.checklist"))
    first = next(iter(places()), None)
    return redirect(url_for(first.endpoint if first else "account.show"))


def _is_new() -> bool:
    runtime = current_app.extensions["feedback"]
    with runtime.database.reading() as session:
        return first_steps.are_open(session, runtime)


def _day(written: str) -> date:
    """The local date, for the reader, of a time that a log entry holds as text."""
    return datetime.fromisoformat(written).astimezone(zone()).date()


def places() -> list[Place]:
    """The navigation for the signed-in user."""
    exist = current_app.view_functions
    found = [place for place in PLACES if place.endpoint in exist and allows(place.permission)]
    return found if simulates() else [place for place in found if place.endpoint != SIMULATOR]


def simulates() -> bool:
    """Whether messages go to the simulator, so that its pages exist."""
    providers = current_app.extensions["feedback"].providers
    return any(key.startswith("simulator") for key in providers)


def _count_inbox() -> None:
    """The number of waiting replies, and the first steps that an admin has left, for the layout. They are read before
    the view, so that no request holds two connections."""
    access = access_of(current_app, request.endpoint) if request.endpoint else None
    if access is None or (access.anybody and request.blueprint != "simulator"):
        return
    if is_fragment() or not allows(Permission.SEE_FOLLOW_UPS):
        return
    runtime = current_app.extensions["feedback"]
    with runtime.database.reading() as session:
        g.waiting = reply_inbox.waiting(session, viewer())
        if request.blueprint != "first_steps" and allows(Permission.MANAGE_SETTINGS):
            g.steps_left = first_steps.left(session, runtime)


def waiting(endpoint: str) -> int:
    """The number beside an entry of the navigation: unread replies."""
    return g.get("waiting", 0) if endpoint == INBOX else 0


def asset(name: str) -> str:
    """The address of a static file; it changes with the content."""
    return url_for("static", filename=name, v=_fingerprint(name))


@cache
def _fingerprint(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def segment(key: str) -> str:
    """A segment in the reader's language; unknown segments are returned unchanged."""
    return followup_wording.in_words(say(), followup_wording.SEGMENT_NAMES, key)


def is_fragment() -> bool:
    """Whether htmx requests a part of the page."""
    return request.headers.get("HX-Request-Type") == "partial"
