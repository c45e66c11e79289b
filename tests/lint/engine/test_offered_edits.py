"""What the linter offers to write: it reads back as it was proposed, and nothing else changes."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from feedback import lint
from feedback.lint.engine.offered_edits import REWORDED, rewriting, scalar, value_at
from tests.lint.judging import batches


def faulty(language: str) -> str:
    """A questionnaire of the examiners' questions that break a rule with a rewrite, as a file."""
    cases = [case for batch in batches.names() for case in batches.cases(language, batch)]
    wanted = [case for case in cases if case.expected & REWORDED][:40]
    asked: list[dict[str, Any]] = [batches.survey(case)["questions"][-1] for case in wanted]
    questions = [{**each, "key": f"q{n}", "show_if": None} for n, each in enumerate(asked)]
    survey = {"key": "faulty", "title": "-", "languages": [language], "questions": questions}
    return yaml.safe_dump(survey, sort_keys=False, width=10_000, allow_unicode=True)


@pytest.mark.parametrize("language", batches.LANGUAGES)
def test_a_rewrite_becomes_the_text_of_its_question_and_nothing_else(language: str) -> None:
    document = lint.read(faulty(language))
    offered = 0
    for finding in lint.result(document.source).problems:
        edits = rewriting(document, finding) if finding.rule in REWORDED else ()
        for edit in edits:
            offered += 1
            assert "\n" not in document.source[edit.start : edit.end]
            changed = lint.read(document.source[: edit.start] + edit.text + document.source[edit.end :])
            index = next(i for i, each in document.questions if each.key == finding.question)
            assert value_at(changed, ("questions", index, "text")) == finding.rewrite
            assert not changed.problems
    assert offered >= 5


@pytest.mark.parametrize("like", ["plain words", '"quoted"', "'single'"])
@pytest.mark.parametrize(
    "text",
    ["Simple words", "Was it ok: yes?", 'Say "no"', "It's", "no", "12", "#1", "a # b", "\\n", "- x", "{name}", "x?",
     "خوب بود؟", "two\nlines", "a, b", "Çok mu iyi?", " padded ", ""],
)  # fmt: skip
@pytest.mark.parametrize("around", ["text: {}\nnext: 1\n", "text: {{en: {}, tr: x}}\n", "text: [{}]\n"])
def test_a_text_is_quoted_so_that_it_reads_back(like: str, text: str, around: str) -> None:
    read = lint.read(around.format(scalar(text, like=like)))
    value = read.data["text"]
    assert read.faults == []
    assert (
        value["en"] if isinstance(value, dict) else value[0] if isinstance(value, list) else value
    ) == text


def test_block_scalars_are_left_alone() -> None:
    assert scalar("x", like="|\n  x\n") == ""
