"""Ways to print findings. A new one is a module with `report(results)` and a line in this table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from feedback.lint.engine.runner import Result
from feedback.lint.reporters import github, json_report, sarif, text

Reporter = Callable[[Sequence[Result], str], str]
"""Findings, already in the reader's language, and that language -> what is printed."""

REPORTERS: dict[str, Reporter] = {
    "text": text.report,
    "json": json_report.report,
    "sarif": sarif.report,
    "github": github.report,
}

__all__ = ["REPORTERS", "Reporter"]
