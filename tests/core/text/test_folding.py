"""What counts as the same spelling."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.core.text.folding import ascii_digits, bare, fold, fold_any


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026", "2026"),
        ("room 12", "room 12"),
        ("۱۲٬۳۴۵", "12٬345"),  # Persian; the separator is no digit
        ("٠١٢٣٤٥٦٧٨٩", "0123456789"),  # Arabic
        ("１０", "10"),  # full width
        ("०९ and 7", "09 and 7"),  # Devanagari
        ("x² ½ ③ Ⅷ", "x² ½ ③ Ⅷ"),  # numbers, but not digits of a place value
        ("", ""),
    ],
)
def test_decimal_digits_of_every_script_become_ascii_digits(written: str, read: str) -> None:
    assert ascii_digits(written) == read


@given(st.text())
def test_only_decimal_digits_change(text: str) -> None:
    changed = ascii_digits(text)
    assert len(changed) == len(text)
    pairs = zip(text, changed, strict=True)
    assert all(now == (str(unicodedata.digit(was)) if was.isdecimal() else was) for was, now in pairs)


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("İKİ IŞIK", "tr", "iki ışık"),
        ("IRIS", "en", "iris"),
        ("آيا مي\u200cشود؟", "fa", "ایا می شود؟"),
        ("  Two\u00a0 words ", "en", "two words"),
    ],
)
def test_in_a_known_language_letters_case_and_spacing_are_evened_out(
    text: str, language: str, expected: str
) -> None:
    assert fold(text, language) == expected


def test_punctuation_at_the_ends_does_not_tell_labels_apart() -> None:
    assert bare("“Very good!”", "en") == bare("very good", "en")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("İPTAL", "iptal"),
        ("ıptal", "iptal"),
        ("Teşekkürler", "tesekkurler"),
        ("don't", "dont"),
        ("Straße", "strasse"),
        ("كلي", "کلی"),  # Arabic kaf and ye, as Persian writes them
        ("نمی\u200cخواهم", "نمی خواهم"),
        ("لـــغو", "لغو"),  # the stretching line
        ("𝐒𝐓𝐎𝐏", "stop"),
    ],
)
def test_in_any_language_spellings_of_one_word_fold_to_the_same(one: str, other: str) -> None:
    assert fold_any(one) == fold_any(other)


@pytest.mark.parametrize(("one", "other"), [("stop", "stopp"), ("لغو", "لغی"), ("o", "ö2")])
def test_different_words_stay_different(one: str, other: str) -> None:
    assert fold_any(one) != fold_any(other)


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold_any(fold_any(text)) == fold_any(text)
