"""Questions as customer success teams ask them raise no alarm, and near ones with a fault still do."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.lint.judging import batches

QUESTIONS = yaml.safe_load(Path(__file__).with_name("usual_questions.yaml").read_text(encoding="utf-8"))


def found(line: str) -> frozenset[str]:
    """The rules that fire on one line: language, form, text, answers."""
    language, form, text, *answers = (part.strip() for part in line.split("|"))
    name, *flags = form.split()
    texts = tuple(each.strip() for each in answers[0].split(";")) if answers else ()
    marked = dict(flag.partition("=")[::2] for flag in flags)
    return batches.found_in(batches.survey(batches.Case(language, name, marked, text, frozenset(), texts)))


@pytest.mark.parametrize(
    "line", [pytest.param(each, id=why) for why, lines in QUESTIONS["good"].items() for each in lines]
)
def test_a_usual_question_raises_no_alarm(line: str) -> None:
    assert found(line) == set()


@pytest.mark.parametrize(
    ("line", "rule"), [(each, rule) for rule, lines in QUESTIONS["bad"].items() for each in lines]
)
def test_a_near_question_with_a_fault_is_still_found(line: str, rule: str) -> None:
    assert rule in found(line)
