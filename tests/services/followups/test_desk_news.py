"""What an open page tells its reader."""

from __future__ import annotations

from datetime import timedelta

from feedback.services.access import Viewer
from feedback.services.followups import desk_news, workflow
from feedback.services.followups.workflow import Handover
from tests.services.followups.desk import MONDAY, Desk

MINUTE = timedelta(minutes=1)


def news(desk: Desk, who: str, now: object = MONDAY + MINUTE) -> list[tuple[int, str]]:
    with desk.runtime.database.reading() as session:
        found = desk_news.news_for(session, desk.people[who], now)  # type: ignore[arg-type]
    return [(each.task_id, each.kind) for each in found]


def test_news_are_follow_ups_that_became_somebodys_through_others(desk: Desk) -> None:
    task = desk.low(owner="cem")
    assert news(desk, "cem") == [(task.id, "opened")]
    assert news(desk, "selin") == []
    with desk.runtime.database.writing() as session:
        lead = Viewer(desk.people["lead"], sees_all=True)
        handover = Handover(desk.people["selin"], "You know them.", assigns=True)
        workflow.hand_over(session, task.id, lead, handover, revision=task.revision, now=MONDAY)
    assert news(desk, "selin") == [(task.id, "reassigned")]
    assert news(desk, "cem") == []
    assert news(desk, "selin", MONDAY + desk_news.LASTS) == []


def test_a_snoozed_follow_up_is_news_when_its_time_has_come(desk: Desk) -> None:
    task, later = desk.low(owner="cem"), MONDAY + timedelta(hours=2)
    with desk.runtime.database.writing() as session:
        cem, why = desk.viewer("cem"), "They are out."
        workflow.snooze(session, task.id, cem, later, why, revision=task.revision, now=MONDAY)
    assert news(desk, "cem") == []
    with desk.runtime.database.writing() as session:
        workflow.wake_due(session, later)
    assert news(desk, "cem", later + MINUTE) == [(task.id, "woken")]
