"""Count what was answered to questions without a score, as scores are counted.

The counts of answers that exist are filled by `feedback db rebuild-rollups`; `feedback doctor` and the pages say so.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answer_count",
        sa.Column("trend", sa.String(length=64), nullable=False),
        sa.Column("grain", sa.String(length=8), nullable=False),
        sa.Column("dimension", sa.String(length=64), nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("question", sa.String(length=64), nullable=False),
        sa.Column("item", sa.String(length=65), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "trend",
            "grain",
            "dimension",
            "start",
            "key",
            "question",
            "item",
            "value",
            name=op.f("pk_answer_count"),
        ),
        postgresql_with={"fillfactor": 70},
        sqlite_with_rowid=False,
    )
    op.add_column("counted_by", sa.Column("complete", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.execute("UPDATE counted_by SET complete = false WHERE EXISTS (SELECT 1 FROM answer)")


def downgrade() -> None:
    op.drop_column("counted_by", "complete")
    op.drop_table("answer_count")
