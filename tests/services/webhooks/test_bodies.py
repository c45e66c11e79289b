"""Bodies are the objects of the API, as JSON that is small and says no more than it must."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from feedback.services.contact import suppression
from feedback.services.privacy import erasure
from feedback.services.webhooks import bodies, spreading
from feedback.store.models import Contact, WebhookEvent
from tests.services.conftest import World
from tests.services.followups.desk import MONDAY, Desk
from tests.services.webhooks.conftest import Office, listen

Body = dict[str, Any]


def made(office: Office) -> dict[str, Body]:
    """Type -> the last body."""
    office.spread()
    return {each.type: json.loads(each.body) for each in office.rows(WebhookEvent) if each.body}


def test_a_response_has_the_api_s_shape_with_its_answers(office: Office) -> None:
    office.endpoint("http://127.0.0.1:9/")
    token = office.answer(score=2, words="Zu teuer")
    body = made(office)["response.completed"]
    assert list(body) == ["type", "timestamp", "data"]
    data = body["data"]
    assert (data["contact"], data["account"], data["segment"]) == (f"c-{token}", f"a-{token}", "smb")
    assert data["scores"][0] == {
        "question": "recommend", "metric": "nps", "trend": "survey", "value": 2, "band": "detractor"
    }  # fmt: skip
    assert data["answers"] == [
        {"question": "recommend", "value": 2, "text": None},
        {"question": "better", "value": None, "text": "Zu teuer"},
    ]
    assert data["completed_at"] == body["timestamp"] == "2026-03-02T12:00:00Z"


def test_a_comment_names_its_response_and_score(office: Office) -> None:
    office.endpoint("http://127.0.0.1:9/", ["comment.added"])
    office.answer(score=2, words="Zu teuer")
    data = made(office)["comment.added"]["data"]
    assert (data["text"], data["question"], data["response"], data["value"]) == ("Zu teuer", "better", 1, 2)


def test_bodies_name_nobody_but_by_the_ids_of_the_caller(office: Office) -> None:
    office.endpoint("http://127.0.0.1:9/")
    office.answer(score=2, words="Too slow")
    made(office)
    assert not any("Sam Doe" in (each.body or "") for each in office.rows(WebhookEvent))


def test_a_follow_up_has_money_as_text(desk: Desk) -> None:
    listen(desk.runtime.database)
    desk.low()
    with desk.runtime.database.writing() as session:
        spreading.spread(session, desk.runtime, MONDAY)
        wanted = select(WebhookEvent.body).where(WebhookEvent.type == "follow_up.opened")
        data = json.loads(session.scalars(wanted).one() or "")["data"]
    assert (data["owner"], data["state"], data["score"], data["entries"]) == (
        "cem@example.com",
        "open",
        2,
        None,
    )
    assert data["recovered_revenue"] is None and data["opened_at"] == "2026-03-02T11:00:00Z"


def test_an_opt_out_says_which_address(world: World) -> None:
    listen(world.database)
    with world.database.writing() as session:
        world.contact(session)
        suppression.opt_out(session, "email", "c1@example.com", source="reply", now=world.now)
        spreading.spread(session, world.context, world.now)
        found = session.scalars(select(WebhookEvent)).one()
        data = json.loads(found.body or "")["data"]
    assert (data["contact"], data["channel"], data["address"]) == ("c1", "email", "c1@example.com")
    assert (data["reason"], data["source"]) == ("opt_out", "reply")


def test_somebody_who_was_erased_before_is_not_told_of(world: World) -> None:
    listen(world.database)
    with world.database.writing() as session:
        contact = world.contact(session)
        suppression.opt_out(session, "email", "c1@example.com", source="reply", now=world.now)
    with world.database.writing() as session:
        erasure.erase(session, session.get_one(Contact, contact.id), by=None, now=world.now)
        assert spreading.spread(session, world.context, world.now) == 1
        assert session.scalars(select(WebhookEvent)).one().body is None


def test_a_body_is_written_without_spaces_and_with_letters_as_they_are(office: Office) -> None:
    at = office.now + timedelta(microseconds=5)
    assert bodies.written("a.b", at, {"word": "یواش"}) == (
        '{"type":"a.b","timestamp":"2026-03-02T12:00:00.000005Z","data":{"word":"یواش"}}'
    )
