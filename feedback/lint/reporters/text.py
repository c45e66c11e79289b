"""Findings for a person at a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from feedback.lint.catalogue import spoken
from feedback.lint.engine import Result
from feedback.lint.rule import SEVERITIES, Problem
from feedback.lint.said import say

MAX_QUOTE = 100
BETTER = "better: {rewrite}"
FOUND = "Files: {files}. Found: {found}. Accepted: {accepted}."
NOTHING = "nothing"
"""In English the line is grammar; other languages get a plain list of figures."""


def report(results: Sequence[Result], language: str = "en") -> str:
    """`file:line:col severity rule message`, the wording, one rewrite, the rule's page; then a summary."""
    lines = [line for result in results for problem in result.problems for line in _lines(problem, language)]
    return "\n".join([*lines, _summary(results, language)])


def _lines(problem: Problem, told_in: str) -> Iterator[str]:
    language = f" [{problem.language}]" if problem.language else ""
    preview = " (preview)" if problem.stage == "preview" else ""
    yield (
        f"{problem.path}:{problem.line}:{problem.column} {problem.severity}{preview} "
        f"{problem.rule}{language} {problem.message}"
    )
    if problem.quoted:
        yield f"    “{_short(problem.quoted)}”"
    if problem.rewrite:
        yield "    " + spoken(BETTER, told_in).format(rewrite=problem.rewrite)
    if problem.severity != "info" and problem.docs:
        yield f"    {problem.docs}"


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= MAX_QUOTE else plain[: MAX_QUOTE - 1] + "…"


def _summary(results: Sequence[Result], language: str) -> str:
    counts = Counter(problem.severity for result in results for problem in result.problems)
    accepted = sum(len(result.accepted) for result in results)
    found = (
        ", ".join(f"{counts[severity]} {severity}" for severity in SEVERITIES if counts[severity])
        or "nothing"
    )
    if language != "en":
        plain = found.replace("nothing", spoken(NOTHING, language))
        return spoken(say(FOUND, files=len(results), found=plain, accepted=accepted), language)
    files = f"{len(results)} file" + ("" if len(results) == 1 else "s")
    return f"{files}: {found} found" + (f", {accepted} accepted" if accepted else "") + "."
