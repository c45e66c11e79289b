"""A rewrite that is a sentence of the questionnaire stands up to the rules that it is to satisfy."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from feedback import lint
from feedback.core.text.translatable import TranslatableText
from feedback.lint.engine.fixes import FIXES
from feedback.lint.engine.offered_edits import REWORDED, rewriting
from feedback.lint.rewriting import REWRITES
from tests.lint.judging import batches

FILES = sorted(
    file for rule in REWRITES for file in (Path(__file__).parents[1] / "rules" / rule).glob("bad*.yaml")
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_rewrite_raises_no_finding_of_its_own(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    found = lint.check(text, file.name)
    for problem in found:
        if (
            problem.rule not in REWRITES
            or not problem.rewrite
            or isinstance(problem.rewrite, TranslatableText)
        ):
            continue
        for better in problem.rewrite.split(" / "):
            if problem.wording not in text:
                continue
            again = lint.check(text.replace(problem.wording, better, 1), file.name)
            here = [each.rule for each in again if each.wording == better and each.severity != "info"]
            before = {each.rule for each in found if each.wording == problem.wording} - {problem.rule}
            assert set(here) <= before, (better, here)


OFFERED = REWORDED | FIXES.keys() | {"missing-not-applicable"}
MOST_OF_A_RULE = 12


def _offered(language: str) -> list[dict[str, Any]]:
    """Questionnaires of the examiners with a fault whose repair is offered as an edit, a few for each rule."""
    taken: Counter[str] = Counter()
    found = []
    for case in (each for batch in batches.names() for each in batches.cases(language, batch)):
        wanted = case.expected & OFFERED
        if wanted and min(taken[rule] for rule in wanted) < MOST_OF_A_RULE:
            taken.update(wanted)
            found.append(batches.survey(case))
    return found


def _counted(source: str) -> Counter[tuple[str, str]]:
    return Counter((each.rule, each.question) for each in lint.check(source) if each.severity != "info")


@pytest.mark.parametrize("language", batches.LANGUAGES)
def test_an_edit_that_is_offered_ends_its_finding_and_begins_none(language: str) -> None:
    rules: set[str] = set()
    for survey in _offered(language):
        source = yaml.safe_dump(survey, allow_unicode=True, width=10_000, sort_keys=False)
        document = lint.read(source)
        found = [each for each in lint.check(source) if each.severity != "info"]
        before = Counter((each.rule, each.question) for each in found)
        for problem in found:
            for edit in rewriting(document, problem):
                rules.add(problem.rule)
                after = _counted(source[: edit.start] + edit.text + source[edit.end :])
                assert after - before == Counter(), (problem.rule, problem.wording, edit.text)
                key = (problem.rule, problem.question)
                assert after[key] < before[key], (problem.rule, problem.wording, edit.text)
    assert rules >= OFFERED - {"sms-segments", "recall-too-long"}


@pytest.mark.parametrize(
    ("language", "options", "below", "above"),
    [
        ("en", "10-49 employees|50-249 employees", "Under 10 employees", "250 employees or more"),
        ("en", "$20 to $29 thousand|$30 to $39 thousand", "Under $20 thousand", "$40 thousand or more"),
        ("tr", "20-29 bin TL|30-39 bin TL", "20 bin TL altı", "40 bin TL ve üzeri"),
        ("fa", "۲۰ تا ۲۹ هزار تومان|۳۰ تا ۳۹ هزار تومان", "کمتر از ۲۰ هزار تومان", "۴۰ هزار تومان و بیشتر"),
    ],
)
def test_both_missing_bands_are_offered_and_complete_the_list(
    language: str, options: str, below: str, above: str
) -> None:
    def checked(*listed: str) -> list[Any]:
        question = {"key": "q", "type": "single", "purpose": "P", "text": "?", "options": list(listed)}
        survey = {"key": "s", "title": "T", "languages": [language], "questions": [question]}
        found = lint.check(yaml.safe_dump(survey, allow_unicode=True))
        return [each for each in found if each.rule.startswith(("range", "options"))]

    (problem,) = checked(*options.split("|"))
    assert isinstance(problem.rewrite, TranslatableText)
    assert problem.rewrite.params == {"below": below, "above": above}
    assert checked(below, *options.split("|"), above) == []
