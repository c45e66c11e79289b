"""The endings that the grammar of a language knows: each with words that have it, and with one that only looks so."""

from __future__ import annotations

import pytest

from feedback.lint.languages.pack import pack
from feedback.lint.options.numeric_bands import parse


@pytest.mark.parametrize(
    ("asked", "label"),
    [("zordu", "zor"), ("memnundur", "memnun"), ("rahattı", "rahat"), ("zor", "zor")],
)
def test_a_turkish_question_may_put_its_ending_at_a_label(asked, label):
    assert label in pack("tr").forms(asked)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("ondan", "on"),
        ("birden", "bir"),
        ("beşten", "beş"),
        ("ikiye", "iki"),
        ("ona", "on"),
        ("altıdan", "altı"),
        ("otuz", "otuz"),
    ],
)
def test_a_turkish_number_may_have_a_case(written, number):
    assert pack("tr").number_word(written) == number


@pytest.mark.parametrize(
    ("option", "low", "high"),
    [("Ondan az", float("-inf"), 10), ("Birden fazla", 1, float("inf")), ("Ona kadar", float("-inf"), 10)],
)
def test_turkish_numbers_in_words_make_bands(option, low, high):
    band = parse(option, "tr")
    assert band is not None
    assert (band.low, band.high) == (low, high)


@pytest.mark.parametrize(
    ("written", "unit"), [("günden", "gün"), ("günlük", "gün"), ("gün", "gün"), ("gündem", None)]
)
def test_a_turkish_unit_may_have_an_ending(written, unit):
    assert pack("tr").unit_in(written, {"gün"}) == unit


@pytest.mark.parametrize(
    ("counted", "noun"), [("kezden", "kez"), ("üründen", "ürün"), ("kez", "kez"), ("ada", "ada")]
)
def test_what_is_counted_in_turkish_may_have_a_case(counted, noun):
    assert pack("tr").counted(counted) == noun


@pytest.mark.parametrize(
    ("language", "head", "word", "is_kind"),
    [
        ("tr", "kart", "kartı", True),
        ("tr", "kart", "kartvizit", False),
        ("fa", "کارت", "کارتی", True),
        ("fa", "کارت", "کارتخوان", False),
        ("en", "card", "card", True),
        ("en", "card", "cards", False),
    ],
)
def test_the_main_word_of_a_compound_may_have_an_ending(language, head, word, is_kind):
    assert pack(language).is_kind_of(head, word) is is_kind


@pytest.mark.parametrize(
    ("option", "spaced"), [("20'den az", "20 den az"), ("TL’ye", "TL ye"), ("'en iyi'", "'en iyi'")]
)
def test_an_apostrophe_sets_a_turkish_case_apart(option, spaced):
    assert pack("tr").spaced(option) == spaced


@pytest.mark.parametrize(
    ("skeleton", "evened"),
    [
        ("# dan fazla", "# den fazla"),
        ("# a kadar", "# den kadar"),
        ("# in altı", "# den altı"),
        ("# az", "# az"),
    ],
)
def test_the_cases_of_a_turkish_number_are_written_in_one_way(skeleton, evened):
    assert pack("tr").evened(skeleton) == evened
