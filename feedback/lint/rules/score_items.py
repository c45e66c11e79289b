"""A score over several questions that cannot be computed, or that adds up what runs against each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from feedback.core.composite import OF_ITEMS, missing_items
from feedback.core.instruments import instruments
from feedback.core.questions import MatrixQuestion
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule, Severity
from feedback.lint.text.question import QuestionView, question_views

RULE = Rule(
    id="score-items",
    title="A score has all its items, and they point the same way",
    tier="D",
    severity="warning",
    why="The sum over some of the items of an instrument is another score, and cannot be compared with published ones. "
    "An item that is worded the other way round has to be reversed before it is added (DeVellis 2016, Scale "
    "Development).",
    good=("all ten items of SUS", "an item with `not` in `reversed:`"),
    bad=("nine of the ten items of SUS", "“I do not trust the numbers” added as it is"),
    suppress="Some items of an instrument are asked for themselves, without the score.",
)


def check(document: Document) -> Iterator[Finding]:
    if document.questionnaire is None:
        return
    yield from _incomplete(document)
    yield from _not_reversed(document)


def _incomplete(document: Document) -> Iterator[Finding]:
    questions = [question for _, question in document.questions]
    for name in OF_ITEMS:
        missing = missing_items(name, questions)
        if not missing:
            continue
        first = next(
            index for index, each in document.questions if each.instrument and each.instrument.name == name
        )
        yield document.finding(
            RULE,
            ("questions", first, "instrument"),
            message(
                "{title} needs all its items for a score; not asked: {numbers}.",
                title=instruments()[name].title,
                numbers=", ".join(map(str, missing)),
            ),
            rewrite="Add the missing items.",
            severity=_severity(name, missing),
        )


def _severity(name: str, missing: Sequence[int]) -> Severity:
    """Where most items are asked, the rest was forgotten; a few may be asked for themselves."""
    asked = OF_ITEMS[name][0] - len(missing)
    return "warning" if asked > len(missing) else "info"


def _not_reversed(document: Document) -> Iterator[Finding]:
    questionnaire = document.questionnaire
    own = questionnaire.scores if questionnaire else None
    if questionnaire is None or not own:
        return
    negated = {_key(view): view for view in question_views(document) if _is_negated(view)}
    for composite in questionnaire.composites:
        items = {each.key for each in composite.items}
        if composite.key not in {each.key for each in own} or items <= negated.keys():
            continue
        for each in composite.items:
            if not each.reversed and each.key in negated:
                yield document.finding(
                    RULE,
                    negated[each.key].wording,
                    message(
                        "This statement is negative, the score “{score}” adds it to positive ones.",
                        score=composite.key,
                    ),
                    rewrite="List it under `reversed:` of the score.",
                )


def _is_negated(view: QuestionView) -> bool:
    text = view.words.hide_poles(view.stem.main)
    return view.kind == "agreement" and bool(
        view.words.search_outside("negation.words", text, "negation.silent")
    )


def _key(view: QuestionView) -> str:
    """The key of the item that a text asks: the question, or a row of it."""
    question, path = view.wording.question, view.wording.path
    if question is None:
        return ""
    if isinstance(question, MatrixQuestion) and view.wording.role == "row":
        row = next((part for before, part in pairwise(path) if before == "rows"), None)
        return f"{question.key}.{question.rows[row].key}" if isinstance(row, int) else question.key
    return question.key
