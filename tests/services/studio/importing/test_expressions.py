"""The expressions of other tools become conditions, or are marked as unsayable."""

from __future__ import annotations

from typing import Any

import pytest

from feedback.services.studio.importing.expressions import Dialect, condition_of

BRACES = Dialect(r"\{(?P<name>[^{}]+)\}", lambda name: (name, None))
DOLLAR = Dialect(r"\$\{(?P<name>[^{}]+)\}", lambda name: (name, None))
A1 = {"question": "a", "is": ["1"]}


@pytest.mark.parametrize(
    ("dialect", "text", "condition"),
    [
        (BRACES, "{a} = '1'", A1),
        (BRACES, "{a} == 1", A1),
        (BRACES, "{a} <> '1'", {"not": A1}),
        (BRACES, "'1' = {a}", A1),
        (BRACES, "{a} > 3", {"question": "a", "above": 3}),
        (BRACES, "{a} < 2.5", {"question": "a", "below": 2.5}),
        (BRACES, "{a} >= 3.5", {"question": "a", "at_least": 3.5}),
        (BRACES, "3 > {a}", {"question": "a", "below": 3}),
        (BRACES, "{a} empty", {"question": "a", "answered": False}),
        (BRACES, "{a} notempty", {"question": "a", "answered": True}),
        (BRACES, "{a} != ''", {"question": "a", "answered": True}),
        (BRACES, "{a} contains 'x'", {"question": "a", "having": "x"}),
        (BRACES, "{a} *= 'x'", {"question": "a", "having": "x"}),
        (BRACES, "{a} notcontains 'x'", {"not": {"question": "a", "having": "x"}}),
        (BRACES, "{a} contains ['x', 'y']", {"all": [
            {"question": "a", "having": "x"}, {"question": "a", "having": "y"}]}),
        (BRACES, "{a} = ['x', 'y']", {"question": "a", "exactly": ["x", "y"]}),
        (BRACES, "{a} <> ['x']", {"not": {"question": "a", "exactly": ["x"]}}),
        (BRACES, "{a} noneof ['x', 'y']", {"not": {"question": "a", "is": ["x", "y"]}}),
        (DOLLAR, "contains(${a}, 'x')", {"question": "a", "having": "x"}),
        (BRACES, "{a} anyof ['x', 'y']", {"question": "a", "is": ["x", "y"]}),
        (BRACES, "{a} allof ['x', 'y']", {"all": [{"question": "a", "is": ["x"]}, {"question": "a", "is": ["y"]}]}),
        (BRACES, "{a}=1 and ({b}=2 or !{c})", {"all": [A1, {"any": [
            {"question": "b", "is": ["2"]}, {"not": {"question": "c", "is": ["true"]}}]}]}),
        (DOLLAR, "selected(${a}, '1')", A1),
        (DOLLAR, "not(selected(${a}, '1'))", {"not": A1}),
        (DOLLAR, "${a} = '1' and ${b} < 2", {"all": [A1, {"question": "b", "below": 2}]}),
    ],
)  # fmt: skip
def test_an_expression_becomes_a_condition(dialect: Dialect, text: str, condition: dict[str, Any]) -> None:
    assert condition_of(text, dialect) == {**condition, "source": text}


@pytest.mark.parametrize(
    "text",
    [
        "{a} = {b}",
        "{a} + 1 > 2",
        "age({a}) > 2",
        "{a}",
        "(" * 500,
        "{a} =",
        "1 = 1",
        "{a} > 'x'",
        "{a} = 1 " * 500,
    ],
)
def test_what_cannot_be_said_is_marked(text: str) -> None:
    found = condition_of(text, BRACES)
    assert found.get("unsayable") or found == {"question": "a", "is": ["true"], "source": text}
