"""The ways through a questionnaire that its `show_if` conditions allow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product

from feedback.core.answer import Answer
from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import AnyQuestion, ChoiceQuestion, NumberQuestion, ScaleQuestion
from feedback.core.questions.scale import ThumbsQuestion
from feedback.lint.options.labels import lexicon

MAX_WAYS = 1_000
"""A questionnaire that branches more than this is measured by these ways only; rules then say too little, not
too much."""
OPT_IN_SIZE = 3


def ways(questionnaire: Questionnaire) -> Iterator[tuple[AnyQuestion, ...]]:
    """The questions of each way, without those that a respondent has explicitly asked for."""
    tested = sorted(
        {key for q in questionnaire.questions for key in (q.show_if.questions() if q.show_if else ())}
    )
    asked_for = _behind_opt_in(questionnaire)
    seen: set[tuple[str, ...]] = set()
    answers = [_telling_answers(questionnaire, key) for key in tested]
    for chosen in islice(product(*answers), MAX_WAYS):
        given = {key: answer for key, answer in zip(tested, chosen, strict=True) if answer is not None}
        way = tuple(q for q in questionnaire.path(given) if q.key not in asked_for)
        keys = tuple(q.key for q in way)
        if keys not in seen:
            seen.add(keys)
            yield way


def _telling_answers(questionnaire: Questionnaire, key: str) -> Sequence[Answer | None]:
    """One answer for each combination of tests that some answer to the question passes."""
    question = questionnaire.question(key)
    leaves = [
        leaf
        for q in questionnaire.questions
        if q.show_if
        for leaf in q.show_if.leaves()
        if leaf.question == key
    ]
    found: dict[tuple[bool, ...], Answer | None] = {}
    for answer in (*_answers(question, [bound for leaf in leaves for bound in leaf.bounds]), None):
        given = {key: answer} if answer else {}
        passed = tuple(leaf.holds(given, questionnaire.by_key) for leaf in leaves)
        found.setdefault(passed, answer)
    return list(found.values())


def _answers(question: AnyQuestion | None, bounds: Sequence[float]) -> Iterator[Answer]:
    if isinstance(question, NumberQuestion):
        yield from map(Answer, question.samples(bounds))
    elif isinstance(question, ScaleQuestion):
        yield from (Answer(value) for value in range(question.minimum, question.maximum + 1))
    elif isinstance(question, ChoiceQuestion):
        yield from (Answer(option.key) for option in question.options)
        if question.multiple:
            yield Answer(tuple(option.key for option in question.options))
    elif question is not None:
        yield Answer(None, "words")


def _behind_opt_in(questionnaire: Questionnaire) -> set[str]:
    """Questions that come only after "yes, ask me more": one yes/no question opens at least three of them."""
    opened: dict[str, set[str]] = {}
    for question in questionnaire.questions:
        for key in question.show_if.questions() if question.show_if else ():
            if _is_yes_no(questionnaire, key):
                opened.setdefault(key, set()).add(question.key)
    return {key for keys in opened.values() if len(keys) >= OPT_IN_SIZE for key in keys}


def _is_yes_no(questionnaire: Questionnaire, key: str) -> bool:
    question = questionnaire.question(key)
    if isinstance(question, ThumbsQuestion):
        return True
    language = questionnaire.languages[0]
    words = lexicon(language)
    if not isinstance(question, ChoiceQuestion) or words is None or len(question.options) != 2:
        return False
    texts = [option.text.to(language) for option in question.options]
    return any(words.says("yes", text) for text in texts) and any(words.says("no", text) for text in texts)
