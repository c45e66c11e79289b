"""Findings as workflow commands, which GitHub shows beside the lines of a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from feedback.lint.engine.rule import Finding
from feedback.lint.engine.runner import Result
from feedback.lint.reporters.text import BETTER, WHY
from feedback.lint.reporters.translation import translated

COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def report(results: Sequence[Result], language: str = "en") -> str:
    return "\n".join(_command(problem, language) for result in results for problem in result.problems)


def _command(problem: Finding, language: str) -> str:
    command = COMMANDS[problem.severity] if problem.stage == "stable" else "notice"
    place = f"file={_property(problem.path)},line={problem.line},col={problem.column}"
    told = [problem.message]
    if problem.severity != "info" and problem.why:
        told.append(translated(WHY, language).format(reason=problem.why))
    if problem.rewrite:
        told.append(translated(BETTER, language).format(rewrite=problem.rewrite))
    return f"::{command} {place},title={_property(problem.rule)}::" + _data("\n".join(told))


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
