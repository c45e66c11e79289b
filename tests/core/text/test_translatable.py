"""Sentences that are plain English until somebody wants them in another language."""

from __future__ import annotations

import pickle

from feedback.core.text.translatable import message


def test_a_sentence_reads_as_english_and_knows_what_it_was_made_of() -> None:
    said = message("Two questions have the key `{key}`; each needs its own.", key="q")
    assert said == "Two questions have the key `q`; each needs its own."
    assert (said.template.count("{key}"), said.params) == (1, {"key": "q"})


def test_braces_stay_where_nothing_is_filled_in() -> None:
    assert message("inside { } or [ ]") == "inside { } or [ ]"


def test_large_numbers_get_their_separators() -> None:
    assert message("{count} of {most}", count=9_999, most=300_000) == "9999 of 300,000"


def test_a_sentence_survives_being_sent_to_another_process() -> None:
    again = pickle.loads(pickle.dumps(message("At least {limit}.", limit=3)))
    assert (again, again.template, again.params) == ("At least 3.", "At least {limit}.", {"limit": 3})
