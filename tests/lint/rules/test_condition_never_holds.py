"""Conditions that no answer can meet are errors at their place, with what was meant."""

from __future__ import annotations

import pytest

from feedback import lint, resources
from feedback.lint.engine.rule import Finding

QUESTIONS = """\
key: call
title: {en: Call, tr: Arama, fa: تماس}
languages: [en, tr, fa]
questions:
  - {key: score, type: csat, text: {en: Satisfied?, tr: Memnun musunuz?, fa: راضی هستید؟}}
  - key: solved
    type: single
    text: {en: Is it solved?, tr: Çözüldü mü?, fa: حل شد؟}
    options:
      - {key: solved, text: {en: "Yes", tr: Evet, fa: بله}}
      - {key: unsolved, text: {en: "No", tr: Hayır, fa: خیر}}
    not_applicable: true
  - key: used
    type: multi
    text: {en: What do you use?, tr: Ne kullanıyorsunuz?, fa: از چه استفاده می‌کنید؟}
    options: [{key: mail, text: Mail}, {key: chat, text: Chat}]
  - {key: note, type: text, text: {en: What else?, tr: Başka?, fa: دیگر چه؟}}
  - {key: words, type: text, text: {en: Why?, tr: Neden?, fa: چرا؟}}
"""
TERMS = "title: Call, contact_within: 1d, close_within: 2d"


def places(condition: str) -> dict[str, str]:
    return {
        "show_if": QUESTIONS.replace("key: words,", f"key: words, show_if: {condition},"),
        "when": f"{QUESTIONS}follow_ups:\n  - {{key: low, when: {condition}, {TERMS}}}\n",
        "thanks": f"{QUESTIONS}thanks:\n  - {{when: {condition}, text: Sorry}}\n",
    }


def found(text: str) -> list[Finding]:
    return [each for each in lint.check(text) if each.rule in ("condition-never-holds", "schema")]


@pytest.mark.parametrize("place", ["show_if", "when", "thanks"])
@pytest.mark.parametrize(
    ("test", "quoted", "meant"),
    [
        ("question: solved, is: unsovled", "unsovled", "Did you mean `unsolved`?"),
        ('question: solved, is: "No"', "No", "Did you mean `unsolved`?"),
        ("question: solved, is: Hayır", "Hayır", "Did you mean `unsolved`?"),
        ("question: solved, is: خیر", "خیر", "Did you mean `unsolved`?"),
        ("question: used, is: [mail, caht]", "caht", "Did you mean `chat`?"),
        ("question: solved, is: later", "later", "Possible are `solved`, `unsolved`, `not_applicable`."),
        ("question: score, is: 7", "7", "Possible are `1`, `2`, `3`, `4`, `5`."),
        ("question: score, band: detractor", "detractor", "Did you mean `dissatisfied`?"),
        ("question: score, band: promoter", "promoter", "Did you mean `satisfied`?"),
        ("question: score, band: satisfed", "satisfed", "Did you mean `satisfied`?"),
        ("question: solved, band: satisfied", "satisfied", "write `at_most:`, `at_least:` or `is:`."),
        ("question: score, at_most: 0", "at_most: 0", "Did you mean `at_most: 1`?"),
        ("question: score, at_least: 6", "at_least: 6", "Did you mean `at_least: 5`?"),
        ("question: solved, at_most: 1", "at_most: 1", "Possible are `solved`"),
        ("question: note, is: slow", "slow", "test `answered: true`."),
        ("not: {question: solved, is: unsovled}", "unsovled", "Did you mean `unsolved`?"),
        ("any: [{question: score, at_most: 2}, {question: solved, is: nope}]", "nope", "Possible are"),
    ],
)
def test_a_test_that_no_answer_meets_is_an_error_where_it_stands(
    place: str, test: str, quoted: str, meant: str
) -> None:
    text = places(f"{{{test}}}")[place]
    (problem,) = found(text)
    assert (problem.severity, problem.quoted) == ("error", quoted)
    assert meant in problem.rewrite
    line = text.splitlines()[problem.line - 1]
    assert (
        line[problem.column - 1 :]
        .lstrip('"')
        .startswith(quoted.removeprefix("at_most: ").removeprefix("at_least: "))
    )


@pytest.mark.parametrize("place", ["show_if", "when", "thanks"])
@pytest.mark.parametrize(
    "test",
    [
        "question: score, at_least: 4, at_most: 2",
        "question: score, band: dissatisfied, at_least: 4",
        "all: [{question: score, at_most: 2}, {question: score, at_least: 4}]",
        "all: [{question: solved, is: solved}, {question: solved, is: unsolved}]",
        "all: [{question: solved, is: solved}, {not: {question: solved, is: [solved, unsolved]}}]",
    ],
)
def test_tests_that_exclude_one_another_are_an_error(place: str, test: str) -> None:
    (problem,) = found(places(f"{{{test}}}")[place])
    assert problem.message == "These tests exclude one another; the condition never holds."


@pytest.mark.parametrize("place", ["show_if", "when", "thanks"])
@pytest.mark.parametrize(
    "test",
    [
        "question: solved, is: unsolved",
        "question: solved, is: not_applicable",
        "question: score, is: [1, '2']",
        "question: score, band: [dissatisfied, neutral]",
        "question: score, at_least: 1, at_most: 1",
        "question: score, answered: false",
        "all: [{question: used, is: mail}, {question: used, is: chat}]",
        "all: [{question: score, at_most: 2}, {not: {question: solved, is: unsolved}}]",
    ],
)
def test_what_an_answer_can_meet_is_left_alone(place: str, test: str) -> None:
    assert found(places(f"{{{test}}}")[place]) == []


def rules(*entries: str) -> str:
    return QUESTIONS + "follow_ups:\n" + "".join(f"  - {{{each}, {TERMS}}}\n" for each in entries)


@pytest.mark.parametrize(
    ("entries", "hidden"),
    [
        (
            (
                "key: mild, when: {question: score, at_most: 3}",
                "key: grave, when: {question: score, at_most: 1}",
            ),
            ["grave"],
        ),
        (
            (
                "key: one, when: {question: score, is: 1}",
                "key: two, when: {question: score, is: 2}",
                "key: both, when: {question: score, at_most: 2}",
            ),
            ["both"],
        ),
        (
            (
                "key: mild, when: {question: score, at_most: 3}",
                "key: grave, when: {all: [{question: score, at_most: 2}, {question: solved, is: unsolved}]}",
            ),
            ["grave"],
        ),
        (
            (
                "key: grave, when: {question: score, at_most: 1}",
                "key: mild, when: {question: score, at_most: 3}",
            ),
            [],
        ),
        (
            (
                "key: mild, when: {question: score, at_most: 3}",
                "key: open, when: {question: solved, is: unsolved}",
            ),
            [],
        ),
        (
            (
                "key: low, when: {question: score, at_most: 3}",
                "key: praise, kind: advocacy, when: {question: score, at_most: 3}",
            ),
            [],
        ),
    ],
)
def test_a_rule_behind_a_milder_one_is_an_error(entries: tuple[str, ...], hidden: list[str]) -> None:
    problems = found(rules(*entries))
    assert [each.message.split("`")[1] for each in problems] == hidden
    assert all("Move `" in each.rewrite for each in problems)


def test_a_last_page_behind_one_for_everybody_is_an_error() -> None:
    text = QUESTIONS + "thanks:\n  - {text: Thanks}\n  - {when: {question: score, at_most: 2}, text: Sorry}\n"
    (problem,) = found(text)
    assert problem.message.startswith("`thanks 2` never applies: `thanks 1` above it")
    assert problem.line == len(text.splitlines())


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        (
            "{question: scroe, at_most: 2}",
            "`scroe`, which is not asked before it. Did you mean `score`?",
        ),
        (
            "{all: [{question: scroe, at_most: 2}]}",
            "`scroe`, which is not asked before it. Did you mean `score`?",
        ),
        (
            "{question: words, answered: true}",
            "`words`, which is not asked before it. Possible are `score`",
        ),
    ],
)
def test_a_question_that_is_not_there_is_told_at_its_place(condition: str, told: str) -> None:
    text = QUESTIONS.replace("key: words,", f"key: words, show_if: {condition},")
    (problem,) = found(text)
    assert problem.message.startswith(f"show_if of `words` looks at {told}")
    assert text.splitlines()[problem.line - 1][problem.column - 1 :].startswith(
        condition.split("question: ")[1][:5]
    )


def test_the_shipped_questionnaires_and_the_longest_conditions_are_fine() -> None:
    for file in sorted(resources.shipped("questionnaires").glob("*.yaml")):
        assert found(file.read_text(encoding="utf-8")) == []
    many = ", ".join(f"{{key: o{number}, text: Name {number}}}" for number in range(30))
    long = QUESTIONS.replace("{key: mail, text: Mail}, {key: chat, text: Chat}", many)
    assert found(long + "thanks:\n  - {when: {question: used, is: o1}, text: Sorry}\n") == []


TYPED = """\
key: call
title: Call
languages: [en]
questions:
  - {key: hello, type: note, text: "If you called us, three questions follow."}
  - {key: hours, type: number, text: How many hours did it take?, min: 1, max: 24}
  - {key: day, type: date, text: On which day did you call?}
  - {key: best, type: ranking, text: What matters?, options: [{key: price, text: Price}, {key: speed, text: Speed}]}
  - {key: quote, type: consent, text: May we quote you?, box: You may quote me.}
  - {key: why, type: text, text: Why?, show_if: {CONDITION}}
"""


@pytest.mark.parametrize(
    ("test", "quoted"),
    [
        ("question: hours, at_least: 2.5, at_most: 8", []),
        ("question: hours, is: 24", []),
        ("question: day, is: 2026-02-28", []),
        ("question: quote, answered: true", []),
        ("question: best, is: price", []),
        ("question: hours, at_least: 25", ["at_least: 25"]),
        ("question: hours, is: 30", ["30"]),
        ("question: day, is: 2026-02-30", ["2026-02-30"]),
        ("question: quote, is: true_words", ["true_words"]),
        ("question: best, at_least: 1", ["at_least: 1"]),
    ],
)
def test_typed_answers_are_tested_within_their_bounds(test: str, quoted: list[str]) -> None:
    text = TYPED.replace("{CONDITION}", f"{{{test}}}")
    assert [each.quoted for each in found(text)] == quoted


def test_a_note_is_no_question_for_the_rules_of_questions() -> None:
    text = TYPED.replace("show_if: {CONDITION}", "purpose: Learn.")
    about_the_note = [each.rule for each in lint.check(text) if each.line == 5]
    assert about_the_note == []


def test_a_test_of_words_needs_an_answer_in_words() -> None:
    for key, told in (("note", False), ("used", True), ("score", True)):
        problems = found(places(f"{{question: {key}, contains: slow}}")["when"])
        assert [each.rule for each in problems] == ["condition-never-holds"] * told, key


def test_the_condition_of_a_block_is_checked_where_it_is_written() -> None:
    text = QUESTIONS + "blocks:\n  - {questions: [words], show_if: {question: solved, is: unsovled}}\n"
    (problem,) = found(text)
    assert problem.quoted == "unsovled" and problem.line == text.count("\n")


def test_a_language_or_channel_that_nobody_is_asked_by_is_an_error() -> None:
    text = places("{survey: language, is: [tr, de]}")["show_if"]
    (problem,) = found(text)
    assert problem.quoted == "de"
    assert problem.rewrite == "Possible are `en`, `tr`, `fa`."
    (problem,) = found(places("{survey: channel, is: sm}")["when"])
    assert problem.rewrite == "Did you mean `sms`?"


@pytest.mark.parametrize(
    ("condition", "contradicts"),
    [
        ("{all: [{account: segment, is: smb}, {account: segment, is: large}]}", True),
        ("{all: [{account: products, is: smb}, {account: products, is: large}]}", False),  # it can be a list
        (
            "{all: [{account: recurring_revenue, at_least: 10}, {account: recurring_revenue, at_most: 9}]}",
            True,
        ),
        (
            "{all: [{account: renewal_on, at_least: 2026-02-01}, {account: renewal_on, at_most: 2026-01-31}]}",
            True,
        ),
        (
            "{all: [{account: renewal_on, at_least: 2026-02-01}, {account: renewal_on, at_most: 2026-02-01}]}",
            False,
        ),
        ("{all: [{contact: country, known: false}, {contact: country, is: TR}]}", True),
        ("{all: [{contact: country, is_not: TR}, {contact: country, known: true}]}", False),
        ("{all: [{survey: channel, is: sms}, {survey: channel, is: email}]}", True),
        ("{all: [{question: score, at_most: 2}, {account: segment, is: smb}]}", False),
        (
            "{all: [{question: score, at_most: 2}, {question: score, at_least: 3}, {account: seats, at_least: 1}]}",
            True,
        ),
        ("{any: [{account: segment, is: smb}, {not: {account: segment, is: smb}}]}", False),
    ],
)
def test_tests_of_facts_that_exclude_one_another_are_found(condition: str, contradicts: bool) -> None:
    told = [each.message for each in found(places(condition)["when"])]
    assert bool(told) is contradicts, told


def test_a_rule_for_some_customers_leaves_the_others_to_the_next() -> None:
    rules = (
        "  - {{key: large, when: {{all: [{{question: score, at_most: 2}}, {large}]}}, {terms}}}\n"
        "  - {{key: low, when: {{question: score, at_most: 2}}, {terms}}}\n"
    )
    large = "{account: segment, is: enterprise}"
    assert found(f"{QUESTIONS}follow_ups:\n{rules.format(large=large, terms=TERMS)}") == []
    turned = "\n".join(reversed(rules.format(large=large, terms=TERMS).strip("\n").split("\n")))
    (problem,) = found(f"{QUESTIONS}follow_ups:\n{turned}\n")
    assert problem.message == "`large` never applies: `low` above it takes every such answer."
