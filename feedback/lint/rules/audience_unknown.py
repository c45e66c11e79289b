"""Customers who are chosen by something that nobody records of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from feedback.core.audience import ACCOUNT_FIELDS, CONTACT_FIELDS, NOBODY, FactTest
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document, Path
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.options.routes import every_condition

RULE = Rule(
    id="audience-unknown",
    title="Customers are chosen by facts that are known",
    tier="D",
    severity="warning",
    why="Of a property that no account or contact has, nothing is known: nobody is asked, or everybody.",
    good=(
        "only_if: {account: segment, is: enterprise}",
        "show_if: {contact: country, is: TR}",
        "show_if: {event: topic, is: outage}, with topic in `fields`",
    ),
    bad=(
        "only_if: {account: segmnt, is: enterprise}",
        "show_if: {account: country, is: TR}",
        "show_if: {event: topic, is: outage}, without topic in `fields`",
    ),
    suppressible=False,
)


def check(document: Document) -> Iterator[Finding]:
    for path, leaf in _tests(document):
        kind = leaf.subject or ""
        name = getattr(leaf, kind)
        meant = _meant(document, kind, name)
        if meant is not None:
            told = message("Nothing is known of `{fact}`.", fact=leaf.fact)
            yield document.finding(RULE, (*path, kind), told, quoted=name, rewrite=meant)
    questionnaire = document.questionnaire
    if questionnaire and questionnaire.facts and questionnaire.asked_of(NOBODY).asks_nothing:
        yield document.finding(
            RULE,
            ("questions",),
            "Somebody of whom nothing is known is asked nothing, for example through an open link.",
            rewrite="Ask one question of everybody, or choose the customers in the journey, by `only_if:`.",
        )


def _tests(document: Document) -> Iterator[tuple[Path, FactTest]]:
    for place, stage in enumerate(document.journey.stages if document.journey else ()):
        for inner, audience in stage.only_if.places() if stage.only_if else ():
            yield ("stages", place, "only_if", *inner), audience
    for path, condition in every_condition(document.questionnaire) if document.questionnaire else ():
        for inner, leaf in condition.places():
            if leaf.subject in ("account", "contact", "event"):
                yield (*path, *inner), leaf


def _meant(document: Document, kind: str, name: str) -> str | None:
    """What is meant instead, or what to do; None if the fact is known, or if nobody can tell."""
    settings = document.settings
    known: dict[str, tuple[Sequence[str], frozenset[str] | None]] = {
        "account": (ACCOUNT_FIELDS, settings.account_properties),
        "contact": (CONTACT_FIELDS, settings.contact_properties),
        "event": (document.questionnaire.fields if document.questionnaire else (), frozenset()),
    }
    fields, properties = known.pop(kind)
    if name in fields or name in (properties or ()):
        return None
    for other, (others, more) in known.items():
        if name in others or name in (more or ()):
            return message("Did you mean `{value}`?", value=f"{other}: {name}")
    near = difflib.get_close_matches(name, [*fields, *(properties or ())], 1, 0.75)
    if near:
        return message("Did you mean `{value}`?", value=near[0])
    if kind == "event":
        return message("Add it to `fields:`, if the event has this property.")
    return None if properties is None else "Import it as a property first, or delete the test."
