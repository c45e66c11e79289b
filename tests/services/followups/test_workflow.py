"""Closing the loop: who gets a follow-up, until when, and that nobody overwrites anybody."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.errors import Conflict, FeedbackError, Rejected
from feedback.services.followups import account_history, workflow
from feedback.services.followups.queue import Filter
from feedback.services.followups.workflow import Closing, Handover
from feedback.store.models import AuditEntry, Contact, FollowUp, FollowUpEntry, User
from tests.services.followups.desk import MONDAY, Desk


def test_a_low_score_opens_one_follow_up_for_the_account_s_owner(desk: Desk) -> None:
    task = desk.low()
    assert (task.owner_id, task.state, task.kind, task.score) == (desk.people["cem"], "open", "recovery", 2)
    assert task.contact_due_at == MONDAY + timedelta(hours=4)  # "within 4h", all of them before closing time


def test_a_middling_score_opens_none_and_praise_opens_its_own_kind(desk: Desk) -> None:
    assert desk.answer(desk.customer(), 8) == []
    (task,) = desk.answer(desk.customer(), 10)
    assert task.kind == "advocacy"


def test_the_previous_score_is_the_person_s_own(desk: Desk) -> None:
    contact = desk.customer()
    desk.answer(contact, 8, now=MONDAY - timedelta(days=90))
    (task,) = desk.answer(contact, 3)
    assert task.previous_score == 8


def test_a_colleague_s_score_is_the_account_s_last_one_and_not_theirs(desk: Desk) -> None:
    first = desk.customer()
    with desk.runtime.database.writing() as session:
        account = session.get_one(Contact, first).account
        second = Contact(
            external_id="second", account=account, name="Robin", created_at=MONDAY, updated_at=MONDAY
        )
        session.add(second)
        session.flush()
        newcomer = second.id
    desk.answer(first, 8, now=MONDAY - timedelta(days=90))
    (task,) = desk.answer(newcomer, 3)
    (row,) = desk.queue("cem")
    with desk.runtime.database.reading() as session:
        seen = workflow.find(session, task.id, desk.viewer("cem"))
        found = account_history.read(session, seen, desk.viewer("cem"))
    assert task.previous_score is None
    assert "fall" not in {reason.code for reason in row.priority.reasons}
    assert found.colleague is not None
    score, who = found.colleague
    assert (score.value, who.name) == (8, "Sam")


def test_nobody_s_answer_follows_no_earlier_one(desk: Desk) -> None:
    (task,) = desk.answer(desk.customer(), 3)
    with desk.runtime.database.reading() as session:
        seen = workflow.find(session, task.id, desk.viewer("cem"))
        found = account_history.read(session, seen, desk.viewer("cem"))
    assert (task.previous_score, found.colleague) == (None, None)


@pytest.mark.parametrize(("reached", "made"), [(False, None), (True, MONDAY)])
def test_only_a_customer_who_was_reached_was_contacted(
    desk: Desk, reached: bool, made: datetime | None
) -> None:
    task = desk.low()
    with desk.runtime.database.writing() as session:
        logged = workflow.contacted(
            session, task.id, desk.viewer("cem"), "call", reached=reached, text="Voicemail.", now=MONDAY
        )
    assert (logged.state, logged.first_contact_at) == ("taken", made)
    after = MONDAY + timedelta(hours=5)  # the deadline was four business hours
    overdue = desk.queue("cem", Filter(overdue=True), after)
    assert len(overdue) == (0 if reached else 1)


@pytest.mark.parametrize("outcome", ["recovered", "saved_by_offer"])
def test_nobody_is_recovered_whom_nobody_reached(desk: Desk, outcome: str) -> None:
    task, cem = desk.low(), desk.viewer("cem")
    closing = Closing(outcome, "Left a message.", "product")
    with desk.runtime.database.writing() as session:
        workflow.contacted(session, task.id, cem, "call", reached=False, text="", now=MONDAY)
    with desk.runtime.database.writing() as session, pytest.raises(Rejected, match="reached"):
        workflow.close(session, task.id, cem, closing, revision=task.revision + 1, now=MONDAY)
    with desk.runtime.database.writing() as session:
        workflow.contacted(session, task.id, cem, "call", reached=True, text="", now=MONDAY)
        done = workflow.close(session, task.id, cem, closing, revision=task.revision + 2, now=MONDAY)
        assert done.outcome == outcome


@pytest.mark.parametrize(("delegate", "expected"), [("selin", "selin"), (None, "lead")])
def test_while_the_owner_is_away_the_delegate_or_the_fallback_takes_over(
    desk: Desk, delegate: str | None, expected: str
) -> None:
    with desk.runtime.database.writing() as session:
        cem = session.get_one(User, desk.people["cem"])
        cem.away_until = MONDAY + timedelta(days=5)
        cem.delegate_id = desk.people[delegate] if delegate else None
    assert desk.low().owner_id == desk.people[expected]


def test_two_on_holiday_who_stand_in_for_each_other_end_with_the_fallback(desk: Desk) -> None:
    with desk.runtime.database.writing() as session:
        for name, other in (("cem", "selin"), ("selin", "cem")):
            user = session.get_one(User, desk.people[name])
            user.away_until, user.delegate_id = MONDAY + timedelta(days=5), desk.people[other]
    assert desk.low().owner_id == desk.people["lead"]


def test_from_taking_to_closing_everything_is_written_down(desk: Desk) -> None:
    task, cem = desk.low(), desk.viewer("cem")
    with desk.runtime.database.writing() as session:
        taken = workflow.take(session, task.id, cem, revision=task.revision, now=MONDAY)
        workflow.contacted(session, task.id, cem, "call", reached=True, text="Talked.", now=MONDAY)
        workflow.note(session, task.id, cem, "Will send a fix.", now=MONDAY)
        closing = Closing("recovered", "Fixed.", "product", Decimal(500))
        workflow.close(session, task.id, cem, closing, revision=taken.revision, now=MONDAY)
    with desk.runtime.database.reading() as session:
        kinds = session.scalars(select(FollowUpEntry.kind).order_by(FollowUpEntry.id)).all()
        closed = session.get_one(FollowUp, task.id)
        audited = session.scalars(
            select(AuditEntry.action).where(AuditEntry.subject == "follow_up").order_by(AuditEntry.id)
        ).all()
    assert kinds == ["opened", "taken", "call", "note", "closed"]
    assert (closed.state, closed.outcome, closed.first_contact_at) == ("closed", "recovered", MONDAY)
    assert audited == ["taken", "call", "note", "closed"]


def test_what_was_changed_meanwhile_is_not_overwritten(desk: Desk) -> None:
    task, cem = desk.low(), desk.viewer("cem")
    with desk.runtime.database.writing() as session:
        workflow.note(session, task.id, desk.viewer("lead", sees_all=True), "Careful.", now=MONDAY)
    with desk.runtime.database.writing() as session, pytest.raises(Conflict):
        workflow.take(session, task.id, cem, revision=task.revision, now=MONDAY)


def test_what_is_closed_takes_notes_and_nothing_else_until_it_is_reopened(desk: Desk) -> None:
    task, cem = desk.low(), desk.viewer("cem")
    with desk.runtime.database.writing() as session:
        closing = Closing("no_answer", "Three calls.")
        closed = workflow.close(session, task.id, cem, closing, revision=task.revision, now=MONDAY)
    with desk.runtime.database.writing() as session:
        noted = workflow.note(session, task.id, cem, "One more thing.", now=MONDAY)
        assert (noted.state, noted.outcome) == ("closed", "no_answer")
    with desk.runtime.database.writing() as session, pytest.raises(Conflict):
        workflow.take(session, task.id, cem, revision=noted.revision, now=MONDAY)
    with desk.runtime.database.writing() as session, pytest.raises(Conflict):
        workflow.contacted(session, task.id, cem, "call", reached=True, text="", now=MONDAY)
    with desk.runtime.database.writing() as session, pytest.raises(Conflict):
        workflow.reopen(session, task.id, cem, revision=closed.revision, now=MONDAY)


def test_what_is_reopened_is_open_in_every_way_and_has_as_long_again(desk: Desk) -> None:
    task, selin = desk.low(), desk.viewer("selin", sees_all=True)
    cem, later = desk.viewer("cem"), MONDAY + timedelta(days=30)
    with desk.runtime.database.writing() as session:
        workflow.contacted(session, task.id, cem, "call", reached=True, text="", now=MONDAY)
        closing = Closing("recovered", "Fixed.", "product", Decimal(500))
        workflow.close(session, task.id, cem, closing, revision=task.revision + 1, now=MONDAY)
    with desk.runtime.database.writing() as session:
        again = workflow.reopen(session, task.id, selin, revision=task.revision + 2, now=later)
        void = (again.outcome, again.closing_note, again.root_cause_id, again.recovered_revenue)
        assert (again.state, again.owner_id, again.closed_at, again.closed_by_id) == (
            "taken",
            selin.user_id,
            None,
            None,
        )
        assert void == (None, None, None, None)
        assert again.first_contact_at == MONDAY
        assert again.close_due_at - later == task.close_due_at - task.opened_at
    with desk.runtime.database.reading() as session:
        entries = session.get_one(FollowUp, task.id).entries
        assert [(each.kind, each.text) for each in entries][-2:] == [("closed", "Fixed."), ("reopened", None)]


def several(desk: Desk) -> list[FollowUp]:
    """Three complaints of one account, two of its owner's and one of a colleague's."""
    person = desk.customer()
    found = [
        desk.answer(person, score, "Nothing works.", MONDAY + timedelta(minutes=score))[0]
        for score in (1, 2, 3)
    ]
    with desk.runtime.database.writing() as session:
        session.get_one(FollowUp, found[2].id).owner_id = desk.people["selin"]
    return found


def test_one_conversation_closes_all_that_it_settled_and_its_money_counts_once(desk: Desk) -> None:
    first, second, _ = several(desk)
    cem = desk.viewer("cem")
    with desk.runtime.database.writing() as session:
        workflow.contacted(session, first.id, cem, "call", reached=True, text="", now=MONDAY)
        closing = Closing("recovered", "Fixed.", "product", Decimal(500))
        workflow.close_together(
            session,
            first.id,
            {second.id: second.revision},
            cem,
            closing,
            revision=first.revision + 1,
            now=MONDAY,
        )
    with desk.runtime.database.reading() as session:
        closed = [session.get_one(FollowUp, each.id) for each in (first, second)]
        assert [(each.state, each.outcome, each.closing_note) for each in closed] == [
            ("closed", "recovered", "Fixed.")
        ] * 2
        assert [each.recovered_revenue for each in closed] == [500, None]
        assert [each.kind for each in closed[1].entries] == ["opened", "contacted_with", "closed"]


@pytest.mark.parametrize("wrong", ["a colleague's", "changed meanwhile", "another account's"])
def test_all_are_closed_together_or_none(desk: Desk, wrong: str) -> None:
    first, second, colleagues = several(desk)
    beside = {
        "a colleague's": {second.id: second.revision, colleagues.id: colleagues.revision},
        "changed meanwhile": {second.id: second.revision + 1},
        "another account's": {desk.low().id: 1},
    }[wrong]
    closing = Closing("no_answer", "Three calls.")
    with desk.runtime.database.writing() as session, pytest.raises(Conflict):
        workflow.close_together(
            session, first.id, beside, desk.viewer("cem"), closing, revision=first.revision, now=MONDAY
        )
    with desk.runtime.database.reading() as session:
        assert set(session.scalars(select(FollowUp.state))) == {"open"}


@pytest.mark.parametrize(
    "closing",
    [
        Closing("", "Words."),
        Closing("gone", "Words."),
        Closing("recovered", "  ", "product"),
        Closing("recovered", "Words."),
        Closing("recovered", "Words.", "no-such-cause"),
        Closing("recovered", "Words.", "product", Decimal(-1)),
    ],
)
def test_closing_needs_an_outcome_a_note_and_a_cause(desk: Desk, closing: Closing) -> None:
    task = desk.low()
    with desk.runtime.database.writing() as session, pytest.raises(Rejected):
        workflow.close(session, task.id, desk.viewer("cem"), closing, revision=task.revision, now=MONDAY)


def test_what_is_put_off_comes_back_by_itself(desk: Desk) -> None:
    task, cem, until = desk.low(), desk.viewer("cem"), MONDAY + timedelta(days=2)
    with desk.runtime.database.writing() as session:
        workflow.snooze(session, task.id, cem, until, "On a fair.", revision=task.revision, now=MONDAY)
    assert desk.queue("cem") == []
    assert len(desk.queue("cem", Filter(state="snoozed"))) == 1
    for now, woken in ((until - timedelta(seconds=1), 0), (until, 1), (until, 0)):
        with desk.runtime.database.writing() as session:
            assert workflow.wake_due(session, now) == woken
    assert [row.task.state for row in desk.queue("cem")] == ["open"]


def test_it_can_be_handed_to_a_colleague_but_not_to_somebody_who_left(desk: Desk) -> None:
    task, cem = desk.low(), desk.viewer("cem")
    with desk.runtime.database.writing() as session:
        to, revision = Handover(desk.people["selin"]), task.revision
        handed = workflow.hand_over(session, task.id, cem, to, revision=revision, now=MONDAY)
    assert handed.owner_id == desk.people["selin"]
    with desk.runtime.database.writing() as session:
        session.get_one(User, desk.people["neda"]).active = False
    with desk.runtime.database.writing() as session, pytest.raises(Rejected):
        to, revision = Handover(desk.people["neda"], assigns=True), handed.revision
        workflow.hand_over(session, task.id, cem, to, revision=revision, now=MONDAY)


def test_it_is_not_handed_to_somebody_who_can_only_look(desk: Desk) -> None:
    task, cem = desk.low(), desk.viewer("cem")
    with desk.runtime.database.writing() as session, pytest.raises(Rejected, match="can only view"):
        to, revision = Handover(desk.people["viewer"]), task.revision
        workflow.hand_over(session, task.id, cem, to, revision=revision, now=MONDAY)


@pytest.mark.parametrize("what", ["note", "reason", "contact", "beside", "snooze", "closing"])
def test_words_that_are_too_long_are_refused_and_not_cut(desk: Desk, what: str) -> None:
    task, cem = desk.low(), desk.viewer("cem")
    most, long = "x" * workflow.LONGEST_NOTE, "x" * (workflow.LONGEST_NOTE + 1)

    def write(session: Session, words: str) -> None:
        seen = {"revision": session.get_one(FollowUp, task.id).revision, "now": MONDAY}
        if what == "note":
            workflow.note(session, task.id, cem, words, now=MONDAY)
        elif what == "reason":
            workflow.hand_over(session, task.id, cem, Handover(desk.people["selin"], words), **seen)
        elif what == "contact":
            workflow.contacted(session, task.id, cem, "call", reached=True, text=words, now=MONDAY)
        elif what == "beside":
            workflow.keep(session, task.id, cem, [words], now=MONDAY)
        elif what == "snooze":
            workflow.snooze(session, task.id, cem, MONDAY + timedelta(days=1), words, **seen)
        else:
            workflow.close(session, task.id, cem, Closing("no_answer", words), **seen)

    with desk.runtime.database.writing() as session, pytest.raises(Rejected, match="Shorten this note"):
        write(session, long)
    with desk.runtime.database.writing() as session:
        write(session, most)


def test_a_broken_promise_is_counted_until_it_is_kept(desk: Desk) -> None:
    task, late = desk.low(), MONDAY + timedelta(hours=5)
    assert len(desk.queue("cem", Filter(overdue=True), late)) == 1
    with desk.runtime.database.writing() as session:
        cem = desk.viewer("cem")
        workflow.contacted(session, task.id, cem, "call", reached=True, text="", now=late)
    assert desk.queue("cem", Filter(overdue=True), late) == []


def test_of_many_ticked_the_ones_that_others_took_are_named(desk: Desk) -> None:
    mine, theirs = desk.low(), desk.low()
    with desk.runtime.database.writing() as session:
        lead = desk.viewer("lead", sees_all=True)
        workflow.take(session, theirs.id, lead, revision=theirs.revision, now=MONDAY)
    with desk.runtime.database.writing() as session:
        seen = {mine.id: mine.revision, theirs.id: theirs.revision, 999: 1}
        taken, lost = workflow.take_all(session, seen, desk.viewer("cem"), now=MONDAY)
    assert ([task.id for task in taken], lost) == ([mine.id], [theirs.id, 999])


def test_a_form_that_is_sent_twice_takes_nothing_from_anybody(desk: Desk) -> None:
    task = desk.low()
    seen, cem = {task.id: task.revision}, desk.viewer("cem")
    for expected in (1, 0):
        with desk.runtime.database.writing() as session:
            taken, lost = workflow.take_all(session, seen, cem, now=MONDAY)
        assert (len(taken), lost) == (expected, [])


@pytest.mark.postgres
@pytest.mark.parametrize("migrated", ["postgres"], indirect=True)
def test_of_two_csms_who_take_at_the_same_moment_one_gets_it(desk: Desk) -> None:
    for _ in range(10):
        task = desk.low()
        outcomes = together(
            lambda name, task=task: take_alone(desk, task, name),  # type: ignore[misc]
            ("cem", "lead"),
        )
        assert sorted(outcomes) == ["Conflict", "taken"]


def take_alone(desk: Desk, task: FollowUp, name: str) -> None:
    with desk.runtime.database.writing() as session:
        viewer = desk.viewer(name, sees_all=True)
        workflow.take(session, task.id, viewer, revision=task.revision, now=MONDAY)


@pytest.mark.postgres
@pytest.mark.parametrize("migrated", ["postgres"], indirect=True)
def test_two_closings_at_the_same_moment_leave_one(desk: Desk) -> None:
    task = desk.low()

    def close(note: str) -> None:
        with desk.runtime.database.writing() as session:
            viewer = desk.viewer("lead", sees_all=True)
            closing = Closing("no_answer", note)
            workflow.close(session, task.id, viewer, closing, revision=task.revision, now=MONDAY)

    assert sorted(together(close, ("one", "two"))) == ["Conflict", "taken"]
    with desk.runtime.database.reading() as session:
        entries = session.scalars(
            select(FollowUpEntry.kind).where(FollowUpEntry.follow_up_id == task.id)
        ).all()
    assert entries == ["opened", "closed"]


def together(work: object, names: tuple[str, ...]) -> list[str]:
    """Run `work(name)` for every name at the same moment; how each ended."""
    start, ended = threading.Barrier(len(names)), []

    def run(name: str) -> None:
        start.wait()
        try:
            work(name)  # type: ignore[operator]
        except FeedbackError as error:
            ended.append(type(error).__name__)
        else:
            ended.append("taken")

    threads = [threading.Thread(target=run, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return ended
