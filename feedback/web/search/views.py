"""One search for customers, follow-ups, surveys, campaigns and pages, as a page and as a list below the field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from feedback import clock
from feedback.core.text.localized import Text
from feedback.services.followups.naming import name_of
from feedback.services.search import records
from feedback.services.search.records import SearchPlace, SearchRights
from feedback.web.auth.access_log import note_seen
from feedback.web.auth.permissions import Permission, allows, signed_in, viewer
from feedback.web.http.locale import say
from feedback.web.http.routes import blueprint_of, get
from feedback.web.layout import masking
from feedback.web.layout.navigation import is_fragment
from feedback.web.search import pages
from feedback.web.wording import followup_wording

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


def blueprint(runtime: Runtime) -> Blueprint:
    return blueprint_of("search", get("/", Search(runtime).search))


class Search:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database
        self.settings = runtime.settings
        self.library = runtime.library

    @signed_in
    def search(self) -> ResponseReturnValue:
        words = request.args.get("q", "").strip()[: records.LONGEST]
        place = SearchPlace(clock.now(), self.database.zone, self.settings.organisation.default_region)
        with self.database.reading() as session:
            found = records.find(session, words, _rights(), self.library, place)
            page = render_template(
                "search/_found.html" if is_fragment() else "search/search.html",
                words=words,
                found=found,
                pages=pages.matching(words, say()) if words else [],
                reasons=followup_wording,
                in_words=lambda text: Text(dict(text)).to(say().language),
                name_of=name_of,
                address=masking.for_whom(Permission.EDIT_CUSTOMERS),
            )
        if found.contacts or found.accounts or found.follow_ups:
            note_seen(self.database, "search")
        return page


def _rights() -> SearchRights:
    return SearchRights(
        viewer(),
        customers=allows(Permission.SEE_CUSTOMERS),
        addresses=allows(Permission.EDIT_CUSTOMERS),
        follow_ups=allows(Permission.SEE_FOLLOW_UPS),
        questionnaires=allows(Permission.SEE_QUESTIONNAIRES),
        campaigns=allows(Permission.MANAGE_CAMPAIGNS),
    )
