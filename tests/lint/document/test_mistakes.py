"""Mistakes in the file are told with their cause, for somebody who does not know YAML."""

from __future__ import annotations

import pytest

from feedback import lint
from feedback.lint.engine.runner import Result
from feedback.lint.reporters.text import report

HEAD = "key: visit\ntitle: Visit\nlanguages: [en]\nquestions:\n"


def question(*lines: str) -> str:
    return (
        HEAD + "  - key: q\n    type: single\n    purpose: P\n" + "".join(f"    {line}\n" for line in lines)
    )


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        (question("text: What is our #1 problem?"), "#1 problem?"),
        (question("text: {en: What is it?, tr: Bir}", "help: One #tag here"), "#tag here"),
        (question("text:", "  en: Which is our #1 problem?"), "#1 problem?"),
        (question("text:", "  tr: En büyük #1 sorun?"), "#1 sorun?"),
        (question("text:", "  fa: مشکل #۱ ما چیست؟"), "#۱ ما چیست؟"),
        (question("text: #1 problem"), "#1 problem"),
        (question("text: Which?", "options:", "  - Ticket #5", "  - Other"), "#5"),
        (question("text: Problem #1"), "#1"),
    ],
)
def test_a_text_that_yaml_cuts_at_a_hash_is_an_error_there(text: str, cut: str) -> None:
    (problem,) = lint.check(text)
    assert problem.message == f"YAML takes `{cut}` for a comment. Put quotes around the whole text."
    assert text.splitlines()[problem.line - 1][problem.column - 1 :] == cut


@pytest.mark.parametrize(
    "line",
    [
        'text: "What is our #1 problem?"',
        "text: Which one?  # asked since May",
        "text: Which one?",
        "randomize: true #sic",
        "#text: old",
        "text: Which of our#products?",
    ],
)
def test_a_comment_is_a_comment(line: str) -> None:
    assert not [each for each in lint.check(question(line)) if "comment" in each.message]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (
            f"{HEAD}  - key: q\n    type: csat\n    text:\n  en: How?\n",
            "indent this line further than that one.",
        ),
        (
            f"{HEAD}  - key: q\n    type: csat\n    text:\n   en: How?\n",
            "indent this line further than that one.",
        ),
        ("key: a\ntitle:\n  en: T\n    tr: X\n", "which opens no block; align the two."),
        ("key: a\ntitle: T: x\n", "Put quotes around a text that contains a colon."),
        ("key: a\ntitle: “T: x”\n", 'These are curly quotes; write straight ones (") around the text.'),
        ("key: a\ntitle: {en: our #1 T, tr: x}\nlanguages: [en]\n", "Put quotes around the whole text."),
        ("key: a\ntitle: {en: {x\n", "quotes inside { } or [ ] needs quotes around it."),
    ],
)
def test_what_is_no_yaml_is_told_with_what_to_do(text: str, hint: str) -> None:
    (problem,) = lint.check(text)
    assert problem.rule == "syntax"
    assert problem.message.endswith(hint)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("[1, 2-5, 6+]", 'Put quotes around it: "1".'),
        ("[2-5, 6, 7.5]", 'Put quotes around it: "6".'),
        ("[true, b]", 'Put quotes around it: "true".'),
        ("[[a], b]", "An option is a text (put quotes around it), or a mapping"),
    ],
)
def test_an_option_that_yaml_reads_as_a_number_is_to_be_quoted(options: str, told: str) -> None:
    problem = lint.check(question("text: How many?", f"options: {options}"))[0]
    assert told in problem.message


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("radio", "single"), ("checkbox", "multi"), ("dropdown", "single"), ("choice", "single"),
        ("likert", "rating"), ("scale", "rating"), ("Multiple-Choice", "single"), ("singel", "single"),
    ],
)  # fmt: skip
def test_a_type_of_another_tool_is_recognised(written: str, meant: str) -> None:
    (problem,) = lint.check(f"{HEAD}  - {{key: q, type: {written}, text: Why?}}\n")
    assert problem.message.endswith(f"did you mean `{meant}`?")


def test_only_a_wrong_key_is_told_with_what_it_would_do() -> None:
    key, value = lint.check(
        "key: visit\nlanguages: [en]\ntitel: T\nquestions: [{key: q, type: csat, text: 7}]\n"
    )[1:]
    assert (bool(key.why), bool(value.why)) == (True, False)


def test_the_summary_counts_in_english_and_every_finding_leads_to_its_explanation() -> None:
    text = f"{HEAD}  - {{key: q, type: text, text: What happened?}}\n"
    found = lint.check(f"{HEAD}  - {{key: q, typ: text}}\n")
    shown = report([Result("a.yaml", found), Result("b.yaml", lint.check(text))])
    assert f"more: feedback lint --explain {found[0].rule}" in shown
    assert "docs/rules" not in shown
    assert shown.endswith("2 files: 1 error, 1 warning, 1 info found.")
    assert report([Result("a.yaml", [*found, *found])]).endswith("1 file: 2 errors found.")
