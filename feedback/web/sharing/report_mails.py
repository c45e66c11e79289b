"""The page on which leads have scores sent by mail each week or month, and change, pause, send and end such reports."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy.orm import Session

from feedback import clock
from feedback.errors import Conflict, Rejected
from feedback.i18n import LANGUAGES, _, language_name
from feedback.services.report_mails import schedules, sending
from feedback.services.report_mails.schedules import ReportMailWish, Rhythm
from feedback.services.sharing import shared_links
from feedback.services.sharing.shared_links import SharedView
from feedback.services.staff import accounts
from feedback.store.database import zone_of
from feedback.store.models import ReportMail
from feedback.web.auth.permissions import Permission, may
from feedback.web.http.locale import say
from feedback.web.http.numbers import whole

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

RHYTHMS: Mapping[str, str] = {
    Rhythm.WEEKLY: _("Every Monday, about the last week"),
    Rhythm.MONTHLY: _("On the first of each month, about the last month"),
}


class ReportMailViews:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.database = runtime.database

    @may(Permission.EXPORT)
    def mails(self) -> ResponseReturnValue:
        return self._page()

    @may(Permission.EXPORT)
    def make_mail(self) -> ResponseReturnValue:
        return self._act(
            lambda session, now: schedules.make(
                session, _wish(), by=current_user.id, now=now, zone=zone_of(session)
            ),
            _("The report was created. The first one is sent when the current period is over."),
        )

    @may(Permission.EXPORT)
    def change_mail(self, mail_id: int) -> ResponseReturnValue:
        return self._act(
            lambda session, now: schedules.change(
                session, mail_id, _wish(), by=current_user.id, now=now, zone=zone_of(session)
            ),
            _("The report was saved."),
            changed=mail_id,
        )

    @may(Permission.EXPORT)
    def pause_mail(self, mail_id: int) -> ResponseReturnValue:
        return self._act(
            lambda session, now: schedules.pause(session, mail_id, by=current_user.id, now=now),
            _("The report is paused."),
        )

    @may(Permission.EXPORT)
    def resume_mail(self, mail_id: int) -> ResponseReturnValue:
        return self._act(
            lambda session, now: schedules.resume(
                session, mail_id, by=current_user.id, now=now, zone=zone_of(session)
            ),
            _("The report is active again. The next one is sent when the current period is over."),
        )

    @may(Permission.EXPORT)
    def send_mail(self, mail_id: int) -> ResponseReturnValue:
        return self._act(
            lambda session, now: sending.send_now(
                session, mail_id, self.runtime, by=current_user.id, now=now
            ),
            _("The report about the last full period is on its way."),
        )

    @may(Permission.EXPORT)
    def end_mail(self, mail_id: int) -> ResponseReturnValue:
        return self._act(
            lambda session, now: schedules.end(session, mail_id, by=current_user.id, now=now),
            _("The report was deleted."),
        )

    def _act(
        self, action: Callable[[Session, datetime], Any], told: str, *, changed: int | None = None
    ) -> ResponseReturnValue:
        try:
            with self.database.writing() as session:
                action(session, clock.now())
        except Rejected as refused:
            return self._page(say().gettext(str(refused)), changed), 422
        except Conflict as refused:
            flash(say().gettext(str(refused)), "error")
        else:
            flash(say().gettext(told), "success")
        return redirect(url_for("sharing.mails"), 303)

    def _page(self, refused: str = "", changed: int | None = None) -> str:
        now = clock.now()
        with self.database.reading() as session:
            staff = [each for each in accounts.everybody(session) if each.active]
            links = [
                each
                for each in shared_links.every_link(session)
                if each.view != SharedView.WALLBOARD and not shared_links.is_over(each, now)
            ]
            return render_template(
                "sharing/mails.html",
                mails=[_listed(each, now) for each in schedules.every_mail(session)],
                staff=staff,
                names={each.id: each.name for each in staff},
                links=links,
                rhythms=RHYTHMS,
                languages={each: language_name(each) for each in LANGUAGES["desk"]},
                refused=refused,
                changed=changed,
                typed=_typed() if refused else None,
                can_write=any(each.channel == "email" for each in self.runtime.providers.values()),
            )


def _listed(row: ReportMail, now: datetime) -> dict[str, Any]:
    link = row.link
    return {
        "row": row,
        "lacks_link": bool(row.addresses) and (link is None or shared_links.is_over(link, now)),
    }


def _typed() -> dict[str, Any]:
    wish = _wish()
    return {
        "name": wish.name,
        "rhythm": wish.rhythm,
        "people": list(wish.people),
        "addresses": list(wish.addresses),
        "link_id": wish.link_id,
        "language": wish.language,
    }


def _wish() -> ReportMailWish:
    """What the form asks for."""
    form = request.form
    people = form.getlist("people", type=whole)
    language = form.get("language", "")
    return ReportMailWish(
        name=form.get("name", ""),
        rhythm=form.get("rhythm", ""),
        people=people[:1_000],
        addresses=[each for each in re.split(r"[\s,;]+", form.get("addresses", "")[:10_000]) if each],
        link_id=form.get("link", type=whole),
        language=language if language in LANGUAGES["desk"] else "en",
    )
