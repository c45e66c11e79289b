"""What all pages of one text have in common: its head, its tabs, and the page for a text that was overtaken."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import current_app, render_template, request, url_for

from feedback import resources
from feedback.i18n import _
from feedback.library import Refused
from feedback.lint import read
from feedback.services.questionnaires.layers import JOURNEY, Layer
from feedback.services.studio.drafts import DraftState, StudioDraft
from feedback.web.http.locale import say

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

TABS: Mapping[str, str] = {
    "studio.edit": _("Edit"),
    "studio.yaml": _("YAML"),
    "studio.preview": _("Preview"),
    "studio.translations": _("Translations"),
    "studio.history": _("History"),
    "studio.publish": _("Publish"),
}
"""Endpoint -> title, in the order of the work; those that do not exist are left out."""
PAGE_OF: Mapping[str, str] = {
    "studio.test": "studio.preview",
    "studio.compare": "studio.history",
    "studio.put_live": "studio.publish",
    "studio.undo": "studio.publish",
    "studio.bring_back": "studio.publish",
}
"""Endpoint -> the tab to which it belongs, if it is none itself."""
OF_QUESTIONNAIRES = ("studio.edit", "studio.preview", "studio.translations")
"""Endpoints that the journey does not have; it is edited on a page of its own."""

LAYER_NAMES: Mapping[Layer, str] = {
    Layer.STUDIO: _("Studio"),
    Layer.INSTANCE: _("File of this installation"),
    Layer.SHIPPED: _("Shipped with the product"),
}

STATE_NAMES: Mapping[DraftState, str] = {
    DraftState.NEVER: _("Never published"),
    DraftState.CHANGED: _("Draft differs from what is live"),
    DraftState.PUBLISHED: _("Live"),
}


def directories(runtime: Runtime) -> list[Path]:
    """The directories of the files, for `drafts.find`."""
    return resources.directories("questionnaires", runtime.settings.instance)


def tabs(key: str) -> list[tuple[str, str, str]]:
    """(endpoint, title, address) of each page of a text."""
    exist = current_app.view_functions
    if key == JOURNEY:
        others = {each: title for each, title in TABS.items() if each not in OF_QUESTIONNAIRES}
        shared = [(each, title, url_for(each, key=key)) for each, title in others.items() if each in exist]
        return [("studio.journey", TABS["studio.edit"], url_for("studio.journey")), *shared]
    return [(each, title, url_for(each, key=key)) for each, title in TABS.items() if each in exist]


def title_of(draft: StudioDraft) -> str:
    """The title in the reader's language; the key if the text has none that can be read."""
    if draft.is_journey:
        return say().gettext("Journey")
    questionnaire = read(draft.text, f"{draft.key}.yaml").questionnaire
    return questionnaire.title.to(say().language) if questionnaire else draft.key


def key_of_refused(refused: Refused) -> str:
    """The key of the text that is not in force."""
    return JOURNEY if refused.is_journey else refused.key


def text_page(template: str, draft: StudioDraft, *, title: str = "", **context: Any) -> str:
    """Render a template that extends `studio/_text.html`. Without a title the text is read for it."""
    return render_template(
        template,
        draft=draft,
        title=title or title_of(draft),
        tabs=tabs(draft.key),
        tab=PAGE_OF.get(request.endpoint or "", request.endpoint),
        layers=LAYER_NAMES,
        states=STATE_NAMES,
        **context,
    )


def overtaken(draft: StudioDraft, typed: str) -> tuple[str, int]:
    """The page for somebody whose text was overtaken, and its status: it shows both texts, and loses neither.

    `draft` is what somebody else has saved meanwhile, `typed` what this user wanted to save.
    """
    return text_page("studio/overtaken.html", draft, typed=typed), 409
