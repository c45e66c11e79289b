from collections import Counter

import pytest

from feedback.core.token import ALPHABET, LENGTH, draw, looks_like_token


def test_the_form_of_a_token_never_changes_because_links_are_out_there():
    assert looks_like_token("bd6U5uyyqpwP")
    assert (LENGTH, len(ALPHABET), len(set(ALPHABET))) == (12, 58, 58)


def test_every_token_is_twelve_characters_that_nobody_mistakes():
    for _ in range(1000):
        token = draw()
        assert looks_like_token(token)
        assert not set(token) & set("0OlI-_")


def test_tokens_have_nothing_in_common():
    tokens = [draw() for _ in range(5000)]
    assert len(set(tokens)) == len(tokens)
    for position in range(LENGTH):
        seen = Counter(token[position] for token in tokens)
        assert len(seen) == len(ALPHABET)
        assert max(seen.values()) < 5000 / 58 * 1.8


@pytest.mark.parametrize("text", ["", "short", "1" * 13, "0" * 12, "12345678901I", "abc def ghij", "۱" * 12])
def test_what_cannot_be_a_token_does_not_reach_the_database(text):
    assert not looks_like_token(text)
