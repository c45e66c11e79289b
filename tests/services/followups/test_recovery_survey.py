"""Closing a complaint is not the end: the customer says whether it helped."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import func, select

from feedback.core.answer import Answer
from feedback.core.journey import Journey
from feedback.core.time.period import Period
from feedback.library import Library
from feedback.services import reports
from feedback.services.contact import suppression
from feedback.services.followups import recovery_survey, workflow
from feedback.services.journey import invitations
from feedback.services.responses import recording
from feedback.services.responses.submission import Submission
from feedback.store.models import Contact, Enrolment, FollowUp, Invitation, JourneyEvent
from tests.services.followups.desk import MONDAY, Desk

DAY = timedelta(days=1)
RESTED = 35  # days: a Monday after the month of rest
CLOSED = MONDAY + timedelta(hours=1)


def closed(desk: Desk, outcome: str = "recovered") -> FollowUp:
    """A complaint that ended, of somebody who may be written to."""
    person = desk.customer()
    with desk.runtime.database.writing() as session:
        contact = session.get_one(Contact, person)
        contact.email, contact.time_zone = f"sam{person}@example.com", "UTC"
        suppression.grant(
            session, contact, "email", contact.email, basis="contract", source="test", now=MONDAY
        )
    (task,) = desk.answer(person, 2, "Nothing works.")
    with desk.runtime.database.writing() as session:
        ending = workflow.Closing(outcome, "We talked.", root_cause="product")
        cem = desk.viewer("cem")
        task = workflow.contacted(session, task.id, cem, "call", reached=True, text="", now=CLOSED)
        return workflow.close(session, task.id, cem, ending, revision=task.revision, now=CLOSED)


def tell(desk: Desk, now: datetime = CLOSED + DAY) -> int:
    runtime = desk.runtime
    with runtime.database.writing() as session:
        return recovery_survey.tell_journey(session, runtime, now)


def issue(desk: Desk, days: float) -> list[Invitation]:
    runtime, now = desk.runtime, CLOSED + days * DAY
    with runtime.database.writing() as session:
        invitations.issue_due(session, runtime, now)
        return list(session.scalars(select(Invitation).where(Invitation.stage == "recovery")))


def answer(desk: Desk, invitation: Invitation, score: int) -> None:
    runtime, now = desk.runtime, CLOSED + 41 * DAY
    with runtime.database.writing() as session:
        asked = session.get_one(Invitation, invitation.id)
        submission = Submission({"satisfaction": Answer(score)}, now, "link")
        recording.record(
            session, asked, runtime.library.questionnaire_of(asked.version), submission, runtime.settings
        )


def test_the_journey_hears_of_it_once(desk: Desk) -> None:
    task = closed(desk)
    assert [tell(desk), tell(desk)] == [1, 0]
    with desk.runtime.database.reading() as session:
        event = session.scalars(select(JourneyEvent)).one()
        assert (event.key, event.name, event.occurred_at) == (
            f"follow-up:{task.id}",
            recovery_survey.EVENT,
            CLOSED,
        )
        assert session.scalars(select(Enrolment.stage)).one() == "recovery"


def reopen(desk: Desk, task: FollowUp) -> FollowUp:
    with desk.runtime.database.writing() as session:
        cem = desk.viewer("cem")
        return workflow.reopen(session, task.id, cem, revision=task.revision, now=CLOSED + DAY)


def test_nobody_is_asked_about_what_was_reopened_until_it_is_closed_again(desk: Desk) -> None:
    task = closed(desk)
    tell(desk)
    again = reopen(desk, task)
    with desk.runtime.database.reading() as session:
        assert session.scalars(select(Enrolment)).all() == []
    assert (tell(desk), issue(desk, RESTED)) == (0, [])
    with desk.runtime.database.writing() as session:
        ending = workflow.Closing("recovered", "Now it works.", root_cause="product")
        cem = desk.viewer("cem")
        workflow.close(session, task.id, cem, ending, revision=again.revision, now=CLOSED + 2 * DAY)
    assert tell(desk, CLOSED + 3 * DAY) == 1


def test_whoever_was_asked_is_not_asked_again_after_a_second_closing(desk: Desk) -> None:
    task = closed(desk)
    tell(desk)
    assert len(issue(desk, RESTED)) == 1
    again = reopen(desk, task)
    with desk.runtime.database.writing() as session:
        ending = workflow.Closing("recovered", "Now it works.", root_cause="product")
        cem = desk.viewer("cem")
        workflow.close(session, task.id, cem, ending, revision=again.revision, now=CLOSED + 36 * DAY)
    assert tell(desk, CLOSED + 37 * DAY) == 0


def test_only_what_ended_well_is_asked_about(desk: Desk) -> None:
    closed(desk, "churned")
    closed(desk, "no_answer")
    desk.low()  # still open
    assert tell(desk) == 0
    closed(desk, "saved_by_offer")
    assert tell(desk) == 1


def test_what_was_closed_long_ago_is_not_asked_about(desk: Desk) -> None:
    closed(desk)
    assert tell(desk, CLOSED + 8 * DAY) == 0


def test_a_journey_without_the_stage_hears_nothing(desk: Desk) -> None:
    closed(desk)
    library = desk.runtime.library
    stages = tuple(stage for stage in library.journey.stages if stage.key != "recovery")
    bare = Library(library.questionnaires, Journey(stages=stages))
    with desk.runtime.database.writing() as session:
        assert recovery_survey.tell_journey(session, replace(desk.runtime, library=bare), CLOSED) == 0
        assert session.scalar(select(func.count()).select_from(JourneyEvent)) == 0


def test_it_waits_until_the_customer_has_rested(desk: Desk) -> None:
    """The complaint began with a survey: five days later their month of rest is not over."""
    closed(desk)
    tell(desk)
    with desk.runtime.database.reading() as session:
        waiting = session.scalars(select(Enrolment)).one()
        assert (waiting.state, waiting.explanation[0]["code"]) == ("scheduled", "contacted_recently")
        assert waiting.due_at >= MONDAY + 29 * DAY
    assert issue(desk, 6) == []
    assert len(issue(desk, RESTED)) == 1


def test_who_does_not_want_to_be_written_to_is_not(desk: Desk) -> None:
    person = closed(desk).contact_id
    with desk.runtime.database.writing() as session:
        suppression.opt_out(session, "email", f"sam{person}@example.com", source="test", now=CLOSED)
    tell(desk)
    with desk.runtime.database.reading() as session:
        assert session.scalars(select(Enrolment.state)).one() == "skipped"


def test_the_follow_up_shows_before_and_after(desk: Desk) -> None:
    task = closed(desk)
    tell(desk)
    (invitation,) = issue(desk, RESTED)
    answer(desk, invitation, 4)
    desk.answer(task.contact_id or 0, 9, "", CLOSED + 90 * DAY)
    with desk.runtime.database.reading() as session:
        found = session.get_one(FollowUp, task.id)
        after, again = recovery_survey.find_for(session, found), recovery_survey.scored_again(session, found)
        assert after
        assert after.score
        assert again
        assert (found.score, after.score.value, again.value) == (2, 4, 9)
    assert recovery_survey.is_better("nps", 2, 9) is True
    assert recovery_survey.is_better("nps", 2, 2) is None
    assert recovery_survey.is_better("nps", 9, 2) is False


def test_nobody_asked_is_nothing_shown(desk: Desk) -> None:
    task = closed(desk)
    with desk.runtime.database.reading() as session:
        assert recovery_survey.find_for(session, session.get_one(FollowUp, task.id)) is None
        assert recovery_survey.scored_again(session, session.get_one(FollowUp, task.id)) is None


def test_who_is_still_unhappy_is_a_follow_up_again(desk: Desk) -> None:
    closed(desk)
    tell(desk)
    (invitation,) = issue(desk, RESTED)
    answer(desk, invitation, 1)
    with desk.runtime.database.reading() as session:
        rules = session.scalars(select(FollowUp.rule).order_by(FollowUp.id)).all()
    assert rules[1:] == ["still-unhappy"]


def test_the_report_counts_who_was_asked_and_who_is_satisfied(desk: Desk) -> None:
    for _ in range(4):
        closed(desk)
    closed(desk, "churned")
    tell(desk)
    for invitation, score in zip(issue(desk, RESTED), (5, 4, 2), strict=False):
        answer(desk, invitation, score)
    month = Period(MONDAY.date(), (MONDAY + 20 * DAY).date())
    with desk.runtime.database.reading() as session:
        found = reports.after_closing(session, desk.viewer("lead", sees_all=True), month)
        nobody = reports.after_closing(session, desk.viewer("selin"), month)
    assert (found.closed, found.answered, found.satisfied) == (4, 3, 2)
    assert found.share == 2 / 3
    assert found.interval
    assert found.interval.low < 2 / 3 < found.interval.high
    assert (nobody.closed, nobody.share, nobody.interval) == (0, None, None)


def test_the_report_sets_the_next_score_beside_the_one_that_opened_the_complaint(desk: Desk) -> None:
    people = [closed(desk).contact_id or 0 for _ in range(3)]
    closed(desk, "churned")
    for person, score in zip(people, (9, 6, 3), strict=True):
        desk.answer(person, score, "", CLOSED + 90 * DAY)
    desk.answer(people[0], 0, "", CLOSED + 180 * DAY)  # only the next one counts
    month = Period(MONDAY.date(), (MONDAY + 20 * DAY).date())
    with desk.runtime.database.reading() as session:
        (found,) = reports.scored_again(session, desk.viewer("lead", sees_all=True), month)
        assert reports.scored_again(session, desk.viewer("selin"), month) == []
    assert (found.trend, found.metric.key, found.n) == ("relationship", "nps", 3)
    assert (found.before, found.after, found.change.difference) == (2, 6, 4)
    assert found.display == "hidden"


def test_who_complained_twice_counts_once(desk: Desk) -> None:
    task = closed(desk)
    person = task.contact_id or 0
    (again,) = desk.answer(person, 1, "", MONDAY + 5 * DAY)
    with desk.runtime.database.writing() as session:
        ending = workflow.Closing("recovered", "We talked.", root_cause="product")
        cem, later = desk.viewer("cem"), MONDAY + 6 * DAY
        again = workflow.contacted(session, again.id, cem, "call", reached=True, text="", now=later)
        workflow.close(session, again.id, cem, ending, revision=again.revision, now=later)
    desk.answer(person, 8, "", CLOSED + 90 * DAY)
    month = Period(MONDAY.date(), (MONDAY + 20 * DAY).date())
    with desk.runtime.database.reading() as session:
        (found,) = reports.scored_again(session, desk.viewer("lead", sees_all=True), month)
    assert (found.n, found.before, found.after) == (1, 2, 1)
