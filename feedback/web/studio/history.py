"""The page History: the revisions of a text, any two compared, and one restored into the draft."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from feedback import clock
from feedback.errors import NotFound
from feedback.lint import read
from feedback.services.studio import comparison, consequences, drafts, revisions
from feedback.services.studio.consequences import Consequence
from feedback.web.auth.permissions import Permission, may
from feedback.web.http.locale import say
from feedback.web.http.numbers import whole
from feedback.web.http.routes import Route, get, post
from feedback.web.studio import frame

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

DRAFT, LIVE = "draft", "live"
"""What can be compared besides numbers of revisions."""


def routes(runtime: Runtime) -> list[Route]:
    views = HistoryViews(runtime)
    return [
        get("/<key>/history", views.history),
        get("/<key>/compare", views.compare),
        post("/<key>/keep", views.keep),
        post("/<key>/revisions/<int:number>/restore", views.restore_revision),
    ]


class HistoryViews:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database
        self.directories = frame.directories(runtime)

    @may(Permission.SEE_QUESTIONNAIRES)
    def history(self, key: str) -> ResponseReturnValue:
        with self.database.reading() as session:
            draft = drafts.find(session, self.directories, key)
            every = revisions.history(session, key)
        return frame.text_page("studio/versions/history.html", draft, revisions=every)

    @may(Permission.SEE_QUESTIONNAIRES)
    def compare(self, key: str) -> ResponseReturnValue:
        """The difference between two revisions, the draft and what is live."""
        old, new = request.args.get("old", LIVE), request.args.get("new", DRAFT)
        with self.database.reading() as session:
            draft = drafts.find(session, self.directories, key)
            every = revisions.history(session, key)
        known = {DRAFT: draft.text, LIVE: draft.in_force or ""}
        known |= {str(each.number): each.text for each in every}
        if old not in known or new not in known:
            raise NotFound("There is no revision with this number.")
        return frame.text_page(
            "studio/versions/compare.html",
            draft,
            revisions=every,
            old=old,
            new=new,
            difference=comparison.compare(known[old], known[new]),
            consequences=_consequences(known[old], known[new]),
        )

    @may(Permission.EDIT_QUESTIONNAIRES)
    def keep(self, key: str) -> ResponseReturnValue:
        """Keep the draft as it is now as a revision."""
        with self.database.writing() as session:
            row = drafts.locked(session, key)
            if row is None:
                raise NotFound("There is no text with this key.")
            revisions.keep(session, row, request.form.get("note", "").strip())
        flash(say().gettext("Revision kept."), "success")
        return redirect(url_for("studio.history", key=key), 303)

    @may(Permission.EDIT_QUESTIONNAIRES)
    def restore_revision(self, key: str, number: int) -> ResponseReturnValue:
        """Put a revision into the draft; the draft before is kept."""
        base = request.form.get("base", -1, type=whole)
        with self.database.writing() as session:
            text = revisions.revision(session, key, number).text
            row = drafts.locked(session, key)
            if row is not None and row.edit == base:
                revisions.keep(session, row, "")
            drafts.save(session, key, text, base=base, by=current_user.id, now=clock.now())
        flash(say().gettext("Restored into the draft. Nothing changes for customers yet."), "success")
        return redirect(url_for("studio.show", key=key), 303)


def _consequences(old: str, new: str) -> list[Consequence]:
    before, after = read(old, "old.yaml"), read(new, "new.yaml")
    if before.journey and after.journey:
        return consequences.of_journey(before.journey.stages, after.journey.stages)
    if after.questionnaire and (before.questionnaire or not old):
        return consequences.of_questionnaire(before.questionnaire, after.questionnaire)
    return []
