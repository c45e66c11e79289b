"""The linter while somebody types: places, edits, acceptances."""

from __future__ import annotations

import time
from datetime import date
from itertools import islice

import pytest

from feedback import library, lint, resources
from feedback.errors import Rejected
from feedback.lint.editing.splice import spliced
from feedback.services.studio import drafts
from feedback.services.studio.live_lint import (
    Acceptance,
    CheckedText,
    PlacedFinding,
    Surroundings,
    accept,
    check,
)
from tests import measuring
from tests.benchmarks import live_lint

BEGUN = """\
# ours
key: visit
title: Your visit
languages: [en]
questions:
  - key: score
    type: csat
    purpose: Find faults.
    text: 'How satisfied or dissatisfied are you with the visit? Please give us a 5.'   # begs
  - key: why
    type: text
    purpose: Find causes.
    required: true
    text: What was the reason for your score?
"""


@pytest.fixture(scope="module")
def around() -> Surroundings:
    shelf = library.load(resources.directories("questionnaires"))
    settings = lint.LintContext(today=date(2027, 1, 4), design_leads=frozenset({"lea@example.com"}))
    return Surroundings(settings, shelf.journey, shelf.questionnaires)


def found(checked: CheckedText, rule: str) -> PlacedFinding:
    return next(each for each in checked.findings if each.finding.rule == rule)


def words(checked: CheckedText, finding: PlacedFinding) -> str:
    return checked.text[finding.place.start : finding.place.end]


def test_a_finding_stands_at_the_words_it_is_about_also_behind_a_byte_order_mark(
    around: Surroundings,
) -> None:
    for text in (BEGUN, "\ufeff" + BEGUN.replace("# ours", "# 🙂 ours"), BEGUN.replace("\n", "\r\n")):
        checked = check(text, "visit", around, "en")
        begging = found(checked, "score-begging")
        assert words(checked, begging) in "Please give us a 5."
        assert (begging.path, begging.place.line) == (("questions", 0, "text"), 9)
        assert checked.counts["error"] >= 1


def test_applying_what_a_finding_proposes_ends_it_and_changes_only_its_place(around: Surroundings) -> None:
    for rule, line, after in (
        ("score-begging", 8, "    text: 'How satisfied or dissatisfied are you with the visit?'   # begs"),
        ("required-open-ended", 12, "    required: false"),
    ):
        checked = check(BEGUN, "visit", around, "en")
        fixed = spliced(BEGUN, found(checked, rule).edits)
        assert fixed.splitlines()[line] == after
        differing = [a for a, b in zip(BEGUN.splitlines(), fixed.splitlines(), strict=True) if a != b]
        assert len(differing) == 1
        assert rule not in [each.finding.rule for each in check(fixed, "visit", around, "en").findings]


@pytest.mark.parametrize("language", ["en", "tr", "fa"])
def test_findings_are_told_in_the_reader_s_language(around: Surroundings, language: str) -> None:
    told = {
        each: found(check(BEGUN, "visit", around, each), "score-begging").finding for each in ("en", language)
    }
    assert (told["en"].message == told[language].message) is (language == "en")
    assert (told["en"].why == told[language].why) is (language == "en")


LATER = "lint:\n  suppress:\n    - rule: other-without-text\n      question: why\n      reason: Nobody needs it.\n"


@pytest.mark.parametrize(
    "ending",
    ["", "lint:\n    suppress:\n    -   {rule: x, question: why, reason: Not needed any more.}\n", LATER,
     LATER.replace("    - ", "  -   "), "lint: \n  suppress: [{rule: x, question: why, reason: r}]\n"],
    ids=["none yet", "flow entry", "block", "odd dashes", "flow list"],
)  # fmt: skip
@pytest.mark.parametrize("breaks", ["\n", "\r\n"])
def test_a_finding_is_accepted_with_a_reason_and_nothing_else_changes(
    around: Surroundings, ending: str, breaks: str
) -> None:
    text = (BEGUN + ending).replace("\n", breaks)
    reason = 'The panel wants "5": agreed in the meeting of May.'
    wanted = Acceptance("required-open-ended", "why", reason, "mandated", "lea@example.com")
    after = spliced(text, accept(text, "visit", around, wanted))
    checked = check(after, "visit", around, "en")
    assert "required-open-ended" not in [each.finding.rule for each in checked.findings]
    assert checked.accepted == 1
    rest = iter(after.split(breaks))
    assert all(line in rest for line in BEGUN.splitlines())
    assert after.count("\r") == (after.count("\n") if breaks == "\r\n" else 0)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"reason": "ok"}, "reason"),
        ({"rule": "double-barrelled"}, "changed"),
        ({"rule": "schema"}, "changed"),
        ({"by": "cem@example.com", "rule": "score-begging", "question": "score"}, "lead"),
    ],
)
def test_an_acceptance_that_would_not_count_is_refused(
    around: Surroundings, changes: dict[str, str], says: str
) -> None:
    wanted = {
        "rule": "required-open-ended", "question": "why", "reason": "Agreed in the meeting of May.",
        "category": "mandated", "by": "lea@example.com", **changes,
    }  # fmt: skip
    with pytest.raises(Rejected, match=says):
        accept(BEGUN, "visit", around, Acceptance(**wanted))


@pytest.mark.parametrize(
    "text", ["", "key: [", "\ufeff", "a: b: c", "questions: 3", "\x00", "key: x\n\tindented: 1"]
)
def test_a_text_that_is_no_questionnaire_is_told_where_it_hurts(around: Surroundings, text: str) -> None:
    checked = check(text, "visit", around, "en")
    assert checked.findings
    for each in checked.findings:
        assert 0 <= each.place.start <= each.place.end <= len(text)
        assert not each.acceptable


def test_a_text_that_is_too_long_is_refused(around: Surroundings) -> None:
    with pytest.raises(Rejected):
        check("#" * (drafts.LONGEST + 1), "visit", around, "en")


def test_a_journey_is_checked_beside_the_questionnaires_in_force(around: Surroundings) -> None:
    path = resources.shipped("questionnaires") / "journey.yaml"
    text = path.read_text(encoding="utf-8")
    assert "missing-questionnaire" not in rules(check(text, "journey", around, "en"))
    wrong = text.replace("questionnaire: onboarding", "questionnaire: onbording", 1)
    assert "missing-questionnaire" in rules(check(wrong, "journey", around, "en"))


def rules(checked: CheckedText) -> list[str]:
    return [each.finding.rule for each in checked.findings]


def test_thirty_questions_in_three_languages_take_less_than_150_ms_of_processor_time(
    around: Surroundings,
) -> None:
    text = live_lint.draft(30)
    check(text, "draft", around, "fa")  # the word lists are read once
    limit = 0.15 * measuring.slowness()
    taken = []
    for state in islice(live_lint.states(text, 8), 8):
        before = time.process_time()
        check(state, "draft", around, "fa")
        taken.append(time.process_time() - before)
    assert sorted(taken)[-2] < limit
