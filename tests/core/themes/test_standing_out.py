"""Words that stand out between two groups of comments, and none that differ by chance."""

from __future__ import annotations

import random

import pytest

from feedback.core.themes.standing_out import Word, discoveries, standing_out, words_used


def used(*texts: str, language: str = "en") -> list[dict[str, str]]:
    return [words_used(each, language) for each in texts]


def test_the_word_of_one_group_is_found_with_its_counts() -> None:
    a = used(*["the invoice was wrong"] * 12, *["nice people"] * 20)
    b = used(*["nice people"] * 40)
    found = standing_out(a, b)
    assert {each.word for each in found if each.z > 0} == {"invoice", "wrong"}
    invoice = next(each for each in found if each.word == "invoice")
    assert (invoice.n_a, invoice.n_b) == (12, 0)


def test_z_is_that_of_the_formula() -> None:
    """Equations 15, 16, 19 and 22 of Monroe et al. (2008), worked by hand for 10 of 20 words against 18 of 20."""
    a = used(*["bill"] * 10, *["tea"] * 10)
    b = used(*["bill"] * 2, *["tea"] * 18)
    found = {each.word: each for each in standing_out(a, b)}
    assert found["tea"].z == pytest.approx(-2.710, abs=0.001)


def test_forms_of_a_word_count_together() -> None:
    assert words_used("Faturalar, faturamız ve fatura", "tr") == {"fatur": "faturalar"}
    assert words_used("گزارش‌ها و گزارش", "fa") == {"گزارش": "گزارشها"}
    assert words_used("Reports and the report", "en") == {"report": "reports"}


def test_random_halves_of_the_same_comments_rarely_differ() -> None:
    generator = random.Random(8)
    vocabulary = [f"word{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(200)]
    weights = [1 / (n + 1) for n in range(200)]
    false = 0
    for _ in range(100):
        comments = [dict.fromkeys(generator.choices(vocabulary, weights, k=6), "x") for _ in range(140)]
        false += bool(standing_out(comments[:70], comments[70:]))
    assert false <= 5


def test_benjamini_and_hochberg_keep_as_many_as_their_rate_allows() -> None:
    """The 15 p-values of their example (1995, section 3.2): four discoveries."""
    small = (0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459)
    values = (*small, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0)
    tested = [Word(str(n), str(n), 3, 0, 1.0, p) for n, p in enumerate(values)]
    assert len(discoveries(tested)) == 4


def test_an_empty_group_says_nothing() -> None:
    assert standing_out([], used("price")) == []
