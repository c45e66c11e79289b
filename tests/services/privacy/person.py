"""One person who leaves traces everywhere, and where to look for them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.core.answer import Answer
from feedback.store.base import Base

PHONE, EMAIL, NAME = "+905321234567", "c1@example.com", "Deniz Demir"
WORDS = "Nobody ever calls me back about the leaking pipe."
KEY = "crm-4711"
GIVEN: dict[str, Answer] = {"csat": Answer(1), "text": Answer(None, WORDS)}
"""Type of question -> what this person answers."""


def everything_stored(session: Session) -> Iterator[str]:
    """Every row of every table, as text."""
    for table in Base.metadata.sorted_tables:
        for row in session.execute(select(table)):
            yield f"{table.name}: {json.dumps([str(value) for value in row], ensure_ascii=False)}"


def traces(session: Session) -> list[str]:
    needles = (PHONE, EMAIL, NAME, WORDS, KEY, "leaking", "acc-4711")
    return [row for row in everything_stored(session) if any(needle in row for needle in needles)]
