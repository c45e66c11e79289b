"""Remember by whose days the counts are kept, and find figures of use that are past their time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_usage_point_at", "usage_point", ["at"])
    op.create_table(
        "counted_by",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counted_by")),
    )
    # Whatever was counted before lies on days of UTC.
    op.execute("INSERT INTO counted_by (id, zone) SELECT 1, 'UTC' WHERE EXISTS (SELECT 1 FROM score_count)")
