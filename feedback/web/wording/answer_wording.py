"""A customer's answer in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

from feedback.core.answer import DONT_KNOW, NOT_APPLICABLE, PREFER_NOT_TO_SAY, Answer
from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import MatrixQuestion, Question
from feedback.i18n import Translator, _

OPT_OUTS: Mapping[str, str] = {
    NOT_APPLICABLE: _("Does not apply"),
    DONT_KNOW: _("Don't know"),
    PREFER_NOT_TO_SAY: _("Prefer not to say"),
}


def in_words(say: Translator, asked: Questionnaire, key: str, answer: Answer) -> str:
    """The answer to one question, with the words of its options, rows and opt-outs."""
    question, language = asked.question(key), asked.language_for(say.language)
    if question is not None and isinstance(answer.value, str) and answer.value in question.opt_outs:
        return opt_out(say, question, answer.value, language)
    if isinstance(question, MatrixQuestion) and isinstance(answer.value, dict):
        titles = {row.key: row.text.to(language) for row in question.rows}
        points = {each.value: each.label for each in question.points(language)}
        return "; ".join(
            f"{titles.get(row, row)}: {_rated(say, question, value, points, language)}"
            for row, value in answer.value.items()
        )
    return asked.wording(key, answer, language)


def opt_out(say: Translator, question: Question, way: str, language: str) -> str:
    """ "Does not apply" and the like, in the question's own words if it has some."""
    wording = question.opt_outs.get(way)
    if wording is not None and wording is not True:
        return wording.to(language)
    return say.gettext(OPT_OUTS.get(way, way))


def _rated(
    say: Translator, question: Question, value: int | str, points: Mapping[int, str], language: str
) -> str:
    if isinstance(value, str):
        return opt_out(say, question, value, language)
    return f"{value} ({points[value]})" if points.get(value) else str(value)
