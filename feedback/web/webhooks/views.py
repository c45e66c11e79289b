"""The pages on which admins register, watch and repair webhooks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy.orm import Session

from feedback import clock
from feedback.core.webhook_events import EVENT_TYPES
from feedback.errors import Conflict, Rejected
from feedback.services.webhooks import delivery_log, endpoints
from feedback.services.webhooks.delivering import ATTEMPTS
from feedback.services.webhooks.endpoints import EndpointDraft
from feedback.store.models import WebhookEndpoint
from feedback.store.portions import SHORT_REST, Portions
from feedback.web.auth.permissions import Permission, may
from feedback.web.http.locale import say, zone
from feedback.web.http.numbers import whole
from feedback.web.http.routes import blueprint_of, form, get, post
from feedback.web.webhooks import forms
from feedback.web.webhooks.forms import FilterOffers
from feedback.web.wording import webhook_wording

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


def blueprint(runtime: Runtime) -> Blueprint:
    views = Webhooks(runtime)
    return blueprint_of(
        "webhooks",
        get("/", views.index),
        form("/new", views.new, views.create),
        get("/<int:endpoint_id>", views.show),
        form("/<int:endpoint_id>/edit", views.edit, views.change),
        post("/<int:endpoint_id>/test", views.test),
        post("/<int:endpoint_id>/pause", views.pause),
        post("/<int:endpoint_id>/resume", views.resume),
        post("/<int:endpoint_id>/rotate", views.rotate),
        post("/<int:endpoint_id>/replay", views.replay),
        post("/<int:endpoint_id>/delete", views.delete),
        get("/<int:endpoint_id>/deliveries/<int:delivery_id>", views.delivery),
        post("/<int:endpoint_id>/deliveries/<int:delivery_id>/redeliver", views.redeliver),
    )


class Webhooks:
    def __init__(self, runtime: Runtime) -> None:
        self.database, self.library = runtime.database, runtime.library
        self.settings = runtime.settings.webhooks

    @may(Permission.MANAGE_SETTINGS)
    def index(self) -> ResponseReturnValue:
        with self.database.reading() as session:
            return render_template(
                "webhooks/index.html",
                endpoints=endpoints.everything(session),
                backlogs=delivery_log.backlogs(session),
                words=webhook_wording,
            )

    # --- One endpoint ----------------------------------------------------------------------------

    @may(Permission.MANAGE_SETTINGS)
    def new(self) -> ResponseReturnValue:
        return self._form(forms.empty())

    @may(Permission.MANAGE_SETTINGS)
    def create(self) -> ResponseReturnValue:
        """The page shows the secret at once, and only now: a redirect would have to keep it somewhere."""
        draft = forms.written(request.form)
        try:
            forms.highest_score(request.form.get("score_at_most", ""))
            with self.database.writing() as session:
                row, secret = endpoints.create(
                    session, draft, self.settings, by=current_user.id, now=clock.now()
                )
        except (Rejected, Conflict) as refused:
            return self._form(draft, refused=str(refused)), 422
        return self._page(row.id, secret=secret), 201

    @may(Permission.MANAGE_SETTINGS)
    def edit(self, endpoint_id: int) -> ResponseReturnValue:
        with self.database.reading() as session:
            row = endpoints.find(session, endpoint_id)
        return self._form(forms.stored(row), row, edit=row.edit)

    @may(Permission.MANAGE_SETTINGS)
    def change(self, endpoint_id: int) -> ResponseReturnValue:
        draft, edit = forms.written(request.form), request.form.get("edit", 0, type=whole)
        try:
            forms.highest_score(request.form.get("score_at_most", ""))
            with self.database.writing() as session:
                endpoints.change(
                    session, endpoint_id, draft, self.settings, edit=edit, by=current_user.id, now=clock.now()
                )
        except (Rejected, Conflict) as refused:
            with self.database.reading() as session:
                row = endpoints.find(session, endpoint_id)
            return self._form(draft, row, edit=edit, refused=str(refused)), 422
        flash(say().gettext("The webhook was saved."), "success")
        return self._back(endpoint_id)

    @may(Permission.MANAGE_SETTINGS)
    def show(self, endpoint_id: int) -> ResponseReturnValue:
        return self._page(endpoint_id)

    # --- Actions ---------------------------------------------------------------------------------

    @may(Permission.MANAGE_SETTINGS)
    def test(self, endpoint_id: int) -> ResponseReturnValue:
        return self._done(
            endpoint_id,
            endpoints.send_test,
            say().gettext("A test event is on its way. Load this page again in a moment to see the result."),
        )

    @may(Permission.MANAGE_SETTINGS)
    def pause(self, endpoint_id: int) -> ResponseReturnValue:
        return self._done(
            endpoint_id, endpoints.pause, say().gettext("Nothing is sent until you resume it. Events wait.")
        )

    @may(Permission.MANAGE_SETTINGS)
    def resume(self, endpoint_id: int) -> ResponseReturnValue:
        return self._done(
            endpoint_id, endpoints.resume, say().gettext("Events are sent again, those that waited first.")
        )

    @may(Permission.MANAGE_SETTINGS)
    def rotate(self, endpoint_id: int) -> ResponseReturnValue:
        try:
            with self.database.writing() as session:
                _row, secret = endpoints.rotate(session, endpoint_id, by=current_user.id, now=clock.now())
        except Conflict as refused:
            return self._page(endpoint_id, refused=str(refused)), 409
        return self._page(endpoint_id, secret=secret)

    @may(Permission.MANAGE_SETTINGS)
    def replay(self, endpoint_id: int) -> ResponseReturnValue:
        try:
            wanted = forms.replayed(request.form, zone())
            number = delivery_log.replay(
                self._portions(), endpoint_id, wanted, by=current_user.id, now=clock.now()
            )
        except Rejected as refused:
            return self._page(endpoint_id, refused=str(refused)), 422
        flash(say().ngettext("{n} event is sent again.", "{n} events are sent again.", number), "success")
        return self._back(endpoint_id)

    @may(Permission.MANAGE_SETTINGS)
    def delete(self, endpoint_id: int) -> ResponseReturnValue:
        endpoints.delete(self._portions(), endpoint_id, by=current_user.id, now=clock.now())
        flash(say().gettext("The webhook was deleted."), "success")
        return redirect(url_for("webhooks.index"), 303)

    # --- The log ---------------------------------------------------------------------------------

    @may(Permission.MANAGE_SETTINGS)
    def delivery(self, endpoint_id: int, delivery_id: int) -> ResponseReturnValue:
        with self.database.reading() as session:
            endpoint = endpoints.find(session, endpoint_id)
            found = delivery_log.one(session, endpoint_id, delivery_id)
            return render_template(
                "webhooks/delivery.html",
                endpoint=endpoint,
                delivery=found,
                body=_readable(found.event.body),
                words=webhook_wording,
            )

    @may(Permission.MANAGE_SETTINGS)
    def redeliver(self, endpoint_id: int, delivery_id: int) -> ResponseReturnValue:
        try:
            with self.database.writing() as session:
                delivery_log.redeliver(session, endpoint_id, delivery_id, by=current_user.id, now=clock.now())
        except Conflict as refused:
            flash(say().gettext(str(refused)), "error")
        else:
            flash(say().gettext("The event is sent again, with the same ID."), "success")
        place = url_for("webhooks.delivery", endpoint_id=endpoint_id, delivery_id=delivery_id)
        return redirect(place, 303)

    # --- Shared ----------------------------------------------------------------------------------

    def _form(
        self,
        draft: EndpointDraft,
        row: WebhookEndpoint | None = None,
        *,
        edit: int = 0,
        refused: str | None = None,
    ) -> str:
        with self.database.reading() as session:
            offers = FilterOffers.of(session, self.library, draft.filters)
        return render_template(
            "webhooks/form.html",
            draft=draft,
            endpoint=row,
            edit=edit,
            refused=say().gettext(refused) if refused else None,
            offers=offers.values,
            names=forms.FIELDS,
            types=EVENT_TYPES,
            bound=request.form.get("score_at_most", draft.filters.score_at_most),
            stages={stage.key: stage for stage in self.library.journey.stages},
            questionnaires=self.library.questionnaires,
            words=webhook_wording,
        )

    def _page(self, endpoint_id: int, *, secret: str | None = None, refused: str | None = None) -> str:
        tray = request.args.get("tray", "all")
        tray = tray if tray in webhook_wording.TRAYS else "all"
        with self.database.reading() as session:
            row = endpoints.find(session, endpoint_id)
            found = delivery_log.page(
                session,
                endpoint_id,
                state=None if tray == "all" else tray,
                before=request.args.get("before", type=whole),
            )
            backlog = delivery_log.backlogs(session)[endpoint_id]
        return render_template(
            "webhooks/show.html",
            endpoint=row,
            draft=forms.stored(row),
            backlog=backlog,
            rows=found,
            tray=tray,
            older=found[-1].id if len(found) == delivery_log.PAGE else None,
            secret=secret,
            refused=say().gettext(refused) if refused else None,
            attempts=ATTEMPTS,
            today=clock.now().astimezone(zone()).date(),
            earliest=(clock.now() - delivery_log.KEPT_FOR).astimezone(zone()).date(),
            words=webhook_wording,
        )

    def _done(self, endpoint_id: int, work: Callable[..., object], told: str) -> ResponseReturnValue:
        def run(session: Session) -> None:
            work(session, endpoint_id, by=current_user.id, now=clock.now())

        try:
            with self.database.writing() as session:
                run(session)
        except Conflict as refused:
            return self._page(endpoint_id, refused=str(refused)), 409
        flash(told, "success")
        return self._back(endpoint_id)

    def _back(self, endpoint_id: int) -> ResponseReturnValue:
        return redirect(url_for("webhooks.show", endpoint_id=endpoint_id), 303)

    def _portions(self) -> Portions:
        return Portions(self.database, resting=SHORT_REST)


def _readable(body: str | None) -> str | None:
    """A body with line breaks."""
    return None if body is None else json.dumps(json.loads(body), ensure_ascii=False, indent=2)
