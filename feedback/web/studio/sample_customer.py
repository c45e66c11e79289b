"""A customer for a preview or a walk. What is known of them is chosen: only what the questionnaire looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from feedback.core.audience import Facts
from feedback.core.questionnaire import Questionnaire
from feedback.lint.options import known_facts
from feedback.lint.options.routes import every_condition
from feedback.web.http.locale import say
from feedback.web.studio.form import wording

FIELD = "fact."
"""Begins the name of the field of a fact: `fact.account.segment`."""
LONGEST, MOST = 100, 20
"""Characters of a value that is read, and values that a menu offers."""


@dataclass(frozen=True, slots=True)
class FactChoice:
    """One fact in a menu: its field, its name, (value, words) of what can be chosen, and what is."""

    field: str
    name: str
    values: Sequence[tuple[str, str]]
    chosen: str


def fact_choices(questionnaire: Questionnaire, sent: Mapping[str, str]) -> list[FactChoice]:
    """The menus for the facts that the questionnaire looks at; its language is chosen elsewhere."""
    return [_choice(questionnaire, fact, sent) for fact in questionnaire.facts if fact != "survey.language"]


def _choice(questionnaire: Questionnaire, fact: str, sent: Mapping[str, str]) -> FactChoice:
    leaves = (leaf for _, condition in every_condition(questionnaire) for leaf in condition.leaves())
    values = known_facts.possible(fact, ()) or known_facts.named(leaf for leaf in leaves if leaf.fact == fact)
    words = [(each, wording.fact_value(fact, each)) for each in list(values)[:MOST]]
    if fact != "survey.channel":
        words.insert(0, ("", say().gettext("not known")))
    chosen = sent.get(FIELD + fact, "")[:LONGEST]
    known = chosen if chosen in dict(words) else words[0][0]
    return FactChoice(FIELD + fact, wording.fact_name(fact), words, known)


def facts_chosen(questionnaire: Questionnaire, sent: Mapping[str, str]) -> dict[str, str]:
    """Fact -> the value that was chosen, as far as it is known."""
    choices = fact_choices(questionnaire, sent)
    return {each.field.removeprefix(FIELD): each.chosen for each in choices if each.chosen}


def as_facts(chosen: Mapping[str, str], language: str) -> Facts:
    """What is known of the customer who was chosen; without a channel, they are asked by SMS."""
    channel = chosen.get("survey.channel", "sms")
    return Facts.from_stored(chosen, language=language, channel=channel)
