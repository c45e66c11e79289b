"""Remember the backups that the worker makes each night."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from feedback.store.types import UtcDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WHEN = UtcDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "backup_run",
        sa.Column("id", ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("started_at", WHEN, nullable=False),
        sa.Column("finished_at", WHEN, nullable=True),
        sa.Column("file", sa.String(length=255), nullable=False),
        sa.Column("size", ID, nullable=False),
        sa.Column("rows", ID, nullable=False),
        sa.Column("drilled", sa.Boolean(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backup_run")),
        sa.UniqueConstraint("day", name=op.f("uq_backup_run_day")),
    )
