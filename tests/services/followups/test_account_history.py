"""What happened with an account before."""

from __future__ import annotations

from datetime import timedelta

from feedback.services.followups import account_history
from tests.services.followups.desk import MONDAY, Desk


def test_the_history_tells_scores_and_earlier_follow_ups(desk: Desk) -> None:
    contact = desk.customer()
    desk.answer(contact, 5, now=MONDAY - timedelta(days=90))
    (task,) = desk.answer(contact, 2)
    with desk.runtime.database.reading() as session:
        history = account_history.read(session, task, desk.viewer("cem"))
    assert [score.value for score, _ in history.scores] == [2, 5]
    assert len(history.follow_ups) == 1
    assert len(history.invitations) == 2
