"""The lists of contacts and accounts, and the segments that are saved from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy.orm import Session

from feedback import clock
from feedback.core.time.local_days import day_of
from feedback.errors import Conflict, Rejected
from feedback.i18n import language_name
from feedback.services.contact import eligibility, facts
from feedback.services.customers import filters, listing, segments
from feedback.services.customers.filters import ContactFilter
from feedback.services.journey import stages
from feedback.services.staff import accounts
from feedback.store.models import Account, Contact, SavedSegment
from feedback.web.auth.access_log import note_seen
from feedback.web.auth.permissions import Permission, allows, may, viewer
from feedback.web.customers import asked
from feedback.web.http.locale import say, zone
from feedback.web.http.numbers import whole
from feedback.web.layout import masking
from feedback.web.layout.navigation import segment as segment_name

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

KEPT = "customer_columns"
"""The chosen columns, in the session of the sign-in."""


class CustomerLists:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database
        self.settings = runtime.settings
        self.library = runtime.library

    @may(Permission.SEE_CUSTOMERS)
    def contacts(self) -> ResponseReturnValue:
        """Contacts that fit the filters of the address, or the segment that it names."""
        now = clock.now()
        with self.database.reading() as transaction:
            saved = self._saved(transaction)
            is_changed = saved is None or "edited" in request.args
            wanted = asked.wanted() if is_changed or saved is None else filters.from_json(saved.query)
            which = self._condition(wanted)
            searched = bool(wanted.words.strip())
            found = listing.contacts(transaction, viewer(), which, asked.place(), searched=searched)
            names = facts.properties(transaction)
            properties = [f"{kind}.{name}" for kind in ("contact", "account") for name in sorted(names[kind])]
            page = render_template(
                "customers/contacts.html",
                page=found,
                standings=listing.standings(transaction, found.rows, eligibility.policy(self.settings), now),
                saved=saved,
                differs=saved is not None and filters.as_json(wanted) != saved.query,
                segments=segments.every(transaction),
                columns=self._columns(properties),
                offered=asked.COLUMNS,
                **self._frame(transaction, wanted, properties),
            )
        note_seen(self.database, "contacts")
        return page

    @may(Permission.SEE_CUSTOMERS)
    def accounts(self) -> ResponseReturnValue:
        wanted = asked.wanted()
        with self.database.reading() as transaction:
            which = filters.account_condition(wanted, clock.now(), self.database.zone, self._region())
            searched = bool(wanted.words.strip())
            found = listing.accounts(transaction, viewer(), which, asked.place(), searched=searched)
            names = facts.properties(transaction)
            page = render_template(
                "customers/accounts.html",
                page=found,
                people=listing.contacts_of(transaction, [each.id for each in found.rows]),
                currency=self.settings.organisation.currency,
                **self._frame(transaction, wanted, [f"account.{name}" for name in sorted(names["account"])]),
            )
        note_seen(self.database, "accounts")
        return page

    @may(Permission.MANAGE_CUSTOMERS)
    def save_segment(self) -> ResponseReturnValue:
        wanted, name = asked.wanted(request.form), request.form.get("name", "")
        try:
            with self.database.writing() as transaction:
                by, now = current_user.id, clock.now()
                saved = segments.add(transaction, name, wanted, by=by, now=now).id
        except (Conflict, Rejected) as refused:
            flash(say().gettext(str(refused)), "error")
            return redirect(url_for("customers.contacts") + asked.query(asked.as_pairs(wanted)), 303)
        flash(say().gettext("Saved."), "success")
        return redirect(url_for("customers.contacts", saved=saved), 303)

    @may(Permission.MANAGE_CUSTOMERS)
    def change_segment(self, segment_id: int) -> ResponseReturnValue:
        wanted, form = asked.wanted(request.form), request.form
        try:
            with self.database.writing() as transaction:
                segments.change(
                    transaction,
                    segment_id,
                    form.get("name", ""),
                    wanted,
                    edit=form.get("edit", 0, type=whole),
                    by=current_user.id,
                    now=clock.now(),
                )
        except (Conflict, Rejected) as refused:
            flash(say().gettext(str(refused)), "error")
            pairs = [("saved", str(segment_id)), ("edited", "1"), *asked.as_pairs(wanted)]
            return redirect(url_for("customers.contacts") + asked.query(pairs), 303)
        flash(say().gettext("Saved."), "success")
        return redirect(url_for("customers.contacts", saved=segment_id), 303)

    @may(Permission.MANAGE_CUSTOMERS)
    def delete_segment(self, segment_id: int) -> ResponseReturnValue:
        with self.database.writing() as transaction:
            segments.remove(transaction, segment_id, by=current_user.id, now=clock.now())
        flash(say().gettext("The segment was deleted. Its customers are still here."), "success")
        return redirect(url_for("customers.contacts"), 303)

    def _saved(self, transaction: Session) -> SavedSegment | None:
        saved = request.args.get("saved", type=whole)
        return transaction.get(SavedSegment, saved) if saved else None

    def _condition(self, wanted: ContactFilter) -> Any:
        by_address = allows(Permission.EDIT_CUSTOMERS)  # others see them masked
        return filters.condition(
            wanted, clock.now(), self.database.zone, self._region(), by_address=by_address
        )

    def _region(self) -> str:
        return self.settings.organisation.default_region

    def _columns(self, properties: list[str]) -> list[str]:
        columns = asked.columns(properties, session.get(KEPT, ()))
        if "columns" in request.args:
            session[KEPT] = columns
        return columns

    def _frame(self, transaction: Session, wanted: ContactFilter, properties: list[str]) -> dict[str, Any]:
        """What the filters of both lists need."""
        owners = accounts.owners(transaction) if allows(Permission.SEE_ALL_ACCOUNTS) else []
        return {
            "wanted": wanted,
            "pairs": asked.as_pairs(wanted),
            "query": asked.query,
            "permitted_pairs": [(key, say().gettext(title)) for key, title in asked.PERMITTED.items()],
            "segment_pairs": [
                (each, segment_name(each)) for each in listing.values_of(transaction, Account.segment)
            ],
            "country_pairs": [
                (each, country_name(each)) for each in listing.values_of(transaction, Contact.country)
            ],
            "language_pairs": [
                (each, language_name(each)) for each in listing.values_of(transaction, Contact.language)
            ],
            "owner_pairs": [(str(each.id), each.name) for each in owners]
            + [(str(filters.NOBODY), say().gettext("unassigned"))],
            "owners": owners,
            "stages": stages.titles(transaction, self.library, say().language),
            "properties": properties,
            "country_name": country_name,
            "address": masking.for_whom(Permission.EDIT_CUSTOMERS),
            "states": asked.STATES,
            "zone_of_days": zone(),
            "today": day_of(clock.now(), self.database.zone),
        }


def country_name(code: str) -> str:
    """A country in the reader's language; an unknown code is returned unchanged."""
    return str(say().locale.territories.get(code, code))
