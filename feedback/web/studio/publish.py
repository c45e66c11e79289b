"""The page Publish: what a publication changes, what stops it, the click, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy.orm import Session

from feedback import clock, lint
from feedback.errors import Conflict, NotFound, Rejected
from feedback.lint.document.parts import parts_of
from feedback.lint.engine.acknowledgement import Warned
from feedback.lint.reporters.translation import in_language
from feedback.services.campaigns import definition
from feedback.services.questionnaires.layers import JOURNEY
from feedback.services.studio import comparison, consequences, drafts, publication
from feedback.services.studio.consequences import Consequence
from feedback.services.studio.drafts import StudioDraft
from feedback.services.studio.editing.outline import Outline, TextBox, outline
from feedback.services.studio.editing.places import name_of
from feedback.services.studio.publication import Prepared
from feedback.web.auth.permissions import Permission, may
from feedback.web.http.library_in_force import follow_at_once
from feedback.web.http.locale import say
from feedback.web.http.numbers import whole
from feedback.web.http.routes import Route, get, post
from feedback.web.questionnaires.views import SEVERITY_WORDS
from feedback.web.studio import frame, stage_wording
from feedback.web.studio.form import wording

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


def routes(runtime: Runtime) -> list[Route]:
    views = Publishing(runtime)
    return [
        get("/<key>/publish", views.publish),
        post("/<key>/publish", views.put_live),
        get("/<key>/undo", views.undo),
        post("/<key>/undo", views.bring_back),
    ]


class Publishing:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.database = runtime.database
        self.directories = frame.directories(runtime)

    @may(Permission.EDIT_QUESTIONNAIRES)
    def publish(self, key: str) -> ResponseReturnValue:
        with self.database.reading() as session:
            draft = drafts.find(session, self.directories, key)
            return self._page(session, draft, self._prepared(session, draft))

    @may(Permission.EDIT_QUESTIONNAIRES)
    def put_live(self, key: str) -> ResponseReturnValue:
        try:
            self._put_live(key)
        except (Conflict, Rejected) as refused:
            return self._refused(key, refused)
        flash(say().gettext("Published. It is live everywhere within five seconds."), "success")
        return redirect(url_for("studio.publish", key=key), 303)

    def _put_live(self, key: str) -> None:
        with self.database.reading() as session:
            draft = drafts.find(session, self.directories, key)
            if draft.edit != request.form.get("base", -1, type=whole) or draft.archived_at:
                raise Conflict("Look at this page again: the draft was saved after you opened it.")
            if draft.is_published:
                raise Rejected("There is nothing to publish: the draft says what is live.")
            prepared = self._prepared(session, draft)
        self._commit(prepared)

    def _refused(self, key: str, refused: Exception) -> ResponseReturnValue:
        """The page as it is now, with the reason why nothing was published."""
        with self.database.reading() as session:
            draft = drafts.find(session, self.directories, key)
            page = self._page(
                session, draft, self._prepared(session, draft), told=say().gettext(str(refused))
            )
        return page, 409 if isinstance(refused, Conflict) else 422

    @may(Permission.EDIT_QUESTIONNAIRES)
    def undo(self, key: str) -> ResponseReturnValue:
        """What bringing back the version before changes."""
        with self.database.reading() as session:
            draft = drafts.find(session, self.directories, key)
            return self._page(session, draft, self._before(session, key), is_undo=True)

    @may(Permission.EDIT_QUESTIONNAIRES)
    def bring_back(self, key: str) -> ResponseReturnValue:
        with self.database.reading() as session:
            prepared = self._before(session, key)
        if prepared.edition != request.form.get("base", -1, type=whole):
            raise Conflict("Look at this page again: something else was published meanwhile.")
        self._commit(prepared)
        flash(say().gettext("The version before is live again. The draft is as it was."), "success")
        return redirect(url_for("studio.publish", key=key), 303)

    def _commit(self, prepared: Prepared) -> None:
        accepted = {each for each in prepared.warnings if token(each) in request.form.getlist("accept")}
        note = request.form.get("note", "").strip()
        with self.database.writing() as session:
            publication.publish(session, prepared, note, accepted, by=current_user.id, now=clock.now())
        follow_at_once()

    def _prepared(self, session: Session, draft: StudioDraft) -> Prepared:
        return publication.prepare(session, self.runtime.settings, self.runtime.library, draft, clock.now())

    def _before(self, session: Session, key: str) -> Prepared:
        settings, present = self.runtime.settings, self.runtime.library
        return publication.prepare_undo(session, settings, present, key, clock.now())

    def _page(
        self,
        session: Session,
        draft: StudioDraft,
        prepared: Prepared,
        *,
        is_undo: bool = False,
        told: str = "",
    ) -> str:
        library, settings, key = self.runtime.library, self.runtime.settings, draft.key
        candidate, new = prepared.candidate, prepared.questionnaire
        old = library.questionnaires.get(key)
        language = say().language
        return frame.text_page(
            "studio/versions/publish.html",
            draft,
            prepared=prepared,
            is_undo=is_undo,
            told=told,
            in_form=wording.IN_FORM,
            can_undo=self._can_undo(session, key),
            base=prepared.edition if is_undo else draft.edit,
            errors=in_language(list(prepared.errors), language),
            warnings=[
                (token(each), in_language(list(group), language)) for each, group in prepared.warnings.items()
            ],
            severities=SEVERITY_WORDS,
            place_in_form=None if draft.is_journey else places(prepared.text),
            texts=self._changes(prepared, draft),
            difference=comparison.compare(draft.in_force or "", prepared.text),
            consequences=self._consequences(prepared),
            messages=consequences.of_messages(old, new, settings) if new and not draft.is_journey else [],
            currency=settings.organisation.currency,
            audience=stage_wording.audience,
            entry=stage_wording.entry,
            stages=[each for each in library.journey.stages if each.questionnaire == key],
            reach=consequences.reach(session, settings, (library, candidate), key, clock.now())
            if candidate and not prepared.is_blocked
            else None,
            days=consequences.DAYS,
            can_be_sent=old is not None and definition.can_ask(old),
            is_unused=not draft.is_journey
            and not any(each.questionnaire == key for each in library.journey.stages),
            refused=[each for each in library.refused if frame.key_of_refused(each) == key],
        )

    def _consequences(self, prepared: Prepared) -> list[Consequence]:
        library = self.runtime.library
        if prepared.candidate and prepared.key == JOURNEY:
            return consequences.of_journey(library.journey.stages, prepared.candidate.journey.stages)
        if prepared.questionnaire:
            old = library.questionnaires.get(prepared.key)
            return consequences.of_questionnaire(old, prepared.questionnaire)
        return []

    def _changes(self, prepared: Prepared, draft: StudioDraft) -> list[ChangedText]:
        """What reads otherwise: the texts of a questionnaire, or the stages of the journey in words."""
        if not draft.is_journey:
            return changed_texts(draft.in_force or "", prepared.text)
        new = prepared.candidate.journey.stages if prepared.candidate else ()
        changed = stage_wording.changes(self.runtime.library.journey.stages, new)
        return [ChangedText(each.place, "", each.before, each.after) for each in changed]

    def _can_undo(self, session: Session, key: str) -> bool:
        try:
            publication.version_before(session, self.directories, key)
        except NotFound:
            return False
        return True


@dataclass(frozen=True, slots=True)
class ChangedText:
    """One text of a questionnaire that reads otherwise in one language; "" where there is or was none.

    What is said of a stage of the journey is in the reader's language, and `language` is "".
    """

    place: str
    language: str
    before: str
    after: str


def changed_texts(before: str, after: str) -> list[ChangedText]:
    """The texts of a questionnaire that differ, in the order of the form; those that are gone come last."""
    old, new, nothing = _texts(before), _texts(after), ("", "")
    changed = []
    for name, language in {**new, **old}:
        (place, was), (new_place, now) = (
            old.get((name, language), nothing),
            new.get((name, language), nothing),
        )
        if was != now:
            changed.append(ChangedText(new_place or place, language, was, now))
    return changed


def _texts(text: str) -> dict[tuple[str, str], tuple[str, str]]:
    """(name, language) -> (where it stands, in words; the text). Nothing for a text that cannot be read."""
    document = lint.read(text)
    if not isinstance(document.data, dict):
        return {}
    form = outline(document)
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for box in form.boxes():
        where = _place(form, box)
        for language, words in box.wordings.items():
            found[box.name, language] = where, words
    return found


def _place(form: Outline, box: TextBox) -> str:
    """Where a text stands in the form, in words: "Question 2 · Option"."""
    part = wording.role_name(box.role)
    card = next((each for each in form.cards if box.name.startswith(f"{each.name}.")), None)
    if card is None:
        return part
    number = say().gettext("Question {n}", n=card.index + 1)
    return number if box.role == "question" else f"{number} · {part}"


class PlaceInForm(NamedTuple):
    """What a part of the form is called, and the id at which the page of the form shows it."""

    words: str
    anchor: str


def places(text: str) -> Callable[[lint.Finding], PlaceInForm | None]:
    """Tells the place of a finding about a text in the form; None for one that is about no text and no question."""
    document = lint.read(text)
    form = outline(document) if not document.faults else None
    boxes = {box.name: box for box in form.boxes()} if form else {}

    def place(found: lint.Finding) -> PlaceInForm | None:
        if form is None:
            return None
        path, _end = parts_of(document).at(document.offset(found.line, found.column))
        name = name_of(document.data, path)
        box = boxes.get(name) or boxes.get(name.rpartition(".")[0])
        if box:
            language = found.language if found.language in box.languages else box.languages[0]
            return PlaceInForm(_place(form, box), f"t-{box.name}-{language}".replace(".", "-"))
        card = next((each for each in form.cards if f"{name}.".startswith(f"{each.name}.")), None)
        if card is None:
            return None
        return PlaceInForm(say().gettext("Question {n}", n=card.index + 1), card.name.replace(".", "-"))

    return place


def token(warned: Warned) -> str:
    """The value of the box that accepts a warning."""
    return "|".join(warned)
