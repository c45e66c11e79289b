"""Persian as people speak it is read as what it means, and words that only look spoken stay what they are."""

from __future__ import annotations

import pytest

from feedback.lint.languages.pack import pack
from feedback.lint.options.labels import scale


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("اسون", "اسان"),
        ("خودتون", "خودتان"),
        ("بهتون", "بهتان"),
        ("کدوم", "کدام"),
        ("راضی هستین", "راضی هستید"),
        ("می کنین", "می کنید"),
        ("گرونه", "گرانه"),
    ],
)
def test_spoken_forms_are_read_as_written_ones(spoken: str, written: str) -> None:
    assert pack("fa").written(spoken) == written
    assert len(spoken) == len(written)


@pytest.mark.parametrize(
    "word", ["بدون", "تلویزیون", "میلیون", "قانون", "کارتون", "زمین", "معین", "ستون", "همچنین"]
)
def test_words_that_only_look_spoken_stay(word: str) -> None:
    assert pack("fa").written(word) == word


def test_labels_with_a_spoken_is_are_understood() -> None:
    found = scale(["خیلی سخته", "سخته", "نه سخت نه آسون", "آسونه", "خیلی آسونه"], "fa")
    assert [each and (each.dimension, each.degree) for each in found] == [
        ("ease", -2.5),
        ("ease", -2.0),
        ("ease", 0.0),
        ("ease", 2.0),
        ("ease", 2.5),
    ]
