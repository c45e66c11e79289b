"""Preview and trial of a text: the customer's page beside what is typed, a walk through the survey, a test message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from feedback import clock
from feedback.core.answer import Answer
from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import AnyQuestion, ScaleQuestion
from feedback.errors import Rejected
from feedback.providers import sms_terms
from feedback.services.messaging.content import Composed
from feedback.services.studio import drafts, sample_sending, trial_links
from feedback.services.studio.drafts import StudioDraft
from feedback.services.studio.sample_sending import Sample
from feedback.web.auth.permissions import Permission, allows, may
from feedback.web.http.headers import STAFF_POLICY
from feedback.web.http.locale import say
from feedback.web.http.numbers import whole
from feedback.web.http.routes import Route, get, post
from feedback.web.studio import frame, sample_customer, trials
from feedback.web.studio.sample_customer import FactChoice
from feedback.web.survey.screens import Screens
from feedback.web.survey.steps import Wording

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

THANKS = "thanks"
"""The value of the choice of a page that stands for the last one; keys of questions begin with `q:`."""


def routes(runtime: Runtime) -> list[Route]:
    views = Preview(runtime)
    return [
        get("/<key>/preview", views.preview),
        get("/<key>/preview/page", views.phone),
        post("/<key>/preview/page", views.phone),
        post("/<key>/preview/choices", views.choices),
        post("/<key>/test", views.test),
    ]


@dataclass(frozen=True, slots=True)
class PhoneChoices:
    """What can be chosen for the phone, and what is: `pages` are (value, words) of the way that the score leads to,
    `customer` what is known of the customer."""

    questionnaire: Questionnaire
    language: str
    scored: ScaleQuestion | None
    score: int | None
    pages: Sequence[tuple[str, str]]
    page: str
    customer: Sequence[FactChoice] = ()

    @property
    def answers(self) -> dict[str, Answer]:
        return given(self.scored, self.score)


class Preview:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.database = runtime.database
        self.settings = runtime.settings
        self.directories = frame.directories(runtime)
        self.keys = trial_links.keys_of(runtime.settings)
        pages = trials.TrialPages(runtime.settings)
        self.pages = pages
        self.screens = Screens(pages, self.keys)

    @may(Permission.SEE_QUESTIONNAIRES)
    def preview(self, key: str) -> ResponseReturnValue:
        return self._page(self._draft(key))

    @may(Permission.SEE_QUESTIONNAIRES)
    def phone(self, key: str) -> ResponseReturnValue:
        """The customer's page in the frame: of the posted text, which is not stored, or of the draft."""
        questionnaire = self._typed(key)
        chosen = choices(questionnaire, self.company) if questionnaire else None
        if chosen is None:
            return self.pages.respond(self._notice(), 422, trials.FRAMED.ancestors)
        visit = trials.begun(
            chosen.questionnaire, chosen.language, chosen.answers, clock.now(), done=chosen.page == THANKS
        )
        visit = replace(
            visit, route="#", asked=None if chosen.page == THANKS else chosen.page.removeprefix("q:")
        )
        return self.screens.show(visit)

    @may(Permission.SEE_QUESTIONNAIRES)
    def choices(self, key: str) -> ResponseReturnValue:
        """The fields beside the phone for the same text as `phone`; 204 if its faults leave nothing to show."""
        questionnaire = self._typed(key)
        if questionnaire is None:
            return Response(status=204)
        return render_template(
            "studio/preview/_phone_choices.html",
            key=key,
            chosen=choices(questionnaire, self.company),
        )

    @may(Permission.EDIT_QUESTIONNAIRES)
    def test(self, key: str) -> ResponseReturnValue:
        """Send the invitation to the signed-in person's e-mail address, or after a second look to a phone number."""
        draft, form = self._draft(key), request.form
        questionnaire = trials.questionnaire_of(draft.text)
        if questionnaire is None:
            return self._page(draft, refused="Fix the errors of the draft first.")
        language = questionnaire.language_for(form.get("language", ""))
        try:
            sample = self._sample(key, questionnaire, language)
            if sample.channel == "sms" and "confirmed" not in form:
                text = sample_sending.composed(sample, self.settings, clock.now())
                return self._page(draft, sample=sample, text=text)
            with self.database.writing() as session:
                sample_sending.send(session, sample, self.runtime, by=current_user.id, now=clock.now())
        except Rejected as refused:
            return self._page(draft, refused=str(refused))
        flash(say().gettext("Test queued. It should arrive within a minute."), "success")
        return redirect(url_for("studio.preview", key=key), 303)

    def _sample(self, key: str, questionnaire: Questionnaire, language: str) -> Sample:
        if request.form.get("channel") == "sms":
            number = request.form.get("phone", "")[:64]
            phone = sample_sending.phone(number, self.settings)
            return Sample(key, questionnaire, language, "sms", phone, current_user.name)
        return Sample(key, questionnaire, language, "email", current_user.email, current_user.name)

    def _typed(self, key: str) -> Questionnaire | None:
        """The questionnaire in the posted text, or in the draft if none is posted; None if it has faults."""
        text = request.form.get("text") if request.method == "POST" else None
        return trials.questionnaire_of(self._draft(key).text if text is None else text)

    def _draft(self, key: str) -> StudioDraft:
        with self.database.reading() as session:
            return drafts.find(session, self.directories, key)

    def _page(
        self,
        draft: StudioDraft,
        *,
        refused: str = "",
        sample: Sample | None = None,
        text: Composed | None = None,
    ) -> ResponseReturnValue:
        questionnaire = trials.questionnaire_of(draft.text)
        chosen = choices(questionnaire, self.company) if questionnaire else None
        now = clock.now()
        walks = {
            each: url_for("trial.show", token=trial_links.make(self.keys, draft.key, each, now))
            for each in (questionnaire.languages if questionnaire else ())
        }
        page = frame.text_page(
            "studio/preview/preview.html",
            draft,
            chosen=chosen,
            walks=walks,
            refused=refused,
            sample=sample,
            text=text,
            price=sms_terms(self.settings).cost_per_segment,
            currency=self.settings.organisation.currency,
            channels={each.channel for each in self.runtime.providers.values()},
            editable=allows(Permission.EDIT_QUESTIONNAIRES),
            is_nameless=not self.company,
        )
        response = make_response(page, 422 if refused else 200)
        response.headers["Content-Security-Policy"] = FRAMING
        return response

    @property
    def company(self) -> str:
        return self.settings.organisation.name

    def _notice(self) -> str:
        say_survey = self.pages.say(say().language)
        return self.pages.draw(
            "survey/notice.html",
            say_survey.language,
            notice=trials.NOT_YET,
            heading=say_survey.gettext(trials.NOT_YET.heading),
            words=say_survey.gettext(trials.NOT_YET.words),
        )


FRAMING = f"{STAFF_POLICY}; frame-src 'self'"
"""The policy of a page with a phone beside it."""


def choices(questionnaire: Questionnaire, company: str) -> PhoneChoices:
    """What the request chooses, as far as the questionnaire has it; `company` is the name in its texts."""
    wanted = request.values
    language = questionnaire.language_for(wanted.get("language") or say().language)
    scored = next((each for each in questionnaire.questions if isinstance(each, ScaleQuestion)), None)
    score = wanted.get("score", type=whole)
    if scored is None or score is None or not scored.minimum <= score <= scored.maximum:
        score = None
    page = wanted.get("page", "")
    known = sample_customer.facts_chosen(questionnaire, wanted)
    questionnaire = questionnaire.asked_of(sample_customer.as_facts(known, language))
    if scored and page.startswith("q:"):
        score = _leading_to(page.removeprefix("q:"), questionnaire, scored, score)
    words = Wording(questionnaire, language, {"company": company})
    pages = [(f"q:{each.key}", words.to(each.text)) for each in _way(questionnaire, given(scored, score))]
    pages.append((THANKS, say().gettext("Thanks")))
    shown = page if page in dict(pages) else pages[0][0]
    customer = sample_customer.fact_choices(questionnaire, wanted)
    return PhoneChoices(questionnaire, language, scored, score, pages, shown, customer)


def _leading_to(
    key: str, questionnaire: Questionnaire, scored: ScaleQuestion, score: int | None
) -> int | None:
    """The score, or if its way leaves a question out, the first one after which the question is asked."""
    points: tuple[int | None, ...] = (score, *range(scored.minimum, scored.maximum + 1))
    for each in points:
        if any(question.key == key for question in _way(questionnaire, given(scored, each))):
            return each
    return score


def given(scored: ScaleQuestion | None, score: int | None) -> dict[str, Answer]:
    """The answers of somebody who has given only this score."""
    return {scored.key: Answer(score)} if scored and score is not None else {}


def _way(questionnaire: Questionnaire, answers: dict[str, Answer]) -> list[AnyQuestion]:
    return list(questionnaire.path(answers))
