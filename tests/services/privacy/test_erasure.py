"""One person's data, out and gone, on both databases: nothing of them is left in any column of any table."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback.core.answer import Answer
from feedback.errors import NotFound
from feedback.services.contact import suppression
from feedback.services.customers import product_usage
from feedback.services.journey import enrolments
from feedback.services.privacy import erasure, retention
from feedback.services.responses import recording
from feedback.services.responses.submission import Submission
from feedback.settings.table import RetentionSettings
from feedback.store.base import Base
from feedback.store.models import (
    Account,
    AnswerRow,
    AuditEntry,
    Consent,
    Contact,
    FollowUp,
    InboundReply,
    Invitation,
    Message,
    Response,
    Score,
    Suppression,
    UsagePoint,
)
from tests.services.conftest import World

PHONE, EMAIL, NAME = "+905321234567", "c1@example.com", "Deniz Demir"
WORDS = "Nobody ever calls me back about the leaking pipe."
KEY = "crm-4711"


@pytest.fixture
def surveyed(world: World) -> World:
    """Deniz, alone in an account, was asked, gave 2 with a comment, and wrote an SMS."""
    with world.database.writing() as session:
        account = world.account(session, "acc-4711")
        world.contact(session, KEY, account=account, email=EMAIL)
    with world.database.writing() as session:
        event = enrolments.Event(f"t:{KEY}", "ticket_closed", KEY, world.now, {"ticket": "leaking"})
        enrolments.record_event(session, event, world.context, world.now)
    for _ in range(3):
        world.wait(days=1)
        world.tick()
    with world.database.writing() as session:
        invitation = session.scalars(select(Invitation)).one()
        questionnaire = world.library.questionnaire_of(invitation.version)
        given = {each.key: _answer_to(each.type) for each in questionnaire.questions if each.type in _GIVEN}
        submission = Submission(given, world.now, "link")
        recording.record(session, invitation, questionnaire, submission, world.settings)
    world.reply(WORDS, PHONE)
    return world


_GIVEN: dict[str, Answer] = {"csat": Answer(1), "text": Answer(None, WORDS)}


def _answer_to(kind: str) -> Answer:
    return _GIVEN[kind]


def everything_stored(session: Session) -> Iterator[str]:
    """Every row of every table, as text."""
    for table in Base.metadata.sorted_tables:
        for row in session.execute(select(table)):
            yield f"{table.name}: {json.dumps([str(value) for value in row], ensure_ascii=False)}"


def traces(session: Session) -> list[str]:
    needles = (PHONE, EMAIL, NAME, WORDS, KEY, "leaking", "acc-4711")
    return [row for row in everything_stored(session) if any(needle in row for needle in needles)]


def erase(world: World, **options: Any) -> erasure.Erased:
    with world.database.writing() as session:
        return erasure.erase(session, erasure.find(session, KEY), by=None, now=world.now, **options)


def test_the_story_of_these_tests_leaves_traces_everywhere(surveyed: World) -> None:
    with surveyed.database.reading() as session:
        tables = {row.partition(":")[0] for row in traces(session)}
    assert {
        "contact",
        "consent",
        "journey_event",
        "invitation",
        "message",
        "answer",
        "inbound_reply",
    } <= tables


def test_after_erasure_nothing_of_the_person_is_left_but_their_company(surveyed: World) -> None:
    erased = erase(surveyed)
    assert (erased.responses, erased.replies, erased.account_left) == (1, 1, "acc-4711")
    assert erased.messages >= 1
    with surveyed.database.reading() as session:
        assert {row.partition(":")[0] for row in traces(session)} <= {"account"}


def test_scores_stay_without_saying_whose_they_are(surveyed: World) -> None:
    with surveyed.database.reading() as session:
        before = session.execute(select(Score.metric, Score.value, Score.at)).all()
    assert before
    erase(surveyed)
    with surveyed.database.reading() as session:
        assert session.execute(select(Score.metric, Score.value, Score.at)).all() == before
        response = session.scalars(select(Response)).one()
        assert response.account_id is None
        assert session.scalars(select(AnswerRow.text)).all() == [None] * len(response.answers)
        contact = session.scalars(select(Contact)).one()
        assert (contact.external_id, contact.erased_at) == (f"erased:{contact.id}", surveyed.now)
        assert session.scalars(select(FollowUp.state)).all() == ["closed"]


def test_an_erased_person_is_never_written_to_again_though_nobody_can_read_why(surveyed: World) -> None:
    erase(surveyed)
    with surveyed.database.reading() as session:
        assert suppression.is_suppressed(session, "sms", PHONE)
        assert suppression.is_suppressed(session, "email", EMAIL.upper())
        assert not suppression.is_suppressed(session, "sms", "+905320000000")
        assert {row.address[:7] for row in session.scalars(select(Suppression))} == {"sha256:"}
        states = set(session.scalars(select(Message.state)))
    assert "queued" not in states


def test_an_earlier_complaint_outlives_the_erasure_and_a_start(surveyed: World) -> None:
    with surveyed.database.writing() as session:
        suppression.suppress(session, "sms", PHONE, reason="complaint", source="provider", now=surveyed.now)
    erase(surveyed)
    with surveyed.database.writing() as session:
        assert not suppression.opt_in(session, "sms", PHONE, source="START", now=surveyed.now)
        assert suppression.is_suppressed(session, "sms", PHONE)
        assert session.scalars(select(Suppression.reason).where(Suppression.kind == "sms")).all() == [
            "complaint"
        ]


def test_a_shared_address_stays_open_for_the_other_person(surveyed: World) -> None:
    with surveyed.database.writing() as session:
        world_account = session.scalars(select(Account)).one()
        surveyed.contact(session, "other", account=world_account, email="other@example.com")
    erased = erase(surveyed)
    assert erased.account_left is None
    with surveyed.database.reading() as session:
        assert not suppression.is_suppressed(session, "sms", PHONE)
        assert suppression.is_suppressed(session, "email", EMAIL)
        assert session.scalars(select(Response)).one().account_id is not None
        assert session.scalar(select(func.count()).select_from(Consent)) == 2


def test_nobody_is_erased_twice(surveyed: World) -> None:
    erase(surveyed)
    with pytest.raises(NotFound):
        erase(surveyed)


def test_an_export_holds_all_of_it_and_no_key_of_ours(surveyed: World) -> None:
    with surveyed.database.writing() as session:
        token = session.scalars(select(Invitation.token)).one()
        known = erasure.export(session, erasure.find(session, KEY), by=None, now=surveyed.now)
        entries = audit_actions(session)
    text = json.dumps(known, ensure_ascii=False)
    for piece in (PHONE, EMAIL, NAME, WORDS, KEY, "acc-4711", "ticket_closed"):
        assert piece in text
    assert token is not None
    assert "token" not in known["invitations"][0]
    assert known["scores"] and known["follow_ups"] and known["replies"] and known["consents"]
    assert "exported" in entries


def audit_actions(session: Session) -> list[str]:
    session.flush()
    return list(session.scalars(select(AuditEntry.action)))


# --- Retention -----------------------------------------------------------------------------------


def purge(world: World, **kept: timedelta) -> retention.Purged:
    times = {name: timedelta() for name in ("answers", "messages", "contacts", "replies", "usage")}
    with world.database.writing() as session:
        return retention.purge(session, RetentionSettings(**(times | kept)), world.now)


def test_nothing_is_purged_before_its_time_or_without_one(surveyed: World) -> None:
    surveyed.wait(days=10)
    assert not purge(surveyed)
    month = timedelta(days=30)
    assert not purge(surveyed, answers=month, messages=month, contacts=month, replies=month)


def test_messages_and_replies_lose_their_text_and_address(surveyed: World) -> None:
    surveyed.wait(days=31)
    purged = purge(surveyed, messages=timedelta(days=30), replies=timedelta(days=30))
    assert purged.messages >= 1
    assert (purged.replies, purged.answers, purged.contacts) == (1, 0, 0)
    with surveyed.database.reading() as session:
        assert set(session.scalars(select(InboundReply.body))) == {""}
        assert {row.partition(":")[0] for row in traces(session)}.isdisjoint({"inbound_reply"})
    assert not purge(surveyed, messages=timedelta(days=30), replies=timedelta(days=30))


def test_old_figures_of_use_are_deleted_and_young_ones_stay(surveyed: World) -> None:
    def tell(key: str) -> None:
        with surveyed.database.writing() as session:
            account = session.scalars(select(Account)).first()
            assert account
            point = product_usage.UsageFigure(key, "logins", 3, surveyed.now)
            product_usage.record(session, account.external_id, point, surveyed.now)

    tell("old")
    surveyed.wait(days=31)
    tell("young")
    assert purge(surveyed).usage == 0
    assert purge(surveyed, usage=timedelta(days=30)).usage == 1
    with surveyed.database.reading() as session:
        assert list(session.scalars(select(UsagePoint.key))) == ["young"]


def test_old_answers_lose_their_words_and_their_person_and_keep_their_score(surveyed: World) -> None:
    surveyed.wait(days=31)
    assert purge(surveyed, answers=timedelta(days=30)).answers == 1
    with surveyed.database.reading() as session:
        response = session.scalars(select(Response)).one()
        assert (response.contact_id, response.invitation_id) == (None, None)
        assert session.scalar(select(func.count()).select_from(Score)) == 1
        assert WORDS not in "\n".join(row for row in traces(session) if row.startswith(("answer", "follow")))
    assert not purge(surveyed, answers=timedelta(days=30))


def test_contacts_without_any_life_are_erased_and_may_come_back(surveyed: World) -> None:
    surveyed.wait(days=400)
    assert purge(surveyed, contacts=timedelta(days=365)).contacts == 1
    with surveyed.database.reading() as session:
        assert not suppression.is_suppressed(session, "sms", PHONE)
        assert session.scalar(select(func.count()).select_from(Suppression)) == 0
    assert not purge(surveyed, contacts=timedelta(days=365))
