"""Answers survive being stored as JSON."""

from __future__ import annotations

import json

import pytest

from feedback.core.answer import Answer


@pytest.mark.parametrize(
    "answer",
    [Answer(7), Answer("price", "too much"), Answer(("a", "b")), Answer({"row": 3}), Answer(None, "Words.")],
)
def test_an_answer_is_read_back_as_it_was_stored(answer: Answer) -> None:
    assert Answer.from_stored(json.loads(json.dumps(answer.stored())), answer.text) == answer
