"""The table of the rules that words decide."""

from __future__ import annotations

from feedback.lint.rule import RuleModule

WORD_RULES: tuple[RuleModule, ...] = ()
