"""Tagging a comment, and the page on which a lead edits the frame of themes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy.orm import Session

from feedback import clock
from feedback.core.themes.frame import UNSORTED
from feedback.errors import Conflict
from feedback.lint.reporters.translation import translated
from feedback.services import reports
from feedback.services.themes import correcting, frame_file, frames, learning
from feedback.services.themes.frame_file import FrameRefused
from feedback.web.auth.permissions import Permission, allows, may, viewer
from feedback.web.http.locale import say
from feedback.web.http.numbers import whole
from feedback.web.http.routes import blueprint_of, form
from feedback.web.themes.tags import tags_of, themes_in_words

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


def blueprint(runtime: Runtime) -> Blueprint:
    views = ThemePages(runtime)
    return blueprint_of(
        "themes",
        form("/frame", views.frame, views.save_frame),
        form("/comments/<int:answer_id>", views.tags, views.tag),
    )


class ThemePages:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database
        self.library = runtime.library

    @may(Permission.SEE_REPORTS)
    def tags(self, answer_id: int) -> ResponseReturnValue:
        """The form for one comment; as a fragment inside the list of comments, otherwise as a page."""
        with self.database.reading() as session:
            comment = correcting.comment(session, viewer(), answer_id, left_out=self._left_out(session))
            return render_template(
                "themes/tags.html",
                answer_id=answer_id,
                comment=comment,
                tags=tags_of(session, say(), [answer_id])[answer_id],
                titles=_choices(session),
                back=_back(request.args.get("back", "")),
                is_fragment=_is_fragment(),
            )

    @may(Permission.SEE_REPORTS)
    def tag(self, answer_id: int) -> ResponseReturnValue:
        with self.database.writing() as session:
            correcting.correct(
                session,
                viewer(),
                answer_id,
                request.form.getlist("theme"),
                left_out=self._left_out(session),
                now=clock.now(),
            )
        if _is_fragment():
            with self.database.reading() as session:
                tags = tags_of(session, say(), [answer_id])[answer_id]
            return render_template("themes/_tagged.html", answer_id=answer_id, tags=tags)
        flash(say().gettext("Saved."), "success")
        return redirect(_back(request.form.get("back", "")), 303)

    @may(Permission.MANAGE_THEMES)
    def frame(self) -> ResponseReturnValue:
        with self.database.reading() as session:
            version = request.args.get("version", type=whole)
            text = frames.text_of(session, frames.in_force(session).version if version is None else version)
            return self._page(session, text)

    @may(Permission.MANAGE_THEMES)
    def save_frame(self) -> ResponseReturnValue:
        text, seen = (
            request.form.get("frame", "").replace("\r\n", "\n"),
            request.form.get("seen", 0, type=whole),
        )
        try:
            with self.database.writing() as session:
                if word := request.form.get("accept", ""):
                    text = learning.accepted(frames.text_of(session, seen), word)
                frames.save(session, text, seen=seen, by=current_user.id, now=clock.now())
        except (FrameRefused, Conflict) as refused:
            with self.database.reading() as session:
                return self._page(session, text, refused), 422
        flash(say().gettext("Saved. Comments are read again within a few minutes."), "success")
        return redirect(url_for("themes.frame"), 303)

    def _page(self, session: Session, text: str, refused: FrameRefused | Conflict | None = None) -> str:
        told = refused.mistakes if isinstance(refused, FrameRefused) else []
        in_force = frames.in_force(session)
        return render_template(
            "themes/frame.html",
            text=text,
            refused=say().gettext(str(refused)) if refused else "",
            mistakes=[_in_words(*each) for each in told],
            version=in_force.version,
            history=frames.history(session),
            is_shipped=text == frame_file.shipped_text(),
            suggestions=learning.suggestions(session, in_force.frame),
            titles=themes_in_words(in_force.frame, say()),
        )

    def _left_out(self, session: Session) -> frozenset[tuple[str, str]]:
        return reports.contact_questions(session, self.library)


def _choices(session: Session) -> dict[str, str]:
    titles = themes_in_words(frames.in_force(session).frame, say())
    return {key: title for key, title in titles.items() if key != UNSORTED}


def _is_fragment() -> bool:
    return request.headers.get("HX-Request") == "true"


def _back(address: str) -> str:
    """A page of ours to return to."""
    parts = urlsplit(address)
    ours = address.startswith("/") and not address.startswith("//") and "\\" not in address
    if ours and not parts.netloc:
        return address
    return url_for("insights.comments" if allows(Permission.SEE_REPORTS) else "desk.queue")


def _in_words(template: str, params: Mapping[str, object]) -> str:
    """A mistake in the reader's language, with what the reader of YAML says about it."""
    language = say().language
    told = {
        name: translated(each, language) if isinstance(each, str) else each for name, each in params.items()
    }
    return say().gettext(template, **told)
