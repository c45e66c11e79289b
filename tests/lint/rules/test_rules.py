"""Every rule against its files: tests/lint/rules/<rule>/good*.yaml stay clean of it, bad*.yaml break it."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedback import lint
from feedback.core.questionnaire import Questionnaire
from feedback.lint.engine.context import LintContext
from feedback.lint.options.labels import lexicon
from feedback.lint.rules import RULES

FILES = Path(__file__).parent
IDS = [module.RULE.id for module in RULES]
PUBLISHED = """
key: visit
title: Visit
languages: [en]
trend: visits
questions:
  - key: visit
    type: rating
    text: How was your visit?
    scale: {min: 1, max: 5, labels: {1: Very bad, 5: Very good}}
"""


def published() -> Questionnaire:
    questionnaire = lint.read(PUBLISHED).questionnaire
    assert questionnaire
    return questionnaire


def cases() -> list[tuple[str, Path]]:
    return [(rule, file) for rule in IDS for file in sorted((FILES / rule).glob("*.yaml"))]


@pytest.mark.parametrize("rule", IDS)
def test_every_rule_has_a_good_and_a_bad_file(rule):
    assert list((FILES / rule).glob("good*.yaml")), f"write tests/lint/rules/{rule}/good.en.yaml"
    assert list((FILES / rule).glob("bad*.yaml")), f"write tests/lint/rules/{rule}/bad.en.yaml"


@pytest.mark.parametrize(("rule", "file"), cases(), ids=lambda value: getattr(value, "name", value))
def test_a_rule_finds_the_bad_file_and_leaves_the_good_one_alone(rule, file):
    problems = lint.check(
        file.read_text(encoding="utf-8"), file.name, settings=LintContext(published=(published(),))
    )
    assert not {"syntax", "schema"} & {problem.rule for problem in problems}, problems
    found = [problem for problem in problems if problem.rule == rule]
    assert bool(found) == file.name.startswith("bad"), found


@pytest.mark.parametrize("language", ["en", "tr", "fa", "de", "es", "fr", "ar"])
def test_every_language_has_a_lexicon_of_labels(language):
    assert lexicon(language) is not None


def test_the_example_of_the_format_page_is_clean():
    page = (Path(__file__).parents[3] / "docs/questionnaires.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n", 1)[1].split("```", 1)[0]
    assert [problem for problem in lint.check(example) if problem.fails] == []
