"""Questions, thanks and follow-ups for some customers: by what was known when they were invited."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from feedback.core.lifecycle import EnrolmentState
from feedback.core.questionnaire import Questionnaire
from feedback.library import Library
from feedback.services.journey import enrolments, forecast
from feedback.services.privacy import erasure
from feedback.store.models import Account, AnswerRow, Contact, Enrolment, FollowUp, Invitation
from tests.services.conftest import World

LARGE: dict[str, Any] = {"account": "segment", "is": "enterprise"}
OUTAGE: dict[str, Any] = {"event": "topic", "is": "outage"}
SCORE = {"key": "score", "type": "csat", "text": "How satisfied are you?", "required": True}


def asks(world: World, *questions: dict[str, Any], **rest: Any) -> None:
    """The support survey asks these questions."""
    survey = {"key": "support-call-csat", "title": "Support", "languages": ["en"], "fields": ["topic"]}
    asked = Questionnaire.model_validate({**survey, "questions": questions, **rest})
    world.library = Library({**world.library.questionnaires, asked.key: asked}, world.library.journey)


def invited(world: World, segment: str, topic: str | None = None) -> None:
    """A customer of this segment has closed a ticket, and has been asked."""
    with world.database.writing() as session:
        account = world.account(session, segment=segment, properties={"seats": 40})
        world.contact(session, account=account, country="TR")
        event = enrolments.Event("e1", "ticket_closed", "c1", world.now, {"topic": topic} if topic else {})
        enrolments.record_event(session, event, world.context, world.now)
    world.wait(hours=2)
    world.tick()
    world.wait(minutes=3)


def kept(world: World) -> list[dict[str, Any]]:
    with world.database.reading() as session:
        return list(session.scalars(select(Invitation.facts)))


def test_an_invitation_keeps_only_what_its_conditions_look_at(world: World) -> None:
    more = {"key": "more", "type": "text", "text": "What happened?", "show_if": {"all": [LARGE, OUTAGE]}}
    asks(world, SCORE, more)
    invited(world, "enterprise", "outage")
    assert kept(world) == [{"account.segment": "enterprise", "event.topic": "outage"}]


def test_a_questionnaire_without_such_conditions_keeps_nothing(world: World) -> None:
    asks(world, SCORE)
    invited(world, "enterprise", "outage")
    assert kept(world) == [{}]


def test_the_conversation_by_sms_asks_whom_the_question_is_for(world: World) -> None:
    for_large = {"key": "large", "type": "text", "text": "What do your teams need?", "show_if": LARGE}
    others = {"key": "others", "type": "text", "text": "What could we do better?", "show_if": {"not": LARGE}}
    asks(world, SCORE, for_large, others)
    invited(world, "enterprise")
    world.reply("4")
    world.tick()
    assert world.texts[1:] == ["What do your teams need?"]


def test_what_is_asked_stays_the_same_if_the_customer_changes_meanwhile(world: World) -> None:
    asks(world, SCORE, {"key": "large", "type": "text", "text": "What do your teams need?", "show_if": LARGE})
    invited(world, "enterprise")
    world.reply("4")
    world.reply("A better search")
    with world.database.writing() as session:
        session.scalars(select(Account)).one().segment = "smb"
    world.reply("5")
    with world.database.reading() as session:
        stored = {row.question: row.text or row.value for row in session.scalars(select(AnswerRow))}
    assert stored == {"score": 5, "large": "A better search"}


def test_follow_ups_and_thanks_depend_on_the_customer_too(world: World) -> None:
    terms = {"contact_within": "4h", "close_within": "3d"}
    low = {"question": "score", "at_most": 2}
    asks(
        world,
        SCORE,
        follow_ups=[
            {"key": "large", "title": "Large", "when": {"all": [low, LARGE]}, "urgency": "urgent", **terms},
            {"key": "any", "title": "Any", "when": low, **terms},
        ],
        thanks=[
            {"when": {"contact": "country", "is": "TR"}, "text": "Thanks from Ankara"},
            {"text": "Thanks"},
        ],
    )
    invited(world, "Enterprise")
    world.reply("1")
    world.tick()
    with world.database.reading() as session:
        assert [each.rule for each in session.scalars(select(FollowUp))] == ["large"]
    assert world.texts[-1] == "Thanks from Ankara"


def test_a_survey_that_has_no_question_for_a_customer_is_not_sent(world: World) -> None:
    asks(world, {**SCORE, "show_if": OUTAGE})
    invited(world, "smb", "invoice")
    assert (world.texts, kept(world)) == ([], [])
    with world.database.reading() as session:
        enrolment = session.scalars(select(Enrolment)).one()
        assert (enrolment.state, enrolment.reason) == (EnrolmentState.SKIPPED, "nothing_to_ask")


def test_the_forecast_leaves_out_whom_no_question_is_for(world: World) -> None:
    asks(world, {**SCORE, "show_if": LARGE})
    with world.database.writing() as session:
        for key, segment, phone in (
            ("large", "enterprise", "+905321234561"),
            ("small", "smb", "+905321234562"),
        ):
            account = world.account(session, key, segment=segment)
            world.contact(session, key, account=account, phone=phone)
            event = enrolments.Event(key, "ticket_closed", key, world.now)
            enrolments.record_event(session, event, world.context, world.now)
    with world.database.reading() as session:
        plan = forecast.plan(session, world.context, world.now, days=2)
    assert {row.contact for row in plan.rows if row.at} == {"large"}
    assert plan.skipped == {"nothing_to_ask": 1}


def test_the_e_mail_shows_the_first_question_for_this_customer(world: World) -> None:
    other = {**SCORE, "key": "other", "text": "How satisfied are your teams?", "show_if": LARGE}
    asks(world, {**SCORE, "show_if": {"not": LARGE}}, other)
    with world.database.writing() as session:
        account = world.account(session, segment="enterprise")
        world.contact(session, account=account, phone=None)
        world.event(session, "ticket_closed")
    world.wait(hours=2)
    world.tick()
    (mail,) = world.mailbox.delivered
    assert "How satisfied are your teams?" in (mail.outgoing.html or "")
    assert "How satisfied are you?" not in (mail.outgoing.html or "")


def test_an_erased_customer_leaves_no_facts_behind(world: World) -> None:
    asks(world, SCORE, {"key": "more", "type": "text", "text": "More?", "show_if": LARGE})
    invited(world, "enterprise")
    with world.database.writing() as session:
        erasure.erase(session, session.scalars(select(Contact)).one(), by=None, now=world.now)
    assert kept(world) == [{}]
