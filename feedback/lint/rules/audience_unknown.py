"""A stage that asks only customers of whom something is known that nobody records."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from feedback.core.audience import ACCOUNT_FIELDS, CONTACT_FIELDS, Audience
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule

RULE = Rule(
    id="audience-unknown",
    title="A stage asks by facts that are known",
    tier="D",
    severity="warning",
    why="Of a property that no account or contact has, nothing is known: the stage asks nobody, or everybody.",
    good=("only_if: {account: segment, is: enterprise}", "only_if: {contact: country, is: TR}"),
    bad=("only_if: {account: segmnt, is: enterprise}", "only_if: {account: country, is: TR}"),
    suppressible=False,
)


def check(document: Document) -> Iterator[Finding]:
    for place, stage in enumerate(document.journey.stages if document.journey else ()):
        for inner, leaf in stage.only_if.places() if stage.only_if else ():
            subject = "account" if leaf.account is not None else "contact"
            found = _unknown(document, leaf)
            if found is not None:
                name = leaf.account or leaf.contact or ""
                told = message("Nothing is known of `{fact}`.", fact=leaf.fact)
                path = ("stages", place, "only_if", *inner, subject)
                yield document.finding(RULE, path, told, quoted=name, rewrite=found)


def _unknown(document: Document, leaf: Audience) -> str | None:
    """What is meant instead, or what to do; None if the fact is known, or if nobody can tell."""
    settings = document.settings
    own, other = (ACCOUNT_FIELDS, CONTACT_FIELDS)
    properties, others = settings.account_properties, settings.contact_properties
    name, elsewhere = leaf.account, "contact"
    if name is None:
        own, other, properties, others = other, own, others, properties
        name, elsewhere = leaf.contact or "", "account"
    if name in own or name in (properties or ()):
        return None
    if name in other or name in (others or ()):
        return message("Did you mean `{value}`?", value=f"{elsewhere}: {name}")
    near = difflib.get_close_matches(name, [*own, *(properties or ())], 1, 0.75)
    if near:
        return message("Did you mean `{value}`?", value=near[0])
    return None if properties is None else "Import it as a property first, or delete the test."
