"""Adding and changing contacts and accounts, their permissions, and a person's export and erasure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy.orm import Session

from feedback import clock
from feedback.errors import Conflict, Rejected
from feedback.services.customers import activity, editing, fields
from feedback.services.customers.editing import NewPermission
from feedback.services.customers.fields import Style
from feedback.services.privacy import erasure
from feedback.services.staff import accounts
from feedback.store.models import Account, Contact
from feedback.web.auth.permissions import Permission, may, viewer
from feedback.web.customers.forms import AccountForm, ContactForm, CustomerForm, settled
from feedback.web.http.locale import say
from feedback.web.http.numbers import whole

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


class CustomerForms:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database
        self.settings = runtime.settings

    # --- Contacts -------------------------------------------------------------------------------------

    @may(Permission.EDIT_CUSTOMERS)
    def new_contact(self) -> ResponseReturnValue:
        return self._contact_page(ContactForm())

    @may(Permission.EDIT_CUSTOMERS)
    def add_contact(self) -> ResponseReturnValue:
        form = ContactForm(request.form)
        values = self._contact_values(form)
        if values is None:
            return self._contact_page(form), 422
        try:
            with self.database.writing() as session:
                key = (form.external_id.data or "").strip()
                made = editing.add_contact(session, viewer(), values, key, now=clock.now()).id
        except (Conflict, Rejected) as refused:
            return self._contact_page(form, refused=refused), _status(refused)
        return _saved(url_for("customers.contact", contact_id=made))

    @may(Permission.EDIT_CUSTOMERS)
    def edit_contact(self, contact_id: int) -> ResponseReturnValue:
        with self.database.reading() as session:
            contact = activity.find_contact(session, viewer(), contact_id)
            form = ContactForm(data={name: getattr(contact, name) for name in ContactForm.PARSERS})
        return self._contact_page(form, contact_id)

    @may(Permission.EDIT_CUSTOMERS)
    def change_contact(self, contact_id: int) -> ResponseReturnValue:
        form = ContactForm(request.form)
        values = self._contact_values(form)
        if values is None:
            return self._contact_page(form, contact_id), 422
        try:
            with self.database.writing() as session:
                seen = request.form.get("seen", "")
                editing.change_contact(session, viewer(), contact_id, values, seen, now=clock.now())
        except (Conflict, Rejected) as refused:
            return self._contact_page(form, contact_id, refused=refused), _status(refused)
        return _saved(url_for("customers.contact", contact_id=contact_id))

    @may(Permission.EDIT_CUSTOMERS)
    def permit(self, contact_id: int) -> ResponseReturnValue:
        channel, basis = request.form.get("channel", ""), request.form.get("basis", "")
        back = url_for("customers.contact", contact_id=contact_id)
        try:
            if channel not in ("sms", "email") or basis not in fields.BASES:
                raise Rejected("Choose a channel and a legal basis.")
            given = NewPermission(channel, basis, request.form.get("source", ""))
            with self.database.writing() as session:
                editing.permit(session, viewer(), contact_id, given, now=clock.now())
        except Rejected as refused:
            flash(say().gettext(str(refused)), "error")
            return redirect(back, 303)
        return _saved(back)

    @may(Permission.EDIT_CUSTOMERS)
    def opt_out(self, contact_id: int) -> ResponseReturnValue:
        back = url_for("customers.contact", contact_id=contact_id)
        try:
            with self.database.writing() as session:
                editing.opt_out(session, viewer(), contact_id, now=clock.now())
        except Rejected as refused:
            flash(say().gettext(str(refused)), "error")
            return redirect(back, 303)
        flash(say().gettext("Opted out. Nothing is sent to this person any more."), "success")
        return redirect(back, 303)

    def _contact_values(self, form: ContactForm) -> dict[str, Any] | None:
        region = self._region(form)
        values = form.parse(self._style(region), say())
        if values is not None and not any(values[each] for each in ("name", "email", "phone")):
            form.name.errors = [say().gettext("Fill in a name, an e-mail address or a phone number.")]
            return None
        if values is not None:
            values["account_id"] = request.form.get("account_id", type=whole) or None
        return values

    def _region(self, form: ContactForm) -> str:
        """The country of a phone number without a country code: the contact's own, if it can be read."""
        try:
            return str(fields.country(form.country.data or "", Style()))
        except ValueError:
            return self.settings.organisation.default_region

    def _contact_page(
        self, form: ContactForm, contact_id: int | None = None, refused: Conflict | Rejected | None = None
    ) -> str:
        with self.database.reading() as session:
            contact = activity.find_contact(session, viewer(), contact_id) if contact_id else None
            account_id = request.form.get("account_id", type=whole) or request.args.get("account", type=whole)
            if account_id is None and contact is not None and not request.form:
                account_id = contact.account_id
            account = editing.find_account(session, viewer(), account_id) if account_id else None
            return render_template(
                "customers/contact-form.html",
                contact=contact,
                account=account,
                **_shown(form, contact, refused),
            )

    # --- Accounts -------------------------------------------------------------------------------------

    @may(Permission.EDIT_CUSTOMERS)
    def new_account(self) -> ResponseReturnValue:
        with self.database.reading() as session:
            form = self._account_form(session, None)
        return self._account_page(form)

    @may(Permission.EDIT_CUSTOMERS)
    def add_account(self) -> ResponseReturnValue:
        with self.database.reading() as session:
            form = self._account_form(session, None)
        values = self._account_values(form)
        if values is None:
            return self._account_page(form), 422
        try:
            with self.database.writing() as session:
                key = (form.external_id.data or "").strip()
                made = editing.add_account(session, viewer(), values, key, now=clock.now()).id
        except Conflict as refused:
            return self._account_page(form, refused=refused), 409
        return _saved(url_for("insights.account", account_id=made))

    @may(Permission.EDIT_CUSTOMERS)
    def edit_account(self, account_id: int) -> ResponseReturnValue:
        with self.database.reading() as session:
            form = self._account_form(session, editing.find_account(session, viewer(), account_id))
        return self._account_page(form, account_id)

    @may(Permission.EDIT_CUSTOMERS)
    def change_account(self, account_id: int) -> ResponseReturnValue:
        with self.database.reading() as session:
            form = self._account_form(session, editing.find_account(session, viewer(), account_id))
        values = self._account_values(form)
        if values is None:
            return self._account_page(form, account_id), 422
        try:
            with self.database.writing() as session:
                seen = request.form.get("seen", "")
                editing.change_account(session, viewer(), account_id, values, seen, now=clock.now())
        except Conflict as refused:
            return self._account_page(form, account_id, refused=refused), 409
        return _saved(url_for("insights.account", account_id=account_id))

    def _account_form(self, session: Session, account: Account | None) -> AccountForm:
        """The form as it was sent, or with the account's values; who may own it depends on the staff."""
        stored: dict[str, Any] = {}
        if account is not None:
            stored = {name: _written(getattr(account, name)) for name in AccountForm.PARSERS}
            stored["owner"] = account.owner_id or 0
        form = AccountForm(request.form if request.method == "POST" else None, data=stored)
        people = accounts.owners(session)
        if account is not None and account.owner and account.owner not in people:
            people = [*people, account.owner]
        form.owner.choices = [(0, say().gettext("unassigned")), *((each.id, each.name) for each in people)]
        return form

    def _account_values(self, form: AccountForm) -> dict[str, Any] | None:
        values = form.parse(self._style(self.settings.organisation.default_region), say())
        if values is not None and not values["name"]:
            form.name.errors = [say().gettext("Fill in a name.")]
            return None
        if values is not None:
            values = settled(values) | {"owner_id": form.owner.data or None}
        return values

    def _account_page(
        self, form: AccountForm, account_id: int | None = None, refused: Conflict | None = None
    ) -> str:
        with self.database.reading() as session:
            account = editing.find_account(session, viewer(), account_id) if account_id else None
            return render_template(
                "customers/account-form.html", account=account, **_shown(form, account, refused)
            )

    def _style(self, region: str) -> Style:
        return Style(region, self.settings.organisation.time_zone)

    # --- A person's rights ----------------------------------------------------------------------------

    @may(Permission.ERASE_CUSTOMERS)
    def export_contact(self, contact_id: int) -> ResponseReturnValue:
        """Everything that is stored about the person, as JSON."""
        with self.database.writing() as session:
            contact = activity.find_contact(session, viewer(), contact_id)
            everything = erasure.export(session, contact, by=current_user.id, now=clock.now())
        text = json.dumps(everything, ensure_ascii=False, indent=2)
        headers = {"Content-Disposition": f'attachment; filename="contact-{contact_id}.json"'}
        return Response(text, mimetype="application/json", headers=headers)

    @may(Permission.ERASE_CUSTOMERS)
    def ask_erase(self, contact_id: int) -> ResponseReturnValue:
        return self._erase_page(contact_id)

    @may(Permission.ERASE_CUSTOMERS)
    def erase_contact(self, contact_id: int) -> ResponseReturnValue:
        """Erase the person, once the external id was typed: it cannot be undone."""
        with self.database.writing() as session:
            contact = activity.find_contact(session, viewer(), contact_id)
            if request.form.get("external_id", "").strip() != contact.external_id:
                contact = None  # type: ignore[assignment]
            else:
                done = erasure.erase(session, contact, by=current_user.id, now=clock.now())
        if contact is None:
            return self._erase_page(
                contact_id, say().gettext("Type the external ID exactly as it is shown.")
            ), 422
        flash(say().gettext("This person was erased. Scores stay, without any name."), "success")
        if done.account_left:
            flash(
                say().gettext("Their account has no other contact. Check whether it describes them, too."),
                "error",
            )
        return redirect(url_for("customers.contacts"), 303)

    def _erase_page(self, contact_id: int, refused: str = "") -> str:
        with self.database.reading() as session:
            contact = activity.find_contact(session, viewer(), contact_id)
            return render_template("customers/erase.html", contact=contact, refused=refused)


def _shown(
    form: CustomerForm, row: Contact | Account | None, refused: Conflict | Rejected | None
) -> Mapping[str, Any]:
    """What the template needs; after a conflict also what is stored now, beside what was typed."""
    stored = {name: _written(getattr(row, name)) for name in form.PARSERS} if row is not None else {}
    is_stale = isinstance(refused, Conflict) and row is not None
    differs = {
        name: value for name, value in stored.items() if is_stale and value != (form[name].data or "").strip()
    }
    seen = editing.version(row) if row is not None else ""
    if not is_stale and request.form.get("seen"):
        seen = request.form["seen"]
    return {
        "form": form,
        "refused": say().gettext(str(refused)) if refused else "",
        "differs": differs,
        "seen": seen,
    }


def _written(value: Any) -> str:
    return "" if value is None else str(value)


def _status(refused: Conflict | Rejected) -> int:
    return 409 if isinstance(refused, Conflict) else 422


def _saved(address: str) -> ResponseReturnValue:
    flash(say().gettext("Saved."), "success")
    return redirect(address, 303)
