"""How Alembic reaches the database: on the connection that `feedback.store.schema` passes in."""

from __future__ import annotations

from alembic import context

import feedback.store.models  # noqa: F401  (fills Base.metadata)
from feedback.store.base import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite cannot alter a column in place
    compare_type=True,
    user_module_prefix="",  # the template imports our column types
)
with context.begin_transaction():
    context.run_migrations()
