"""Words in a language, and the way they run."""

from __future__ import annotations

import pytest

from feedback.core.text.localized import direction_of


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
