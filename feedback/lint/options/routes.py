"""The ways through a questionnaire that its `show_if` conditions allow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product

from feedback.core.answer import Answer
from feedback.core.condition import Condition
from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import AnyQuestion, ChoiceQuestion, NumberQuestion, ScaleQuestion
from feedback.core.questions.scale import ThumbsQuestion
from feedback.lint.document.document import Path
from feedback.lint.options import known_facts
from feedback.lint.options.labels import lexicon

MAX_WAYS = 1_000
"""A questionnaire that branches more than this is measured by these ways only; rules then say too little, not
too much."""
OPT_IN_SIZE = 3


def ways(questionnaire: Questionnaire) -> Iterator[tuple[AnyQuestion, ...]]:
    """The questions of each way, without those that a respondent has explicitly asked for."""
    tested = sorted(
        {key for condition in questionnaire.conditions.values() for key in condition.questions()}
        | {
            q.options_from
            for q in questionnaire.questions
            if isinstance(q, ChoiceQuestion) and q.options_from
        }
    )
    asked_for = _behind_opt_in(questionnaire)
    seen: set[tuple[str, ...]] = set()
    answers = [_telling_answers(questionnaire, key) for key in tested]
    leaves = [leaf for condition in questionnaire.conditions.values() for leaf in condition.leaves()]
    known = known_facts.combinations(leaves, questionnaire.languages)
    people = [questionnaire.asked_of(facts) for facts in islice(known, MAX_WAYS)]
    for asked, chosen in islice(product(people, list(islice(product(*answers), MAX_WAYS))), MAX_WAYS):
        given = {key: answer for key, answer in zip(tested, chosen, strict=True) if answer is not None}
        way = tuple(q for q in asked.path(given) if q.key not in asked_for)
        keys = tuple(q.key for q in way)
        if keys not in seen:
            seen.add(keys)
            yield way


def every_condition(questionnaire: Questionnaire) -> Iterator[tuple[Path, Condition]]:
    """Every condition of a questionnaire with its place: of questions, blocks, follow-up rules and last pages."""
    for number, question in enumerate(questionnaire.questions):
        if question.show_if:
            yield ("questions", number, "show_if"), question.show_if
    for number, block in enumerate(questionnaire.blocks or ()):
        yield ("blocks", number, "show_if"), block.show_if
    for number, rule in enumerate(questionnaire.follow_ups):
        yield ("follow_ups", number, "when"), rule.when
    for number, thanks in enumerate(questionnaire.thanks):
        if thanks.when:
            yield ("thanks", number, "when"), thanks.when


def _telling_answers(questionnaire: Questionnaire, key: str) -> Sequence[Answer | None]:
    """One answer for each combination of tests that some answer to the question passes."""
    question = questionnaire.question(key)
    leaves = [
        leaf
        for condition in questionnaire.conditions.values()
        for leaf in condition.leaves()
        if leaf.question == key
    ]
    found: dict[tuple[bool, ...], Answer | None] = {}
    said = (Answer(None, str(words)) for leaf in leaves for words in leaf.contains or ())
    for answer in (*said, *_answers(question, [bound for leaf in leaves for bound in leaf.bounds]), None):
        given = {key: answer} if answer else {}
        passed = (
            *(leaf.holds(given, questionnaire.by_key) for leaf in leaves),
            answer is not None and isinstance(answer.value, tuple),  # gives `options_from` something to offer
        )
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
        condition = questionnaire.conditions.get(question.key)
        for key in condition.questions() if condition else ():
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
