"""`feedback lint --try`: what the word rules see in a text."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from feedback.lint.command import lint


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(lint, list(arguments))
    return result.exit_code, result.output


def test_the_views_show_what_is_set_aside_and_what_is_hidden():
    code, output = run("--try", "When you came, was our team at Blue Hill good?", "--rule", "leading-wording")
    assert code == 0
    assert "As written:  When you came, was our team at Blue Hill good?" in output
    assert "Folded:      when you came, was our team at blue hill good?" in output
    assert "Set aside:   when you came, was our team at █████████ good?" in output
    assert "Main clause: ···· ··· ····· was our team at █████████ good?" in output


@pytest.mark.parametrize(
    ("language", "text", "rule", "line"),
    [
        ("en", "How was our amazing team?", "leading-wording", "leading-wording.loaded: “amazing” at 13-19"),
        (
            "tr",
            "Oda hızlı ve temiz miydi?",
            "double-barrelled",
            "double-barrelled.conjunctions: “ve” at 11-12",
        ),
        ("fa", "آیا پیک همیشه زنگ می‌زند؟", "absolute-term", "absolute-term.words: “همیشه” at 9-13"),
    ],
)
def test_a_match_names_list_words_place_and_phrase(language, text, rule, line):
    assert line in run("--try", text, "--rule", rule, "--language", language)[1]


def test_without_a_rule_every_list_is_shown_and_with_one_only_its_own():
    text = "Was our amazing team always on time?"
    everything, one = run("--try", text)[1], run("--try", text, "--rule", "absolute-term")[1]
    assert "leading-wording.loaded" in everything
    assert "absolute-term.words" in everything
    assert "leading-wording.loaded" not in one
    assert "absolute-term.words" in one


def test_a_text_without_a_match_says_so():
    assert "No phrase of these lists matches." in run("--try", "Ping", "--rule", "negation")[1]


def test_a_trial_can_be_read_by_a_program():
    data = json.loads(
        run("--try", "How was our amazing team?", "--rule", "leading-wording", "--format", "json")[1]
    )
    (loaded,) = [each for each in data["matches"] if each["list"] == "leading-wording.loaded"]
    assert data["written"][loaded["start"] : loaded["end"]] == loaded["words"] == "amazing"


@pytest.mark.parametrize(
    "arguments", [("--rule", "leading-word"), ("--language", "fi"), ("--language", "english")]
)
def test_an_unknown_rule_or_language_is_a_usage_error(arguments):
    assert run("--try", "How was it?", *arguments)[0] == 2


def test_findings_are_told_in_three_languages_only():
    assert run("nowhere.yaml", "--language", "de")[0] == 2
