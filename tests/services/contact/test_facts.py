"""What is known of contacts and accounts, and whom a stage therefore asks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from feedback.core.audience import Facts
from feedback.core.journey import Journey
from feedback.core.lifecycle import EnrolmentState
from feedback.services.contact import facts
from feedback.services.journey import enrolments, forecast, invitations
from feedback.store.models import Account, Enrolment, Invitation
from tests.services.conftest import World


def ask_only(world: World, **only_if: Any) -> None:
    """Every stage asks only these."""
    stages = [
        {**stage.model_dump(by_alias=True, exclude_none=True), "only_if": only_if}
        for stage in world.library.journey.stages
    ]
    world.library.journey = Journey.model_validate({"stages": stages})


def people(world: World) -> None:
    with world.database.writing() as session:
        for key, segment in (("large", "enterprise"), ("small", "smb")):
            properties = {"seats": 40, "segment": "hidden by the field"}
            account = world.account(session, key, segment=segment, properties=properties)
            world.contact(session, key, account=account, phone=f"+90532123456{len(key)}", country="TR")


def test_fields_and_properties_are_read_with_one_statement(world: World) -> None:
    people(world)
    with world.database.reading() as session:
        found = facts.of(session, [1, 2])
        assert found[1].account["segment"] == "enterprise" and found[1].account["seats"] == 40
        assert found[2].contact["country"] == "TR" and found.keys() == {1, 2}
        assert facts.properties(session) == {"account": {"seats", "segment"}, "contact": frozenset()}


def test_a_menu_gets_values_that_are_few_and_of_several_customers(world: World) -> None:
    with world.database.writing() as session:
        for number in range(14):
            properties = {
                "plan": "pro",
                "owner": f"Ms {number}",
                "note": "x" * 41,
                "odd": "once" if number == 3 else None,
            }
            account = world.account(session, f"a{number}", segment="smb", properties=properties)
            phone = f"+9053212345{number:02}"
            world.contact(
                session, f"c{number}", account=account, phone=phone, country="TR" if number else "DE"
            )
        assert facts.values(session) == {
            "account.plan": ["pro"],
            "account.segment": ["smb"],
            "contact.country": ["DE", "TR"],
        }


def test_a_contact_without_an_account_has_no_facts_of_one(world: World) -> None:
    with world.database.writing() as session:
        alone = world.contact(session)
        (found,) = facts.of(session, [alone.id]).values()
    assert isinstance(found, Facts) and not any(found.account.values())


def test_only_the_audience_of_a_stage_is_asked_and_the_others_are_told_why(world: World) -> None:
    ask_only(world, account="segment", **{"is": "enterprise"})
    people(world)
    with world.database.writing() as session:
        for key in ("large", "small"):
            world.event(session, "ticket_closed", key)
        rows = session.scalars(select(Enrolment).order_by(Enrolment.id)).all()
        assert [row.state for row in rows] == [EnrolmentState.SCHEDULED, EnrolmentState.SKIPPED]
        assert rows[1].reason == "not_in_audience"
        assert rows[1].explanation == [{"code": "not_in_audience", "params": {"facts": ["account.segment"]}}]


def test_the_forecast_decides_as_the_enrolment_does(world: World) -> None:
    ask_only(world, account="segment", **{"is": "enterprise"})
    people(world)
    with world.database.reading() as session:
        plan = forecast.plan(session, world.context, world.now, days=89)
    asked = {row.contact for row in plan.rows if row.at}
    assert asked == {"large"} and plan.skipped.keys() == {"not_in_audience"}
    with world.database.writing() as session:
        assert enrolments.plan_recurring(session, world.context, world.now) >= 0


def test_a_customer_who_leaves_the_audience_before_the_message_is_not_asked(world: World) -> None:
    ask_only(world, account="segment", **{"is": "enterprise"})
    people(world)
    with world.database.writing() as session:
        world.event(session, "ticket_closed", "large")
        session.scalars(select(Account).where(Account.external_id == "large")).one().segment = "smb"
    world.wait(hours=20)
    with world.database.writing() as session:
        due = session.scalars(select(Enrolment.id)).all()
        invitations.issue_some(session, due, world.context, world.now)
        assert session.scalars(select(Invitation)).all() == []
        assert session.scalars(select(Enrolment.reason)).all() == ["not_in_audience"]


def test_a_decision_without_the_facts_is_refused_instead_of_guessed(world: World) -> None:
    from feedback.core.audience import Audience
    from feedback.core.contact.policy import Intended
    from feedback.services.contact import eligibility

    people(world)
    audience = Audience.model_validate({"account": "segment", "is": "smb"})
    with world.database.reading() as session:
        person = eligibility.people(session, [1])[0]
        known = eligibility.know(session, [person], eligibility.policy(world.settings), world.now)
        intended = replace(Intended(1, ("sms",), world.now, world.now), only_if=audience)
        with pytest.raises(ValueError, match="Read the facts"):
            known.decide(person, intended, world.now)
