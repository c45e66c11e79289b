"""Findings beside their texts."""

from __future__ import annotations

import pytest

from feedback import lint
from feedback.errors import Rejected
from feedback.services.studio.editing import placed
from feedback.services.studio.editing.outline import outline
from tests.services.studio.editing.sample import SAMPLE

STEM = "How many times did you contact our support?"


def test_a_finding_stands_at_its_text_with_the_wording_that_it_proposes() -> None:
    text = SAMPLE.replace('"What else?"', f'"{STEM}"')
    document = lint.read(text)
    found = placed.findings(document, "en")
    box = outline(document).cards[2].boxes[0]
    rules = {each.finding.rule: each.better for each in placed.at_text(found, box, "en")}
    assert (
        rules["recall-period-missing"] == "In the last 3 months, how many times did you contact our support?"
    )
    assert placed.better(found, box.name, "en", "recall-period-missing")
    assert all(each.is_at("questions.comment") for each in placed.at_text(found, box, "en"))
    with pytest.raises(Rejected):
        placed.better(found, box.name, "tr", "recall-period-missing")


def test_a_text_that_cannot_be_read_has_its_fault_at_no_part() -> None:
    assert [each.name for each in placed.findings(lint.read("a: ["), "fa")] == [""]


def test_a_text_that_is_still_to_be_written_is_a_gap_of_its_language_and_no_issue() -> None:
    for written in (
        ' {en: "What else?"}',
        '\n      en: "What else?"',
        "\n      # in lines\n      en: What else?",
    ):
        document = lint.read(SAMPLE.replace(' {en: "What else?", tr: "Başka?"}', written))
        found = placed.findings(document, "en")
        box = outline(document).cards[2].boxes[0]
        assert [each.finding.rule for each in placed.gaps(found, box, "tr")] == ["translation-parity"]
        assert placed.gaps(found, box, "en") == placed.at_text(found, box, "en") == []
    assert all(each.finding.rule != "translation-parity" for each in placed.at_text(found, box, "tr"))
