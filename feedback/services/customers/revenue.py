"""The recurring revenue of accounts in one currency, so that it can be compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Float, case, cast, func, select
from sqlalchemy.orm import Session

from feedback.core.money import Exchange
from feedback.settings import Problem, Settings
from feedback.store.models import Account


def exchange_of(settings: Settings) -> Exchange:
    """The exchange rates from the settings."""
    organisation = settings.organisation
    return Exchange(organisation.currency, organisation.exchange_rates)


def monthly_worth(exchange: Exchange) -> ColumnElement[Any]:
    """A SQL expression for an account's revenue in the installation's currency; NULL if unknown."""
    amount = cast(Account.recurring_revenue, Float)
    rates = exchange.all_rates()
    known = {code: amount * rate for code, rate in rates.items()}
    return case(known, value=func.coalesce(Account.currency, exchange.currency), else_=None)


def problems(session: Session, settings: Settings) -> Iterator[Problem]:
    """Problem F112 for each currency of accounts that has no exchange rate."""
    exchange = exchange_of(settings)
    unknown = (
        select(Account.currency, func.count())
        .where(Account.recurring_revenue.is_not(None), Account.currency.not_in(list(exchange.all_rates())))
        .group_by(Account.currency)
        .order_by(Account.currency)
    )
    for code, count in session.execute(unknown):
        yield Problem(
            "F112",
            f"{count} accounts pay in {code}, which has no rate, so their revenue counts as unknown.",
            f"Set the value of one {code} in {exchange.currency} in organisation.exchange_rates.",
            "warning",
        )
