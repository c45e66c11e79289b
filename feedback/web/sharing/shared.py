"""The pages behind shared links: for everybody with the link, without names, and with what it froze."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, g, make_response, render_template, request
from sqlalchemy.orm import Session

from feedback import clock
from feedback.core.metrics import cell_visible
from feedback.core.time.local_days import day_of
from feedback.core.time.period import Period, quarter_of
from feedback.errors import Gone, TooManyAttempts
from feedback.i18n import translator
from feedback.services import reports, rollups
from feedback.services.access import Viewer
from feedback.services.reports import EVERYBODY, CommentFilter, Glance, Group
from feedback.services.sharing import shared_links
from feedback.services.sharing.shared_links import SharedFilters, SharedView
from feedback.store.database import zone_of
from feedback.store.models import SharedLink
from feedback.web.auth.permissions import Permission, granted, public, viewer_of
from feedback.web.http.locale import DESK, say
from feedback.web.http.rate_limits import Limits, RateLimit
from feedback.web.http.routes import blueprint_of, get
from feedback.web.reports import filters
from feedback.web.reports.filters import ReportFilter
from feedback.web.reports.views import ReportViews, frame

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

VISITS = RateLimit(120)
"""Pages a minute and network: each costs more than a survey page."""
MOST_COMMENTS = 20
MOST_TILES = 12
REFRESHED_EVERY = 300
"""Seconds after which a wallboard loads itself again."""
TEMPLATES = {
    SharedView.OVERVIEW: "sharing/overview.html",
    SharedView.QUARTER: "sharing/quarter.html",
    SharedView.WALLBOARD: "sharing/wallboard.html",
}


def blueprint(runtime: Runtime) -> Blueprint:
    return blueprint_of("shared", get("/<token>", SharedPages(runtime).page))


class SharedPages:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.database = runtime.database
        self.pages = ReportViews(runtime)
        self.limits = Limits()

    @public("the link is signed, ends, and can be revoked; it shows no names")
    def page(self, token: str) -> Response:
        if not self.limits.hit(VISITS, "shared", request.remote_addr):
            raise TooManyAttempts("Wait a minute, then try again.")
        try:
            return self._shown(token, clock.now())
        except Gone:
            if request.headers.get("HX-Request") != "true":
                raise
            return Response(status=410, headers={"HX-Refresh": "true"})  # else the old numbers would stay

    def _shown(self, token: str, now: datetime) -> Response:
        with self.database.reading() as session:
            row = shared_links.find(session, self.runtime.settings, token, now)
            viewer = _viewer_of(row)
            if row.language:
                g.say = translator(DESK, row.language)
            view = SharedView(row.view)
            told = self._frame(row, now) | self._context(session, row, view, viewer)
            shown = render_template(TEMPLATES[view], **told, moved=rollups.other_zone(session))
            link_id, is_worth_noting = row.id, shared_links.is_use_worth_noting(row, now)
        if is_worth_noting:
            with self.database.writing() as session:
                shared_links.note_use(session, link_id, now)
        response = make_response(shown)
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    def _frame(self, row: SharedLink, now: datetime) -> dict[str, Any]:
        """As on the pages of staff, without what only they may do. No name of a person is known here."""
        return {
            **frame(),
            "may_export": False,
            "sees_all": True,
            "link_name": row.name,
            "expires_at": row.expires_at,
            "brand": self.runtime.settings.organisation.name,
            "as_of": now,
            "refreshed_every": REFRESHED_EVERY,
            "most_tiles": MOST_TILES,
        }

    def _context(self, session: Session, row: SharedLink, view: SharedView, viewer: Viewer) -> dict[str, Any]:
        frozen = SharedFilters.from_stored(row.filters)
        period, group = self._period(frozen), _group(frozen, viewer)
        if view is SharedView.QUARTER:
            period = quarter_of(period.start)
        other = period.year_before() if frozen.against_year else None
        if view is SharedView.QUARTER:
            page: Any = self.pages.quarterly(session, period, other, group, viewer)
        else:
            asked = ReportFilter(period, other, frozen.preset, period.best_bucket(), group)
            page = self.pages.overview(session, asked, group)
        told: dict[str, Any] = vars(page) | {
            "names": replace(page.names, people={}),
            "group": group,
            "period": period,
        }
        told["shows_loop"] = group == EVERYBODY
        told["shows_few"] = False
        told["comments"] = (
            self._comments(session, viewer, period, group, page.glances) if row.comments else ()
        )
        return told

    def _comments(
        self, session: Session, viewer: Viewer, period: Period, group: Group, glances: Sequence[Glance]
    ) -> list[tuple[str, str, str]]:
        """The latest comments as (text, language, day): without score, account and person.

        Of a group, only those of surveys that enough people in it answered.
        """
        only = {group.dimension: group.key} if group.dimension in shared_links.NAMELESS else {}
        wanted = CommentFilter(period, **only)  # type: ignore[arg-type]
        if group.is_protected:
            large = [each.series for each in glances if cell_visible(each.compared.a.n)]
            keys = frozenset(key for each in large for key in each.questionnaires)
            wanted = replace(wanted, questionnaires=keys)
        found = reports.comments(session, self.runtime.library, viewer, wanted, limit=MOST_COMMENTS)
        zone = zone_of(session)
        return [(each.text, each.language, say().date(day_of(each.at, zone))) for each in found]

    def _period(self, frozen: SharedFilters) -> Period:
        if frozen.period is not None:
            return frozen.period
        return filters.preset_days(frozen.preset or filters.DEFAULT_PERIOD, self.pages.today())


def _viewer_of(row: SharedLink) -> Viewer:
    """What the maker sees now. Raises Gone if they may not give data away any more."""
    permissions = granted(role.name for role in row.maker.roles)
    if Permission.EXPORT not in permissions:
        raise Gone(shared_links.ENDED)
    return viewer_of(row.maker_id, permissions)


def _group(frozen: SharedFilters, viewer: Viewer) -> Group:
    """The group of the link, protected as in a breakdown, also if it is the maker's own accounts."""
    if not viewer.sees_all:
        return Group("owner", str(viewer.user_id))
    return filters.group_of(frozen.group) or EVERYBODY
