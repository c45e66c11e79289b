"""How a member of staff reads: language, digits, dates."""

from __future__ import annotations

from feedback.i18n import Calendar, Translator, translator
from feedback.settings import Settings
from feedback.store.models import User

CALENDARS: tuple[Calendar, ...] = ("gregorian", "solar_hijri")


def translator_for(user: User, settings: Settings) -> Translator:
    """The translator for pages and e-mails that this user reads."""
    return translator("desk", user.language, settings.organisation.default_region, chosen_calendar(user))


def chosen_calendar(user: object) -> Calendar:
    """The calendar of a user's dates; also of somebody who has not signed in."""
    chosen: Calendar | None = getattr(user, "calendar", None)
    return chosen if chosen in CALENDARS else "gregorian"
