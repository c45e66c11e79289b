"""Findings for a person at a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from feedback.lint.engine import Result
from feedback.lint.rule import SEVERITIES, Problem

MAX_QUOTE = 100


def report(results: Sequence[Result]) -> str:
    """`file:line:col severity rule message`, the wording, one rewrite, the rule's page; then a summary."""
    lines = [line for result in results for problem in result.problems for line in _lines(problem)]
    return "\n".join([*lines, _summary(results)])


def _lines(problem: Problem) -> Iterator[str]:
    language = f" [{problem.language}]" if problem.language else ""
    preview = " (preview)" if problem.stage == "preview" else ""
    yield (
        f"{problem.path}:{problem.line}:{problem.column} {problem.severity}{preview} "
        f"{problem.rule}{language} {problem.message}"
    )
    if problem.quoted:
        yield f"    “{_short(problem.quoted)}”"
    if problem.rewrite:
        yield f"    better: {problem.rewrite}"
    if problem.severity != "info" and problem.docs:
        yield f"    {problem.docs}"


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= MAX_QUOTE else plain[: MAX_QUOTE - 1] + "…"


def _summary(results: Sequence[Result]) -> str:
    counts = Counter(problem.severity for result in results for problem in result.problems)
    accepted = sum(len(result.accepted) for result in results)
    found = (
        ", ".join(f"{counts[severity]} {severity}" for severity in SEVERITIES if counts[severity])
        or "nothing"
    )
    files = f"{len(results)} file" + ("" if len(results) == 1 else "s")
    return f"{files}: {found} found" + (f", {accepted} accepted" if accepted else "") + "."
