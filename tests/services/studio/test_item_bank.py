"""The bank of items: published wordings that the reader and the registry accept."""

from __future__ import annotations

import pytest

from feedback import lint
from feedback.errors import NotFound
from feedback.services.studio import beginnings, item_bank


def test_every_item_has_texts_a_source_and_terms() -> None:
    for each in item_bank.items().values():
        assert {language for language, _ in each.question.text.variants(("en",))} == set(item_bank.LANGUAGES)
        assert each.source
        assert each.terms
        assert each.translation in item_bank.TRANSLATIONS


def test_items_together_are_a_questionnaire_with_the_registry_s_wording() -> None:
    text = beginnings.with_items("All", "all", item_bank.LANGUAGES, list(item_bank.items().values()))
    made = lint.read(text).questionnaire
    assert made
    assert [each.key for each in made.questions] == list(item_bank.items())
    assert "instrument-altered" not in {each.rule for each in lint.check(text)}


@pytest.mark.parametrize("metric", [None, *beginnings.METRICS])
def test_a_blank_survey_reads_in_any_language(metric: str | None) -> None:
    made = lint.read(beginnings.blank('A: "b" {c}', "true", ["de", "fa"], metric)).questionnaire
    assert made
    assert len(made.questions) == (2 if metric else 1)


def test_an_unknown_item_is_not_found() -> None:
    with pytest.raises(NotFound):
        item_bank.item("joy")
