"""Which questions of a questionnaire a conversation by SMS asks."""

from __future__ import annotations

from collections.abc import Mapping

from feedback.core.answer import Answer
from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import AnyQuestion, ScaleQuestion, SingleQuestion, TextQuestion
from feedback.core.replies.offered import MOST_QUESTIONS, Numbered, is_askable


def opening(questionnaire: Questionnaire) -> Numbered | None:
    """The question that a number answers first: a scale, or a choice that is asked by SMS; None if it is neither."""
    first = next((each for each in questionnaire.path({}) if each.answerable), None)
    if isinstance(first, SingleQuestion):
        return first if first.by_sms and is_askable(first) else None
    return first if isinstance(first, ScaleQuestion) else None


def asked(questionnaire: Questionnaire, answers: Mapping[str, Answer]) -> list[AnyQuestion]:
    """The questions that are asked by SMS after these answers, in order: the first one, those with `by_sms`, and the
    first open question. Empty if no number answers the first one."""
    first = opening(questionnaire)
    if first is None:
        return []
    path = list(questionnaire.path(answers))
    comment = comment_of(questionnaire, answers)
    return [
        each
        for each in path
        if each.key == first.key or each is comment or (each.by_sms and is_askable(each))
    ][:MOST_QUESTIONS]


def comment_of(questionnaire: Questionnaire, answers: Mapping[str, Answer]) -> TextQuestion | None:
    """The open question to which words belong, after these answers."""
    return next((each for each in questionnaire.path(answers) if isinstance(each, TextQuestion)), None)


def left_for_the_page(questionnaire: Questionnaire, answers: Mapping[str, Answer]) -> list[AnyQuestion]:
    """The questions to which an SMS leads by its link: those with `by_sms` that it cannot ask, and required ones."""
    by_sms = {each.key for each in asked(questionnaire, answers)}
    return [
        each
        for each in questionnaire.path(answers)
        if each.answerable and each.key not in answers and each.key not in by_sms
        if each.by_sms or each.required
    ]
