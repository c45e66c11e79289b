"""A language is as far as its texts: missing, outdated since the source changed, or translated."""

from __future__ import annotations

import pytest

from feedback.services.studio.translations.state import (
    LanguageProgress,
    TranslationHistory,
    confirmation,
    progress,
)
from feedback.services.studio.translations.texts import wordings_of
from tests.services.studio.translations.examples import SURVEY, of, states

STEM = "questions.score.text"
CHANGED = SURVEY.replace("How easy was it to use {company}?", "How easy is {company} to use?")
RETRANSLATED = CHANGED.replace("kullanmak ne kadar kolaydı", "kullanmak kolay mı")
UNTRANSLATED = SURVEY.replace('      tr: "{company} kullanmak ne kadar kolaydı?"\n', "")


def past(*earlier: str) -> TranslationHistory:
    return TranslationHistory([wordings_of(each) for each in earlier])


@pytest.mark.parametrize(
    ("now", "earlier", "state"),
    [
        (SURVEY, [], "translated"),
        (SURVEY, [SURVEY], "translated"),
        (CHANGED, [], "translated"),
        (CHANGED, [SURVEY], "outdated"),
        (CHANGED, [CHANGED, SURVEY], "outdated"),
        (SURVEY, [CHANGED, SURVEY], "translated"),
        (RETRANSLATED, [CHANGED, SURVEY], "translated"),
        (CHANGED, [UNTRANSLATED], "translated"),
        (CHANGED.replace("is {company}", "is  {company}"), [CHANGED], "translated"),
        (UNTRANSLATED, [SURVEY], "missing"),
        (SURVEY.replace('"{company} kullanmak ne kadar kolaydı?"', '" "'), [], "missing"),
    ],
    ids=[
        "no history",
        "nothing changed",
        "the source was never another",
        "only the source changed",
        "it changed some time ago",
        "the source changed back",
        "both changed",
        "translated since",
        "only the spacing changed",
        "not translated",
        "translated with a space",
    ],
)
def test_a_translation_is_outdated_if_only_its_source_has_changed(
    now: str, earlier: list[str], state: str
) -> None:
    assert states(now, past(*earlier))[STEM] == state


def test_an_outdated_translation_says_from_what_it_was_made() -> None:
    found = next(each for each in of(CHANGED, history=past(SURVEY)) if each.text.id == STEM)
    assert found.before == "How easy was it to use {company}?"


def test_a_translation_that_somebody_confirmed_is_not_outdated_until_the_next_change() -> None:
    outdated = next(each for each in of(CHANGED, history=past(SURVEY)) if each.text.id == STEM)
    confirmed = TranslationHistory(past(SURVEY).earlier, frozenset({confirmation(outdated)}))
    assert states(CHANGED, confirmed)[STEM] == "translated"
    assert states(CHANGED.replace("How easy", "How simple"), confirmed)[STEM] == "outdated"


def test_a_confirmed_translation_is_outdated_even_if_no_earlier_text_was_kept() -> None:
    made = next(each for each in of(SURVEY) if each.text.id == STEM)
    found = TranslationHistory((), frozenset({confirmation(made)}))
    assert states(CHANGED, found)[STEM] == "outdated"
    assert states(RETRANSLATED, found)[STEM] == "translated"


def test_progress_counts_the_texts_of_a_language() -> None:
    assert progress("tr", of(SURVEY)) == LanguageProgress("tr", translated=3, outdated=0, missing=7)
    assert progress("tr", of(CHANGED, history=past(SURVEY))).outdated == 1
