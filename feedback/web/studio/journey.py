"""The journey: its stages on a time line, the form of one stage, and whom the draft would ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from feedback import clock, lint
from feedback.core.audience import ACCOUNT_FIELDS, CONTACT_FIELDS
from feedback.errors import Conflict, NotFound, Rejected
from feedback.i18n import LANGUAGES
from feedback.lint.document.document import Document, Path
from feedback.lint.reporters.translation import in_language
from feedback.services.contact import facts
from feedback.services.questionnaires import publishing
from feedback.services.questionnaires.layers import JOURNEY
from feedback.services.studio import drafts, live_lint
from feedback.services.studio.drafts import StudioDraft
from feedback.services.studio.editing.fingerprints import fingerprint
from feedback.services.studio.live_lint import PlacedFinding, Surroundings
from feedback.services.studio.stages import editing, form, outlook
from feedback.web.auth.permissions import Permission, allows, may
from feedback.web.http.locale import say
from feedback.web.http.numbers import whole
from feedback.web.http.routes import Route, get, post
from feedback.web.questionnaires.views import SEVERITY_WORDS
from feedback.web.studio import frame, stage_wording
from feedback.web.wording import message_wording

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

NEW: Mapping[str, Any] = {"channels": ["email", "sms"], "expires_after": "2w"}
"""What a new stage has until somebody changes it."""


def routes(runtime: Runtime) -> list[Route]:
    views = JourneyViews(runtime)
    return [
        get("/journey/edit", views.journey),
        post("/journey/edit", views.change_stage),
        post("/journey/stages", views.add_stage),
        post("/journey/stages/<stage>", views.arrange_stage),
    ]


class JourneyViews:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.database = runtime.database
        self.directories = frame.directories(runtime)
        self.rules = publishing.Rules(runtime.settings)

    @may(Permission.SEE_QUESTIONNAIRES)
    def journey(self) -> ResponseReturnValue:
        return self._page(self._draft(), stage=request.args.get("stage", ""))

    @may(Permission.EDIT_QUESTIONNAIRES)
    def change_stage(self) -> ResponseReturnValue:
        draft, key = self._draft(), request.form.get("stage", "")
        stage = _raw(lint.read(draft.text), key)
        typed = request.form.to_dict() | {"languages": ",".join(request.form.getlist("languages"))}
        try:
            text = editing.change(draft.text, key, form.values_of(typed, stage))
        except Rejected as error:
            return self._page(draft, stage=key, typed=typed, refused=_told(error)), 422
        return self._saved(draft, text, key)

    @may(Permission.EDIT_QUESTIONNAIRES)
    def add_stage(self) -> ResponseReturnValue:
        draft, title = self._draft(), request.form.get("title", "").strip()
        key = editing.unused_key(draft.text, title)
        stage = {
            **NEW,
            "key": key,
            "title": {say().language: title},
            "enter": {"event": request.form.get("event", "").strip()},
            "questionnaire": request.form.get("questionnaire", ""),
        }
        if not title or not request.form.get("event", "").strip():
            return self._page(draft, refused=say().gettext("Enter a name and an event.")), 422
        try:
            text = editing.add(draft.text, stage)
        except Rejected as error:
            return self._page(draft, refused=_told(error)), 422
        return self._saved(draft, text, key)

    @may(Permission.EDIT_QUESTIONNAIRES)
    def arrange_stage(self, stage: str) -> ResponseReturnValue:
        actions: Mapping[str, Callable[[str], str]] = {
            "up": lambda text: editing.move(text, stage, -1),
            "down": lambda text: editing.move(text, stage, 1),
            "duplicate": lambda text: editing.duplicate(text, stage),
            "remove": lambda text: editing.remove(text, stage),
        }
        action = actions.get(request.form.get("do", ""))
        if action is None:
            raise Rejected("Choose what to do with the stage.")
        draft = self._draft()
        shown = "" if request.form["do"] == "remove" else stage
        return self._saved(draft, action(draft.text), shown, open_=False)

    def _draft(self) -> StudioDraft:
        with self.database.reading() as session:
            return drafts.find(session, self.directories, JOURNEY)

    def _saved(self, draft: StudioDraft, text: str, stage: str, *, open_: bool = True) -> ResponseReturnValue:
        """Save a change of a stage that is still as the form has seen it; otherwise show both texts."""
        try:
            if not _is_current(draft):
                raise Conflict("Somebody else saved this text after you opened it.")
            with self.database.writing() as session:
                if text != draft.text:  # a draft that says what the file says is none
                    drafts.save(session, JOURNEY, text, base=draft.edit, by=current_user.id, now=clock.now())
        except Conflict:
            return frame.overtaken(self._draft(), text)
        flash(say().gettext("Draft saved."), "success")
        address = url_for("studio.journey", stage=stage if open_ else None)
        return redirect(f"{address}#{stage}" if stage else address, 303)

    def _page(
        self,
        draft: StudioDraft,
        *,
        stage: str = "",
        typed: Mapping[str, str] | None = None,
        refused: str = "",
    ) -> str:
        document = lint.read(draft.text, "journey.yaml")
        found = [] if document.problems else self._findings(draft)
        can_edit = allows(Permission.EDIT_QUESTIONNAIRES)
        raw = _raw(document, stage) if stage and can_edit else None
        return frame.text_page(
            "studio/journey.html",
            draft,
            stages=document.journey.stages if document.journey else (),
            problems=in_language(document.problems, say().language),
            can_edit=can_edit,
            opened=stage,
            fields=typed or (form.fields_of(raw) if raw else {}),
            raw=raw,
            refused=refused,
            entry=stage_wording.entry,
            length=stage_wording.length,
            audience=stage_wording.audience,
            channel_orders=stage_wording.CHANNEL_ORDERS,
            severities=SEVERITY_WORDS,
            fingerprint=partial(fingerprint, document.data),
            findings_of={
                key: [each.finding for each in found if _stage_of(document, each.path) == key]
                for key in _keys(document)
            },
            general=[each.finding for each in found if _stage_of(document, each.path) not in _keys(document)],
            wanted_survey=request.args.get("survey", ""),
            outlook=self._outlook(document) if "outlook" in request.args else None,
            reasons=message_wording.REASONS,
            **(self._choices(document) if can_edit else {}),
        )

    def _findings(self, draft: StudioDraft) -> tuple[PlacedFinding, ...]:
        """What the linter says about the draft beside the questionnaires in force, as on the YAML tab."""
        with self.database.reading() as session:
            settings = self.rules.for_session(session, clock.now())
        around = Surroundings(settings, self.runtime.library.journey, self.runtime.library.questionnaires)
        return live_lint.check(draft.text, draft.key, around, say().language).findings

    def _outlook(self, document: Document) -> outlook.JourneyOutlook | None:
        if document.journey is None:
            return None
        with self.database.reading() as session:
            return outlook.outlook(session, self.runtime, document.journey, clock.now())

    def _choices(self, document: Document) -> dict[str, Any]:
        """What the menus of the form offer."""
        with self.database.reading() as session:
            texts = drafts.all_texts(session, self.directories)
            properties = facts.properties(session)
            known = facts.values(session)
        about = {"account": ACCOUNT_FIELDS, "contact": CONTACT_FIELDS}
        used = document.journey.stages if document.journey else ()
        return {
            "surveys": [
                (each.key, frame.title_of(each))
                for each in texts
                if not each.is_journey and each.archived_at is None
            ],
            "events": sorted({each.enter.event for each in used if each.enter.event}),
            "units": stage_wording.UNITS,
            "dates": stage_wording.DATES,
            "tests": stage_wording.TEST_NAMES,
            "languages": LANGUAGES["messages"],
            "facts": {
                kind: [*names, *sorted(properties[kind] - set(names))] for kind, names in about.items()
            },
            "known_values": [
                (each, stage_wording.fact_name(fact))
                for fact, values in known.items()
                if not fact.startswith("event.")
                for each in values
            ],
            "fact_names": stage_wording.FACT_NAMES,
            "sayable": form.conditions_of,
        }


def _is_current(draft: StudioDraft) -> bool:
    """Whether the form was made from this draft, or from one in which its stage was the same."""
    if request.form.get("base", -1, type=whole) == draft.edit:
        return True
    seen, stage = (
        request.form.get("seen", ""),
        (request.view_args or {}).get("stage", request.form.get("stage")),
    )
    data = lint.read(draft.text).data
    return bool(seen and isinstance(data, dict) and fingerprint(data, f"stages.{stage}") == seen)


def _keys(document: Document) -> list[str]:
    return [each.key for each in document.journey.stages] if document.journey else []


def _stage_of(document: Document, path: Path) -> str:
    """The key of the stage that a path leads into; empty if it is about the journey as a whole."""
    if len(path) < 2 or path[0] != "stages" or not isinstance(path[1], int):
        return ""
    stage = document.at(path[:2])
    return str(stage.get("key", "")) if isinstance(stage, dict) else ""


def _raw(document: Document, key: str) -> Mapping[str, Any]:
    """A stage as the YAML has it. Raises NotFound."""
    stages = document.at(("stages",)) or ()
    found = next((each for each in stages if isinstance(each, dict) and each.get("key") == key), None)
    if found is None or document.journey is None:
        raise NotFound("The journey has no such stage any more. Go back and reload the page.")
    return found


def _told(error: Rejected) -> str:
    if isinstance(error, editing.StageRefused):
        return in_language([error.problem], say().language)[0].message
    return say().gettext(str(error))
