"""The linter: holds questionnaires to the rules of question design."""

from __future__ import annotations

from feedback.lint.document.document import Document
from feedback.lint.document.reader import read
from feedback.lint.engine.checking import check, check_files, check_texts, result
from feedback.lint.engine.context import LintContext
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.engine.runner import Result

__all__ = [
    "Document",
    "Finding",
    "LintContext",
    "Result",
    "Rule",
    "check",
    "check_files",
    "check_texts",
    "read",
    "result",
]
