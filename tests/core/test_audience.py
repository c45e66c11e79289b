"""`only_if`: which contacts a stage asks."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from feedback.core.audience import Audience, Facts

FACTS = Facts(
    account={
        "segment": "Enterprise",
        "recurring_revenue": Decimal("1200.00"),
        "renewal_on": date(2026, 5, 31),
        "seats": "40",
        "products": ["mail", "chat"],
        "pilot": True,
        "churned": None,
    },
    contact={"country": "TR", "role": "Head of IT"},
)


def audience(**written: Any) -> Audience:
    return Audience.model_validate(written)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"account": "segment", "is": "enterprise"}, True),
        ({"account": "segment", "is": ["smb", "Enterprise"]}, True),
        ({"account": "segment", "is": "smb"}, False),
        ({"account": "segment", "is_not": "smb"}, True),
        ({"account": "segment", "is_not": ["smb", "enterprise"]}, False),
        ({"account": "products", "is": "chat"}, True),
        ({"account": "products", "contains": "phone"}, False),
        ({"account": "pilot", "is": True}, True),
        ({"account": "recurring_revenue", "is": 1200}, True),
        ({"account": "recurring_revenue", "at_least": 1000, "at_most": 1200}, True),
        ({"account": "recurring_revenue", "at_least": 1200.5}, False),
        ({"account": "seats", "at_most": 50}, True),
        ({"account": "segment", "at_least": 1}, False),
        ({"account": "renewal_on", "at_least": "2026-05-31"}, True),
        ({"account": "renewal_on", "at_most": "2026-05-30"}, False),
        ({"account": "recurring_revenue", "at_least": "2026-05-31"}, False),
        ({"contact": "role", "contains": "head"}, True),
        ({"contact": "role", "known": True}, True),
        ({"contact": "segment", "known": True}, False),
        ({"account": "churned", "known": False}, True),
        ({"account": "churned", "is_not": "yes"}, True),
        ({"account": "churned", "is": ""}, False),
        ({"account": "churned", "at_least": 0}, False),
        ({"account": "churned", "contains": ""}, False),
        ({"all": [{"account": "segment", "is": "enterprise"}, {"contact": "country", "is": "TR"}]}, True),
        ({"any": [{"account": "segment", "is": "smb"}, {"contact": "country", "is": "DE"}]}, False),
        ({"not": {"contact": "country", "is": "DE"}}, True),
    ],
)
def test_a_condition_looks_at_what_is_known(written: dict[str, Any], expected: bool) -> None:
    assert audience(**written).holds(FACTS) is expected
    assert bool(audience(**written).unmet(FACTS)) is not expected


def test_the_facts_that_do_not_fit_are_named() -> None:
    smb, german = {"account": "segment", "is": "smb"}, {"contact": "country", "is": "DE"}
    large = {"account": "seats", "at_least": 10}
    assert audience(all=[smb, large]).unmet(FACTS) == ["account.segment"]
    assert audience(any=[smb, german]).unmet(FACTS) == ["account.segment", "contact.country"]
    assert audience(**{"not": large}).unmet(FACTS) == ["account.seats"]


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"is": "smb"},
        {"account": "segment"},
        {"account": "segment", "contact": "country", "is": "x"},
        {"account": "segment", "is": "x", "all": []},
        {"all": [], "is": "x"},
        {"account": "renewal_on", "at_least": "soon"},
        {"account": "segment", "equals": "x"},
    ],
)
def test_a_condition_that_says_nothing_or_two_things_is_refused(written: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        audience(**written)
