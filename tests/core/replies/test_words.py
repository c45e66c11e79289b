import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedback.core.replies.words import LANGUAGES, lexicon_for, lexicon_of, phrase, plain_digits


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("İPTAL", "iptal"),
        ("IPTAL", "iptal"),
        ("ıspanak", "ispanak"),
        ("Arrêt!", "arret"),
        ("Don’t  text", "dont text"),
        ("Straße", "strasse"),
        ("كيف", "کیف"),
        ("إلغاء", "الغاء"),
        ("می\u200cدهم", "می دهم"),
        ("لـغـو", "لغو"),
        ("۱۱", "11"),
    ],
)
def test_spellings_of_one_word_become_the_same(text, folded):
    assert phrase(text) == folded


@example("\U0001d412")  # a bold S
@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(text):
    assert phrase(phrase(text)) == phrase(text)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("۹", "9"),
        ("٩", "9"),
        ("９", "9"),
        ("9\ufe0f\u20e3", "9"),
        ("🔟", "10"),
        ("⑨", "9"),
        ("9½", "9.5"),
        ("x²", "x 2"),
    ],
)
def test_all_kinds_of_digits_are_made_plain(text, plain):
    assert plain_digits(text) == plain


@pytest.mark.parametrize("tag", ["en", "en-GB", "EN_us"])
def test_a_language_tag_finds_its_language(tag):
    assert lexicon_for(tag) is lexicon_of("en")


def test_an_unknown_language_has_no_words():
    assert not lexicon_for("xx").yes


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_all_its_words(language):
    words = lexicon_of(language)
    for kind in (
        "stop",
        "stop_phrases",
        "refusals",
        "stop_objects",
        "harmless",
        "corrections",
        "connectives",
        "start",
        "help",
        "yes",
        "no",
        "filler",
        "units",
        "only_alone",
        "stars",
        "negations",
        "labels",
    ):
        assert getattr(words, kind), kind
    # Persian leaves nine out on purpose: it is also "no". "Nine of ten" is nine.
    assert set(words.numbers.values()) == set(range(11)) - ({9} if language == "fa" else set())
    assert set((words.numbers | words.numbers_in_fractions).values()) == set(range(11))
    assert words.only_alone <= set(words.numbers)


def test_no_language_answers_with_another_ones_stop_word():
    stops = set().union(*(lexicon_of(one).stop for one in LANGUAGES))
    for language in LANGUAGES:
        words = lexicon_of(language)
        assert not stops & (words.yes | words.no | words.start | words.help | set(words.numbers))


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(["yes", "no", "start", "help"], 2)))
def test_no_word_means_two_things_in_a_language(one, other):
    for language in LANGUAGES:
        assert not getattr(lexicon_of(language), one) & getattr(lexicon_of(language), other)
