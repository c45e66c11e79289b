"""The pages that the search finds by their titles, in the reader's language and in English."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask import current_app, url_for

from feedback.i18n import Translator, _, translator
from feedback.services.search import records
from feedback.settings.organisation import GROUP_OF
from feedback.web.auth.permissions import Permission, access_of, allows
from feedback.web.layout.navigation import places
from feedback.web.wording import settings_wording

SHOWN = 8

OTHERS: Sequence[tuple[str, str]] = (
    (_("Accounts"), "customers.accounts"),
    (_("Import"), "imports.index"),
    (_("Duplicates"), "customers.duplicates"),
    (_("Comments"), "insights.comments"),
    (_("Results"), "insights.results"),
    (_("Responses"), "insights.responses"),
    (_("Closing the loop"), "insights.loop"),
    (_("Messages"), "deliveries.messages"),
    (_("Webhooks"), "webhooks.index"),
    (_("API keys"), "api_keys.index"),
    (_("Checks"), "settings.checks"),
    (_("First steps"), "first_steps.checklist"),
    (_("Your account"), "account.show"),
    (_("Business hours"), "account.show"),
    (_("Language"), "account.show"),
    (_("Change password"), "security.change_password"),
    (_("Passkeys"), "security.wan_register"),
)
"""Title -> endpoint, besides those of the navigation."""


@dataclass(frozen=True, slots=True)
class FoundPage:
    """A page, and where it is if the title alone does not say it."""

    title: str
    address: str
    within: str = ""


def matching(words: str, say: Translator) -> list[FoundPage]:
    """The pages that the signed-in user may open and whose title fits, at most `SHOWN`."""
    found: dict[tuple[str, str], FoundPage] = {}
    for page in (*_places(words, say), *_settings(words, say)):
        found.setdefault((page.title, page.address), page)
    return list(found.values())[:SHOWN]


def _places(words: str, say: Translator) -> Iterator[FoundPage]:
    for title, endpoint in (*((each.title, each.endpoint) for each in places()), *OTHERS):
        if endpoint in current_app.view_functions and _may_open(endpoint) and _fits(words, say, title):
            yield FoundPage(say.gettext(title), url_for(endpoint))


def _settings(words: str, say: Translator) -> Iterator[FoundPage]:
    """The groups of settings, and the single settings in them."""
    if not allows(Permission.MANAGE_SETTINGS):
        return
    settings = say.gettext("Settings")
    for key, (title, _purpose) in settings_wording.GROUPS.items():
        if _fits(words, say, title):
            yield FoundPage(say.gettext(title), url_for("settings.group", group=key), settings)
    for name, label in settings_wording.LABELS.items():
        group = GROUP_OF.get(name, "")
        if group in settings_wording.GROUPS and _fits(words, say, label):
            within = f"{settings} · {say.gettext(settings_wording.GROUPS[group][0])}"
            yield FoundPage(say.gettext(label), url_for("settings.group", group=group), within)


def _may_open(endpoint: str) -> bool:
    access = access_of(current_app, endpoint)
    if access is None:
        return False
    return access.permission is None or allows(access.permission)


def _fits(words: str, say: Translator, title: str) -> bool:
    return records.fits(words, [say.gettext(title), translator("desk", "en").gettext(title)])
