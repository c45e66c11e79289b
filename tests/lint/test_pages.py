from __future__ import annotations

from pathlib import Path

import pytest

from feedback.lint import pages
from feedback.lint.document import json_schema
from feedback.lint.rules import EVERY_RULE

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", sorted(pages.pages()))
def test_the_page_of_a_rule_says_what_the_rule_says(name):
    written = ROOT / pages.DIRECTORY / name
    assert written.is_file(), "run python -m feedback.lint.pages"
    assert written.read_text(encoding="utf-8") == pages.pages()[name], "run python -m feedback.lint.pages"


def test_no_page_is_left_of_a_rule_that_is_gone():
    assert {file.name for file in (ROOT / pages.DIRECTORY).glob("*.md")} == set(pages.pages())


@pytest.mark.parametrize("name", sorted(json_schema.schemas()))
def test_the_json_schemas_are_those_of_the_models(name):
    written = (ROOT / json_schema.DIRECTORY / name).read_text(encoding="utf-8")
    assert written == json_schema.schemas()[name], "run python -m feedback.lint.document.json_schema"


def test_the_ids_of_rules_are_unique_and_practice_8_stays_empty():
    ids = [rule.id for rule in EVERY_RULE]
    assert len(ids) == len(set(ids))
    assert 8 not in {rule.xm for rule in EVERY_RULE}


@pytest.mark.parametrize("rule", EVERY_RULE, ids=lambda rule: rule.id)
def test_every_rule_explains_itself(rule):
    assert rule.why.endswith(".") or rule.why.endswith(")")
    assert rule.good
    assert rule.bad
