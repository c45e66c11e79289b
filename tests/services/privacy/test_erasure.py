"""One person's data, out and gone, on both databases: nothing of them is left in any column of any table."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback.errors import NotFound
from feedback.services.contact import suppression
from feedback.services.privacy import erasure
from feedback.store.models import (
    Account,
    AnswerRow,
    AuditEntry,
    Consent,
    Contact,
    FollowUp,
    Invitation,
    JourneyEvent,
    Message,
    Response,
    Score,
    Suppression,
)
from tests.services.conftest import World
from tests.services.privacy.person import EMAIL, KEY, NAME, PHONE, WORDS, traces


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
        assert contact.external_id.startswith(f"erased:{contact.id}:")
        assert contact.erased_at == surveyed.now
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


def test_keys_that_others_took_do_not_stop_an_erasure(surveyed: World) -> None:
    with surveyed.database.writing() as session:
        event = session.scalars(select(JourneyEvent)).one()
        contact = erasure.find(session, KEY)
        other = surveyed.contact(session, f"erased:{contact.id}", phone="+905320000001", name="Somebody")
        session.add(
            JourneyEvent(
                key=f"erased:{event.id}", name="ticket_closed", contact_id=other.id, occurred_at=surveyed.now,
                received_at=surveyed.now, source="api",
            )
        )  # fmt: skip
    erase(surveyed)
    with surveyed.database.reading() as session:
        assert {row.partition(":")[0] for row in traces(session)} <= {"account"}


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
