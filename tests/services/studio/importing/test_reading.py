"""Questionnaires in our own format come as they are."""

from __future__ import annotations

import pytest

from feedback.errors import ImportRefused
from tests.services.studio.importing.reports import imported

OURS = """\
# a comment
key: visit
title: {en: Visit}
languages: [en]
questions:   # the only one
  - {key: how, type: text, text: 'How was it?'}
"""


def test_a_questionnaire_of_ours_is_taken_word_for_word() -> None:
    draft = imported(OURS)
    assert (draft.text, draft.key, draft.questions, draft.notes) == (OURS, "visit", 1, ())


@pytest.mark.parametrize("broken", [OURS.replace("type: text", "type: txt"), OURS + "  - {"])
def test_a_broken_one_is_refused_with_the_line_and_not_read_as_a_list_of_questions(broken: str) -> None:
    with pytest.raises(ImportRefused, match=r"Line \d+: "):
        imported(broken)
