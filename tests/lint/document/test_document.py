from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedback import lint
from feedback.lint.document.document import Location

SMALL = """key: visit
title: Visit
languages: [en]
questions:
  - key: q1
    type: stars
    text: How was it?
    purpose: trend
"""


def told(text: str) -> list[tuple[int, int, str]]:
    return [(problem.line, problem.column, problem.message) for problem in lint.check(text)]


def test_marks_count_lines_and_characters_from_one():
    document = lint.read("key: visit\nquestions:\n  - text: {fa: «سلام», en: Hi}\n")
    assert document.mark(("questions", 0, "text", "en")) == Location(3, 28)
    assert document.mark(("questions", 0, "text", "de")) == document.mark(("questions", 0, "text"))


def test_words_that_older_yaml_turned_into_booleans_stay_words():
    data = lint.read("a: no\nb: on\nc: 1:30\nd: 2026-01-01\ne: true\nf: 12\nno: Norsk").data
    assert data == {"a": "no", "b": "on", "c": "1:30", "d": "2026-01-01", "e": True, "f": 12, "no": "Norsk"}


@pytest.mark.parametrize(
    ("text", "line", "column", "part"),
    [
        ("a: 1\na: 2", 2, 1, "listed twice"),
        ("a: &x 1", 1, 4, "&x"),
        ("a: *x", 1, 4, "*x"),
        ("a: !!str b", 1, 4, "tag"),
        ("a: 1\n---\nb: 2", 2, 1, "second document"),
        ("", 1, 1, "empty"),
        ("- a", 1, 1, "mapping"),
        ("a: \x00", 1, 4, "U+0000"),
        ("a: \ud800", 1, 4, "U+D800"),
        ("a:\n\t- b", 2, 1, "tabs"),
        ("{a: b}: c", 1, 1, "braces"),
        ("[" * 5000, 1, 26, "nested"),
        ("a: " + "x" * 20_000, 1, 4, "20,000"),
        ("x" * 1_000_000, 1, 1, "1,000,000"),
    ],
)
def test_a_file_that_readers_could_misread_is_refused_with_its_place(text, line, column, part):
    problem = lint.check(text)[0]
    assert (problem.rule, problem.line, problem.column) == ("syntax", line, column)
    assert part in problem.message


def test_an_alias_bomb_is_refused_before_it_grows():
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    for name, previous in zip("bcdefghi", "abcdefgh", strict=True):
        bomb += f"{name}: &{name} [{', '.join(['*' + previous] * 9)}]\n"
    started = time.perf_counter()
    assert {problem.rule for problem in lint.check(bomb)} == {"syntax"}
    assert time.perf_counter() - started < 2


def test_a_byte_order_mark_is_no_mistake():
    assert [problem for problem in lint.check("\ufeff" + SMALL) if problem.severity != "info"] == []


def test_several_mistakes_are_told_at_once_with_the_nearest_known_word():
    text = SMALL.replace("purpose", "purpse").replace("stars", "star") + "langages: [en]\n"
    messages = [message for _, _, message in told(text)]
    assert "`langages` is not known here; did you mean `languages`?" in messages
    assert "`star` is not possible here; did you mean `stars`?" in messages
    assert (8, 5, "`purpse` is not known here; did you mean `purpose`?") in told(
        SMALL.replace("purpose", "purpse")
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("languages: [en]", "languages: [English]"), "`English` is not a language; write two small letters"),
        (("languages: [en]", "languages: []"), "This list is empty"),
        (("key: q1", "key: Q 1"), "`Q 1` cannot be a key"),
        (("    type: stars\n", ""), "`type:` is missing here"),
        (("text: How was it?", "text: 5"), "`5` stands where words (put quotes around it) is needed."),
        (("purpose: trend", "required: 'yes'"), "`yes` stands where `true` or `false` is needed."),
        (("key: visit\n", ""), "`key:` is missing here."),
    ],
)
def test_mistakes_against_the_format_are_sentences(change, sentence):
    messages = [message for _, _, message in told(SMALL.replace(*change))]
    assert any(message.startswith(sentence) for message in messages), messages


LIST = "a list (`- ...` lines or [a, b]) is needed."


@pytest.mark.parametrize(
    ("written", "sentences"),
    [
        ("", [f"Nothing stands where {LIST}"]),
        ("english", [f"`english` stands where {LIST}"]),
        ("[]", ["This list is empty; it needs at least one entry."]),
        (
            "[English]",
            [
                "`English` is not a language; write two small letters such as `en`, `tr`, `fa`, "
                "or a code such as `ckb`, `pt-BR`, `zh-Hant`."
            ],
        ),
        ("[[]]", ["`[]` stands where words (put quotes around it) is needed."]),
    ],
)
def test_only_an_empty_list_is_called_empty(written, sentences):
    found = [message for _, _, message in told(SMALL.replace("[en]", written))]
    assert found == sentences


def test_a_wrong_question_is_not_told_as_an_empty_list_of_questions():
    text = SMALL.replace("stars", "single").replace("    purpose: trend\n", "    options:\n")
    assert told(text + "      - key: a\n") == [(9, 9, "`text:` is missing here.")]


def test_pydantic_never_shows_through():
    text = SMALL + "    show_if: {question: 3, atmost: x}\n    scale: {min: a, labels: {1: {xx1: y}}}\n"
    found = told(text)
    assert len(found) >= 3
    for _, _, message in found:
        assert "Input should" not in message
        assert "pydantic" not in message.lower()


def test_a_file_with_stages_is_read_as_a_journey():
    document = lint.read("stages:\n  - key: a\n")
    assert document.kind == "journey"
    assert "`title:` is missing here." in [problem.message for problem in document.problems]


YAMLISH = st.text(
    alphabet=st.sampled_from(list("aeqk: -[]{},\n\t\"'#&*!|>?%@`0123é\u06f1\u200c\u200f\u202eş…")),
    max_size=300,
)
WORDS = st.text(max_size=120)


@settings(max_examples=150, deadline=1500, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(YAMLISH, WORDS))
def test_no_text_makes_the_linter_raise(text):
    assert isinstance(lint.check(text), list)


@settings(max_examples=100, deadline=1500, suppress_health_check=[HealthCheck.too_slow])
@given(
    stem=WORDS,
    options=st.lists(WORDS, min_size=1, max_size=6),
    language=st.sampled_from(["en", "tr", "fa", "ar", "de", "xx"]),
)
def test_no_wording_makes_a_rule_raise(stem, options, language):
    import json

    question = {"key": "q1", "type": "single", "text": {language: stem}}
    question["options"] = [{"key": f"o{n}", "text": {language: text}} for n, text in enumerate(options)]
    survey = {"key": "visit", "title": {language: "V"}, "languages": [language], "questions": [question]}
    survey["messages"] = {"sms": {language: stem}}
    assert isinstance(lint.check(json.dumps(survey, ensure_ascii=False)), list)


@settings(max_examples=60, deadline=1500, suppress_health_check=[HealthCheck.too_slow])
@given(
    labels=st.lists(WORDS, min_size=2, max_size=7),
    stem=WORDS,
    language=st.sampled_from(["en", "tr", "fa", "ar"]),
)
def test_no_label_makes_a_rule_raise(labels, stem, language):
    import json

    scale = {
        "min": 1,
        "max": len(labels),
        "labels": {n: {language: text} for n, text in enumerate(labels, 1)},
    }
    question = {"key": "q1", "type": "rating", "text": {language: stem}, "scale": scale}
    survey = {"key": "visit", "title": {language: "V"}, "languages": [language], "questions": [question]}
    text = json.dumps(survey, ensure_ascii=False)
    for n in range(1, 8):
        text = text.replace(f'"{n}": {{', f"{n}: {{")
    assert isinstance(lint.check(text), list)
