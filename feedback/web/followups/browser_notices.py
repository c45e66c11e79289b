"""What the script of an open page asks every minute, for people who want their browser to notify them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from feedback import clock
from feedback.core.metrics import METRICS
from feedback.i18n import _
from feedback.services.followups import desk_news
from feedback.services.followups.desk_news import NewsItem
from feedback.web.auth.permissions import Permission, may
from feedback.web.http.locale import say

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

TITLES = {
    "opened": _("New follow-up"),
    "reassigned": _("A follow-up was assigned to you"),
    "reopened": _("A follow-up was reopened"),
    "woken": _("A follow-up is due again"),
}


class BrowserNotices:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database

    @may(Permission.SEE_FOLLOW_UPS)
    def news(self) -> ResponseReturnValue:
        """The news as JSON, the newest first; nothing for a reader who has not asked for it."""
        if not current_user.browser_notices:
            return Response(status=204)
        with self.database.reading() as session:
            found = desk_news.news_for(session, current_user.id, clock.now())
        response = jsonify([_shown(each) for each in found])
        response.add_etag()
        return response.make_conditional(request)


def _shown(item: NewsItem) -> dict[str, object]:
    metric = METRICS.get(item.metric or "")
    told = [item.account] if item.account else []
    if metric is not None and item.score is not None:
        told.append(say().gettext("{value} of {full}", value=item.score, full=metric.maximum))
    return {
        "id": item.entry_id,
        "title": say().gettext(TITLES[item.kind]),
        "body": " · ".join(told),
        "address": url_for("desk.show", task_id=item.task_id),
    }
