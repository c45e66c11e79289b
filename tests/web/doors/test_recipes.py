"""Each recipe takes in its examples: signed as the other system signs them, by HTTP, down to what is stored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Flask
from sqlalchemy import delete, select

from feedback.bootstrap import Runtime
from feedback.services.doors import recipes
from feedback.store.models import Account, Contact, Door, DoorArrival, JourneyEvent
from tests.web.doors.calling import OtherSystem, made

ASKED = ("contact", "created")
EXPECTED: Mapping[str, list[list[tuple[str, list[str]]]]] = {
    "chargebee": [[("done", ["account"])], [("done", ["account", "contact", "event"])]],
    "freshdesk": [[("done", ["contact", "event", "survey"])]],
    "hubspot-app": [
        [
            ("ignored", []),
            ("done", ["contact", "event", "survey"]),
            ("done", ["account"]),
        ]
    ],
    "hubspot-workflow": [[("done", ["contact", "event", "survey"])]],
    "intercom": [[("done", ["contact", "event", "survey"])], [("ignored", [])]],
    "jira": [[("done", ["contact", "event", "survey"])], [("ignored", [])]],
    "salesforce-flow": [[("done", ["account", "contact", "event", "survey"])]],
    "salesforce-outbound": [[("done", ["contact", "event", "survey"]), ("ignored", [])]],
    "stripe": [
        [("done", ["account"])],
        [("done", ["account", "contact", "event"])],
        [("done", ["account"])],
    ],
    "zendesk": [[("done", ["contact", "event", "survey"])], [("refused", [])], [("ignored", [])]],
}
"""Recipe -> for each example, what became of its parts."""


def outcome(runtime: Runtime) -> list[tuple[str, list[str]]]:
    with runtime.database.reading() as session:
        arrival = session.scalars(select(DoorArrival).order_by(DoorArrival.id.desc())).first()
        assert arrival is not None
        return [(each["state"], [what for what, _, _ in each["did"]]) for each in arrival.outcome["items"]]


def test_every_recipe_takes_in_its_examples_once(app: Flask, runtime: Runtime) -> None:
    assert set(recipes.every()) == set(EXPECTED)
    for key, recipe in recipes.every().items():
        made(runtime, recipe.setup, key, key)
        system = OtherSystem(app, recipe.setup, key)
        assert system.post("{}", **{"X-Door-Token": "no"}).status_code in (200, 401)
        for example, expected in zip(recipe.examples, EXPECTED[key], strict=True):
            answer = system.post(example.body)
            assert answer.status_code == 200, (key, answer.text)
            assert outcome(runtime) == expected, (key, example.title)
            assert system.post(example.body).status_code == 200
            again = [state for state, _ in outcome(runtime)]
            assert again == ["seen" if state == "done" else state for state, _ in expected], key
        with runtime.database.writing() as session:
            session.execute(delete(Door))


def stored(runtime: Runtime, model: type[Any], external_id: str) -> Any:
    with runtime.database.reading() as session:
        return session.scalars(select(model).where(model.external_id == external_id)).one()


def take_in(app: Flask, runtime: Runtime, key: str) -> list[str]:
    recipe = recipes.every()[key]
    made(runtime, recipe.setup, key)
    system = OtherSystem(app, recipe.setup, key)
    return [system.post(example.body).text for example in recipe.examples]


def test_stripe_brings_revenue_per_month_renewal_and_the_end(app: Flask, runtime: Runtime) -> None:
    recipe = recipes.every()["stripe"]
    made(runtime, recipe.setup, "stripe")
    system = OtherSystem(app, recipe.setup, "stripe")
    changed, paid, ended = recipe.examples
    system.post(changed.body)
    account = stored(runtime, Account, "cus_acme")
    assert (str(account.recurring_revenue), account.currency) == ("250.00", "EUR")  # 20 x 120 + 600 a year
    assert (str(account.contract_started_on), str(account.renewal_on)) == ("2025-03-02", "2027-03-02")
    assert account.properties == {"subscription_status": "active", "cancels_at_period_end": False}
    system.post(paid.body)
    assert stored(runtime, Account, "cus_acme").name == "Acme Ltd"
    assert stored(runtime, Contact, "cus_acme").email == "billing@acme.example"
    system.post(ended.body)
    assert str(stored(runtime, Account, "cus_acme").recurring_revenue) == "0.00"


def test_chargebee_adds_up_the_items_of_a_quarter(app: Flask, runtime: Runtime) -> None:
    take_in(app, runtime, "chargebee")
    account = stored(runtime, Account, "cb-acme")
    assert (str(account.recurring_revenue), account.currency) == ("1000.00", "USD")  # 3,000 a quarter
    assert stored(runtime, Contact, "cb-acme").name == "Ada Byron"


def test_salesforce_gets_its_acknowledgement(app: Flask, runtime: Runtime) -> None:
    (answer,) = take_in(app, runtime, "salesforce-outbound")
    assert "<Ack>true</Ack>" in answer
    with runtime.database.reading() as session:
        event = session.scalars(select(JourneyEvent).where(JourneyEvent.source == "door")).one()
    assert event.key == "salesforce-outbound:04lEXAMPLE000001AAA"
    assert event.properties == {"ticket": "00001044"}


def test_zendesk_finds_the_requester_by_the_address(app: Flask, runtime: Runtime) -> None:
    with runtime.database.writing() as session:
        known = session.scalars(
            select(Contact).where(Contact.email.is_not(None)).order_by(Contact.id)
        ).first()
        assert known is not None
        email, external_id = str(known.email), known.external_id
    recipe = recipes.every()["zendesk"]
    made(runtime, recipe.setup, "zendesk")
    body = json.loads(recipe.examples[0].body)
    body["requester"]["email"] = email.upper()
    OtherSystem(app, recipe.setup, "zendesk").post(json.dumps(body))
    with runtime.database.reading() as session:
        event = session.scalars(select(JourneyEvent).where(JourneyEvent.source == "door")).one()
        contact = session.get(Contact, event.contact_id)
    assert contact is not None and contact.external_id == external_id
