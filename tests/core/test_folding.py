from __future__ import annotations

import pytest

from feedback.core.folding import ascii_digits, bare, fold


@pytest.mark.parametrize(
    ("text", "expected"),
    [("۱۲۳", "123"), ("٤٥٦", "456"), ("７8", "78"), ("room 12", "room 12"), ("½ ² Ⅷ", "½ ² Ⅷ"), ("", "")],
)
def test_decimal_digits_of_every_script_become_ascii_and_nothing_else_changes(text, expected):
    assert ascii_digits(text) == expected


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("İKİ IŞIK", "tr", "iki ışık"),
        ("IRIS", "en", "iris"),
        ("آيا مي\u200cشود؟", "fa", "ایا می شود؟"),
        ("  Two\u00a0 words ", "en", "two words"),
    ],
)
def test_letters_case_and_spacing_are_evened_out(text, language, expected):
    assert fold(text, language) == expected


def test_punctuation_at_the_ends_does_not_tell_labels_apart():
    assert bare("“Very good!”", "en") == bare("very good", "en")
