"""Values of a body, read as those of an import."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from feedback.services.doors.mapping import read
from feedback.services.doors.reading import DoorReading, UnusableError, read_item
from feedback.settings import Settings

PLAIN = Settings(instance=Path())
SETTINGS = replace(
    PLAIN,
    organisation=replace(PLAIN.organisation, default_region="TR", time_zone=ZoneInfo("Europe/Istanbul")),
)
SETUP = """check: {by: token, header: X-Token}
dates: day-first
decimal: ","
rules:
  - id: id
    account:
      external_id: company
      owner: owner
      recurring_revenue: revenue
      renewal_on: renewal
      segment: {from: tier, values: {"1": vip, "2": core}, otherwise: other}
      properties: {seats: seats, active: active}
    contact:
      external_id: person
      country: country
      phone: phone
      email: email
      language: language
      consent: {basis: {constant: contract}, source: {constant: help desk}, sms: sms}
    event: {name: {constant: ticket_closed}, occurred_at: at, properties: {ticket: ticket}}
    usage: {name: {constant: seats}, value: seats, at: at}
"""
WHOLE = {
    "id": 12, "company": 4711, "owner": "Cem@Example.com", "revenue": "1200,50", "renewal": "31/3/2027", "tier": 1,
    "seats": 12, "active": True, "person": "crm-81", "country": "Germany", "phone": "030 901820",
    "email": "A@B.example", "language": "Türkçe", "sms": True, "at": "2026-03-02 09:00", "ticket": 5,
}  # fmt: skip


def reading(**changes: Any) -> DoorReading:
    setup, problems = read(SETUP)
    assert setup is not None, problems
    found = read_item(setup, {**WHOLE, **changes}, SETTINGS)
    assert found is not None
    return found


def test_a_whole_part_is_read() -> None:
    found = reading()
    assert found.account and found.contact and found.event and found.usage
    assert (found.rule, found.id, found.account.external_id) == ("#1", "12", "4711")
    assert found.account.values == {
        "recurring_revenue": Decimal("1200.50"), "renewal_on": date(2027, 3, 31), "segment": "vip"
    }  # fmt: skip
    assert (found.account.owner, found.account.properties) == (
        "cem@example.com",
        {"seats": 12, "active": True},
    )
    assert found.contact.values == {
        "country": "DE", "phone": "+4930901820", "email": "a@b.example", "language": "tr"
    }  # fmt: skip
    (permission,) = found.contact.permissions
    assert (permission.kind, permission.basis, permission.source) == ("sms", "contract", "help desk")
    assert found.event.occurred_at is not None
    assert found.event.occurred_at.astimezone(UTC) == datetime(2026, 3, 2, 6, tzinfo=UTC)
    assert (found.usage.value, found.event.properties) == (12.0, {"ticket": 5})


def test_numbers_of_json_have_a_point_and_those_in_texts_are_as_the_system_writes_them() -> None:
    for written in (1200.5, "1.200,50"):
        account = reading(revenue=written).account
        assert account is not None and account.values["recurring_revenue"] == Decimal("1200.50")


def test_what_is_missing_or_empty_changes_nothing() -> None:
    found = reading(
        revenue=None, owner="", renewal=None, tier=None, seats=3, active=None, country=None, phone=""
    )
    assert found.account and found.contact
    assert (found.account.values, found.account.properties) == ({"segment": "other"}, {"seats": 3})
    assert "phone" not in found.contact.values


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": None}, "id: There is nothing"),
        ({"company": None}, "account.external_id"),
        ({"company": {"a": 1}}, "account.external_id: There is a list or an object"),
        ({"person": "erased:1"}, "contact.external_id: Use another id"),
        ({"person": None}, "contact: Neither"),
        ({"renewal": "2027-02-30"}, "account.renewal_on: There is no such day"),
        ({"seats": -1}, "usage.value"),
        ({"seats": []}, "account.properties.seats"),
        ({"seats": 2**60}, "too large"),
        ({"ticket": "a\x07"}, "control characters"),
        ({"ticket": "\ud800"}, "control characters"),
        ({"email": "nobody"}, "contact.email"),
        ({"at": "yesterday"}, "event.occurred_at"),
    ],
)
def test_what_cannot_be_stored_names_its_field_and_not_the_value(change: dict[str, Any], said: str) -> None:
    with pytest.raises(UnusableError, match=said) as refused:
        reading(**change)
    assert "nobody" not in str(refused.value)


def test_the_id_is_the_same_for_the_same_event() -> None:
    assert reading().uid == reading(ticket=6).uid != reading(id=13).uid


def test_a_comparison_of_text_with_a_number_does_not_fit_instead_of_failing() -> None:
    setup, problems = read(
        "check: {by: token, header: X-Token}\nrules:\n"
        "  - {when: 'score < `7`', ignore: true}\n  - {name: other, account: {external_id: company}}\n"
    )
    assert setup is not None, problems
    found = read_item(setup, {"score": "5", "company": "acme"}, SETTINGS)
    assert found is not None
    assert found.rule == "other"


def test_a_property_that_is_no_number_is_refused() -> None:
    with pytest.raises(UnusableError, match="too large"):
        reading(seats=float("nan"))


def test_ids_that_differ_at_their_end_are_those_of_different_events() -> None:
    assert reading(id="x" * 1_000 + "a").uid != reading(id="x" * 1_000 + "b").uid
