"""The language and time zone of a staff page: the user's, else the browser's language."""

from __future__ import annotations

from datetime import tzinfo
from zoneinfo import ZoneInfo

from flask import current_app, g, request, session
from flask_security import current_user

from feedback.i18n import LANGUAGES, Translator, translator
from feedback.services.staff.readers import chosen_calendar
from feedback.settings import Settings
from feedback.settings.table import OrganisationSettings

DESK = "desk"
CHOSEN = "language"  # in the session, for those who have not signed in yet


def say() -> Translator:
    """The translator for the current user, determined once per request."""
    if "say" not in g:
        g.say = translator(DESK, _language(), _organisation().default_region, chosen_calendar(current_user))
    chosen: Translator = g.say
    return chosen


def _language() -> str | None:
    own = getattr(current_user, "language", None) or session.get(CHOSEN)
    return own or request.accept_languages.best_match(LANGUAGES[DESK])


def zone() -> tzinfo:
    """The time zone for displayed times: the user's, else the organisation's."""
    own = getattr(current_user, "time_zone", None)
    return ZoneInfo(own) if own else _organisation().time_zone


def _organisation() -> OrganisationSettings:
    settings: Settings = current_app.extensions["feedback"].settings
    return settings.organisation
