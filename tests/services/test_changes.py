"""What is told to other systems, at each place where something happens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from feedback.core.answer import Answer
from feedback.core.bot_signals import Evidence
from feedback.services import changes
from feedback.services.changes import ReportedChange
from feedback.services.contact import suppression
from feedback.services.followups import reported_changes, workflow
from feedback.services.followups.workflow import Closing
from feedback.services.messaging import outbox
from feedback.services.responses import lookup, recording
from feedback.services.responses.submission import Submission
from feedback.store import prepared
from feedback.store.models import FollowUp, Invitation, Message, WebhookEvent
from feedback.store.prepared import rows_of
from tests.factories_surveys import NPS
from tests.services.conftest import World
from tests.services.followups.desk import MONDAY, Desk
from tests.services.webhooks.conftest import Office, listen, office, told

__all__ = ("office",)


def test_an_answer_is_created_once_completed_once_and_changed_when_it_changes(office: Office) -> None:
    office.endpoint("http://127.0.0.1:9/")
    token = office.answer(score=9)
    assert office.told() == ["response.created"]
    office.answer(token, 9)
    assert office.told() == ["response.created"]
    office.answer(token, 9, "The people")
    assert office.told()[1:] == ["response.completed", "comment.added"]
    office.answer(token, 9, "The people, and the price")
    assert office.told()[3:] == ["response.changed"]


def test_a_low_score_is_told_when_it_becomes_one(office: Office) -> None:
    office.endpoint("http://127.0.0.1:9/", ["score.low"])
    token = office.answer(score=9)
    assert office.told() == []
    office.answer(token, 3)
    office.answer(token, 2)
    assert office.told() == ["score.low"]
    office.answer(token, 8)
    office.answer(token, 6)
    assert office.told() == ["score.low"] * 2
    assert office.rows(WebhookEvent)[0].detail == {"questions": ["recommend"]}


def test_what_looks_like_a_machine_s_answer_is_told_when_it_begins_to_count(office: Office) -> None:
    office.endpoint("http://127.0.0.1:9/")
    token = office.invited()
    machine, person = Evidence(preselected=9, headed=True), Evidence(touched=True)
    for evidence, expected in ((machine, []), (person, ["response.created"])):
        with office.database.connection() as connection:
            locked = lookup.lock(connection, token, office.now)
            submission = Submission({"recommend": Answer(9)}, office.now, "link", evidence=evidence.stored())
            recording.record_locked(connection, locked, NPS, submission, office.settings)
        assert office.told() == expected


def test_without_an_endpoint_one_statement_is_asked_and_nothing_is_stored(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def note(connection: Connection, sql: str, bound: object) -> Sequence[Sequence[Any]]:
        asked.append(sql)
        return rows_of(connection, sql, bound)

    with monkeypatch.context() as patch, office.database.connection() as connection:
        patch.setattr(prepared, "rows_of", note)
        changes.report(
            connection,
            [ReportedChange("score.low", "response", 1), ReportedChange("a", "b", 2)] * 2,
            office.now,
        )
    assert len(asked) == 1 and "webhook_subscription" in asked[0]
    office.answer(score=2, words="Too slow")
    assert office.told() == []


def test_types_that_nobody_wants_are_not_stored(office: Office) -> None:
    office.endpoint("http://127.0.0.1:9/", ["comment.added"])
    office.answer(score=2, words="Too slow")
    assert office.told() == ["comment.added"]


def test_an_answer_that_is_rolled_back_is_not_told(office: Office) -> None:
    office.endpoint("http://127.0.0.1:9/")
    with pytest.raises(RuntimeError), office.database.connection() as connection:
        changes.report(connection, [ReportedChange("response.created", "response", 1)], office.now)
        raise RuntimeError
    assert office.told() == []


def test_a_follow_up_is_told_from_opening_to_reopening(desk: Desk) -> None:
    listen(desk.runtime.database)
    task = desk.low()
    viewer = desk.viewer("cem")
    with desk.runtime.database.writing() as session:
        taken = workflow.take(session, task.id, viewer, revision=task.revision, now=MONDAY)
        closing = Closing("no_answer", "Rang three times.")
        closed = workflow.close(session, task.id, viewer, closing, revision=taken.revision, now=MONDAY)
        workflow.reopen(session, task.id, viewer, revision=closed.revision, now=MONDAY)
    kinds = [each for each in told(desk.runtime.database) if each.startswith("follow_up")]
    assert kinds == ["follow_up.opened", "follow_up.taken", "follow_up.closed", "follow_up.reopened"]


def test_a_logged_contact_takes_a_follow_up_once(desk: Desk) -> None:
    listen(desk.runtime.database, "follow_up.taken")
    task = desk.low()
    for _ in range(2):
        with desk.runtime.database.writing() as session:
            workflow.contacted(
                session, task.id, desk.viewer("cem"), "call", reached=True, text="", now=MONDAY
            )
    assert told(desk.runtime.database) == ["follow_up.taken"]


def test_a_missed_target_is_told_once_and_an_old_one_never(desk: Desk) -> None:
    listen(desk.runtime.database, reported_changes.OVERDUE)
    task = desk.low()
    database = desk.runtime.database
    for later, number in ((timedelta(0), 0), (timedelta(hours=1), 1), (timedelta(hours=2), 0)):
        with database.writing() as session:
            assert (
                reported_changes.report_overdue(session, task.contact_due_at - timedelta(minutes=30) + later)
                == number
            )
    with database.writing() as session:
        session.execute(update(FollowUp).values(close_due_at=MONDAY - timedelta(days=3)))
        assert reported_changes.report_overdue(session, MONDAY) == 0
    with database.reading() as session:
        assert session.scalars(select(WebhookEvent)).one().detail == {"target": "contact"}


def test_an_opt_out_is_told_once_for_the_person(world: World) -> None:
    listen(world.database, "contact.opted_out")
    with world.database.writing() as session:
        contact = world.contact(session)
        for _ in range(2):
            suppression.opt_out(session, "email", "c1@example.com", source="test", now=world.now)
        suppression.opt_out(session, "sms", "+905329999999", source="test", now=world.now)
    with world.database.reading() as session:
        found = session.scalars(select(WebhookEvent).order_by(WebhookEvent.id)).all()
        assert [(each.subject, each.contact_id) for each in found] == [
            ("contact", contact.id),
            ("suppression", None),
        ]


def test_an_invitation_that_reaches_nobody_is_told(world: World) -> None:
    listen(world.database, "invitation.failed")
    with world.database.writing() as session:
        world.contact(session, phone=None)
        world.event(session, "ticket_closed")
    world.wait(days=1)
    world.tick()
    with world.database.writing() as session:
        invitation = session.scalars(select(Invitation)).one()
        message = session.scalars(select(Message)).one()
        invitation.state, invitation.other_channels = "sent", []
        outbox.failed(session, message, "bad_address", world.now)
        assert invitation.state == "failed"
    assert told(world.database) == ["invitation.failed"]
