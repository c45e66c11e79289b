"""Corrections teach words, and a lead accepts them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from feedback.errors import Rejected
from feedback.services.access import Viewer
from feedback.services.themes import correcting, frames, learning
from feedback.services.themes.frame_file import parse, shipped_text
from feedback.store.database import Database
from feedback.store.models import AnswerRow
from tests.factories_reports import MARCH, answered, user


def test_a_word_that_people_give_a_theme_three_times_is_suggested_and_can_be_accepted(
    migrated: Database,
) -> None:
    with migrated.writing() as session:
        viewer = Viewer(user(session).id, sees_all=True)
        for words in ("zorble again", "your zorble", "a zorble", "only wibble", "wibble"):
            answered(session, 2, words=words)
        for answer, text in session.execute(
            select(AnswerRow.id, AnswerRow.text).order_by(AnswerRow.id)
        ).all():
            if text:
                correcting.correct(session, viewer, answer, ["billing"], left_out=(), now=MARCH)
        frame = frames.in_force(session).frame
        (found,) = learning.suggestions(session, frame)
    assert (found.theme, found.language, found.word, found.n, found.base) == ("billing", "en", "zorble", 3, 3)
    text = learning.accepted(shipped_text(), found.key)
    theme = parse(text).theme("billing")
    assert theme is not None and "zorble" in theme.words["en"]
    assert len(text.splitlines()) == len(shipped_text().splitlines()) + 1


@pytest.mark.parametrize("key", ["", "billing", "nothing en word", "billing xx word", "billing en two words"])
def test_what_is_no_suggestion_is_refused(key: str) -> None:
    with pytest.raises(Rejected):
        learning.accepted(shipped_text(), key)
