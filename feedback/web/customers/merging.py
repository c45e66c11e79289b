"""Suggesting contacts who may be one person, and merging two of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from feedback import clock
from feedback.services.customers import activity, merging
from feedback.web.auth.permissions import Permission, may, viewer
from feedback.web.customers.lists import country_name
from feedback.web.http.locale import say
from feedback.web.http.numbers import whole
from feedback.web.layout import masking

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


class Merges:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database

    @may(Permission.MANAGE_CUSTOMERS)
    def duplicates(self) -> ResponseReturnValue:
        with self.database.reading() as session:
            return render_template(
                "customers/duplicates.html",
                groups=merging.duplicates(session, viewer()),
                most=merging.GROUPS,
                address=masking.for_whom(Permission.EDIT_CUSTOMERS),
            )

    @may(Permission.MANAGE_CUSTOMERS)
    def compare(self, contact_id: int, other_id: int) -> ResponseReturnValue:
        with self.database.reading() as session:
            pair = [activity.find_contact(session, viewer(), each) for each in (contact_id, other_id)]
            return render_template("customers/merge.html", pair=pair, country_name=country_name)

    @may(Permission.MANAGE_CUSTOMERS)
    def merge(self, contact_id: int, other_id: int) -> ResponseReturnValue:
        keep = request.form.get("keep", contact_id, type=whole)
        drop = other_id if keep == contact_id else contact_id
        if keep not in (contact_id, other_id):
            keep, drop = contact_id, other_id
        with self.database.writing() as session:
            merging.merge(session, viewer(), keep, drop, now=clock.now())
        flash(say().gettext("Merged. Everything is with this contact now."), "success")
        return redirect(url_for("customers.contact", contact_id=keep), 303)
