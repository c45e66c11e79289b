"""The customer's page: `/<token>`.

A GET shows where the customer stands and never records an answer, because mail scanners and link previews
open every link. A POST stores one step and goes on to the next by a redirect, so that "back" and "reload" do
no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from flask import Blueprint, Response, redirect, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from feedback import clock
from feedback.core.answer import AnswerProblem
from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import AnyQuestion
from feedback.core.token import looks_like_token
from feedback.errors import LinkClosed, NotFound, QuestionnaireInvalid, StorageUnavailable
from feedback.services import links, responses, sheets
from feedback.services.sheets import Rows, Sheet
from feedback.store.models import Link
from feedback.web import rate
from feedback.web.permissions import public
from feedback.web.survey import evidence, kiosk, stamp
from feedback.web.survey.forms import StepForm, step_form, typed
from feedback.web.survey.pages import Pages
from feedback.web.survey.steps import same_for_all
from feedback.web.survey.visit import Visit

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

log = structlog.get_logger()

Store = Callable[..., int]
"""`responses.record` or `record_visit`, with what they need to know about who answers."""


def blueprint(runtime: Runtime, pages: Pages) -> Blueprint:
    """The pages behind a survey link."""
    return _Survey(runtime, pages).blueprint()


class _Survey:
    def __init__(self, runtime: Runtime, pages: Pages) -> None:
        self.runtime = runtime
        self.settings = runtime.settings
        self.pages = pages
        self.limits = rate.Limits()
        self.drawn: dict[tuple[int, str, str, str], str] = {}
        self.forms: dict[tuple[int, str], type[StepForm]] = {}
        secrets = (runtime.settings.web.secret_key, runtime.settings.web.secret_key_previous)
        self.keys = [secret.reveal().encode() for secret in secrets if secret]

    def blueprint(self) -> Blueprint:
        bare = Blueprint("survey", __name__)
        bare.add_url_rule("/<string(length=12):token>", "show", self.show, methods=["GET"])
        bare.add_url_rule("/<string(length=12):token>", "submit", self.submit, methods=["POST"])
        bare.add_url_rule("/in/<string(length=12):token>", "enter", self.enter, methods=["GET"])
        bare.add_url_rule("/in/<string(length=12):token>", "leave", self.leave, methods=["POST"])
        bare.before_request(self._limited)
        bare.register_error_handler(LinkClosed, self._closed)
        bare.register_error_handler(NotFound, self._unknown)
        bare.register_error_handler(StorageUnavailable, self._unavailable)
        bare.register_error_handler(QuestionnaireInvalid, self._refused)
        return bare

    @public("the link is the key")
    def show(self, token: str) -> AnyResponse:
        """The step that is due, the one asked for (`?q=`), or thanks."""
        now = clock.now()
        signs = evidence.signs_of_a_scanner()
        database = self.runtime.database
        with database.connection() if signs else database.rows() as rows:
            sheet = sheets.find(rows, token, now)
            for kind, value in signs:
                sheets.note_sign(rows, sheet.id, kind, value)
            visit = self._visit(rows, token, sheet, now)
        return self._shown(visit)

    @public("the link is the key")
    def submit(self, token: str) -> AnyResponse:
        """Store one step. A mistake shows the step again with status 422, and stores nothing."""
        sent = request.form  # read before the transaction begins: a slow phone must not hold the database
        now = clock.now()
        with self.runtime.database.connection() as rows:
            held = sheets.hold(rows, token, now)
            store = partial(responses.record, rows, held, source="link")
            return self._taken(self._visit(rows, token, held.sheet, now), sent, store)

    @public("the link is the key")
    def enter(self, token: str) -> AnyResponse:
        """As `show`, through a link that is open to everybody."""
        with self.runtime.database.reading() as session:
            link = links.find(session, token)
            visit = self._walk_in(session, link, clock.now())
        thanked = "q" not in request.args and kiosk.is_thanked(visit.sheet, visit.now)
        if visit.shared and kiosk.is_over(visit.sheet, visit.now) and not thanked:
            return redirect(visit.route, 303)  # somebody pressed "back": it was not theirs
        return self._shown(visit, link)

    @public("the link is the key")
    def leave(self, token: str) -> AnyResponse:
        """As `submit`, through a link that is open to everybody."""
        sent = request.form
        with self.runtime.database.writing() as session:
            link = links.find(session, token)
            visit = self._walk_in(session, link, clock.now())
            return self._taken(visit, sent, partial(self._store_visit, session, link, visit), link)

    def _shown(self, visit: Visit, link: Link | None = None) -> Response:
        question = visit.wanted(request.args.get("q"))
        if question is None:
            return self._thanks(visit, link)
        return self._ask(visit, question, visit.remembered(question), link=link)

    def _taken(
        self, visit: Visit, sent: MultiDict[str, str], store: Store, link: Link | None = None
    ) -> AnyResponse:
        question = visit.answered(request.args.get("q"))
        if question is None:
            return self._missed(visit, sent, link)
        form = self._form(visit, question)(sent)
        rendered = stamp.read(self.keys, visit.token, form.stamp.data or "")
        # The page of a shared screen comes empty: to pass it takes nothing back.
        standing = visit.answers.get(question.key) if visit.shared and form.answer.is_blank else None
        if rendered is None or not (standing or form.validate()):
            problem = form.answer.problem or AnswerProblem(question.key, "stale")
            return self._ask(visit, question, sent.to_dict(flat=False), problem, link)
        answer = standing or form.answer.data
        if answer is not None or visit.sheet.state:
            store(
                visit.questionnaire,
                {question.key: answer},
                followup=self.settings.followup,
                now=visit.now,
                evidence=evidence.gathered(visit.sheet, form, rendered, visit.now).stored(),
                finished=visit.is_last(question, answer),
                language=visit.language,
                edit_window=self.settings.link.edit_window,
            )
        return redirect(visit.after(question, answer), 303)

    def _missed(self, visit: Visit, sent: MultiDict[str, str], link: Link | None) -> AnyResponse:
        """An answer to a question that is not open (any more): nothing is stored, and nothing kept quiet.

        Too late for a change: a page says so and gives the words back. Where another tab has led elsewhere, the
        words are offered for the open question that is now in its place.
        """
        asked = visit.questionnaire.question(request.args.get("q", ""))
        words = typed(sent, asked)
        if visit.shared or visit.says_the_same(asked, sent) or (asked not in visit.path and not words):
            return redirect(visit.address(), 303)
        place = None if asked in visit.path else visit.place_for_words()
        if place is None:
            late = LinkClosed("closed" if asked in visit.path else "moved", visit.language)
            following = visit.address() if visit.wanted(None) else ""
            return self._closed(late, words, following=following, **_framed(link, kiosk.IDLE))
        earlier = visit.remembered(place).get(f"{place.key}.text", [])
        form = {place.key: ["\n".join([*earlier, *words])]}
        return self._ask(visit, place, form, AnswerProblem(place.key, "moved"), link)

    def _store_visit(
        self,
        session: Session,
        link: Link,
        visit: Visit,
        questionnaire: Questionnaire,
        answers: responses.Given,
        *,
        evidence: dict[str, Any],
        **rest: Any,
    ) -> int:
        if not visit.sheet.state and self._came_before(link):
            evidence = {**evidence, "repeated": True}
        version = visit.sheet.version_id or self._published(session, link, visit.now)
        return responses.record_visit(
            session, link, visit.token, questionnaire, answers, version_id=version, evidence=evidence, **rest
        )

    def _came_before(self, link: Link) -> bool:
        """Whether this device has answered through this link today; a screen in a shop is for everybody."""
        device = f"{link.id}/{request.headers.get('User-Agent', '')}"
        return link.kind != "kiosk" and not self.limits.hit(rate.VOTES, device, request.remote_addr)

    def _published(self, session: Session, link: Link, now: datetime) -> int:
        return self.runtime.library.published(session, link.questionnaire, now).id

    def _form(self, visit: Visit, question: AnyQuestion) -> type[StepForm]:
        """The step's form class; versions never change, so one is made once."""
        if not visit.sheet.version_id:
            return step_form(question)
        known = (visit.sheet.version_id, question.key)
        if known not in self.forms:
            self.forms[known] = step_form(question)
        return self.forms[known]

    def _walk_in(self, session: Session, link: Link, now: datetime) -> Visit:
        """Goes on with the visit that the address names, or begins one."""
        named = request.args.get("v", "")
        secret = named if looks_like_token(named) else links.secret()
        sheet = sheets.find_visit(session, secret, link)
        if sheet is not None:
            visit = self._visit(session, secret, sheet, now)
        else:
            blank = Sheet(0, 0, link.language, link.kind, {}, {}, now, None)
            visit = self._with(secret, blank, self.runtime.library.questionnaire(link.questionnaire), now)
        visit = replace(visit, route=f"/in/{link.token}", walk_in=secret, shared=link.kind == "kiosk")
        self.pages.framed[visit.route] = _framed(link, kiosk.REFUSED)
        if visit.shared and kiosk.is_over(visit.sheet, now):
            return replace(visit, editable=False)
        return visit

    def _visit(self, rows: Rows, token: str, sheet: Sheet, now: datetime) -> Visit:
        library = self.runtime.library
        known = library.knows(sheet.version_id)
        content = None if known else sheets.content(rows, sheet.version_id)
        return self._with(token, sheet, library.of_id(sheet.version_id, content), now)

    def _with(self, token: str, sheet: Sheet, questionnaire: Questionnaire, now: datetime) -> Visit:
        wanted = request.args.get("l")
        language = wanted if wanted in questionnaire.languages else questionnaire.language_for(sheet.language)
        editable = sheet.editable(now, self.settings.link.edit_window)
        company = {"company": self.settings.organisation.name}
        return Visit(token, sheet, questionnaire, language, now, editable, company, f"/{token}")

    def _ask(
        self,
        visit: Visit,
        question: AnyQuestion,
        form: Mapping[str, list[str]],
        mistake: AnswerProblem | None = None,
        link: Link | None = None,
    ) -> Response:
        made = stamp.make(self.keys[0], visit.token, visit.now)
        if not (form or mistake or link or visit.answers) and (page := self._first_page(visit, question)):
            return self.pages.respond(page.replace(_ROUTE, visit.route).replace(_STAMP, made))
        return self.pages.render(
            "survey/question.html",
            visit.language,
            status=422 if mistake else 200,
            stamp=made,
            **_framed(link, kiosk.IDLE),
            **self._step(visit, question, form, mistake),
        )

    def _first_page(self, visit: Visit, question: AnyQuestion) -> str:
        """The page that almost everybody sees first: drawn once, then only given its address and stamp.

        Empty where the page is not the same for all, because its options are shuffled or its texts filled in.
        """
        known = (visit.sheet.version_id, question.key, visit.language, visit.sheet.language)
        if known not in self.drawn:
            anybody = replace(visit, route=_ROUTE)
            context = self._step(anybody, question, {}, None)
            page = self.pages.draw("survey/question.html", visit.language, stamp=_STAMP, **context)
            self.drawn[known] = page if same_for_all(question) else ""
        return self.drawn[known]

    def _step(
        self,
        visit: Visit,
        question: AnyQuestion,
        form: Mapping[str, list[str]],
        mistake: AnswerProblem | None,
    ) -> dict[str, Any]:
        return {
            "languages": visit.languages(question),
            "s": visit.step(question, form, mistake),
            "action": visit.address(question),
            "back": visit.back(question),
            "trap": visit.address(question, trap=True),
        }

    def _thanks(self, visit: Visit, link: Link | None = None) -> Response:
        words, onward = visit.thanks()
        given = [] if visit.shared else visit.given()
        return self.pages.render(
            "survey/thanks.html",
            visit.language,
            languages=visit.languages(None),
            words=words,
            link=onward,
            given=given,
            editable=visit.editable,
            answered=bool(visit.sheet.answers),
            over=visit.is_over and not given,
            **_framed(link, kiosk.THANKED),
        )

    def _limited(self) -> Response | None:
        """Too many answers, or too many guesses, from one address."""
        address = request.remote_addr
        too_many = request.method == "POST" and not self.limits.hit(rate.POSTS, "post", address)
        if not too_many and self.limits.left(rate.GUESSES, "miss", address):
            return None
        return self.pages.too_many()

    def _unknown(self, _: NotFound) -> Response:
        """A few are mistyped, more are guessed; others behind the same address have links that we know."""
        few = self.limits.missed(request.remote_addr)
        return self.pages.unknown() if few else self.pages.too_many()

    def _closed(self, closed: LinkClosed, words: Sequence[str] | None = None, **rest: Any) -> Response:
        """The page of a link that takes no more answers, with the words that somebody was about to send."""
        status, *texts = _CLOSED[closed.reason]
        said = "\n".join(typed(request.form) if words is None else words)
        return self.pages.notice(status, *texts, language=closed.language, said=said, onward=True, **rest)

    def _refused(self, refused: QuestionnaireInvalid) -> Response:
        """For the customer it is as if nothing could be stored; the operator reads why."""
        log.error("survey.refused", reason=str(refused))
        return self._unavailable(refused)

    def _unavailable(self, _: Exception) -> Response:
        words = "Please try again in a minute."
        retry = request.full_path.rstrip("?")
        response = self.pages.notice(503, "We can't save your answer right now", words, retry=retry)
        response.headers["Retry-After"] = "60"
        return response


_ROUTE, _STAMP = "/route-of-the-page", "stamp-of-the-page"
"""Stand-ins in a page that is drawn before it is known for whom."""


def _framed(link: Link | None, seconds: int) -> dict[str, Any]:
    """What an open link changes about a page: who may show it in a frame, and when it starts again."""
    if link is None:
        return {}
    again = kiosk.starting_again(f"/in/{link.token}", seconds) if link.kind == "kiosk" else None
    ancestors = (" ".join(link.origins) or "*") if link.kind == "embed" else "'none'"
    return {"again": again, "ancestors": ancestors}


_CLOSED: Mapping[str, tuple[int, str, str]] = {
    "expired": (
        410,
        "This survey has ended",
        "It no longer accepts answers. Thank you for your interest.",
    ),
    "withdrawn": (410, "This survey was withdrawn", "You don't need to do anything."),
    "closed": (
        410,
        "Your answer is saved",
        "You can no longer change your answers. Thank you for your feedback.",
    ),
    "moved": (
        422,
        "This question is no longer available",
        "An earlier answer was changed, so this question no longer applies.",
    ),
}
