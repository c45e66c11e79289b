from __future__ import annotations

from datetime import date

import pytest

from feedback import lint
from feedback.lint.document.reader import read
from feedback.lint.engine.context import LintContext
from feedback.lint.engine.fixes import accept
from feedback.lint.engine.runner import run
from feedback.lint.engine.suppression import wording_hash
from feedback.lint.rules import RULES

SURVEY = """key: visit
title: Visit
languages: [en]
questions:
  - key: q1
    type: single
    text: How many visits did you make in the last 30 days?
    purpose: trend
    options:
      - {key: a, text: Up to 3}
      - {key: b, text: 3-6}
      - {key: c, text: 7 or more}
"""
TODAY = date(2026, 7, 1)
REASON = "Wording fixed by the regulator's complaints form 12."
TIED = f'by: e.yilmaz, wording: "{wording_hash("Up to 3 | 3-6")}"'


def found(entry: str, survey: str = SURVEY, **settings: object) -> list[lint.Finding]:
    text = survey + f"lint:\n  suppress:\n    - {entry}\n"
    problems = lint.check(text, settings=LintContext(today=TODAY, **settings))
    return [problem for problem in problems if problem.severity != "info"]


def rules(entry: str, survey: str = SURVEY, **settings: object) -> list[str]:
    return [problem.rule for problem in found(entry, survey, **settings)]


def test_a_finding_with_a_reason_is_accepted():
    assert rules(f'{{rule: range-overlap, question: q1, {TIED}, reason: "{REASON}"}}') == []


def test_what_was_accepted_is_still_known():
    entry = f'{{rule: range-overlap, question: q1, {TIED}, reason: "{REASON}"}}'
    accepted = lint.result(SURVEY + f"lint: {{suppress: [{entry}]}}\n").accepted
    assert [(each.problem.rule, each.suppression.reason) for each in accepted] == [("range-overlap", REASON)]


@pytest.mark.parametrize("reason", ["ok", "n/a", "wontfix", "yok", "ندارد", "", "too short"])
def test_a_reason_that_says_nothing_accepts_nothing(reason):
    found = rules(f'{{rule: range-overlap, question: q1, {TIED}, reason: "{reason}"}}')
    assert found == ["range-overlap", "suppression-without-reason"]


@pytest.mark.parametrize("entry", ["question: q1", "rule: range-overlap", "rule: '*', question: q1"])
def test_a_blanket_suppression_accepts_nothing(entry):
    assert rules(f'{{{entry}, {TIED}, reason: "{REASON}"}}') == ["range-overlap", "suppression-blanket"]


def test_a_suppression_ends_with_its_date():
    entry = f'{{rule: range-overlap, question: q1, {TIED}, reason: "{REASON}", until: UNTIL}}'
    assert rules(entry.replace("UNTIL", "2026-07-01")) == []
    assert rules(entry.replace("UNTIL", "2026-06-30")) == ["range-overlap", "suppression-expired"]
    assert rules(entry.replace("UNTIL", "2026-02-31")) == ["range-overlap", "suppression-expired"]


def test_a_suppression_that_is_not_needed_is_told():
    assert rules(f'{{rule: range-gap, question: q1, {TIED}, reason: "{REASON}"}}') == [
        "range-overlap",
        "suppression-unused",
    ]


def test_a_changed_wording_revives_the_finding():
    entry = f'{{rule: range-overlap, question: q1, by: e.yilmaz, reason: "{REASON}", wording: "HASH"}}'
    assert rules(entry.replace("HASH", wording_hash("Up to 3 | 3-6"))) == []
    assert rules(entry.replace("HASH", wording_hash("Up to 4 | 3-6"))) == [
        "range-overlap",
        "suppression-unused",
    ]


def test_an_acceptance_is_tied_to_the_whole_question_in_every_language():
    source = """
key: s
title: {en: Ward, tr: Servis}
languages: [en, tr]
questions:
  - key: q
    type: stars
    text: {en: "How would you rate the cooks and the nurses?", tr: "Aşçılarımızı ve hemşirelerimizi nasıl buldunuz?"}
lint:
  suppress: [{rule: double-barrelled, question: q, by: e.yilmaz, reason: "Prescribed by the ministry, form 7."}]
"""
    everything = [problem for rule in RULES for problem in rule.check(read(source))]
    tied = accept(read(source), everything)
    assert "wording" in tied
    assert "double-barrelled" not in [each.rule for each in run(read(tied), RULES).problems]
    changed = tied.replace("the cooks", "the guards")
    assert "double-barrelled" in [each.rule for each in run(read(changed), RULES).problems]


def test_spacing_does_not_change_the_hash_of_a_wording():
    assert wording_hash("How  was it? ") == wording_hash("How was it?") != wording_hash("How is it?")


def test_a_missing_opt_out_cannot_be_suppressed():
    entry = f'{{rule: missing-opt-out, question: questionnaire, by: e.yilmaz, wording: "9f31c2", reason: "{REASON}"}}'
    text = SURVEY + f'messages: {{sms: "How was it? {{link}}"}}\nlint: {{suppress: [{entry}]}}\n'
    told = {problem.rule for problem in lint.check(text, settings=LintContext(today=TODAY))}
    assert {"missing-opt-out", "suppression-unused"} <= told


def test_a_suppression_says_who_accepted_which_wording_and_the_linter_says_the_line_to_add():
    entry = f'{{rule: range-overlap, question: q1, reason: "{REASON}"}}'
    overlap, incomplete = found(entry)
    assert (overlap.rule, incomplete.rule) == ("range-overlap", "suppression-incomplete")
    assert "`by: your name`" in incomplete.message
    assert f'`wording: "{wording_hash("Up to 3 | 3-6")}"`' in incomplete.message


def test_a_wider_band_than_the_one_accepted_is_a_new_finding():
    entry = f'{{rule: range-overlap, question: q1, {TIED}, reason: "{REASON}"}}'
    assert rules(entry, SURVEY.replace("3-6", "2-6")) == ["range-overlap", "suppression-unused"]


def test_an_exception_in_a_series_needs_the_day_on_which_it_ends():
    entry = f'{{rule: range-overlap, question: q1, {TIED}, category: trend, reason: "{REASON}"}}'
    _, incomplete = found(entry)
    assert "`until: the last day of the bridge`" in incomplete.message
    assert rules(entry.replace("category", "until: 2026-09-30, category")) == []


def test_only_a_design_lead_accepts_an_error():
    entry = f'{{rule: range-overlap, question: q1, {TIED}, reason: "{REASON}"}}'
    assert rules(entry, design_leads=frozenset({"e.yilmaz"})) == []
    assert rules(entry, design_leads=frozenset()) == ["range-overlap", "suppression-author"]
    assert "'e.yilmaz'" in found(entry, design_leads=frozenset({"ada"}))[1].message


WARNED = """key: visit
title: Visit
languages: [en]
questions:
  - key: q1
    type: rating
    text: The hall was warm.
    purpose: trend
    scale: {min: 1, max: 5, labels: {1: Strongly disagree, 5: Strongly agree}}
"""


def test_anybody_accepts_a_warning_by_name():
    (warning,) = [each for each in lint.check(WARNED) if each.severity == "warning"]
    tie = f'by: trainee, wording: "{wording_hash(warning.wording)}"'
    entry = f'{{rule: {warning.rule}, question: q1, {tie}, reason: "{REASON}"}}'
    assert rules(entry, WARNED, design_leads=frozenset()) == []


def test_a_finding_about_no_text_is_tied_to_what_it_says():
    survey = """key: visit
title: Visit
languages: [en]
questions:
  - {key: q1, type: rating, text: How was your visit?, purpose: trend, scale: {min: 1, max: 5}}
"""
    (problem,) = [each for each in lint.check(survey) if each.severity == "error"]
    assert problem.rule == "scale-endpoints-unlabelled"
    tie = f'by: ada, wording: "{wording_hash(problem.wording or problem.message)}"'
    entry = f'{{rule: {problem.rule}, question: q1, {tie}, reason: "{REASON}"}}'
    assert rules(entry, survey) == []
