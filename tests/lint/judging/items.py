"""The corpus of our own questions (`tests/lint/corpus/<language>.yaml`): a form of answer, a text, the rules that fire.

Each item belongs, by a hash of its text, to the part that the word lists were tuned on or to the part held out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from feedback.lint.document.reader import read
from feedback.lint.rules.word_rules import WORD_RULES
from tests.lint.judging.corpus import ANSWERS, CORPUS, PARTS, SCALES, TYPES, Item, Report


def items(language: str) -> Iterator[Item]:
    """The corpus of a language."""
    data = yaml.safe_load((CORPUS / f"{language}.yaml").read_text(encoding="utf-8"))
    for line in data["items"].splitlines():
        form, text, rules = (part.strip() for part in line.split("|"))
        yield Item(language, form, text, frozenset(rules.split()))


def question(item: Item) -> dict[str, Any]:
    """The item as a question of a questionnaire."""
    form = item.form.removesuffix("!").removesuffix("+no")
    answers = ANSWERS[item.language]
    found: dict[str, Any] = {"key": "q", "text": item.text, "required": item.form.endswith("!")}
    if form in TYPES:
        return found | {"type": TYPES[form]}
    labels = answers.get(form, answers["pick"])
    if form in SCALES:
        scale = {"min": 1, "max": len(labels), "labels": dict(enumerate(labels, 1))}
        return found | {"type": "rating", "scale": scale}
    options = labels + (answers["opt-out"] if item.form.endswith("+no") else [])
    kind = "multi" if form == "multi" else "single"
    return found | {
        "type": kind,
        "options": [{"key": f"o{n}", "text": text} for n, text in enumerate(options)],
    }


def found_in(item: Item) -> frozenset[str]:
    """The rules that fire on an item, infos left out."""
    survey = {"key": "s", "title": "Survey", "languages": [item.language], "questions": [question(item)]}
    document = read(yaml.safe_dump(survey, allow_unicode=True, width=10_000))
    if document.problems:
        raise ValueError(f"{item.text}: {document.problems[0].message}")
    problems = (problem for rule in WORD_RULES for problem in rule.check(document))
    return frozenset(problem.rule for problem in problems if problem.severity != "info")


def reports(language: str) -> dict[str, Report]:
    result = {part: Report() for part in PARTS}
    for item in items(language):
        result[item.part].add(item, found_in(item))
    return result
