"""A rewrite that is a sentence of the questionnaire stands up to the rules that it is to satisfy."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedback import lint
from feedback.core.text.translatable import TranslatableText
from feedback.lint.rewriting import REWRITES

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
