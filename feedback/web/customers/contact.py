"""The page of one contact: details, permissions, and everything that happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import render_template, request
from flask.typing import ResponseReturnValue

from feedback import clock
from feedback.core.text.localized import direction_of
from feedback.i18n import language_name
from feedback.services.contact import eligibility
from feedback.services.customers import activity, listing, merging
from feedback.web.auth.access_log import note_seen
from feedback.web.auth.permissions import Permission, allows, may, viewer
from feedback.web.customers import asked
from feedback.web.customers.lists import country_name
from feedback.web.http.locale import say
from feedback.web.layout import masking
from feedback.web.wording import customer_wording, followup_wording

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

KEPT_AFTER = 60
"""Characters of a page's key."""


class ContactPages:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database
        self.settings = runtime.settings
        self.library = runtime.library

    @may(Permission.SEE_CUSTOMERS)
    def contact(self, contact_id: int) -> ResponseReturnValue:
        after = request.args.get("after", "")[:KEPT_AFTER]
        with self.database.reading() as session:
            contact = activity.find_contact(session, viewer(), contact_id)
            rules = eligibility.policy(self.settings)
            page = render_template(
                "customers/contact.html",
                contact=contact,
                standing=listing.standings(session, [contact], rules, clock.now())[contact.id],
                consents=listing.consents(session, contact),
                line=activity.of_contact(session, contact, after),
                after=after,
                alike=merging.alike(session, viewer(), contact)
                if allows(Permission.MANAGE_CUSTOMERS)
                else [],
                states=asked.STATES,
                wording=customer_wording,
                with_contact=False,
                reasons=followup_wording,
                titles={
                    key: each.title.to(say().language) for key, each in self.library.questionnaires.items()
                },
                address=masking.for_whom(Permission.EDIT_CUSTOMERS),
                whole=allows(Permission.EDIT_CUSTOMERS),
                country_name=country_name,
                language_name=language_name,
                direction_of=direction_of,
            )
        note_seen(self.database, "contact", contact_id)
        return page
