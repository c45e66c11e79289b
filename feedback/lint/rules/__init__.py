"""The rules. A new one is a module in this room and a line in a table: here for what structure decides, in
`word_rules` for what words decide."""

from __future__ import annotations

from feedback.lint.rule import RuleModule
from feedback.lint.rules.word_rules import WORD_RULES

STRUCTURE_RULES: tuple[RuleModule, ...] = ()

RULES: tuple[RuleModule, ...] = (*WORD_RULES, *STRUCTURE_RULES)
