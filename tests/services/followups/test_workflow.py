"""Closing the loop: who gets a follow-up, until when, and that nobody overwrites anybody."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from feedback.core.money import Exchange
from feedback.core.period import Period
from feedback.errors import Conflict, FeedbackError, NotFound, Rejected
from feedback.services import reports
from feedback.services.access import Viewer
from feedback.services.followups import account_history, workflow
from feedback.services.followups.queue import Filter
from feedback.services.followups.workflow import Closing
from feedback.services.staff import accounts
from feedback.store.models import AuditEntry, Contact, FollowUp, FollowUpEntry, User
from tests import factories_desk
from tests.services.followups.desk import MONDAY, Desk

LEAD = Viewer(0, sees_all=True)


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


def test_a_csm_sees_their_own_and_nobody_s_but_not_others(desk: Desk) -> None:
    own, other = desk.low(), desk.low(owner="selin")
    with desk.runtime.database.reading() as session:
        assert workflow.find(session, own.id, desk.viewer("cem")).id == own.id
        with pytest.raises(NotFound):
            workflow.find(session, other.id, desk.viewer("cem"))
        assert workflow.find(session, other.id, LEAD).id == other.id


def stand_in(desk: Desk, away: str, delegate: str) -> None:
    with desk.runtime.database.writing() as session:
        user = session.get_one(User, desk.people[away])
        user.away_until, user.delegate_id = MONDAY + timedelta(days=5), desk.people[delegate]


def seen_by(desk: Desk, name: str, task: FollowUp) -> set[str]:
    """Where `name` finds a customer: the follow-up, the account's page, the list of accounts, the comments."""
    viewer, found = desk.viewer(name), set()
    exchange = Exchange("USD")
    with desk.runtime.database.reading() as session:
        with contextlib.suppress(NotFound):
            workflow.find(session, task.id, viewer)
            found.add("follow-up")
        with contextlib.suppress(NotFound):
            reports.account_page(session, viewer, task.account_id or 0, now=MONDAY)
            found.add("page")
        if reports.accounts(session, viewer, now=MONDAY, exchange=exchange):
            found.add("list")
        whole = Period(MONDAY.date(), MONDAY.date())
        if reports.comments(session, viewer, reports.CommentFilter(whole)):
            found.add("comments")
    return found


EVERYWHERE = {"follow-up", "page", "list", "comments"}


def test_who_stands_in_sees_the_accounts_everywhere_and_others_nowhere(desk: Desk) -> None:
    task = desk.low()
    stand_in(desk, "cem", "selin")
    assert [seen_by(desk, name, task) for name in ("cem", "selin", "neda")] == [EVERYWHERE, EVERYWHERE, set()]


def test_who_stands_in_for_somebody_who_stands_in_sees_them_too(desk: Desk) -> None:
    task = desk.low()
    stand_in(desk, "cem", "selin")
    stand_in(desk, "selin", "neda")
    stand_in(desk, "neda", "cem")  # a circle is no endless search
    assert seen_by(desk, "neda", task) == EVERYWHERE


def test_cover_ends_with_the_absence(desk: Desk) -> None:
    task = desk.low()
    stand_in(desk, "cem", "selin")
    with desk.runtime.database.writing() as session:
        accounts.welcome_back(session, MONDAY + timedelta(days=6))
    assert seen_by(desk, "selin", task) == set()


def test_who_is_handed_a_colleague_s_follow_up_sees_the_account_until_it_is_closed(desk: Desk) -> None:
    task, selin = desk.low(), desk.viewer("selin")
    assert seen_by(desk, "selin", task) == set()
    with desk.runtime.database.writing() as session:
        given = workflow.hand_over(
            session, task.id, desk.viewer("cem"), selin.user_id, revision=task.revision, now=MONDAY
        )
    assert seen_by(desk, "selin", task) == seen_by(desk, "cem", task) == EVERYWHERE
    stand_in(desk, "selin", "neda")
    assert seen_by(desk, "neda", task) == EVERYWHERE  # the cover calls in her place
    with desk.runtime.database.writing() as session:
        closing = Closing("no_answer", "Nobody picked up.")
        workflow.close(session, task.id, selin, closing, revision=given.revision, now=MONDAY)
    assert seen_by(desk, "selin", task) == {"follow-up"}  # her own work stays hers to read
    assert seen_by(desk, "cem", task) == EVERYWHERE


def test_whoever_sees_an_account_sees_its_follow_ups(desk: Desk) -> None:
    task = desk.low(owner=None)
    with desk.runtime.database.writing() as session:
        row = session.get_one(FollowUp, task.id)
        assert row.account is not None
        row.owner_id, row.account.owner_id = desk.people["cem"], None
    with desk.runtime.database.reading() as session:
        assert workflow.find(session, task.id, desk.viewer("selin")).id == task.id


def test_who_is_handed_a_follow_up_reads_what_was_done_for_the_account_before(desk: Desk) -> None:
    contact, selin = desk.customer(), desk.viewer("selin")
    (before,) = desk.answer(contact, 1, now=MONDAY - timedelta(days=90))
    (task,) = desk.answer(contact, 2)
    with desk.runtime.database.writing() as session:
        workflow.hand_over(
            session, task.id, desk.viewer("cem"), selin.user_id, revision=task.revision, now=MONDAY
        )
    with desk.runtime.database.reading() as session:
        assert [each.id for each in account_history.read(session, task, selin).follow_ups] == [before.id]


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
        audited = session.scalars(select(AuditEntry.action).where(AuditEntry.subject == "follow_up")).all()
    assert kinds == ["opened", "taken", "call", "note", "closed"]
    assert (closed.state, closed.outcome, closed.first_contact_at) == ("closed", "recovered", MONDAY)
    assert audited == ["taken", "call", "note", "closed"]


def test_what_was_changed_meanwhile_is_not_overwritten(desk: Desk) -> None:
    task, cem = desk.low(), desk.viewer("cem")
    with desk.runtime.database.writing() as session:
        workflow.note(session, task.id, desk.viewer("lead", sees_all=True), "Careful.", now=MONDAY)
    with desk.runtime.database.writing() as session, pytest.raises(Conflict):
        workflow.take(session, task.id, cem, revision=task.revision, now=MONDAY)


def test_closing_is_final(desk: Desk) -> None:
    task, cem = desk.low(), desk.viewer("cem")
    with desk.runtime.database.writing() as session:
        closing = Closing("no_answer", "Three calls.")
        closed = workflow.close(session, task.id, cem, closing, revision=task.revision, now=MONDAY)
    with desk.runtime.database.writing() as session, pytest.raises(Conflict):
        workflow.note(session, task.id, cem, "One more thing.", now=MONDAY)
    with desk.runtime.database.writing() as session, pytest.raises(Conflict):
        workflow.take(session, task.id, cem, revision=closed.revision, now=MONDAY)


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
        to, revision = desk.people["selin"], task.revision
        handed = workflow.hand_over(session, task.id, cem, to, revision=revision, now=MONDAY)
    assert handed.owner_id == desk.people["selin"]
    with desk.runtime.database.writing() as session:
        session.get_one(User, desk.people["neda"]).active = False
    with desk.runtime.database.writing() as session, pytest.raises(Rejected):
        to, revision = desk.people["neda"], handed.revision
        workflow.hand_over(session, task.id, cem, to, revision=revision, now=MONDAY)


def test_more_at_stake_stands_higher_and_says_why(desk: Desk) -> None:
    small = desk.low(recurring_revenue=Decimal(100))
    big = desk.low(
        recurring_revenue=Decimal(20_000), segment="VIP", renewal_on=(MONDAY + timedelta(days=30)).date()
    )
    rows = desk.queue("cem")
    assert [row.task.id for row in rows] == [big.id, small.id]
    assert {reason.code for reason in rows[0].priority.reasons} >= {"revenue", "renewal", "segment", "score"}
    assert rows[0].words == "Nothing works."


def paying(desk: Desk) -> list[tuple[str, float]]:
    """Each row's currency and its points for revenue, the weightiest first; rates are as in the settings."""
    organisation = replace(desk.runtime.settings.organisation, currency="EUR", exchange_rates={"TRY": 0.02})
    rows = desk.queue("cem", settings=replace(desk.runtime.settings, organisation=organisation))
    return [
        (
            (row.task.account and row.task.account.currency) or "",
            sum(reason.points for reason in row.priority.reasons if reason.code == "revenue"),
        )
        for row in rows
    ]


def test_revenue_in_several_currencies_is_ranked_by_what_it_is_worth(desk: Desk) -> None:
    desk.low(recurring_revenue=Decimal(150_000), currency="TRY")
    desk.low(recurring_revenue=Decimal(5_000), currency="EUR")
    desk.low(recurring_revenue=Decimal(4_000))
    assert [currency for currency, _ in paying(desk)] == ["EUR", "", "TRY"]


def test_revenue_in_a_currency_without_a_rate_is_unknown_not_large(desk: Desk) -> None:
    desk.low(recurring_revenue=Decimal(900_000_000), currency="IRR")
    desk.low(recurring_revenue=Decimal(1), currency="EUR")
    (euro, points), (rial, none) = paying(desk)
    assert (euro, rial, none) == ("EUR", "IRR", 0)
    assert points > 0


def test_an_installation_says_itself_what_large_revenue_is(desk: Desk) -> None:
    desk.low(recurring_revenue=Decimal(5_000))
    followup = replace(desk.runtime.settings.followup, half_of_revenue=500_000)
    (row,) = desk.queue("cem", settings=replace(desk.runtime.settings, followup=followup))
    (points,) = [reason.points for reason in row.priority.reasons if reason.code == "revenue"]
    assert points == pytest.approx(20 * 5_000 / 505_000)


def colleague(
    desk: Desk, task: FollowUp, *days_ago: float, answered: bool = False, state: str = "sent"
) -> None:
    """Somebody else at the account, asked so many days ago; their surveys run for 30 days."""
    with desk.runtime.database.writing() as session:
        number = session.query(Contact).count()
        person = Contact(
            external_id=f"x{number}", account_id=task.account_id, created_at=MONDAY, updated_at=MONDAY
        )
        session.add(person)
        session.flush()
        for days in days_ago:
            invitation = factories_desk.invite(session, desk.runtime, person, MONDAY - timedelta(days=days))
            invitation.state, invitation.answered_at = state, MONDAY if answered else None


def silence(desk: Desk) -> dict[str, object] | None:
    (row,) = desk.queue("cem")
    found = [dict(reason.params) for reason in row.priority.reasons if reason.code == "silence"]
    return found[0] if found else None


def test_silence_of_colleagues_counts(desk: Desk) -> None:
    task = desk.low()
    colleague(desk, task, 31)
    colleague(desk, task, 40, 35)
    colleague(desk, task, 31, answered=True)
    assert silence(desk) == {"silent": 2, "asked": 3}


@pytest.mark.parametrize("days", [0.001, 29])
def test_who_may_still_answer_is_not_silent(desk: Desk, days: float) -> None:
    task = desk.low()
    colleague(desk, task, days)
    assert silence(desk) is None


def test_whom_nothing_reached_is_not_silent(desk: Desk) -> None:
    task = desk.low()
    colleague(desk, task, 31, state="failed")
    assert silence(desk) is None


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(), 3),
        (Filter(whose="mine"), 2),
        (Filter(whose="unowned"), 1),
        (Filter(kind="advocacy"), 1),
        (Filter(segment="vip"), 1),
        (Filter(search="nothing WORKS"), 2),
        (Filter(search="100%"), 0),
        (Filter(search="Account 0"), 1),
        (Filter(overdue=True), 0),
    ],
)
def test_filters_and_search_show_what_they_say(desk: Desk, wanted: Filter, expected: int) -> None:
    desk.low(segment="vip")
    desk.answer(desk.customer(), 10)
    third = desk.low(owner="selin")
    with desk.runtime.database.writing() as session:
        session.get_one(FollowUp, third.id).owner_id = None
    assert len(desk.queue("cem", wanted)) == expected


def test_a_broken_promise_is_counted_until_it_is_kept(desk: Desk) -> None:
    task, late = desk.low(), MONDAY + timedelta(hours=5)
    assert len(desk.queue("cem", Filter(overdue=True), late)) == 1
    with desk.runtime.database.writing() as session:
        cem = desk.viewer("cem")
        workflow.contacted(session, task.id, cem, "call", reached=False, text="", now=late)
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


def test_the_history_tells_scores_and_earlier_follow_ups(desk: Desk) -> None:
    contact = desk.customer()
    desk.answer(contact, 5, now=MONDAY - timedelta(days=90))
    (task,) = desk.answer(contact, 2)
    with desk.runtime.database.reading() as session:
        history = account_history.read(session, task, desk.viewer("cem"))
    assert [score.value for score, _ in history.scores] == [2, 5]
    assert len(history.follow_ups) == 1
    assert len(history.invitations) == 2


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


def test_the_last_admin_cannot_be_taken_away(desk: Desk) -> None:
    with desk.runtime.database.writing() as session, pytest.raises(Conflict):
        admin = accounts.find(session, desk.people["admin"])
        accounts.set_roles(session, admin, ["viewer"], by=None, now=MONDAY)
