"""JMESPath with the functions that bodies of other systems need."""

from __future__ import annotations

from typing import Any

import pytest

from feedback.services.doors.expressions import ExpressionError, check, search


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("time_of(`1772442000`)", "2026-03-02T09:00:00+00:00"),
        ("time_of(`1772442000500`)", "2026-03-02T09:00:00.500000+00:00"),
        ("time_of('1772442000')", "2026-03-02T09:00:00+00:00"),
        ("time_of('2026-03-02')", "2026-03-02"),
        ("time_of(`true`)", None),
        ("time_of(`1e17`)", None),
        ("day_of(`1772442000`)", "2026-03-02"),
        ("day_of(missing)", None),
        ("money_of(`1999`, 'usd')", "19.99"),
        ("money_of(`500`, 'JPY')", "500"),
        ("money_of(`1500`, 'KWD')", "1.500"),
        ("money_of(`-250`, 'EUR')", "-2.50"),
        ("money_of('lots', 'EUR')", None),
        ("per_month(`120`, 'year', `1`)", "10.00"),
        ("per_month(`90`, 'month', `3`)", "30.00"),
        ("per_month(`7`, 'week', `1`)", "30.42"),
        ("per_month(`7`, 'day', `0`)", "212.92"),
        ("per_month(`7`, 'decade', `1`)", None),
        ("times(`3`, '4')", 12.0),
        ("times(missing, `4`)", None),
        ("sum(items[].times(price, number))", 26.0),
        ("lower('ADA')", "ada"),
        ("after('zen:ticket:12', ':')", "12"),
        ("after(missing, ':')", None),
        ("missing.deeper[0].still", None),
        ("to_array(one)[0].id", 1),
    ],
)
def test_values_are_found_and_what_is_missing_is_nothing(expression: str, found: Any) -> None:
    body = {
        "one": {"id": 1},
        "items": [{"price": 10, "number": 2}, {"price": 3, "number": 2}, {"price": None}],
    }
    assert search(check(expression), body) == found


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("a ||", "not JMESPath"),
        ("foo(a)", "no function foo"),
        ("a" * 501, "Shorten"),
        ("@" + ".[@,@]" * 13, "simpler"),
        ("(" * 400, "not JMESPath|nested"),
    ],
)
def test_an_expression_that_cannot_be_read_or_could_explode_is_refused(expression: str, said: str) -> None:
    with pytest.raises(ExpressionError, match=said):
        check(expression)


def test_a_value_of_the_wrong_kind_says_so() -> None:
    with pytest.raises(ExpressionError, match="sum"):
        search("sum(@)", "text")


@pytest.mark.parametrize(
    "expression",
    ["text < `7`", "contains(text, `1`)", "numbers[::0]", "ceil(large)", "per_month('1e17', 'day', '1e-30')"],
)
def test_what_the_library_stumbles_over_is_an_error_of_the_expression(expression: str) -> None:
    body = {"text": "5", "numbers": [1, 2], "large": float("inf")}
    with pytest.raises(ExpressionError, match="not of the kind"):
        search(expression, body)


@pytest.mark.parametrize(
    "expression",
    [
        "to_number('nan')", "to_number('-inf')", "to_number('1e999')", "money_of('1e-999999', 'USD')",
        "money_of('0e-999999', 'USD')", "per_month('1', 'day', '1e-999999') | to_number(@)",
    ],
)  # fmt: skip
def test_what_is_no_amount_of_anything_is_nothing(expression: str) -> None:
    found = search(expression, {})
    assert found is None or 0 < found < 100


@pytest.mark.parametrize(
    ("expression", "body"),
    [
        ("join(glue, parts)", {"glue": "x" * 2_000, "parts": [""] * 20_000}),
        ("to_string([" * 12 + "@" + "])" * 12, '"' * 2_000),
    ],
)
def test_an_expression_cannot_multiply_a_body(expression: str, body: Any) -> None:
    with pytest.raises(ExpressionError, match="too long"):
        search(check(expression), body)
    assert search("join(', ', parts)", {"parts": ["a", "b"]}) == "a, b"
