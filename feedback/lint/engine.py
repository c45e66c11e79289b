"""Runs rules over a document: format first, then every rule, then what was accepted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from feedback.lint.document import Document, read
from feedback.lint.rule import Problem, Rule, RuleModule, Severity
from feedback.lint.settings import Settings
from feedback.lint.suppression import Accepted, apply

__all__ = ["Outcome", "Problem", "Rule", "RuleModule", "Settings", "Severity", "read", "run"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run found in one file: what remains to be done, and what somebody has accepted."""

    problems: list[Problem]
    accepted: list[Accepted]


def run(document: Document, rules: Sequence[RuleModule]) -> Outcome:
    """Every finding in `document`, in the order of the file. A file that breaks the format gets no rules."""
    if document.problems:
        return Outcome(sorted(document.problems, key=lambda each: each.order), [])
    locked = frozenset(module.RULE.id for module in rules if not module.RULE.suppressible)
    remaining, accepted = apply(document, _found(document, rules), locked)
    return Outcome(sorted(remaining, key=lambda each: each.order), accepted)


def _found(document: Document, rules: Sequence[RuleModule]) -> Iterator[Problem]:
    for module in rules:
        yield from module.check(document)
