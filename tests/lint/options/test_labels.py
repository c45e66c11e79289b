from __future__ import annotations

import pytest

from feedback.lint.options.labels import lexicon, readings, scale


@pytest.mark.parametrize(
    ("language", "label", "dimension", "degree"),
    [
        ("en", "Not at all clear", "clarity", -3),
        ("en", "Extremely clear", "clarity", 3),
        ("en", "Very dissatisfied", "satisfaction", -2.5),
        ("en", "Neither satisfied nor dissatisfied", "satisfaction", 0),
        ("en", "5 - Excellent", "quality", 3),
        ("en", "Not very easy", "ease", -1),
        ("tr", "Hiç memnun değilim", "satisfaction", -3),
        ("tr", "Ne iyi ne kötü", "quality", 0),
        ("tr", "KESİNLİKLE KATILIYORUM", "agreement", 3),
        ("tr", "Pek iyi değil", "quality", -1),
        ("fa", "خیلی ناراضی", "satisfaction", -2.5),
        ("fa", "اصلاً محتمل نیست", "likelihood", -3),
        ("fa", "كاملاً موافقم", "agreement", 3),
        ("de", "Überhaupt nicht wahrscheinlich", "likelihood", -3),
        ("es", "Ni satisfecho ni insatisfecho", "satisfaction", 0),
        ("fr", "Pas du tout d'accord", "agreement", -3),
        ("ar", "راضٍ جدًا", "satisfaction", 2.5),
    ],
)
def test_labels_are_read_from_words_and_degree_words(language, label, dimension, degree):
    assert (dimension, degree) in [(each.dimension, each.degree) for each in readings(label, language)]


@pytest.mark.parametrize("label", ["Banana", "", "Very", "🙂", "a" * 500])
def test_an_unknown_label_has_no_dimension(label):
    assert [each for each in readings(label, "en") if each.dimension] == []


def test_a_language_without_a_lexicon_has_no_readings():
    assert lexicon("xx") is None
    assert readings("Good", "xx") == ()


def test_a_scale_is_read_in_the_dimension_that_its_labels_share():
    found = scale(["Not at all", "Slightly clear", "Very clear"], "en")
    assert [each.dimension for each in found if each] == ["clarity"] * 3


@pytest.mark.parametrize(
    ("language", "stem", "dimension"),
    [
        ("en", "How satisfied or dissatisfied are you with {x}?", "satisfaction"),
        ("en", "How often do you fly?", "frequency"),
        ("tr", "Fiyatlar ne kadar açıktı?", "clarity"),
        ("fa", "چقدر از خدمات ما راضی هستید؟", "satisfaction"),
        ("en", "What is your job?", None),
    ],
)
def test_a_stem_tells_what_it_asks_for(language, stem, dimension):
    words = lexicon(language)
    assert words
    assert words.asked(stem) == dimension


@pytest.mark.parametrize(
    ("language", "labels", "degrees"),
    [
        ("en", ["Not at all salty", "Slightly salty", "Salty", "Very salty"], [-3, 1, 2, 2.5]),
        ("tr", ["Tuzlu", "Çok tuzlu", "Son derece tuzlu"], [2, 2.5, 3]),
        ("fa", ["اصلاً شور نبود", "کمی شور", "خیلی شور"], [-3, 1, 2.5]),
    ],
)
def test_degrees_of_a_word_that_no_list_has_are_still_degrees(language, labels, degrees):
    assert [each.degree if each else None for each in scale(labels, language)] == degrees


def test_different_unknown_words_are_no_degrees_of_one_thing():
    assert scale(["Very salty", "Crunchy", "Extremely crunchy"], "en") == [None, None, None]
