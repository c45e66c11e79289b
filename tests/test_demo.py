"""The demo that a newcomer watches: whatever the hour and the day, something arrives and leads somewhere."""

from __future__ import annotations

import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import fmean

import pytest
from sqlalchemy import func, select

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.core.answer import Answer
from feedback.core.metrics.display import SHOWN_FROM
from feedback.core.questions import ScaleQuestion
from feedback.demo import live, setup
from feedback.services import rollups
from feedback.services.access import Viewer
from feedback.services.followups import queue
from feedback.services.journey import invitations
from feedback.services.messaging import invariants
from feedback.services.responses import recording
from feedback.services.responses.submission import Submission
from feedback.services.setup import diagnosis
from feedback.store.models import AnswerRow, Contact, FollowUp, Invitation, Response, Score

MINUTES = timedelta(minutes=2)
"""Between the decision and the provider's answer."""


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


def test_the_past_keeps_every_invariant(demo: Runtime) -> None:
    with demo.database.reading() as session:
        assert invariants.check(session, clock.now()) == []
        assert rollups.check(session) == []
        found = diagnosis.of_data(session, demo.settings, clock.now())
    # No worker runs here, and nobody may ask the people whose companies have left.
    assert {each.code for each in found} <= {"F109", "F115"}


def test_nobody_was_asked_against_the_rules_of_rest(demo: Runtime) -> None:
    rules = demo.settings.contact
    with demo.database.reading() as session:
        asked = session.execute(
            select(Invitation.contact_id, Invitation.account_id, Invitation.sent_at, Invitation.priority)
            .where(Invitation.sent_at.is_not(None))
            .order_by(Invitation.sent_at)
        ).all()
    assert len(asked) > 2_000
    last: dict[int, tuple[datetime, int]] = {}
    of_account: defaultdict[int, list[datetime]] = defaultdict(list)
    for contact, account, at, priority in asked:
        if contact in last:
            before, its = last[contact]
            assert at - before >= (rules.important_gap if priority > its else rules.min_gap) - MINUTES
        last[contact] = at, priority
        of_account[account].append(at)
    for moments in of_account.values():
        for early, late in itertools.pairwise(moments[:: rules.account_max]):
            assert late - early >= rules.account_window - MINUTES


def test_scores_are_more_than_indicative_and_tell_a_story(demo: Runtime) -> None:
    now = clock.now()
    with demo.database.reading() as session:
        rows = session.execute(
            select(Score.at, Score.value).where(Score.trend == "relationship").order_by(Score.at)
        ).all()
    by_month: defaultdict[int, list[int]] = defaultdict(list)
    for at, value in rows:
        by_month[(now - at).days // 30].append(value)
    assert all(len(by_month[month]) >= SHOWN_FROM for month in range(12))
    means = {month: fmean(values) for month, values in by_month.items()}
    assert means[7] < means[9] - 0.8, "the price change"
    assert means[2] < means[4] - 0.8, "the bad release"
    assert means[0] > means[2] + 1, "the hotfix"


def test_people_have_names_of_their_own_and_words_that_fit(demo: Runtime) -> None:
    with demo.database.reading() as session:
        names = session.execute(select(Contact.account_id, Contact.name)).all()
        texts = session.execute(
            select(AnswerRow.text, Response.language, Score.band)
            .join(Response, Response.id == AnswerRow.response_id)
            .join(Score, Score.response_id == Response.id)
            .where(AnswerRow.text.is_not(None))
        ).all()
    assert len(names) == len(set(names))
    assert max(Counter(text for text, _, _ in texts).values()) <= 8
    assert len(texts) > 500
    for text, language, band in texts:
        assert any("\u0600" <= letter <= "\u06ff" for letter in text) == (language == "fa"), text
        assert "Thank you" not in text or band in ("promoter", "satisfied", "agree", "easy", "high"), (
            text,
            band,
        )


def test_the_team_worked_in_its_hours_and_mostly_in_time(demo: Runtime) -> None:
    with demo.database.reading() as session:
        tasks = session.scalars(select(FollowUp).where(FollowUp.closed_at.is_not(None))).all()
        in_time = [
            each for each in tasks if each.first_contact_at and each.first_contact_at <= each.contact_due_at
        ]
        assert len(in_time) > 0.6 * len(tasks) > 200
        for each in tasks:
            assert each.closed_at is not None
            assert (
                each.opened_at <= (each.first_contact_at or each.closed_at) <= each.closed_at <= clock.now()
            )
            moments = [
                entry.at for entry in each.entries if entry.kind not in ("told", "escalated", "reminded")
            ]
            assert moments == sorted(moments)


def test_nobody_gets_more_surveys_than_the_rules_allow_while_somebody_watches(demo: Runtime) -> None:
    """An hour at the usual pace; what a fast pace needs more of are people who join."""
    dice, now = random.Random(3), _next("tuesday", 9)
    with demo.database.writing() as session:
        for each in range(60):
            at = now + timedelta(minutes=each)
            live.happen(session, demo, dice, at)
            invitations.issue_due(session, demo, at)
        since = select(Invitation.account_id, func.count()).where(
            Invitation.created_at >= now - timedelta(days=30)
        )
        counted = session.execute(since.group_by(Invitation.account_id)).all()
        assert max(number for _, number in counted) <= demo.settings.contact.account_max
        session.rollback()


def _next(weekday: str, hour: int) -> datetime:
    day = clock.now().astimezone(UTC).replace(hour=hour, minute=0, second=0, microsecond=0)
    while day.strftime("%A").lower() != weekday:
        day += timedelta(days=1)
    return day
