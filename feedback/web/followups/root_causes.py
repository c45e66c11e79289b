"""The page for maintaining the list of root causes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from feedback import clock
from feedback.core.text.localized import direction
from feedback.errors import NotFound, Rejected
from feedback.services.followups import root_causes
from feedback.web.auth.permissions import Permission, may
from feedback.web.http.locale import say
from feedback.web.http.routes import blueprint_of, get, post

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

ACTIONS = {"retire": root_causes.retire, "bring_back": root_causes.bring_back}


def blueprint(runtime: Runtime) -> Blueprint:
    views = Causes(runtime)
    return blueprint_of(
        "causes",
        get("/", views.index),
        post("/", views.add),
        post("/<int:cause_id>", views.change),
    )


class Causes:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database

    @may(Permission.MANAGE_CAUSES)
    def index(self) -> ResponseReturnValue:
        return self._page()

    @may(Permission.MANAGE_CAUSES)
    def add(self) -> ResponseReturnValue:
        try:
            with self.database.writing() as session:
                root_causes.add(session, request.form, by=current_user.id, now=clock.now())
        except Rejected as refused:
            return self._page(refused, about=None), 422
        return self._saved()

    @may(Permission.MANAGE_CAUSES)
    def change(self, cause_id: int) -> ResponseReturnValue:
        action, by, now = request.form.get("action", ""), current_user.id, clock.now()
        try:
            with self.database.writing() as session:
                if action == "rename":
                    root_causes.rename(session, cause_id, request.form, by=by, now=now)
                elif action in ACTIONS:
                    ACTIONS[action](session, cause_id, by=by, now=now)
                else:
                    raise NotFound("Root cause not found.")
        except Rejected as refused:
            return self._page(refused, about=cause_id), 422
        return self._saved()

    def _page(self, refused: Rejected | None = None, about: int | None = None) -> str:
        """The list; after a refused change, with the entered values: `about` is the cause, or None for a new one."""
        with self.database.reading() as session:
            return render_template(
                "followups/root-causes.html",
                causes=root_causes.everything(session),
                refused=say().gettext(str(refused)) if refused else None,
                about=about,
                typed=request.form if refused else {},
                direction=direction,
            )

    def _saved(self) -> ResponseReturnValue:
        flash(say().gettext("Saved."), "success")
        return redirect(url_for("causes.index"), 303)
