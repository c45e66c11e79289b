"""The demo that a newcomer watches: whatever the hour and the day, something arrives and leads somewhere."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.core.answer import Answer
from feedback.core.questions import ScaleQuestion
from feedback.demo import live, setup
from feedback.services.access import Viewer
from feedback.services.followups import queue
from feedback.services.journey import invitations
from feedback.services.responses import recording
from feedback.services.responses.submission import Submission
from feedback.store.models import Contact, Invitation


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    runtime = setup.prepare(tmp_path_factory.mktemp("demo"), port=8000, fresh=False, say=lambda _: None)
    yield runtime
    runtime.database.close()


@pytest.mark.parametrize("hour", [0, 6, 12, 18])
@pytest.mark.parametrize("weekday", ["tuesday", "friday", "sunday"])
def test_surveys_in_every_language_arrive_at_any_hour_of_any_day(
    demo: Runtime, weekday: str, hour: int
) -> None:
    now = _next(weekday, hour)
    dice = random.Random(f"{weekday} {hour}")
    with demo.database.writing() as session:
        reached = [live.happen(session, demo, dice, now + timedelta(seconds=8 * each)) for each in range(20)]
        asked = {each.language for each in reached if each}
        assert asked >= ({"en", "tr"} if weekday == "friday" else {"en", "tr", "fa"})  # Iran rests on Fridays
        assert None not in reached
        session.rollback()


def test_somebody_goes_on_joining_when_everybody_has_been_asked(demo: Runtime) -> None:
    """Some of those who join live where it is night: they are passed over, and nobody gets their number twice."""
    dice = random.Random(1)
    with demo.database.writing() as session:
        for contact in session.scalars(select(Contact)):
            contact.time_zone = "Pacific/Auckland"
        joined = []
        for each in range(12):
            now = _next("tuesday", 10) + timedelta(seconds=8 * each)
            joined.append(live.happen(session, demo, dice, now))
            invitations.issue_due(session, demo, now)
        names = [each.external_id for each in joined if each]
        assert (len(names), len(set(names))) == (12, 12)
        session.rollback()


@pytest.mark.parametrize("seed", range(5))
def test_a_bad_score_is_in_sight_in_the_queue(demo: Runtime, seed: int) -> None:
    now, dice = clock.now(), random.Random(seed)
    with demo.database.writing() as session:
        for each in range(
            20
        ):  # until somebody is asked for a score; a survey for leaving begins with the reasons
            contact = live.happen(session, demo, dice, now + timedelta(seconds=each))
            assert contact is not None
            invitations.issue_due(session, demo, now + timedelta(seconds=each))
            invitation = session.scalars(select(Invitation).where(Invitation.contact_id == contact.id)).one()
            questionnaire = demo.library.questionnaire_of(invitation.version)
            first = questionnaire.questions[0]
            if isinstance(first, ScaleQuestion):
                break
        assert isinstance(first, ScaleQuestion)
        worst = {first.key: Answer(first.minimum)}
        submission = Submission(worst, now, "link")
        recording.record(session, invitation, questionnaire, submission, demo.settings)
        rows = queue.ranked(
            session,
            Viewer(0, sees_all=True),
            queue.Filter(),
            scales=queue.Scales.from_settings(demo.settings),
            now=now,
            zone=UTC,
        )
        # Not always on top: who is awake at this hour may be a small customer, and somebody else's task overdue.
        assert contact.id in [row.task.contact_id for row in rows]
        assert len(rows) <= 20
        session.rollback()


def _next(weekday: str, hour: int) -> datetime:
    day = clock.now().astimezone(UTC).replace(hour=hour, minute=0, second=0, microsecond=0)
    while day.strftime("%A").lower() != weekday:
        day += timedelta(days=1)
    return day
