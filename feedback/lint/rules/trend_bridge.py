"""Old and new wording run side by side for a while, and no longer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine import trend
from feedback.lint.engine.rule import Finding, Rule

LONGEST = timedelta(days=366)
RULE = Rule(
    id="trend-bridge",
    title="A bridge between two wordings has an end",
    tier="D",
    severity="error",
    why="On a bridge the series holds answers to two questions, which only comparing them for a while can excuse; "
    "one without an end is a series that nobody can read.",
    good=("trend_bridge: 2026-09-30, in the quarter before", "a new `trend:` key once the bridge has ended"),
    bad=("trend_bridge: whenever", "trend_bridge: 2020-01-01", "trend_bridge: 2099-12-31"),
    suppressible=False,
)


def check(document: Document) -> Iterator[Finding]:
    questionnaire = document.questionnaire
    if questionnaire is None or questionnaire.trend_bridge is None:
        return
    told = _fault(trend.bridge(questionnaire), document.settings.today)
    if told:
        quoted = questionnaire.trend_bridge
        yield document.finding(RULE, ("trend_bridge",), told[0], quoted=quoted, rewrite=told[1])


def _fault(until: date | None, today: date | None) -> tuple[str, str] | None:
    """What is wrong, and what to do about it."""
    if until is None:
        return "A bridge ends on a day.", "Write that day as 2026-09-30."
    if today is not None and until < today:
        return (
            message("The bridge ended on {day}.", day=until.isoformat()),
            "Delete `trend_bridge:` and give the new wording a `trend:` key of its own, or take the old one back.",
        )
    if today is not None and until - today > LONGEST:
        return "A bridge lasts a year at most.", message(
            "Choose a day up to {day}.", day=(today + LONGEST).isoformat()
        )
    return None
