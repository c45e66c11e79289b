"""Conditions from the menus."""

from __future__ import annotations

from typing import Any

import pytest

from feedback.errors import Rejected
from feedback.services.studio.editing.conditions import joined, leaves, test_of

one = test_of  # a name that the collection of tests leaves alone
del test_of


@pytest.mark.parametrize(
    ("test", "value", "written"),
    [
        ("at_most", "6", {"question": "q", "at_most": 6}),
        ("is", "price", {"question": "q", "is": "price"}),
        ("is", "3", {"question": "q", "is": 3}),
        ("band", "promoter", {"question": "q", "band": "promoter"}),
        ("not_answered", "", {"question": "q", "answered": False}),
    ],
)
def test_a_choice_is_written_as_a_test(test: str, value: str, written: dict[str, Any]) -> None:
    assert one("q", test, value) == written


@pytest.mark.parametrize(("test", "value"), [("at_most", "x"), ("is", ""), ("like", "1")])
def test_a_choice_that_is_none_is_refused(test: str, value: str) -> None:
    with pytest.raises(Rejected, match="Choose"):
        one("q", test, value)


def test_two_tests_are_joined_and_found_again() -> None:
    both = joined([{"question": "a", "is": 1}, {"question": "b", "answered": True}], "any")
    assert list(both) == ["any"]
    assert [leaf["question"] for leaf in leaves({"not": both})] == ["a", "b"]
    with pytest.raises(Rejected):
        joined([], "all")
