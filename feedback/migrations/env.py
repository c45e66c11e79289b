"""How Alembic reaches the database: on the connection that `feedback.store.schema` hands over."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

import feedback.store.models  # noqa: F401  (fills Base.metadata)
from feedback.store.base import Base
from feedback.store.types import UtcDateTime


def plain(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """A migration must mean the same in ten years, so it names what the database has and not our own types."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite cannot alter a column in place
    compare_type=True,
    render_item=plain,
)
with context.begin_transaction():
    context.run_migrations()
