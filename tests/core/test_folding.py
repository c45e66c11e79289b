"""What counts as the same spelling."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.core.folding import ascii_digits, fold


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026", "2026"),
        ("۱۲٬۳۴۵", "12٬345"),  # Persian; the separator is no digit
        ("٠١٢٣٤٥٦٧٨٩", "0123456789"),  # Arabic
        ("１０", "10"),  # full width
        ("०९ and 7", "09 and 7"),  # Devanagari
        ("x² ½ ③", "x² ½ ③"),  # numbers, but not digits of a place value
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
def test_spellings_of_one_word_fold_to_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("stop", "stopp"), ("لغو", "لغی"), ("o", "ö2")])
def test_different_words_stay_different(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)
