"""Findings for a person at a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from feedback.core.text.translatable import message
from feedback.lint.engine.rule import SEVERITIES, Finding
from feedback.lint.engine.runner import Result
from feedback.lint.reporters.translation import translated

MAX_QUOTE = 100
WHY = "why: {reason}"
BETTER = "better: {rewrite}"
MORE = "more: {command}"
FOUND = "Files: {files}. Found: {found}. Accepted: {accepted}."
NOTHING = "nothing"
"""In English the line is grammar; other languages get a plain list of figures."""


def report(results: Sequence[Result], language: str = "en") -> str:
    """`file:line:col severity rule message`, the wording, why, one rewrite, how to read more; then a summary.

    Why a rule exists is told with its first finding: the tenth reader of one page has understood.
    """
    told: set[str] = set()
    lines: list[str] = []
    for problem in (each for result in results for each in result.problems):
        lines += _lines(problem, language, with_reason=problem.rule not in told)
        told.add(problem.rule)
    return "\n".join([*lines, _summary(results, language)])


def _lines(problem: Finding, told_in: str, *, with_reason: bool) -> Iterator[str]:
    language = f" [{problem.language}]" if problem.language else ""
    preview = " (preview)" if problem.stage == "preview" else ""
    yield (
        f"{problem.path}:{problem.line}:{problem.column} {problem.severity}{preview} "
        f"{problem.rule}{language} {problem.message}"
    )
    if problem.quoted:
        yield f"    “{_short(problem.quoted)}”"
    if problem.severity != "info" and problem.why and with_reason:
        yield "    " + translated(WHY, told_in).format(reason=problem.why)
    if problem.rewrite:
        yield "    " + translated(BETTER, told_in).format(rewrite=problem.rewrite)
    if problem.severity != "info" and problem.docs:
        yield "    " + translated(MORE, told_in).format(command=f"feedback lint --explain {problem.rule}")


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= MAX_QUOTE else plain[: MAX_QUOTE - 1] + "…"


def _summary(results: Sequence[Result], language: str) -> str:
    counts = Counter(problem.severity for result in results for problem in result.problems)
    accepted = sum(len(result.accepted) for result in results)
    # the words of the lines above, in English with their plurals
    listed = [
        f"{counts[each]} {each}{_plural(counts[each], language)}" for each in SEVERITIES if counts[each]
    ]
    found = ", ".join(listed) or translated(NOTHING, language)
    if language != "en":
        return translated(message(FOUND, files=len(results), found=found, accepted=accepted), language)
    files = f"{len(results)} file{_plural(len(results), language)}"
    return f"{files}: {found} found" + (f", {accepted} accepted" if accepted else "") + "."


def _plural(count: int, language: str) -> str:
    return "s" if language == "en" and count != 1 else ""
