"""Store which aspects go together with each score, because pages cannot compute it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from feedback.store.types import UtcDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

WHEN = UtcDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "driver_analysis",
        sa.Column("trend", sa.String(length=64), nullable=False),
        sa.Column("question", sa.String(length=64), nullable=False),
        sa.Column("metric", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("computed_at", WHEN, nullable=True),
        sa.Column("claimed_until", WHEN, nullable=True),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("trend", "question", "metric", name=op.f("pk_driver_analysis")),
    )


def downgrade() -> None:
    op.drop_table("driver_analysis")
