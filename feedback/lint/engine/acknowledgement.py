"""Warnings that a lead has accepted by name, outside the file, for this wording only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from feedback.lint.engine.rule import Finding
from feedback.lint.engine.runner import Result
from feedback.lint.engine.suppression import WHOLE, accepted_wording


class Warned(NamedTuple):
    """What an acknowledgement names: a rule, a question (or `questionnaire`), and the hash of the wording."""

    rule: str
    question: str
    wording: str


def warnings(result: Result) -> dict[Warned, list[Finding]]:
    """What has to be acknowledged before a file is published, with the findings that each covers."""
    found = [each for each in result.problems if each.severity == "warning" and each.fails]
    groups: dict[tuple[str, str], list[Finding]] = {}
    for each in found:
        groups.setdefault((each.rule, each.question or WHOLE), []).append(each)
    return {
        Warned(rule, question, accepted_wording(rule, question, group)): group
        for (rule, question), group in groups.items()
    }


def covering(result: Result) -> Iterator[tuple[Finding, Warned]]:
    """Every finding that can be acknowledged, with what that takes."""
    for warned, group in warnings(result).items():
        yield from ((problem, warned) for problem in group)
