"""The list of root causes, as the organisation maintains it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from feedback import clock
from feedback.core.text import direction
from feedback.errors import NotFound, Rejected
from feedback.services import root_causes
from feedback.web.language import say
from feedback.web.permissions import Permission, may

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

ACTIONS = {"retire": root_causes.retire, "bring_back": root_causes.bring_back}


def blueprint(runtime: Runtime) -> Blueprint:
    room = Blueprint("causes", __name__)
    database = runtime.database

    @room.get("/")
    @may(Permission.MANAGE_CAUSES)
    def index() -> ResponseReturnValue:
        return page()

    @room.post("/")
    @may(Permission.MANAGE_CAUSES)
    def add() -> ResponseReturnValue:
        try:
            with database.writing() as session:
                root_causes.add(session, request.form, by=current_user.id, now=clock.now())
        except Rejected as refused:
            return page(refused, about=None), 422
        return saved()

    @room.post("/<int:cause_id>")
    @may(Permission.MANAGE_CAUSES)
    def change(cause_id: int) -> ResponseReturnValue:
        action, by, now = request.form.get("action", ""), current_user.id, clock.now()
        try:
            with database.writing() as session:
                if action == "rename":
                    root_causes.rename(session, cause_id, request.form, by=by, now=now)
                elif action in ACTIONS:
                    ACTIONS[action](session, cause_id, by=by, now=now)
                else:
                    raise NotFound("There is no such cause.")
        except Rejected as refused:
            return page(refused, about=cause_id), 422
        return saved()

    def page(refused: Rejected | None = None, about: int | None = None) -> str:
        """The list, with what was typed where it was refused: `about` one cause, or None for a new one."""
        with database.reading() as session:
            return render_template(
                "desk/causes.html",
                causes=root_causes.everything(session),
                refused=say().gettext(str(refused)) if refused else None,
                about=about,
                typed=request.form if refused else {},
                direction=direction,
            )

    def saved() -> ResponseReturnValue:
        flash(say().gettext("Saved."), "success")
        return redirect(url_for("causes.index"), 303)

    return room
