"""Find figures of use that are past their time without reading all of them."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_usage_point_at", "usage_point", ["at"])
