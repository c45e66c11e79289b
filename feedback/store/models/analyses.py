"""Results that take too long to compute for a page: the worker computes them, pages read them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from feedback.store.base import Base
from feedback.store.models.columns import JsonObject, Word


class DriverAnalysis(Base):
    """Which aspects go together with the scores of one series (`services.reports.drivers`).

    `fingerprint` is that of the counts from which `result` was computed; it is empty before the first time. While
    `claimed_until` is in the future, a worker is computing.
    """

    __tablename__ = "driver_analysis"

    trend: Mapped[Word] = mapped_column(primary_key=True)
    question: Mapped[Word] = mapped_column(primary_key=True)
    metric: Mapped[Word] = mapped_column(primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64), default="")
    computed_at: Mapped[datetime | None]
    claimed_until: Mapped[datetime | None]
    result: Mapped[JsonObject] = mapped_column(default=dict)
