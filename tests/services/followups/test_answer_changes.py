"""A customer who corrects an answer: what nobody has begun follows it, what somebody works on stays theirs."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from feedback.core.answer import Answer
from feedback.errors import Rejected
from feedback.services.followups import workflow
from feedback.services.responses import recording
from feedback.services.responses.submission import Submission
from feedback.store.models import FollowUp, FollowUpEntry, Invitation
from tests.services.followups.desk import MONDAY, Desk

SOON = MONDAY + timedelta(minutes=10)


def correct(desk: Desk, task: FollowUp, score: int, now: datetime = SOON) -> dict[str, FollowUp]:
    """Change the score behind a follow-up; kind -> follow-up of the response afterwards."""
    with desk.runtime.database.writing() as session:
        invitation = session.scalars(select(Invitation).where(Invitation.contact_id == task.contact_id)).one()
        questionnaire = desk.runtime.library.questionnaire_of(invitation.version)
        submission = Submission({"score": Answer(score)}, now, "link")
        recording.record(session, invitation, questionnaire, submission, desk.runtime.settings)
        session.flush()
        found = session.scalars(select(FollowUp).where(FollowUp.response_id == task.response_id))
        return {each.kind: each for each in found}


def entries(desk: Desk, task: FollowUp) -> list[tuple[str, dict[str, object]]]:
    with desk.runtime.database.reading() as session:
        found = session.scalars(
            select(FollowUpEntry).where(FollowUpEntry.follow_up_id == task.id).order_by(FollowUpEntry.id)
        )
        return [(each.kind, each.detail) for each in found if each.kind == "corrected"]


def test_a_slip_of_the_thumb_calls_off_what_nobody_has_begun(desk: Desk) -> None:
    task = desk.low()
    tasks = correct(desk, task, 10)
    assert (tasks["recovery"].state, tasks["recovery"].outcome) == ("closed", "corrected")
    assert (tasks["advocacy"].state, tasks["advocacy"].score) == ("open", 10)
    assert entries(desk, task) == [("corrected", {"before": 2, "score": 10})]


def test_an_answer_between_praise_and_complaint_calls_it_off_too(desk: Desk) -> None:
    assert correct(desk, desk.low(), 8)["recovery"].outcome == "corrected"


def test_what_was_called_off_comes_back_with_the_bad_score(desk: Desk) -> None:
    task = desk.low()
    with desk.runtime.database.writing() as session:
        session.get_one(FollowUp, task.id).owner_told_at = MONDAY
    correct(desk, task, 10)
    back = correct(desk, task, 3, SOON + timedelta(minutes=5))
    assert (back["recovery"].state, back["recovery"].outcome, back["recovery"].score) == ("open", None, 3)
    assert (back["recovery"].closed_at, back["recovery"].owner_told_at) == (
        None,
        None,
    )  # they hear of it again
    assert (back["advocacy"].state, back["advocacy"].outcome) == ("closed", "corrected")


def test_a_worse_score_is_more_urgent_and_due_sooner(desk: Desk) -> None:
    (task,) = desk.answer(desk.customer(), 6)
    assert task.rule == "detractor"
    worse = correct(desk, task, 1)["recovery"]
    assert (worse.rule, worse.urgency, worse.score) == ("strong-detractor", "urgent", 1)
    assert worse.contact_due_at < task.contact_due_at
    assert worse.title["en"] == "Very unlikely to recommend us"


def test_a_better_score_moves_no_promise_to_a_later_time(desk: Desk) -> None:
    task = desk.low()
    better = correct(desk, task, 6)["recovery"]
    assert (better.rule, better.score, better.contact_due_at) == ("detractor", 6, task.contact_due_at)


def test_what_somebody_works_on_stays_open_and_tells_them(desk: Desk) -> None:
    task = desk.low()
    with desk.runtime.database.writing() as session:
        taken = workflow.take(session, task.id, desk.viewer("cem"), revision=task.revision, now=MONDAY)
    kept = correct(desk, task, 10)["recovery"]
    assert (kept.state, kept.score, kept.revision) == ("taken", 10, taken.revision + 1)
    assert entries(desk, task) == [("corrected", {"before": 2, "score": 10})]


def test_whoever_takes_it_in_the_very_moment_of_the_correction_keeps_it(desk: Desk) -> None:
    task = desk.low()
    correction = threading.Thread(target=correct, args=(desk, task, 10))
    with desk.runtime.database.writing() as session:
        workflow.take(session, task.id, desk.viewer("cem"), revision=task.revision, now=MONDAY)
        correction.start()
        correction.join(0.5)  # it looks at the task, or waits for it
    correction.join()
    with desk.runtime.database.reading() as session:
        kept = session.get_one(FollowUp, task.id)
        assert (kept.state, kept.score, kept.revision) == ("taken", 10, task.revision + 2)


def test_what_a_colleague_has_closed_stays_closed(desk: Desk) -> None:
    task = desk.low()
    closing = workflow.Closing("no_answer", "Nobody picks up.")
    with desk.runtime.database.writing() as session:
        workflow.close(session, task.id, desk.viewer("cem"), closing, revision=task.revision, now=MONDAY)
    assert correct(desk, task, 1)["recovery"].outcome == "no_answer"
    assert entries(desk, task) == []


def test_nobody_can_choose_the_outcome_that_belongs_to_the_customer(desk: Desk) -> None:
    task = desk.low()
    closing = workflow.Closing("corrected", "They did not mean it.")
    with (
        pytest.raises(Rejected, match="Choose an outcome"),
        desk.runtime.database.writing() as session,
    ):
        workflow.close(session, task.id, desk.viewer("cem"), closing, revision=task.revision, now=MONDAY)
