from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.core.token import ALPHABET, LENGTH, derive, looks_like_token

KEY = b"o" * 32


def test_a_token_can_be_computed_again_after_a_crash():
    assert derive(KEY, 42) == derive(KEY, 42)


def test_the_form_of_a_token_never_changes_because_links_are_out_there():
    assert derive(bytes(range(32)), 1) == "bd6U5uyyqpwP"


@given(st.binary(min_size=32, max_size=64), st.integers() | st.uuids().map(str))
def test_every_token_is_twelve_characters_that_nobody_mistakes(key, invitation_id):
    token = derive(key, invitation_id)
    assert looks_like_token(token)
    assert not set(token) & set("0OlI-_")


def test_tokens_of_neighbours_have_nothing_in_common():
    tokens = [derive(KEY, number) for number in range(5000)]
    assert len(set(tokens)) == len(tokens)
    for position in range(LENGTH):
        seen = Counter(token[position] for token in tokens)
        assert len(seen) == len(ALPHABET)
        assert max(seen.values()) < 5000 / 58 * 1.7


@pytest.mark.parametrize("text", ["", "short", "1" * 13, "0" * 12, "12345678901I", "abc def ghij", "۱" * 12])
def test_what_cannot_be_a_token_does_not_reach_the_database(text):
    assert not looks_like_token(text)
