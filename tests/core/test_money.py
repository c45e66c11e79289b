"""Amounts of several currencies: compared where a rate is known, unknown where none is."""

from __future__ import annotations

from decimal import Decimal

import pytest

from feedback.core.money import Exchange

EUROS = Exchange("EUR", {"USD": 0.9, "TRY": 0.02})


@pytest.mark.parametrize(
    ("amount", "currency", "worth"),
    [
        (100, "EUR", 100),
        (100, None, 100),
        (100, "USD", 90),
        (100, "TRY", 2),
        (100, "IRR", None),
        (0, "USD", 0),
        (None, "USD", None),
    ],
)
def test_an_amount_is_worth_what_its_rate_says(
    amount: int | None, currency: str | None, worth: float | None
) -> None:
    found = EUROS.worth(None if amount is None else Decimal(amount), currency)
    assert found == (worth if worth is None else pytest.approx(worth))


def test_our_own_currency_is_worth_itself_whatever_is_written() -> None:
    assert Exchange("EUR", {"EUR": 7}).worth(Decimal(3), "EUR") == 3
