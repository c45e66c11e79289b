"""A draft as a customer would walk through it: the real pages, and nothing is stored.

What was answered is in the address (`?v=`), signed, as the forms that the pages sent. So "back" and "reload" work as
they do for customers, and a draft that changes meanwhile only loses answers that it has no question for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, redirect, request
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response as AnyResponse

from feedback import clock, lint
from feedback.core.answer import Answer
from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import AnyQuestion, TextQuestion
from feedback.errors import NotFound
from feedback.services.responses.lookup import SurveyState
from feedback.services.studio import drafts, trial_links
from feedback.services.studio.trial_links import TrialLink
from feedback.web.auth.permissions import public
from feedback.web.http import rate_limits
from feedback.web.http.routes import blueprint_of, get, post
from feedback.web.studio import frame, sample_customer
from feedback.web.survey import bot_signals
from feedback.web.survey.answering import FormReader, Mistaken, Onward, Switched
from feedback.web.survey.frames import Frame
from feedback.web.survey.pages import Notice, Pages
from feedback.web.survey.screens import Screens
from feedback.web.survey.visit import Visit

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

LONGEST_WORDS = 300
"""Characters of a typed answer that an address keeps; what is longer is cut, because addresses have a limit."""
FRAMED = Frame(ancestors="'self'")

Forms = Mapping[str, Mapping[str, list[str]]]
"""Question -> the form of its answer."""

NOT_YET = Notice(
    422,
    "This survey can't be shown yet",
    "The draft has errors. Fix them first.",
)
STOPPED = Notice(
    200,
    "This was a test",
    "In a real message, this link opts the customer out of all surveys. Nothing has changed now.",
)


def blueprint(runtime: Runtime) -> Blueprint:
    views = Trials(runtime)
    return blueprint_of(
        "trial",
        get("/<token>", views.show),
        post("/<token>", views.submit),
        get("/<token>/stop", views.stop),
        post("/<token>/stop", views.stop),
    )


class TrialPages(Pages):
    """The customers' pages, each headed by the sentence that nothing is stored."""

    def draw(
        self, template: str, language: str, *, languages: Mapping[str, str] | None = None, **context: Any
    ) -> str:
        return super().draw(template, language, languages=languages, trial=True, **context)


class Trials:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database
        self.directories = frame.directories(runtime)
        self.keys = trial_links.keys_of(runtime.settings)
        self.pages = TrialPages(runtime.settings)
        self.reader = FormReader(self.keys)
        self.screens = Screens(self.pages, self.keys)
        self.state = URLSafeSerializer([key.decode() for key in reversed(self.keys)], salt="trial")
        self.limits = rate_limits.Limits()

    @public("a trial of a draft; the address is signed, and nothing is stored")
    def show(self, token: str) -> AnyResponse:
        visit = self._visit(token)
        return visit if isinstance(visit, Response) else self.screens.show(visit)

    @public("a trial of a draft; the address is signed, and nothing is stored")
    def submit(self, token: str) -> AnyResponse:
        """Go on as after a real answer; the answer goes into the next address only."""
        visit = self._visit(token)
        if isinstance(visit, Response):
            return visit
        read = self.reader.read(visit, request.form)
        if isinstance(read, Onward):
            return redirect(self._next(visit, read), 303)
        if isinstance(read, Mistaken):
            return self.screens.question(visit, read.question, read.form, read.mistake)
        if isinstance(read, Switched):
            return self.screens.question(visit, read.question, read.form)
        return self.screens.too_late(visit, read.reason, read.words, read.following)

    @public("the opt-out link of a test; it changes nothing")
    def stop(self, token: str) -> AnyResponse:
        link = self._link(token)
        return self.pages.notice(STOPPED, link.language) if link else self.pages.unknown()

    # --- Who is there --------------------------------------------------------------------------------

    def _link(self, token: str) -> TrialLink | None:
        """The trial behind an address; None for an unknown one, or for somebody who tries too many."""
        address = request.remote_addr
        if not self.limits.left(rate_limits.GUESSES, "miss", address):
            return None
        link = trial_links.read(self.keys, token, clock.now())
        if link is None or not self.limits.hit(rate_limits.POSTS, "trial", address):
            self.limits.missed(address)
            return None
        return link

    def _visit(self, token: str) -> Visit | Response:
        link = self._link(token)
        if link is None:
            return self.pages.unknown()
        questionnaire = self._questionnaire(link.key)
        if questionnaire is None:
            return self.pages.notice(NOT_YET, link.language)
        state = self._state(request.args.get("v", ""))
        forms, done, known = state or ({}, False, sample_customer.facts_chosen(questionnaire, request.args))
        customer = sample_customer.as_facts(known, questionnaire.language_for(link.language))
        questionnaire = questionnaire.asked_of(customer)
        visit = begun(questionnaire, link.language, answers_in(questionnaire, forms), clock.now(), done=done)
        visit = replace(visit, survey=replace(visit.survey, facts=customer, token=token))
        wanted = request.args.get("l")
        return replace(
            visit,
            route=f"/{trial_links.PATH}/{token}",
            language=wanted if wanted in questionnaire.languages else visit.language,
            asked=request.args.get("q"),
            preselected=bot_signals.preselected(request.args),
            walk_in=self.state.dumps([forms, done, known]),
        )

    def _questionnaire(self, key: str) -> Questionnaire | None:
        """The draft as it is now; None if it has faults, or if there is none any more."""
        try:
            with self.database.reading() as session:
                draft = drafts.find(session, self.directories, key)
        except NotFound:
            return None
        return questionnaire_of(draft.text)

    def _state(self, written: str) -> tuple[Forms, bool, dict[str, str]] | None:
        """What was answered, whether it is done, and what is known of the customer; None at the beginning."""
        try:
            forms, done, *known = self.state.loads(written)
        except BadSignature:
            return None
        return forms, done, known[0] if known else {}

    def _next(self, visit: Visit, read: Onward) -> str:
        """The address of the next step, with the answer in it."""
        if read.submission is None:
            return read.address
        key, answer = next(iter(read.submission.answers.items()))
        question = visit.questionnaire.by_key[key]
        answers = {each: given for each, given in visit.answers.items() if each != key}
        if answer is not None:
            answers[key] = answer
        forms = {
            each: _kept(visit.questionnaire.by_key[each].as_form(given)) for each, given in answers.items()
        }
        done = visit.survey.state == "complete" or read.submission.finished
        moved = replace(
            visit,
            survey=replace(visit.survey, answers=answers),
            walk_in=self.state.dumps([forms, done, visit.survey.facts.stored(visit.questionnaire.facts)]),
        )
        return moved.after(question, answer)[0]


def begun(
    questionnaire: Questionnaire, language: str, answers: Mapping[str, Answer], now: datetime, *, done: bool
) -> Visit:
    """A visit of nobody, with these answers: a customer without known details, in a frame of ours."""
    spoken = questionnaire.language_for(language)
    survey = SurveyState(
        id=0,
        version_id=0,
        language=spoken,
        kind="trial",
        piping={},
        signs={},
        expires_at=now,
        reached_at=None,
        state="complete" if done else "partial" if answers else "",
        answered_at=now if answers else None,
        completed_at=now if done else None,
        answers=answers,
        token="trial",  # noqa: S106 - it opens nothing
    )
    # A visit with a secret of its own gets no page from the cache, which knows published versions only.
    return Visit(survey, questionnaire, spoken, now, editable=True, route="", walk_in="-", frame=FRAMED)


def answers_in(questionnaire: Questionnaire, forms: Forms) -> dict[str, Answer]:
    """The answers in forms, without those for which the questionnaire has no question, or another one."""
    asked = (
        (_lenient(questionnaire.by_key[key]), form)
        for key, form in forms.items()
        if key in questionnaire.by_key
    )
    parsed = ((question.key, question.parse(dict(form))) for question, form in asked)
    return {key: answer for key, answer in parsed if isinstance(answer, Answer)}


def _lenient(question: AnyQuestion) -> AnyQuestion:
    """The question as it reads its own answer again: what was long enough when it was sent may have been cut since."""
    if isinstance(question, TextQuestion):
        return question.model_copy(update={"min_length": 0, "contact": None})
    return question


def _kept(form: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {
        name: [each if len(each) <= LONGEST_WORDS else each[: LONGEST_WORDS - 1] + "…" for each in values]
        for name, values in form.items()
    }


@lru_cache(maxsize=64)
def questionnaire_of(text: str) -> Questionnaire | None:
    """The questionnaire in a text; None if it has faults. Cached, because each page of a trial asks for the same."""
    return lint.read(text).questionnaire
