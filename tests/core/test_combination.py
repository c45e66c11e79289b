"""`all`, `any` and `not`: the shape of every condition."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from feedback.core.audience import Audience
from feedback.core.condition import Condition

LEAF: dict[str, Any] = {"account": "segment", "is": "smb"}
OTHER: dict[str, Any] = {"account": "plan", "known": True}


@pytest.mark.parametrize("kind", [Audience, Condition])
@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"all": []}, True),
        ({"any": []}, False),
        ({"all": [LEAF, OTHER]}, False),
        ({"any": [LEAF, OTHER]}, True),
        ({"not": {"all": [LEAF, OTHER]}}, True),
        ({"not": LEAF}, False),
    ],
)
def test_combinations_hold_as_their_parts_do(
    kind: type[Audience | Condition], written: dict[str, Any], expected: bool
) -> None:
    condition = kind.model_validate(written)
    assert condition.judged(lambda leaf: leaf.fact == "account.segment") is expected


@pytest.mark.parametrize("kind", [Audience, Condition])
def test_each_test_is_found_with_the_way_to_it(kind: type[Audience | Condition]) -> None:
    condition = kind.model_validate({"all": [LEAF, {"any": [{"not": OTHER}]}]})
    assert [(path, leaf.fact) for path, leaf in condition.places()] == [
        (("all", 0), "account.segment"),
        (("all", 1, "any", 0, "not"), "account.plan"),
    ]


@pytest.mark.parametrize("kind", [Audience, Condition])
@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({}, "with a test, or one of all, any, not"),
        ({"all": [], "any": []}, "with a test, or one of all, any, not"),
        ({"all": [], "is": "x"}, "with a test, or one of all, any, not"),
        ({"account": "a", "contact": "b", "is": "x"}, "with a test, or one of all, any, not"),
        ({**LEAF, "not": LEAF}, "`account:` and all/any/not do not go together"),
        (
            {"account": "segment"},
            "Say how `account:` is tested: is, is_not, at_least, at_most, contains, known",
        ),
    ],
)
def test_one_form_at_a_time(kind: type[BaseModel], written: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        kind.model_validate(written)
