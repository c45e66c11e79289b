"""The pages on which admins set up doors, try them, and look at what came."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from feedback import clock
from feedback.errors import Conflict, Rejected
from feedback.services.doors import arrivals, bodies, mapping, processing, recipes, setting_up
from feedback.services.doors.arrivals import DoorBacklog
from feedback.services.doors.processing import DoorTrial
from feedback.services.doors.setting_up import SetupInvalid
from feedback.store.models import Door
from feedback.store.portions import SHORT_REST, Portions
from feedback.web.auth.permissions import Permission, may
from feedback.web.doors import forms
from feedback.web.doors.forms import DoorForm
from feedback.web.http.locale import say
from feedback.web.http.numbers import whole
from feedback.web.http.routes import blueprint_of, form, get, post
from feedback.web.wording import door_wording

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


def blueprint(runtime: Runtime) -> Blueprint:
    views = Doors(runtime)
    return blueprint_of(
        "doors",
        get("/", views.doors),
        form("/new", views.new_door, views.create_door),
        get("/<int:door_id>", views.door),
        form("/<int:door_id>/setup", views.setup, views.change_setup),
        post("/<int:door_id>/pause", views.pause_door),
        post("/<int:door_id>/resume", views.resume_door),
        post("/<int:door_id>/secret", views.replace_secret),
        post("/<int:door_id>/again", views.process_all_again),
        post("/<int:door_id>/delete", views.delete_door),
        get("/<int:door_id>/arrivals/<int:arrival_id>", views.arrival),
        post("/<int:door_id>/arrivals/<int:arrival_id>/again", views.process_again),
        post("/<int:door_id>/arrivals/<int:arrival_id>/delete", views.delete_arrival),
    )


class Doors:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime, self.database = runtime, runtime.database

    @may(Permission.MANAGE_SETTINGS)
    def doors(self) -> ResponseReturnValue:
        with self.database.reading() as session:
            return render_template(
                "doors/index.html",
                doors=setting_up.everything(session),
                backlogs=arrivals.backlogs(session),
                nothing=DoorBacklog(),
                words=door_wording,
            )

    # --- One door --------------------------------------------------------------------------------

    @may(Permission.MANAGE_SETTINGS)
    def new_door(self) -> ResponseReturnValue:
        if "recipe" not in request.args:
            return render_template("doors/choose.html", recipes=recipes.every())
        return self._form(forms.begun(request.args["recipe"], request.args.get("example", 0, type=whole)))

    @may(Permission.MANAGE_SETTINGS)
    def create_door(self) -> ResponseReturnValue:
        """The page shows a secret that was made at once, and only now."""
        written = forms.written(request.form)
        if request.form.get("do") == "try":
            return self._tried(written, None)
        try:
            with self.database.writing() as session:
                door, secret = setting_up.create(
                    session,
                    written.draft,
                    request.form.get("secret", ""),
                    by=current_user.id,
                    now=clock.now(),
                )
        except (Rejected, Conflict) as refused:
            return self._form(written, refused=refused), 422
        return self._page(door.id, secret=secret, is_new=True), 201

    @may(Permission.MANAGE_SETTINGS)
    def door(self, door_id: int) -> ResponseReturnValue:
        return self._page(door_id)

    @may(Permission.MANAGE_SETTINGS)
    def setup(self, door_id: int) -> ResponseReturnValue:
        """With `arrival`, a body that came is there to be tried; with `example`, one of the recipe."""
        with self.database.reading() as session:
            door = setting_up.find(session, door_id)
            chosen = request.args.get("arrival", type=whole)
            shown = forms.stored(session, door, chosen, request.args.get("example", 0, type=whole))
        return self._form(shown, door)

    @may(Permission.MANAGE_SETTINGS)
    def change_setup(self, door_id: int) -> ResponseReturnValue:
        written = forms.written(request.form)
        with self.database.reading() as session:
            door = setting_up.find(session, door_id)
        if request.form.get("do") == "try":
            return self._tried(written, door)
        try:
            with self.database.writing() as session:
                setting_up.change(
                    session, door_id, written.draft, edit=written.edit, by=current_user.id, now=clock.now()
                )
        except (Rejected, Conflict) as refused:
            return self._form(written, door, refused=refused), 422
        flash(say().gettext("The door was saved."), "success")
        return self._back(door_id)

    # --- Actions ---------------------------------------------------------------------------------

    @may(Permission.MANAGE_SETTINGS)
    def pause_door(self, door_id: int) -> ResponseReturnValue:
        told = say().gettext("What comes is kept and waits until you resume.")
        return self._done(door_id, setting_up.pause, told)

    @may(Permission.MANAGE_SETTINGS)
    def resume_door(self, door_id: int) -> ResponseReturnValue:
        told = say().gettext("What has waited is taken in now.")
        return self._done(door_id, setting_up.resume, told)

    @may(Permission.MANAGE_SETTINGS)
    def replace_secret(self, door_id: int) -> ResponseReturnValue:
        try:
            with self.database.writing() as session:
                _door, secret = setting_up.replace_secret(
                    session, door_id, request.form.get("secret", ""), by=current_user.id, now=clock.now()
                )
        except Rejected as refused:
            return self._page(door_id, refused=str(refused)), 422
        if secret is None:
            flash(say().gettext("The secret was saved. For 24 hours the old one counts as well."), "success")
            return self._back(door_id)
        return self._page(door_id, secret=secret)

    @may(Permission.MANAGE_SETTINGS)
    def process_all_again(self, door_id: int) -> ResponseReturnValue:
        number = arrivals.all_again(self._portions(), door_id, by=current_user.id, now=clock.now())
        text = say().ngettext("{n} body is processed again.", "{n} bodies are processed again.", number)
        flash(text, "success")
        return self._back(door_id)

    @may(Permission.MANAGE_SETTINGS)
    def delete_door(self, door_id: int) -> ResponseReturnValue:
        setting_up.delete(self._portions(), door_id, by=current_user.id, now=clock.now())
        flash(say().gettext("The door was deleted."), "success")
        return redirect(url_for("doors.doors"), 303)

    # --- The log ---------------------------------------------------------------------------------

    @may(Permission.MANAGE_SETTINGS)
    def arrival(self, door_id: int, arrival_id: int) -> ResponseReturnValue:
        with self.database.reading() as session:
            door = setting_up.find(session, door_id)
            found = arrivals.one(session, door_id, arrival_id)
        body = forms.readable(found.body)
        return render_template(
            "doors/arrival.html",
            door=door,
            arrival=found,
            items=(found.outcome or {}).get("items", []),
            why=(found.outcome or {}).get("why", ""),
            body=body[: forms.SHOWN] if body is not None else None,
            is_cut=body is not None and len(body) > forms.SHOWN,
            words=door_wording,
        )

    @may(Permission.MANAGE_SETTINGS)
    def process_again(self, door_id: int, arrival_id: int) -> ResponseReturnValue:
        now = clock.now()
        try:
            with self.database.writing() as session:
                arrivals.again(session, door_id, arrival_id, by=current_user.id, now=now)
        except Conflict as refused:
            flash(say().gettext(str(refused)), "error")
        else:
            processing.process(self._portions(), arrival_id, self.runtime, now, processing.AT_ONCE)
            flash(say().gettext("The body was processed again."), "success")
        return redirect(url_for("doors.arrival", door_id=door_id, arrival_id=arrival_id), 303)

    @may(Permission.MANAGE_SETTINGS)
    def delete_arrival(self, door_id: int, arrival_id: int) -> ResponseReturnValue:
        with self.database.writing() as session:
            arrivals.delete(session, door_id, arrival_id, by=current_user.id, now=clock.now())
        flash(say().gettext("The entry was deleted."), "success")
        return self._back(door_id)

    # --- Shared ----------------------------------------------------------------------------------

    def _tried(self, written: DoorForm, door: Door | None) -> ResponseReturnValue:
        """The form again, with what the set-up would do with the body."""
        found, problems = mapping.read(written.draft.setup)
        if found is None:
            return self._form(written, door, refused=SetupInvalid(problems)), 422
        body = written.body[: bodies.LARGEST]
        result = processing.trial(
            self.database, door.id if door else None, written.draft.setup, body, self.runtime, clock.now()
        )
        return self._form(written, door, trial=result)

    def _form(
        self,
        shown: DoorForm,
        door: Door | None = None,
        *,
        refused: Rejected | Conflict | None = None,
        trial: DoorTrial | None = None,
    ) -> str:
        problems = refused.problems if isinstance(refused, SetupInvalid) else ()
        return render_template(
            "doors/form.html",
            form=shown,
            draft=shown.draft,
            door=door,
            recipe=recipes.every().get(shown.draft.recipe or ""),
            problems=forms.in_words(problems, say()),
            refused=say().gettext(str(refused)) if refused and not problems else None,
            trial=trial,
            prefix=self._address(""),
            words=door_wording,
        )

    def _page(
        self, door_id: int, *, secret: str | None = None, refused: str | None = None, is_new: bool = False
    ) -> str:
        tray = request.args.get("tray", "all")
        tray = tray if tray in door_wording.TRAYS else "all"
        with self.database.reading() as session:
            door = setting_up.find(session, door_id)
            found = arrivals.page(
                session,
                door_id,
                state=None if tray == "all" else tray,
                before=request.args.get("before", type=whole),
            )
            backlog = arrivals.backlogs(session).get(door_id, DoorBacklog())
        setup, _ = mapping.read(door.setup)
        return render_template(
            "doors/show.html",
            door=door,
            check=setup.check_ if setup else None,
            recipe=recipes.every().get(door.recipe or ""),
            address=self._address(door.name),
            backlog=backlog,
            rows=found,
            tray=tray,
            older=found[-1].id if len(found) == arrivals.PAGE else None,
            secret=secret,
            is_new=is_new,
            refused=say().gettext(refused) if refused else None,
            words=door_wording,
        )

    def _address(self, name: str) -> str:
        base = self.runtime.settings.web.public_url.rstrip("/") or request.host_url.rstrip("/")
        return f"{base}/hooks/in/{name}"

    def _done(self, door_id: int, work: Callable[..., object], told: str) -> ResponseReturnValue:
        with self.database.writing() as session:
            work(session, door_id, by=current_user.id, now=clock.now())
        flash(told, "success")
        return self._back(door_id)

    def _back(self, door_id: int) -> ResponseReturnValue:
        return redirect(url_for("doors.door", door_id=door_id), 303)

    def _portions(self) -> Portions:
        return Portions(self.database, resting=SHORT_REST)
