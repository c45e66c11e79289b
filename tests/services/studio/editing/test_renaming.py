"""Another key for a question."""

from __future__ import annotations

import pytest

from feedback.errors import Rejected
from feedback.lint import read
from feedback.services.studio.editing import renaming
from feedback.services.studio.editing.checked import edited
from tests.services.studio.editing.sample import SAMPLE, changed

TEXT = """\
key: visit
title: Visit
languages: [en]
questions:
  - {key: score, type: nps, text: How likely?}  # stays
  - key: used
    type: multi
    text: Which did you use?
    options: [Chat, Phone]
  - key: best
    type: single
    options_from: used
    text: 'Best, after {answer.score|that}? Not \\{answer.score}, nor {answer.score-2|x}.'
    options: [Chat, Phone]
  - key: why
    type: text
    show_if: {any: [{question: score, at_most: 6}, {not: {question: used, answered: true}}]}
    text: Why {answer.used}?
blocks:
  - questions: [best, why]
    show_if: {question: score, at_least: 1}
thanks:
  - when: {question: score, at_most: 6}
    text: Sorry about {answer.score}.
  - text: Thanks!
follow_ups:
  - {key: low, title: score, when: {question: score, at_most: 6}, contact_within: 1d, close_within: 5d}
lint:
  suppress:
    - {rule: negation, question: why, reason: It is asked so in all our surveys.}
"""


def test_everything_that_names_the_question_follows_and_nothing_else_changes() -> None:
    after = TEXT
    for index, new in ((0, "likely"), (1, "channels"), (3, "reason")):
        after = edited(after, lambda editor, index=index, new=new: renaming.rename(editor, index, new))  # type: ignore[misc]
    expected = (
        TEXT.replace("key: score", "key: likely")
        .replace("question: score", "question: likely")
        .replace("{answer.score|", "{answer.likely|")
        .replace("about {answer.score}", "about {answer.likely}")
        .replace("key: used", "key: channels")
        .replace("options_from: used", "options_from: channels")
        .replace("question: used", "question: channels")
        .replace("{answer.used}", "{answer.channels}")
        .replace("key: why", "key: reason")
        .replace("[best, why]", "[best, reason]")
        .replace("question: why", "question: reason")
    )
    assert after == expected
    assert read(after).questionnaire


@pytest.mark.parametrize("new", ["", "Score", "why", "a b", "x" * 65])
def test_a_key_that_is_none_or_in_use_is_refused(new: str) -> None:
    with pytest.raises(Rejected, match="Choose another key"):
        edited(SAMPLE, lambda editor: renaming.rename(editor, 0, new))


def test_the_same_key_changes_nothing() -> None:
    assert changed(edited(SAMPLE, lambda editor: renaming.rename(editor, 0, "score"))) == []
