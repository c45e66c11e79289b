"""The list of all texts, and what can be done to a text as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from feedback import clock
from feedback.errors import Conflict
from feedback.services.questionnaires import publishing
from feedback.services.studio import drafts
from feedback.services.studio.checks import Checks
from feedback.services.studio.drafts import StudioDraft
from feedback.web.auth.permissions import Permission, may
from feedback.web.http.locale import say
from feedback.web.http.numbers import whole
from feedback.web.http.routes import Route, get, post
from feedback.web.questionnaires.views import worst
from feedback.web.studio import frame

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


def routes(runtime: Runtime) -> list[Route]:
    views = Texts(runtime)
    return [
        get("/", views.index),
        get("/<key>", views.show),
        post("/<key>/text", views.save_text),
        post("/<key>/duplicate", views.duplicate),
        post("/<key>/archive", views.archive),
        post("/<key>/restore", views.restore),
    ]


class Texts:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database
        self.runtime = runtime
        self.directories = frame.directories(runtime)
        self.rules = publishing.Rules(runtime.settings)
        self.checks = Checks()

    @may(Permission.SEE_QUESTIONNAIRES)
    def index(self) -> ResponseReturnValue:
        with self.database.reading() as session:
            every = drafts.all_texts(session, self.directories)
            settings = self.rules.for_session(session, clock.now())
        archived = request.args.get("archived") == "1"
        wanted = request.args.get("q", "").strip()
        titles = {each.key: frame.title_of(each) for each in every}
        shown = [
            each
            for each in every
            if (each.archived_at is not None) == archived and _matches(each, titles[each.key], wanted)
        ]
        return render_template(
            "studio/index.html",
            rows=shown,
            titles=titles,
            checked=self.checks.of([each for each in every if each.archived_at is None], settings),
            worst=worst,
            refused=[(frame.key_of_refused(each), each) for each in self.runtime.library.refused],
            layers=frame.LAYER_NAMES,
            states=frame.STATE_NAMES,
            wanted=wanted,
            archived=archived,
            any_archived=any(each.archived_at for each in every),
            can_begin="studio.new" in current_app.view_functions,
        )

    @may(Permission.SEE_QUESTIONNAIRES)
    def show(self, key: str) -> ResponseReturnValue:
        """Redirect to the first page of a text."""
        first = next(iter(frame.tabs(key)), None)
        return redirect(first[2] if first else url_for("questionnaires.show", key=key))

    @may(Permission.EDIT_QUESTIONNAIRES)
    def save_text(self, key: str) -> ResponseReturnValue:
        """Save a whole text that was made from the edit `base`."""
        with self.database.reading() as session:
            draft = drafts.find(session, self.directories, key)
        typed = drafts.as_typed(request.form.get("text", ""), draft.text)
        base = request.form.get("base", -1, type=whole)
        try:
            with self.database.writing() as session:
                drafts.save(session, key, typed, base=base, by=current_user.id, now=clock.now())
        except Conflict:
            with self.database.reading() as session:
                draft = drafts.find(session, self.directories, key)
            if draft.archived_at:
                raise
            return frame.overtaken(draft, typed)
        flash(say().gettext("Draft saved."), "success")
        return redirect(url_for("studio.show", key=key), 303)

    @may(Permission.EDIT_QUESTIONNAIRES)
    def duplicate(self, key: str) -> ResponseReturnValue:
        with self.database.writing() as session:
            made = drafts.duplicate(
                session, self.directories, key, request.form.get("key", "").strip(),
                by=current_user.id, now=clock.now(),
            )  # fmt: skip
        flash(say().gettext("Copy created."), "success")
        return redirect(url_for("studio.show", key=made.key), 303)

    @may(Permission.EDIT_QUESTIONNAIRES)
    def archive(self, key: str) -> ResponseReturnValue:
        with self.database.writing() as session:
            drafts.archive(session, self.directories, key, by=current_user.id, now=clock.now())
        flash(say().gettext("Archived. What is live stays live."), "success")
        return redirect(url_for("studio.index"), 303)

    @may(Permission.EDIT_QUESTIONNAIRES)
    def restore(self, key: str) -> ResponseReturnValue:
        with self.database.writing() as session:
            drafts.restore(session, key, by=current_user.id, now=clock.now())
        flash(say().gettext("Restored."), "success")
        return redirect(url_for("studio.show", key=key), 303)


def _matches(draft: StudioDraft, title: str, wanted: str) -> bool:
    """Whether a text contains what is searched for, in its key, its title or its words."""
    folded = wanted.casefold()
    return any(folded in each.casefold() for each in (draft.key, title, draft.text))
