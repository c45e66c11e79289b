"""The opt-out link in every e-mail: `/<token>/stop`.

A GET shows a button and changes nothing, because mail scanners open this link as well. The POST opts out
immediately, without confirmation (RFC 8058): mail programs send it without cookies, so the token authorises it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from feedback import clock
from feedback.errors import NotFound
from feedback.i18n import translator
from feedback.services.contact import suppression
from feedback.web.auth.permissions import public
from feedback.web.http import rate_limits
from feedback.web.survey.pages import Pages

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


def blueprint(runtime: Runtime, pages: Pages) -> Blueprint:
    """GET and POST /<token>/stop."""
    return _Unsubscribe(runtime, pages).blueprint()


class _Unsubscribe:
    def __init__(self, runtime: Runtime, pages: Pages) -> None:
        self.database = runtime.database
        self.pages = pages
        self.limits = rate_limits.Limits()

    def blueprint(self) -> Blueprint:
        bare = Blueprint("unsubscribe", __name__)
        address = "/<token:token>/stop"
        bare.add_url_rule(address, "ask", self.ask, methods=["GET"])
        bare.add_url_rule(address, "stop", self.stop, methods=["POST"])
        bare.register_error_handler(NotFound, self._unknown)
        return bare

    @public("the link is the key")
    def ask(self, token: str) -> Response:
        """The page with the button."""
        return self._page(self._language(token), "Unsubscribe from surveys?", asks=True)

    @public("the link is the key; mail programs post without a cookie")
    def stop(self, token: str) -> Response:
        """Opt out; idempotent. A known link is not rate-limited."""
        self._language(token)  # unknown tokens are rejected before anything is locked
        with self.database.writing() as session:
            invitation = suppression.who_asks(session, token)
            suppression.opt_out_by_link(session, invitation, clock.now())
            language = invitation.language
        return self._page(language, "You will get no more surveys from us.")

    def _language(self, token: str) -> str:
        with self.database.reading() as session:
            return suppression.who_asks(session, token).language

    def _page(self, language: str, heading: str, *, asks: bool = False, status: int = 200) -> Response:
        words = translator("messages", language).gettext
        return self.pages.render(
            "survey/stop.html",
            language,
            status=status,
            heading=words(heading),
            words=words("We will stop asking you for feedback by SMS and e-mail.") if asks else "",
            button=words("Unsubscribe") if asks else "",
        )

    def _unknown(self, _: NotFound) -> Response:
        few = self.limits.missed(request.remote_addr)
        return self.pages.unknown() if few else self.pages.too_many()
