"""Amounts of several currencies beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Exchange:
    """What money is worth to us: in `currency`, at `rates` (one of theirs in ours).

    Money in a currency without a rate is worth an unknown amount, never its bare number.
    """

    currency: str
    rates: Mapping[str, float] = field(default_factory=dict)

    def all_rates(self) -> Mapping[str, float]:
        """Currency -> rate, our own currency among them."""
        return {**self.rates, self.currency: 1.0}

    def worth(self, amount: Decimal | None, currency: str | None) -> float | None:
        """`amount` in our currency; one without a currency is ours. None where nobody can say."""
        rate = self.all_rates().get(currency or self.currency)
        return None if amount is None or rate is None else float(amount) * rate
