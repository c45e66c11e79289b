"""Low scores of one open link are one follow-up, on both databases; web/survey/test_open_links.py has the pages."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from feedback.core.answer import Answer
from feedback.services.followups import open_link_answers
from feedback.services.responses import open_links, recording
from feedback.services.responses.submission import Submission
from feedback.store.models import FollowUp, Link
from tests.services.followups.desk import MONDAY, Desk

KEY = "support-call-csat"


@pytest.fixture
def link(desk: Desk) -> int:
    with desk.runtime.database.writing() as session:
        new = open_links.NewLink("poster", "Lobby", KEY)
        return open_links.create(session, desk.runtime.library, new, MONDAY).id


def answer(desk: Desk, link: int, visit: str, score: int, now: datetime = MONDAY) -> None:
    runtime = desk.runtime
    with runtime.database.writing() as session:
        found = session.get_one(Link, link)
        version = runtime.library.published(session, KEY, now).id
        submission = Submission({"satisfaction": Answer(score)}, now, "poster")
        walk_in = recording.WalkIn(found, visit, version)
        recording.record_visit(
            session, walk_in, runtime.library.questionnaires[KEY], submission, runtime.settings
        )


def follow_ups(desk: Desk) -> list[tuple[int | None, list[int]]]:
    with desk.runtime.database.reading() as session:
        tasks = session.scalars(select(FollowUp).order_by(FollowUp.id)).all()
        return [
            (task.score, [each.detail["score"] for each in task.entries if "score" in each.detail])
            for task in tasks
        ]


def test_a_response_joins_once_however_often_it_is_changed(desk: Desk, link: int) -> None:
    answer(desk, link, "one", 1)
    answer(desk, link, "two", 2)
    answer(desk, link, "two", 1, MONDAY + timedelta(minutes=1))
    assert follow_ups(desk) == [(1, [2])]


def test_the_next_hour_has_a_follow_up_of_its_own(desk: Desk, link: int) -> None:
    answer(desk, link, "one", 1)
    answer(desk, link, "two", 2, MONDAY + open_link_answers.WITHIN - timedelta(seconds=1))
    answer(desk, link, "three", 2, MONDAY + open_link_answers.WITHIN)
    assert follow_ups(desk) == [(1, [2]), (2, [])]


def test_invited_customers_are_never_gathered(desk: Desk) -> None:
    desk.low()
    desk.low()
    assert len(follow_ups(desk)) == 2
