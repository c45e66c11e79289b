"""The customer's page: `/<token>`.

A GET shows the current step and never records an answer, because mail scanners and link previews open every
link. A POST stores one step and redirects to the next one, so that "back" and "reload" do no harm.

Each request goes one way: find the survey, make a Visit of it, read the form (`answering`), store the Submission,
draw (`screens`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from flask import Blueprint, request
from sqlalchemy import Connection
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from feedback import clock
from feedback.core.questionnaire import Questionnaire
from feedback.core.time.local_days import day_of
from feedback.core.token import draw, looks_like_token
from feedback.errors import LinkClosed, NotFound, QuestionnaireInvalid, StorageUnavailable
from feedback.services.responses import link_visitors, lookup, open_links, recording
from feedback.services.responses.lookup import SurveyState
from feedback.services.responses.submission import Submission
from feedback.store.models import Link
from feedback.web.auth.permissions import public
from feedback.web.http import rate_limits
from feedback.web.http.application import see_other
from feedback.web.survey import bot_signals, kiosk, stamp
from feedback.web.survey.answering import FormReader, Mistaken, Onward, Switched, TooLate
from feedback.web.survey.forms import typed
from feedback.web.survey.frames import Frames, path_of
from feedback.web.survey.pages import Notice, Pages
from feedback.web.survey.screens import Screens
from feedback.web.survey.visit import Visit

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

log = structlog.get_logger()

_OWN_PAGES = ("same-origin", "none")
"""What browsers say of a form that our own page sends (Fetch Metadata Request Headers, W3C)."""


class SurveyViews:
    """The pages behind a survey link; `pages` show the notices of links whose frames are remembered."""

    def __init__(self, runtime: Runtime, pages: Pages, frames: Frames) -> None:
        secrets = (runtime.settings.web.secret_key, runtime.settings.web.secret_key_previous)
        keys = [secret.reveal().encode() for secret in secrets if secret]
        self.runtime = runtime
        self.settings = runtime.settings
        self.pages = pages
        self.frames = frames
        self._keys = keys
        self.reader = FormReader(keys)
        self.screens = Screens(pages, keys)
        self.limits = rate_limits.Limits()

    def blueprint(self) -> Blueprint:
        bare = Blueprint("survey", __name__)
        bare.add_url_rule("/<token:token>", "show", self.show, methods=["GET"])
        bare.add_url_rule("/<token:token>", "submit", self.submit, methods=["POST"])
        bare.add_url_rule("/in/<token:token>", "enter", self.enter, methods=["GET"])
        bare.add_url_rule("/in/<token:token>", "leave", self.leave, methods=["POST"])
        bare.before_request(self._limited)
        bare.register_error_handler(LinkClosed, self._closed)
        bare.register_error_handler(NotFound, self._unknown)
        bare.register_error_handler(StorageUnavailable, self._unavailable)
        bare.register_error_handler(QuestionnaireInvalid, self._refused)
        return bare

    @public("the link is the key")
    def show(self, token: str) -> Response:
        """Show the next step, the requested one (`?q=`), or the last page."""
        now = clock.now()
        signs = bot_signals.signs_of_a_scanner()
        database = self.runtime.database
        with database.connection() if signs else database.glance() as connection:
            survey = lookup.find(connection, token, now)
            for kind, value in signs:
                lookup.note_sign(connection, survey.id, kind, value)
            questionnaire = self._questionnaire(connection, survey)
        return self.screens.show(self._visit(survey, questionnaire, now))

    @public("the link is the key")
    def submit(self, token: str) -> Response:
        """Store one step. A mistake shows the step again with status 422, and stores nothing."""
        sent = request.form  # read before the transaction, so that a slow client does not hold it open
        now = clock.now()
        with self.runtime.database.connection() as connection:
            locked = lookup.lock(connection, token, now)
            survey = locked.survey
            visit = self._visit(survey, self._questionnaire(connection, survey), now)
            read = self.reader.read(visit, sent)
            if isinstance(read, Onward) and read.submission:
                recording.record_locked(
                    connection, locked, visit.questionnaire, read.submission, self.settings
                )
        return self._answered(visit, read)

    @public("the link is the key")
    def enter(self, token: str) -> Response:
        """Like `show`, for an open link."""
        with self.runtime.database.reading() as session:
            visit = self._walk_in(session, open_links.find(session, token), clock.now())
        thanked = visit.asked is None and kiosk.is_thanked(visit.survey, visit.now)
        if visit.shared and kiosk.is_over(visit.survey, visit.now) and not thanked:
            return see_other(visit.route)  # somebody pressed "back" to another person's visit
        return self.screens.show(visit)

    @public("the link is the key")
    def leave(self, token: str) -> Response:
        """Like `submit`, for an open link."""
        sent = request.form
        with self.runtime.database.writing() as session:
            link = open_links.find(session, token)
            visit = self._walk_in(session, link, clock.now())
            read = self.reader.read(visit, sent)
            if isinstance(read, Onward) and read.submission:
                self._record_visit(session, link, visit, read.submission)
        return self._answered(visit, read)

    # --- Who is there --------------------------------------------------------------------------------

    def _questionnaire(self, connection: Connection, survey: SurveyState) -> Questionnaire:
        try:
            return self.runtime.library.of_id(survey.version_id, None)
        except KeyError:
            content = lookup.content(connection, survey.version_id)
            return self.runtime.library.of_id(survey.version_id, content)

    def _visit(self, survey: SurveyState, questionnaire: Questionnaire, now: datetime) -> Visit:
        given = request.args
        wanted = given.get("l")
        return Visit(
            survey=survey,
            questionnaire=questionnaire.asked_of(survey.facts),
            language=wanted
            if wanted in questionnaire.languages
            else questionnaire.language_for(survey.language),
            now=now,
            editable=survey.editable(now, self.settings.link.edit_window),
            route=f"/{survey.token}",
            asked=given.get("q"),
            preselected=bot_signals.preselected(given),
        )

    def _walk_in(self, session: Session, link: Link, now: datetime) -> Visit:
        """Continue the visit that the address names, or start a new one."""
        frame = self.frames.remember(link)
        named = request.args.get("v", "")
        connection = lookup.connection_of(session)
        survey = lookup.find_visit(connection, named, link) if looks_like_token(named) else None
        secret = named if survey is not None or self._is_ours(named) else draw()
        if survey is not None:
            questionnaire = self._questionnaire(connection, survey)
        else:
            survey = lookup.not_begun(link, now)
            questionnaire = self.runtime.library.questionnaire(link.questionnaire)
        visit = self._visit(survey, questionnaire, now)
        device = f"{link.id}/{request.remote_addr}/{request.headers.get('User-Agent', '')}"
        visit = replace(visit, route=path_of(link), source=link.kind, walk_in=secret, frame=frame)
        visit = visit if visit.shared else replace(visit, device=device)
        left = visit.shared and kiosk.is_over(survey, now)
        return replace(visit, editable=False) if left else visit

    def _is_ours(self, secret: str) -> bool:
        """Whether a form that we drew for a visit without answers is sent now by its own page.

        Nobody may choose the secret of another person's visit, because it opens the answers. So a secret in an address
        counts once something is stored under it, or if the form has our stamp for it. Another site's page could send a
        form that it got from us, so that the next page would be of a visit that it knows.
        """
        if request.method != "POST" or request.headers.get("Sec-Fetch-Site", "same-origin") not in _OWN_PAGES:
            return False
        return (
            looks_like_token(secret)
            and stamp.read(self._keys, secret, request.form.get("stamp", "")) is not None
        )

    # --- What they answer ----------------------------------------------------------------------------

    def _record_visit(self, session: Session, link: Link, visit: Visit, submission: Submission) -> None:
        if not visit.survey.state:
            signs = self._signs_of_stuffing(session, link, visit.now)
            submission = replace(submission, evidence={**(submission.evidence or {}), **signs})
        version = visit.survey.version_id or self._published(session, link, visit.now)
        walk_in = recording.WalkIn(link, visit.token, version)
        recording.record_visit(session, walk_in, visit.questionnaire, submission, self.settings)

    def _signs_of_stuffing(self, session: Session, link: Link, now: datetime) -> dict[str, bool]:
        """Count a new response, and return what its network and device have done today too often. A shared screen
        answers for many people, and nobody can tell networks apart behind a proxy that names none."""
        network = rate_limits.network_of(request.remote_addr)
        if link.kind == "kiosk" or network is None:
            return {}
        visitor = link_visitors.Visitor(network, request.headers.get("User-Agent", ""))
        today = day_of(now, self.settings.organisation.time_zone)
        by_network, by_device = link_visitors.count(session, link, visitor, today, self._keys[0])
        crowded = by_network > self.settings.link.responses_per_network
        return {name: True for name, holds in (("repeated", by_device > 1), ("crowded", crowded)) if holds}

    def _published(self, session: Session, link: Link, now: datetime) -> int:
        return self.runtime.library.published(session, link.questionnaire, now).id

    def _answered(self, visit: Visit, read: Onward | Mistaken | Switched | TooLate) -> Response:
        if isinstance(read, Onward):
            return see_other(read.address)
        if isinstance(read, Mistaken):
            return self.screens.question(visit, read.question, read.form, read.mistake)
        if isinstance(read, Switched):
            return self.screens.question(visit, read.question, read.form)
        return self.screens.too_late(visit, read.reason, read.words, read.following)

    # --- What is refused -----------------------------------------------------------------------------

    def _limited(self) -> Response | None:
        """Raise a rate-limit error for too many answers or unknown links from one address."""
        address = request.remote_addr
        too_many = request.method == "POST" and not self.limits.hit(rate_limits.POSTS, "post", address)
        if not too_many and self.limits.left(rate_limits.GUESSES, "miss", address):
            return None
        return self.pages.too_many()

    def _unknown(self, _: NotFound) -> Response:
        """Count an unknown link, and return its page."""
        few = self.limits.missed(request.remote_addr)
        return self.pages.unknown() if few else self.pages.too_many()

    def _closed(self, error: LinkClosed) -> Response:
        return self.screens.closed(error.reason, error.language, typed(request.form))

    def _refused(self, refused: QuestionnaireInvalid) -> Response:
        """Show the customer that the answer was not saved; log the reason for the operator."""
        log.error("survey.refused", reason=str(refused))
        return self._unavailable(refused)

    def _unavailable(self, _: Exception) -> Response:
        words = "Please try again in a minute."
        retry = request.full_path.rstrip("?")
        notice = Notice(503, "We can't save your answer right now", words, retry=retry)
        response = self.pages.notice(notice)
        response.headers["Retry-After"] = "60"
        return response
