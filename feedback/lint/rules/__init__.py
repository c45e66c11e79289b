"""The rules. A new one is a module in this room and a line in a table: here for what structure decides, in
`word_rules` for what words decide."""

from __future__ import annotations

from feedback.lint.document.document import SCHEMA, SYNTAX
from feedback.lint.engine.library_rules import LIBRARY_RULES
from feedback.lint.engine.rule import Rule, RuleModule
from feedback.lint.engine.suppression import META_RULES
from feedback.lint.rules import (
    agree_disagree_scale,
    audience_unknown,
    condition_never_holds,
    instrument_altered,
    known_data_asked,
    matrix_question,
    missing_not_applicable,
    missing_opt_out,
    open_ended_overuse,
    options_not_exclusive,
    options_not_exhaustive,
    options_not_randomised,
    other_without_text,
    question_too_long,
    randomise_unpinned,
    range_gap,
    range_overlap,
    required_open_ended,
    scale_direction,
    scale_endpoints_unlabelled,
    scale_few_points,
    scale_not_graduated,
    scale_stem_mismatch,
    scale_too_many_points,
    scale_unbalanced,
    score_items,
    sms_question,
    sms_segments,
    survey_too_long,
    text_empty,
    translation_parity,
    trend_bridge,
    trend_scale_changed,
    unneeded_question,
    unresolved_placeholder,
)
from feedback.lint.rules.word_rules import WORD_RULES

STRUCTURE_RULES: tuple[RuleModule, ...] = (
    question_too_long,
    range_overlap,
    range_gap,
    options_not_exhaustive,
    options_not_exclusive,
    options_not_randomised,
    randomise_unpinned,
    other_without_text,
    missing_not_applicable,
    agree_disagree_scale,
    scale_stem_mismatch,
    scale_not_graduated,
    scale_unbalanced,
    scale_endpoints_unlabelled,
    scale_too_many_points,
    scale_few_points,
    scale_direction,
    trend_scale_changed,
    trend_bridge,
    instrument_altered,
    score_items,
    matrix_question,
    open_ended_overuse,
    required_open_ended,
    survey_too_long,
    unneeded_question,
    known_data_asked,
    translation_parity,
    text_empty,
    sms_segments,
    sms_question,
    missing_opt_out,
    unresolved_placeholder,
    condition_never_holds,
    audience_unknown,
)

RULES: tuple[RuleModule, ...] = (*WORD_RULES, *STRUCTURE_RULES)

EVERY_RULE: tuple[Rule, ...] = (
    *(module.RULE for module in RULES),
    *LIBRARY_RULES,
    *META_RULES,
    SYNTAX,
    SCHEMA,
)
"""Everything that can be found, for pages and reports: also what is not a module in this room."""
