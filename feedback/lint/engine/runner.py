"""Runs rules over documents: format first, then every rule, then what was accepted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, RuleModule
from feedback.lint.engine.suppression import Accepted, apply


@dataclass(frozen=True, slots=True)
class Result:
    """What a run found in one file: what remains to be done, and what somebody has accepted."""

    path: str
    problems: list[Finding]
    accepted: list[Accepted] = field(default_factory=list)


def run(document: Document, rules: Sequence[RuleModule], more: Sequence[Finding] = ()) -> Result:
    """Every finding in `document`, in the order of the file. A file that breaks the format gets no rules.

    `more` are findings that only a look at several files gives.
    """
    if document.problems:
        return Result(document.path, _ordered([*document.problems, *more]))
    locked = frozenset(module.RULE.id for module in rules if not module.RULE.suppressible)
    found = [*_found(document, rules), *more]
    remaining, accepted = apply(document, found, locked)
    return Result(document.path, _ordered(remaining), accepted)


def _ordered(problems: Sequence[Finding]) -> list[Finding]:
    return sorted(problems, key=lambda each: each.order)


def _found(document: Document, rules: Sequence[RuleModule]) -> Iterator[Finding]:
    for module in rules:
        yield from module.check(document)
