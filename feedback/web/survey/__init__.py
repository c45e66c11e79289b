"""The customer's page: `/<token>`.

A GET shows where the customer stands and never records an answer, because mail scanners and link previews
open every link. A POST stores one step and goes on to the next by a redirect, so that "back" and "reload" do
no harm.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from flask import Blueprint, Response, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from feedback import clock
from feedback.core.answer import AnswerProblem
from feedback.core.questions import AnyQuestion
from feedback.errors import LinkClosed, NotFound, StorageUnavailable
from feedback.i18n import LANGUAGES
from feedback.services import responses
from feedback.services.responses import Sheet
from feedback.web import rate
from feedback.web.permissions import public
from feedback.web.survey import evidence, stamp
from feedback.web.survey.forms import StepForm, step_form
from feedback.web.survey.pages import Pages
from feedback.web.survey.visit import Visit

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


def blueprint(runtime: Runtime) -> Blueprint:
    """The pages behind a survey link."""
    return _Survey(runtime).blueprint()


class _Survey:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.settings = runtime.settings
        self.pages = Pages(runtime.settings)
        self.limits = rate.Limits()
        secrets = (runtime.settings.web.secret_key, runtime.settings.web.secret_key_previous)
        self.keys = [secret.reveal().encode() for secret in secrets if secret]

    def blueprint(self) -> Blueprint:
        bare = Blueprint("survey", __name__)
        address = "/<string(length=12):token>"
        bare.add_url_rule(address, "show", self.show, methods=["GET"])
        bare.add_url_rule(address, "submit", self.submit, methods=["POST"])
        bare.before_request(self._limited)
        bare.register_error_handler(LinkClosed, self._closed)
        bare.register_error_handler(NotFound, self._unknown)
        bare.register_error_handler(StorageUnavailable, self._unavailable)
        return bare

    @public("the link is the key")
    def show(self, token: str) -> AnyResponse:
        """The step that is due, the one asked for (`?q=`), or thanks."""
        now = clock.now()
        signs = evidence.signs_of_a_scanner()
        database = self.runtime.database
        with database.writing() if signs else database.reading() as session:
            sheet = responses.find(session, token, now)
            for kind, value in signs:
                responses.note_sign(session, sheet.id, kind, value)
            visit = self._visit(session, token, sheet, now)
        question = visit.wanted(request.args.get("q"))
        return (
            self._thanks(visit)
            if question is None
            else self._ask(visit, question, visit.remembered(question))
        )

    @public("the link is the key")
    def submit(self, token: str) -> AnyResponse:
        """Store one step. A mistake shows the step again with status 422, and stores nothing."""
        sent = request.form  # read before the transaction begins: a slow phone must not hold the database
        now = clock.now()
        with self.runtime.database.writing() as session:
            sheet = responses.find(session, token, now)
            visit = self._visit(session, token, sheet, now)
            question = visit.answered(request.args.get("q"))
            if question is None:
                return redirect(visit.address(), 303)
            form = step_form(question)(sent)
            rendered = stamp.read(self.keys, token, form.stamp.data or "")
            if rendered is None or not form.validate():
                problem = form.answer.problem or AnswerProblem(question.key, "stale")
                return self._ask(visit, question, sent.to_dict(flat=False), problem)
            following = self._record(session, visit, question, form, rendered)
        return redirect(following, 303)

    def _record(
        self, session: Session, visit: Visit, question: AnyQuestion, form: StepForm, rendered: datetime
    ) -> str:
        """Store the answer; the address of what comes next."""
        answers = {question.key: form.answer.data}
        finished = visit.is_last(question, form.answer.data)
        if form.answer.data is not None or visit.sheet.state:
            responses.record(
                session,
                visit.sheet,
                visit.questionnaire,
                answers,
                source="link",
                followup=self.settings.followup,
                now=visit.now,
                evidence=evidence.gathered(visit.sheet, form, rendered, visit.now).stored(),
                finished=finished,
                language=visit.language,
                edit_window=self.settings.link.edit_window,
            )
        return visit.after(question, form.answer.data)

    def _visit(self, session: Session, token: str, sheet: Sheet, now: datetime) -> Visit:
        library = self.runtime.library
        known = library.knows(sheet.version_id)
        content = None if known else responses.content(session, sheet.version_id)
        questionnaire = library.of_id(sheet.version_id, content)
        wanted = request.args.get("l")
        language = wanted if wanted in questionnaire.languages else questionnaire.language_for(sheet.language)
        editable = sheet.editable(now, self.settings.link.edit_window)
        company = {"company": self.settings.organisation.name}
        return Visit(token, sheet, questionnaire, language, now, editable, company)

    def _ask(
        self,
        visit: Visit,
        question: AnyQuestion,
        form: Mapping[str, list[str]],
        mistake: AnswerProblem | None = None,
    ) -> Response:
        return self.pages.render(
            "survey/question.html",
            visit.language,
            status=422 if mistake else 200,
            languages=visit.languages(question),
            s=visit.step(question, form, mistake),
            action=visit.address(question),
            back=visit.back(question),
            trap=visit.address(question, trap=True),
            stamp=stamp.make(self.keys[0], visit.token, visit.now),
        )

    def _thanks(self, visit: Visit) -> Response:
        words, link = visit.thanks()
        return self.pages.render(
            "survey/thanks.html",
            visit.language,
            languages=visit.languages(None),
            words=words,
            link=link,
            given=visit.given() if visit.editable else [],
            answered=bool(visit.sheet.answers),
        )

    def _limited(self) -> Response | None:
        """Too many answers, or too many guesses, from one address."""
        address = request.remote_addr
        too_many = request.method == "POST" and not self.limits.hit(rate.POSTS, "post", address)
        if not too_many and self.limits.left(rate.MISSES, "miss", address):
            return None
        response = self._notice(
            429, "Please wait a moment", "There were too many requests. Try again in a minute."
        )
        response.headers["Retry-After"] = "60"
        return response

    def _unknown(self, _: NotFound) -> Response:
        self.limits.hit(rate.MISSES, "miss", request.remote_addr)
        return self._notice(404, "We do not know this link", "Please check that the address is complete.")

    def _closed(self, closed: LinkClosed) -> Response:
        return self._notice(410, *_CLOSED[closed.reason], language=closed.language)

    def _unavailable(self, _: StorageUnavailable) -> Response:
        words = "Nothing is lost: please try again in a minute."
        retry = request.full_path.rstrip("?")
        response = self._notice(503, "We cannot save your answer just now", words, retry=retry)
        response.headers["Retry-After"] = "60"
        return response

    def _notice(
        self, status: int, heading: str, words: str, *, language: str | None = None, retry: str | None = None
    ) -> Response:
        spoken = language or request.accept_languages.best_match(LANGUAGES["survey"]) or "en"
        say = self.pages.say(spoken)
        return self.pages.render(
            "survey/notice.html",
            say.language,
            status=status,
            heading=say.gettext(heading),
            words=say.gettext(words),
            retry=retry,
        )


_CLOSED = {
    "expired": ("This survey has ended", "Thank you for opening it. Answers are not collected any more."),
    "withdrawn": ("This survey was withdrawn", "There is nothing for you to do."),
    "closed": ("Your answer is saved", "The time for changes is over. Thank you for your feedback."),
}
