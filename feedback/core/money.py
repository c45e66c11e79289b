"""Converts amounts between currencies, so that they can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Exchange:
    """Exchange rates to `currency`: `rates` holds the value of one unit of each other currency.

    An amount in a currency without a rate has an unknown value.
    """

    currency: str
    rates: Mapping[str, float] = field(default_factory=dict)

    def all_rates(self) -> Mapping[str, float]:
        """Currency -> rate, including `currency` itself."""
        return {**self.rates, self.currency: 1.0}

    def worth(self, amount: Decimal | None, currency: str | None) -> float | None:
        """`amount` in the installation's currency, which is also assumed if `currency` is None. None if unknown."""
        rate = self.all_rates().get(currency or self.currency)
        return None if amount is None or rate is None else float(amount) * rate
