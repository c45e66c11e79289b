"""The rules together, held against batches of questions that were written to break them."""

import pytest

from tests.lint.judging.batches import LANGUAGES, cases, judged, names, structures

CORPORA = [(batch, language) for batch in names() for language in LANGUAGES]
DECIDABLE = ("range-overlap", "range-gap", "other-without-text", "required-open-ended", "matrix-question")
"""Rules that structure decides: nothing may slip through."""


MENDED = (0.95, 0.95, 0.02)
"""Precision, recall and share of good items flagged where the rules were mended after a first look."""
PROMISED = (0.90, 0.75, 0.05)
"""What is promised for questions that nobody has tuned the rules to; one batch of outsiders is kept for that."""


@pytest.mark.parametrize(("batch", "language"), CORPORA)
def test_the_rules_judge_an_examiners_questions_well_enough(batch, language):
    report = judged(language, batch)
    precision, recall, flagged = PROMISED if batch == "2026-11-outsiders-b" else MENDED
    assert report.total.precision >= precision, report.wrong
    assert report.total.recall >= recall, report.wrong
    assert report.share_flagged <= flagged, report.wrong


@pytest.mark.parametrize(("batch", "language"), CORPORA)
def test_what_structure_decides_never_slips_through(batch, language):
    rules = judged(language, batch).rules
    assert {rule: rules[rule].misses for rule in DECIDABLE if rule in rules and rules[rule].misses} == {}


@pytest.mark.parametrize(("batch", "least"), [("2026-11-examiner-a", 25), ("2026-11-reader-h", 20)])
def test_whole_questionnaires_show_exactly_the_faults_that_were_put_into_them(batch, least):
    report = judged("structure", batch)
    assert sum(1 for _ in structures(batch)) >= least
    assert report.wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_half_of_an_examiners_questions_are_traps_and_not_faults(language):
    found = [case for batch in names() for case in cases(language, batch)]
    assert len(found) >= 300
    assert sum(not case.expected for case in found) * 5 >= len(found) * 2
