"""The doors to a new survey: blank, from the gallery, from the bank of items, a pasted text, a file of another tool."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from feedback import clock, lint
from feedback.core.text.localized import direction
from feedback.errors import Conflict, ImportRefused, Rejected
from feedback.i18n import LANGUAGES
from feedback.lint.reporters.translation import in_language
from feedback.services.questionnaires import gallery, publishing
from feedback.services.studio import beginnings, drafts, item_bank
from feedback.services.studio.importing import notes, reading
from feedback.services.studio.importing.guarding import MOST_CHARACTERS, ImportRefusal
from feedback.services.studio.importing.keys import unused
from feedback.services.studio.importing.reading import ImportedDraft
from feedback.web.auth.permissions import Permission, may
from feedback.web.http.locale import say
from feedback.web.http.routes import Route, get, post
from feedback.web.questionnaires.views import SEVERITY_WORDS, worst
from feedback.web.studio import frame
from feedback.web.studio.form.wording import IN_FORM, TYPE_NAMES

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

SHORT = 200
"""Characters of a title, and of a key."""


def routes(runtime: Runtime) -> list[Route]:
    views = NewSurvey(runtime)
    return [
        get("/new", views.new),
        post("/new", views.blank),
        get("/new/gallery", views.list_templates),
        get("/new/gallery/<template>", views.show_template),
        post("/new/gallery/<template>", views.copy_template),
        get("/new/items", views.list_items),
        post("/new/items", views.use_items),
        post("/new/text", views.paste),
        post("/new/file", views.upload),
        post("/new/draft", views.keep_draft),
    ]


class NewSurvey:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database
        self.directories = frame.directories(runtime)
        self.rules = publishing.Rules(runtime.settings)

    @may(Permission.EDIT_QUESTIONNAIRES)
    def new(self) -> ResponseReturnValue:
        return self._doors()

    @may(Permission.EDIT_QUESTIONNAIRES)
    def blank(self) -> ResponseReturnValue:
        try:
            title = _field("title")
            key = self._key(title)
            text = beginnings.blank(title, key, _languages(), request.form.get("metric") or None)
            return self._created(key, text)
        except (Conflict, Rejected) as error:
            return self._doors(blank_error=say().gettext(str(error))), _status(error)

    @may(Permission.EDIT_QUESTIONNAIRES)
    def list_templates(self) -> ResponseReturnValue:
        return render_template(
            "studio/new/gallery.html",
            type_names=TYPE_NAMES,
            stages=groupby(gallery.templates(), key=lambda each: gallery.STAGES[each.stage]),
        )

    @may(Permission.EDIT_QUESTIONNAIRES)
    def show_template(self, template: str) -> ResponseReturnValue:
        return self._template(template)

    @may(Permission.EDIT_QUESTIONNAIRES)
    def copy_template(self, template: str) -> ResponseReturnValue:
        chosen = gallery.template(template)
        try:
            kept = [each for each in chosen.questionnaire.languages if each in request.form.getlist("also")]
            if not kept:
                raise Rejected("Choose at least one language.")
            first = request.form.get("language", "")
            if first in kept:
                kept = list(dict.fromkeys([first, *kept]))
            key = _field("key") or template
            return self._created(key, gallery.copied(chosen, key, kept))
        except (Conflict, Rejected) as error:
            return self._template(template, error=say().gettext(str(error))), _status(error)

    @may(Permission.EDIT_QUESTIONNAIRES)
    def list_items(self) -> ResponseReturnValue:
        return self._items()

    @may(Permission.EDIT_QUESTIONNAIRES)
    def use_items(self) -> ResponseReturnValue:
        try:
            title = _field("title")
            chosen = [item_bank.item(each) for each in request.form.getlist("item")]
            if not chosen:
                raise Rejected("Choose at least one question.")
            if not title:
                raise Rejected("Give the survey a title of at most 200 characters.")
            key = self._key(title)
            return self._created(key, beginnings.with_items(title, key, _languages(), chosen))
        except (Conflict, Rejected) as error:
            return self._items(error=say().gettext(str(error))), _status(error)

    @may(Permission.EDIT_QUESTIONNAIRES)
    def paste(self) -> ResponseReturnValue:
        typed = request.form.get("text", "").replace("\r\n", "\n")
        language = request.form.get("language", "")
        wanted = (language,) if language in LANGUAGES["survey"] else ()
        try:
            made = reading.read_text(typed, languages=wanted)
        except ImportRefused as refused:
            return self._doors(text_error=sentence(refused)), 422
        return self._report(made, self._unused(made.key))

    @may(Permission.EDIT_QUESTIONNAIRES)
    def upload(self) -> ResponseReturnValue:
        file = request.files.get("file")
        try:
            if file is None or not file.filename:
                raise ImportRefusal(notes.EMPTY)
            made = reading.read_file(file.stream.read(), file.filename[:SHORT])
        except ImportRefused as refused:
            return self._doors(file_error=sentence(refused)), 422
        return self._report(made, self._unused(made.key))

    @may(Permission.EDIT_QUESTIONNAIRES)
    def keep_draft(self) -> ResponseReturnValue:
        """Store the draft of a report under the key that was chosen there."""
        text = drafts.as_typed(request.form.get("text", ""), "")
        key = _field("key")
        try:
            return self._created(key, beginnings.with_key(text, key))
        except (Conflict, Rejected) as error:
            asked = getattr(lint.read(text).questionnaire, "questions", ())
            count = sum(each.answerable for each in asked)
            made = ImportedDraft(key, text, request.form.get("format", ""), (), count)
            return self._report(made, key, error=say().gettext(str(error))), _status(error)

    def _created(self, key: str, text: str) -> ResponseReturnValue:
        with self.database.writing() as session:
            made = drafts.create(session, self.directories, key, text, by=current_user.id, now=clock.now())
        flash(say().gettext("Draft created. Nobody is asked until you publish it."), "success")
        return redirect(url_for("studio.show", key=made.key), 303)

    def _key(self, title: str) -> str:
        """The key that was typed; without one, a key made of the title that nobody uses."""
        return _field("key") or beginnings.proposed_key(title, self._taken())

    def _unused(self, key: str) -> str:
        return unused(key, self._taken())

    def _taken(self) -> set[str]:
        with self.database.reading() as session:
            return {"new", "journey"} | drafts.keys(session, self.directories)

    def _doors(self, **context: Any) -> str:
        return render_template(
            "studio/new/new.html",
            **_choices(),
            metrics=beginnings.METRICS,
            formats=list(
                dict.fromkeys(
                    (each.title, each.files) for each in (*reading.FORMATS, reading.OWN) if each.key != "text"
                )
            ),
            longest=MOST_CHARACTERS,
            templates=len(gallery.templates()),
            items=len(item_bank.items()),
            **context,
        )

    def _template(self, name: str, **context: Any) -> str:
        chosen = gallery.template(name)
        language = say().language
        return render_template(
            "studio/new/template.html",
            template=chosen,
            questionnaire=chosen.questionnaire,
            language=language,
            direction=direction,
            type_names=TYPE_NAMES,
            key=_field("key") or self._unused(name),
            typed=request.form,
            **context,
        )

    def _items(self, **context: Any) -> str:
        return render_template(
            "studio/new/items.html",
            **_choices(),
            items=item_bank.items().values(),
            translations=item_bank.TRANSLATIONS,
            chosen=request.form.getlist("item"),
            direction=direction,
            **context,
        )

    def _report(self, made: ImportedDraft, key: str, **context: Any) -> str:
        with self.database.reading() as session:
            settings = self.rules.for_session(session, clock.now())
        found = lint.check(beginnings.with_key(made.text, key), f"{key}.yaml", settings=settings)
        questionnaire = lint.read(made.text).questionnaire
        return render_template(
            "studio/new/report.html",
            made=made,
            key=key,
            questionnaire=questionnaire,
            language=questionnaire.languages[0] if questionnaire else "en",
            direction=direction,
            type_names=TYPE_NAMES,
            problems=in_language(found, say().language),
            severities=SEVERITY_WORDS,
            in_form=IN_FORM,
            worst=worst,
            longest=drafts.LONGEST,
            format=next(
                (each.title for each in (*reading.FORMATS, reading.OWN) if each.key == made.format), ""
            ),
            **context,
        )


def sentence(refused: ImportRefused) -> str:
    """A refusal in the reader's language."""
    if not isinstance(refused, ImportRefusal):
        return say().gettext(str(refused))
    params = {
        name: say().gettext(each) if isinstance(each, str) and each else each
        for name, each in refused.params.items()
    }
    return say().gettext(refused.message, **params)


def _choices() -> dict[str, Any]:
    """What the fields for title, key and languages need."""
    typed = request.form
    return {
        "languages": LANGUAGES["survey"],
        "first": typed.get("language") or say().language,
        "also": typed.getlist("also"),
        "typed": typed,
    }


def _languages() -> list[str]:
    """The languages that were chosen, the main one first."""
    return list(
        dict.fromkeys(filter(None, [request.form.get("language", ""), *request.form.getlist("also")]))
    )


def _field(name: str) -> str:
    return " ".join(request.form.get(name, "").split())[: SHORT + 1]


def _status(error: Conflict | Rejected) -> int:
    return 409 if isinstance(error, Conflict) else 422
