"""Draws where a visit stands: the question that is due, or thanks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from flask import Response

from feedback.core.answer import AnswerProblem
from feedback.core.questions import AnyQuestion
from feedback.core.questions.base import Form
from feedback.core.token import LENGTH
from feedback.web.survey import kiosk, stamp
from feedback.web.survey.compression import GappedPage
from feedback.web.survey.pages import Notice, Pages, Site
from feedback.web.survey.steps import Position, Step, Wording, piped, position, same_for_all
from feedback.web.survey.visit import Visit

_ROUTE, _STAMP = "/route-of-the-page", "stamp-of-the-page"
_GAPS = {_ROUTE: 1 + LENGTH, _STAMP: stamp.LENGTH}
"""Markers in a cached page that are replaced by address and stamp."""


MOST_DRAWN = 1_000
"""Pages that are cached, of some ten kilobytes each."""


class _Drawn(NamedTuple):
    """What the page of a question without an answer depends on, if it is the same for all customers."""

    version_id: int
    question: str
    language: str
    invited_in: str
    position: Position
    back: str
    """The key of the step before, if its answer can be changed."""
    site: Site


class Screens:
    """The pages of visits; forms are stamped with the first of `keys`."""

    def __init__(self, pages: Pages, keys: Sequence[bytes]) -> None:
        self._pages = pages
        self._keys = keys
        self._drawn: dict[_Drawn, GappedPage | None] = {}
        self._begins: dict[tuple[int, str], tuple[Position, str]] = {}
        """Version and question -> what `_standing` says of it before the first answer."""

    def show(self, visit: Visit) -> Response:
        """The step that is due, the one that the address asks for, or thanks."""
        question = visit.wanted()
        if question is None:
            return self.thanks(visit)
        return self.question(visit, question, visit.remembered(question))

    def question(
        self, visit: Visit, question: AnyQuestion, form: Form, mistake: AnswerProblem | None = None
    ) -> Response:
        """The page of one step, its inputs filled from `form`."""
        made = stamp.make(self._keys[0], visit.token, visit.now)
        plain = not (form or mistake or visit.walk_in)
        if plain and (page := self._unanswered_page(visit, question)):
            return self._pages.fill(page, {_ROUTE: visit.route, _STAMP: made})
        return self._pages.render(
            "survey/question.html",
            visit.language,
            status=422 if mistake else 200,
            ancestors=visit.frame.ancestors,
            again=visit.frame.again(kiosk.IDLE),
            stamp=made,
            **self._context(visit, question, form, mistake),
        )

    def thanks(self, visit: Visit) -> Response:
        """The last page's text and link for these answers. A shared screen repeats no answers and has no link."""
        wording = self._wording(visit)
        thanks = visit.questionnaire.thanks_for(visit.answers)
        if thanks and visit.shared and "{answer." in thanks.text.to(visit.language):
            thanks = None
        link = thanks.link if thanks and not visit.shared else None
        given = [] if visit.shared else _given(visit, wording)
        return self._pages.render(
            "survey/thanks.html",
            visit.language,
            ancestors=visit.frame.ancestors,
            again=visit.frame.again(kiosk.THANKED),
            languages=visit.languages(None),
            words=wording.to(thanks.text) if thanks else wording.say.gettext("Thank you for your feedback."),
            link={"url": link.url, "text": wording.to(link.text)} if link else None,
            plain=thanks is None,
            given=given,
            editable=visit.editable,
            answered=bool(visit.answers),
            over=visit.is_over and not given,
        )

    def too_late(self, visit: Visit, reason: str, words: Sequence[str], following: str) -> Response:
        """The page of an answer to a question that is not open any more, with a way on (`following`)."""
        notice = replace(_closed(reason, words), following=following)
        return self._pages.notice(notice, visit.language, seconds=kiosk.IDLE)

    def closed(self, reason: str, language: str, words: Sequence[str]) -> Response:
        """The page of a closed link, with the text that the customer was about to send."""
        return self._pages.notice(_closed(reason, words), language)

    def _unanswered_page(self, visit: Visit, question: AnyQuestion) -> GappedPage | None:
        """The page of a question without an answer, cached; only its address and stamp are filled in.

        None if the page differs between people, because its options are shuffled or its texts have placeholders.
        """
        survey = visit.survey
        where, back = self._standing(visit, question)
        known = _Drawn(
            survey.version_id, question.key, visit.language, survey.language, where, back, self._pages.site
        )
        if known not in self._drawn:
            if len(self._drawn) >= MOST_DRAWN:
                self._drawn.clear()
            self._drawn[known] = self._draw(visit, question) if same_for_all(question) else None
        return self._drawn[known]

    def _standing(self, visit: Visit, question: AnyQuestion) -> tuple[Position, str]:
        """The position of a question, and the key of the step before it. To count the longest path that each answer can
        lead to takes long, so it is cached where it is the same for everybody."""
        if visit.survey.state:
            return _standing(visit, question)
        key = (visit.survey.version_id, question.key)
        if key not in self._begins:
            if len(self._begins) >= MOST_DRAWN:
                self._begins.clear()
            self._begins[key] = _standing(visit, question)
        return self._begins[key]

    def _draw(self, visit: Visit, question: AnyQuestion) -> GappedPage:
        context = self._context(replace(visit, route=_ROUTE), question, {}, None)
        page = self._pages.draw("survey/question.html", visit.language, stamp=_STAMP, **context)
        return GappedPage(page, _GAPS)

    def _context(
        self, visit: Visit, question: AnyQuestion, form: Form, mistake: AnswerProblem | None
    ) -> dict[str, Any]:
        keep = "" if visit.shared else visit.walk_in or visit.route
        where = position(visit.questionnaire, question, visit.answers)
        return {
            "languages": visit.languages(question),
            "s": Step(question, self._wording(visit), where, visit.order, form, mistake, keep),
            "picked": bool(form) and mistake is None and question.key not in visit.answers,
            "action": visit.address(question),
            "back": visit.back(question),
            "trap": visit.address(question, trap=True),
        }

    def _wording(self, visit: Visit) -> Wording:
        values: Mapping[str, Any] = {**visit.survey.piping, "company": self._pages.site.name}
        return piped(Wording(visit.questionnaire, visit.language, values), visit.answers)


def _standing(visit: Visit, question: AnyQuestion) -> tuple[Position, str]:
    before = visit.before(question)
    return position(visit.questionnaire, question, visit.answers), before.key if before else ""


def _given(visit: Visit, wording: Wording) -> list[tuple[str, str, str]]:
    """(question, answer in words, address to change it) for every question that can be answered or changed."""
    nothing = "–"
    return [
        (
            wording.to(each.text),
            wording.answer(each, visit.answers[each.key]) if each.key in visit.answers else nothing,
            visit.address(each),
        )
        for each in visit.path
        if each.answerable and visit.is_open(each)
    ]


def _closed(reason: str, words: Sequence[str]) -> Notice:
    return replace(_CLOSED[reason], said="\n".join(words), onward=True)


_CLOSED: Mapping[str, Notice] = {
    "expired": Notice(
        410,
        "This survey has ended",
        "It no longer accepts answers. Thank you for your interest.",
    ),
    "withdrawn": Notice(410, "This survey was withdrawn", "You don't need to do anything."),
    "closed": Notice(
        410, "Your answer is saved", "You can no longer change your answers. Thank you for your feedback."
    ),
    "moved": Notice(
        422,
        "This question is no longer available",
        "An earlier answer was changed, so this question no longer applies.",
    ),
}
