"""Whose accounts a member of staff sees: their own, those of colleagues who are away, and what they were handed."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest

from feedback.core.money import Exchange
from feedback.core.time.period import Period
from feedback.errors import NotFound
from feedback.services import reports
from feedback.services.access import Viewer
from feedback.services.followups import account_history, workflow
from feedback.services.followups.workflow import Closing, Handover
from feedback.services.staff import accounts
from feedback.store.models import FollowUp, User
from tests.services.followups.desk import MONDAY, Desk

LEAD = Viewer(0, sees_all=True)


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
        if reports.comments(session, desk.runtime.library, viewer, reports.CommentFilter(whole)):
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
            session, task.id, desk.viewer("cem"), Handover(selin.user_id), revision=task.revision, now=MONDAY
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
            session, task.id, desk.viewer("cem"), Handover(selin.user_id), revision=task.revision, now=MONDAY
        )
    with desk.runtime.database.reading() as session:
        assert [each.id for each in account_history.read(session, task, selin).follow_ups] == [before.id]
