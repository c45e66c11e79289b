"""The page on which leads share a page of reports by a link, and see and revoke such links."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy.orm import Session

from feedback import clock
from feedback.core.time.period import Period
from feedback.errors import Rejected
from feedback.i18n import LANGUAGES, _, language_name
from feedback.services.journey import stages
from feedback.services.sharing import shared_links
from feedback.services.sharing.shared_links import LinkWish, SharedFilters, SharedView
from feedback.store.models import SharedLink
from feedback.web.auth.permissions import Permission, may
from feedback.web.http.locale import say, zone
from feedback.web.http.numbers import day
from feedback.web.http.routes import blueprint_of, get, post
from feedback.web.reports.filters import DEFAULT_PERIOD, PERIODS
from feedback.web.sharing.report_mails import ReportMailViews
from feedback.web.wording import followup_wording, score_wording

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

VIEWS: Mapping[str, str] = {
    SharedView.OVERVIEW: _("Scores of all surveys"),
    SharedView.QUARTER: _("Quarterly report"),
    SharedView.WALLBOARD: _("Wallboard: large numbers for a screen on the wall"),
}
FIXED = "fixed"
"""The choice of two days that do not move on."""
USUAL = timedelta(days=30)


def blueprint(runtime: Runtime) -> Blueprint:
    views, mails = SharingViews(runtime), ReportMailViews(runtime)
    return blueprint_of(
        "sharing",
        get("/", views.index),
        post("/", views.share),
        post("/<int:link_id>/revoke", views.stop_sharing),
        get("/mails/", mails.mails),
        post("/mails/", mails.make_mail),
        post("/mails/<int:mail_id>", mails.change_mail),
        post("/mails/<int:mail_id>/pause", mails.pause_mail),
        post("/mails/<int:mail_id>/resume", mails.resume_mail),
        post("/mails/<int:mail_id>/send", mails.send_mail),
        post("/mails/<int:mail_id>/end", mails.end_mail),
    )


class SharingViews:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.database = runtime.database

    @may(Permission.EXPORT)
    def index(self) -> ResponseReturnValue:
        return self._page(request.args)

    @may(Permission.EXPORT)
    def share(self) -> ResponseReturnValue:
        try:
            wish = _wish()
            with self.database.writing() as session:
                row = shared_links.create(session, wish, by=current_user.id, now=clock.now())
                link_id = row.id
        except Rejected as refused:
            return self._page(request.form, say().gettext(str(refused))), 422
        flash(say().gettext("The link works now. Copy it below."), "success")
        return redirect(url_for("sharing.index", _anchor=f"link-{link_id}"), 303)

    @may(Permission.EXPORT)
    def stop_sharing(self, link_id: int) -> ResponseReturnValue:
        with self.database.writing() as session:
            shared_links.revoke(session, link_id, by=current_user.id, now=clock.now())
        flash(say().gettext("The link was revoked. It shows nothing from now on."), "success")
        return redirect(url_for("sharing.index"), 303)

    def _page(self, typed: Mapping[str, str], refused: str | None = None) -> str:
        now = clock.now()
        with self.database.reading() as session:
            links = [self._listed(row) for row in shared_links.every_link(session)]
            groups = self._groups(session)
        return render_template(
            "sharing/index.html",
            working=[each for each in links if not shared_links.is_over(each["row"], now)],
            ended=[each for each in links if shared_links.is_over(each["row"], now)],
            refused=refused,
            typed=typed,
            views=VIEWS,
            periods=PERIODS,
            usual=DEFAULT_PERIOD,
            fixed=_days(typed),
            groups=groups,
            group_names={key: title for named in groups.values() for key, title in named.items()},
            languages={each: language_name(each) for each in LANGUAGES["desk"]},
            until=(now + USUAL).astimezone(zone()).date(),
        )

    def _listed(self, row: SharedLink) -> dict[str, Any]:
        base = (self.runtime.settings.web.public_url or request.host_url).rstrip("/")
        token = shared_links.token_of(self.runtime.settings, row)
        frozen = SharedFilters.from_stored(row.filters)
        if frozen.period is not None:
            days = score_wording.span(say(), frozen.period)
        else:
            days = say().gettext(PERIODS.get(frozen.preset, PERIODS[DEFAULT_PERIOD]))
        return {
            "row": row,
            "address": base + url_for("shared.page", token=token),
            "days": days,
            "frozen": frozen,
        }

    def _groups(self, session: Session) -> dict[str, dict[str, str]]:
        """Title of a dimension -> written group -> its name."""
        named = {
            "segment": {key: say().gettext(title) for key, title in followup_wording.SEGMENT_NAMES.items()},
            "stage": dict(stages.titles(session, self.runtime.library, say().language)),
            "channel": {key: say().gettext(title) for key, title in score_wording.CHANNELS.items()},
            "language": {each: language_name(each) for each in LANGUAGES["survey"]},
        }
        return {
            say().gettext(score_wording.DIMENSIONS[dimension]): {
                f"{dimension}:{key}": title for key, title in keys.items()
            }
            for dimension, keys in named.items()
        }


def _wish() -> LinkWish:
    """What the form asks for. Raises Rejected."""
    form = request.form
    chosen = form.get("period", "")
    fixed = _days(form) if chosen == FIXED else None
    if fixed is None and chosen not in PERIODS:
        raise Rejected("Choose a period.")
    filters = SharedFilters(
        preset="" if fixed else chosen,
        period=fixed,
        group=form.get("group", ""),
        against_year=form.get("against") == "year",
    )
    language = form.get("language", "")
    return LinkWish(
        form.get("name", ""),
        form.get("view", ""),
        filters,
        _end_of(form.get("expires_on", "")),
        comments=form.get("comments") == "yes",
        language=language if language in LANGUAGES["desk"] else "",
    )


def _days(typed: Mapping[str, str]) -> Period | None:
    """The two days with which the page was opened, if they are some."""
    try:
        return Period(day(typed.get("first", "")), day(typed.get("last", "")))
    except ValueError:
        return None


def _end_of(written: str) -> datetime:
    """The end of that day in the user's time zone. Raises Rejected."""
    try:
        last: date = day(written)
    except ValueError:
        raise Rejected("Choose a last day in the future, at most a year from now.") from None
    return datetime.combine(last, time(23, 59, 59), tzinfo=zone())
