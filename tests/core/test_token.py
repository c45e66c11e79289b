from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.core.token import ALPHABET, LENGTH, TokenKeys, derive, looks_like_token, same_token

OLD, NEW = b"o" * 32, b"n" * 32


def test_a_token_can_be_computed_again_after_a_crash():
    assert derive(OLD, 42) == derive(OLD, 42)


def test_the_form_of_a_token_never_changes_because_links_are_out_there():
    assert derive(bytes(range(32)), 1) == "bd6U5uyyqpwP"


@given(st.binary(min_size=32, max_size=64), st.integers() | st.uuids().map(str))
def test_every_token_is_twelve_characters_that_nobody_mistakes(key, invitation_id):
    token = derive(key, invitation_id)
    assert looks_like_token(token)
    assert not set(token) & set("0OlI-_")


def test_tokens_of_neighbours_have_nothing_in_common():
    tokens = [derive(OLD, number) for number in range(5000)]
    assert len(set(tokens)) == len(tokens)
    for position in range(LENGTH):
        seen = Counter(token[position] for token in tokens)
        assert len(seen) == len(ALPHABET)
        assert max(seen.values()) < 5000 / 58 * 1.7


def test_a_new_key_makes_new_links_while_old_ones_still_work():
    keys = TokenKeys({1: OLD, 2: NEW})
    assert keys.current == 2
    assert keys.token(7, keys.current) == derive(NEW, 7) != keys.token(7, 1)


def test_a_retired_key_is_gone():
    with pytest.raises(KeyError):
        TokenKeys({2: NEW}).token(7, 1)


@pytest.mark.parametrize(("keys", "complaint"), [({}, "At least one"), ({1: b"short"}, "32 bytes")])
def test_weak_keys_are_refused(keys, complaint):
    with pytest.raises(ValueError, match=complaint):
        TokenKeys(keys)


def test_keys_are_not_printed():
    assert "ooo" not in repr(TokenKeys({1: OLD}))


@pytest.mark.parametrize("text", ["", "short", "1" * 13, "0" * 12, "12345678901I", "abc def ghij", "۱" * 12])
def test_what_cannot_be_a_token_does_not_reach_the_database(text):
    assert not looks_like_token(text)


@pytest.mark.parametrize(
    ("other", "same"), [("a" * 12, True), ("b" * 12, False), ("a", False), ("é" * 12, False)]
)
def test_tokens_are_compared_whole(other, same):
    assert same_token("a" * 12, other) is same
