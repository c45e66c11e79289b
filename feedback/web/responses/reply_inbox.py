"""The inbox: replies from customers that a person has to read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from feedback import clock
from feedback.errors import Conflict, Rejected
from feedback.i18n import _
from feedback.library import Library
from feedback.services.responses import reply_inbox
from feedback.services.responses.reply_inbox import AT_ONCE, Decision, Tray
from feedback.web.auth.access_log import note_seen
from feedback.web.auth.permissions import Permission, may, viewer
from feedback.web.http.locale import say
from feedback.web.http.numbers import whole
from feedback.web.http.routes import blueprint_of, get, post
from feedback.web.layout import masking
from feedback.web.wording.reply_wording import MEANINGS

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


TRAYS: Mapping[Tray, str] = {
    Tray.WAITING: _("Waiting"),
    Tray.HANDLED: _("Done"),
    Tray.ALL: _("All"),
}
DECISIONS: Mapping[str, str] = {
    Decision.OPT_OUT: _("opted them out"),
    Decision.NO_OPT_OUT: _("marked this as not an opt-out"),
    Decision.HANDLED: _("marked this as done"),
}
DONE: Mapping[Decision, str] = {
    Decision.OPT_OUT: _("This person will get no more surveys."),
    Decision.NO_OPT_OUT: _("Surveys to this person continue."),
    Decision.HANDLED: _("Message marked as done."),
}


def blueprint(runtime: Runtime) -> Blueprint:
    views = Inbox(runtime)
    return blueprint_of(
        "inbox",
        get("/", views.index),
        post("/<int:reply_id>", views.decide),
    )


class Inbox:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database
        self.library = runtime.library
        self.context = runtime

    @may(Permission.SEE_FOLLOW_UPS)
    def index(self) -> ResponseReturnValue:
        tray = _tray(request.args.get("tray"))
        with self.database.reading() as session:
            found = reply_inbox.entries(session, viewer(), tray, request.args.get("before", type=whole))
        note_seen(self.database, "inbox")
        return render_template(
            "responses/reply-inbox.html",
            entries=found,
            older=found[-1].reply.id if len(found) == AT_ONCE else None,
            tray=tray,
            trays=TRAYS,
            meanings=MEANINGS,
            decisions=DECISIONS,
            survey=lambda key: survey_title(self.library, key),
            address=masking.for_whom(Permission.WORK_FOLLOW_UPS),
        )

    @may(Permission.WORK_FOLLOW_UPS)
    def decide(self, reply_id: int) -> ResponseReturnValue:
        form = request.form
        try:
            decision = Decision(form.get("decision", ""))
        except ValueError:
            raise Rejected("Choose what to do with this message.") from None
        try:
            with self.database.writing() as session:
                reply_inbox.decide(
                    session,
                    reply_id,
                    viewer(),
                    decision,
                    form.get("note", ""),
                    context=self.context,
                    now=clock.now(),
                )
        except Conflict as second:
            flash(say().gettext(str(second)), "error")
        else:
            flash(say().gettext(DONE[decision]), "success")
        return redirect(url_for("inbox.index"), 303)


def survey_title(library: Library, key: str) -> str:
    """The title of a questionnaire in the reader's language, or its key if it no longer exists."""
    known = library.questionnaires.get(key)
    return known.title.to(say().language) if known else key


def _tray(asked: str | None) -> Tray:
    return Tray(asked) if asked in set(Tray) else Tray.WAITING
