"""The linter: holds questionnaires to the rules of question design."""

from __future__ import annotations

from feedback.lint.document import Document, read
from feedback.lint.engine import Outcome, run
from feedback.lint.rule import Problem, Rule
from feedback.lint.rules import RULES
from feedback.lint.settings import Settings

__all__ = ["Document", "Outcome", "Problem", "Rule", "Settings", "check", "outcome"]


def check(text: str, path: str = "<text>", *, settings: Settings | None = None) -> list[Problem]:
    """What is wrong with one questionnaire or journey file, in the order of the file. Never raises."""
    return outcome(text, path, settings=settings).problems


def outcome(text: str, path: str = "<text>", *, settings: Settings | None = None) -> Outcome:
    """As `check`, with the findings that suppressions accept."""
    return run(read(text, path, settings), RULES)
