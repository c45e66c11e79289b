"""Words in a language, and the way they run."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from feedback.core.text.localized import Language, Text, direction, direction_of, nearest


@pytest.mark.parametrize(
    ("words", "language", "way"),
    [
        ("Northwind خیلی کند است.", "fa", "rtl"),
        ("It is too slow.", "fa", "ltr"),
        ("خیلی کند است.", "en", "rtl"),
        ("The button «ارسال» fails.", "en", "ltr"),
        ("10/10 👍", "fa", "rtl"),
        ("", "en", "ltr"),
    ],
)
def test_words_run_as_their_language_does_unless_no_letter_does(words: str, language: str, way: str) -> None:
    assert direction_of(words, language) == way


@pytest.mark.parametrize(
    ("wanted", "offered", "found"),
    [
        ("pt-BR", ("en", "pt", "pt-BR"), "pt-BR"),
        ("pt-BR", ("en", "pt"), "pt"),
        ("pt", ("en", "pt-BR", "pt-PT"), "pt-BR"),
        ("zh-Hant", ("en", "zh-Hans"), "zh-Hans"),
        ("ckb", ("en", "ar"), None),
        (None, ("en",), None),
    ],
)
def test_a_reader_gets_the_nearest_language(wanted: str | None, offered: tuple[str, ...], found: str) -> None:
    assert nearest(wanted, offered) == found
    text = Text.model_validate({each: each for each in offered})
    assert text.to(wanted or "") == (found or offered[0])


@pytest.mark.parametrize(
    ("language", "way"),
    [
        ("ckb", "rtl"),
        ("fa-AF", "rtl"),
        ("az-Arab", "rtl"),
        ("pt-BR", "ltr"),
        ("zh-Hant", "ltr"),
        ("ur-Latn", "ltr"),
    ],
)
def test_a_language_runs_as_its_script_does(language: str, way: str) -> None:
    assert direction(language) == way


@pytest.mark.parametrize("code", ["en", "ckb", "pt-BR", "zh-Hant"])
def test_a_language_can_name_a_script_or_a_country(code: str) -> None:
    assert TypeAdapter(Language).validate_python(code) == code


@pytest.mark.parametrize("code", ["english", "EN", "pt_BR", "pt-br", "zh-hant", "zh-Hant-TW", "e"])
def test_other_spellings_of_languages_are_refused(code: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Language).validate_python(code)
