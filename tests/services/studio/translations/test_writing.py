"""A translation goes into the YAML without touching any other line."""

from __future__ import annotations

import difflib

import pytest

from feedback import lint
from feedback.lint.editing.refusal import CannotEditError
from feedback.services.studio.translations.importing import NewWording
from feedback.services.studio.translations.state import TranslationHistory
from feedback.services.studio.translations.writing import with_wordings
from tests.services.studio.translations.examples import SURVEY, of

CRLF = "# ours\r\n" + SURVEY.replace("\n", "\r\n").replace("languages:", "languages: # both\r\n   ", 1)


@pytest.mark.parametrize("source", [SURVEY, CRLF], ids=["plain", "with comments and CR LF"])
@pytest.mark.parametrize("name", [each.text.id for each in of(SURVEY)])
def test_a_new_wording_changes_the_lines_of_its_text_only(source: str, name: str) -> None:
    before = next(each for each in of(source) if each.text.id == name)
    words = "Yeni: \"metin\" — #1 'ı', {company}"
    text = with_wordings(source, ("en", "tr"), [NewWording(before.text.path, "tr", words)])
    after = {each.text.id: each for each in of(text)}
    assert after[name].target == words
    assert after[name].source == before.source
    others = {each.text.id: (each.source, each.target) for each in of(source) if each.text.id != name}
    assert {key: (each.source, each.target) for key, each in after.items() if key != name} == others
    changed = [
        each for each in difflib.ndiff(source.splitlines(True), text.splitlines(True)) if each[0] in "+-"
    ]
    assert sum(each[0] == "-" for each in changed) <= 1
    assert sum(each[0] == "+" for each in changed) <= 2


def test_an_option_without_a_key_keeps_the_key_of_its_answers() -> None:
    option = next(each for each in of(SURVEY) if each.text.id == "questions.reason.options.the-price.text")
    text = with_wordings(SURVEY, ("en", "tr"), [NewWording(option.text.path, "tr", "Fiyat")])
    document = lint.read(text)
    assert document.at(option.text.path) == {"key": "the-price", "text": {"en": "The price", "tr": "Fiyat"}}


def test_everything_is_translated_at_once_and_the_linter_misses_nothing() -> None:
    new = [NewWording(each.text.path, "tr", f"{each.source} (tr)") for each in of(SURVEY)]
    text = with_wordings(SURVEY, ("en", "tr"), new)
    assert {each.state.value for each in of(text, history=TranslationHistory())} == {"translated"}
    assert [each for each in lint.check(text) if "missing in" in each.message] == []


def test_nothing_is_written_if_one_of_the_texts_cannot_be() -> None:
    with pytest.raises(CannotEditError):
        with_wordings("key: [", ("en", "tr"), [NewWording(("title",), "tr", "x")])
