"""Column types that many tables share."""

from __future__ import annotations

from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, Integer, String
from sqlalchemy.orm import mapped_column

# SQLite generates ids only for a column of type INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")
Json = JSON()

PrimaryKey = Annotated[int, mapped_column(BigId, primary_key=True)]
Word = Annotated[str, mapped_column(String(64))]
"""A key or a state: short, lower case, from a fixed set."""
Name = Annotated[str, mapped_column(String(255))]
JsonObject = Annotated[dict[str, Any], mapped_column(Json)]
