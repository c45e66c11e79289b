"""The words of a comment, whatever way they are typed."""

from __future__ import annotations

import pytest

from feedback.core.themes.written_words import LANGUAGES, languages_in, lists_of, parts_of, words_in


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Slooooow!!!", ["slow"]),
        ("Müşteri HİZMETLERİ", ["musteri", "hizmetleri"]),
        ("can't LOG in", ["cant", "log", "in"]),
        ("می شود و نمی‌شود", ["میشود", "و", "نمیشود"]),
        ("گزارش‌ ها", ["گزارشها"]),
        ("بسيار عالي", ["بسیار", "عالی"]),
        ("۲۴ ساعت", ["24", "ساعت"]),
    ],
)
def test_spellings_of_the_same_words_are_one(text: str, words: list[str]) -> None:
    assert words_in(text) == words


def test_a_mark_or_a_turn_begins_a_new_part() -> None:
    assert parts_of("Support is fine, but slow. Thanks", lists_of("en").turns) == [
        ["support", "is", "fine"],
        ["slow"],
        ["thanks"],
    ]


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Great", "en", ["en"]),
        ("Çok yavaş", "en", ["en", "tr", "en"][:2]),
        ("عالی", "en", ["en", "fa"]),
        ("çok iyi", "tr", ["tr", "en"]),
        ("Sehr gut", "de", ["en"]),
    ],
)
def test_a_comment_is_read_in_its_language_and_in_those_of_its_letters(
    text: str, language: str, expected: list[str]
) -> None:
    assert languages_in(text, language) == expected


def test_every_language_has_every_list() -> None:
    for language in LANGUAGES:
        lists = lists_of(language)
        assert all((lists.stop, lists.denials_before, lists.denials_after, lists.turns, lists.real))
