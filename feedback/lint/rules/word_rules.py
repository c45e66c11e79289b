"""The table of the rules that words decide."""

from __future__ import annotations

from feedback.lint.engine.rule import RuleModule
from feedback.lint.rules import (
    absolute_term,
    double_barrelled,
    double_negative,
    hypothetical,
    language_unsupported,
    leading_wording,
    negation,
    presupposition,
    reading_level,
    recall_period_missing,
    recall_too_long,
    score_begging,
    sensitive_without_opt_out,
    undefined_jargon,
    vague_wording,
)

WORD_RULES: tuple[RuleModule, ...] = (
    vague_wording,
    reading_level,
    undefined_jargon,
    double_barrelled,
    leading_wording,
    score_begging,
    presupposition,
    negation,
    double_negative,
    absolute_term,
    hypothetical,
    recall_period_missing,
    recall_too_long,
    sensitive_without_opt_out,
    language_unsupported,
)
