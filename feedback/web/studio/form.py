"""The form of a questionnaire: cards and boxes. Each change is one small edit of the text, which keeps its layout."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy.orm import Session

from feedback import clock, lint
from feedback.core.questions import QUESTION_TYPES
from feedback.core.text.localized import direction
from feedback.errors import Conflict, NotFound, Rejected
from feedback.i18n import language_name
from feedback.lint.document.document import Document
from feedback.lint.languages.data import codes
from feedback.services.contact import facts
from feedback.services.questionnaires import publishing, review
from feedback.services.studio import drafts
from feedback.services.studio.drafts import StudioDraft
from feedback.services.studio.editing import checked, placed
from feedback.services.studio.editing.outline import outline
from feedback.web.auth.permissions import Permission, allows, may
from feedback.web.http.locale import say
from feedback.web.http.numbers import whole
from feedback.web.http.routes import Route, get, post
from feedback.web.questionnaires.views import SEVERITY_WORDS, named
from feedback.web.studio import form_actions, form_wording, frame

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


def routes(runtime: Runtime) -> list[Route]:
    views = QuestionnaireForm(runtime)
    return [get("/<key>/edit", views.edit), post("/<key>/edit", views.change)]


class QuestionnaireForm:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database
        self.settings = runtime.settings
        self.directories = frame.directories(runtime)
        self.rules = publishing.Rules(runtime.settings)

    @may(Permission.SEE_QUESTIONNAIRES)
    def edit(self, key: str) -> ResponseReturnValue:
        with self.database.reading() as session:
            draft = self._draft(session, key)
            rules = self.rules.for_session(session, clock.now())
        return self._page(draft, rules, undo=_undo_of(request.args, draft))

    @may(Permission.EDIT_QUESTIONNAIRES)
    def change(self, key: str) -> ResponseReturnValue:
        """Apply what was typed and what the button does; if it is refused, show it again with what was typed."""
        form, now = request.form, clock.now()
        with self.database.reading() as session:
            draft = self._draft(session, key)
            rules = self.rules.for_session(session, now)
        base = form.get("base", -1, type=whole)
        try:
            if base != draft.edit:
                raise Conflict("Somebody else saved this text after you opened it.")
            text = self._edited(draft, rules)
            with self.database.writing() as session:
                drafts.save(session, key, text, base=base, by=current_user.id, now=now)
        except (Conflict, Rejected) as refused:
            status = 409 if isinstance(refused, Conflict) else 422
            with self.database.reading() as session:
                present = self._draft(session, key)
            return self._page(present, rules, refused=refused), status
        with self.database.reading() as session:
            saved = self._draft(session, key)
        undo = checked.undoing(draft.text, text) if text != draft.text else None
        if _is_scripted() or (undo and len(undo.text) > LONGEST_UNDO):
            return self._page(saved, rules, undo=undo)
        return redirect(_address(key, saved, undo), 303)

    def _edited(self, draft: StudioDraft, rules: lint.LintContext) -> str:
        form, text = request.form.copy(), draft.text
        action, *arguments = form.get("do", "").split(" ")
        if action == "undo":
            numbers = form.get("start", -1, type=whole), form.get("length", 0, type=whole)
            put = drafts.as_typed(form.get("put", ""), text)
            return checked.undone(text, checked.Patch(*numbers, put))
        if action == "rewrite":
            found = placed.findings(text, draft.key, rules, say().language)
            form["better"] = placed.better(found, *arguments)
        return checked.edited(text, form_actions.change_of(form), say().language)

    def _draft(self, session: Session, key: str) -> StudioDraft:
        draft = drafts.find(session, self.directories, key)
        if draft.is_journey:
            raise NotFound("There is no text with this key.")
        return draft

    def _page(
        self,
        draft: StudioDraft,
        rules: lint.LintContext,
        *,
        undo: checked.Patch | None = None,
        refused: Exception | None = None,
    ) -> str:
        document = lint.read(draft.text, f"{draft.key}.yaml", rules)
        context: dict[str, Any] = {
            "may_edit": allows(Permission.EDIT_QUESTIONNAIRES) and not draft.archived_at,
            "refused": say().gettext(str(refused)) if refused else "",
            "is_conflict": isinstance(refused, Conflict),
            "typed": form_actions.typed(request.form) if refused else {},
            "undo": undo,
            "found": placed.findings(draft.text, draft.key, rules, say().language),
            "severities": SEVERITY_WORDS,
        }
        if document.faults:
            has_yaml = "studio.yaml" in current_app.view_functions
            context["yaml_address"] = url_for("studio.yaml", key=draft.key) if has_yaml else ""
            return frame.text_page("studio/unreadable.html", draft, **context)
        with self.database.reading() as session:
            known = facts.values(session) if context["may_edit"] else {}
        context |= self._form(document) | _beside(document, context["found"])
        declared = document.at(("fields",))
        fields = [str(each) for each in declared] if isinstance(declared, list) else []
        context["customers"] = form_wording.customer_menu(known, context["form"].languages, fields)
        context["lost"] = _without_box(context["typed"], context["boxes_named"])
        return frame.text_page("studio/edit.html", draft, **context)

    def _form(self, document: Document) -> dict[str, Any]:
        form = outline(document)
        questionnaire = document.questionnaire
        return {
            "form": form,
            "words": form_wording,
            "types": [
                (each, form_wording.TYPE_NAMES[each])
                for each in QUESTION_TYPES
                if each in form_wording.TYPE_NAMES
            ],
            "direction": direction,
            "language_name": language_name,
            "more_languages": [each for each in codes() if each not in form.languages],
            "texts": review.text_messages(questionnaire, self.settings) if questionnaire else [],
            "currency": self.settings.organisation.currency,
            "character": named,
            "data": document.data,
            "codes_for": partial(form_wording.codes_for, form.cards, document.data),
        }


def _beside(document: Document, found: list[placed.FindingInPlace]) -> dict[str, Any]:
    """Where the page shows each finding: `at_text(box, language)`, and `about(name)` for the rest of a part."""
    form = outline(document)
    boxes = list(form.boxes())
    shown = {
        id(each)
        for box in boxes
        for language in box.languages
        for each in placed.at_text(found, box, language)
    }
    rest = [each for each in found if id(each) not in shown]
    parts = [*(card.name for card in form.cards), "messages", "thanks", "follow_ups"]
    general = [each for each in rest if not any(each.is_at(part) for part in parts)]
    return {
        "at_text": partial(placed.at_text, found),
        "about": lambda name: [each for each in rest if each.is_at(name)] if name else general,
        "boxes_named": {f"text|{box.name}|{language}" for box in boxes for language in box.languages},
    }


def _without_box(typed: dict[str, str], names: set[str]) -> list[str]:
    """Texts that were typed into boxes that are no longer there."""
    return [
        value for name, value in typed.items() if name.startswith("text|") and value and name not in names
    ]


def _is_scripted() -> bool:
    """Whether htmx takes the page over; without it a change ends with a redirect."""
    return request.headers.get("HX-Request") == "true"


LONGEST_UNDO = 1_500
"""Characters of a patch that still fits into an address; for a longer one the page is not redirected to."""


def _address(key: str, draft: StudioDraft, undo: checked.Patch | None) -> str:
    if undo is None:
        return url_for("studio.edit", key=key)
    patch = {"at": draft.edit, "start": undo.start, "length": undo.length, "put": undo.text}
    return f"{url_for('studio.edit', key=key)}?{urlencode(patch)}"


def _undo_of(sent: Any, draft: StudioDraft) -> checked.Patch | None:
    """The patch in the address, if the text is still the one that it belongs to."""
    if sent.get("at", -1, type=whole) != draft.edit:
        return None
    return checked.Patch(
        sent.get("start", 0, type=whole), sent.get("length", 0, type=whole), sent.get("put", "")
    )
