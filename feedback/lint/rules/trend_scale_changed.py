"""The series goes on under its key, but the question is no longer the same."""

from __future__ import annotations

from collections.abc import Iterator

from feedback.core.questionnaire import Questionnaire
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document, Path
from feedback.lint.engine import trend
from feedback.lint.engine.rule import Finding, Rule

RULE = Rule(
    id="trend-scale-changed",
    title="A series keeps its question and its scale",
    tier="D",
    severity="error",
    why="A change of wording or scale moves the score by more than most real changes do; the line would lie "
    "(Schuman and Presser 1981).",
    good=("a typing error corrected", "a new `trend:` key", "a translation added"),
    bad=(
        "1-5 becomes 1-7 under the same `trend:`",
        "the order of the labels turned round",
        "“visit” becomes “service”",
    ),
    suppress="Both wordings run side by side until a date: set `trend_bridge:` to that date. A suppression "
    "needs such a date, too, as its `until:`.",
)


def check(document: Document) -> Iterator[Finding]:
    questionnaire = document.questionnaire
    if questionnaire is None or trend.is_bridged(questionnaire, document.settings.today):
        return
    before = trend.continued(questionnaire, document.settings.published)
    places: dict[str, Path] = {question.key: ("questions", index) for index, question in document.questions}
    places |= {each.key: ("scores", place) for place, each in enumerate(questionnaire.scores or ())}
    for key, told in trend.changes(questionnaire, before) if before else ():
        yield document.finding(
            RULE,
            places.get(key, ("questions",)),
            message("{told}, but the series “{trend}” goes on.", told=told, trend=questionnaire.series),
            quoted=_wording(questionnaire, key),
            rewrite="Give it a new `trend:` key, or run both until a date with `trend_bridge:`.",
        )


def _wording(questionnaire: Questionnaire, key: str) -> str:
    question = questionnaire.question(key)
    title = next((each.title for each in questionnaire.composites if each.key == key), None)
    text = question.text if question else title
    return text.to(questionnaire.languages[0]) if text else ""
