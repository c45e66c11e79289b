"""Shows people who write in one text to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_security import current_user

from feedback import clock
from feedback.services.studio import drafts, presence
from feedback.web.auth.permissions import Permission, allows, may
from feedback.web.http.numbers import whole
from feedback.web.http.routes import Route, get
from feedback.web.studio import frame

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


def routes(runtime: Runtime) -> list[Route]:
    return [get("/<key>/present", PresentUsers(runtime).present)]


def install(blueprint: Blueprint, runtime: Runtime) -> None:
    """Note before each page of a text who opens it; before the view, so that no request holds two connections."""

    def note() -> None:
        key = (request.view_args or {}).get("key")
        if key is None or request.method != "GET" or not allows(Permission.EDIT_QUESTIONNAIRES):
            return
        now = clock.now()
        with runtime.database.writing() as session:
            presence.seen(session, key, by=current_user.id, now=now)
            g.present = presence.others(session, key, by=current_user.id, now=now)

    blueprint.before_request(note)


class PresentUsers:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database
        self.directories = frame.directories(runtime)

    @may(Permission.EDIT_QUESTIONNAIRES)
    def present(self, key: str) -> ResponseReturnValue:
        """The others who have a text open, and whether its draft has changed since `edit`."""
        with self.database.reading() as session:
            draft = drafts.find(session, self.directories, key)
        return render_template(
            "studio/_present.html", draft=draft, edit=request.args.get("edit", draft.edit, type=whole)
        )
