"""The form of a questionnaire: cards and boxes. Each change is one small edit of the text, which keeps its layout."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Response, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from feedback import clock, lint
from feedback.core.instruments import instruments
from feedback.core.questions import QUESTION_TYPES
from feedback.core.text.localized import direction
from feedback.errors import Conflict, NotFound, Rejected
from feedback.i18n import language_name
from feedback.lint.document.document import Document
from feedback.lint.editing.splice import spliced
from feedback.lint.languages.data import codes
from feedback.services.contact import facts
from feedback.services.questionnaires import publishing, review
from feedback.services.studio import drafts, live_lint
from feedback.services.studio.drafts import StudioDraft
from feedback.services.studio.editing import checked, placed
from feedback.services.studio.editing.fingerprints import ORDER, fingerprint
from feedback.services.studio.editing.outline import Outline, TextBox, outline
from feedback.services.studio.live_lint import CATEGORIES, Acceptance, Surroundings
from feedback.web.auth.permissions import Permission, allows, may
from feedback.web.http.locale import say
from feedback.web.http.numbers import whole
from feedback.web.http.routes import Route, get, post
from feedback.web.questionnaires.views import SEVERITY_WORDS, named
from feedback.web.studio import frame, preview
from feedback.web.studio.form import actions, insertions, wording
from feedback.web.studio.yaml_view import CATEGORY_NAMES

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


def routes(runtime: Runtime) -> list[Route]:
    views = QuestionnaireForm(runtime)
    return [get("/<key>/edit", views.edit), post("/<key>/edit", views.change)]


FRESH = timedelta(minutes=1)
"""So long the menus keep what they offer about customers."""


class QuestionnaireForm:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database
        self.library = runtime.library
        self.settings = runtime.settings
        self.directories = frame.directories(runtime)
        self.rules = publishing.Rules(runtime.settings)
        self._values: tuple[datetime | None, Mapping[str, Sequence[str]]] = (None, {})

    @may(Permission.SEE_QUESTIONNAIRES)
    def edit(self, key: str) -> ResponseReturnValue:
        draft, around = self._draft(key)
        return self._page(
            draft, around, undo=_undo_of(request.args, draft), opened=request.args.getlist("open")
        )

    @may(Permission.EDIT_QUESTIONNAIRES)
    def change(self, key: str) -> ResponseReturnValue:
        """Apply what was typed and what the button does; if it is refused, show it again with what was typed.

        A script that names a `part` gets only that part and the line with the state, which is quick to draw.
        """
        draft, around = self._draft(key)
        try:
            if not _is_current(draft):
                raise Conflict("Somebody else saved this text after you opened it.")
            text = self._edited(draft, around)
            if text != draft.text:
                with self.database.writing() as session:
                    drafts.save(session, key, text, base=draft.edit, by=current_user.id, now=clock.now())
        except (Conflict, Rejected) as refused:
            status = 409 if isinstance(refused, Conflict) else 422
            present, around = self._draft(key)
            return self._page(present, around, refused=refused, opened=_opened()), status
        saved, around = self._draft(key)
        undo = checked.undoing(draft.text, text) if text != draft.text else None
        new = _new_questions(draft.text, text)
        opened = _latest_of([*_opened(), *new])
        if _is_scripted() or (undo and len(undo.text) > LONGEST_UNDO):
            return self._page(saved, around, undo=undo, part=request.form.get("part", ""), opened=opened)
        return redirect(_address(saved, undo, opened[-1:]) + _anchor(new), 303)

    def _edited(self, draft: StudioDraft, around: Surroundings) -> str:
        form, text = request.form.copy(), draft.text
        action, *arguments = form.get("do", "").split(" ")
        if action == "undo":
            numbers = form.get("start", -1, type=whole), form.get("length", 0, type=whole)
            put = drafts.as_typed(form.get("put", ""), text)
            return checked.undone(text, checked.Patch(*numbers, put))
        if action == "rewrite":
            document = lint.read(text, f"{draft.key}.yaml", around.of(draft.key))
            form["better"] = placed.better(placed.findings(document, say().language), *arguments)
        if action != "accept":
            return checked.edited(text, actions.change_of(form), say().language)
        form["do"] = "save"
        text = checked.edited(text, actions.change_of(form), say().language)
        return spliced(text, live_lint.accept(text, draft.key, around, _acceptance(form, *arguments)))

    def _draft(self, key: str) -> tuple[StudioDraft, Surroundings]:
        with self.database.reading() as session:
            draft = drafts.find(session, self.directories, key)
            settings = self.rules.for_session(session, clock.now())
        if draft.is_journey:
            raise NotFound("There is no text with this key.")
        return draft, Surroundings(settings, self.library.journey, self.library.questionnaires)

    def _page(
        self,
        draft: StudioDraft,
        around: Surroundings,
        *,
        undo: checked.Patch | None = None,
        refused: Exception | None = None,
        part: str = "",
        opened: Collection[str] = (),
    ) -> Response:
        """`opened` are the parts that are shown with their conditions and settings, which a long page leaves out."""
        document = lint.read(draft.text, f"{draft.key}.yaml", around.of(draft.key))
        context: dict[str, Any] = {
            "may_edit": allows(Permission.EDIT_QUESTIONNAIRES) and not draft.archived_at,
            "opened": frozenset(opened),
            "add": request.args.get("add", type=whole) if request.method == "GET" else None,
            "refused": say().gettext(str(refused)) if refused else "",
            "is_conflict": isinstance(refused, Conflict),
            "typed": actions.typed(request.form) if refused else {},
            "undo": undo,
            "found": placed.findings(document, say().language),
            "severities": SEVERITY_WORDS,
            "categories": CATEGORY_NAMES,
            "is_nameless": not self.company,
        }
        if document.faults:
            context["yaml_address"] = url_for("studio.yaml", key=draft.key)
            return make_response(frame.text_page("studio/unreadable.html", draft, **context))
        if document.questionnaire:
            context["title"] = document.questionnaire.title.to(say().language)
        context |= self._form(document)
        context |= _beside(context["form"], context["found"])
        context |= self._menus(document, context["form"]) if opened else {}
        context["lost"] = _without_box(context["typed"], context["boxes_named"])
        if part in (known := _parts(context["form"])):
            # The part itself, and the questions that close because this one opens.
            parts = [part, *(each for each in request.form.getlist("shut") if each in known and each != part)]
            return make_response(frame.text_page("studio/form/_part.html", draft, parts=parts, **context))
        chosen = preview.choices(document.questionnaire, self.company) if document.questionnaire else None
        response = make_response(frame.text_page("studio/form/edit.html", draft, chosen=chosen, **context))
        response.headers["Content-Security-Policy"] = preview.FRAMING
        return response

    def _menus(self, document: Document, form: Outline) -> dict[str, Any]:
        """What the menus of conditions offer: the answers to each question, and facts about the customer."""
        known = self._values_of_facts() if allows(Permission.EDIT_QUESTIONNAIRES) else {}
        declared = document.at(("fields",))
        fields = [str(each) for each in declared] if isinstance(declared, list) else []
        customers = wording.customer_menu(known, form.languages, fields)
        return {"menus": wording.menu(form.cards), "customers": customers}

    def _values_of_facts(self) -> Mapping[str, Sequence[str]]:
        """What is known of customers; read again after FRESH, because each key in an open question asks for it."""
        now = clock.now()
        read_at, known = self._values
        if read_at is None or not timedelta() <= now - read_at < FRESH:
            with self.database.reading() as session:
                known = facts.values(session)
            self._values = now, known
        return known

    @property
    def company(self) -> str:
        return self.settings.organisation.name

    def _form(self, document: Document) -> dict[str, Any]:
        form = outline(document)
        questionnaire = document.questionnaire
        return {
            "form": form,
            "fingerprint": partial(fingerprint, document.data),
            "words": wording,
            "types": [
                (each, wording.TYPE_NAMES[each]) for each in QUESTION_TYPES if each in wording.TYPE_NAMES
            ],
            "direction": direction,
            "instruments": [(name, each.title) for name, each in instruments().items()],
            "language_name": language_name,
            "more_languages": [each for each in codes() if each not in form.languages],
            "texts": review.text_messages(questionnaire, self.settings) if questionnaire else [],
            "currency": self.settings.organisation.currency,
            "character": named,
            "data": document.data,
            "insertions": insertions,
        }


SECTIONS = ("survey", "blocks", "messages", "thanks", "follow_ups")
"""The parts of the form besides the questions, in their order."""


def _parts(form: Outline) -> set[str]:
    return {*SECTIONS, *(card.name for card in form.cards)}


def _is_current(draft: StudioDraft) -> bool:
    """Whether the form was made from this draft, or from one in which its own part was the same."""
    if request.form.get("base", -1, type=whole) == draft.edit:
        return True
    seen, data = request.form.get("seen", ""), lint.read(draft.text).data
    return bool(seen and isinstance(data, dict) and fingerprint(data, request.form.get("of", "")) == seen)


def _acceptance(form: Any, rule: str = "", question: str = "") -> Acceptance:
    reason = form.get(f"reason|{rule}|{question}", "")
    category = form.get(f"category|{rule}|{question}", CATEGORIES[0])
    return Acceptance(rule, question, reason, category, current_user.email)


def _opened() -> list[str]:
    """The parts that were open when the form was sent, and the one that its button opens."""
    name, _, part = request.form.get("do", "").partition(" ")
    return [*request.form.getlist("open"), *([part] if name == "open" else ())]


def _latest_of(opened: Sequence[str]) -> list[str]:
    """The parts that stay open: of the questions only the latest, because several make a long page."""
    questions = [each for each in opened if each.startswith("questions.")]
    return [each for each in opened if each not in questions or each == questions[-1]]


def _new_questions(before: str, after: str) -> list[str]:
    """The names of the questions that a change has added."""
    if request.form.get("do", "").partition(" ")[0] not in ("add-question", "duplicate", "undo"):
        return []
    known, now = (
        [each.get("key") for each in lint.read(text).at(("questions",)) or () if isinstance(each, dict)]
        for text in (before, after)
    )
    return [f"questions.{key}" for key in now if key not in known]


def _anchor(new: list[str]) -> str:
    """Where the page goes on without a script: at a new question, otherwise at the part that was sent."""
    part = (*new, request.form.get("of", ""))[0]
    return f"#{part.replace('.', '-')}" if part and part != ORDER else ""


def _beside(form: Outline, found: list[placed.FindingInPlace]) -> dict[str, Any]:
    """Where the page shows each finding: `at_text(box, language)`, and `about(name)` for the rest of a part.

    `missing` counts the texts that are still to be written, which are no findings of their own.
    """
    boxes = list(form.boxes())
    pairs = [(box, language) for box in boxes for language in box.languages]
    named = {each.name for each in found}
    told = [box for box in boxes if not named.isdisjoint(placed.names_of(box))]
    at = {(box.name, each): placed.at_text(found, box, each) for box in told for each in box.languages}
    missing = {(box.name, each): placed.gaps(found, box, each) for box in told for each in box.languages}
    gaps = {id(each) for listed in missing.values() for each in listed}
    shown = {id(each) for listed in at.values() for each in listed}
    lacking = {
        (box.name, language)
        for box, language in pairs
        if box.is_missing(language)
        or (box.is_empty and any(missing.get((box.name, each)) for each in box.languages))
    }
    issues = [each for each in found if id(each) not in gaps]
    rest = [each for each in issues if id(each) not in shown]
    parts = [*(card.name for card in form.cards), "messages", "thanks", "follow_ups", "blocks", "lint"]
    general = [each for each in rest if not any(each.is_at(part) for part in parts)]

    def about(name: str) -> list[placed.FindingInPlace]:
        return [each for each in rest if each.is_at(name)] if name else general

    marked = [
        (box, language)
        for box, language in pairs
        if (box.name, language) in lacking or at.get((box.name, language))
    ]
    return {
        "at_text": lambda box, language: at.get((box.name, language), []),
        "lacks": lambda box, language: (box.name, language) in lacking,
        "about": about,
        "boxes_named": {f"text|{box.name}|{language}" for box, language in pairs},
        "issues": issues,
        "missing": len(lacking),
        "first": _first(form, about, marked),
    }


def _first(
    form: Outline,
    about: Callable[[str], list[placed.FindingInPlace]],
    marked: list[tuple[TextBox, str]],
) -> str:
    """The id of what the page shows first of its issues and missing texts; "" if there are none."""
    if about(""):
        return "all-found"
    cards = (card.name for card in form.cards)
    for part in ("title", "lint", *cards, "blocks", "messages", "thanks", "follow_ups"):
        for box, language in marked:
            if box.name == part or box.name.startswith(f"{part}."):
                return f"t-{box.name}-{language}".replace(".", "-")
        if about(part):
            return f"{part}-found".replace(".", "-")
    return ""


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


def _address(draft: StudioDraft, undo: checked.Patch | None, opened: Sequence[str]) -> str:
    address = url_for("studio.edit", key=draft.key, open=opened or None)
    if undo is None:
        return address
    patch = {"at": draft.edit, "start": undo.start, "length": undo.length, "put": undo.text}
    return f"{address}{'&' if opened else '?'}{urlencode(patch)}"


def _undo_of(sent: Any, draft: StudioDraft) -> checked.Patch | None:
    """The patch in the address, if the text is still the one that it belongs to."""
    if sent.get("at", -1, type=whole) != draft.edit:
        return None
    return checked.Patch(
        sent.get("start", 0, type=whole), sent.get("length", 0, type=whole), sent.get("put", "")
    )
