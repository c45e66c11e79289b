"""The linter's own sentences, in the languages that staff reads."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from feedback import lint
from feedback.core.text.translatable import TranslatableText, message
from feedback.i18n import LANGUAGES as DOMAINS
from feedback.i18n import LOCALES, read
from feedback.lint.command import lint as command
from feedback.lint.languages.data import codes, data
from feedback.lint.reporters.translation import LANGUAGES, in_language, rule_in_language, translated
from feedback.lint.rules import EVERY_RULE

ROOT = Path(__file__).parents[3] / "feedback" / "lint"
ROOMS = ("rules", "rewriting", "languages", "document", "engine")
FILES = sorted(
    [
        ROOT / "pages.py",
        *(file for room in ROOMS for file in ROOT.glob(f"{room}/**/*.py")),
        *(ROOT.parent / "core").glob("**/*.py"),
    ]
)
SURVEY = yaml.safe_dump(
    {
        "key": "s",
        "title": "Visit",
        "languages": ["en"],
        "questions": [
            {"key": "q", "type": "single", "text": "Was it never late?", "options": ["Yes", "No"]},
            {"key": "r", "type": "single", "text": "How many?", "options": ["1-3", "3-6", "7 or more"]},
        ],
    }
)


def known(language: str) -> set[str]:
    return {entry.id for entry in read(LOCALES / "lint" / f"{language}.po") if entry.id}


def said_in(path: Path) -> set[str]:
    """The templates that a module says."""
    calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    said = [call.args[0] for call in calls if getattr(call.func, "id", "") == "message" and call.args]
    return {str(each.value) for each in said if isinstance(each, ast.Constant)}


def test_the_linter_speaks_the_languages_of_its_catalogues():
    assert DOMAINS["lint"] == LANGUAGES


def test_the_modules_say_hundreds_of_sentences():
    assert sum(len(said_in(path)) for path in FILES) > 180


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_whatever_a_rule_says_is_in_the_catalogues(path):
    assert said_in(path) - known("en") == set()


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.id)
def test_title_reason_and_exceptions_of_every_rule_are_in_the_catalogues(rule):
    assert {rule.title, rule.why, rule.suppress} - {""} <= known("en")
    for language in LANGUAGES[1:]:
        told = rule_in_language(rule, language)
        assert told.title != rule.title
        assert told.why != rule.why
        assert told.bad == rule.bad


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_no_message_of_a_finding_stays_english(language):
    found = lint.check(SURVEY)
    assert len(found) >= 2
    for english, told in zip(found, in_language(found, language), strict=True):
        assert told.message != english.message
        assert told.why != english.why
        assert (told.rule, told.line, told.quoted) == (english.rule, english.line, english.quoted)


HEAD = "key: a\ntitle: T\nlanguages: [en]\nquestions:\n"
MISTAKES = [
    "",
    "- a\n- b\n",
    "key: a\nkey: b\n",
    "key: a\ntitle: T: x\n",
    "key: a\ntitle: “T: x”\n",
    "key: a\ntitle: {en: {x\n",
    "key: [a, b\n",
    "key: a\n\ttitle: x\n",
    "key: a\ntitle:\n  en: T\n    tr: X\n",
    "key: a\ntitle: 'T\n",
    "key: &x a\ntitle: *x\n",
    "key: !!str a\n",
    "key: a\n---\nkey: b\n",
    "key: \x07a\n",
    "{a: b}: c\n",
    "key: " + "x" * 10_001,
    "key: " + "[" * 30,
    HEAD + "  - {key: q, type: csat, text: Why is #1 so?}\n",
    HEAD + "  - {key: Q!, typ: csat, text: 7}\n",
    HEAD + "  - {key: q, type: radio, text: Why?}\n",
    HEAD + "  - {key: q, type: kiwi, text: Why?}\n",
    HEAD + "  - {key: q, type: csat, text: Why?, titel: x, required: perhaps}\n",
    HEAD + "  - {key: q, type: single, text: Why?, options: [1, true, [a]]}\n",
    HEAD + "  - {key: q, type: single, text: Why?, options: []}\n",
    HEAD + "  - {key: q, type: rating, text: Why?}\n",
    HEAD + "  - {key: q, type: rating, text: Why?, scale: {min: 5, max: 1}}\n",
    HEAD + "  - {key: q, type: rating, text: Why?, scale: {min: 0, max: 900}}\n",
    HEAD + "  - {key: q, type: rating, text: Why?, scale: {min: 1, max: 5, labels: {9: x}}}\n",
    HEAD + "  - {key: q, type: number, text: Why?, min: a, max: -1}\n",
    HEAD + "  - {key: q, type: number, text: Why?, min: 5, max: 1}\n",
    HEAD + "  - {key: q, type: date, text: Why?, min: 2026-02-30, max: soon}\n",
    HEAD + "  - {key: q, type: note, text: Read this., required: true}\n",
    HEAD + "  - {key: q, type: ranking, text: Order these., options: [a]}\n",
    HEAD + "  - {key: q, type: csat, text: Why?, instrument: nonsense}\n",
    HEAD + "  - {key: q, type: csat, text: Why?, show_if: {question: p, is: 1}}\n",
    HEAD
    + "  - {key: q, type: csat, text: Why?}\n  - {key: r, type: csat, text: Why?, show_if: {question: qq, is: 1}}\n",
    HEAD + "  - {key: q, type: csat, text: Why?}\n  - {key: q, type: csat, text: Why?, show_if: {}}\n",
    HEAD
    + "  - {key: q, type: csat, text: Why?}\nblocks: [{questions: [z], show_if: {question: q, is: 1}}]\n",
    HEAD
    + "  - {key: q, type: csat, text: Why?}\nfollow_ups: [{key: f, title: T, when: {question: z, is: 1}, "
    "contact_within: 24 hours, close_within: 3d}]\n",
    "stages: [{key: s, questionnaire: a, enter: {event: x, every: 2d}, expires_after: 1w, channels: [fax]}]\n",
    "stages: [{key: s, questionnaire: a, enter: {date: x}, expires_after: 1w, channels: []}]\n",
]


def _sayings(text: str) -> set[str]:
    """The templates that a sentence is made of."""
    if not isinstance(text, TranslatableText):
        return {text}
    return {text.template}.union(
        *(_sayings(each) for each in text.params.values() if isinstance(each, TranslatableText))
    )


@pytest.mark.parametrize("source", MISTAKES, ids=range(len(MISTAKES)))
def test_a_mistake_in_the_file_is_told_in_the_readers_language(source):
    told = lint.read(source).problems
    assert told
    for problem in told:
        assert _sayings(problem.message) <= known("en"), problem.message
        for language in LANGUAGES[1:]:
            (found,) = in_language([problem], language)
            assert found.message != problem.message
            assert (found.line, found.column) == (problem.line, problem.column)


def test_a_mistake_in_the_file_reads_as_a_sentence_of_the_language(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text(HEAD + "  - {key: q, type: radio, text: Why?}\n", encoding="utf-8")
    said = {
        each: CliRunner().invoke(command, [str(file), "--language", each]).output for each in ("tr", "fa")
    }
    assert "`radio` burada olamaz; `single` mi demek istediniz?" in said["tr"]
    assert "در اینجا ممکن نیست؛ منظورتان" in said["fa"]


def test_what_was_filled_in_is_said_in_the_same_words_and_numbers_in_the_readers_digits():
    said = message("The scale has {points} points.", points=3)
    assert said == "The scale has 3 points."
    assert translated(said, "tr") == "Ölçekte 3 nokta var."
    assert translated(said, "fa") == "مقیاس ۳ نقطه دارد."


def test_a_quotation_keeps_its_direction_in_a_persian_sentence():
    said = message("Add “{answer}”.", answer="1001 ve üzeri")
    assert translated(said, "fa") == "«\u20681001 ve üzeri\u2069» را بیفزایید."
    assert translated(said, "tr") == "“1001 ve üzeri” ekleyin."


def test_a_rewrite_in_the_language_of_the_questionnaire_is_not_translated():
    found = {each.rule: each for each in lint.check(SURVEY)}
    (told,) = in_language([found["range-overlap"]], "fa")
    assert told.rewrite == found["range-overlap"].rewrite == "1-3 | 4-6 | 7 or more"
    assert not isinstance(told.rewrite, TranslatableText)


def test_findings_are_told_in_the_language_asked_for_and_rules_keep_their_names(tmp_path):
    file = tmp_path / "s.yaml"
    file.write_text(SURVEY, encoding="utf-8")
    english = CliRunner().invoke(command, [str(file)]).output
    turkish = CliRunner().invoke(command, [str(file), "--language", "tr"]).output
    assert "both contain 3" in english
    assert "3 değerini kapsıyor" in turkish
    assert "daha iyisi: 1-3 | 4-6 | 7 or more" in turkish
    assert "range-overlap" in turkish
    assert "Bulunan:" in turkish
    explained = CliRunner().invoke(command, ["--explain", "negation", "--language", "tr"]).output
    assert "Sorular olumlu sorulur." in explained


def test_no_catalogue_is_loaded_for_english():
    program = (
        "import sys; from feedback.lint import check; from feedback.lint.reporters.translation import in_language; "
        f"in_language(check({SURVEY!r}), 'en'); "
        "sys.exit(any(name.startswith(('babel', 'feedback.i18n')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_every_dimension_that_a_message_may_name_is_in_the_catalogues():
    dimensions = {name for code in codes() for name in data(code, "labels")["dimensions"]}
    assert len(dimensions) > 20
    assert dimensions - known("en") == set()
